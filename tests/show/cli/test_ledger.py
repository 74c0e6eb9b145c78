"""The ledger is checked as a person does it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.keep.making import opened, step
from typer.testing import CliRunner, Result

from checkvalve.errors import IntegrityError, UsageError
from checkvalve.keep.keeper import LEDGER
from checkvalve.show.cli.ledger import app


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    with opened(tmp_path / "var") as keeper:
        for number in range(3):
            keeper.commit(step(number))
    return tmp_path


def asked(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["verify", *map(str, words)])


def test_a_whole_ledger_holds_and_says_its_head(plant: Path) -> None:
    told = asked(plant)
    assert told.exit_code == 0
    assert "ledger.jsonl: 4 lines hold" in told.output
    assert json.loads(asked(plant, "--format", "json").output)["count"] == 4
    head = told.output.split("head ")[1].split()[0]
    assert asked(plant, "--head", head).exit_code == 0


def test_lines_that_wait_in_the_store_are_said(plant: Path) -> None:
    path = plant / "var" / LEDGER
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:10])
    told = asked(plant)
    assert "4 lines hold" in told.output
    assert "1 of them wait in the store" in told.output
    assert "10 octets at the end are no whole line" in told.output


def test_a_changed_line_is_named(plant: Path) -> None:
    path = plant / "var" / LEDGER
    path.write_bytes(path.read_bytes().replace(b"hmi-1 wrote", b"hmi-2 wrote"))
    told = asked(plant)
    assert isinstance(told.exception, IntegrityError)
    assert "line 3 does not follow" in told.exception.sentence
    assert told.exception.exit_code == 3


def test_a_ledger_whose_tail_is_gone_does_not_hold(plant: Path) -> None:
    path = plant / "var" / LEDGER
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    assert isinstance(asked(plant).exception, IntegrityError)


def test_a_head_noted_elsewhere_that_the_ledger_never_had_is_refused(plant: Path) -> None:
    assert isinstance(asked(plant, "--head", f"2:{'f' * 64}").exception, IntegrityError)
    assert isinstance(asked(plant, "--head", f"9:{'f' * 64}").exception, IntegrityError)
    assert isinstance(asked(plant, "--head", "2").exception, UsageError)


def test_a_plant_that_was_never_watched_says_so(tmp_path: Path) -> None:
    assert isinstance(asked(tmp_path).exception, UsageError)
