"""The score is a visible sum from 0 to 100."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from checkvalve.respond.triage.points import SCALES, rows
from checkvalve.respond.triage.score import MOST, Score

ROWS = list(rows())
AGES = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=90))


@given(st.sampled_from(ROWS), st.integers(0, 400), AGES, AGES)
def test_the_parts_are_the_sum(row: object, assets: int, age: timedelta, quiet: timedelta) -> None:
    score = Score(row, assets, age, quiet)  # type: ignore[arg-type]
    assert [part.name for part in score.parts] == list(MOST)
    assert sum(part.points for part in score.parts) == score.total
    assert all(0 <= part.points <= part.most and part.because for part in score.parts)


def test_the_worst_is_100_and_the_mildest_0() -> None:
    assert sum(MOST.values()) == 100
    assert Score(ROWS[-1], 50, timedelta(), timedelta()).total == 100
    assert Score(ROWS[0], 1, timedelta(days=30), timedelta(days=30)).total == 0


@given(st.sampled_from(ROWS), st.sampled_from(list(SCALES)))
def test_a_worse_point_never_scores_less(row: object, point: str) -> None:
    for value in SCALES[point]:
        if value > getattr(row, point):
            worse = row.having(point, value)  # type: ignore[attr-defined]
            now = Score(row, 2, timedelta(), timedelta()).total  # type: ignore[arg-type]
            assert Score(worse, 2, timedelta(), timedelta()).total >= now


def test_age_is_said_in_words() -> None:
    parts = Score(ROWS[0], 1, timedelta(days=3), timedelta(hours=5)).parts
    assert [part.because for part in parts[3:]] == [
        "1 asset takes part",
        "first seen 3 days ago",
        "last seen 5 hours ago",
    ]
