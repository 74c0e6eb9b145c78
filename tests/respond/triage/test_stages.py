"""A finding's stage follows from its rule's techniques and from what was done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.respond.triage.seen import finding, rule

from checkvalve.respond.triage.points import Stage
from checkvalve.respond.triage.stages import Stages, techniques


@pytest.mark.parametrize(
    ("names", "action", "stage"),
    [
        ((), "write", Stage.POSTURE),
        (("T0859",), "", Stage.ACCESS),
        (("T0846",), "discover", Stage.SPREAD),
        (("T0843",), "program", Stage.ENGINEERING_CHANGE),
        (("T0855",), "write", Stage.PROCESS_MANIPULATION),
        (("T0855",), "", Stage.PROCESS_MANIPULATION),
        (("T0855",), "read", Stage.SPREAD),
        (("T0886", "T0855"), "session", Stage.SPREAD),
        (("T0814",), "read", Stage.PROCESS_MANIPULATION),
        (("T0843",), "write", Stage.SPREAD),
        (("T9999",), "", Stage.ACCESS),
    ],
)
def test_the_latest_stage_that_the_action_can_carry_counts(
    names: tuple[str, ...], action: str, stage: Stage
) -> None:
    assert Stages({"r": rule("r", *names)}).of(finding("r", action=action)).stage is stage


def test_the_deciding_technique_is_named() -> None:
    staged = Stages({"r": rule("r", "T0886", "T0814")}).of(finding("r", action="read"))
    assert staged.because == "ATT&CK for ICS T0814"


@pytest.mark.parametrize(
    ("action", "stage"),
    [
        ("write", Stage.PROCESS_MANIPULATION),
        ("program", Stage.ENGINEERING_CHANGE),
        ("", Stage.ACCESS),
    ],
)
def test_a_rule_that_is_not_known_any_more_is_never_posture(action: str, stage: Stage) -> None:
    assert Stages({}).of(finding("gone", action=action)).stage is stage


def _tables(root: Path) -> dict[str, dict[str, list[str]]]:
    file = root / "src" / "checkvalve" / "respond" / "triage" / "stages.json"
    parsed: dict[str, dict[str, list[str]]] = json.loads(file.read_text(encoding="utf-8"))
    return parsed


def test_each_technique_stands_once(root: Path) -> None:
    tables = _tables(root)
    placed = [
        name
        for part in ("chosen", "by_tactic")
        for names in tables[part].values()
        for name in names
    ]
    placed += tables["against_tactic"]
    assert len(placed) == len(set(placed)) == len(techniques().stages)


def test_every_technique_is_placed_and_follows_its_latest_tactic(root: Path, shared: Path) -> None:
    tables = _tables(root)
    by_word = {stage.word: stage for stage in Stage}
    bundle = json.loads(
        (shared / "schemas" / "attack-ics" / "ics-attack.json").read_text(encoding="utf-8")
    )
    known = {}
    for thing in bundle["objects"]:
        if thing["type"] == "attack-pattern" and not (
            thing.get("x_mitre_deprecated") or thing.get("revoked")
        ):
            phases = [phase["phase_name"] for phase in thing["kill_chain_phases"]]
            known[thing["external_references"][0]["external_id"]] = phases
    assert techniques().stages.keys() == known.keys()
    for word, names in tables["by_tactic"].items():
        for name in names:
            latest = max(by_word[str(tables["tactics"][phase])] for phase in known[name])
            assert latest is by_word[word], name
    assert techniques().carried_by.keys() <= known.keys()
