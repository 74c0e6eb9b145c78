"""``checkvalve waiver``, as a person uses it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from checkvalve.errors import PlantError, UsageError
from checkvalve.plant import load
from checkvalve.show.cli import app, waiver

NOW = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["waiver", *map(str, words)])


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(waiver, "now", lambda: NOW)
    (tmp_path / "owners.yaml").write_text("- {id: ops, person: A. Person}\n")
    (tmp_path / "zones.yaml").write_text("- id: cell\n")
    (tmp_path / "assets.yaml").write_text("- {id: plc, zone: cell, owner: ops}\n")
    return tmp_path


def written(
    plant: Path, subject: str = "asset plc", approver: str = "B. Boss", until: str = "30d"
) -> Result:
    why = ("--reason", "spare part is ordered", "--measure", "watched by the shift")
    rule = ("--rule", "new-writer", "--subject", subject)
    return run("new", "w1", plant, *rule, *why, "--approver", approver, "--until", until)


def test_a_waiver_holds_through_its_last_day(plant: Path) -> None:
    assert written(plant).exit_code == 0
    found = load(plant).waivers["w1"]
    assert found.expires.isoformat() == "2026-04-01"
    assert found.is_valid(datetime.fromisoformat("2026-04-01T23:59:59+00:00"))
    assert not found.is_valid(datetime.fromisoformat("2026-04-02T00:00:00+00:00"))
    assert (found.rule, found.subject) == ("new-writer", "asset plc")


@pytest.mark.parametrize("until", ["91d", "2026-06-01", "2026-03-01"])
def test_a_waiver_ends_within_90_days(plant: Path, until: str) -> None:
    error = written(plant, until=until).exception
    assert isinstance(error, UsageError)
    assert "90 days ahead" in error.sentence


def test_the_last_day_allowed_is_allowed(plant: Path) -> None:
    assert written(plant, until="2026-05-31").exit_code == 0


@pytest.mark.parametrize("approver", ["ops", "A. Person"])
def test_an_owner_does_not_approve_her_own_waiver(plant: Path, approver: str) -> None:
    error = written(plant, approver=approver).exception
    assert isinstance(error, UsageError)
    assert "owns asset plc" in error.sentence


def test_a_subject_that_is_not_declared_leads_nowhere(plant: Path) -> None:
    error = written(plant, subject="asset plcc").exception
    assert isinstance(error, PlantError)
    assert error.problems[0].sentence == "no asset is called 'plcc'"


def test_a_subject_of_another_kind_is_free(plant: Path) -> None:
    assert written(plant, subject="address 192.0.2.7").exit_code == 0


def test_list_has_what_holds_and_the_rest_on_demand(
    plant: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(plant)
    (one,) = json.loads(run("list", plant, "--format", "json").stdout)
    assert one["holds"] is True
    monkeypatch.setattr(waiver, "now", lambda: NOW + timedelta(days=60))
    assert json.loads(run("list", plant, "--format", "json").stdout) == []
    assert "ran out" in run("list", plant, "--all").stdout
