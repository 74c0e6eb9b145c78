"""EtherNet/IP and CIP read plainly: one function a structure of the specification.

Slow, and written apart from the kernels, to be compared with them row for row. Offsets are
counted from the first octet of the encapsulation message.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    ENVELOPE,
    ERROR,
    MALFORMED,
    MAX_ROWS,
    OK,
    ONE_WAY,
    REQUEST,
    RESPONSE,
    TOO_MANY_ITEMS,
    TOO_SHORT,
)

COMMANDS = {0x00, 0x04, 0x63, 0x64, 0x65, 0x66, 0x6F, 0x70, 0x72, 0x73, 0xC8}
STATUSES = {0x00, 0x01, 0x02, 0x03, 0x64, 0x65, 0x69, 0x6A}
SCALARS = {
    0xC1: "?",
    0xC2: "<b",
    0xC3: "<h",
    0xC4: "<i",
    0xC5: "<q",
    0xC6: "<B",
    0xC7: "<H",
    0xC8: "<I",
    0xC9: "<Q",
    0xCA: "<f",
    0xCB: "<d",
    0xD1: "<B",
    0xD2: "<H",
    0xD3: "<I",
    0xD4: "<Q",
}
TAG_READS = {0x4C, 0x52}
TAG_WRITES = {0x4D, 0x53}
QUESTIONS = {0x01, 0x03, 0x0E, 0x18, 0x4C, 0x52, 0x55}


class Bad(Exception):  # noqa: N818
    """A message that its own fields contradict; the argument is the reason."""


@dataclass
class Row:
    """What ``decode`` writes; ``key`` is a tuple that is equal where the kernel's number is."""

    dialect: int = 0
    kind: int = ONE_WAY
    status: int = OK
    reason: int = 0
    item: int = 0
    code: int = 0
    context: int = 0
    device: int = -1
    key: tuple[object, ...] = ()
    space: tuple[int, int, int] = (0, 0, 0)
    name: int = -1
    name_octets: int = 0
    first: int = -1
    last: int = -1
    quantity: int = 0
    error: int = -1
    value: float = math.nan
    raw: int = -1
    raw_octets: int = 0
    #: The CIP message that the row is about; none in an envelope.
    message: bytes = field(default=b"", repr=False)
    at: int = field(default=0, repr=False)

    def keep(self, at: int, octets: int) -> None:
        self.raw, self.raw_octets = (at, octets) if octets else (-1, 0)


def u16(data: bytes, at: int) -> int:
    if at + 2 > len(data):
        raise Bad(TOO_SHORT)
    return int(struct.unpack_from("<H", data, at)[0])


def u32(data: bytes, at: int) -> int:
    if at + 4 > len(data):
        raise Bad(TOO_SHORT)
    return int(struct.unpack_from("<I", data, at)[0])


def frame(data: bytes) -> int | None:
    """The length of the message; ``None`` if more octets are needed, 0 if it is none."""
    if len(data) < 2:
        return None if not data or data[0] in COMMANDS else 0
    command, *rest = struct.unpack("<HHII8sI", data[:24].ljust(24, b"\0"))
    length, session, status, context, options = rest
    if command not in COMMANDS:
        return 0
    if len(data) < 24:
        return None
    if length > 65511 or options or status not in STATUSES:
        return 0
    if command == 0x00 and (status or not (length or session or context.strip(b"\0"))):
        return 0
    if command == 0x65 and length != 4 and not (length == 0 and status):
        return 0
    if command == 0x66 and length:
        return 0
    if command in (0x6F, 0x70) and not (length == 0 and status):
        if length < 16:
            return 0
        if len(data) >= 28 and data[24:28] != bytes(4):
            return 0
        if len(data) >= 32 and not 2 <= u16(data, 30) <= 16:
            return 0
    return 24 + length if len(data) >= 24 + length else None


def segments(path: bytes) -> Iterator[tuple[str, int, int]]:
    """What each segment of a padded EPATH is, its number, and where it begins."""
    at = 0
    while at < len(path):
        head = path[at]
        if head == 0x91 or (head & 0xE0 == 0x60 and head != 0x60):
            if at + 2 > len(path):
                raise Bad(BAD_LENGTH)
            octets = 2 + path[at + 1] if head == 0x91 else 1 + (head & 0x1F)
            octets += octets % 2
            yield "symbol", 0, at
        elif head & 0xE0 == 0x20 and head & 0x1C != 0x14 and head & 0x03 != 3:
            octets = (2, 4, 6)[head & 0x03]
            if at + octets > len(path):
                raise Bad(BAD_LENGTH)
            begins = at + (1 if octets == 2 else 2)
            number = int.from_bytes(path[begins : at + octets], "little")
            words = {0: "class", 1: "instance", 2: "element", 4: "attribute"}
            yield words.get(head >> 2 & 7, "other"), number, at
        else:
            yield "end", 0, at
            return
        at += octets
    if at > len(path):
        raise Bad(BAD_LENGTH)


