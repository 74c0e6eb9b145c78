"""Coordinates: sets of numbers as ranks between cut points, so that all sizes cost the same.

Between two neighbouring cut points every number is treated alike by every rule, so one cell
stands for all of them. Ranks are small integers whatever the numbers are: IPv6 costs what IPv4
costs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from checkvalve.observe.firewalls.spans import Span, Spans

Array = np.ndarray[Any, Any]


class Ranks:
    """All cut points of one kind of number.

    Args:
        sets: every set that will be asked for: where they begin and end is where cells do.
    """

    def __init__(self, sets: Iterable[Spans]) -> None:
        cuts: set[int] = set()
        for one in sets:
            for low, high in one:
                cuts.add(low)
                cuts.add(high + 1)
        self._cuts = sorted(cuts)
        self._places = {cut: place for place, cut in enumerate(self._cuts)}

    def of(self, spans: Spans) -> list[Span]:
        """Spans as half-open ranges of ranks.

        Args:
            spans: a set whose ends are cut points.
        """
        return [(self._places[low], self._places[high + 1]) for low, high in spans]

    def numbers(self, low: int, high: int) -> Span:
        """What the half-open range of ranks stands for, both ends included."""
        return self._cuts[low], self._cuts[high] - 1

    def all_numbers(self, lows: Array, highs: Array) -> list[Span]:
        """What some half-open ranges of ranks stand for."""
        cuts = self._cuts
        pairs = zip(lows.tolist(), highs.tolist(), strict=True)
        return [(cuts[low], cuts[high] - 1) for low, high in pairs]


@dataclass(frozen=True, slots=True)
class Axis:
    """The cells of one dimension of one question.

    Attributes:
        starts: rank at which each cell begins, ascending, int64.
        ends: rank at which each ends.
    """

    starts: Array
    ends: Array

    @classmethod
    def of(cls, wanted: list[Span], lows: Array, highs: Array) -> Axis:
        """The cells of the wanted ranges, cut wherever a box begins or ends.

        Args:
            wanted: half-open ranges of ranks, ascending, disjoint.
            lows: where boxes begin.
            highs: where they end.
        """
        cuts = np.unique(np.concatenate([lows, highs]))
        starts, ends = [], []
        for low, high in wanted:
            inner = cuts[(cuts > low) & (cuts < high)]
            points = np.concatenate([[low], inner, [high]])
            starts.append(points[:-1])
            ends.append(points[1:])
        if not starts:
            nothing = np.zeros(0, np.int64)
            return cls(nothing, nothing)
        return cls(np.concatenate(starts).astype(np.int64), np.concatenate(ends).astype(np.int64))

    def __len__(self) -> int:
        return len(self.starts)

    def slices(self, lows: Array, highs: Array) -> tuple[Array, Array]:
        """First cell, and the one behind the last, of each box."""
        return np.searchsorted(self.starts, lows), np.searchsorted(self.starts, highs)

    def part(self, first: int, last: int) -> Axis:
        """Some of the cells."""
        return Axis(self.starts[first:last], self.ends[first:last])
