"""``checkvalve learn`` on too little: it says what is missing, and nothing is switched off."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.e2e.pieces import stretch
from tests.e2e.story import Told, spelled
from tests.e2e.typing_in import typed

from checkvalve.judge.checks import members

#: Twenty minutes of an ordinary morning.
TWENTY_MINUTES = 20 * 60.0


@pytest.fixture
def morning(told: Told, tmp_path: Path) -> Path:
    path = tmp_path / "morning.pcap"
    path.write_bytes(stretch(told.example / "captures" / "normal.pcap", TWENTY_MINUTES))
    return path


def test_twenty_minutes_are_not_enough_and_it_says_what_is_missing(
    told: Told, morning: Path, tmp_path: Path
) -> None:
    words = ("learn", told.example / "plant", "-c", morning, "--state", tmp_path / "var")
    result = typed(*words)
    assert result.code == 0
    assert "not ready; missing:" in result.out
    assert "0 of 2 full production cycles" in result.out
    assert "was never seen" in result.out
    assert "% of its traffic is not known yet" in result.out
    assert "All checks run all the same" in result.out
    learnt = typed(*words, "--format", "json").json
    assert learnt["ready"] is False
    assert all(sentence in result.out for sentence in learnt["missing"])


def test_with_what_twenty_minutes_taught_every_check_still_finds_what_it_finds(
    told: Told, morning: Path, tmp_path: Path
) -> None:
    plant, state = told.example / "plant", ("--state", tmp_path / "var", "--format", "json")
    assert typed("learn", plant, "-c", morning, *state).code == 0
    incident = told.example / "captures" / "incident.pcap"
    watched = typed("watch", plant, "-c", incident, *state)
    assert watched.code == 0
    assert "crashed" not in watched.err
    checks = {check.rule.id for check in members()}
    proved = [
        {f["id"]: spelled(f) for one in incidents for f in one["findings"] if f["rule"] in checks}
        for incidents in (told.incidents, watched.json)
    ]
    assert proved[0]
    assert proved[1] == proved[0]


def test_without_any_baseline_the_checks_alone_judge(told: Told, tmp_path: Path) -> None:
    incident = told.example / "captures" / "incident.pcap"
    words = ("watch", told.example / "plant", "-c", incident, "--state", tmp_path / "var")
    watched = typed(*words, "--format", "json")
    assert "no baseline: only checks judge" in watched.err
    found = {finding["rule"] for one in watched.json for finding in one["findings"]}
    assert found
    assert found <= {check.rule.id for check in members()}


def test_what_is_learnt_onto_a_baseline_adds_to_it(told: Told, tmp_path: Path) -> None:
    state = shutil.copytree(told.folder / "quiet", tmp_path / "var")
    part = tmp_path / "again.pcap"
    part.write_bytes(stretch(told.example / "captures" / "incident.pcap", TWENTY_MINUTES))
    words = ("learn", told.example / "plant", "-c", part, "--state", state, "--format", "json")
    added = typed(*words, "--onto").json
    assert added["ready"] is True
    # The incident's capture follows the normal one, and begins with the next cycle.
    assert added["cycles"] == told.learnt["cycles"] + 1
    assert added["digest"] != told.learnt["digest"]
    alone = typed(*words).json
    assert alone["ready"] is False


def test_a_plant_that_declares_nothing_of_it_learns_nothing_and_says_why(
    small: Path, tmp_path: Path
) -> None:
    assert typed("init", tmp_path / "plant").code == 0
    result = typed("learn", tmp_path / "plant", "-c", small)
    assert result.code == 0
    assert "no exchange was learnt at all" in result.out
    assert "operations that unknown-asset forbids" in result.out
