"""CIP, the Common Industrial Protocol, as EtherNet/IP carries it: paths, services, values.

Specification: *CIP Networks Library, Volume 1* (ODVA): Message Router formats 2-4, services
of all objects appendix A, path segments appendix C-1, data types appendix C-5. Rockwell's tag
services: *Logix 5000 Controllers Data Access*, 1756-PM020. PCCC: *DF1 Protocol and Command
Set*, 1770-6.5.16.

How a row names its object:

- A path of class and instance packs into ``space`` (``pack``); its last number, the attribute
  or the element, is ``first``. Instance 0 is the class itself.
- A path with a symbol, or with several element numbers, is named by its own octets: ``name``
  spans the path without its last element number, which is ``first``.
- ``context`` is the class of a request, ``NO_CLASS`` where its path has none, and
  ``UNKNOWN_CLASS`` in a response, which carries no path. Execute_PCCC adds its command and
  function (``PCCC``).

Not decoded: which attributes a Set_Attribute_List of several sets, where the octet offset of
a fragmented service lies, the extended status, and the file addresses within PCCC.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    ERROR,
    JIT,
    MALFORMED,
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

Array = np.ndarray[Any, Any]

UNKNOWN_CLASS: Final = -1
NO_CLASS: Final = 0
#: Set in the context of Execute_PCCC: command << 24 | function << 16 | class.
PCCC: Final = 1 << 28

_CONNECTION_MANAGER: Final = 0x06
_PCCC_CLASS: Final = 0x67
_SYMBOL: Final = 0x6B
_STRUCTURE: Final = 0x02A0
_PARTIAL_TRANSFER: Final = 0x06
#: Odd, so that an item's key depends on every bit of its batch's.
_STEP: Final = 0x5851F42D4C957F2D

#: Octets of the elementary types 0xC1 (BOOL) to 0xD4 (LWORD); 0: its length varies.
_SIZES: Final = np.array(
    [1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 8], dtype=np.int64
)


def pack(class_id: int, instance: int, attribute: int) -> int:
    """The ``space`` of an object; the attribute counts only where an element follows it."""
    packed = (class_id & 0xFFFF) << 48 | (instance & 0xFFFFFFFF) << 16 | attribute & 0xFFFF
    return packed - (1 << 64) if packed >> 63 else packed


@nb.njit(types.int64(MESSAGES, types.int64, types.int64, *(types.int64,) * 4), **JIT)
def pend(out: Array, free: int, limit: int, key: int, device: int, at: int, octets: int) -> int:
    """Begin a row for the CIP message at ``at``, which ``service`` reads later; the next free.

    At ``limit`` no row is begun, and the last one says so.
    """
    if free == limit:
        out[free - 1].status = MALFORMED
        out[free - 1].reason = TOO_MANY_ITEMS
        return free
    begin(out, free)
    row = out[free]
    row.key = key
    row.device = device
    row.raw = at
    row.raw_octets = octets
    return free + 1


@nb.njit(types.int64(U8, types.int64, types.int64, MESSAGES, types.int64), **JIT)
def _path(data: Array, at: int, stop: int, out: Array, n: int) -> int:
    """Read a padded EPATH (C-1.4) into row ``n``; the reason why not, or 0.

    A segment of a kind that names no object ends the reading, not the message.
    """
    row = out[n]
    start = at
    tail = stop  # where the last element number begins, if it ends the path
    class_id = np.int64(0)
    instance = np.int64(0)
    attribute = np.int64(-1)
    member = np.int64(-1)
    members = 0
    symbolic = False
    while at < stop:
        head = np.int64(data[at])
        tail = stop
        if head >> 5 == 1 and head & 0x1C != 0x14 and head & 3 != 3:
            size = np.int64(2) + 2 * (head & 3)
            if at + size > stop:
                return BAD_LENGTH
            if head & 3 == 0:
                value = np.int64(data[at + 1])
            elif head & 3 == 1:
                value = u16le(data, at + 2)
            else:
                value = u32le(data, at + 2)
            kind = head & 0x1C
            if kind == 0x00:
                class_id = value & 0xFFFF
            elif kind == 0x04:
                instance = value
            elif kind == 0x08:
                member = value
                members += 1
                tail = at
            elif kind == 0x10:
                attribute = value
        elif head == 0x91 or (head >> 5 == 3 and head & 0x1F):
            if at + 2 > stop:
                return BAD_LENGTH
            size = np.int64(data[at + 1]) + 2 if head == 0x91 else (head & 0x1F) + 1
            size += size & 1
            symbolic = True
        else:
            break
        at += size
        if at > stop:
            return BAD_LENGTH
    row.context = class_id
    ends_in_member = tail != stop
    if ends_in_member:
        row.first = member
    else:
        row.first = attribute
    row.last = row.first
    if symbolic or members > 1 or (members == 1 and not ends_in_member):
        row.name = start
        row.name_octets = tail - start
    else:
        row.space = class_id << 48 | instance << 16
        if ends_in_member and attribute > 0:
            row.space |= attribute & 0xFFFF
    return 0


@nb.njit(types.int64(U8, types.int64, types.int64, types.int64), **JIT)
def _slot(data: Array, at: int, stop: int, end: int) -> int:
    """The link address of a route's last port segment (C-1.4.1), such as a slot; -1: none."""
    slot = np.int64(-1)
    if stop > end:
        return slot
    while at + 1 < stop and data[at] >> 5 == 0:
        head = np.int64(data[at])
        size = np.int64(2)
        link = at + 1
        if head & 0x10:
            size += np.int64(data[at + 1])
            link += 1
        if head & 0x0F == 0x0F:
            size += 2
            link += 2
        if at + size > stop:
            break
        slot = np.int64(-1) if head & 0x10 else np.int64(data[link])
        at += size + (size & 1)
    return slot


