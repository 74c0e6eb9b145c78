"""How complete a baseline is: the share of traffic that it has not seen yet.

The estimate is Good and Turing's (Good 1953, Biometrika 40): the unseen mass is the number
of edges seen once, by the number of observations. Polls are not independent, so that an
edge counts once an hour; days are resampled for an upper 95 % bound (Efron 1979), since what
one day lacks another shows. Counted for each zone and process mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from checkvalve.judge.window import HOUR_NS, Window

Array = np.ndarray[Any, Any]

#: Ready at this unseen mass or less, by its upper bound.
READY_AT: Final = 0.005
#: Full production cycles that must have been seen.
CYCLES_NEEDED: Final = 2
#: Share of observations in an unknown mode that is put up with.
BEGINNING: Final = 0.01
_RESAMPLES: Final = 400
_SEED: Final = 1953
#: Stands for an unknown process mode in state.
UNKNOWN: Final = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of one zone in one process mode was seen.

    Attributes:
        zone: the zone's id.
        mode: the mode's id; empty when unknown.
        edges: distinct edges.
        observations: hours times edges.
        days: days with any.
        unseen: estimated share of traffic in edges that were never seen.
        bound: its upper 95 % bound.
    """

    zone: str
    mode: str
    edges: int
    observations: int
    days: int
    unseen: float
    bound: float

    @property
    def ready(self) -> bool:
        """Whether the bound is low enough."""
        return self.bound <= READY_AT


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a baseline may be relied on.

    Attributes:
        coverage: by zone and mode.
        cycles: full production cycles seen.
        missing: what is missing, one sentence each; empty means ready.
    """

    coverage: tuple[Coverage, ...]
    cycles: int
    missing: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


class Observations:
    """What was seen when, as far as readiness needs it. A sum: halves merge to the whole."""

    def __init__(self) -> None:
        # zone and mode → edge → day → bit mask of hours
        self._seen: dict[tuple[str, str], dict[str, dict[int, int]]] = {}
        # mode → times at which a stretch of windows in it began
        self._entries: dict[str, set[int]] = {}
        self._last_mode: str | None = None

    def add(self, window: Window) -> None:
        """Count a window's edges, once an hour each."""
        mode = window.mode or UNKNOWN
        if window.mode is not None and window.mode != self._last_mode:
            self._entries.setdefault(window.mode, set()).add(window.start)
            self._last_mode = window.mode
        for row in window.groups:
            edge = window.edges[int(row["edge"])]
            hours = int(row["first"]) // HOUR_NS
            days = self._seen.setdefault((edge.destination.zone, mode), {}).setdefault(
                str(edge), {}
            )
            days[hours // 24] = days.get(hours // 24, 0) | 1 << hours % 24

    def merge(self, other: Self) -> None:
        """Add what another saw."""
        for place, edges in other._seen.items():
            mine = self._seen.setdefault(place, {})
            for edge, days in edges.items():
                held = mine.setdefault(edge, {})
                for day, hours in days.items():
                    held[day] = held.get(day, 0) | hours
        for mode, entries in other._entries.items():
            self._entries.setdefault(mode, set()).update(entries)

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "entries": self._entered(),
            "seen": [
                [zone, mode, {edge: _texts(days) for edge, days in sorted(edges.items())}]
                for (zone, mode), edges in sorted(self._seen.items())
            ],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state."""
        self._entries = {mode: set(at) for mode, at in state["entries"].items()}
        self._seen = {
            (zone, mode): {
                edge: {int(day): hours for day, hours in days.items()}
                for edge, days in edges.items()
            }
            for zone, mode, edges in state["seen"]
        }
        self._last_mode = None

    def readiness(self, modes: tuple[str, ...]) -> Readiness:
        """Say what is missing.

        Args:
            modes: the site's process modes; production cycles are counted by the first.
        """
        coverage = tuple(
            _coverage(zone, mode, edges) for (zone, mode), edges in sorted(self._seen.items())
        )
        cycles = max(len(self._entered().get(modes[0], ())) - 1, 0) if modes else 0
        return Readiness(coverage, cycles, tuple(self._missing(coverage, modes, cycles)))

    def _entered(self) -> dict[str, list[int]]:
        """When each mode began after another; parts of one stretch, learnt apart, are one."""
        began = sorted((at, mode) for mode, times in self._entries.items() for at in times)
        found: dict[str, list[int]] = {}
        for place, (at, mode) in enumerate(began):
            if not place or began[place - 1][1] != mode:
                found.setdefault(mode, []).append(at)
        return dict(sorted(found.items()))

    def _missing(
        self, coverage: tuple[Coverage, ...], modes: tuple[str, ...], cycles: int
    ) -> list[str]:
        missing = []
        if not coverage:
            missing.append("no exchange was learnt at all")
        if modes and cycles < CYCLES_NEEDED:
            missing.append(
                f"{cycles} of {CYCLES_NEEDED} full production cycles "
                f"(a cycle ends when '{modes[0]}' comes back)"
            )
        if not modes:
            missing.append("the site declares no process modes, so cycles can't be counted")
        missing += [f"mode '{mode}' was never seen" for mode in modes if mode not in self._entries]
        missing += [
            f"zone '{c.zone}' in {f'mode {c.mode!r}' if c.mode else 'an unknown mode'}: "
            f"up to {c.bound:.1%} of its traffic is not known yet ({READY_AT:.1%} would do)"
            for c in coverage
            if not c.ready and not self._is_beginning(c, coverage)
        ]
        return missing

    @staticmethod
    def _is_beginning(one: Coverage, coverage: tuple[Coverage, ...]) -> bool:
        """The mode is unknown until its tag is first read: too little to hold against it."""
        total = sum(c.observations for c in coverage)
        return one.mode == UNKNOWN and one.observations < BEGINNING * total


def _texts(days: Mapping[int, int]) -> dict[str, int]:
    return {str(day): hours for day, hours in sorted(days.items())}


def _coverage(zone: str, mode: str, edges: Mapping[str, Mapping[int, int]]) -> Coverage:
    """Good and Turing's estimate over edge hours, and its bound over resampled days."""
    days = sorted({day for seen in edges.values() for day in seen})
    place = {day: k for k, day in enumerate(days)}
    counts = np.zeros((len(edges), len(days)), np.int64)
    for k, seen in enumerate(edges.values()):
        for day, hours in seen.items():
            counts[k, place[day]] = hours.bit_count()
    total = int(counts.sum())
    unseen = _unseen(counts.sum(axis=1))
    # One day says nothing of how days differ: then all that was seen once in it may be new.
    bound = 1.0
    if len(days) > 1:
        draws = np.random.default_rng(_SEED).multinomial(
            len(days), np.full(len(days), 1 / len(days)), _RESAMPLES
        )
        bound = float(np.quantile([_unseen(counts @ draw) for draw in draws], 0.95))
    return Coverage(zone, mode, len(edges), total, len(days), unseen, max(bound, unseen))


def _unseen(seen: Array) -> float:
    total = int(seen.sum())
    return float(np.count_nonzero(seen == 1)) / total if total else 1.0
