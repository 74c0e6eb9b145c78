"""``checkvalve report``, as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from checkvalve.findings import Certainty, Evidence, Finding, Subject
from checkvalve.keep.acts import Deed, IncidentAct
from checkvalve.keep.facts import Mark
from checkvalve.keep.keeper import Keeper
from checkvalve.keep.step import Step
from checkvalve.plant import load
from checkvalve.run.judging import rules
from checkvalve.run.triaging import triage
from checkvalve.show.cli import app, report
from checkvalve.testing.segmentation import NOON


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(report, "now", lambda: NOON)
    (tmp_path / "sites.yaml").write_text("- id: north\n")
    (tmp_path / "zones.yaml").write_text("- {id: cell, cidrs: [10.1.0.0/24]}\n")
    (tmp_path / "components.yaml").write_text("- {id: eye, kind: model}\n")
    return tmp_path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["report", "thirty-days", *map(str, words)])


def test_four_lines_of_work_are_told(plant: Path) -> None:
    result = run(plant)
    assert result.exit_code == 0, result.output
    said = result.stdout
    assert said.startswith("The first 30 days, as of 2026-03-02 12:00+00:00\n")
    assert "0 of 1: Every AI component" in said
    assert "component eye: no owner; no purpose" in said
    assert "component eye: no update process" in said


def test_json_and_html_carry_the_same(plant: Path) -> None:
    found = json.loads(run(plant, "--format", "json").stdout)
    assert [line["id"] for line in found["lines"]] == [
        "inventory",
        "remote-access",
        "segmentation",
        "signed-updates",
    ]
    page = run(plant, "--format", "html", "--output", plant / "page.html")
    assert page.stdout == ""
    assert "no update process" in (plant / "page.html").read_text()


def test_an_undeclared_ai_service_counts_until_its_incident_is_closed(plant: Path) -> None:
    seen = Finding(
        rule="undeclared-ai-service", site="north", subject=Subject("address", "10.1.0.9"),
        cause="x", at=NOON, certainty=Certainty.PROOF, because="it asked a language model",
        evidence=(Evidence("a name"),), source="10.1.0.9",
    )  # fmt: skip
    with Keeper.open(plant / "var", command="watch", at=NOON) as keeper:
        keeper.commit(Step(mark=Mark("c", 1), at=NOON, findings=(seen,)))
        (incident,) = triage(keeper.store, load(plant), rules(), NOON).incidents
    assert "address 10.1.0.9: seen and not declared: it asked" in run(plant).stdout
    act = IncidentAct(Deed.CLOSE, incident.id, (seen.id,), "Ada", "it is off", NOON)
    with Keeper.open(plant / "var", command="close", at=NOON) as keeper:
        keeper.act(act)
    assert "10.1.0.9" not in run(plant).stdout
