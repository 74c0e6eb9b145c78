"""Ratings count only as far as they may be trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.respond.triage.seen import ASSETS, NOON, plant

from checkvalve.plant import Asset, Plant, Zone
from checkvalve.respond.triage.points import Production, Safety
from checkvalve.respond.triage.ratings import HARMLESS, REVIEWED_WITHIN, Ratings

RATINGS = Ratings(plant(), NOON)


@pytest.mark.parametrize(
    ("asset", "safety", "production"),
    [
        ("QS-1", Safety.NEGLIGIBLE, Production.DEGRADED),
        ("HMI-3", Safety.MARGINAL, Production.FUNCTION_FAILURE),
        ("PLC-7", Safety.CRITICAL, Production.FUNCTION_FAILURE),
        ("SIS-1", Safety.CATASTROPHIC, Production.FUNCTION_FAILURE),
    ],
)
def test_ratings_become_impacts(asset: str, safety: Safety, production: Production) -> None:
    worst = RATINGS.worst([asset])
    assert (worst.safety, worst.production) == (safety, production)


def test_unknown_ranks_highest_and_says_so() -> None:
    worst = RATINGS.worst(["NEW-1"])
    assert (worst.safety, worst.production) == (Safety.CATASTROPHIC, Production.MISSION_FAILURE)
    assert worst.safety_grounds.because == "NEW-1 is not rated for safety: unknown, assumed high"


def test_a_machine_that_is_not_declared_ranks_highest() -> None:
    worst = RATINGS.worst(["10.0.1.99"])
    assert worst.safety is Safety.CATASTROPHIC
    assert worst.safety_grounds.because == "10.0.1.99 is not declared: unknown, assumed high"


def test_an_old_review_never_lowers_and_its_age_is_kept() -> None:
    worst = RATINGS.worst(["OLD-1"])
    assert worst.safety is Safety.CATASTROPHIC
    assert worst.safety_grounds.because == (
        "OLD-1 is rated 1 for safety, but the review is older than 180 days: assumed high"
    )
    assert worst.safety_grounds.as_of == datetime(2024, 1, 1, tzinfo=UTC)


def test_a_rating_that_nobody_reviewed_never_lowers() -> None:
    assert "no review is on record" in RATINGS.worst(["BARE-1"]).production_grounds.because


def test_a_review_counts_for_180_days() -> None:
    reviewed = (NOON - REVIEWED_WITHIN).date()
    asset = Asset(id="A", zone="z", safety=0, production=0, criticality_reviewed_on=reviewed)
    small = Plant.of(Zone(id="z"), asset)
    assert Ratings(small, NOON).worst(["A"]).safety is Safety.NEGLIGIBLE
    later = NOON + timedelta(days=1)
    assert Ratings(small, later).worst(["A"]).safety is Safety.CATASTROPHIC


def test_nothing_is_harmless() -> None:
    assert RATINGS.worst([]) is HARMLESS


@given(st.lists(st.sampled_from(sorted(ASSETS)), min_size=1))
def test_the_worst_of_several_is_the_worst_of_each(names: list[str]) -> None:
    together = RATINGS.worst(names)
    assert together.safety is max(RATINGS.worst([name]).safety for name in names)
    assert together.production is max(RATINGS.worst([name]).production for name in names)
    assert any(name in together.safety_grounds.because for name in names)
