"""Capture formats: where each frame lies in the buffer, and when it was seen.

pcap: draft-ietf-opsawg-pcap. pcapng: draft-ietf-opsawg-pcapng. The kernels walk records in
the buffer; they copy nothing. A last record cut short is normal: it is left for the next
buffer. An impossible length stops the reading.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.captures.packet import BUFFER, I64S, PACKETS
from checkvalve.observe.compiling import INNER, JIT, i64

Array = np.ndarray[Any, Any]

#: No sensor cuts frames later; libpcap's MAXIMUM_SNAPLEN.
LONGEST_FRAME: Final = 262_144
LONGEST_BLOCK: Final = 1 << 24
MOST_INTERFACES: Final = 1024

# Places in a reader's state.
POSITION: Final = 0  # where the next record starts in the buffer
NUMBER: Final = 1  # packets read so far
ERROR: Final = 2  # 0, or one of the reasons below
LAST_TIME: Final = 3
SWAPPED: Final = 4
NANOSECONDS: Final = 5  # pcap
LINK: Final = 6  # pcap
SNAP: Final = 7  # pcap
INTERFACES: Final = 5  # pcapng: how many in this section
SKIP: Final = 9  # pcapng: octets of a long block that is not read
DROPPED: Final = 8  # packets that the sensor says it dropped
STATE: Final = 16

IMPOSSIBLE_LENGTH: Final = 1
BAD_BYTE_ORDER: Final = 2
TOO_MANY_INTERFACES: Final = 3
UNKNOWN_INTERFACE: Final = 4
REASONS: Final = {
    IMPOSSIBLE_LENGTH: "a record has an impossible length",
    BAD_BYTE_ORDER: "a section header has no byte-order mark",
    TOO_MANY_INTERFACES: f"a section has more than {MOST_INTERFACES} interfaces",
    UNKNOWN_INTERFACE: "a packet names an interface that the section does not have",
}

#: link type, snap length, resolution, offset in s; resolution as if_tsresol, drops last seen.
INTERFACE_FIELDS: Final = 5
TABLE: Final = types.Array(types.int64, 2, "C")


@nb.njit(types.int64(BUFFER, types.int64, types.int64), **INNER)
def _u32(data: Array, at: int, swapped: int) -> int:
    if swapped:
        return (
            i64(data[at]) << 24
            | i64(data[at + 1]) << 16
            | i64(data[at + 2]) << 8
            | i64(data[at + 3])
        )
    return (
        i64(data[at + 3]) << 24 | i64(data[at + 2]) << 16 | i64(data[at + 1]) << 8 | i64(data[at])
    )


@nb.njit(types.int64(BUFFER, types.int64, types.int64), **INNER)
def _u16(data: Array, at: int, swapped: int) -> int:
    if swapped:
        return i64(data[at]) << 8 | i64(data[at + 1])
    return i64(data[at + 1]) << 8 | i64(data[at])


@nb.njit(types.int64(BUFFER, types.int64, I64S, PACKETS), **JIT)
def read_pcap(data: Array, end: int, state: Array, out: Array) -> int:
    """Fill ``out`` with the whole records of ``data[state[POSITION]:end]``; how many."""
    at = state[POSITION]
    swapped = state[SWAPPED]
    scale = i64(1) if state[NANOSECONDS] else i64(1000)
    longest = max(i64(LONGEST_FRAME), min(state[SNAP], i64(LONGEST_BLOCK)))
    n = 0
    while n < len(out) and at + 16 <= end:
        captured = _u32(data, at + 8, swapped)
        if captured > longest:
            state[ERROR] = IMPOSSIBLE_LENGTH
            break
        if at + 16 + captured > end:
            break
        row = out[n]
        row.time = _u32(data, at, swapped) * 1_000_000_000 + _u32(data, at + 4, swapped) * scale
        row.offset = at + 16
        row.captured = captured
        row.original = min(_u32(data, at + 12, swapped), i64(0x7FFFFFFF))
        row.link = state[LINK]
        state[NUMBER] += 1
        row.number = state[NUMBER]
        n += 1
        at += 16 + captured
    state[POSITION] = at
    return n


@nb.njit(types.int64(types.int64, types.int64, types.int64), **INNER)
def _nanoseconds(stamp: int, resolution: int, offset: int) -> int:
    """A timestamp in the interface's own unit (if_tsresol, clause 4.2) as ns since 1970."""
    power = resolution & 0x7F
    seconds = i64(0)
    rest = i64(0)
    if resolution & 0x80:
        if power < 63:
            seconds = stamp >> power
            rest = stamp & ((i64(1) << power) - 1)
            if power > 30:
                rest >>= power - 30
                power = 30
            rest = (rest * 1_000_000_000) >> power
    elif power <= 18:
        unit = i64(1)
        for _ in range(power):
            unit *= 10
        seconds = stamp // unit
        rest = stamp % unit
        rest = rest * (1_000_000_000 // unit) if power <= 9 else rest // (unit // 1_000_000_000)
    return (seconds + offset) * 1_000_000_000 + rest


@nb.njit(types.void(BUFFER, types.int64, types.int64, types.int64, I64S), **INNER)
def _interface(data: Array, at: int, length: int, swapped: int, row: Array) -> None:
    """Read an Interface Description Block whose body begins at ``at``."""
    row[0] = _u16(data, at, swapped)
    row[1] = _u32(data, at + 4, swapped)
    row[2] = 6
    row[3] = 0
    row[4] = 0
    option = at + 8
    end = at + length
    while option + 4 <= end:
        code = _u16(data, option, swapped)
        size = _u16(data, option + 2, swapped)
        if code == 0 or option + 4 + size > end:
            break
        if code == 9 and size >= 1:
            row[2] = data[option + 4]
        if code == 14 and size >= 8:
            low = _u32(data, option + (8 if swapped else 4), swapped)
            high = _u32(data, option + (4 if swapped else 8), swapped)
            offset = high << 32 | low
            # A year that no clock shows is an error of the writer, not a time.
            row[3] = offset if -(1 << 33) < offset < (1 << 33) else 0
        option += 4 + (size + 3) // 4 * 4


@nb.njit(types.int64(BUFFER, types.int64, types.int64, types.int64), **INNER)
def _drops(data: Array, at: int, end: int, swapped: int) -> int:
    """The drops of an Interface Statistics Block: by the interface and by the system."""
    total = i64(0)
    option = at
    while option + 4 <= end:
        code = _u16(data, option, swapped)
        size = _u16(data, option + 2, swapped)
        if code == 0 or option + 4 + size > end:
            break
        if code in (5, 7) and size == 8:
            total += _u32(data, option + (8 if swapped else 4), swapped)
        option += 4 + (size + 3) // 4 * 4
    return total


@nb.njit(types.int64(BUFFER, types.int64, I64S, TABLE, PACKETS), **JIT)
def read_pcapng(data: Array, end: int, state: Array, interfaces: Array, out: Array) -> int:
    """Fill ``out`` with the packets of the whole blocks from ``state[POSITION]``; how many."""
    at = state[POSITION]
    if state[SKIP]:
        step = min(state[SKIP], end - at)
        at += step
        state[SKIP] -= step
    n = 0
    while n < len(out) and at + 12 <= end:
        kind = _u32(data, at, state[SWAPPED])
        if kind == 0x0A0D0D0A:
            if data[at + 8] == 0x1A and data[at + 9] == 0x2B:
                state[SWAPPED] = 1
            elif data[at + 8] == 0x4D and data[at + 9] == 0x3C:
                state[SWAPPED] = 0
            else:
                state[ERROR] = BAD_BYTE_ORDER
                break
        swapped = state[SWAPPED]
        length = _u32(data, at + 4, swapped)
        if length < 12 or length % 4 or length > (1 << 30):
            state[ERROR] = IMPOSSIBLE_LENGTH
            break
        if length > LONGEST_BLOCK:
            step = min(length, end - at)
            at += step
            state[SKIP] = length - step
            break
        if at + length > end:
            break
        body = at + 8
        size = length - 12
        captured = i64(-1)
        original = i64(0)
        frame = i64(0)
        interface = i64(0)
        if kind == 0x0A0D0D0A:
            state[INTERFACES] = 0
        elif kind == 1 and size >= 8:
            if state[INTERFACES] >= MOST_INTERFACES:
                state[ERROR] = TOO_MANY_INTERFACES
                break
            _interface(data, body, size, swapped, interfaces[state[INTERFACES]])
            state[INTERFACES] += 1
        elif kind == 6 and size >= 20:
            interface = _u32(data, body, swapped)
            frame = body + 20
            captured = _u32(data, body + 12, swapped)
            original = _u32(data, body + 16, swapped)
        elif kind == 2 and size >= 20:
            interface = _u16(data, body, swapped)
            frame = body + 20
            captured = _u32(data, body + 12, swapped)
            original = _u32(data, body + 16, swapped)
        elif kind == 3 and size >= 4:
            frame = body + 4
            original = _u32(data, body, swapped)
            captured = min(original, size - 4)
            if state[INTERFACES] and interfaces[0, 1] > 0:
                captured = min(captured, interfaces[0, 1])
        elif kind == 5 and size >= 12:
            interface = _u32(data, body, swapped)
            if interface < state[INTERFACES]:
                drops = _drops(data, body + 12, body + size, swapped)
                state[DROPPED] += max(drops - interfaces[interface, 4], i64(0))
                interfaces[interface, 4] = drops
        if captured >= 0:
            if interface >= state[INTERFACES]:
                state[ERROR] = UNKNOWN_INTERFACE
                break
            if frame + captured > body + size:
                state[ERROR] = IMPOSSIBLE_LENGTH
                break
            row = out[n]
            if kind != 3:
                stamp = _u32(data, body + 4, swapped) << 32 | _u32(data, body + 8, swapped)
                state[LAST_TIME] = _nanoseconds(
                    stamp, interfaces[interface, 2], interfaces[interface, 3]
                )
            row.time = state[LAST_TIME]
            row.offset = frame
            row.captured = captured
            row.original = min(original, i64(0x7FFFFFFF))
            row.link = interfaces[interface, 0]
            state[NUMBER] += 1
            row.number = state[NUMBER]
            n += 1
        at += length
    state[POSITION] = at
    return n
