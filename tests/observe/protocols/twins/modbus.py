"""Modbus/TCP read plainly, as *MODBUS Application Protocol V1.1b3* tells it."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from checkvalve.observe.protocols import base

READS = (1, 2, 3, 4)
#: Octets of a request's own fields, by function; with a byte count as the last of them.
FIELDS = {1: 4, 2: 4, 3: 4, 4: 4, 5: 4, 6: 4, 22: 6, 24: 2}
COUNTED = {15: 5, 16: 5, 23: 9}
SPACES = {1: 1, 5: 1, 15: 1, 2: 2, 4: 4}


@dataclass
class Row:
    """One row, its octets as octets."""

    kind: int
    code: int
    device: int
    key: int
    status: int = base.OK
    reason: int = 0
    context: int = 0
    space: int = 0
    first: int = -1
    last: int = -1
    quantity: int = 0
    error: int = -1
    value: float = math.nan
    raw: bytes = b""

    def broken(self, reason: int) -> Row:
        self.status, self.reason = base.MALFORMED, reason
        return self


def frame(data: bytes) -> int:
    """The length of the message that begins here (clause 3.1 of the implementation guide)."""
    if any(data[2:4]):
        return base.NOT_MINE
    if len(data) < 6:
        return base.NEED_MORE
    length = int.from_bytes(data[4:6], "big")
    if not 2 <= length <= 254:
        return base.NOT_MINE
    if len(data) < 8:
        return base.NEED_MORE
    function = data[7]
    if function in (0, 0x80) or (function > 0x80 and length != 3):
        return base.NOT_MINE
    return 6 + length if len(data) >= 6 + length else base.NEED_MORE


def decode(data: bytes, *, from_client: bool) -> Row:
    transaction, _, _, unit, function = struct.unpack(">HHHBB", data[:8])
    pdu = data[8:]
    kind = base.REQUEST if from_client else base.RESPONSE
    row = Row(kind, function, unit, transaction << 8 | unit)
    if function > 0x80:
        row.kind, row.code, row.status = base.RESPONSE, function - 0x80, base.ERROR
        row.error = pdu[0]
        row.context = -1 if row.code in (8, 43) else 0
        return row
    if function in (8, 43):
        width = 2 if function == 8 else 1
        if len(pdu) < width:
            return row.broken(base.TOO_SHORT)
        row.context = int.from_bytes(pdu[:width], "big")
        return row
    return _request(row, pdu) if from_client else _response(row, pdu)


def _response(row: Row, pdu: bytes) -> Row:
    if row.code not in (*READS, 23):
        return row
    if not pdu:
        return row.broken(base.TOO_SHORT)
    if len(pdu) != pdu[0] + 1:
        return row.broken(base.BAD_LENGTH)
    if row.code != 23:
        row.raw = pdu[1:]
        if row.code in (3, 4) and len(row.raw) == 2:
            row.value = float(int.from_bytes(row.raw, "big"))
    return row


def _request(row: Row, pdu: bytes) -> Row:
    code = row.code
    if code in (20, 21):
        row.space = 5
        return row
    fields = FIELDS.get(code) or COUNTED.get(code)
    if fields is None:
        return row
    if len(pdu) < fields:
        return row.broken(base.TOO_SHORT)
    values = pdu[fields:]
    if len(values) != (pdu[fields - 1] if code in COUNTED else 0):
        return row.broken(base.BAD_LENGTH)
    row.space = SPACES.get(code, 3)
    at = 4 if code == 23 else 0
    row.first = int.from_bytes(pdu[at : at + 2], "big")
    row.quantity = (
        int.from_bytes(pdu[at + 2 : at + 4], "big") if code in (*READS, *COUNTED) else 1
    )  # fmt: skip
    row.last = row.first + max(row.quantity, 1) - 1
    if code == 5:
        row.value = float(pdu[2] == 0xFF)
    elif code in (6, 22):
        row.raw = pdu[2:]
        row.value = float(int.from_bytes(pdu[2:], "big")) if code == 6 else math.nan
    else:
        row.raw = values
        if row.quantity == 1 and values and (code == 15 or len(values) == 2):
            row.value = float(values[0] & 1 if code == 15 else int.from_bytes(values, "big"))
    return row