@nb.njit(types.void(U8, types.int64, types.int64, types.int64, MESSAGES, types.int64), **JIT)
def _typed(data: Array, at: int, stop: int, kind: int, out: Array, n: int) -> None:
    """One element of an elementary type (C-5.2) becomes the value; anything else stays raw."""
    row = out[n]
    row.raw = at
    row.raw_octets = stop - at
    size = _SIZES[kind - 0xC1] if 0xC1 <= kind <= 0xD4 else np.int64(0)
    if size == 0 or stop - at != size:
        return
    bits = np.int64(0)
    for i in range(size):
        bits |= np.int64(data[at + i]) << (8 * i)
    if kind == 0xC1:
        value = 1.0 if bits else 0.0
    elif kind <= 0xC5:
        value = float(bits << (64 - 8 * size) >> (64 - 8 * size))
    elif kind == 0xCA:
        value = float(np.int32(bits).view(np.float32))
    elif kind == 0xCB:
        value = float(np.int64(bits).view(np.float64))
    else:
        value = float(np.uint64(bits))
    row.value = value
    if value == value:  # a REAL that is not a number stays raw
        row.raw = -1
        row.raw_octets = 0


@nb.njit(types.int64(U8, types.int64, types.int64, MESSAGES, types.int64), **JIT)
def _tag(data: Array, at: int, stop: int, out: Array, n: int) -> int:
    """Read what Read Tag, Write Tag and their like (1756-PM020) ask; a reason, or 0."""
    row = out[n]
    code = row.code
    quantity = np.int64(1)
    if code != 0x4E:  # a mask changes bits of one element
        head = at
        writes = code & 1
        if writes:
            head += 2
            if stop - at >= 2 and u16le(data, at) == _STRUCTURE:
                head += 2
        body = head + (np.int64(2) if code < 0x52 else np.int64(6))
        if body > stop:
            return TOO_SHORT
        quantity = u16le(data, head)
        if writes:
            _typed(data, body, stop, u16le(data, at), out, n)
        else:
            row.raw = -1
            row.raw_octets = 0
    row.quantity = quantity
    if row.first < 0:
        row.first = 0
    row.last = row.first + quantity - 1
    return 0


@nb.njit(types.int64(U8, types.int64, types.int64, MESSAGES, types.int64), **JIT)
def _request(data: Array, at: int, stop: int, out: Array, n: int) -> int:
    """Read what a request's own data (``data[at:stop]``) tells of it; a reason, or 0."""
    row = out[n]
    code = row.code
    class_id = row.context
    if code == 0x03 or code == 0x04:  # Get_ and Set_Attribute_List: a count, the attributes
        if stop - at < 2:
            return TOO_SHORT
        count = u16le(data, at)
        row.quantity = count
        # Values of unknown length follow each attribute that is set.
        listed = count if code == 0x03 or count < 2 else np.int64(0)
        if at + 2 + 2 * listed > stop:
            return TOO_SHORT
        for i in range(listed):
            attribute = u16le(data, at + 2 + 2 * i)
            if i == 0 or attribute < row.first:
                row.first = attribute
            if i == 0 or attribute > row.last:
                row.last = attribute
    elif (class_id == NO_CLASS or class_id == _SYMBOL) and (
        0x4C <= code <= 0x4E or 0x52 <= code <= 0x53
    ):
        return _tag(data, at, stop, out, n)
    elif class_id == _CONNECTION_MANAGER and (code == 0x4E or code == 0x54 or code == 0x5B):
        # Where the size of the connection path stands (3-5.5.2, 3-5.5.3).
        size = at + (np.int64(10) if code == 0x4E else np.int64(35 if code == 0x54 else 39))
        if size >= stop:
            return TOO_SHORT
        path = size + (np.int64(2) if code == 0x4E else np.int64(1))
        row.device = _slot(data, path, path + 2 * np.int64(data[size]), stop)
    elif class_id == _PCCC_CLASS and code == 0x4B and at < stop:
        head = at + np.int64(data[at])  # behind the requestor's ID: command, status, number
        if head + 4 > stop:
            return TOO_SHORT
        command = np.int64(data[head]) & 0x0F
        row.context = PCCC | command << 24 | _PCCC_CLASS
        if command == 0x06 or command == 0x07 or command == 0x0F:
            if head + 5 > stop:
                return TOO_SHORT
            row.context |= np.int64(data[head + 4]) << 16
    return 0


