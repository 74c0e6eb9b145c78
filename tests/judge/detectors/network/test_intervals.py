from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.judge.detectors.network.intervals import (
    NARROWEST,
    by_time,
    dense,
    nanoseconds,
    quantile,
    sparse,
    spread,
)
from checkvalve.judge.window import BINS

histograms = st.lists(st.integers(0, 1_000), min_size=BINS, max_size=BINS).map(
    lambda counts: np.array([counts], np.int64)
)


def _histogram(**bins: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    made = np.zeros((1, BINS), np.int64)
    for place, count in bins.items():
        made[0, int(place.removeprefix("b"))] = count
    return made


def test_a_quantile_lies_linearly_within_its_bin() -> None:
    assert quantile(_histogram(b10=100), 0.5)[0] == pytest.approx(10.5)
    assert quantile(_histogram(b10=50, b20=50), 0.75)[0] == pytest.approx(20.5)
    assert quantile(np.zeros((1, BINS), np.int64), 0.5)[0] == 0


@given(histograms)
def test_quantiles_rise_with_their_share_and_stay_inside(made: np.ndarray) -> None:
    found = [float(quantile(made, share)[0]) for share in (0.0, 0.1, 0.5, 0.9, 1.0)]
    assert found == sorted(found)
    if made.any():
        filled = np.flatnonzero(made[0])
        assert filled[0] <= found[0] <= found[-1] <= filled[-1] + 1


@given(histograms)
def test_a_spread_is_at_least_half_a_bin(made: np.ndarray) -> None:
    assert spread(made)[0] >= NARROWEST


def test_two_intervals_in_turn_are_spread_wide() -> None:
    assert spread(_histogram(b10=500, b30=500))[0] > 5


def test_in_time_a_burst_is_nearly_all_pause() -> None:
    weights = by_time(_histogram(b10=900, b30=100))
    assert quantile(weights, 0.5)[0] >= 30


def test_the_rarest_and_longest_are_breaks() -> None:
    assert quantile(by_time(_histogram(b30=10_000, b50=10)), 0.99)[0] < 31


@given(histograms)
def test_sparse_and_dense_are_each_other_s_way_back(made: np.ndarray) -> None:
    kept = sparse(made[0])
    assert list(kept) == sorted(kept)
    assert dense(kept, BINS) == made[0].tolist()


def test_positions_are_intervals() -> None:
    assert nanoseconds(np.array([0.0, 1.5]))[1] == 2 * nanoseconds(np.array([0.0]))[0]
