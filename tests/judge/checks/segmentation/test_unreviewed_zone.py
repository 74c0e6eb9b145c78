from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.unreviewed_zone import UnreviewedZone
from checkvalve.testing.segmentation import NOON, plant_of


def verdicts(zone: str) -> list[Verdict]:
    return UnreviewedZone().verdicts(plant_of(f"zones: [{{id: z, {zone}}}]\n"), Seen(), NOON)


def test_a_zone_without_a_target_level_is_not_assessed() -> None:
    (told,) = verdicts("level: 1")
    assert told.answer is Answer.BROKEN
    assert told.because == "z has no target security level"


def test_a_level_of_nought_is_a_level() -> None:
    assert [v.answer for v in verdicts("sl_t: 0")] == [Answer.HOLDS]


def test_a_review_that_is_overdue_is_told() -> None:
    (told,) = verdicts("sl_t: 2, review_by: 2026-03-01")
    assert told.because == "z was to be looked at again by 2026-03-01"
    assert [v.answer for v in verdicts("sl_t: 2, review_by: 2026-03-02")] == [Answer.HOLDS]


def test_the_finding_outlives_the_day() -> None:
    (one,), (other,) = (
        verdicts("sl_t: 2, review_by: 2026-02-01"),
        verdicts("sl_t: 2, review_by: 2026-02-28"),
    )
    assert one.finding is not None
    assert other.finding is not None
    assert one.finding.id == other.finding.id