@nb.njit(types.int64(U8, types.int64, types.int64, MESSAGES, *(types.int64,) * 3), **JIT)
def _batch(
    data: Array, at: int, stop: int, out: Array, n: int, free: int, limit: int
) -> int:
    """Pend the items of a Multiple_Service_Packet (A-4.10) from row ``free``; the next free row.

    Offsets that do not rise would let items overlap: the batch is malformed from there.
    """
    row = out[n]
    if at == stop and row.status == ERROR:
        return free
    if stop - at < 2:
        row.status = MALFORMED
        row.reason = TOO_SHORT
        return free
    count = u16le(data, at)
    row.quantity = count
    if at + 2 + 2 * count > stop:
        row.status = MALFORMED
        row.reason = BAD_LENGTH
        return free
    expected = at + 2 + 2 * count
    for item in range(count):
        here = at + u16le(data, at + 2 + 2 * item)
        after = at + u16le(data, at + 4 + 2 * item) if item + 1 < count else stop
        if here < expected or after <= here or after > stop:
            row.status = MALFORMED
            row.reason = BAD_LENGTH
            break
        if free == limit:
            return pend(out, free, limit, row.key, -1, here, after - here)
        key = row.key * _STEP + item + 1
        free = pend(out, free, limit, key, row.device, here, after - here)
        out[free - 1].item = item + 1
        expected = after
    return free


@nb.njit(types.int64(U8, types.int64, types.int64, MESSAGES, *(types.int64,) * 3), **JIT)
def _unconnected_send(
    data: Array, at: int, stop: int, out: Array, n: int, free: int, limit: int
) -> int:
    """Pend the request within an Unconnected_Send (3-5.5.4); the next free row.

    Its answer is the answer of that request, so the wrapper itself waits for none.
    """
    row = out[n]
    row.kind = ONE_WAY
    inner = at + 4
    octets = u16le(data, at + 2) if inner <= stop else np.int64(0)
    route = inner + octets + (octets & 1)
    if octets == 0 or inner + octets > stop:
        row.status = MALFORMED
        row.reason = BAD_LENGTH
        return free
    if route + 2 <= stop:
        row.device = _slot(data, route + 2, route + 2 + 2 * np.int64(data[route]), stop)
    return pend(out, free, limit, row.key, row.device, inner, octets)


@nb.njit(types.int64(U8, MESSAGES, types.int64, types.int64, types.int64), **JIT)
def service(data: Array, out: Array, n: int, free: int, limit: int) -> int:
    """Read the CIP message that row ``n`` was pended for; pend what it wraps from row ``free``.

    Returns:
        The next free row.
    """
    row = out[n]
    at = row.raw
    stop = at + row.raw_octets
    row.raw = -1
    row.raw_octets = 0
    row.kind = ONE_WAY
    if stop - at < 2:
        row.status = MALFORMED
        row.reason = TOO_SHORT
        return free
    row.code = np.int64(data[at]) & 0x7F
    reply = data[at] >= 0x80
    reason = np.int64(0)
    if reply:
        row.kind = RESPONSE
        row.context = UNKNOWN_CLASS
        if stop - at < 4:
            row.status = MALFORMED
            row.reason = TOO_SHORT
            return free
        general = np.int64(data[at + 2])
        if general:
            row.error = general
            if general != _PARTIAL_TRANSFER and row.status == OK:
                row.status = ERROR
        body = at + 4 + 2 * np.int64(data[at + 3])
    else:
        row.kind = REQUEST
        body = at + 2 + 2 * np.int64(data[at + 1])
    if body > stop:
        reason = BAD_LENGTH
    elif not reply:
        reason = _path(data, at + 2, body, out, n)
    if reason:
        row.status = MALFORMED
        row.reason = reason
        return free
    if row.code == 0x0A:
        return _batch(data, body, stop, out, n, free, limit)
    if row.code == 0x52 and row.context == _CONNECTION_MANAGER:
        return _unconnected_send(data, body, stop, out, n, free, limit)
    if body < stop:
        row.raw = body
        row.raw_octets = stop - body
    if not reply:
        reason = _request(data, body, stop, out, n)
        if reason:
            row.status = MALFORMED
            row.reason = reason
    elif row.status == OK and (row.code == 0x4C or row.code == 0x52) and stop - body > 2:
        kind = u16le(data, body)
        if kind == _STRUCTURE and stop - body > 4:
            _typed(data, body + 4, stop, kind, out, n)
        elif 0xC1 <= kind <= 0xD4 and _SIZES[kind - 0xC1]:
            if (stop - body - 2) % _SIZES[kind - 0xC1] == 0:
                _typed(data, body + 2, stop, kind, out, n)
    return free
