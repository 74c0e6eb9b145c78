"""Exchanges from messages: a request joined with its response, one row an operation.

A response belongs to the oldest open request of its conversation with the same key and
item, sent by the other end. What a response names itself (object, value) wins; what it
leaves out is its request's. Requests that a response's message answers without an item of
their own are complete with it. No answer in time is *no reply*; an answer without a request
is *unmatched*.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.captures.conversations import CONVERSATIONS
from checkvalve.observe.captures.packet import BUFFER, I64S
from checkvalve.observe.captures.tables import NAMES, intern_name
from checkvalve.observe.compiling import INNER, JIT, i64, u32
from checkvalve.observe.protocols.base import (
    ERROR,
    MALFORMED,
    MAX_ROWS,
    MESSAGES,
    NO_REPLY,
    OK,
    ONE_WAY,
    REQUEST,
    RESPONSE,
    UNMATCHED,
)

Array = np.ndarray[Any, Any]

#: Octets of a value that are kept: all registers of one Modbus message.
LONGEST_RAW: Final = 256
#: Requests of one conversation that may be open.
MOST_OPEN: Final = 256
LONGEST_REPLY_NS: Final = 10_000_000_000

#: One operation, as numbers; ``batches`` turns it into Arrow.
JOINED: Final = np.dtype(
    [
        ("time", "i8"),
        ("duration", "i8"),  # -1: no reply
        ("conversation", "i8"),
        ("packet", "i8"),
        ("source", "i4"),
        ("destination", "i4"),
        ("source_mac", "i4"),
        ("destination_mac", "i4"),
        ("source_port", "u2"),
        ("destination_port", "u2"),
        ("transport", "u1"),
        ("protocol", "u1"),
        ("dialect", "u1"),
        ("status", "u1"),
        ("reason", "u1"),
        ("item", "u2"),
        ("function", "i4"),  # ids in the table of functions, and in that of objects
        ("object", "i4"),
        ("code", "i4"),
        ("device", "i4"),
        ("first", "i8"),
        ("last", "i8"),
        ("quantity", "i4"),
        ("value", "f8"),
        ("raw_octets", "i4"),
        ("raw", "u1", (LONGEST_RAW,)),
        ("error", "i4"),
        ("request_octets", "i4"),
        ("response_octets", "i4"),
        # what only joining needs
        ("key", "i8"),
        ("next", "i4"),
        ("slot", "i4"),
        ("from_client", "u1"),
    ]
)
JOINEDS: Final = types.Array(nb.from_dtype(JOINED), 1, "C")

# Row 0 of the open requests: ``next`` is the first free row, ``slot`` the rows ever used.


@nb.njit(types.void(MESSAGES, types.int64, BUFFER, JOINEDS, types.int64), **INNER)
def _take_raw(messages: Array, i: int, data: Array, out: Array, n: int) -> None:
    """Copy the octets of the value of message ``i``, less its holes."""
    m = messages[i]
    row = out[n]
    kept = i64(0)
    for k in range(min(m.raw_octets, LONGEST_RAW) if m.raw >= 0 else 0):
        if k > 63 or m.raw_holes >> k & 1 == 0:
            row.raw[kept] = data[m.raw + k]
            kept += 1
    row.raw_octets = kept


@nb.njit(
    types.void(MESSAGES, types.int64, BUFFER, JOINEDS, types.int64, NAMES, BUFFER, NAMES, BUFFER),
    **INNER,
)
def _begin_row(
    messages: Array,
    i: int,
    data: Array,
    out: Array,
    n: int,
    functions: Array,
    function_arena: Array,
    objects: Array,
    object_arena: Array,
) -> None:
    """Write message ``i`` as a row whose source is who sent it."""
    m = messages[i]
    row = out[n]
    row.time = m.time
    row.duration = -1
    row.conversation = m.conversation
    row.packet = m.packet
    asks = m.from_client == 1
    if m.kind == RESPONSE:
        asks = not asks
    row.source = m.source if asks else m.destination
    row.destination = m.destination if asks else m.source
    row.source_mac = m.source_mac if asks else m.destination_mac
    row.destination_mac = m.destination_mac if asks else m.source_mac
    row.source_port = m.source_port if asks else m.destination_port
    row.destination_port = m.destination_port if asks else m.source_port
    row.transport = m.transport
    row.protocol = m.protocol
    row.dialect = m.dialect
    row.status = m.status
    row.reason = m.reason
    row.item = m.item
    row.code = m.code
    kind = i64(m.protocol) << 8 | i64(m.dialect)
    row.function = intern_name(
        functions, function_arena, kind << 32 | i64(u32(m.code)), m.context, data, 0, 0
    )
    row.object = 0
    if m.space != 0 or m.name >= 0:
        row.object = intern_name(objects, object_arena, kind, m.space, data, m.name, m.name_octets)
    row.device = m.device
    row.first = m.first
    row.last = m.last
    row.quantity = m.quantity
    row.value = m.value
    _take_raw(messages, i, data, out, n)
    row.error = m.error
    row.request_octets = 0 if m.kind == RESPONSE else m.octets
    row.response_octets = m.octets if m.kind == RESPONSE else 0
    row.key = m.key
    row.next = 0
    row.slot = m.slot
    row.from_client = m.from_client


@nb.njit(types.void(JOINEDS, types.int64, JOINEDS, types.int64), **INNER)
def _copy(source: Array, i: int, out: Array, n: int) -> None:
    out[n] = source[i]


@nb.njit(types.int64(JOINEDS), **INNER)
def _take_open(opens: Array) -> int:
    place = i64(opens[0].next)
    if place:
        opens[0].next = opens[place].next
        return place
    if opens[0].slot + 1 >= len(opens):
        return 0
    opens[0].slot += 1
    return i64(opens[0].slot)


@nb.njit(types.void(CONVERSATIONS, types.int64, JOINEDS, types.int64, types.int64), **INNER)
def _unlink(table: Array, slot: int, opens: Array, before: int, place: int) -> None:
    """Take an open request out of its conversation's queue and give its row back."""
    c = table[slot]
    following = opens[place].next
    if before:
        opens[before].next = following
    else:
        c.open_head = following
    if c.open_tail == place:
        c.open_tail = before
    c.opens -= 1
    opens[place].conversation = 0
    opens[place].next = opens[0].next
    opens[0].next = place


