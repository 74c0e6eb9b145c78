"""Items of S7comm: what a job reads and writes, and the values that come with it."""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import INNER, i64
from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    ERROR,
    MALFORMED,
    MAX_ROWS,
    MESSAGES,
    TOO_MANY_ITEMS,
    U8,
    begin,
    u16be,
    u32be,
)

Array = np.ndarray[Any, Any]

#: What opens the specification of a variable.
_SPECIFICATION: Final = 0x12
#: Syntaxes of a specification, and how long it then is: an address of any area; a list of spots
#: in data blocks, of which a single one is read.
_ANY: Final = 0x10
_ANY_OCTETS: Final = 12
_SPOTS: Final = 0xB0
_ONE_SPOT_OCTETS: Final = 9

_BIT: Final = 1
_INTEGER: Final = 5
_DOUBLE_INTEGER: Final = 7
_REAL: Final = 8
#: Octets of one element by transport size; 0 where it is no fixed number.
_WIDTHS: Final = np.zeros(256, np.int64)
_WIDTHS[:16] = [0, 1, 1, 1, 2, 2, 4, 4, 4, 2, 4, 4, 2, 0, 0, 8]

_COUNTERS: Final = 0x1C
_TIMERS: Final = 0x1D
DATA_BLOCK: Final = 0x84
INSTANCE_DATA_BLOCK: Final = 0x85
#: By area: how many bits of an address count bits, and whether there is a block's number.
_ADDRESS_BITS: Final = np.full(256, 3)
_ADDRESS_BITS[[_COUNTERS, _TIMERS]] = 0
_BLOCK_BITS: Final = np.zeros(256, np.int64)
_BLOCK_BITS[[DATA_BLOCK, INSTANCE_DATA_BLOCK]] = 0xFFFF
#: In ``space``, beyond the octet that the protocol has for its areas: the syntax of what is no
#: address.
SYMBOL: Final = 0x100

#: Octets of a data item before its content: return code, transport size, length.
HEADER: Final = 4
#: By transport size of data: whether the length counts bits.
_COUNTS_BITS: Final = np.zeros(256, np.bool_)
_COUNTS_BITS[[3, 4, 5]] = True
_SUCCESS: Final = 0xFF


@nb.njit(types.int64(MESSAGES, types.int64, types.int64), **INNER)
def malformed(out: Array, n: int, reason: int) -> int:
    """Mark row ``n`` as not understood from here on; the next row."""
    out[n].status = MALFORMED
    out[n].reason = reason
    return n + 1


@nb.njit(types.int64(MESSAGES, types.int64, types.int64, types.int64), **INNER)
def _begin_item(out: Array, n: int, i: int, count: int) -> int:
    """Begin row ``n + i`` as item ``i`` of the message of row ``n``; the row."""
    begin(out, n + i)
    row = out[n + i]
    row.kind = out[n].kind
    row.code = out[n].code
    row.key = out[n].key
    row.item = i
    if i == MAX_ROWS - 1 and count > MAX_ROWS:
        malformed(out, n + i, TOO_MANY_ITEMS)
    return n + i


