"""The packaging process: its modes, and what its controllers' registers hold at a moment."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from recording.phases import Phases
from recording.signals import wave

#: One production cycle: how long each mode lasts. Two cycles are a day.
CYCLE = {
    "production": timedelta(hours=7, minutes=30),
    "changeover": timedelta(hours=1, minutes=30),
    "stop": timedelta(hours=1),
    "maintenance": timedelta(hours=2),
}
MODES = tuple(CYCLE)
_BOTTLES_A_MINUTE = {"production": 240, "changeover": 30, "stop": 0, "maintenance": 0}
#: One bottle in so many has a bad seal.
_PER_REJECT = 400
_WORD = 0x10000


class Process:
    """The line as it runs.

    Args:
        start: beginning of the first production.
        end: where the plan stops.
        chance: decides how late each change of mode is.
    """

    def __init__(self, start: datetime, end: datetime, chance: random.Random) -> None:
        self.phases = Phases(start, end, CYCLE, chance)
        self._bottles = [0]
        for phase in self.phases:
            passed = _passed(phase.mode, phase.end - phase.start)
            self._bottles.append(self._bottles[-1] + passed)

    def mode(self, at: datetime) -> str:
        """The process mode at a moment."""
        return self.phases.mode(at)

    def bottles(self, at: datetime) -> int:
        """How many bottles have passed since the start."""
        before = self._bottles[self.phases.index(at)]
        return before + _passed(self.mode(at), self.phases.since(at))

    def rejects(self, at: datetime) -> int:
        """How many of them were bad."""
        return self.bottles(at) // _PER_REJECT

    def line_registers(self, at: datetime) -> list[int]:
        """Holding registers 0 to 9 of the line PLC: mode, speed, counters, temperatures."""
        mode = self.mode(at)
        return [
            MODES.index(mode) + 1,
            _BOTTLES_A_MINUTE[mode],
            *_two_words(self.bottles(at)),
            self.rejects(at) % _WORD,
            round(wave(at, 412, 6)),
            round(wave(at, 385, 4)),
            0,
            0,
            1 if mode == "production" else 0,
        ]

    def counter_registers(self, at: datetime) -> list[int]:
        """Input registers 0 to 3 of the line PLC: bottles and rejects, for the vision node."""
        return [*_two_words(self.bottles(at)), *_two_words(self.rejects(at))]

    def filler_registers(self, at: datetime) -> list[int]:
        """Holding registers 0 to 4 of the filler: state, level, pressure, flow, temperature."""
        runs = self.mode(at) == "production"
        return [
            2 if runs else 0,
            round(wave(at, 7_480, 35) if runs else wave(at, 6_900, 10)),
            round(wave(at, 212, 3)) if runs else 101,
            round(wave(at, 1_320, 40)) if runs else 0,
            round(wave(at, 186, 4)),
        ]


def _passed(mode: str, time: timedelta) -> int:
    return int(time.total_seconds() / 60 * _BOTTLES_A_MINUTE[mode])


def _two_words(value: int) -> tuple[int, int]:
    """A 32-bit number, its high word first."""
    return value // _WORD % _WORD, value % _WORD
