"""Captures of any length, the same for the same seed: polls of many controllers, with faults.

The octets come from templates (``messages``) that are laid out and patched with NumPy, a block
of exchanges at a time: a million packets take seconds, and memory does not grow with them.

Example:
    ::

        made = write(Path("mix.pcap"), Traffic(packets=1_000_000, conversations=2_000))
        made.messages["modbus", 3]  # (requests, responses) of function 3
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from checkvalve.testing.layout import (
    ACK,
    HEADERS,
    PCAP,
    PCAPNG,
    PUSH_ACK,
    SEGMENT,
    SHORTEST,
    SYN,
    Frames,
    headers,
    pcap,
    pcapng,
    spread,
)
from checkvalve.testing.messages import dialogues
from checkvalve.testing.templates import Templates

Array = np.ndarray[Any, Any]

#: Exchanges laid out at once.
BLOCK: Final = 1 << 16
#: The first poll: Monday, 2 March 2026, 06:00 UTC.
BEGIN_NS: Final = 1_772_431_200_000_000_000

_CLIENTS: Final = 10 << 24
_SERVERS: Final = 10 << 24 | 1 << 23
_CONVERSATIONS_OF_A_CLIENT: Final = 16


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a capture is to hold.

    Attributes:
        packets: how many, exactly.
        conversations: each with a server of its own; their protocols take turns.
        protocols: names as in records.
        split: share of messages that lie in two segments.
        retransmitted: share of segments that come twice.
        reordered: share of messages that lie in two segments, the second of which comes first.
        lost: share of segments that the sensor missed.
        period_s: between two polls of a conversation.
        seed: of all that is drawn.
    """

    packets: int = 1_000_000
    conversations: int = 2_000
    protocols: tuple[str, ...] = ("modbus", "enip", "dnp3", "s7comm")
    split: float = 0.03
    retransmitted: float = 0.02
    reordered: float = 0.005
    lost: float = 0.0005
    period_s: float = 1.0
    seed: int = 1


@dataclass(slots=True)
class Made:
    """What was written.

    Attributes:
        packets: how many.
        octets: of the file.
        messages: requests and responses by (protocol, code), as a tally has them; exact where
            nothing is lost.
        split: messages in two segments.
        retransmitted: segments that come twice.
        lost: segments that were left out.
    """

    packets: int = 0
    octets: int = 0
    messages: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    split: int = 0
    retransmitted: int = 0
    lost: int = 0


def client_address(conversation: int) -> int:
    """Who asks in a conversation, IPv4: one client for every sixteen."""
    return _CLIENTS | conversation // _CONVERSATIONS_OF_A_CLIENT


def server_address(conversation: int) -> int:
    """Who answers in a conversation, IPv4."""
    return _SERVERS | conversation


def write(path: Path, traffic: Traffic) -> Made:
    """Write a capture: pcapng where the name ends so, else pcap with nanoseconds.

    Args:
        path: the file.
        traffic: what it is to hold.
    """
    made = Made()
    opening, records = (PCAPNG, pcapng) if path.suffix == ".pcapng" else (PCAP, pcap)
    with path.open("wb") as file:
        made.octets += file.write(opening)
        for block in _Generator(traffic, made).blocks():
            made.octets += file.write(records(block))
    return made


