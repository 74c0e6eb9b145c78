"""Conversations: who talks with whom, least recently used first out.

A conversation is the pair of ends (address and port) and the IP protocol. Its slot is not
used again before the batch that closed it has been handed on, so that rows may refer to it.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.captures.packet import I64S, PACKETS, RST
from checkvalve.observe.captures.tables import ADDRESSES, intern_address, mix
from checkvalve.observe.compiling import INNER, JIT, i64, u64

Array = np.ndarray[Any, Any]

CONVERSATION: Final = np.dtype(
    [
        ("number", "i8"),  # never used again; 0: the slot is free
        ("a_high", "u8"),  # end a is the smaller of the two
        ("a_low", "u8"),
        ("b_high", "u8"),
        ("b_low", "u8"),
        ("a_port", "u2"),
        ("b_port", "u2"),
        ("protocol", "u1"),
        ("a", "i4"),  # address ids
        ("b", "i4"),
        ("a_mac", "i4"),
        ("b_mac", "i4"),
        ("vlan", "i4"),
        ("chain", "i4"),  # next slot of the same bucket
        ("head", "i4"),  # first slot of this row's bucket
        ("newer", "i4"),
        ("older", "i4"),
        ("client", "u1"),  # 0: end a opened it, 1: end b
        ("sure", "u1"),  # the opening was seen
        ("closed", "u1"),
        ("reported_closed", "u1"),
        ("opened_reported", "u1"),
        # of the protocol above
        ("member", "u1"),  # 0: not recognised yet; k: the k-th protocol; GIVEN_UP
        ("attempts", "u1"),
        ("dialect", "u1"),
        ("name", "i4"),
        ("open_head", "i4"),
        ("open_tail", "i4"),
        ("opens", "i4"),
        # since the last flow row
        ("batch", "i4"),
        ("first", "i8"),
        ("last", "i8"),
        ("packet", "i8"),
        ("answered", "u1"),
    ]
)
CONVERSATIONS: Final = types.Array(nb.from_dtype(CONVERSATION), 1, "C")
#: What one direction carried since the last flow row; row ``slot * 2 + direction``.
TRAFFIC: Final = np.dtype(
    [
        ("packets", "i8"),
        ("octets", "i8"),
        ("payload", "i8"),
        # of the last datagram, to know a double mirror's copy
        ("mark", "u4"),
        ("mark_time", "i8"),
    ]
)
TRAFFICS: Final = types.Array(nb.from_dtype(TRAFFIC), 1, "C")
GIVEN_UP: Final = 255

# Places in the table's book. Slots count from 1; 0 means none.
NUMBERS: Final = 0  # numbers given so far
NEWEST: Final = 1  # the slots in order of use, from the newest ...
OLDEST: Final = 2  # ... to the oldest
IN_USE: Final = 3
FREE: Final = 4  # first of the slots that were given back
EVER: Final = 5  # slots ever used
BATCH: Final = 6  # number of this batch
MASK: Final = 7  # buckets less one; their number is a power of two
BOOK: Final = 8

FLOW_ROW: Final = np.dtype(
    [
        ("first", "i8"),
        ("last", "i8"),
        ("conversation", "i8"),
        ("source", "i4"),
        ("destination", "i4"),
        ("source_mac", "i4"),
        ("destination_mac", "i4"),
        ("source_port", "u2"),
        ("destination_port", "u2"),
        ("transport", "u1"),
        ("member", "u1"),
        ("dialect", "u1"),
        ("opening_seen", "u1"),
        ("opened", "u1"),
        ("closed", "u1"),
        ("answered", "u1"),
        ("vlan", "i4"),
        ("name", "i4"),
        ("packet", "i8"),
        ("source_packets", "i8"),
        ("destination_packets", "i8"),
        ("source_octets", "i8"),
        ("destination_octets", "i8"),
        ("source_payload", "i8"),
        ("destination_payload", "i8"),
    ]
)
FLOW_ROWS: Final = types.Array(nb.from_dtype(FLOW_ROW), 1, "C")


@nb.njit(types.int64(CONVERSATIONS, I64S), **INNER)
def _take_slot(table: Array, book: Array) -> int:
    slot: int = book[FREE]
    if slot:
        book[FREE] = table[slot].chain
    else:
        book[EVER] += 1
        slot = book[EVER]
    book[IN_USE] += 1
    return slot


@nb.njit(types.void(CONVERSATIONS, I64S, types.int64), **INNER)
def _newest(table: Array, book: Array, slot: int) -> None:
    """Put a slot that is in no place of the order at its young end."""
    table[slot].newer = 0
    table[slot].older = book[NEWEST]
    if book[NEWEST]:
        table[book[NEWEST]].newer = slot
    else:
        book[OLDEST] = slot
    book[NEWEST] = slot


@nb.njit(types.void(CONVERSATIONS, I64S, types.int64), **INNER)
def _out_of_order(table: Array, book: Array, slot: int) -> None:
    newer = table[slot].newer
    older = table[slot].older
    if newer:
        table[newer].older = older
    else:
        book[NEWEST] = older
    if older:
        table[older].newer = newer
    else:
        book[OLDEST] = newer


@nb.njit(types.int64(I64S, types.uint64, types.uint64), **INNER)
def _place(book: Array, addresses: int, services: int) -> int:
    return i64(mix(addresses ^ mix(services)) & u64(book[MASK])) + 1


@nb.njit(types.int64(I64S, PACKETS, types.int64, types.int64), **INNER)
def _bucket(book: Array, packets: Array, n: int, swapped: int) -> int:
    row = packets[n]
    ports = u64(row.source_port) << u64(16) | u64(row.destination_port)
    if swapped:
        ports = u64(row.destination_port) << u64(16) | u64(row.source_port)
    digest = row.source_low ^ row.destination_low
    digest ^= (row.source_high ^ row.destination_high) * u64(0x9E3779B97F4A7C15)
    return _place(book, digest, ports << u64(8) | row.protocol)


@nb.njit(types.void(CONVERSATIONS, types.int64, types.int64), **INNER)
def _unchain(table: Array, slot: int, bucket: int) -> None:
    at = i64(table[bucket].head)
    if at == slot:
        table[bucket].head = table[slot].chain
        return
    while at:
        following = i64(table[at].chain)
        if following == slot:
            table[at].chain = table[slot].chain
            return
        at = following


@nb.njit(types.void(CONVERSATIONS, TRAFFICS, types.int64), **INNER)
def _clear_flow(table: Array, traffic: Array, slot: int) -> None:
    c = table[slot]
    c.first = 0
    c.last = 0
    c.packet = 0
    c.answered = 0
    for side in range(2 * slot, 2 * slot + 2):
        traffic[side].packets = 0
        traffic[side].octets = 0
        traffic[side].payload = 0


@nb.njit(
    types.int64(
        CONVERSATIONS,
        TRAFFICS,
        I64S,
        ADDRESSES,
        ADDRESSES,
        PACKETS,
        types.int64,
        types.boolean,
        types.boolean,
    ),
    **JIT,
)
def find(
    table: Array,
    traffic: Array,
    book: Array,
    addresses: Array,
    macs: Array,
    packets: Array,
    n: int,
    opening: bool,
    renew: bool,
) -> int:
    """The conversation of packet ``n``: slot << 1 | direction; 0 when an address has no room.

    Direction 0 is from end a to end b. ``renew`` leaves an older conversation between the
    same ends behind and begins a new one.
    """
    row = packets[n]
    swapped = i64(0)
    if row.source_high > row.destination_high or (
        row.source_high == row.destination_high
        and (
            row.source_low > row.destination_low
            or (row.source_low == row.destination_low and row.source_port > row.destination_port)
        )
    ):
        swapped = i64(1)
    a_high = row.destination_high if swapped else row.source_high
    a_low = row.destination_low if swapped else row.source_low
    b_high = row.source_high if swapped else row.destination_high
    b_low = row.source_low if swapped else row.destination_low
    a_port = row.destination_port if swapped else row.source_port
    b_port = row.source_port if swapped else row.destination_port
    bucket = _bucket(book, packets, n, swapped)
    slot = i64(table[bucket].head)
    while slot:
        c = table[slot]
        if (
            c.a_low == a_low
            and c.b_low == b_low
            and c.a_port == a_port
            and c.b_port == b_port
            and c.protocol == row.protocol
            and c.a_high == a_high
            and c.b_high == b_high
        ):
            break
        slot = i64(c.chain)
    if slot and not renew:
        return slot << 1 | swapped
    if slot:
        table[slot].closed = 1
        _unchain(table, slot, bucket)
    source = intern_address(addresses, row.source_high, row.source_low)
    destination = intern_address(addresses, row.destination_high, row.destination_low)
    if source == 0 or destination == 0:
        return 0
    slot = _take_slot(table, book)
    head = table[slot].head
    c = table[slot]
    c.a_high = a_high
    c.a_low = a_low
    c.b_high = b_high
    c.b_low = b_low
    c.a_port = a_port
    c.b_port = b_port
    c.protocol = row.protocol
    source_mac = intern_address(macs, u64(0), row.source_mac) if row.source_mac else 0
    there = row.destination_mac
    destination_mac = intern_address(macs, u64(0), there) if there else 0
    c.a = destination if swapped else source
    c.b = source if swapped else destination
    c.a_mac = destination_mac if swapped else source_mac
    c.b_mac = source_mac if swapped else destination_mac
    c.vlan = row.vlan
    c.head = head
    c.chain = table[bucket].head
    table[bucket].head = slot
    book[NUMBERS] += 1
    c.number = book[NUMBERS]
    c.client = swapped
    c.sure = 1 if opening else 0
    c.closed = 0
    c.reported_closed = 0
    c.opened_reported = 0
    c.member = 0
    c.attempts = 0
    c.dialect = 0
    c.name = 0
    c.open_head = 0
    c.open_tail = 0
    c.opens = 0
    c.batch = 0
    traffic[2 * slot].mark = 0
    traffic[2 * slot + 1].mark = 0
    _clear_flow(table, traffic, slot)
    _newest(table, book, slot)
    return slot << 1 | swapped


@nb.njit(types.void(CONVERSATIONS, TRAFFICS, I64S, PACKETS, types.int64, types.int64), **JIT)
def count(table: Array, traffic: Array, book: Array, packets: Array, n: int, found: int) -> None:
    """Add packet ``n`` to the flow of the conversation that ``find`` gave."""
    slot = found >> 1
    c = table[slot]
    row = packets[n]
    if c.batch != book[BATCH]:
        c.batch = book[BATCH]
        if book[NEWEST] != slot:
            _out_of_order(table, book, slot)
            _newest(table, book, slot)
    t = traffic[found]
    if t.packets + traffic[found ^ 1].packets == 0:
        c.first = row.time
        c.last = row.time
        c.packet = row.number
    elif row.time > c.last:
        c.last = row.time
    elif row.time < c.first:
        c.first = row.time
    t.packets += 1
    t.octets += row.original
    t.payload += row.octets
    if found & 1 != c.client and not row.flags & RST:
        c.answered = 1


@nb.njit(types.int64(CONVERSATIONS, TRAFFICS, types.int64, FLOW_ROWS, types.int64), **JIT)
def report(table: Array, traffic: Array, slot: int, out: Array, n: int) -> int:
    """Write what a conversation carried since its last flow row; the next free row."""
    c = table[slot]
    idle = traffic[2 * slot].packets + traffic[2 * slot + 1].packets == 0
    if idle and (not c.closed or c.reported_closed):
        return n
    swapped = c.client
    row = out[n]
    row.first = c.first
    row.last = c.last
    row.conversation = c.number
    row.source = c.b if swapped else c.a
    row.destination = c.a if swapped else c.b
    row.source_mac = c.b_mac if swapped else c.a_mac
    row.destination_mac = c.a_mac if swapped else c.b_mac
    row.source_port = c.b_port if swapped else c.a_port
    row.destination_port = c.a_port if swapped else c.b_port
    row.transport = c.protocol
    row.member = 0 if c.member == GIVEN_UP else c.member
    row.dialect = c.dialect
    row.opening_seen = c.sure
    row.opened = 0 if c.opened_reported else 1
    row.closed = c.closed
    row.answered = c.answered
    row.vlan = c.vlan
    row.name = c.name
    row.packet = c.packet
    there = traffic[2 * slot + swapped]
    back = traffic[2 * slot + 1 - swapped]
    row.source_packets = there.packets
    row.destination_packets = back.packets
    row.source_octets = there.octets
    row.destination_octets = back.octets
    row.source_payload = there.payload
    row.destination_payload = back.payload
    c.opened_reported = 1
    c.reported_closed = c.closed
    _clear_flow(table, traffic, slot)
    return n + 1


@nb.njit(types.int64(CONVERSATIONS, TRAFFICS, I64S, FLOW_ROWS), **JIT)
def report_touched(table: Array, traffic: Array, book: Array, out: Array) -> int:
    """Write a flow row for each conversation of this batch; how many."""
    n = i64(0)
    slot = book[NEWEST]
    while slot and table[slot].batch == book[BATCH]:
        n = report(table, traffic, slot, out, n)
        slot = i64(table[slot].older)
    return n


@nb.njit(types.int64(CONVERSATIONS, I64S, types.int64, types.int64, types.boolean, I64S), **JIT)
def oldest_to_leave(
    table: Array, book: Array, keep: int, now: int, everything: bool, out: Array
) -> int:
    """List up to ``len(out)`` slots that must leave the table, the oldest first; how many.

    These are all beyond ``keep``, and at the old end those closed for a minute.
    """
    n = i64(0)
    slot = book[OLDEST]
    while slot and n < len(out):
        c = table[slot]
        over = book[IN_USE] - n > keep
        finished = c.closed == 1 and now - c.last > 60_000_000_000
        if not (everything or over or finished):
            break
        out[n] = slot
        n += 1
        slot = i64(c.newer)
    return n


@nb.njit(types.void(CONVERSATIONS, I64S, types.int64), **JIT)
def leave(table: Array, book: Array, slot: int) -> None:
    """Free a slot; whoever hangs on it must have been told."""
    c = table[slot]
    ports = u64(c.a_port) << u64(16) | u64(c.b_port)
    digest = c.a_low ^ c.b_low
    digest ^= (c.a_high ^ c.b_high) * u64(0x9E3779B97F4A7C15)
    bucket = _place(book, digest, ports << u64(8) | c.protocol)
    _unchain(table, slot, bucket)
    _out_of_order(table, book, slot)
    c.number = 0
    c.chain = book[FREE]
    book[FREE] = slot
    book[IN_USE] -= 1


def empty(slots: int) -> tuple[Array, Array, Array]:
    """A table of so many slots, its traffic, and its book."""
    book = np.zeros(BOOK, np.int64)
    book[MASK] = (1 << (slots - 1).bit_length() - 1) - 1
    return np.zeros(slots + 1, CONVERSATION), np.zeros(2 * slots + 2, TRAFFIC), book
