"""S7comm read again, slowly and plainly, from octet strings: what the kernels must agree with.

Written apart from the kernels, with slices and exceptions instead of offsets and checks.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field

from checkvalve.observe.protocols import base

NEED_MORE = base.NEED_MORE
NOT_MINE = base.NOT_MINE

CALLED_SELECTOR = 0xC2
WIDTHS = {1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 4, 8: 4, 9: 2, 10: 4, 11: 4, 12: 2, 15: 8}
FORMATS = {2: ">B", 3: ">B", 4: ">H", 5: ">h", 6: ">I", 7: ">i", 8: ">f"}
SERVICES = {b"P_PROGRAM": 1, b"_INSE": 2, b"_DELE": 3, b"_MODU": 4, b"_GARB": 5}


@dataclass
class Row:
    """One row, with the fields that ``decode`` fills; ``name`` and ``raw`` are octets."""

    dialect: int = 0
    kind: int = base.REQUEST
    status: int = base.OK
    reason: int = 0
    item: int = 0
    code: int = 0
    context: int = 0
    device: int = -1
    key: int = 0
    space: int = 0
    name: bytes | None = None
    first: int = -1
    last: int = -1
    quantity: int = 0
    error: int = -1
    value: float = field(default=math.nan)
    raw: bytes | None = None

    def broken(self, reason: int) -> Row:
        self.status = base.MALFORMED
        self.reason = reason
        return self


def number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


# Packets and units.


def packet(data: bytes) -> int:
    """Length of the packet that ``data`` begins with."""
    if data[:2] != b"\x03\x00"[: len(data[:2])]:
        return NOT_MINE
    if len(data) < 7:
        return NEED_MORE
    size, indicator, code = number(data[2:4]), data[4], data[5]
    if code == 0xF0:
        if size < 7 or indicator != 2:
            return NOT_MINE
        return size if len(data) >= size else NEED_MORE
    fixed = {0xE0: 11, 0xD0: 11, 0x80: 11, 0xC0: 10, 0x70: 9}.get(code)
    if fixed is None or size != indicator + 5 or size < fixed:
        return NOT_MINE
    if len(data) < size:
        return NEED_MORE
    parameters = data[fixed:size]
    if code in (0xE0, 0xD0) and (not parameters or data[10] >> 4):
        return NOT_MINE
    while parameters:
        if len(parameters) < 2 or parameters[0] < 0x80 or len(parameters) < 2 + parameters[1]:
            return NOT_MINE
        parameters = parameters[2 + parameters[1] :]
    return size


def message(data: bytes) -> int:
    """Length of the message that ``data`` begins with, whatever its content."""
    octets = 0
    while octets < 65_536:
        size = packet(data[octets:])
        if size <= 0:
            return size
        unit = data[octets : octets + size]
        octets += size
        if unit[5] != 0xF0:
            return octets if octets == size else NOT_MINE
        if unit[6] >= 0x80 or (octets == size == 7):
            return octets
    return NOT_MINE


def is_s7(opening: bytes) -> bool:
    first, second = opening
    if first == 0x32:
        return second in (1, 2, 3, 7)
    if first == 0x72:
        return second in (1, 2, 3, 0xFE, 0xFF)
    return 0x14 <= first <= 0x17 and second == 3


def frame(data: bytes) -> int:
    length = message(data)
    if length in (NOT_MINE, 7) or len(data) < 7 or data[5] != 0xF0:
        return length
    if number(data[2:4]) < 9 or (len(data) >= 9 and not is_s7(data[7:9])):
        return NOT_MINE
    return length


# Content.


def decode(data: bytes) -> list[Row]:
    if len(data) < 7:
        return [Row().broken(base.TOO_SHORT)]
    if data[5] != 0xF0 or len(data) == 7:
        return [unit(data)]
    if number(data[2:4]) == len(data):
        return content(data[7:])
    pieces = []
    rest = data
    while len(rest) >= 7:
        size = max(number(rest[2:4]), 7)
        pieces.append(rest[7:size])
        rest = rest[size:]
    rows = content(b"".join(pieces))
    return [in_one_piece(row, pieces) for row in rows]


def in_one_piece(row: Row, pieces: list[bytes]) -> Row:
    """What of a row's octets lies in one packet, told by where they are in the whole."""
    if row.raw is not None and isinstance(row.raw, Slice):
        row.raw = row.raw.within(pieces)
    if row.name is not None and isinstance(row.name, Slice):
        held = row.name.within(pieces)
        row.name = held if len(held) == len(row.name) else None
    return row


