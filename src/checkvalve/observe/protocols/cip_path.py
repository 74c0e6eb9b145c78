"""Paths of CIP: which object a request names, and by which route.

Specification: *CIP Networks Library, Volume 1* (ODVA), appendix C-1.

- A path of class and instance packs into ``space`` (``pack``); its last number, the attribute
  or the element, is ``first``. Instance 0 is the class itself.
- A path with a symbol, or with several element numbers, is named by its own octets: ``name``
  spans the path without its last element number, which is ``first``.
- ``context`` is the class, ``NO_CLASS`` where the path has none.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import INNER
from checkvalve.observe.protocols.base import BAD_LENGTH, MESSAGES, U8, u16le, u32le

Array = np.ndarray[Any, Any]

#: The context of a response, which carries no path.
UNKNOWN_CLASS: Final = -1
NO_CLASS: Final = 0

#: A kernel that reads ``data[at:stop]`` into one row and gives the reason why not, or 0.
PART: Final = types.int64(U8, types.int64, types.int64, MESSAGES, types.int64)


def pack(class_id: int, instance: int, attribute: int) -> int:
    """The ``space`` of an object; the attribute counts only where an element follows it."""
    packed = (class_id & 0xFFFF) << 48 | (instance & 0xFFFFFFFF) << 16 | attribute & 0xFFFF
    return packed - (1 << 64) if packed >> 63 else packed


@nb.njit(types.int64(U8, types.int64), **INNER)
def octet(data: Array, at: int) -> int:
    """One octet, as a signed number like all others."""
    return int(data[at])


@nb.njit(PART, **INNER)
def read_path(data: Array, at: int, stop: int, out: Array, n: int) -> int:
    """Read a padded EPATH (C-1.4) into row ``n``; the reason why not, or 0.

    A segment of a kind that names no object ends the reading, not the message.
    """
    row = out[n]
    start = at
    tail = stop  # where the last element number begins, if it ends the path
    class_id = 0
    instance = 0
    attribute = -1
    member = -1
    named = False
    while at < stop:
        head = octet(data, at)
        named = named or tail != stop  # an element number that does not end the path
        tail = stop
        if head >> 5 == 1 and head & 0x1C != 0x14 and head & 3 != 3:
            size = 2 + 2 * (head & 3)
            if at + size > stop:
                return BAD_LENGTH
            value = octet(data, at + 1)
            if size == 4:
                value = u16le(data, at + 2)
            elif size == 6:
                value = u32le(data, at + 2)
            kind = head & 0x1C
            if kind == 0x00:
                class_id = value & 0xFFFF
            elif kind == 0x04:
                instance = value
            elif kind == 0x08:
                member = value
                tail = at
            elif kind == 0x10:
                attribute = value
        elif head == 0x91 or (head >> 5 == 3 and head != 0x60):
            if at + 2 > stop:
                return BAD_LENGTH
            size = octet(data, at + 1) + 2 if head == 0x91 else (head & 0x1F) + 1
            size += size & 1
            named = True
        else:
            break
        at += size
    if at > stop:
        return BAD_LENGTH
    row.context = class_id
    row.first = attribute if tail == stop else member
    row.last = row.first
    if named:
        row.name = start
        row.name_octets = tail - start
    else:
        row.space = class_id << 48 | instance << 16
        if tail != stop and attribute > 0:
            row.space |= attribute & 0xFFFF
    return 0


@nb.njit(types.int64(U8, types.int64, types.int64, types.int64), **INNER)
def slot(data: Array, size: int, at: int, end: int) -> int:
    """The link address, such as a slot, of the last port segment of a route; -1: none.

    ``data[size]`` holds the words of the route at ``at``. Its port segments (C-1.4.1) come
    first.
    """
    found = -1
    if at > end:
        return found
    stop = at + 2 * octet(data, size)
    while at + 1 < stop <= end and data[at] >> 5 == 0:
        head = octet(data, at)
        octets = 4 if head & 0x0F == 0x0F else 2
        if head & 0x10:
            octets += octet(data, at + 1)
            found = -1
        elif at + octets <= stop:
            found = octet(data, at + octets - 1)
        at += octets + (octets & 1)
    return found