@nb.njit(types.int64(CONVERSATIONS, types.int64, JOINEDS, JOINEDS, types.int64), **JIT)
def give_up_oldest(table: Array, slot: int, opens: Array, out: Array, n: int) -> int:
    """Report the oldest open request of a conversation as without reply; the next row."""
    place = i64(table[slot].open_head)
    if place == 0:
        return n
    _copy(opens, place, out, n)
    if out[n].status == OK:
        out[n].status = NO_REPLY
    _unlink(table, slot, opens, 0, place)
    return n + 1


@nb.njit(types.void(JOINEDS, types.int64, MESSAGES, types.int64), **INNER)
def _answer(out: Array, n: int, messages: Array, i: int) -> None:
    """Complete row ``n``, a request, with the response ``i``, less object and value."""
    row = out[n]
    m = messages[i]
    row.duration = max(m.time - row.time, i64(0))
    row.packet = m.packet
    if row.status != MALFORMED:
        row.status = m.status
        row.reason = m.reason
    row.error = m.error
    row.response_octets = m.octets


@nb.njit(
    types.void(JOINEDS, types.int64, MESSAGES, types.int64, BUFFER, NAMES, BUFFER),
    **INNER,
)
def _take_content(
    out: Array, n: int, messages: Array, i: int, data: Array, objects: Array, arena: Array
) -> None:
    """Let row ``n`` hold the object and value of response ``i`` where that names them."""
    row = out[n]
    m = messages[i]
    if m.space != 0 or m.name >= 0 or m.first >= 0:
        if m.space != 0 or m.name >= 0:
            kind = i64(m.protocol) << 8 | i64(m.dialect)
            row.object = intern_name(objects, arena, kind, m.space, data, m.name, m.name_octets)
        row.first = m.first
        row.last = m.last
        row.quantity = m.quantity
    if np.isnan(row.value) and row.raw_octets == 0:
        row.value = m.value
        _take_raw(messages, i, data, out, n)
    if row.device < 0:
        row.device = m.device


@nb.njit(
    types.int64(CONVERSATIONS, types.int64, JOINEDS, MESSAGES, types.int64, types.boolean, I64S),
    **INNER,
)
def _find(
    table: Array, slot: int, opens: Array, messages: Array, i: int, in_order: bool, before: Array
) -> int:
    """The open request that response ``i`` answers, 0 if none; ``before[0]``: the one ahead."""
    m = messages[i]
    previous = i64(0)
    place = i64(table[slot].open_head)
    oldest = i64(0)
    ahead_of_oldest = i64(0)
    while place:
        row = opens[place]
        if row.from_client != m.from_client and row.protocol == m.protocol:
            if row.key == m.key and row.item == m.item and row.dialect == m.dialect:
                before[0] = previous
                return place
            if oldest == 0 and row.code == m.code and row.item == m.item:
                oldest = place
                ahead_of_oldest = previous
        previous = place
        place = i64(row.next)
    before[0] = ahead_of_oldest
    return oldest if in_order else 0


@nb.njit(
    types.int64(CONVERSATIONS, JOINEDS, MESSAGES, types.int64, I64S, JOINEDS, types.int64),
    **INNER,
)
def _complete_rest(
    table: Array, opens: Array, messages: Array, i: int, asked: Array, out: Array, n: int
) -> int:
    """Complete the other items of the request (key, packet) that response ``i`` answers."""
    m = messages[i]
    slot = i64(m.slot)
    previous = i64(0)
    place = i64(table[slot].open_head)
    while place and n < len(out):
        following = i64(opens[place].next)
        row = opens[place]
        if (
            row.key == asked[0]
            and row.packet == asked[1]
            and row.item > 0
            and row.from_client != m.from_client
            and row.protocol == m.protocol
            and row.dialect == m.dialect
        ):
            _copy(opens, place, out, n)
            _answer(out, n, messages, i)
            n += 1
            _unlink(table, slot, opens, previous, place)
        else:
            previous = place
        place = following
    return n


