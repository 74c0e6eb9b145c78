"""The example's firewalls: each planted fault is found, with its lines, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.story import Told
from tests.e2e.typing_in import typed

from checkvalve.run.judging import rules

packaging_line = pytest.mark.parametrize("told", ["packaging-line"], indirect=True)


@pytest.fixture
def expected(told: Told) -> Any:
    return json.loads((told.example / "expected-audit.json").read_text())


@pytest.fixture
def audited(told: Told, expected: Any) -> Any:
    result = typed(
        "audit", told.example / "plant", "--state", told.folder / "var", "--at", expected["at"],
        "--format", "json",
    )  # fmt: skip
    assert result.code == 1
    return result.json


def answers(audited: Any, answer: str) -> set[tuple[str, str]]:
    return {
        (one["rule"], f"{one['subject']['kind']} {one['subject']['id']}")
        for one in audited["verdicts"]
        if one["answer"] == answer
    }


@packaging_line
def test_every_planted_fault_is_found_and_nothing_else_is(audited: Any, expected: Any) -> None:
    planted = {tuple(one) for fault in expected["faults"] for one in fault["found"]}
    assert answers(audited, "broken") == planted
    assert answers(audited, "cannot tell") == {tuple(one) for one in expected["cannot_tell"]}
    assert not audited["crashed"]


@packaging_line
def test_the_lines_of_a_fault_are_in_its_evidence(audited: Any, expected: Any) -> None:
    for fault in expected["faults"]:
        shown = {
            f"{evidence['file']}:{evidence['line']}"
            for one in audited["verdicts"]
            if one["finding"] is not None
            and [one["rule"], f"{one['subject']['kind']} {one['subject']['id']}"] in fault["found"]
            for evidence in one["finding"]["evidence"]
        }
        assert set(fault["lines"]) <= {place.rpartition("/")[2] for place in shown}, fault["id"]


@packaging_line
def test_posture_is_one_incident_an_owner_and_never_a_page(told: Told, tmp_path: Any) -> None:
    state = tmp_path / "var"
    done = typed("audit", told.example / "plant", "--state", state, "--fail-on", "never")
    assert done.code == 0
    incidents = typed(
        "incidents", "list", told.example / "plant", "--state", state, "--format", "json"
    )
    classes = {one["class"] for one in incidents.json}
    assert classes <= {"Track", "Track*"}
    assert 1 <= len(incidents.json) <= 4  # as many as there are owners, and one for nobody
    told_of = [
        typed("incidents", "show", one["id"], told.example / "plant", "--state", state).out
        for one in incidents.json
    ]
    assert any("[core.cfg:83]" in story for story in told_of)  # where to look


@packaging_line
@pytest.mark.parametrize("form", ["sarif", "junit", "ocsf", "html"])
def test_verdicts_are_written_in_every_form(told: Told, tmp_path: Any, form: str) -> None:
    out = tmp_path / "audit"
    plant = told.example / "plant"
    done = typed("audit", plant, "--state", tmp_path / "none", "--format", form, "--output", out)
    assert done.code == 1
    text = out.read_text()
    assert "exposed-control" in text
    assert set(rules()) >= {"exposed-control"}


def test_checks_that_lack_their_input_are_named_together_with_what_it_is(tmp_path: Path) -> None:
    assert typed("init", tmp_path / "plant").code == 0
    done = typed("audit", tmp_path / "plant", "--fail-on", "never")
    lines = done.out.splitlines()
    place = lines.index("               no rule set was read")
    assert lines[place - 1].startswith("cannot tell: ")
    assert "exposed-control" in lines[place - 1]
    assert not any(line.startswith("exposed-control:") for line in lines)
