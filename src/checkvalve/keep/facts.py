"""What the store remembers beside findings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a stream of steps stands, so that a step counts once however often it is tried.

    Attributes:
        stream: what the steps are of, such as one capture; its steps come in order.
        number: the step's number in that stream, growing.
    """

    stream: str
    number: int


@dataclass(frozen=True, slots=True)
class Link:
    """Why two findings belong together. Reasons are kept, not merged sets: they come off again.

    Attributes:
        a: a finding's id.
        b: another finding's id.
        reason: what joins them, in words.
    """

    a: str
    b: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a capture was read.

    Size, modification time and inode tell whether a file of that name is the same file.

    Attributes:
        capture: the capture's name.
        size: octets, when it was read.
        mtime_ns: its modification time in nanoseconds since 1970.
        inode: its inode.
        octet: where reading goes on, from 0.
        packet: the number of packets before that place.
    """

    capture: str
    size: int
    mtime_ns: int
    inode: int
    octet: int
    packet: int


@dataclass(frozen=True, slots=True)
class Notified:
    """That somebody was told, so that nobody is told twice.

    Attributes:
        about: the id of the finding or incident.
        mark: the occasion, such as ``1``, ``10``, ``100`` or ``returned``.
        at: when.
    """

    about: str
    mark: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Baseline:
    """One version of what was learnt; its state is kept beside it by digest.

    Attributes:
        name: what it is a baseline of, such as a site.
        digest: SHA-256 of its state.
        proposed_by: who proposed it.
        proposed_at: when.
        proposed_why: the reason given.
        approved_by: who approved it; empty while it is only proposed.
        approved_at: when; ``None`` while it is only proposed.
        approved_why: the reason given.
    """

    name: str
    digest: str
    proposed_by: str
    proposed_at: datetime
    proposed_why: str
    approved_by: str = ""
    approved_at: datetime | None = None
    approved_why: str = ""
