"""The counterfactual tells the truth: applied, it gives the outcome that it promises."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.respond.triage.test_table import WORKED_EXAMPLE

from checkvalve.respond.triage.counterfactual import Counterfactual, condition, higher, lower
from checkvalve.respond.triage.points import SCALES, Outcome, Row, Sanctioned, rows
from checkvalve.respond.triage.table import default_table, overridden

TABLE = default_table()
ROWS = st.sampled_from(list(rows()))


def fewest(row: Row, direction: int) -> int:
    """The naive answer: how many points differ in the nearest row that deserves otherwise."""
    differing = [
        sum(1 for point in SCALES if getattr(row, point) != getattr(other, point))
        for other in rows()
        if (TABLE.outcome(other) - TABLE.outcome(row)) * direction > 0
        and all((getattr(other, p) - getattr(row, p)) * direction >= 0 for p in SCALES)
    ]
    return min(differing, default=0)


def promises(row: Row) -> list[Counterfactual]:
    return [*lower(TABLE, row), *higher(TABLE, row)]


@settings(max_examples=120)
@given(ROWS)
def test_applying_it_gives_the_promised_outcome(row: Row) -> None:
    for promise in promises(row):
        assert TABLE.outcome(promise.applied(row)) is promise.outcome is not TABLE.outcome(row)


@settings(max_examples=40)
@given(ROWS)
def test_no_smaller_set_of_points_moves_the_row(row: Row) -> None:
    for found, direction in ((lower(TABLE, row), -1), (higher(TABLE, row), 1)):
        assert {len(one.changes) for one in found} <= {fewest(row, direction)}


@settings(max_examples=40)
@given(ROWS)
def test_there_is_one_unless_the_outcome_is_the_last(row: Row) -> None:
    assert bool(lower(TABLE, row)) is (TABLE.outcome(row) > Outcome.TRACK)
    assert bool(higher(TABLE, row)) is (TABLE.outcome(row) < Outcome.ACT)


def test_it_takes_the_smallest_steps() -> None:
    for row in list(rows())[::7]:
        for promise in lower(TABLE, row):
            for point, value in promise.changes:
                between = [
                    row.having(point, other)
                    for other in SCALES[point]
                    if value < other < getattr(row, point)
                ]
                if len(promise.changes) == 1:
                    assert all(TABLE.outcome(one) is TABLE.outcome(row) for one in between)


def test_an_unsanctioned_write_would_be_attend_if_a_change_covered_it() -> None:
    first = lower(TABLE, WORKED_EXAMPLE)[0]
    assert first.changes == (("sanctioned", Sanctioned.YES),)
    assert first.outcome is Outcome.ATTEND
    assert condition(Sanctioned.YES, Sanctioned.NO) == "an open change covered it"


def test_every_change_can_be_said() -> None:
    for scale in SCALES.values():
        for one, other in combinations(scale, 2):
            assert condition(one, other)
            assert condition(other, one)


def test_a_plants_own_cells_count() -> None:
    calm = overridden(TABLE, {"cells": [{"outcome": "Track*", "why": "quiet"}]}, name="t.yaml")
    assert lower(calm, WORKED_EXAMPLE) == higher(calm, WORKED_EXAMPLE) == ()
