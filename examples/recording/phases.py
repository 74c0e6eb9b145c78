"""The process modes of a plant over time: a cycle that comes again and again."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

_LATE_S = 240.0


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time in one mode."""

    start: datetime
    end: datetime
    mode: str


class Phases:
    """Which mode holds when. People change it within minutes of the plan.

    Args:
        start: beginning of the first cycle.
        end: where the plan stops; the cycle in which it lies is completed.
        cycle: the modes in their order, and how long each lasts.
        chance: decides how late each change is.
    """

    def __init__(
        self,
        start: datetime,
        end: datetime,
        cycle: Mapping[str, timedelta],
        chance: random.Random,
    ) -> None:
        self._phases = tuple(_plan(start, end, cycle, chance))
        self._starts = [phase.start for phase in self._phases]

    def __iter__(self) -> Iterator[Phase]:
        return iter(self._phases)

    def index(self, at: datetime) -> int:
        """The number of the phase that ``at`` falls into, from 0."""
        return max(bisect_right(self._starts, at) - 1, 0)

    def mode(self, at: datetime) -> str:
        """The process mode at a moment."""
        return self._phases[self.index(at)].mode

    def since(self, at: datetime) -> timedelta:
        """How long the phase that ``at`` falls into has lasted."""
        return at - self._phases[self.index(at)].start


def _plan(
    start: datetime, end: datetime, cycle: Mapping[str, timedelta], chance: random.Random
) -> list[Phase]:
    borders: list[tuple[datetime, str]] = []
    planned = start
    while planned < end:
        for mode, duration in cycle.items():
            late_s = abs(chance.gauss(0.0, _LATE_S)) if borders else 0.0
            borders.append((planned + timedelta(seconds=round(late_s)), mode))
            planned += duration
    borders.append((planned, ""))
    return [Phase(since, until, mode) for (since, mode), (until, _) in pairwise(borders)]
