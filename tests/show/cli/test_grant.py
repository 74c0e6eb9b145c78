"""``checkvalve grant``, as a person uses it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from checkvalve.errors import UsageError
from checkvalve.plant import load
from checkvalve.show.cli import app, grant

NOW = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
ASKED = ("--requester", "A. Person", "--approver", "B. Boss", "--reason", "service")
WHERE = ("--holder", "acme", "--target", "plc", "--source", "10.99.0.0/24", "--service", "tcp/502")


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["grant", *map(str, words)])


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(grant, "now", lambda: NOW)
    (tmp_path / "zones.yaml").write_text("- id: cell\n")
    (tmp_path / "assets.yaml").write_text("- {id: plc, zone: cell}\n- {id: jump, zone: cell}\n")
    (tmp_path / "vendors.yaml").write_text("- id: acme\n")
    (tmp_path / "grants.yaml").write_text("# Grants.\n- {id: old, holder: acme}\n")
    return tmp_path


def test_a_grant_has_an_end_and_all_that_was_said(plant: Path) -> None:
    window = ("--window", "mon,tue 16:00-18:00 Europe/Berlin")
    more = ("--service", "udp/8000-8010", "--service", "icmp", "--via", "jump", "--until", "7d")
    result = run("add", "valves", plant, *ASKED, *WHERE, *more, *window)
    assert result.exit_code == 0, result.output
    found = load(plant).grants["valves"]
    assert found.is_active(NOW)
    assert not found.in_window(NOW)
    assert found.in_window(datetime.fromisoformat("2026-03-03T16:30:00+01:00"))
    assert [str(ports) for one in found.services for ports in one.dst_ports] == ["502", "8000-8010"]
    assert found.services[0].allows("tcp", 502)
    assert not found.services[0].allows("udp", 502)
    assert (found.via, found.mfa, found.approver) == ("jump", True, "B. Boss")
    assert (plant / "grants.yaml").read_text().startswith("# Grants.\n- {id: old, holder: acme}\n")


def test_nobody_approves_what_she_asked_for(plant: Path) -> None:
    asked = ("--requester", "A", "--approver", "A", "--reason", "r")
    error = run("add", "g", plant, *asked, *WHERE, "--until", "7d").exception
    assert isinstance(error, UsageError)
    assert "nobody approves" in error.sentence


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--until", "2026-03-01T00:00:00Z"), "before it begins"),
        (("--until", "7d", "--service", "http"), "is not a service"),
        (("--until", "7d", "--window", "weekdays"), "is not a window"),
    ],
)
def test_what_makes_no_sense_is_refused(plant: Path, more: tuple[str, ...], sentence: str) -> None:
    error = run("add", "g", plant, *ASKED, *WHERE, *more).exception
    assert isinstance(error, UsageError)
    assert sentence in error.sentence


def test_a_revoked_grant_keeps_its_record(plant: Path) -> None:
    assert run("revoke", "old", plant).exit_code == 0
    assert (plant / "grants.yaml").read_text() == (
        '# Grants.\n- {id: old, holder: acme, revoked_at: "2026-03-02T12:00:00+00:00"}\n'
    )
    again = run("revoke", "old", plant).exception
    assert isinstance(again, UsageError)
    assert "was revoked at 2026-03-02 12:00+00:00" in again.sentence


def test_list_has_what_is_active_or_to_come_and_the_rest_on_demand(plant: Path) -> None:
    run("add", "next", plant, *ASKED, *WHERE, "--from", "2026-04-01T00:00:00Z", "--until", "7d")
    run("add", "gone", plant, *ASKED, *WHERE, "--until", "7d")
    run("revoke", "gone", plant)
    listed = json.loads(run("list", plant, "--format", "json").stdout)
    assert [(one["id"], one["state"]) for one in listed] == [("old", "active"), ("next", "to come")]
    table = run("list", plant, "--all").stdout
    assert "revoked" in table
    assert "never" in table
