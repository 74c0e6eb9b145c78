"""Histograms of intervals: quantiles, and what they say of a rhythm.

Bin k holds intervals from ``2 ** (10 + k / 1.5)`` ns on, so that it is 1.6 times as wide as
the one before; positions are given in bins.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from checkvalve.judge.window import BINS_PER_OCTAVE, FIRST_OCTAVE

Array = np.ndarray[Any, Any]

#: The scale of a normal distribution by its median absolute deviation, and by its 10 % and
#: 90 % quantiles.
_BY_MAD: Final = 1.4826
_BY_TENTHS: Final = 2.563
#: Share of the intervals, the longest, that are breaks.
BREAKS: Final = 0.005
#: One bin's width hides what is narrower.
NARROWEST: Final = 0.5


def quantile(histograms: Array, share: float) -> Array:
    """Where a share of the intervals lies below, in bins, linear within a bin.

    Args:
        histograms: counts or weights, shape ``[n, BINS]``.
        share: 0 to 1.

    Returns:
        Shape ``[n]``; 0 where a histogram is empty.
    """
    below = np.cumsum(histograms, axis=1)
    wanted = share * below[:, -1]
    place = np.argmax((below >= wanted[:, None]) & (histograms > 0), axis=1)
    rows = np.arange(len(histograms))
    inside = histograms[rows, place]
    before = below[rows, place] - inside
    part = np.divide(wanted - before, inside, out=np.zeros(len(inside)), where=inside > 0)
    result: Array = np.where(inside > 0, place + np.clip(part, 0.0, 1.0), 0.0)
    return result


def by_time(histograms: Array) -> Array:
    """How much time passes in intervals of each length, less the rarest and longest.

    Exchanges that come in bursts have many short intervals and few long ones; in time, the
    long ones are nearly all. The longest 0.5 % are breaks, not rhythm.

    Returns:
        Weights, shape ``[n, BINS]``.
    """
    counts = histograms.sum(axis=1, keepdims=True)
    before = np.cumsum(histograms, axis=1) - histograms
    kept = np.clip((1 - BREAKS) * counts - before, 0, histograms)
    result: Array = kept * nanoseconds(np.arange(histograms.shape[1]) + 0.5)
    return result


def spread(histograms: Array) -> Array:
    """How far intervals usually lie from their median, in bins, shape ``[n]``.

    From the median absolute deviation and from the middle 80 %, whichever is wider: two
    intervals that take turns have a narrow first and a wide second.
    """
    if not len(histograms):
        return np.zeros(0)
    middle = quantile(histograms, 0.5)
    centres = np.arange(histograms.shape[1]) + 0.5
    away = np.abs(centres[None, :] - middle[:, None])
    order = np.argsort(away, axis=1)
    below = np.cumsum(np.take_along_axis(histograms, order, axis=1), axis=1)
    half = np.argmax(below * 2 >= below[:, -1:], axis=1)
    rows = np.arange(len(histograms))
    mad = away[rows, order[rows, half]]
    tenths = quantile(histograms, 0.9) - quantile(histograms, 0.1)
    result: Array = np.maximum.reduce(
        [_BY_MAD * mad, tenths / _BY_TENTHS, np.full(len(mad), NARROWEST)]
    )
    return result


def nanoseconds(bins: Array) -> Array:
    """The interval at a position in bins."""
    result: Array = 2.0 ** (FIRST_OCTAVE + bins / BINS_PER_OCTAVE)
    return result


def sparse(histogram: Array) -> dict[str, int]:
    """A histogram as plain data: counts by bin, without empty ones."""
    return {f"{k:02}": int(histogram[k]) for k in np.flatnonzero(histogram)}


def dense(counts: dict[str, int], bins: int) -> list[int]:
    """A histogram from plain data."""
    return [counts.get(f"{k:02}", 0) for k in range(bins)]
