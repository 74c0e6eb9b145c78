"""A capture as Arrow record batches: all the steps of ``captures``, and protocols on top.

Memory is bounded whatever the capture's length: tables have fixed room, and one buffer of
packets is in hand at a time. Conversations go on across captures, so that rotated files are
one stream; ``finish`` hands out what is still open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from checkvalve.observe import batches
from checkvalve.observe.captures import conversations, frames, streams, tables
from checkvalve.observe.captures.files import SPILL_OCTETS, Buffer, Capture
from checkvalve.observe.captures.fragments import Fragments
from checkvalve.observe.captures.packet import (
    CLOSED,
    MALFORMED_FRAME,
    NOT_IP,
    UNKNOWN_LINK,
)
from checkvalve.observe.compiling import u64
from checkvalve.observe.protocols import framing, joining
from checkvalve.observe.protocols import members as all_protocols
from checkvalve.observe.protocols.base import DECODE, FRAME, MAX_ROWS, MESSAGE, Protocol
from checkvalve.observe.words import (
    FunctionWords,
    ObjectWords,
    Words,
    address_text,
    mac_text,
    name_words,
)
from checkvalve.records import GapKind

Array = np.ndarray[Any, Any]

#: What stands before an IPv4 address that is written as one of IPv6 (RFC 4291, 2.5.5.2).
_MAPPED: Final = bytes(10) + b"\xff\xff"
#: Give up the first gap.
_SKIP: Final = True
_FATES: Final = {
    NOT_IP: GapKind.NOT_IP,
    UNKNOWN_LINK: GapKind.UNKNOWN_LINK,
    MALFORMED_FRAME: GapKind.MALFORMED_FRAME,
    CLOSED: GapKind.UNDECODED,
}


#: Parts by clock hour into which one buffer of packets is cut.
MOST_PARTS: Final = 256


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a dissector may hold.

    Attributes:
        conversations: at once; the least recently used leaves first.
        addresses: distinct ones before all tables are begun anew.
        names: distinct functions, objects and host names, each.
        pool_octets: of segments and messages that wait for more.
        early_segments: segments that wait.
        open_requests: requests that wait for their reply.
        packets: of one batch.
    """

    conversations: int = 65_536
    addresses: int = 262_144
    names: int = 65_536
    pool_octets: int = 64 << 20
    early_segments: int = 65_536
    open_requests: int = 131_072
    packets: int = 16_384


@dataclass(frozen=True, slots=True)
class Seen:
    """What one batch of packets shows.

    Attributes:
        exchanges: record batch ``EXCHANGE``.
        flows: record batch ``FLOW``.
        gaps: record batch ``GAP``.
        packets: how many packets of the capture are done with, since its beginning.
        rows: the rows behind ``exchanges``, dtype ``JOINED``, for what needs numbers; valid
            until the next batch is asked for.
        until: the latest time seen so far, ns since 1970.
    """

    exchanges: pa.RecordBatch
    flows: pa.RecordBatch
    gaps: pa.RecordBatch
    packets: int
    rows: Array
    until: int


class _Rows:
    """Rows that a kernel appends to, in one array that is used again for each batch."""

    def __init__(self, kind: np.dtype[Any], room: int) -> None:
        self._array = np.zeros(room, kind)
        self._count = 0

    def free(self, needed: int) -> Array:
        """Room for at least so many rows more, behind those that are taken."""
        if len(self._array) - self._count < needed:
            larger = np.zeros(2 * len(self._array) + needed, self._array.dtype)
            larger[: self._count] = self._array[: self._count]
            self._array = larger
        return self._array[self._count :]

    def take(self, count: int) -> None:
        """So many rows were written."""
        self._count += count

    def taken(self) -> Array:
        """All rows that were written."""
        return self._array[: self._count]

    def clear(self) -> None:
        """Begin again; what ``taken`` gave is not valid any more."""
        self._count = 0


