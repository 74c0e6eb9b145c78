"""What traffic was seen over days: who opened what to whom, for checks that look back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ObservedPath:
    """All flows between two addresses to one service.

    Attributes:
        source: the address that opened.
        destination: the other address.
        transport: ``tcp``, ``udp``, ``icmp``, or a protocol's number as text.
        port: of the destination; 0 where there is none.
        opened: conversations whose beginning was seen.
        answered: whether the other end ever answered.
        sent: payload octets from who opened.
        received: payload octets to it.
        most_received: the most that one conversation carried to it.
        first: when it was first seen, in UTC.
        last: when it was last seen, in UTC.
    """

    source: str
    destination: str
    transport: str
    port: int
    opened: int
    answered: bool
    sent: int
    received: int
    most_received: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that was recorded of a time.

    Attributes:
        since: its beginning, in UTC.
        until: its end.
        paths: each once.
    """

    since: datetime
    until: datetime
    paths: tuple[ObservedPath, ...]
