"""Records are listed, asked in SQL and dropped as a person does it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.keep.making import opened, step
from typer.testing import CliRunner, Result

from checkvalve.errors import UsageError
from checkvalve.show.cli.records import app

WHO = ("--who", "Ada", "--why", "older than we may keep")


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    with opened(tmp_path / "var") as keeper:
        for number in range(3):
            keeper.commit(step(number))
    return tmp_path


def asked(*words: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, words)))


def days(plant: Path) -> set[str]:
    return {row["day"] for row in json.loads(asked("list", plant, "--format", "json").output)}


def test_the_list_counts_rows_by_record_and_day(plant: Path) -> None:
    rows = json.loads(asked("list", plant, "--format", "json").output)
    assert rows
    counted = asked("query", "SELECT day, count(*) AS n FROM exchange GROUP BY day", plant)
    assert counted.output.splitlines()[0].split() == ["day", "n"]
    assert all(row["rows"] > 0 for row in rows)
    assert asked("list", plant).output.splitlines()[0].split() == ["record", "day", "rows"]


def test_an_answer_is_json_for_programs(plant: Path) -> None:
    told = asked("query", "SELECT 1 AS a, NULL AS b, 'x' AS c", plant, "--format", "json")
    assert json.loads(told.output) == [{"a": 1, "b": None, "c": "x"}]


def test_what_is_no_select_is_refused(plant: Path) -> None:
    assert isinstance(asked("query", "DROP TABLE exchange", plant).exception, UsageError)


def test_what_is_old_is_dropped_and_the_ledger_says_so(plant: Path) -> None:
    first, *_, last = sorted(days(plant) | {"9999-12-31"})
    kept = asked("drop", plant, "--before", first, *WHO)
    assert kept.output.startswith("0 files")
    dropped = asked("drop", plant, "--before", last, *WHO)
    assert dropped.exit_code == 0
    assert not dropped.output.startswith("0 files")
    assert not days(plant)
    ledger = (plant / "var" / "ledger.jsonl").read_text()
    assert '"records drop"' in ledger
    assert "older than we may keep" in ledger


def test_an_age_leads_back(plant: Path) -> None:
    told = asked("drop", plant, "--before", "36500d", *WHO)
    assert told.output.startswith("0 files")
