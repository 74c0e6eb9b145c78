"""The two lower layers of DNP3: link frames and the transport function.

A link frame is a header of ten octets (start 0x0564, length, control, destination, source,
checksum) and blocks of sixteen octets of user data, each with a checksum of its own (IEEE
1815-2012, 9.2.4). The first octet of the user data belongs to the transport function (clause
8): it says whether the segment begins (FIR) or ends (FIN) a fragment of the application
layer, and counts modulo 64. So the octets of a fragment never lie in one piece: ``place``
finds each where it is, and nothing is copied.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import INNER, JIT, i64
from checkvalve.observe.protocols.base import (
    BAD_CHECKSUM,
    FRAME,
    INCOMPLETE,
    NEED_MORE,
    NOT_MINE,
    U8,
    u32le,
)

Array = np.ndarray[Any, Any]

#: How those are compiled that read many octets: they see to it by themselves, with one check for
#: all of them, that they read nothing outside ``data``.
GUARDED: Final = INNER | {"boundscheck": False}

HEADER_OCTETS: Final = 10
BLOCK_OCTETS: Final = 16
#: The length field counts control, destination and source.
SMALLEST_LENGTH: Final = 5
#: Frames that one fragment may take: 64,240 octets on the wire, over thirty times the 2,048
#: octets that the standard asks a device to accept.
MOST_FRAMES: Final = 220

PRIMARY: Final = 0x40
FROM_MASTER: Final = 0x80
FIN: Final = 0x80
FIR: Final = 0x40
_SEQUENCE: Final = 0x3F

#: CRC-16/DNP: x^16 + x^13 + x^12 + x^11 + x^10 + x^8 + x^6 + x^5 + x^2 + 1, least
#: significant bit first.
_POLYNOMIAL: Final = 0xA6BC


def _checksums() -> np.ndarray[Any, np.dtype[np.uint16]]:
    table = np.zeros(256, np.uint16)
    for octet in range(256):
        value = octet
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table[octet] = value
    return table


_CHECKSUMS: Final = _checksums()


@nb.njit(types.boolean(U8, types.int64, types.int64), **GUARDED)
def checksum_holds(data: Array, at: int, octets: int) -> bool:
    """Whether ``data[at:at + octets]`` agrees with the checksum that follows it."""
    if at + octets + 2 > len(data):
        return False
    value = 0
    for spot in range(at, at + octets):
        value = value >> 8 ^ _CHECKSUMS[(value ^ data[spot]) & 0xFF]
    found: int = data[at + octets] | i64(data[at + octets + 1]) << 8
    return value ^ 0xFFFF == found


@nb.njit(types.int64(U8, types.int64), **GUARDED)
def frame_octets(data: Array, at: int) -> int:
    """The whole length of the link frame at ``at``, its checksums included."""
    if at + HEADER_OCTETS > len(data):
        return HEADER_OCTETS
    held: int = data[at + 2] - SMALLEST_LENGTH
    return HEADER_OCTETS + held + (held + BLOCK_OCTETS - 1 >> 4 << 1)


@nb.njit(types.int64(U8, types.int64), **GUARDED)
def segment_octets(data: Array, at: int) -> int:
    """Octets of user data, the transport octet included; 0 for a frame of the link alone.

    Only CONFIRMED_USER_DATA (3) and UNCONFIRMED_USER_DATA (4) carry any.
    """
    if at + HEADER_OCTETS > len(data):
        return 0
    function = data[at + 3] & 0x4F
    held: int = data[at + 2] - SMALLEST_LENGTH
    return held if function == PRIMARY | 3 or function == PRIMARY | 4 else 0


@nb.njit(types.int64(U8, types.int64, types.int64), **GUARDED)
def _link_frame(data: Array, at: int, end: int) -> int:
    """The length of the link frame at ``at``, which may pass ``end``; or why there is none.

    Its header must be whole and agree with its checksum; a receiver passes over any other.
    """
    have = min(end, len(data)) - at
    if (
        (have > 0 and data[at] != 0x05)
        or (have > 1 and data[at + 1] != 0x64)
        or (have > 2 and data[at + 2] < SMALLEST_LENGTH)
    ):
        return NOT_MINE
    if have < HEADER_OCTETS:
        return NEED_MORE
    return frame_octets(data, at) if checksum_holds(data, at, HEADER_OCTETS - 2) else NOT_MINE


@nb.njit(FRAME, **JIT)
def frame(data: Array, start: int, end: int) -> int:
    """The octets from the link frame at ``start`` to the one that ends its fragment.

    A frame of the link alone stands for itself, but may also lie between two segments. What
    should follow and does not (another pair of stations, another fragment, a missing segment,
    no frame at all) cuts the fragment short. No message begins with a later segment.
    """
    stop = start
    sequence = 0
    for _ in range(MOST_FRAMES):
        octets = _link_frame(data, stop, end)
        if octets == NOT_MINE:
            break
        if octets == NEED_MORE or (octets > HEADER_OCTETS and end - stop == HEADER_OCTETS):
            return NEED_MORE
        final = stop == start
        if segment_octets(data, stop) > 0:
            transport: int = data[stop + HEADER_OCTETS] & 0xFF
            if stop == start:
                if transport & FIR == 0:
                    return NOT_MINE
                sequence = transport
            elif transport & (FIR | _SEQUENCE) != sequence & _SEQUENCE or (
                u32le(data, stop + 4) != u32le(data, start + 4)  # destination and source
            ):
                break
            sequence += 1
            final = transport & FIN != 0
        stop += octets
        if stop > end:
            return NEED_MORE
        if final:
            break
    return stop - start


@nb.njit(types.boolean(U8, types.int64), **GUARDED)
def blocks_hold(data: Array, at: int) -> bool:
    """Whether every block of the link frame at ``at`` agrees with its checksum."""
    left = frame_octets(data, at) - HEADER_OCTETS
    spot = at + HEADER_OCTETS
    while left > 0:
        if not checksum_holds(data, spot, min(left - 2, BLOCK_OCTETS)):
            return False
        spot += BLOCK_OCTETS + 2
        left -= BLOCK_OCTETS + 2
    return True


@nb.njit(types.UniTuple(types.int64, 3)(U8, types.int64, types.int64), **GUARDED)
def gather(data: Array, start: int, end: int) -> tuple[int, int, int]:
    """What the frames hold that ``frame`` found to be one fragment.

    Returns:
        octets of the application layer; the reason why they cannot be read, or 0; frames of
        the link alone among them.
    """
    octets = alone = 0
    reason = INCOMPLETE
    holds = True
    at = start
    while at < end:
        held = segment_octets(data, at)
        if held == 0:
            alone += 1
        else:
            octets += held - 1
            holds &= blocks_hold(data, at)
            if at + HEADER_OCTETS < len(data) and data[at + HEADER_OCTETS] & FIN:
                reason = 0
        at += frame_octets(data, at)
    return octets, reason if holds else BAD_CHECKSUM, alone


@nb.njit(types.int64(U8, types.int64, types.int64), **GUARDED)
def place(data: Array, start: int, offset: int) -> int:
    """Where octet ``offset`` of the application layer lies, of the fragment at ``start``.

    The caller knows from ``gather`` that the fragment holds it; else it is ``len(data)``.
    """
    at = start
    spot = offset + 1
    while at < len(data):
        held = segment_octets(data, at)
        if spot < held:
            return at + HEADER_OCTETS + spot + (spot >> 4 << 1)
        spot -= max(held - 1, 0)
        at += frame_octets(data, at)
    return len(data)


@nb.njit(types.int64(U8, types.int64, types.int64, types.int64), **GUARDED)
def number(data: Array, start: int, offset: int, octets: int) -> int:
    """An unsigned number of up to eight octets of the application layer, least first."""
    value = 0
    for spot in range(octets):
        at = place(data, start, offset + spot)
        if at < len(data):
            value |= i64(data[at]) << 8 * spot
    return value
