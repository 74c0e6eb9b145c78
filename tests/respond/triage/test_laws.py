"""Each law is broken by one table, and says which cells."""

from __future__ import annotations

from checkvalve.respond.triage.laws import (
    monotone,
    never_tracked_near_catastrophe,
    posture_calls_nobody,
    sanction_takes_one_class,
)
from checkvalve.respond.triage.points import (
    Certainty,
    Outcome,
    Production,
    Row,
    Safety,
    Sanctioned,
    Stage,
    rows,
)
from checkvalve.respond.triage.policy import default_outcomes

CATASTROPHE = Row(
    Certainty.SINGLE,
    Stage.ENGINEERING_CHANGE,
    Safety.CATASTROPHIC,
    Production.DEGRADED,
    Sanctioned.NO,
)


def test_a_worse_point_may_not_lower_the_outcome() -> None:
    outcomes = default_outcomes() | {CATASTROPHE: Outcome.TRACK}
    assert any("a worse safety may not lower it" in breach for breach in monotone(outcomes))


def test_near_catastrophe_nothing_unsanctioned_is_track() -> None:
    outcomes = default_outcomes() | {CATASTROPHE: Outcome.TRACK}
    assert len(list(never_tracked_near_catastrophe(outcomes))) == 1
    assert list(never_tracked_near_catastrophe(dict.fromkeys(rows(), Outcome.TRACK_STAR))) == []


def test_sanction_lowers_by_one_class_at_most() -> None:
    sanctioned = CATASTROPHE.having("sanctioned", Sanctioned.YES)
    outcomes = default_outcomes() | {CATASTROPHE: Outcome.ACT, sanctioned: Outcome.TRACK_STAR}
    breaches = list(sanction_takes_one_class(outcomes))
    assert any("is Track*, and Act without a change" in breach for breach in breaches)


def test_posture_calls_nobody() -> None:
    standing = CATASTROPHE.having("stage", Stage.POSTURE)
    assert len(list(posture_calls_nobody(default_outcomes() | {standing: Outcome.ATTEND}))) == 1
