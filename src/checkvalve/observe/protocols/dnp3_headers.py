"""The object headers of DNP3: which points a fragment names, and where their objects are.

IEEE 1815-2012, 4.2.2.7. A header states no length: its objects are measured by what they are
(``dnp3_objects``), and where that can't be known, what follows can't be read.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import INNER
from checkvalve.observe.protocols.base import BAD_VALUE, TOO_SHORT, U8
from checkvalve.observe.protocols.dnp3_link import Array, number
from checkvalve.observe.protocols.dnp3_objects import UNKNOWN, object_bits

_AUTHENTICATION: Final = 120
_TIME_AND_DATE: Final = 50
_FREEZE_AT_TIME: Final = 11
_FREEZE_AT_TIME_NR: Final = 12
#: Functions whose objects carry data: WRITE, the controls, files, configuration and
#: authentication, and every response.
_WITH_DATA: Final = np.isin(np.arange(256), (2, 3, 4, 5, 6, *range(25, 34), *range(128, 256)))

#: Octets of each number of a range field, by its code; 0 where it is reserved, or 6 (all).
_RANGE_OCTETS: Final = np.array((1, 2, 4, 1, 2, 4, 0, 1, 2, 4, 0, 1, 0, 0, 0, 0), np.int64)
#: Codes below are a start and a stop, codes above a count.
_ALL_POINTS: Final = 6
#: Octets of the prefix of each object, by its code: none, indexes, sizes, reserved.
_PREFIX_OCTETS: Final = np.array((0, 1, 2, 4, 1, 2, 4, 0), np.int64)
_SIZES: Final = 4
_RESERVED_PREFIX: Final = 7


class Header(NamedTuple):
    """An object header, and where its objects are.

    Attributes:
        reason: why its objects cannot be read; 0 when they can.
        group: what kind of points.
        variation: in which form.
        first: index of the first point; -1 when the header has none.
        last: index of the last one.
        quantity: number of objects; 0 when all points are meant.
        prefix: octets before each object.
        sized: 1 when they are its size, 0 when they are its index.
        size: octets of each object without its prefix; ``UNKNOWN`` when they differ.
        at: where the objects begin, in the application layer.
        octets: what they take; all that is left when their sizes are unknown (at least a bit each).
    """

    reason: int
    group: int
    variation: int
    first: int
    last: int
    quantity: int
    prefix: int
    sized: int
    size: int
    at: int
    octets: int


HEADER: Final = types.NamedUniTuple(types.int64, 11, Header)


@nb.njit(
    types.UniTuple(types.int64, 5)(U8, types.int64, types.int64, types.int64, types.int64),
    **INNER,
)
def _range(
    data: Array, start: int, at: int, octets: int, code: int
) -> tuple[int, int, int, int, int]:
    """The range field at ``at``: reason or 0, first and last index or -1, count, what follows."""
    width = _RANGE_OCTETS[code]
    after = at + (2 * width if code < _ALL_POINTS else width)
    if width == 0 and code != _ALL_POINTS:
        return BAD_VALUE, -1, -1, 0, at
    if after > octets:
        return TOO_SHORT, -1, -1, 0, at
    count = number(data, start, at, width)
    if code >= _ALL_POINTS:
        return 0, -1, -1, count, after
    last = number(data, start, at + width, width)
    return 0 if count <= last else BAD_VALUE, count, last, last - count + 1, after


@nb.njit(types.int64(U8, types.int64, types.int64, types.int64, types.int64, types.int64), **INNER)
def _sized_octets(data: Array, start: int, at: int, octets: int, prefix: int, count: int) -> int:
    """Octets of ``count`` objects that begin with their size; too many when they are cut."""
    spot = at
    for _ in range(count):
        if spot + prefix > octets:
            return spot + prefix - at
        spot += prefix + number(data, start, spot, prefix)
    return spot - at


@nb.njit(HEADER(U8, types.int64, types.int64, types.int64, types.int64), **INNER)
def read_header(data: Array, start: int, at: int, octets: int, function: int) -> Header:
    """The object header at ``at`` of the fragment at ``start``, which is ``octets`` long."""
    if octets - at < 3:
        return Header(TOO_SHORT, 0, 0, -1, -1, 0, 0, 0, 0, 0, 0)
    head = number(data, start, at, 3)
    group = head & 0xFF
    variation = head >> 8 & 0xFF
    code = head >> 20
    reason, first, last, count, at = _range(data, start, at + 3, octets, head >> 16 & 0x0F)
    if reason != 0 or code >= _RESERVED_PREFIX:
        return Header(reason or BAD_VALUE, group, variation, first, last, 0, 0, 0, 0, 0, 0)
    bits = 0
    if (
        _WITH_DATA[function]
        or group == _AUTHENTICATION
        or (group == _TIME_AND_DATE and _FREEZE_AT_TIME <= function <= _FREEZE_AT_TIME_NR)
    ):
        bits = object_bits(group, variation)
    prefix = _PREFIX_OCTETS[code]
    size = bits + 7 >> 3
    sized = 0
    if code >= _SIZES:
        sized = 1
        size = UNKNOWN
        taken = _sized_octets(data, start, at, octets, prefix, count)
    elif bits == UNKNOWN:
        size = UNKNOWN
        taken = max(octets - at, count + 7 >> 3) if count > 0 else 0
    elif prefix > 0:
        taken = count * (prefix + size)
    else:
        taken = count * bits + 7 >> 3
    reason = TOO_SHORT if taken > octets - at else 0
    return Header(reason, group, variation, first, last, count, prefix, sized, size, at, taken)