class Dissector:
    """Turns captures into record batches.

    Args:
        site: the site that the captures come from.
        limits: what may be held.
        protocols: the protocols that are looked for, in order.
        on_messages: told of the messages (rows of dtype ``MESSAGE``) before they are joined.

    Attributes:
        tally: payload octets and messages counted by the kernels, by the places that
            ``streams`` names.
    """

    def __init__(
        self,
        site: str = "",
        *,
        limits: Limits | None = None,
        protocols: tuple[Protocol, ...] | None = None,
        on_messages: Callable[[Array], None] | None = None,
    ) -> None:
        self.site = site
        self.limits = limits or Limits()
        self.protocols = protocols if protocols is not None else all_protocols()
        self._on_messages = on_messages
        self.tally = np.zeros(streams.TALLY, np.int64)
        self._reported = np.zeros(streams.TALLY, np.int64)
        self._until = 0
        self._book = np.zeros(conversations.BOOK, np.int64)
        self._fragments = Fragments()
        self._given_up = (0, 0)
        self._prepare_kernels()
        self._begin_tables()

    def _prepare_kernels(self) -> None:
        kinds = [type(protocol) for protocol in self.protocols]
        self._frames = framing.addresses([kind.frame for kind in kinds], FRAME)
        self._decodes = framing.addresses([kind.decode for kind in kinds], DECODE)
        self._traits = np.array(
            [[kind.spans_datagrams, kind.opening_only, kind.interleaved] for kind in kinds],
            np.int64,
        )
        self._in_order = np.array([kind.replies_in_order for kind in kinds], np.int64)
        self._ports = np.zeros((2, 65_536), np.uint8)
        for place, kind in reversed(list(enumerate(kinds, 1))):
            self._ports[0, list(kind.tcp_ports)] = place
            self._ports[1, list(kind.udp_ports)] = place
        self._kinds, self._dialect_words = batches.dialects(self.protocols)

    def _begin_tables(self) -> None:
        limits = self.limits
        slots = limits.conversations + limits.packets
        numbers = int(self._book[conversations.NUMBERS])
        self._table, self._traffic, self._book = conversations.empty(slots)
        self._book[conversations.NUMBERS] = numbers
        self._sides = np.zeros(2 * slots + 2, streams.DIRECTION)
        self._early = np.zeros(limits.early_segments + 1, streams.EARLY)
        self._blocks = tables.pool(limits.pool_octets)
        self._opens = np.zeros(limits.open_requests + 1, joining.JOINED)
        self._addresses = tables.addresses(limits.addresses)
        self._macs = tables.addresses(limits.addresses)
        self._functions, self._function_arena = tables.names(limits.names)
        self._objects, self._object_arena = tables.names(limits.names)
        self._hosts, self._host_arena = tables.names(limits.names)
        self._host_of = np.zeros(limits.addresses + 1, np.int32)
        addresses, macs = self._addresses, self._macs
        self._words = batches.Vocabulary(
            addresses=Words(
                lambda at: address_text(int(addresses[at]["high"]), int(addresses[at]["low"]))
            ),
            macs=Words(lambda at: mac_text(int(macs[at]["low"]))),
            functions=FunctionWords(self._functions, self.protocols),
            objects=ObjectWords(self._objects, self._object_arena, self.protocols),
            hosts=name_words(self._hosts, self._host_arena),
            dialects=self._kinds,
            dialect_words=self._dialect_words,
        )
        self._pieces = np.zeros(limits.packets * 2 + 256, streams.PIECE)
        self._messages = np.zeros(max(limits.packets, 4 * MAX_ROWS), MESSAGE)
        self._rows = _Rows(joining.JOINED, 2 * len(self._messages) + 4 * MAX_ROWS)
        self._flow_rows = np.zeros(slots, conversations.FLOW_ROW)
        self._done = np.zeros(4, np.int64)
        self._spill = np.zeros(2, np.int64)

    def read(self, capture: Capture) -> Iterator[Seen]:
        """Dissect one capture, batch by batch; what stays open goes on in the next."""
        taken = 0
        for buffer in capture.buffers(self.limits.packets):
            taken = int(buffer.packets["number"][buffer.count - 1]) if buffer.count else taken
            yield from self._buffer(buffer, capture.name)
            if self._tables_full():
                yield from self._turn_over(capture.name, taken)
        found = []
        if capture.stopped:
            found.append(batches.Gap(self._until, GapKind.CAPTURE, 1, detail=capture.stopped))
        elif capture.incomplete:
            found.append(
                batches.Gap(self._until, GapKind.CAPTURE, 1, detail="ends inside a record")
            )
        if found:
            self._rows.clear()
            yield self._seen([], found, capture.name, taken)

    def finish(self) -> Iterator[Seen]:
        """Hand out what waits for more that will not come."""
        yield from self._leave_all("")

    @property
    def waiting_octets(self) -> int:
        """Payload octets that wait: early segments and unfinished messages."""
        return int(
            self._sides["early_octets"].sum(dtype=np.int64)
            + self._sides["pending_octets"].sum(dtype=np.int64)
        )

    def _tables_full(self) -> bool:
        return any(
            int(table[0]["next"]) > (len(table) - 1) * 3 // 4
            for table in (
                self._addresses,
                self._macs,
                self._functions,
                self._objects,
                self._hosts,
            )
        )

    def _turn_over(self, capture: str, taken: int) -> Iterator[Seen]:
        """Begin all tables anew: the words of the old ones go with them."""
        open_now = int(self._book[conversations.IN_USE])
        yield from self._leave_all(capture, taken)
        gap = batches.Gap(self._until, GapKind.EVICTED, open_now, detail="tables begun anew")
        self._rows.clear()
        yield self._seen([], [gap], capture, taken)
        self._begin_tables()

    def _buffer(self, buffer: Buffer, capture: str) -> Iterator[Seen]:
        frames.read_frames(buffer.data, buffer.packets, buffer.count)
        room = self._fragments.put_together(buffer.data, buffer.packets, buffer.count, buffer.end)
        dropped = buffer.dropped
        for part in _by_hour(buffer.packets[: buffer.count]):
            yield self._packets(buffer, part, room, dropped, capture)
            dropped = 0

    def _packets(
        self, buffer: Buffer, packets: Array, room: int, dropped: int, capture: str
    ) -> Seen:
        """Take some packets of a buffer from their conversations to record batches."""
        count = len(packets)
        taken = int(packets["number"][-1]) if count else 0
        if count:
            self._until = max(self._until, int(packets["time"].max()))
        self._spill[0], self._spill[1] = room, buffer.end + SPILL_OCTETS
        self._book[conversations.BATCH] += 1
        self._rows.clear()
        at = 0
        while at < count:
            pieces = streams.follow(
                buffer.data, packets, at, count, self._table, self._book, self._traffic,
                self._addresses, self._macs, self._sides, self._early, self._blocks, self._spill,
                self.tally, self._pieces, self._done,
            )  # fmt: skip
            at = int(self._done[0])
            self._decode(buffer.data, int(pieces))
            self._spill[0] = room
        self._expire()
        flow_rows = [self._touched()]
        flow_rows += self._evict(buffer.data)
        found = self._gaps(packets, dropped)
        return self._seen(flow_rows, found, capture, taken)

    def _decode(self, data: Array, pieces: int) -> None:
        """Decode and join the first ``pieces`` pieces."""
        at = 0
        start = int(self._spill[0])
        while at < pieces:
            count = int(
                framing.decode_pieces(
                    data, self._pieces, at, pieces, self._table, self._sides, self._blocks,
                    self._hosts, self._host_arena, self._frames, self._decodes, self._traits,
                    self._ports, self._spill, self.tally, self._messages, self._done,
                )
            )  # fmt: skip
            stuck = int(self._done[0]) == at and count == 0
            at = int(self._done[0])
            self._join(data, count)
            if stuck:
                # The room for putting together is used up by pieces that are done.
                self._spill[0] = start

    def _join(self, data: Array, count: int) -> None:
        if self._on_messages is not None and count:
            self._on_messages(self._messages[:count])
        at = 0
        while at < count:
            room = self._rows.free(2 * MAX_ROWS)
            joined = joining.join(
                self._messages, at, count, data, self._table, self._opens, self._functions,
                self._function_arena, self._objects, self._object_arena, self._in_order, room,
                self._done,
            )  # fmt: skip
            at = int(self._done[0])
            self._rows.take(int(joined))

    def _expire(self) -> None:
        while True:
            room = self._rows.free(MAX_ROWS)
            count = int(joining.expire(self._table, self._opens, self._until, room, 0))
            self._rows.take(count)
            if count < len(room):
                return

    def _touched(self) -> Array:
        count = int(
            conversations.report_touched(self._table, self._traffic, self._book, self._flow_rows)
        )
        return self._flow_rows[:count].copy()

    def _evict(self, data: Array, *, everything: bool = False) -> list[Array]:
        """Let conversations go that are beyond the limit or long closed; their last flows."""
        flow_rows: list[Array] = []
        slots = np.zeros(4_096, np.int64)
        while True:
            count = int(
                conversations.oldest_to_leave(
                    self._table, self._book, self.limits.conversations, self._until, everything,
                    slots,
                )
            )  # fmt: skip
            if not count:
                return flow_rows
            last = 0
            for slot in slots[:count]:
                self._flush(data, int(slot))
                last = int(
                    conversations.report(self._table, self._traffic, slot, self._flow_rows, last)
                )
                conversations.leave(self._table, self._book, slot)
            flow_rows.append(self._flow_rows[:last].copy())

    def _flush(self, data: Array, slot: int) -> None:
        """Hand on all that waits in a conversation, then forget it."""
        for side in (2 * slot, 2 * slot + 1):
            while self._sides[side]["early"]:
                start = int(self._spill[0])
                pieces = streams.drain(
                    self._sides, self._early, self._blocks, side, data, self._spill, self.tally,
                    self._pieces, 0, self._until, 0, _SKIP,
                )  # fmt: skip
                self._decode(data, int(pieces))
                self._spill[0] = start
            if self._sides[side]["pending"]:
                self._pieces[0] = (slot, side & 1, streams.GAP, 0, 0, self._until, 0)
                start = int(self._spill[0])
                self._decode(data, 1)
                self._spill[0] = start
            streams.clear_side(self._sides, side)
        while self._table[slot]["open_head"]:
            room = self._rows.free(1)
            self._rows.take(int(joining.give_up_oldest(self._table, slot, self._opens, room, 0)))

    def _learn_names(self, joined: Array) -> None:
        """Remember which host's name an address answers for."""
        for k, protocol in enumerate(self.protocols):
            if not protocol.names_addresses:
                continue
            rows = joined[(joined["protocol"] == k) & (joined["raw_octets"] > 0)]
            for place, octets in {
                (int(row["object"]), row["raw"][: row["raw_octets"]].tobytes()) for row in rows
            }:
                name = np.frombuffer(self._words.objects.names[place].encode(), np.uint8)
                host = tables.intern_name(
                    self._hosts, self._host_arena, 0, 0, name.copy(), 0, len(name)
                )
                mapped = octets if len(octets) > len(_MAPPED) else _MAPPED + octets
                high, low = int.from_bytes(mapped[:8]), int.from_bytes(mapped[8:16])
                address = tables.intern_address(self._addresses, u64(high), u64(low))
                self._host_of[address] = host

    def _leave_all(self, capture: str, taken: int = 0) -> Iterator[Seen]:
        data = np.empty(SPILL_OCTETS, np.uint8)
        self._spill[0], self._spill[1] = 0, SPILL_OCTETS
        self._book[conversations.BATCH] += 1
        self._rows.clear()
        flow_rows = self._evict(data, everything=True)
        yield self._seen(flow_rows, self._gaps(None, 0), capture, taken)

    def _gaps(self, packets: Array | None, dropped: int) -> list[batches.Gap]:
        """What this batch could not show, by kind."""
        now = self.tally - self._reported
        self._reported = self.tally.copy()
        counts: dict[GapKind, tuple[int, int]] = {
            GapKind.DROPPED: (dropped, 0),
            GapKind.CUT_FRAME: (int(now[streams.CUT]), 0),
            GapKind.STREAM_GAP: (int(now[streams.MISSING] > 0), int(now[streams.MISSING])),
            GapKind.OVERLAP: (int(now[streams.OVERLAPS]), 0),
            GapKind.SKIPPED: (int(now[streams.SKIPPED] > 0), int(now[streams.SKIPPED])),
            GapKind.MALFORMED: (int(now[streams.MALFORMED_MESSAGES]), 0),
            GapKind.EVICTED: (int(now[streams.NO_ROOM]), 0),
        }
        undecoded = int(now[streams.UNDECODED])
        counts[GapKind.UNDECODED] = (int(undecoded > 0), undecoded)
        given_up = (self._fragments.incomplete, self._fragments.malformed)
        counts[GapKind.FRAGMENT] = (sum(given_up) - sum(self._given_up), 0)
        self._given_up = given_up
        if packets is not None:
            for fate, kind in _FATES.items():
                found = int(np.count_nonzero(packets["fate"] == fate))
                before = counts.get(kind, (0, 0))
                counts[kind] = (before[0] + found, before[1])
        return [
            batches.Gap(self._until, kind, count, octets)
            for kind, (count, octets) in counts.items()
            if count
        ]

    def _seen(
        self,
        flow_rows: list[Array],
        found: list[batches.Gap],
        capture: str,
        taken: int,
    ) -> Seen:
        joined = self._rows.taken()
        flows = np.concatenate(flow_rows) if flow_rows else self._flow_rows[:0]
        words = self._words
        words.addresses.grow(int(self._addresses[0]["next"]))
        words.macs.grow(int(self._macs[0]["next"]))
        words.functions.grow()
        words.objects.grow()
        self._learn_names(joined)
        words.hosts.grow(int(self._hosts[0]["next"]))
        names = np.where(flows["name"] > 0, flows["name"], self._host_of[flows["destination"]])
        return Seen(
            exchanges=batches.exchanges(joined, words, self.site, capture),
            flows=batches.flows(flows, names, words, self.site, capture),
            gaps=batches.gaps(found, self.site, capture),
            packets=taken,
            rows=joined,
            until=self._until,
        )


def _by_hour(packets: Array) -> list[Array]:
    """The packets in parts of one clock hour each, so that slow traffic is told in time.

    Where the hours change to and fro, as in a capture of merged sessions, nothing is gained
    by it: then all stay together.
    """
    hours = packets["time"] // 3_600_000_000_000
    cuts = np.flatnonzero(hours[1:] != hours[:-1]) + 1
    return [packets] if len(cuts) > MOST_PARTS else list(np.split(packets, cuts))