class Slice(bytes):
    """Octets that know where they began."""

    at: int

    @classmethod
    def of(cls, data: bytes, at: int, octets: int) -> Slice:
        made = cls(data[at : at + octets])
        made.at = at
        return made

    def within(self, pieces: list[bytes]) -> bytes:
        at = self.at
        for piece in pieces:
            if at < len(piece):
                return bytes(piece[at : at + len(self)])
            at -= len(piece)
        raise AssertionError


def unit(data: bytes) -> Row:
    code = data[5]
    row = Row(dialect=1, code=code, kind=base.ENVELOPE if code == 0xF0 else base.ONE_WAY)
    if code == 0xF0:
        return row
    if len(data) < {0xE0: 11, 0xD0: 11, 0x80: 11, 0xC0: 10}.get(code, 9):
        return row.broken(base.BAD_LENGTH)
    if code == 0xE0:
        row.kind = base.REQUEST
        row.key = 1 << 32 | number(data[8:10])
        at = 11
        while at + 2 <= len(data):
            selector = data[at + 2 : at + 2 + data[at + 1]]
            if data[at] == CALLED_SELECTOR and len(selector) == data[at + 1]:
                row.space, row.name = 0x103 << 32, selector
                if len(selector) == 2 and selector[0] in (1, 2, 3):
                    row.device = selector[1]
            at += 2 + data[at + 1]
    elif code in (0xD0, 0x80):
        row.kind = base.RESPONSE
        row.key = 1 << 32 | number(data[6:8])
    if code in (0x80, 0x70):
        row.status = base.ERROR
        row.error = data[10] if code == 0x80 else data[8]
    return row


def content(data: bytes) -> list[Row]:
    if len(data) < 2:
        return [Row().broken(base.TOO_SHORT)]
    if not is_s7(data[:2]):
        return [Row().broken(base.BAD_VALUE)]
    if data[0] != 0x32:
        return [plus(data)]
    if len(data) < 10:
        return [Row().broken(base.TOO_SHORT)]
    kind, reference, parameters, octets = struct.unpack(">xBxxHHH", data[:10])
    answers = kind in (2, 3)
    head = 12 if answers else 10
    body = head + parameters
    row = Row(kind=base.RESPONSE if answers else base.REQUEST, key=reference)
    if body + octets != len(data):
        return [row.broken(base.BAD_LENGTH)]
    whole = data[: body + octets]
    if kind == 7:
        row.key |= 1 << 16
        return userdata(whole, head, body, row)
    return job(whole, head, body, row)


def again(row: Row, item: int) -> Row:
    if item == 0:
        return row
    return Row(kind=row.kind, code=row.code, key=row.key, item=item)


def job(data: bytes, at: int, body: int, row: Row) -> list[Row]:
    answers = row.kind == base.RESPONSE
    if answers and number(data[10:12]):
        row.status, row.error = base.ERROR, number(data[10:12])
    if at == body:
        row.context = 255
        return [row if answers else row.broken(base.TOO_SHORT)]
    row.code = data[at]
    if row.status == base.ERROR:
        return [row]
    if row.code in (4, 5):
        if body - at < 2:
            return [row.broken(base.TOO_SHORT)]
        if answers and row.code == 5:
            return return_codes(data[body:], data[at + 1], row)
        if answers:
            return answered(data, body, data[at + 1], row)
        rows = specified(data[:body], at + 2, data[at + 1], row)
        return written(data, at + 2, body, rows) if row.code == 5 and data[at + 1] else rows
    if answers:
        if row.code in (0x1B, 0x1E) and len(data) - body > 4:
            row.raw = Slice.of(data, body + 4, len(data) - body - 4)
    elif row.code in (0x1A, 0x1B, 0x1C, 0x1D, 0x28, 0x29):
        named(data[:body], at, row)
    return [row]


