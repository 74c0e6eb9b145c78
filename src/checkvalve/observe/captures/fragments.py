"""IP fragments put together (RFC 791, RFC 8200 clause 4.5).

Key: source, destination, protocol, identification. A datagram waits 30 s of the capture's
own time, and at most 1,024 wait. Where fragments overlap with other octets the datagram is
malformed; in IPv6 any overlap makes it so (RFC 5722).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from checkvalve.observe.captures.frames import read_transport
from checkvalve.observe.captures.packet import FRAGMENT, MALFORMED_FRAME

Array = np.ndarray[Any, Any]

LONGEST_WAIT_NS: Final = 30_000_000_000
MOST_DATAGRAMS: Final = 1_024
LONGEST_DATAGRAM: Final = 65_535
MOST_PARTS: Final = 512


@dataclass(slots=True)
class _Datagram:
    begun: int
    parts: dict[int, bytes] = field(default_factory=dict)
    length: int = -1


def _joined(datagram: _Datagram) -> bytes | None:
    """The whole datagram, or ``None`` while a part is missing."""
    whole = b""
    for start in sorted(datagram.parts):
        if start > len(whole):
            return None
        whole += datagram.parts[start][len(whole) - start :]
    return whole if len(whole) == datagram.length else None


class Fragments:
    """The datagrams of which some fragments have come.

    Attributes:
        incomplete: datagrams given up.
        malformed: datagrams whose fragments contradict each other.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[int, ...], _Datagram] = {}
        self.incomplete = 0
        self.malformed = 0

    def __len__(self) -> int:
        return len(self._open)

    def put_together(self, data: Array, packets: Array, count: int, room: int) -> int:
        """Turn each fragment that completes a datagram into that datagram.

        Args:
            data: the buffer; octets are written from ``room`` on.
            packets: rows of dtype ``PACKET``; those that complete become whole in place.
            count: how many rows count.
            room: offset of free octets in ``data``.

        Returns:
            Offset of the free octets that are left.
        """
        for n in np.flatnonzero(packets["fate"][:count] == FRAGMENT):
            row = packets[n]
            whole = self._take(data, row)
            if whole is None:
                continue
            if room + len(whole) > len(data):
                self.incomplete += 1
                continue
            data[room : room + len(whole)] = np.frombuffer(whole, np.uint8)
            packets[n]["octets"] = len(whole)
            read_transport(data, room, room + len(whole), packets, int(n))
            room += len(whole)
        return room

    def _take(self, data: Array, row: Any) -> bytes | None:
        """Add one fragment; the whole datagram if it is complete."""
        key = tuple(
            int(row[column])
            for column in (
                "source_high",
                "source_low",
                "destination_high",
                "destination_low",
                "protocol",
                "fragment_id",
            )
        )
        now = int(row["time"])
        self._give_up(now, room=0 if key in self._open else 1)
        place, octets = int(row["fragment_at"]), int(row["octets"])
        at = int(row["payload"])
        part = data[at : at + int(row["present"])].tobytes()
        more = bool(row["fragment_more"])
        if len(part) < octets or place + octets > LONGEST_DATAGRAM or (more and octets % 8):
            self.malformed += 1
            self._open.pop(key, None)
            row["fate"] = MALFORMED_FRAME
            return None
        datagram = self._open.setdefault(key, _Datagram(begun=now))
        if not self._fits(datagram, place, part, int(row["version"])):
            self.malformed += 1
            del self._open[key]
            row["fate"] = MALFORMED_FRAME
            return None
        if len(part) > len(datagram.parts.get(place, b"")):
            datagram.parts[place] = part
        if not more:
            datagram.length = place + octets
        whole = _joined(datagram)
        if whole is not None:
            del self._open[key]
        return whole

    def _fits(self, datagram: _Datagram, place: int, part: bytes, version: int) -> bool:
        """Whether a fragment contradicts none of those that came before."""
        end = place + len(part)
        if 0 <= datagram.length < end or len(datagram.parts) >= MOST_PARTS:
            return False
        for start, other in datagram.parts.items():
            if start == place and other == part:
                continue  # sent again
            if start < end and place < start + len(other):
                if version == 6:
                    return False
                low, high = max(start, place), min(start + len(other), end)
                if other[low - start : high - start] != part[low - place : high - place]:
                    return False
        return True

    def _give_up(self, now: int, *, room: int) -> None:
        """Drop the datagrams that wait too long, and the oldest where there must be room."""
        while self._open:
            key, oldest = next(iter(self._open.items()))
            late = now - oldest.begun > LONGEST_WAIT_NS
            if not late and len(self._open) + room <= MOST_DATAGRAMS:
                return
            del self._open[key]
            self.incomplete += 1
