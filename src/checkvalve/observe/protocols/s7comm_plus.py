"""S7comm-plus, the second protocol of S7 controllers on the same layers.

There is no public specification: what stands here was taken from captures and compared with
what public parsers do. A header of four octets (0x72, version, length of what follows) opens
each fragment; version 3 puts a keyed digest before its content. The last fragment of a message
ends with a trailer of four octets, so that a fragment without it goes on in the next. A
continued fragment is a row of its own (an envelope): a download may be longer than any buffer.

Known limits: of a message only function, sequence number and return value are read, not its
objects; nor are the digests checked. Since TIA Portal V17 all of it may travel in TLS records:
these are rows with the record's type and no content.
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
    MALFORMED,
    MESSAGES,
    OK,
    ONE_WAY,
    REQUEST,
    RESPONSE,
    U8,
    u16be,
    u32be,
)

Array = np.ndarray[Any, Any]

PROTOCOL: Final = 0x72
_NEWEST: Final = 3
#: The last two carry no content: system event, keep alive.
VERSIONS: Final = (1, 2, _NEWEST, 0xFE, 0xFF)
#: Row code of a fragment that continues a message.
_CONTINUED: Final = 0

#: TLS record types (RFC 8446 5.1), from change of cipher to application data, and the version.
TLS_RECORDS: Final = (0x14, 0x15, 0x16, 0x17)
TLS_VERSION: Final = 3

_REQUEST: Final = 0x31
_RESPONSE: Final = 0x32
_NOTIFICATION: Final = 0x33
_WITH_TIME: Final = 0x0400
#: What some controllers answer when the request's flags ask for less.
_SHORT_RESPONSE: Final = 0x02

#: Functions lie from 0x04B1 to 0x05B3 as far as they are known.
_FIRST_FUNCTION: Final = 0x0400
_LAST_FUNCTION: Final = 0x06FF
_CREATE_OBJECT: Final = 0x04CA
_DELETE_OBJECT: Final = 0x04D4
_SET_VARIABLE: Final = 0x04F2
_SET_VARIABLES: Final = 0x0542

#: Context of a request that concerns the session or a subscription, not the controller.
SESSION: Final = 1
#: What opens an object, and ids of classes and attributes as they are written.
_OBJECT: Final = 0xA1
_SESSION_CLASS: Final = 0x821F
_SUBSCRIPTION_CLASS: Final = 0x8769
_CREDIT_LIMIT: Final = 0x881D

#: Keys stand apart from those of the classic protocol.
_KEYS: Final = 2 << 32


@nb.njit(types.int64(U8, types.int64, types.int64), **INNER)
def _return_code(data: Array, at: int, end: int) -> int:
    """The error in the return value at ``at``, a number of 7-bit groups; -1 if there is none.

    Its lowest 16 bits are signed: negative is an error, positive a remark. A ninth octet has
    eight bits.
    """
    value = i64(0)
    for spot in range(at, min(at + 9, end)):
        octet = i64(data[spot])
        value = value << 8 | octet if spot == at + 8 else value << 7 | octet & 0x7F
        if octet < 0x80:
            break
    return value & 0xFFFF if value & 0x8000 else -1


@nb.njit(types.boolean(U8, types.int64, types.int64, types.int64), **INNER)
def _of_session(data: Array, at: int, end: int, function: int) -> bool:
    """Whether the request at ``at`` only opens, keeps or closes a session or a subscription."""
    if end - at < 21:
        return False
    if function == _CREATE_OBJECT:
        if end - at < 32 or data[at + 25] != _OBJECT:
            return False
        created = u16be(data, at + 30)
        return created == _SESSION_CLASS or created == _SUBSCRIPTION_CLASS
    if function == _SET_VARIABLE and u16be(data, at + 19) == _CREDIT_LIMIT:
        return True
    if function == _SET_VARIABLE or function == _SET_VARIABLES or function == _DELETE_OBJECT:
        return u32be(data, at + 14) == u32be(data, at + 9)
    return False


@nb.njit(types.int64(U8, types.int64, types.int64, MESSAGES, types.int64), **INNER)
def decode(data: Array, at: int, end: int, out: Array, n: int) -> int:
    """Decode the content ``data[at:end]`` into row ``n``; the next free row.

    It begins with protocol and version, or with type and version of a TLS record.
    """
    row = out[n]
    row.kind = ENVELOPE
    row.code = data[at]
    if row.code != PROTOCOL:
        return n + 1
    row.code = data[at + 1]
    if row.code > _NEWEST:
        row.kind = ONE_WAY
        return n + 1
    stop = at + 4 + u16be(data, at + 2) if end - at > 4 else end + 1
    spot = at + 4
    if row.code == _NEWEST and stop <= end:
        spot += 1 + i64(data[spot])
    row.code = _CONTINUED
    if spot > stop or stop > end:
        row.status = MALFORMED
        row.reason = BAD_LENGTH
        return n + 1
    if stop - spot < 10:
        return n + 1
    opcode = i64(data[spot])
    function = u16be(data, spot + 3)
    empty = u16be(data, spot + 5)
    if opcode == _NOTIFICATION:
        if (empty == 0 or empty == _WITH_TIME) and u16be(data, spot + 7) == 0:
            row.kind = ONE_WAY
            row.code = _NOTIFICATION
        return n + 1
    if u16be(data, spot + 1) or empty or not _FIRST_FUNCTION <= function <= _LAST_FUNCTION:
        return n + 1
    if opcode == _REQUEST:
        row.kind = REQUEST
        row.context = SESSION if _of_session(data, spot, stop, function) else 0
    elif opcode == _RESPONSE or opcode == _SHORT_RESPONSE:
        row.kind = RESPONSE
        row.error = _return_code(data, spot + 10, stop)
        row.status = ERROR if row.error >= 0 else OK
    else:
        return n + 1
    row.code = function
    row.key = _KEYS | u16be(data, spot + 7)
    return n + 1