@nb.njit(
    types.int64(
        MESSAGES,
        types.int64,
        types.int64,
        BUFFER,
        CONVERSATIONS,
        JOINEDS,
        NAMES,
        BUFFER,
        NAMES,
        BUFFER,
        I64S,
        JOINEDS,
        I64S,
    ),
    **JIT,
)
def join(
    messages: Array,
    start: int,
    count: int,
    data: Array,
    table: Array,
    opens: Array,
    functions: Array,
    function_arena: Array,
    objects: Array,
    object_arena: Array,
    in_order: Array,
    out: Array,
    done: Array,
) -> int:
    """Join ``messages[start:count]``; how many rows. ``done[0]`` is the first not taken.

    ``done`` has room for three numbers more, which the kernel uses meanwhile.

    ``in_order`` is not zero for the protocols whose servers may fail to echo the key.
    """
    n = i64(0)
    i = start
    before = done[1:2]
    leader = i64(-1)  # row of ``out`` that item 0 of the response in hand completed
    asked = done[2:4]  # key and packet of that request
    while i < count:
        m = messages[i]
        continues = (
            i > start
            and m.item > 0
            and messages[i - 1].packet == m.packet
            and messages[i - 1].offset == m.offset
            and messages[i - 1].slot == m.slot
        )
        if not continues and n + MAX_ROWS + MOST_OPEN + 2 > len(out):
            break
        slot = i64(m.slot)
        c = table[slot]
        if m.kind == REQUEST:
            place = i64(0)
            if c.opens >= MOST_OPEN:
                n = give_up_oldest(table, slot, opens, out, n)
            place = _take_open(opens)
            if place:
                _begin_row(
                    messages,
                    i,
                    data,
                    opens,
                    place,
                    functions,
                    function_arena,
                    objects,
                    object_arena,
                )
                if c.open_tail:
                    opens[c.open_tail].next = place
                else:
                    c.open_head = place
                c.open_tail = place
                c.opens += 1
            else:
                _begin_row(
                    messages, i, data, out, n, functions, function_arena, objects, object_arena
                )
                if m.status == OK:
                    out[n].status = NO_REPLY
                n += 1
        elif m.kind == RESPONSE:
            if not continues:
                leader = i64(-1)
            place = _find(table, slot, opens, messages, i, in_order[m.protocol] != 0, before)
            if place:
                if leader < 0:
                    leader = n
                    asked[0] = opens[place].key
                    asked[1] = opens[place].packet
                _copy(opens, place, out, n)
                _unlink(table, slot, opens, before[0], place)
                _answer(out, n, messages, i)
                _take_content(out, n, messages, i, data, objects, object_arena)
                n += 1
            elif leader >= 0:
                _copy(out, leader, out, n)
                out[n].value = np.nan
                out[n].raw_octets = 0
                out[n].item = m.item
                _answer(out, n, messages, i)
                _take_content(out, n, messages, i, data, objects, object_arena)
                n += 1
            else:
                _begin_row(
                    messages, i, data, out, n, functions, function_arena, objects, object_arena
                )
                if m.status == OK or m.status == ERROR:
                    out[n].status = UNMATCHED
                n += 1
            last = i + 1 == count or not (
                messages[i + 1].packet == m.packet
                and messages[i + 1].offset == m.offset
                and messages[i + 1].slot == m.slot
                and messages[i + 1].dialect == m.dialect
            )
            if last and leader >= 0 and c.opens:
                n = _complete_rest(table, opens, messages, i, asked, out, n)
        elif m.kind == ONE_WAY:
            _begin_row(messages, i, data, out, n, functions, function_arena, objects, object_arena)
            n += 1
        i += 1
    done[0] = i
    return n


@nb.njit(types.int64(CONVERSATIONS, JOINEDS, types.int64, JOINEDS, types.int64), **JIT)
def expire(table: Array, opens: Array, now: int, out: Array, n: int) -> int:
    """Report open requests older than ``LONGEST_REPLY_NS`` as without reply; the next row."""
    for place in range(1, opens[0].slot + 1):
        row = opens[place]
        if row.conversation == 0 or now - row.time <= LONGEST_REPLY_NS:
            continue
        slot = i64(row.slot)
        while table[slot].open_head and n < len(out):
            head = i64(table[slot].open_head)
            if now - opens[head].time <= LONGEST_REPLY_NS:
                break
            n = give_up_oldest(table, slot, opens, out, n)
        if n == len(out):
            break
    return n