class _Generator:
    """Lays out block after block; what goes on from one to the next is held here."""

    def __init__(self, traffic: Traffic, made: Made) -> None:
        spoken = dialogues()
        count = traffic.conversations
        self._traffic = traffic
        self._made = made
        self._rng = np.random.default_rng(traffic.seed)
        self._templates = Templates([spoken[name] for name in traffic.protocols])
        self._kind = np.arange(count) % len(traffic.protocols)
        self._ports = np.array([spoken[name].port for name in traffic.protocols])[self._kind]
        self._initial = self._rng.integers(0, 1 << 32, (count, 2))
        #: Octets that client and server have sent, their SYN among them.
        self._sent = np.ones((count, 2), np.int64)
        self._phase = np.sort(self._rng.integers(0, int(traffic.period_s * 1e9), count))

    def blocks(self) -> Iterator[Frames]:
        """Frames in order of time, until there are enough packets."""
        yield self._frames(self._trimmed(self._handshakes()))
        begun = 0
        while self._made.packets < self._traffic.packets:
            exchanges = np.arange(begun, begun + BLOCK)
            segments = self._with_faults(self._segments(exchanges))
            order = np.argsort(segments["time"], kind="stable")
            segments = self._trimmed(segments[order])
            self._count(segments["message"][segments["ends"] == 1])
            yield self._frames(segments)
            begun += BLOCK

    def _trimmed(self, rows: Array) -> Array:
        """As many of the segments as are still wanted."""
        rows = rows[: self._traffic.packets - self._made.packets]
        self._made.packets += len(rows)
        return rows

    def _between(self, conversation: Array, side: Array) -> Array:
        """A segment for each of ``conversation``, from its client (side 0) or its server."""
        rows = np.zeros(len(conversation), SEGMENT)
        rows["conversation"] = conversation
        client = _CLIENTS | conversation // _CONVERSATIONS_OF_A_CLIENT
        server = _SERVERS | conversation
        port, own = self._ports[conversation], 49_152 + conversation % 16_000
        asks = side == 0
        rows["source"] = np.where(asks, client, server)
        rows["destination"] = np.where(asks, server, client)
        rows["source_port"] = np.where(asks, own, port)
        rows["destination_port"] = np.where(asks, port, own)
        rows["sequence"] = self._initial[conversation, side]
        rows["acknowledged"] = self._initial[conversation, 1 - side]
        return rows

    def _handshakes(self) -> Array:
        """SYN, SYN-ACK and ACK of every conversation, before the first poll."""
        count = self._traffic.conversations
        step = np.tile(np.arange(3), count)
        rows = self._between(np.repeat(np.arange(count), 3), (step == 1).astype(np.int64))
        rows["time"] = BEGIN_NS - 100_000 * (3 * count - np.arange(3 * count))
        rows["flags"] = np.choose(step, [SYN, SYN | ACK, ACK])
        rows["sequence"] += np.choose(step, [0, 0, 1])
        rows["acknowledged"] = np.where(step == 0, 0, rows["acknowledged"] + 1)
        return rows

    def _segments(self, exchanges: Array) -> Array:
        """A segment for each request and each response."""
        templates, rng = self._templates, self._rng
        conversation = exchanges % self._traffic.conversations
        number = exchanges // self._traffic.conversations
        chosen = self._choose(conversation, number)
        form = templates.first[chosen] + 2 * (number % templates.forms[chosen])
        message = form[:, None] + np.arange(2)
        octets = templates.lengths[message]
        sent = self._send(conversation, octets)
        asked = BEGIN_NS + number * int(self._traffic.period_s * 1e9) + self._phase[conversation]
        asked += rng.integers(0, 500_000, len(asked))
        answered = asked + rng.integers(1_000_000, 5_000_000, len(asked))
        rows = self._between(np.repeat(conversation, 2), np.tile([0, 1], len(exchanges)))
        rows["time"] = np.stack([asked, answered], axis=1).ravel()
        rows["flags"] = PUSH_ACK
        rows["sequence"] += sent.ravel()
        # A response acknowledges its request; a request, the response before it.
        rows["acknowledged"] += (sent[:, ::-1] + np.array([0, 1]) * octets[:, :1]).ravel()
        rows["number"] = np.repeat(number, 2)
        rows["message"] = message.ravel()
        rows["octets"] = octets.ravel()
        rows["ends"] = 1
        return rows

    def _choose(self, conversation: Array, number: Array) -> Array:
        """The exchange that each conversation has next: its opening first, then polls."""
        found = np.zeros(len(conversation), np.int64)
        kind = self._kind[conversation]
        for k, opening in enumerate(self._templates.openings):
            mine = np.flatnonzero(kind == k)
            found[mine] = self._templates.poll(k, len(mine), self._rng)
            for place, exchange in enumerate(opening):
                found[mine[number[mine] == place]] = exchange
        return found

    def _count(self, messages: Array) -> None:
        times = np.bincount(messages, minlength=len(self._templates.lengths)).tolist()
        for message, count in enumerate(times):
            for key, each in self._templates.counted[message].items():
                asked, answered = self._made.messages.get(key, (0, 0))
                if message % 2 == 0:
                    asked += count * each
                else:
                    answered += count * each
                self._made.messages[key] = asked, answered

    def _send(self, conversation: Array, octets: Array) -> Array:
        """Octets that each end had sent before each message, shape ``[exchanges, 2]``."""
        order = np.argsort(conversation, kind="stable")
        grouped = conversation[order]
        before = np.cumsum(octets[order], axis=0) - octets[order]
        begins = np.flatnonzero(np.r_[True, grouped[1:] != grouped[:-1]])
        sizes = np.diff(np.r_[begins, len(order)])
        before -= np.repeat(before[begins], sizes, axis=0)
        found = np.empty_like(before)
        found[order] = before + self._sent[grouped]
        np.add.at(self._sent, conversation, octets)
        return found

    def _with_faults(self, rows: Array) -> Array:
        """Split, repeat and lose some of the segments."""
        traffic, rng = self._traffic, self._rng
        drawn = rng.random(len(rows))
        two = drawn < traffic.split + traffic.reordered
        parted = np.flatnonzero(two & (rows["octets"] > 1))
        cut = rng.integers(1, rows["octets"][parted])
        late = drawn[parted] < traffic.reordered
        second = rows[parted]
        second["start"] = cut
        second["octets"] -= cut
        second["sequence"] += cut
        second["time"] += np.where(late, -50_000, 50_000)
        second["ends"] = ~late
        rows["octets"][parted] = cut
        rows["ends"][parted] = late
        again = rows[rng.random(len(rows)) < traffic.retransmitted]
        again["time"] += 200_000
        again["ends"] = 0
        rows = np.concatenate([rows, second, again])
        kept = rng.random(len(rows)) >= traffic.lost
        self._made.split += len(parted)
        self._made.retransmitted += len(again)
        self._made.lost += len(rows) - int(np.count_nonzero(kept))
        return rows[kept]

    def _frames(self, rows: Array) -> Frames:
        lengths = np.maximum(HEADERS + rows["octets"], SHORTEST)
        offsets = np.cumsum(lengths) - lengths
        out = np.zeros(int(lengths.sum()), np.uint8)
        out[spread(offsets, HEADERS)] = headers(rows).ravel()
        self._templates.fill(out, offsets + HEADERS, rows)
        return Frames(out, lengths, rows["time"])
