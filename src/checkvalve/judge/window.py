"""A window: what one site showed in one process mode, within one clock hour.

Detectors and checks look at windows, not at rows: exchanges are grouped by edge, edges and
their objects by range, flows by path. A window may be a part of its hour; all it holds are
sums, minima and maxima, so that several parts add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from checkvalve.findings import Evidence
from checkvalve.records import Intent

Array = np.ndarray[Any, Any]

HOUR_NS: Final = 3_600_000_000_000
#: Bins of an interval histogram: bin k holds intervals from 2^(10 + k / 1.5) ns on.
BINS: Final = 64
BINS_PER_OCTAVE: Final = 1.5
FIRST_OCTAVE: Final = 10

#: Exchanges of one edge. Times in ns since 1970; ``packet`` and ``capture`` are of the first.
GROUP: Final = np.dtype(
    [
        ("edge", "i4"),
        ("capture", "i4"),
        ("count", "i8"),
        ("errors", "i8"),
        ("no_reply", "i8"),
        ("lost", "i8"),  # the first without reply: its time, packet and capture
        ("lost_packet", "i8"),
        ("lost_capture", "i4"),
        ("malformed", "i8"),
        ("first", "i8"),
        ("last", "i8"),
        ("packet", "i8"),
        ("octets", "i8"),
        ("intervals", "i8"),  # how many, and their log2 (ns) summed and squared
        ("log_sum", "f8"),
        ("log_square", "f8"),
    ]
)
#: Addresses that one edge used in one object space; ``low`` -1: the space has none.
RANGE: Final = np.dtype(
    [
        ("edge", "i4"),
        ("space", "i4"),
        ("capture", "i4"),
        ("count", "i8"),
        ("low", "i8"),
        ("high", "i8"),
        ("first", "i8"),
        ("packet", "i8"),
    ]
)
#: Flows of one path.
PATH: Final = np.dtype(
    [
        ("path", "i4"),
        ("capture", "i4"),
        ("opened", "i8"),  # conversations that began
        ("answered", "i8"),  # flow rows in which the other end answered
        ("packets", "i8"),
        ("sent", "i8"),  # payload octets from who opened it, and to it
        ("received", "i8"),
        ("first", "i8"),
        ("last", "i8"),
        ("packet", "i8"),
    ]
)
#: One write, control or program exchange, in order of time.
COMMAND: Final = np.dtype(
    [
        ("edge", "i4"),
        ("space", "i4"),
        ("capture", "i4"),
        ("first", "i8"),
        ("last", "i8"),
        ("value", "f8"),
        ("status", "i4"),  # place in records.STATUSES
        ("time", "i8"),
        ("packet", "i8"),
    ]
)


@dataclass(frozen=True, slots=True)
class End:
    """One end of an edge or a path, as the plant knows it.

    Attributes:
        name: the asset's id; the address where no asset is declared.
        address: the IP address.
        declared: an asset is declared there.
        zone: the zone's id, ``internet`` or ``private-unused``.
        role: the asset's role; empty when not known.
    """

    name: str
    address: str
    declared: bool
    zone: str
    role: str


@dataclass(frozen=True, slots=True)
class Edge:
    """The unit of a baseline: who does what to whom.

    Attributes:
        device: unit, slot or station behind the destination; -1: none.
    """

    source: End
    destination: End
    protocol: str
    device: int
    function: str
    code: int
    intent: Intent

    @property
    def conversation(self) -> tuple[str, str, str]:
        """Source, destination and protocol, by name."""
        return (self.source.name, self.destination.name, self.protocol)

    @property
    def key(self) -> tuple[str, str, str, int, str]:
        """What makes it itself: conversation, device and function."""
        return (*self.conversation, self.device, self.function)

    def __str__(self) -> str:
        where = f" {self.device}" if self.device >= 0 else ""
        return f"{self.source.name} → {self.destination.name}{where}: {self.function}"


@dataclass(frozen=True, slots=True)
class Path:
    """Flows between two ends to one service.

    Attributes:
        transport: ``tcp``, ``udp``, ``icmp`` ...
        port: of the destination; 0 where there is none.
        protocol: as recognised by content; empty when not.
        host: the name that DNS, TLS or HTTP gave the destination; empty when none did.
    """

    source: End
    destination: End
    transport: str
    port: int
    protocol: str
    host: str

    @property
    def service(self) -> str:
        """``tcp/502``, with the protocol behind it where it was recognised."""
        port = f"{self.transport}/{self.port}" if self.port else self.transport
        return f"{port} {self.protocol}".strip()

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What makes it itself, whatever was recognised in it."""
        return (self.source.name, self.destination.name, self.transport, self.port)

    def __str__(self) -> str:
        host = f" ({self.host})" if self.host else ""
        return f"{self.source.name} → {self.destination.name}{host} {self.service}"