@nb.njit(types.int64(U8, types.int64, types.int64, types.int64, MESSAGES, types.int64), **INNER)
def specifications(data: Array, at: int, end: int, count: int, out: Array, n: int) -> int:
    """One row for each of ``count`` specifications in ``data[at:end]``; the next free row.

    A specification of odd length is followed by an octet that fills it up.
    """
    for i in range(min(count, MAX_ROWS)):
        m = _begin_item(out, n, i, count) if i else n
        octets = 2 + i64(data[at + 1]) if at + 2 <= end else i64(0)
        if octets < 3 or at + octets > end or data[at] != _SPECIFICATION:
            return malformed(out, m, BAD_LENGTH)
        syntax = i64(data[at + 2])
        row = out[m]
        if syntax == _ANY and octets == _ANY_OCTETS:
            size = i64(data[at + 3])
            number = u16be(data, at + 4)
            area = i64(data[at + 8])
            spot = u32be(data, at + 8) & 0xFFFFFF
            bits = _ADDRESS_BITS[area]
            width = _WIDTHS[size] * number
            row.quantity = number
            row.space = area << 32 | u16be(data, at + 6) & _BLOCK_BITS[area]
            if bits == 0:
                width = number
            elif size == _BIT:
                row.space |= ((spot & 7) + 1) << 16
                width = ((spot & 7) + number + 7) >> 3
            row.first = spot >> bits
            row.last = (spot >> bits) + max(width, 1) - 1
        elif syntax == _SPOTS and octets == _ONE_SPOT_OCTETS:
            row.space = DATA_BLOCK << 32 | u16be(data, at + 5)
            row.first = u16be(data, at + 7)
            row.last = row.first + max(i64(data[at + 4]), 1) - 1
        else:
            row.space = SYMBOL << 32 | syntax
            row.raw = at + 2
            row.raw_octets = octets - 2
        at += octets + (octets & 1)
    return n + max(min(count, MAX_ROWS), 1)


@nb.njit(types.int64(U8, types.int64, types.int64), **INNER)
def content_octets(data: Array, at: int, end: int) -> int:
    """Octets of the content of the data item at ``at``; -1 if it ends beyond ``end``."""
    if at + HEADER > end:
        return -1
    octets = u16be(data, at + 2)
    if _COUNTS_BITS[data[at + 1]]:
        octets = (octets + 7) >> 3
    return octets if at + HEADER + octets <= end else -1


@nb.njit(
    types.int64(U8, types.int64, types.int64, types.int64, types.int64, MESSAGES, types.int64),
    **INNER,
)
def contents(data: Array, at: int, end: int, count: int, header: int, out: Array, n: int) -> int:
    """One row for each of ``count`` items of an answer in ``data[at:end]``; the next free row.

    Args:
        data: octets.
        at: where the first item starts.
        end: where the last one must end.
        count: how many there should be.
        header: 4 if each is a data item, filled up to an even number of octets; 1 if there is
            nothing but return codes.
        out: rows, of which that of the first item is begun.
        n: which one that is.
    """
    for i in range(min(count, MAX_ROWS)):
        m = _begin_item(out, n, i, count) if i else n
        octets = content_octets(data, at, end) if header == HEADER else end - at - 1
        if octets < 0:
            return malformed(out, m, BAD_LENGTH)
        if data[at] != _SUCCESS:
            out[m].status = ERROR
            out[m].error = data[at]
        elif header == HEADER and octets:
            out[m].raw = at + HEADER
            out[m].raw_octets = octets
        at += header + (octets + (octets & 1) if header == HEADER else 0)
    return n + max(min(count, MAX_ROWS), 1)


@nb.njit(
    types.void(U8, types.int64, types.int64, types.int64, MESSAGES, types.int64, types.int64),
    **INNER,
)
def values(data: Array, spot: int, at: int, end: int, out: Array, n: int, after: int) -> None:
    """Put what is written into rows ``n`` to ``after``, specified from ``data[spot]`` on.

    The data items are in ``data[at:end]``. A single element gets its value.
    """
    for i in range(n, after):
        row = out[i]
        if row.status == MALFORMED:
            return
        octets = content_octets(data, at, end)
        if octets < 0:
            malformed(out, i, BAD_LENGTH)
            return
        at += HEADER
        row.raw = at
        row.raw_octets = octets
        size = i64(0)
        if row.quantity == 1:
            size = i64(data[spot + 3])
        if 0 < size <= _REAL and octets == _WIDTHS[size]:
            number = i64(data[at])
            if octets == 2:
                number = u16be(data, at)
            elif octets == 4:
                number = u32be(data, at)
            if size == _BIT:
                number &= 1
            elif size == _INTEGER:
                number = i64(np.int16(number))
            elif size == _DOUBLE_INTEGER:
                number = i64(np.int32(number))
            row.value = number
            if size == _REAL:
                row.value = np.uint32(number).view(np.float32)
        at += octets + (octets & 1)
        named = 2 + i64(data[spot + 1])
        spot += named + (named & 1)
