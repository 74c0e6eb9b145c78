"""Userdata of S7comm (ROSCTR 7): what controllers offer beside reading and writing.

Its parameters are a head of three octets, a length, a method, type and group in one octet, a
subfunction and a sequence number; a response adds which part it is and an error. Its data is
one item: return code, transport size, length, octets.

Known limits: the variables that programmer commands watch, modify and force, alarms, and block
transfers between controllers are not decoded; nor are the parts of an answer that takes
several, beyond their octets. What the security group carries is never kept.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import INNER, i64
from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    ERROR,
    MESSAGES,
    ONE_WAY,
    REQUEST,
    RESPONSE,
    TOO_SHORT,
    U8,
    u16be,
)
from checkvalve.observe.protocols.s7comm_items import HEADER, content_octets, malformed

Array = np.ndarray[Any, Any]

#: Row codes of userdata: this, the group shifted by eight, and the subfunction.
_USERDATA: Final = 0x070000
_READ_SZL: Final = 0x070401
_BLOCKS: Final = 0x0703
#: Octets of the name in a request about blocks: of a type, of one block.
_BLOCK_NAMES: Final = np.full(256, -1)
_BLOCK_NAMES[[2, 3]] = 2, 8
_CLOCK: Final = 0x0707
_CYCLIC: Final = 0x0702
#: Cyclic subfunctions that name or carry variables: transfer, change-driven, its change.
_TRANSFER: Final = 1
_CHANGE_DRIVEN: Final = 5
_MODIFY_CHANGE_DRIVEN: Final = 7

#: What the types of userdata make of a row; numerical controls have types of their own.
_KINDS: Final = np.full(16, ONE_WAY)
_KINDS[[4, 7]] = REQUEST
_KINDS[[8, 11]] = RESPONSE

#: In ``space``: the row names a block of the program, or a system status list.
BLOCK: Final = 0x101 << 32
STATUS_LIST: Final = 0x102 << 32


@nb.njit(types.int64(U8, types.int64, types.int64, types.int64, MESSAGES, types.int64), **INNER)
def userdata(data: Array, at: int, body: int, end: int, out: Array, n: int) -> int:
    """Decode parameters ``data[at:body]`` and data ``data[body:end]`` into row ``n``.

    Returns:
        How many variables the data names or carries, from octet 8 of a request's data on, from
        octet 6 of another's; 0 where it is about something else.
    """
    row = out[n]
    row.code = _USERDATA
    if body - at < 8:
        malformed(out, n, TOO_SHORT)
        return 0
    row.code |= i64(data[at + 5] & 15) << 8 | i64(data[at + 6])
    row.kind = _KINDS[data[at + 5] >> 4]
    if body - at >= 12 and u16be(data, at + 10):
        row.status = ERROR
        row.error = u16be(data, at + 10)
        return 0
    if body == end:
        return 0
    octets = content_octets(data, body, end)
    at = body + HEADER
    if octets < 0:
        malformed(out, n, BAD_LENGTH)
        return 0
    group = row.code >> 8
    asks = row.kind == REQUEST
    if group == _CYCLIC:
        transfer = row.code & 0xFF
        if transfer == _TRANSFER or transfer == _CHANGE_DRIVEN or transfer == _MODIFY_CHANGE_DRIVEN:
            return u16be(data, at) if octets >= 4 else i64(0)
    elif asks and row.code == _READ_SZL:
        if octets >= 4:
            row.space = STATUS_LIST | u16be(data, at)
            row.first = u16be(data, at + 2)
            row.last = row.first
    elif row.code == _READ_SZL or group == _CLOCK:
        if octets:
            row.raw = at
            row.raw_octets = octets
    elif asks and octets == _BLOCK_NAMES[row.code & 0xFF] and group == _BLOCKS:
        row.space = BLOCK
        row.name = at
        row.name_octets = octets
    return 0