def named(data: bytes, at: int, row: Row) -> None:
    place = at + {0x28: 10, 0x29: 6}.get(row.code, 8)
    if row.code == 0x28 and place <= len(data):
        place += number(data[at + 8 : at + 10])
    octets = data[place] if place < len(data) else 0
    name = Slice.of(data, place + 1, octets)
    if not octets or len(name) != octets:
        row.broken(base.BAD_LENGTH)
        return
    row.name = name
    row.space = 0x101 << 32
    if row.code in (0x28, 0x29):
        row.space = 0x105 << 32
        row.context = SERVICES.get(bytes(name), 0)
        if row.context in (2, 3) and place - at >= 20:
            row.space = 0x101 << 32
            row.name = Slice.of(data, at + 12, 8)


def specified(data: bytes, at: int, count: int, row: Row) -> list[Row]:
    """Rows of specifications, to the end of ``data``."""
    rows = []
    for item in range(min(count, base.MAX_ROWS)):
        one = again(row, item)
        rows.append(one)
        if item == base.MAX_ROWS - 1 and count > base.MAX_ROWS:
            one.broken(base.TOO_MANY_ITEMS)
        octets = data[at + 1] + 2 if len(data) >= at + 2 else 0
        text = data[at : at + octets]
        if octets < 3 or len(text) < octets or text[0] != 0x12:
            one.broken(base.BAD_LENGTH)
            break
        if text[2] == 0x10 and octets == 12:
            address(text, one)
        elif text[2] == 0xB0 and octets == 9:
            one.space = 0x84 << 32 | number(text[5:7])
            one.first = number(text[7:9])
            one.last = one.first + max(text[4], 1) - 1
        else:
            one.space = 0x100 << 32 | text[2]
            one.raw = Slice.of(data, at + 2, octets - 2)
        at += octets + octets % 2
    return rows or [row]


