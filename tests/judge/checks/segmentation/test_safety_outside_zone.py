from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.safety_outside_zone import SafetyOutsideZone
from checkvalve.testing.segmentation import NOON, plant_of


def verdicts(zone: str, asset: str) -> list[Verdict]:
    plant = plant_of(f"zones: [{{id: z, {zone}}}]\nassets: [{{id: a, zone: z, {asset}}}]\n")
    return SafetyOutsideZone().verdicts(plant, Seen(), NOON)


def test_a_safety_controller_among_process_controllers_is_wrong() -> None:
    (told,) = verdicts("kind: process", "role: Safety Controller, safety: 2")
    assert told.answer is Answer.BROKEN
    assert told.because == "a, a Safety Controller, stands in z, which is of kind process"
    assert told.finding is not None
    assert "kind: safety" in told.finding.evidence[-1].actual


def test_so_is_anything_with_the_highest_rating() -> None:
    (told,) = verdicts("kind: process", "role: PLC, safety: 4")
    assert told.answer is Answer.BROKEN


def test_in_a_safety_zone_it_is_in_order() -> None:
    (told,) = verdicts("kind: safety", "role: SIS logic solver")
    assert told.answer is Answer.HOLDS


def test_a_zone_of_no_declared_kind_leaves_it_open() -> None:
    (told,) = verdicts("level: 1", "role: Safety Controller, safety: 2")
    assert told.answer is Answer.CANNOT_TELL


def test_a_controller_that_nobody_rated_leaves_it_open() -> None:
    (told,) = verdicts("kind: process", "role: PLC")
    assert told.answer is Answer.CANNOT_TELL
    assert "no safety rating" in told.because


def test_of_what_is_rated_low_nothing_is_said() -> None:
    assert not verdicts("kind: process", "role: PLC, safety: 1")
    assert not verdicts("kind: enterprise", "role: Workstation")
