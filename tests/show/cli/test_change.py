"""``checkvalve change``, as a person uses it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from checkvalve.errors import InputError, PlantError, UsageError
from checkvalve.plant import load
from checkvalve.show.cli import app, change

NOW = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["change", *map(str, words)])


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(change, "now", lambda: NOW)
    (tmp_path / "zones.yaml").write_text("- id: cell\n")
    (tmp_path / "assets.yaml").write_text("- {id: plc, zone: cell}\n- {id: hmi, zone: cell}\n")
    return tmp_path


def opened(plant: Path, name: str = "wo-1", *more: str) -> Result:
    words = ("--person", "A. Person", "--asset", "plc", "--action", "write", "--approver", "B")
    return run("open", name, plant, *words, *(more or ("--until", "4h")))


def test_an_opened_change_is_in_the_plant(plant: Path) -> None:
    result = opened(plant)
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "changes.yaml: wo-1 is open from 2026-03-02 12:00+00:00 to 2026-03-02 16:00+00:00\n"
    )
    (found,) = load(plant).open_changes(NOW)
    assert (found.id, found.people, found.assets, found.actions) == (
        "wo-1",
        ("A. Person",),
        ("plc",),
        ("write",),
    )


def test_a_change_may_begin_later_and_cover_several(plant: Path) -> None:
    words = ("--from", "2026-03-07T06:00:00+01:00", "--until", "8h", "--asset", "hmi")
    assert opened(plant, "wo-2", *words).exit_code == 0
    found = load(plant).changes["wo-2"]
    assert found.until.isoformat() == "2026-03-07T14:00:00+01:00"
    assert found.assets == ("plc", "hmi")
    assert found.state(NOW) == "to come"


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("2026-03-01T06:00:00+01:00", "before it begins"),
        ("2026-03-03T06:00:00", "has no offset from UTC"),
        ("tomorrow", "is not a time"),
        ("0h", "is not a time"),
    ],
)
def test_an_end_that_makes_no_sense_is_refused(plant: Path, until: str, sentence: str) -> None:
    error = opened(plant, "wo-1", "--until", until).exception
    assert isinstance(error, UsageError)
    assert sentence in error.sentence
    assert not (plant / "changes.yaml").exists()


def test_a_change_of_something_undeclared_is_refused_and_nothing_is_written(plant: Path) -> None:
    error = opened(plant, "wo-1", "--until", "4h", "--asset", "plcc").exception
    assert isinstance(error, PlantError)
    assert error.problems[0].hint == "did you mean 'plc'?"
    assert not (plant / "changes.yaml").exists()


def test_a_closed_change_keeps_its_record(plant: Path) -> None:
    opened(plant)
    assert run("close", "wo-1", plant).exit_code == 0
    plant_now = load(plant)
    assert plant_now.open_changes(NOW) == ()
    assert plant_now.changes["wo-1"].closed_at == NOW


def test_a_change_is_closed_once(plant: Path) -> None:
    opened(plant)
    run("close", "wo-1", plant, "--at", "2026-03-02T13:00:00Z")
    error = run("close", "wo-1", plant).exception
    assert isinstance(error, UsageError)
    assert error.sentence == "'wo-1' was closed at 2026-03-02 13:00+00:00"
    assert isinstance(run("close", "wo-7", plant).exception, UsageError)


def test_list_has_what_is_open_or_to_come_and_the_rest_on_demand(plant: Path) -> None:
    opened(plant)
    opened(plant, "wo-2", "--from", "2026-04-01T00:00:00Z", "--until", "4h")
    opened(plant, "wo-3")
    run("close", "wo-3", plant)
    listed = json.loads(run("list", plant, "--format", "json").stdout)
    assert [(one["id"], one["state"]) for one in listed] == [("wo-1", "open"), ("wo-2", "to come")]
    table = run("list", plant, "--all").stdout
    assert "wo-3" in table
    assert "closed" in table


def test_an_export_is_imported_once_and_then_again_without_harm(
    plant: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    export = tmp_path_factory.mktemp("export") / "orders.csv"
    head = "id,people,assets,actions,from,until,approver,closed_at\n"
    row = "wo-9,A|B,plc,write,2026-03-02T06:00:00Z,2026-03-02T18:00:00Z,C,"
    export.write_text(f"{head}{row}\n")
    assert run("import", export, plant).stdout == "1 added, 0 closed, 0 unchanged\n"
    assert run("import", export, plant).stdout == "0 added, 0 closed, 1 unchanged\n"
    export.write_text(f"{head}{row}2026-03-02T11:00:00Z\n")
    assert run("import", export, plant).stdout == "0 added, 1 closed, 0 unchanged\n"
    assert load(plant).changes["wo-9"].state(NOW) == "closed"
    export.write_text(f"{head}{row.replace('A|B', 'Z')}\n")
    assert isinstance(run("import", export, plant).exception, InputError)
