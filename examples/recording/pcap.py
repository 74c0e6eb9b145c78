"""Writes pcap files with nanosecond times (magic A1B23C4D, link type 1, Ethernet)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from recording.capture import Frame

_HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 1)


def write(path: Path, frames: Iterable[Frame]) -> int:
    """Write ``frames`` to ``path`` and return how many there were."""
    count = 0
    with path.open("wb") as file:
        file.write(_HEADER)
        for frame in frames:
            seconds, nanoseconds = divmod(frame.time, 1_000_000_000)
            length = len(frame.octets)
            file.write(struct.pack("<IIII", seconds, nanoseconds, length, length))
            file.write(frame.octets)
            count += 1
    return count