def read_path(row: Row, path: bytes, at: int) -> None:
    found = list(segments(path))
    last = {kind: number for kind, number, _ in found}
    elements = [place for kind, _, place in found if kind == "element"]
    ends = bool(found) and found[-1][0] == "element"
    row.context = last.get("class", 0) & 0xFFFF
    row.first = row.last = last["element"] if ends else last.get("attribute", -1)
    if "symbol" in last or len(elements) > (1 if ends else 0):
        row.name = at
        row.name_octets = elements[-1] if ends else len(path)
    else:
        attribute = last.get("attribute", 0) & 0xFFFF if ends else 0
        row.space = (row.context, last.get("instance", 0), attribute)


def slot(words: bytes, route: bytes) -> int:
    """The last link address of a route of so many words."""
    if not words or 2 * words[0] > len(route):
        return -1
    route = route[: 2 * words[0]]
    found = -1
    while len(route) > 1 and route[0] & 0xE0 == 0:
        octets = 4 if route[0] & 0x0F == 0x0F else 2
        if route[0] & 0x10:
            octets += route[1]
            found = -1
        elif octets <= len(route):
            found = route[octets - 1]
        route = route[octets + octets % 2 :]
    return found


def typed(row: Row, kind: int, data: bytes, at: int) -> None:
    row.keep(at, len(data))
    row.raw = at
    layout = SCALARS.get(kind)
    if layout is None or struct.calcsize(layout) != len(data):
        return
    value = float(struct.unpack(layout, data)[0])
    row.value = value
    if not math.isnan(value):
        row.raw, row.raw_octets = -1, 0


def read_tag(row: Row, data: bytes, at: int) -> None:
    quantity = 1
    if row.code in TAG_READS:
        quantity = u16(data, 0)
        if row.code == 0x52:
            u32(data, 2)
    elif row.code in TAG_WRITES:
        kind = u16(data, 0)
        body = 4 if kind == 0x02A0 else 2
        quantity = u16(data, body)
        body += 2
        if row.code == 0x53:
            u32(data, body)
            body += 4
        typed(row, kind, data[body:], at + body)
    row.quantity = quantity
    row.first = max(row.first, 0)
    row.last = row.first + quantity - 1


def read_attributes(row: Row, data: bytes) -> None:
    row.quantity = u16(data, 0)
    if row.code == 0x04 and row.quantity > 1:
        return
    if len(data) < 2 + 2 * row.quantity:
        raise Bad(TOO_SHORT)
    numbers = [u16(data, 2 + 2 * i) for i in range(row.quantity)]
    if numbers:
        row.first, row.last = min(numbers), max(numbers)


def read_pccc(row: Row, data: bytes) -> None:
    if not data or len(data) < data[0] + 5:
        raise Bad(TOO_SHORT)
    command, function = data[data[0]] & 0x0F, data[data[0] + 4]
    row.context = 1 << 28 | command << 24 | 0x67
    if command in (0x06, 0x07, 0x0F):
        row.context |= function << 16


