"""The packaging process: its modes, and what its controllers' registers hold at a moment."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

MODES = ("production", "changeover", "stop", "maintenance")
#: One production cycle: how long each mode lasts. Two cycles are a day.
DURATIONS = {
    "production": timedelta(hours=7, minutes=30),
    "changeover": timedelta(hours=1, minutes=30),
    "stop": timedelta(hours=1),
    "maintenance": timedelta(hours=2),
}
_LATE_S = 240.0
_BOTTLES_A_MINUTE = {"production": 240, "changeover": 30, "stop": 0, "maintenance": 0}
#: One bottle in so many has a bad seal.
_PER_REJECT = 400
_WORD = 0x10000


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time in one mode."""

    start: datetime
    end: datetime
    mode: str


class Process:
    """The line as it runs: people change its mode within minutes of the plan.

    Args:
        start: beginning of the first production.
        end: where the plan stops.
        chance: decides how late each change is.
    """

    def __init__(self, start: datetime, end: datetime, chance: random.Random) -> None:
        self.phases = tuple(_plan(start, end, chance))
        self._starts = [phase.start for phase in self.phases]
        self._bottles = [0]
        for phase in self.phases:
            minutes = (phase.end - phase.start).total_seconds() / 60
            self._bottles.append(self._bottles[-1] + round(minutes * _BOTTLES_A_MINUTE[phase.mode]))

    def phase(self, at: datetime) -> Phase:
        """The stretch that ``at`` falls into."""
        return self.phases[self._index(at)]

    def mode(self, at: datetime) -> str:
        """The process mode at a moment."""
        return self.phase(at).mode

    def bottles(self, at: datetime) -> int:
        """How many bottles have passed since the start."""
        index = self._index(at)
        phase = self.phases[index]
        minutes = (at - phase.start).total_seconds() / 60
        return self._bottles[index] + int(minutes * _BOTTLES_A_MINUTE[phase.mode])

    def line_registers(self, at: datetime) -> list[int]:
        """Holding registers 0 to 9 of the line PLC: mode, speed, counters, temperatures."""
        mode = self.mode(at)
        bottles = self.bottles(at)
        return [
            MODES.index(mode) + 1,
            _BOTTLES_A_MINUTE[mode],
            *_two_words(bottles),
            self.rejects(at) % _WORD,
            _wave(at, 412, 6),
            _wave(at, 385, 4),
            0,
            0,
            1 if mode == "production" else 0,
        ]

    def counter_registers(self, at: datetime) -> list[int]:
        """Input registers 0 to 3 of the line PLC: bottles and rejects, for the vision node."""
        bottles = self.bottles(at)
        return [*_two_words(bottles), *_two_words(self.rejects(at))]

    def filler_registers(self, at: datetime) -> list[int]:
        """Holding registers 0 to 9 of the filler: state, level, pressure, flow, temperature."""
        runs = self.mode(at) == "production"
        return [
            2 if runs else 0,
            _wave(at, 7_480, 35) if runs else _wave(at, 6_900, 10),
            _wave(at, 212, 3) if runs else 101,
            _wave(at, 1_320, 40) if runs else 0,
            _wave(at, 186, 4),
            *(0 for _ in range(5)),
        ]

    def rejects(self, at: datetime) -> int:
        """How many of them were bad."""
        return self.bottles(at) // _PER_REJECT

    def _index(self, at: datetime) -> int:
        return max(bisect_right(self._starts, at) - 1, 0)


def _plan(start: datetime, end: datetime, chance: random.Random) -> list[Phase]:
    borders: list[tuple[datetime, str]] = []
    planned = start
    while planned < end:
        for mode in MODES:
            late_s = abs(chance.gauss(0.0, _LATE_S)) if borders else 0.0
            borders.append((planned + timedelta(seconds=round(late_s)), mode))
            planned += DURATIONS[mode]
    borders.append((planned, ""))
    return [Phase(since, until, mode) for (since, mode), (until, _) in pairwise(borders)]


def _two_words(value: int) -> tuple[int, int]:
    """A 32-bit number, its high word first."""
    return value // _WORD % _WORD, value % _WORD


def _wave(at: datetime, middle: int, swing: int) -> int:
    """A slow, smooth signal: forty-seven minutes a period."""
    return middle + round(swing * math.sin(at.timestamp() * 2 * math.pi / 2_820))
