"""What the tests of observing have in common: octets in, packets and messages out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from checkvalve.observe.captures import streams
from checkvalve.observe.captures.files import Capture
from checkvalve.observe.captures.fragments import Fragments
from checkvalve.observe.captures.frames import read_frames
from checkvalve.observe.dissector import Dissector, Limits, Seen
from checkvalve.observe.protocols import members
from checkvalve.observe.protocols.base import MESSAGE, Protocol
from checkvalve.testing.packets import Record, pcap

Array = Any
T = TypeVar("T")

#: Little room, so that a dissector is made quickly.
SMALL = Limits(
    conversations=256, addresses=1024, names=1024, pool_octets=4 << 20, early_segments=512,
    open_requests=2048, packets=512,
)  # fmt: skip


@dataclass(frozen=True)
class Packet:
    """A packet as the kernels see it, in plain values."""

    fate: int
    time: int
    source: tuple[int, int]
    destination: tuple[int, int]
    vlan: int
    protocol: int
    payload: bytes
    octets: int
    flags: int
    sequence: int


def with_file(octets: bytes, read: Callable[[Path], T]) -> T:
    """What ``read`` says to a file of these octets."""
    with tempfile.NamedTemporaryFile(prefix="checkvalve-test-") as file:
        file.write(octets)
        file.flush()
        return read(Path(file.name))


def packets(octets: bytes, *, most: int = 64) -> list[Packet]:
    """The packets of a capture, their frames read, their fragments put together."""

    def read(path: Path) -> list[Packet]:
        found = []
        fragments = Fragments()
        for buffer in Capture(path).buffers(most):
            read_frames(buffer.data, buffer.packets, buffer.count)
            fragments.put_together(buffer.data, buffer.packets, buffer.count, buffer.end)
            found += [_packet(buffer.data, row) for row in buffer.packets[: buffer.count]]
        return found

    return with_file(octets, read)


def frame(octets: bytes, link: int = 1) -> Packet:
    """The one packet of a capture of one frame."""
    (found,) = packets(pcap([Record(octets)], link=link))
    return found


def _packet(data: Array, row: Array) -> Packet:
    at = int(row["payload"])
    return Packet(
        fate=int(row["fate"]),
        time=int(row["time"]),
        source=(int(row["source_high"]) << 64 | int(row["source_low"]), int(row["source_port"])),
        destination=(
            int(row["destination_high"]) << 64 | int(row["destination_low"]),
            int(row["destination_port"]),
        ),
        vlan=int(row["vlan"]),
        protocol=int(row["protocol"]),
        payload=data[at : at + int(row["present"])].tobytes(),
        octets=int(row["octets"]),
        flags=int(row["flags"]),
        sequence=int(row["sequence"]),
    )


@dataclass(frozen=True)
class Found:
    """What a dissector found in a capture."""

    messages: Array
    seen: list[Seen]
    tally: Array
    waiting_before_finish: int
    dissector: Dissector

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The exchanges, without their times and the file's name."""
        return [
            row
            for seen in self.seen
            for row in seen.exchanges.drop_columns(["time", "duration_ns", "capture"]).to_pylist()
        ]

    @property
    def flows(self) -> list[dict[str, Any]]:
        """The flows, without their times and the file's name."""
        return [
            row
            for seen in self.seen
            for row in seen.flows.drop_columns(["time", "last", "capture"]).to_pylist()
        ]

    @property
    def gaps(self) -> dict[str, tuple[int, int]]:
        """What could not be seen: count and octets by kind."""
        found: dict[str, tuple[int, int]] = {}
        for seen in self.seen:
            for row in seen.gaps.select(["kind", "count", "octets"]).to_pylist():
                count, octets = found.get(row["kind"], (0, 0))
                found[row["kind"]] = count + row["count"], octets + row["octets"]
        return found

    def octets_add_up(self) -> bool:
        """Payload octets seen are decoded, skipped, undecoded, doubled, dropped, or waiting."""
        return adds_up(self.tally, self.dissector.waiting_octets)


def adds_up(tally: Array, waiting: int) -> bool:
    """Whether every payload octet is accounted for."""
    accounted = sum(
        int(tally[place])
        for place in (
            streams.DUPLICATE,
            streams.DROPPED_WAITING,
            streams.DECODED,
            streams.SKIPPED,
            streams.UNDECODED,
        )
    )
    return int(tally[streams.SEEN]) == accounted + waiting


def dissect(
    *captures: bytes,
    protocols: tuple[Protocol, ...] | None = None,
    limits: Limits = SMALL,
) -> Found:
    """Dissect captures one after the other, and hand out what waits at the end."""
    messages: list[Array] = [np.zeros(0, MESSAGE)]
    dissector = Dissector(
        limits=limits,
        protocols=members() if protocols is None else protocols,
        on_messages=lambda rows: messages.append(rows.copy()),
    )
    seen: list[Seen] = []
    for capture in captures:
        seen += with_file(capture, lambda path: list(dissector.read(Capture(path))))
        assert adds_up(dissector.tally, dissector.waiting_octets)
    waiting = dissector.waiting_octets
    seen += dissector.finish()
    return Found(np.concatenate(messages), seen, dissector.tally, waiting, dissector)


def plain(messages: Array, names: Iterable[str] = ("code", "kind", "key", "device", "status")
          ) -> list[tuple[int, ...]]:  # fmt: skip
    """Some columns of messages, row by row."""
    return [tuple(int(row[name]) for name in names) for row in messages]
