"""The water: modes of the works, and what its controllers hold at a moment."""

from __future__ import annotations

import random
import struct
from datetime import datetime, timedelta

from recording.phases import Phases
from recording.signals import wave

#: One cycle: filters run, are washed, rest, and are looked after. Three cycles are a day.
CYCLE = {
    "supply": timedelta(hours=5),
    "backwash": timedelta(hours=1),
    "standby": timedelta(hours=1),
    "maintenance": timedelta(hours=1),
}
#: What the mode word holds.
MODE_WORDS = {"supply": 10, "backwash": 20, "standby": 30, "maintenance": 40}
_DAY_S = 86_400.0


class Process:
    """The works as they run.

    Args:
        start: beginning of the first supply.
        end: where the plan stops.
        chance: decides how late each change of mode is.
    """

    def __init__(self, start: datetime, end: datetime, chance: random.Random) -> None:
        self.phases = Phases(start, end, CYCLE, chance)

    def mode(self, at: datetime) -> str:
        """The process mode at a moment."""
        return self.phases.mode(at)

    def pump_speed(self, at: datetime) -> float:
        """Speed of the high-lift pumps, in per cent."""
        return wave(at, 78.0, 9.0, _DAY_S) if self.mode(at) == "supply" else 0.0

    def treatment_block(self, at: datetime) -> bytes:
        """DB1 of the treatment PLC from octet 0: mode word, turbidity, pH, flow, filter head."""
        flow = wave(at, 310.0, 12.0) if self.mode(at) == "supply" else 0.0
        return struct.pack(
            ">Hxxffff",
            MODE_WORDS[self.mode(at)],
            wave(at, 0.21, 0.02),
            wave(at, 7.4, 0.05),
            flow,
            wave(at, 1.8, 0.2, _DAY_S / 3),
        )

    def pump_block(self, at: datetime) -> bytes:
        """DB10 of the pump PLC from octet 0: speed, pressure, current."""
        speed = self.pump_speed(at)
        return struct.pack(">fff", speed, 1.2 + speed / 18.0, speed * 2.1)

    def tank_levels(self, at: datetime) -> dict[int, float]:
        """Analog inputs of the high tank: level in metres, outflow in cubic metres an hour."""
        return {0: wave(at, 3.6, 0.9, _DAY_S), 1: wave(at, 180.0, 60.0, _DAY_S)}

    def well_levels(self, at: datetime) -> dict[int, float]:
        """Analog inputs of the well: water table in metres, yield in cubic metres an hour."""
        return {0: wave(at, -21.0, 0.8), 1: wave(at, 205.0, 8.0)}
