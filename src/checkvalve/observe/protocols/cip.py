"""CIP, the Common Industrial Protocol, as EtherNet/IP carries it: services and values.

Specification: *CIP Networks Library, Volume 1* (ODVA): Message Router formats 2-4, services
of all objects appendix A, data types appendix C-6. Rockwell's tag services: *Logix 5000
Controllers Data Access*, 1756-PM020. PCCC: *DF1 Protocol and Command Set*, 1770-6.5.16. Class
0x72 has no public specification; what is read of it (an address and a count in a Read Tag) is
what captures show.

A row names its object as ``cip_path`` says. Execute_PCCC adds its command and function to the
class in ``context`` (``PCCC``).

A response's ``error`` is its general status. Partial transfer (0x06) is no error: the rest
follows in the next answer.

Not decoded: which attributes a Set_Attribute_List of several sets, the octet offset of a
fragmented service, the extended status, and the file addresses within PCCC.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import INNER
from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    ERROR,
    MESSAGES,
    OK,
    ONE_WAY,
    REQUEST,
    RESPONSE,
    TOO_MANY_ITEMS,
    TOO_SHORT,
    U8,
    begin,
    u16le,
    u32le,
)
from checkvalve.observe.protocols.cip_path import (
    NO_CLASS,
    PART,
    UNKNOWN_CLASS,
    octet,
    read_path,
    slot,
)

Array = np.ndarray[Any, Any]

#: Set in the context of Execute_PCCC: command << 24 | function << 16 | class.
PCCC: Final = 1 << 28

_CONNECTION_MANAGER: Final = 0x06
_PCCC_CLASS: Final = 0x67
_SYMBOL: Final = 0x6B
_DATA_TABLE: Final = 0x72
_STRUCTURE: Final = 0x02A0
_PARTIAL_TRANSFER: Final = 0x06

#: Octets of the elementary types 0xC1 (BOOL) to 0xD4 (LWORD); 0: its length varies.
_SIZES: Final = np.array(
    [1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 8], dtype=np.int64
)

# What a request's service says of its data. Tables compile faster than comparisons.
_READS: Final = np.zeros(256, dtype=np.bool_)  # its data ask, they hold no value
_READS[[0x01, 0x03, 0x0E, 0x18, 0x4C, 0x52, 0x55]] = True
_TAGS: Final = np.zeros(256, dtype=np.bool_)  # the tag services
_TAGS[[0x4C, 0x4D, 0x4E, 0x52, 0x53]] = True
_ROUTE_AT: Final = np.zeros(256, dtype=np.int64)  # where a connection path begins
_ROUTE_AT[[0x4E, 0x54, 0x5B]] = 12, 36, 40  # clauses 3-5.5.2 and 3-5.5.3

_WRAPPER: Final = types.int64(U8, types.int64, types.int64, MESSAGES, *(types.int64,) * 3)


@nb.njit(types.int64(MESSAGES, *(types.int64,) * 5), **INNER)
def pend(out: Array, free: int, limit: int, n: int, at: int, octets: int) -> int:
    """Begin a row for the CIP message at ``at`` that row ``n`` wraps; the next free row.

    At ``limit`` no row is begun, and the last one says so.
    """
    if free >= limit:
        out[free - 1].reason = TOO_MANY_ITEMS
        return free
    begin(out, free)
    row = out[free]
    row.key = out[n].key
    row.item = out[n].item
    row.device = out[n].device
    row.raw = at
    row.raw_octets = octets
    return free + 1


@nb.njit(types.void(U8, types.int64, types.int64, types.int64, MESSAGES, types.int64), **INNER)
def _typed(data: Array, at: int, stop: int, kind: int, out: Array, n: int) -> None:
    """One element of an elementary type (C-6.1) becomes the value; anything else stays raw."""
    row = out[n]
    row.raw = at
    row.raw_octets = stop - at
    size = int(_SIZES[kind - 0xC1]) if 0xC1 <= kind <= 0xD4 else 0
    if size == 0 or stop - at != size:
        return
    bits = 0
    for i in range(size):
        bits |= octet(data, at + i) << (8 * i)
    value = float(np.uint64(bits))
    if kind == 0xC1:
        value = 1.0 if bits else 0.0
    elif kind <= 0xC5:
        value = float(bits << (64 - 8 * size) >> (64 - 8 * size))
    elif kind == 0xCA:
        value = float(np.int32(bits).view(np.float32))
    elif kind == 0xCB:
        value = float(np.int64(bits).view(np.float64))
    row.value = value
    if not np.isnan(value):  # a REAL that is not a number stays raw
        row.raw = -1
        row.raw_octets = 0


@nb.njit(PART, **INNER)
def _tag(data: Array, at: int, stop: int, out: Array, n: int) -> int:
    """Read the data of Read Tag, Write Tag and their like (1756-PM020); a reason, or 0."""
    row = out[n]
    code = row.code
    quantity = 1
    if code != 0x4E:  # a mask changes bits of one element
        writes = code & 1
        head = at
        if writes:  # the type, with a handle if it is a structure's
            head += 4 if stop - at >= 2 and u16le(data, at) == _STRUCTURE else 2
        body = head + (2 if code < 0x52 else 6)
        if body > stop:
            return TOO_SHORT
        quantity = u16le(data, head)
        if writes:
            _typed(data, body, stop, u16le(data, at), out, n)
    row.quantity = quantity
    first = max(row.first, 0)
    row.first = first
    row.last = first + quantity - 1
    return 0


@nb.njit(PART, **INNER)
def _attributes(data: Array, at: int, stop: int, out: Array, n: int) -> int:
    """Read the count and the numbers of an attribute list (A-4.3, A-4.4); a reason, or 0."""
    row = out[n]
    if stop - at < 2:
        return TOO_SHORT
    count = u16le(data, at)
    row.quantity = count
    if row.code == 0x04 and count > 1:  # values of unknown length stand between the numbers
        return 0
    if at + 2 + 2 * count > stop:
        return TOO_SHORT
    for i in range(count):
        attribute = u16le(data, at + 2 + 2 * i)
        if i == 0 or attribute < row.first:
            row.first = attribute
        if i == 0 or attribute > row.last:
            row.last = attribute
    return 0


@nb.njit(PART, **INNER)
def _pccc(data: Array, at: int, stop: int, out: Array, n: int) -> int:
    """Read the command and the function of an Execute_PCCC; a reason, or 0."""
    if at >= stop:
        return TOO_SHORT
    head = at + octet(data, at)  # behind the requestor's ID: command, status, number
    if head + 5 > stop:
        return TOO_SHORT
    command = octet(data, head) & 0x0F
    context = PCCC | command << 24 | _PCCC_CLASS
    if command == 0x06 or command == 0x07 or command == 0x0F:
        context |= octet(data, head + 4) << 16
    out[n].context = context
    return 0


@nb.njit(_WRAPPER, **INNER)
def _batch(data: Array, at: int, stop: int, out: Array, n: int, free: int, limit: int) -> int:
    """Pend the items of a Multiple_Service_Packet (A-4.10); the next free row.

    Offsets that do not rise would let items overlap: the batch is malformed from there.
    """
    row = out[n]
    if at == stop and row.status == ERROR:
        return free
    count = u16le(data, at) if stop - at >= 2 else 0
    row.quantity = count
    expected = at + 2 + 2 * count
    if expected > stop:
        row.reason = TOO_SHORT
        return free
    for item in range(count):
        here = at + u16le(data, at + 2 + 2 * item)
        after = at + u16le(data, at + 4 + 2 * item) if item + 1 < count else stop
        if here < expected or after <= here or after > stop:
            row.reason = BAD_LENGTH
            break
        number = out[free - 1].item + 1
        was = free
        free = pend(out, free, limit, n, here, after - here)
        if free == was:
            break
        out[was].item = number
        expected = after
    return free


@nb.njit(_WRAPPER, **INNER)
def _unconnected_send(
    data: Array, at: int, stop: int, out: Array, n: int, free: int, limit: int
) -> int:
    """Pend the request within an Unconnected_Send (3-5.5.4); the next free row.

    It waits for no answer: the answer is that of what it wraps.
    """
    row = out[n]
    row.kind = ONE_WAY
    at += 4
    octets = u16le(data, at - 2) if at <= stop else 0
    if octets == 0 or at + octets > stop:
        row.reason = BAD_LENGTH
        return free
    route = at + octets + (octets & 1)
    row.device = slot(data, route, route + 2, stop)
    return pend(out, free, limit, n, at, octets)


@nb.njit(_WRAPPER, **INNER)
def request(data: Array, at: int, stop: int, out: Array, n: int, free: int, limit: int) -> int:
    """Read the request ``data[at:stop]`` into row ``n``; pend what it wraps from ``free``.

    Returns:
        The next free row. ``reason`` says whether the request is malformed.
    """
    row = out[n]
    row.kind = REQUEST
    code = octet(data, at)
    row.code = code
    body = at + 2 + 2 * octet(data, at + 1)
    row.reason = read_path(data, at + 2, body, out, n) if body <= stop else BAD_LENGTH
    if row.reason:
        return free
    class_id = row.context
    if code == 0x0A:
        return _batch(data, body, stop, out, n, free, limit)
    if code == 0x03 or code == 0x04:
        row.reason = _attributes(data, body, stop, out, n)
    elif class_id == _CONNECTION_MANAGER:
        if code == 0x52:
            return _unconnected_send(data, body, stop, out, n, free, limit)
        if _ROUTE_AT[code]:
            route = body + int(_ROUTE_AT[code])
            row.device = slot(data, route - (2 if code == 0x4E else 1), route, stop)
    elif _TAGS[code] and (class_id == NO_CLASS or class_id == _SYMBOL):
        row.reason = _tag(data, body, stop, out, n)
        return free
    elif code == 0x4B and class_id == _PCCC_CLASS:
        row.reason = _pccc(data, body, stop, out, n)
    elif code == 0x4C and class_id == _DATA_TABLE and stop - body == 6:
        row.first = u32le(data, body)
        row.last = row.first
        row.quantity = u16le(data, body + 4)
    if body < stop and not _READS[code]:
        row.raw = body
        row.raw_octets = stop - body
    return free


@nb.njit(_WRAPPER, **INNER)
def response(data: Array, at: int, stop: int, out: Array, n: int, free: int, limit: int) -> int:
    """Read the response ``data[at:stop]`` into row ``n``; see ``request``."""
    row = out[n]
    row.kind = RESPONSE
    row.context = UNKNOWN_CLASS
    code = octet(data, at) & 0x7F
    row.code = code
    if stop - at < 4:
        row.reason = TOO_SHORT
        return free
    general = octet(data, at + 2)
    if general:
        row.error = general
        if general != _PARTIAL_TRANSFER:
            row.status = ERROR
    body = at + 4 + 2 * octet(data, at + 3)
    if body > stop:
        row.reason = BAD_LENGTH
        return free
    if code == 0x0A:
        return _batch(data, body, stop, out, n, free, limit)
    if body < stop:
        row.raw = body
        row.raw_octets = stop - body
    if row.status == OK and (code == 0x4C or code == 0x52) and stop - body > 2:
        kind = u16le(data, body)
        if kind == _STRUCTURE and stop - body > 4:
            row.raw = body + 4
            row.raw_octets = stop - body - 4
        elif 0xC1 <= kind <= 0xD4:
            size = int(_SIZES[kind - 0xC1])
            if size and (stop - body - 2) % size == 0:
                _typed(data, body + 2, stop, kind, out, n)
    return free
