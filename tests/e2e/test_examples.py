"""The example plants give the incidents that were planted in them, and no others."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.story import PAGING, Told, spelled, spelled_out
from tests.e2e.typing_in import typed


def test_what_was_recorded_as_normal_is_enough_to_learn_from(told: Told) -> None:
    assert told.learnt["missing"] == []
    assert told.learnt["ready"] is True
    assert told.learnt["cycles"] >= 19


def test_every_planted_event_comes_out_in_its_time_and_class(told: Told) -> None:
    missing = [
        f"{event.id} {rule} ({event.at_least}): {event.what}"
        for event in told.events
        for rule in sorted(event.rules)
        if not any(event.found_in(incident, rule) for incident in told.incidents)
    ]
    assert not missing, "\n".join(missing)


def test_nothing_else_calls_for_attention(told: Told) -> None:
    strays = [
        f"{incident['class']} {incident['id']}: {spelled(finding)}"
        for incident in told.paging()
        for finding in incident["findings"]
        if not any(event.explains(finding) for event in told.events)
    ]
    assert not strays, "\n".join(strays)


def test_an_event_is_told_in_a_few_incidents(told: Told) -> None:
    assert len(told.paging()) <= 2 * len(told.events), "\n".join(map(spelled_out, told.paging()))


def test_what_was_learnt_calls_for_no_attention(told: Told, tmp_path: Path) -> None:
    state = shutil.copytree(told.folder / "quiet", tmp_path / "var")
    watched = typed(
        "watch", told.example / "plant", "--captures", told.example / "captures" / "normal.pcap",
        "--state", state, "--format", "json",
    )  # fmt: skip
    assert watched.code == 0
    found = [spelled_out(incident) for incident in watched.json if incident["class"] in PAGING]
    assert not found, "\n".join(found)