def address(text: bytes, row: Row) -> None:
    size, count, block, area = struct.unpack(">BHHB", text[3:9])
    spot = number(text[9:12])
    row.quantity = count
    row.space = area << 32
    if area in (0x84, 0x85):
        row.space |= block
    if area in (0x1C, 0x1D):
        row.first, row.last = spot, spot + max(count, 1) - 1
        return
    octet, bit = divmod(spot, 8)
    row.first = octet
    if size == 1:
        row.space |= (bit + 1) << 16
        row.last = max((spot + count - 1) // 8, octet)
    else:
        row.last = octet + max(WIDTHS.get(size, 0) * count, 1) - 1


def item_octets(data: bytes, at: int) -> int | None:
    """Octets of the content of a data item; nothing if it is cut."""
    if len(data) < at + 4:
        return None
    octets = number(data[at + 2 : at + 4])
    if data[at + 1] in (3, 4, 5):
        octets = math.ceil(octets / 8)
    return octets if len(data) >= at + 4 + octets else None


def return_codes(data: bytes, count: int, row: Row) -> list[Row]:
    rows = []
    for item in range(count):
        one = again(row, item)
        rows.append(one)
        if item >= len(data):
            one.broken(base.BAD_LENGTH)
            break
        if data[item] != 0xFF:
            one.status, one.error = base.ERROR, data[item]
    return rows or [row]


def answered(data: bytes, at: int, count: int, row: Row) -> list[Row]:
    rows = []
    for item in range(min(count, base.MAX_ROWS)):
        one = again(row, item)
        rows.append(one)
        if item == base.MAX_ROWS - 1 and count > base.MAX_ROWS:
            one.broken(base.TOO_MANY_ITEMS)
        octets = item_octets(data, at)
        if octets is None:
            one.broken(base.BAD_LENGTH)
            break
        if data[at] != 0xFF:
            one.status, one.error = base.ERROR, data[at]
        elif octets:
            one.raw = Slice.of(data, at + 4, octets)
        at += 4 + octets + octets % 2
    return rows or [row]


def written(data: bytes, spot: int, at: int, rows: list[Row]) -> list[Row]:
    for row in rows:
        if row.status == base.MALFORMED:
            break
        octets = item_octets(data, at)
        if octets is None:
            row.broken(base.BAD_LENGTH)
            break
        row.raw = Slice.of(data, at + 4, octets)
        size = data[spot + 3] if row.quantity == 1 else 0
        if size in FORMATS and octets == WIDTHS[size]:
            row.value = float(struct.unpack(FORMATS[size], row.raw)[0])
        elif size == 1 and octets == 1:
            row.value = float(row.raw[0] % 2)
        at += 4 + octets + octets % 2
        named_octets = data[spot + 1] + 2
        spot += named_octets + named_octets % 2
    return rows


def userdata(data: bytes, at: int, body: int, row: Row) -> list[Row]:
    row.code = 0x070000
    if body - at < 8:
        return [row.broken(base.TOO_SHORT)]
    kind, group = divmod(data[at + 5], 16)
    row.code += group * 256 + data[at + 6]
    row.kind = {4: base.REQUEST, 7: base.REQUEST, 8: base.RESPONSE, 11: base.RESPONSE}.get(
        kind, base.ONE_WAY
    )
    if body - at >= 12 and number(data[at + 10 : at + 12]):
        row.status, row.error = base.ERROR, number(data[at + 10 : at + 12])
        return [row]
    if body == len(data):
        return [row]
    octets = item_octets(data, body)
    if octets is None:
        return [row.broken(base.BAD_LENGTH)]
    held = Slice.of(data, body + 4, octets)
    asks = row.kind == base.REQUEST
    if row.code in (0x070201, 0x070205, 0x070207):
        count = number(held[:2]) if octets >= 4 else 0
        if not count:
            return [row]
        if asks:
            return specified(data, body + 8, count, row)
        return answered(data, body + 6, count, row)
    if row.code == 0x070401 and asks:
        if octets >= 4:
            row.space = 0x102 << 32 | number(held[:2])
            row.first = row.last = number(held[2:4])
    elif row.code == 0x070401 or group == 7:
        row.raw = held or None
    elif asks and (row.code, octets) in ((0x070302, 2), (0x070303, 8)):
        row.space, row.name = 0x101 << 32, held
    return [row]


# S7comm-plus.


def plus(data: bytes) -> Row:
    row = Row(dialect=2, kind=base.ENVELOPE, code=data[0])
    if data[0] != 0x72:
        return row
    if data[1] > 3:
        row.kind, row.code = base.ONE_WAY, data[1]
        return row
    row.code = 0
    stop = 4 + number(data[2:4])
    if len(data) < 5 or stop > len(data):
        return row.broken(base.BAD_LENGTH)
    skipped = 1 + data[4] if data[1] == 3 else 0
    if 4 + skipped > stop:
        return row.broken(base.BAD_LENGTH)
    text = data[4 + skipped : stop]
    if len(text) < 10:
        return row
    opcode, zero, function, zeros, sequence = struct.unpack(">BHHHH", text[:9])
    if opcode == 0x33:
        if zeros in (0, 0x400) and sequence == 0:
            row.kind, row.code = base.ONE_WAY, 0x33
        return row
    if zero or zeros or not 0x400 <= function <= 0x6FF or opcode not in (0x31, 0x32, 2):
        return row
    row.code = function
    row.key = 2 << 32 | sequence
    if opcode == 0x31:
        row.kind = base.REQUEST
        row.context = int(of_session(text, function))
        return row
    row.kind = base.RESPONSE
    error = return_value(text[10:]) % 65_536
    if error >= 32_768:
        row.status, row.error = base.ERROR, error
    return row


def of_session(text: bytes, function: int) -> bool:
    if len(text) < 21:
        return False
    if function == 0x04CA:
        return len(text) >= 32 and text[25] == 0xA1 and text[30:32] in (b"\x82\x1f", b"\x87\x69")
    if function == 0x04F2 and text[19:21] == b"\x88\x1d":
        return True
    return function in (0x04F2, 0x0542, 0x04D4) and text[14:18] == text[9:13]


def return_value(text: bytes) -> int:
    value = 0
    for place, octet in enumerate(text[:9]):
        if place == 8:
            return value * 256 + octet
        value = value * 128 + octet % 128
        if octet < 128:
            break
    return value
