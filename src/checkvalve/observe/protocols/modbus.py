"""Modbus/TCP.

Specification: *MODBUS Application Protocol V1.1b3* (2012) and *MODBUS Messaging on TCP/IP
Implementation Guide V1.0b* (2006). Not decoded: RTU framing over TCP, Modbus Security
(closed content), the content of file records (functions 20, 21), of the diagnostics (8) and
of vendor functions such as 90.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numba as nb
import numpy as np

from checkvalve.observe.compiling import JIT, i64
from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    DECODE,
    ERROR,
    FRAME,
    MALFORMED,
    NEED_MORE,
    NOT_MINE,
    REQUEST,
    RESPONSE,
    TOO_SHORT,
    Function,
    Protocol,
    begin,
    u16be,
)
from checkvalve.records import Intent

Array = np.ndarray[Any, Any]

_HEADER: Final = 7
COIL: Final = 1
DISCRETE_INPUT: Final = 2
HOLDING_REGISTER: Final = 3
INPUT_REGISTER: Final = 4
FILE: Final = 5
_SPACES: Final = {
    COIL: "coil",
    DISCRETE_INPUT: "discrete input",
    HOLDING_REGISTER: "holding register",
    INPUT_REGISTER: "input register",
    FILE: "file record",
}
_FUNCTIONS: Final = {
    1: Function("Read Coils", Intent.READ),
    2: Function("Read Discrete Inputs", Intent.READ),
    3: Function("Read Holding Registers", Intent.READ),
    4: Function("Read Input Registers", Intent.READ),
    5: Function("Write Single Coil", Intent.WRITE),
    6: Function("Write Single Register", Intent.WRITE),
    7: Function("Read Exception Status", Intent.READ),
    8: Function("Diagnostics", Intent.OTHER),
    11: Function("Get Comm Event Counter", Intent.READ),
    12: Function("Get Comm Event Log", Intent.READ),
    15: Function("Write Multiple Coils", Intent.WRITE),
    16: Function("Write Multiple Registers", Intent.WRITE),
    17: Function("Report Server ID", Intent.DISCOVER),
    20: Function("Read File Record", Intent.READ),
    21: Function("Write File Record", Intent.WRITE),
    22: Function("Mask Write Register", Intent.WRITE),
    23: Function("Read/Write Multiple Registers", Intent.WRITE),
    24: Function("Read FIFO Queue", Intent.READ),
    43: Function("Encapsulated Interface Transport", Intent.OTHER),
    90: Function("UMAS", Intent.PROGRAM),
}
#: Diagnostics sub-functions (clause 6.8) that change a device's state.
_DIAGNOSTICS: Final = {
    0: Function("Diagnostics: Return Query Data", Intent.READ),
    1: Function("Diagnostics: Restart Communications Option", Intent.CONTROL),
    4: Function("Diagnostics: Force Listen Only Mode", Intent.CONTROL),
    10: Function("Diagnostics: Clear Counters and Diagnostic Register", Intent.CONTROL),
}
#: MEI types of function 43 (clauses 6.20 and 6.21).
_MEI: Final = {
    13: Function("CANopen General Reference", Intent.OTHER),
    14: Function("Read Device Identification", Intent.DISCOVER),
}


@nb.njit(FRAME, **JIT)
def _frame(data: Array, start: int, end: int) -> int:
    """MBAP header: transaction, protocol 0, length 2 to 254, unit; then the function."""
    have = end - start
    if (have > 2 and data[start + 2]) or (have > 3 and data[start + 3]):
        return NOT_MINE
    if have < 6:
        return NEED_MORE
    length = u16be(data, start + 4)
    if length < 2 or length > 254:
        return NOT_MINE
    if have < 8:
        return NEED_MORE
    function = data[start + 7]
    if function & 0x7F == 0 or (function > 0x80 and length != 3):
        return NOT_MINE
    return 6 + length if have >= 6 + length else NEED_MORE


@nb.njit(DECODE, **JIT)
def _decode(data: Array, start: int, end: int, from_client: bool, out: Array, n: int) -> int:
    begin(out, n)
    row = out[n]
    function = i64(data[start + 7])
    row.device = data[start + 6]
    row.key = u16be(data, start) << 8 | i64(data[start + 6])
    row.kind = REQUEST if from_client else RESPONSE
    row.code = function
    at = start + _HEADER + 1
    size = end - at
    if function > 0x80:
        row.kind = RESPONSE
        row.code = function & 0x7F
        row.status = ERROR
        row.error = data[at]
        if row.code in (8, 43):
            row.context = -1
        return n + 1
    if function == 8 or function == 43:
        if size < (2 if function == 8 else 1):
            row.status = MALFORMED
            row.reason = TOO_SHORT
            return n + 1
        row.context = u16be(data, at) if function == 8 else i64(data[at])
        return n + 1
    if row.kind == RESPONSE:
        if 1 <= function <= 4 or function == 23:
            octets = i64(data[at]) if size else i64(0)
            if size != octets + 1:
                row.status = MALFORMED
                row.reason = BAD_LENGTH if size else TOO_SHORT
                return n + 1
            if function != 23:
                row.raw = at + 1
                row.raw_octets = octets
                if octets == 2 and function >= 3:
                    row.value = u16be(data, at + 1)
        return n + 1
    if function in (1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 24):
        needed = 4
        if function == 22:
            needed = 6
        elif function == 23:
            needed = 9
        elif function == 15 or function == 16:
            needed = 5
        elif function == 24:
            needed = 2
        if size < needed:
            row.status = MALFORMED
            row.reason = TOO_SHORT
            return n + 1
        counted = i64(0)
        if needed == 5 or needed == 9:
            counted = i64(data[at + needed - 1])
        if size != needed + counted:
            row.status = MALFORMED
            row.reason = BAD_LENGTH
            return n + 1
        row.space = HOLDING_REGISTER
        if function in (1, 5, 15):
            row.space = COIL
        elif function == 2:
            row.space = DISCRETE_INPUT
        elif function == 4:
            row.space = INPUT_REGISTER
        place = at + 4 if function == 23 else at
        row.first = u16be(data, place)
        row.quantity = 1
        if function in (1, 2, 3, 4, 15, 16, 23):
            row.quantity = u16be(data, place + 2)
        row.last = row.first + max(row.quantity, 1) - 1
        if function == 5:
            row.value = 1.0 if data[at + 2] == 0xFF else 0.0
        elif function == 6:
            row.value = u16be(data, at + 2)
            row.raw = at + 2
            row.raw_octets = 2
        elif function == 22:
            row.raw = at + 2
            row.raw_octets = 4
        elif counted:
            row.raw = at + needed
            row.raw_octets = counted
            if function == 15 and row.quantity == 1:
                row.value = np.float64(data[at + needed] & 1)
            elif function != 15 and row.quantity == 1 and counted == 2:
                row.value = u16be(data, at + needed)
    elif function == 20 or function == 21:
        row.space = FILE
    return n + 1


class Modbus(Protocol):
    """Modbus/TCP and Modbus over UDP.

    Known limits: a server's messages can be told from a client's only by who opened the
    conversation, or by the port.
    """

    name = "modbus"
    dialects: ClassVar[tuple[str, ...]] = ("modbus",)
    tcp_ports: ClassVar[tuple[int, ...]] = (502, 802)
    udp_ports: ClassVar[tuple[int, ...]] = (502,)
    replies_in_order = True
    frame = _frame
    decode = _decode

    def function(self, dialect: int, code: int, context: int) -> Function:
        """See ``Protocol.function``; ``context`` is the sub-function of 8, the MEI type of 43."""
        if code == 8 and context in _DIAGNOSTICS:
            return _DIAGNOSTICS[context]
        if code == 43 and context in _MEI:
            return _MEI[context]
        return _FUNCTIONS.get(code, Function(f"function {code}", Intent.OTHER))

    def space(self, dialect: int, space: int, name: bytes) -> str:
        """See ``Protocol.space``."""
        return _SPACES.get(space, "")