class Message:
    """The rows of one encapsulation message, wrapped services after their wrappers."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(self, parent: Row, message: bytes, at: int, item: int) -> bool:
        if len(self.rows) == MAX_ROWS:
            self.rows[-1].reason = TOO_MANY_ITEMS
            return False
        row = Row(item=item, device=parent.device, key=parent.key, message=message, at=at)
        self.rows.append(row)
        return True

    def batch(self, row: Row, data: bytes, at: int) -> None:
        if not data and row.status == ERROR:
            return
        count = u16(data, 0)
        row.quantity = count
        expected = 2 + 2 * count
        if expected > len(data):
            raise Bad(TOO_SHORT)
        offsets = [u16(data, 2 + 2 * i) for i in range(count)] + [len(data)]
        for here, after in pairwise(offsets):
            if here < expected or after <= here or after > len(data):
                raise Bad(BAD_LENGTH)
            if not self.add(row, data[here:after], at + here, self.rows[-1].item + 1):
                return
            expected = after

    def unconnected_send(self, row: Row, data: bytes, at: int) -> None:
        row.kind = ONE_WAY
        octets = u16(data, 2) if len(data) >= 4 else 0
        if not octets or 4 + octets > len(data):
            raise Bad(BAD_LENGTH)
        route = data[4 + octets + octets % 2 :]
        row.device = slot(route[:1], route[2:])
        self.add(row, data[4 : 4 + octets], at + 4, row.item)

    def request(self, row: Row) -> None:
        row.kind = REQUEST
        row.code = row.message[0]
        body = 2 + 2 * row.message[1]
        if body > len(row.message):
            raise Bad(BAD_LENGTH)
        read_path(row, row.message[2:body], row.at + 2)
        data, at = row.message[body:], row.at + body
        routes = {0x4E: (10, 12), 0x54: (35, 36), 0x5B: (39, 40)}
        tagged = row.context in (0, 0x6B) and row.code in TAG_READS | TAG_WRITES | {0x4E}
        if row.code == 0x0A:
            self.batch(row, data, at)
            return
        if row.code == 0x52 and row.context == 6:
            self.unconnected_send(row, data, at)
            return
        if tagged:
            read_tag(row, data, at)
            return
        if row.code not in QUESTIONS:
            row.keep(at, len(data))
        if row.code in (0x03, 0x04):
            read_attributes(row, data)
        elif row.context == 6 and row.code in routes:
            size, path = routes[row.code]
            row.device = slot(data[size : size + 1], data[path:])
        elif row.context == 0x67 and row.code == 0x4B:
            read_pccc(row, data)
        elif row.context == 0x72 and row.code == 0x4C and len(data) == 6:
            row.first = row.last = u32(data, 0)
            row.quantity = u16(data, 4)

    def response(self, row: Row) -> None:
        row.kind = RESPONSE
        row.context = -1
        row.code = row.message[0] & 0x7F
        if len(row.message) < 4:
            raise Bad(TOO_SHORT)
        general = row.message[2]
        if general:
            row.error = general
            row.status = OK if general == 0x06 else ERROR
        body = 4 + 2 * row.message[3]
        if body > len(row.message):
            raise Bad(BAD_LENGTH)
        data, at = row.message[body:], row.at + body
        if row.code == 0x0A:
            self.batch(row, data, at)
            return
        row.keep(at, len(data))
        if row.status == ERROR or row.code not in TAG_READS or len(data) <= 2:
            return
        kind = u16(data, 0)
        if kind == 0x02A0 and len(data) > 4:
            row.keep(at + 4, len(data) - 4)
        elif kind in SCALARS and (len(data) - 2) % struct.calcsize(SCALARS[kind]) == 0:
            typed(row, kind, data[2:], at + 2)

    def services(self) -> None:
        place = 1
        while place < len(self.rows):
            row = self.rows[place]
            place += 1
            try:
                if len(row.message) < 2:
                    raise Bad(TOO_SHORT)
                if row.message[0] & 0x80:
                    self.response(row)
                else:
                    self.request(row)
            except Bad as bad:
                row.reason = row.reason or bad.args[0]
            if row.reason:
                row.status = MALFORMED


def common_packet(data: bytes) -> tuple[int, int, int] | None:
    """Kind, offset and octets of the data item that holds a CIP message."""
    if len(data) < 32:
        raise Bad(TOO_SHORT)
    at, before = 32, 0
    for _ in range(u16(data, 30)):
        if at + 4 > len(data) or at + 4 + u16(data, at + 2) > len(data):
            raise Bad(BAD_LENGTH)
        kind, octets = u16(data, at), u16(data, at + 2)
        if kind == 0xB2 or (kind == 0xB1 and before == 0xA1):
            return kind, at + 4, octets
        before = kind
        at += 4 + octets
    return None


def decode(data: bytes, *, from_client: bool) -> list[Row]:
    """The rows of the encapsulation message ``data``."""
    message = Message()
    row = Row(dialect=1)
    message.rows.append(row)
    if len(data) < 24:
        row.status, row.reason = MALFORMED, TOO_SHORT
        return message.rows
    command, session, status = u16(data, 0), u32(data, 4), u32(data, 8)
    context = data[12:20]
    row.code = command
    row.key = ("eip", command, context)
    row.keep(24, len(data) - 24)
    if status:
        row.status, row.error = ERROR, status & 0x7FFFFFFF
    if command in (0x6F, 0x70):
        if len(data) == 24 and status:
            row.kind, row.key = RESPONSE, ("unconnected", session, context)
            return message.rows
        try:
            item = common_packet(data)
        except Bad as bad:
            row.status, row.reason = MALFORMED, bad.args[0]
            return message.rows
        if item is not None:
            kind, at, octets = item
            row.kind = ENVELOPE
            row.keep(-1, 0)
            key: tuple[object, ...] = ("unconnected", session, context)
            if kind == 0xB1:
                count = data[at : at + 2] if octets >= 2 else b""
                key, at, octets = ("connected", session, count), at + 2, max(octets - 2, 0)
            message.add(row, data[at : at + octets], at, 0)
            message.rows[1].key = key
            message.services()
    elif command == 0x65:
        row.kind = RESPONSE if status or session else REQUEST
    elif command in (0x04, 0x63, 0x64):
        row.kind = RESPONSE if status or len(data) > 24 else REQUEST
    elif command not in (0x00, 0x66):
        row.kind = REQUEST if from_client else RESPONSE
    return message.rows