@dataclass(frozen=True, slots=True)
class Breach:
    """What of a window must not be learnt: policy forbids it, or a finding names it.

    Attributes:
        edges: places in ``window.edges``.
        paths: places in ``window.paths``.
    """

    edges: frozenset[int] = frozenset()
    paths: frozenset[int] = frozenset()

    def __or__(self, other: Breach) -> Breach:
        """Both together."""
        return Breach(self.edges | other.edges, self.paths | other.paths)


@dataclass(frozen=True, slots=True)
class Window:
    """What one site showed in one process mode within one hour, or a part of that hour.

    Attributes:
        site: the site's id.
        mode: the process mode's id; ``None`` when unknown.
        start: its first record, ns since 1970.
        end: its last record.
        edges: every edge met so far in this run; ``groups["edge"]`` is a place in it. It
            grows from window to window and never changes what it has.
        paths: the same for paths.
        spaces: the same for the words of object spaces.
        captures: the same for names of captures.
        groups: dtype ``GROUP``, one row an edge.
        histograms: int64, shape ``[len(groups), BINS]``: intervals of each edge.
        ranges: dtype ``RANGE``.
        flows: dtype ``PATH``, one row a path.
        commands: dtype ``COMMAND``, in order of time.
        blind: what the sensor could not see meanwhile, by kind: octets or events.
    """

    site: str
    mode: str | None
    start: int
    end: int
    edges: Sequence[Edge]
    paths: Sequence[Path]
    spaces: Sequence[str]
    captures: Sequence[str]
    groups: Array
    histograms: Array
    ranges: Array
    flows: Array
    commands: Array
    blind: dict[str, int] = field(default_factory=dict)

    @property
    def hour(self) -> int:
        """Hours since 1970 at its start."""
        return self.start // HOUR_NS

    def without(self, breach: Breach) -> Window:
        """The same window, less what must not be learnt."""
        if not breach.edges and not breach.paths:
            return self
        bad_edges = np.fromiter(breach.edges, np.int32, len(breach.edges))
        bad_paths = np.fromiter(breach.paths, np.int32, len(breach.paths))
        kept = ~np.isin(self.groups["edge"], bad_edges)
        return replace(
            self,
            groups=self.groups[kept],
            histograms=self.histograms[kept],
            ranges=self.ranges[~np.isin(self.ranges["edge"], bad_edges)],
            flows=self.flows[~np.isin(self.flows["path"], bad_paths)],
            commands=self.commands[~np.isin(self.commands["edge"], bad_edges)],
        )

    def evidence(
        self, row: np.void, what: str, *, expected: str = "", actual: str = ""
    ) -> Evidence:
        """Evidence that points at the first packet of a row of this window."""
        time = row["time" if "time" in (row.dtype.names or ()) else "first"]
        return Evidence(
            what=what,
            expected=expected,
            actual=actual,
            capture=self.captures[int(row["capture"])],
            packet=int(row["packet"]),
            at=moment(int(time)),
        )


def moment(nanoseconds: int) -> datetime:
    """A time in ns since 1970 as a UTC datetime, to the microsecond."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000)


def bin_edges() -> Array:
    """Lower ends of the interval bins, in ns, shape ``[BINS]``."""
    edges: Array = 2.0 ** (FIRST_OCTAVE + np.arange(BINS) / BINS_PER_OCTAVE)
    return edges
