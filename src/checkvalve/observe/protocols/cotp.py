"""The two layers below S7comm: TPKT packets, and COTP units of the transport class 0.

A TPKT header (RFC 1006 clause 6, RFC 2126 clause 4.3) is version 3, a zero and the length of
the packet, itself included. Each packet holds one unit of the connection-oriented transport
protocol (ISO/IEC 8073, which is ITU-T X.224, clause 13): a length indicator, a code, and what
the code demands. Data units carry a mark on the last one of a message (EOT): the content of a
message may lie in several packets. ``join`` puts it together, ``lead_back`` says where it lay.

An empty data unit without the mark, which S7 stacks send as an acknowledgement of their own,
is a message by itself.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import INNER, i64
from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    ENVELOPE,
    ERROR,
    FRAME,
    MALFORMED,
    MESSAGES,
    NEED_MORE,
    NOT_MINE,
    ONE_WAY,
    REQUEST,
    RESPONSE,
    U8,
    u16be,
)

Array = np.ndarray[Any, Any]

#: How a kernel is compiled that needs room of its own, which it must count references to.
ALLOCATING: Final[dict[str, Any]] = {**INNER, "_nrt": True}

_VERSION: Final = 3
CONNECTION_REQUEST: Final = 0xE0
CONNECTION_CONFIRM: Final = 0xD0
DISCONNECT_REQUEST: Final = 0x80
DISCONNECT_CONFIRM: Final = 0xC0
TPDU_ERROR: Final = 0x70
DATA: Final = 0xF0

#: The mark of a message's last data unit.
_EOT: Final = 0x80
#: Packet header, length indicator, code and mark: where the content of a data unit begins.
DATA_HEADER: Final = 7
#: Packets are put together up to this many octets; longer messages are not recognised.
MOST_OCTETS: Final = 65_536

_CALLED_SELECTOR: Final = 0xC2
#: Parameters of a unit have codes from here on (13.2.3); RDP's negotiation has none such.
_FIRST_PARAMETER: Final = 0x80

#: Keys of connections stand apart from those of the messages above.
_KEYS: Final = 1 << 32
#: In ``space``: the row names a transport selector.
SELECTOR: Final = 0x103 << 32

#: Octets before the parameters of a unit that is not data, by its code; 0 if there is none.
_FIXED: Final = np.zeros(256, np.int64)
_FIXED[[CONNECTION_REQUEST, CONNECTION_CONFIRM, DISCONNECT_REQUEST]] = 11
_FIXED[DISCONNECT_CONFIRM] = 10
_FIXED[TPDU_ERROR] = 9


@nb.njit(FRAME, **INNER)
def _packet(data: Array, at: int, end: int) -> int:
    """The length of the packet at ``at``; or ``NEED_MORE``, or ``NOT_MINE``."""
    room = end - at
    if (room > 0 and data[at] != _VERSION) or (room > 1 and data[at + 1]):
        return NOT_MINE
    if room < DATA_HEADER:
        return NEED_MORE
    size = u16be(data, at + 2)
    code = i64(data[at + 5])
    if code == DATA:
        if size < DATA_HEADER or data[at + 4] != 2:
            return NOT_MINE
        return size if size <= room else NEED_MORE
    fixed = _FIXED[code]
    if fixed == 0 or fixed > size or size != 5 + i64(data[at + 4]):
        return NOT_MINE
    if size > room:
        return NEED_MORE
    if code >= CONNECTION_CONFIRM and (size == fixed or data[at + 10] & 0xF0):
        return NOT_MINE
    spot = at + fixed
    while spot + 2 <= at + size and data[spot] >= _FIRST_PARAMETER:
        spot += 2 + i64(data[spot + 1])
    return size if spot == at + size else NOT_MINE


@nb.njit(FRAME, **INNER)
def message(data: Array, start: int, end: int) -> int:
    """The length of the message at ``start``: one packet, or all up to the mark of the last."""
    at = start
    while at - start < MOST_OCTETS:
        size = _packet(data, at, end)
        if size <= 0:
            return size
        if data[at + 5] != DATA:
            return size if at == start else NOT_MINE
        if data[at + 6] & _EOT or (at == start and size == DATA_HEADER):
            return at + size - start
        at += size
    return NOT_MINE


@nb.njit(types.int64(U8, types.int64, types.int64, types.uint8[::1]), **INNER)
def join(data: Array, start: int, end: int, content: Array) -> int:
    """Copy the content of the data units in ``data[start:end]``; how many octets it has."""
    octets = 0
    at = start
    while at + DATA_HEADER <= end:
        size = max(u16be(data, at + 2), DATA_HEADER)
        for place in range(at + DATA_HEADER, min(at + size, end)):
            content[octets] = data[place]
            octets += 1
        at += size
    return octets


@nb.njit(types.void(U8, types.int64, types.int64, MESSAGES, types.int64, types.int64), **INNER)
def lead_back(data: Array, start: int, end: int, out: Array, first: int, after: int) -> None:
    """Turn offsets into ``join``'s copy, in rows ``first`` to ``after``, into those in ``data``.

    Of a value in several packets, what lies in the first of them is kept; of a name, nothing.
    """
    for n in range(first, after):
        row = out[n]
        raw = row.raw
        name = row.name
        row.name = -1
        at = start
        while at + DATA_HEADER <= end:
            size = max(u16be(data, at + 2), DATA_HEADER)
            held = min(at + size, end) - at - DATA_HEADER
            if 0 <= raw < held:
                row.raw = at + DATA_HEADER + raw
                row.raw_octets = min(row.raw_octets, held - raw)
            if 0 <= name < held and name + row.name_octets <= held:
                row.name = at + DATA_HEADER + name
            raw -= held
            name -= held
            at += size
        if row.name < 0:
            row.name_octets = 0


@nb.njit(types.int64(U8, types.int64, types.int64, MESSAGES, types.int64), **INNER)
def control(data: Array, start: int, end: int, out: Array, n: int) -> int:
    """Decode a unit without content into row ``n``, which is begun; the next free row.

    The code is the unit's. A connection request names the called selector, and has as device
    the second octet of one of two octets, which S7 stacks fill with rack * 32 + slot.
    """
    row = out[n]
    code = i64(data[start + 5])
    row.code = code
    row.kind = ENVELOPE if code == DATA else ONE_WAY
    if code == DATA:
        return n + 1
    if end - start < max(_FIXED[code], 9):
        row.status = MALFORMED
        row.reason = BAD_LENGTH
    elif code == CONNECTION_REQUEST:
        row.kind = REQUEST
        row.key = _KEYS | u16be(data, start + 8)
        at = start + 11
        while at + 2 <= end:
            octets = i64(data[at + 1])
            if data[at] == _CALLED_SELECTOR and at + 2 + octets <= end:
                row.space = SELECTOR
                row.name = at + 2
                row.name_octets = octets
                if octets == 2 and 1 <= data[at + 2] <= 3:
                    row.device = data[at + 3]
            at += 2 + octets
    elif code == CONNECTION_CONFIRM or code == DISCONNECT_REQUEST:
        row.kind = RESPONSE
        row.key = _KEYS | u16be(data, start + 6)
        if code == DISCONNECT_REQUEST:
            row.status = ERROR
            row.error = data[start + 10]
    elif code == TPDU_ERROR:
        row.status = ERROR
        row.error = data[start + 8]
    return n + 1
