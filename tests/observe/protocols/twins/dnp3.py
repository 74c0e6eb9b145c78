"""DNP3 read plainly: frames taken apart into octets, then read in order.

Slow, and written apart from the kernels, to be compared with them row for row.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace

from checkvalve.observe.protocols.base import (
    BAD_CHECKSUM,
    BAD_LENGTH,
    BAD_VALUE,
    ERROR,
    INCOMPLETE,
    MALFORMED,
    MAX_ROWS,
    NEED_MORE,
    NOT_MINE,
    OK,
    ONE_WAY,
    REQUEST,
    RESPONSE,
    TOO_MANY_ITEMS,
    TOO_SHORT,
)

MOST_FRAMES = 220

#: One object of each group and variation: as ``struct`` packs it.
OBJECTS = {
    (1, 2): "B", (2, 1): "B", (2, 2): "B6x", (2, 3): "B2x",
    (3, 2): "B", (4, 1): "B", (4, 2): "B6x", (4, 3): "B2x",
    (10, 2): "B", (11, 1): "B", (11, 2): "B6x",
    (12, 1): "B10x", (12, 2): "B10x", (13, 1): "B", (13, 2): "B6x",
    (34, 1): "H", (34, 2): "I", (34, 3): "f",
    (41, 1): "ix", (41, 2): "hx", (41, 3): "fx", (41, 4): "dx",
    (52, 1): "H", (52, 2): "H", (81, 1): "3x", (86, 2): "x",
    (101, 1): "2x", (101, 2): "4x", (101, 3): "8x", (102, 1): "B",
    (120, 3): "6x", (120, 4): "2x", (121, 1): "3xI", (122, 1): "3xI", (122, 2): "3xI6x",
    **{(50, v): form for v, form in enumerate(("6s", "6s4x", "6s", "6s5x"), 1)},
    **{(51, v): "6s" for v in (1, 2)},
    **{(60, v): "" for v in (1, 2, 3, 4)},
    **{(20, v): form for v, form in enumerate(("xI", "xH", "xI", "xH", "I", "H", "I", "H"), 1)},
    **{
        (21, v): form
        for v, form in enumerate(
            ("xI", "xH", "xI", "xH", "xI6x", "xH6x", "xI6x", "xH6x", "I", "H", "I", "H"), 1
        )
    },
    **{
        (group, v): form
        for group in (22, 23)
        for v, form in enumerate(("xI", "xH", "xI", "xH", "xI6x", "xH6x", "xI6x", "xH6x"), 1)
    },
    **{(30, v): form for v, form in enumerate(("xi", "xh", "i", "h", "xf", "xd"), 1)},
    **{
        (31, v): form
        for v, form in enumerate(("xi", "xh", "xi6x", "xh6x", "i", "h", "xf", "xd"), 1)
    },
    **{
        (group, v): form
        for group in (32, 33, 42, 43)
        for v, form in enumerate(("xi", "xh", "xi6x", "xh6x", "xf", "xd", "xf6x", "xd6x"), 1)
    },
    **{(40, v): form for v, form in enumerate(("xi", "xh", "xf", "xd"), 1)},
}  # fmt: skip
#: Objects of less than an octet: bits.
PACKED = {(1, 1): 1, (3, 1): 2, (10, 1): 1, (12, 3): 1, (80, 1): 1}
#: Flags whose upper bits are the state: right shift.
STATES = {1: 7, 2: 7, 3: 6, 4: 6, 10: 7, 11: 7, 13: 7}
CONTROLS = {(12, 1), (12, 2), (41, 1), (41, 2), (41, 3), (41, 4)}
RANGES = {0: 1, 1: 2, 2: 4, 3: 1, 4: 2, 5: 4, 6: 0, 7: 1, 8: 2, 9: 4, 11: 1}
PREFIXES = {0: 0, 1: 1, 2: 2, 3: 4, 4: 1, 5: 2, 6: 4}


@dataclass(frozen=True, slots=True)
class Row:
    """What a row of the kernels holds, its value's octets taken out."""

    dialect: int = 0
    kind: int = REQUEST
    status: int = OK
    reason: int = 0
    item: int = 0
    code: int = 0
    context: int = 0
    device: int = -1
    space: int = 0
    first: int = -1
    last: int = -1
    quantity: int = 0
    error: int = -1
    value: float = math.nan
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Octet:
    """One octet of the application layer, and where it stood on the wire."""

    value: int
    place: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One link frame: where it begins and ends, its fields, its user data."""

    start: int
    stop: int
    control: int
    destination: int
    source: int
    user: tuple[Octet, ...]
    sound: bool
    first_block_sound: bool

    @property
    def function(self) -> int:
        return self.control & 0x0F

    @property
    def primary(self) -> bool:
        return bool(self.control & 0x40)

    @property
    def segment(self) -> bool:
        return self.primary and self.function in (3, 4) and len(self.user) > 0

    @property
    def transport(self) -> int:
        return self.user[0].value


def checksum(octets: bytes) -> int:
    """CRC-16/DNP bit by bit."""
    value = 0
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = (value >> 1) ^ 0xA6BC if value & 1 else value >> 1
    return value ^ 0xFFFF


def _sealed(octets: bytes) -> bool:
    return checksum(octets[:-2]) == int.from_bytes(octets[-2:], "little")


def read_frame(data: bytes, start: int) -> Frame | int:
    """The frame at ``start``, or ``NEED_MORE``, or ``NOT_MINE``."""
    head = data[start : start + 10]
    if not b"\x05\x64".startswith(head[:2]) or (len(head) > 2 and head[2] < 5):
        return NOT_MINE
    if len(head) < 10:
        return NEED_MORE
    if not _sealed(head):
        return NOT_MINE
    left = head[2] - 5
    at = start + 10
    user: list[Octet] = []
    sound: list[bool] = []
    while left:
        block = min(left, 16)
        if at + block + 2 > len(data):
            return NEED_MORE
        sound.append(_sealed(data[at : at + block + 2]))
        user += [Octet(data[at + k], at + k) for k in range(block)]
        at += block + 2
        left -= block
    destination, source = struct.unpack_from("<HH", head, 4)
    return Frame(
        start, at, head[3], destination, source, tuple(user), all(sound), all(sound[:1])
    )  # fmt: skip


def fragment(data: bytes, start: int = 0) -> list[Frame] | int:
    """The frames of the message at ``start``, or ``NEED_MORE``, or ``NOT_MINE``."""
    frames: list[Frame] = []
    at = start
    segments = 0
    while len(frames) < MOST_FRAMES:
        found = _next(data, at, frames, segments)
        if isinstance(found, int):
            return found
        if found is None:
            return frames
        frames.append(found)
        segments += found.segment
        at = found.stop
        if not frames[0].segment or (found.segment and found.transport & 0x80):
            return frames
    return frames


def _next(data: bytes, at: int, frames: list[Frame], segments: int) -> Frame | int | None:
    """The next frame of the fragment; ``None`` when it is cut short here."""
    found = read_frame(data, at)
    if found == NOT_MINE:
        return None if frames else NOT_MINE
    if found == NEED_MORE:
        return _early(data, at, frames, segments)
    if isinstance(found, int) or not found.segment:
        return found
    if not frames:
        return found if found.transport & 0x40 else NOT_MINE
    first = frames[0]
    follows = (
        (found.destination, found.source) == (first.destination, first.source)
        and not found.transport & 0x40
        and found.transport & 0x3F == (first.transport + segments) & 0x3F
    )
    return found if follows else None


def _early(data: bytes, at: int, frames: list[Frame], segments: int) -> int | None:
    """What an unfinished frame already tells: whether it goes on with the fragment."""
    head = data[at : at + 11]
    if len(head) < 11 or head[3] & 0x4F not in (0x43, 0x44):
        return NEED_MORE
    first = frames[0] if frames else None
    if first is None:
        return NEED_MORE if head[10] & 0x40 else NOT_MINE
    same = struct.unpack_from("<HH", head, 4) == (first.destination, first.source)
    follows = head[10] & 0x7F == (first.transport + segments) & 0x3F
    return NEED_MORE if same and follows else None


def rows(data: bytes, frames: list[Frame]) -> list[Row]:
    """The rows of the message that ``frames`` of ``data`` are."""
    segments = [frame for frame in frames if frame.segment]
    alone = [frame for frame in frames if not frame.segment]
    if not segments:
        return [_link_row(frames[0], 0)]
    found = _application(data, segments, MAX_ROWS - len(alone))
    return found + [_link_row(frame, 0) for frame in alone]


def _link_row(frame: Frame, reason: int) -> Row:
    asks = bool(frame.control & 0x80)
    device = frame.destination if asks else frame.source
    kind = ONE_WAY
    if frame.primary and frame.function == 9 and device < 0xFFFD:
        kind = REQUEST
    if not frame.primary and frame.function == 11:
        kind = RESPONSE
    if not frame.sound:
        reason = BAD_CHECKSUM
    elif not frame.segment and frame.user:
        reason = BAD_LENGTH
    elif not frame.segment and frame.primary and frame.function in (3, 4):
        reason = TOO_SHORT
    return Row(
        dialect=1,
        kind=kind,
        status=MALFORMED if reason else OK,
        reason=reason,
        code=frame.function,
        context=int(frame.primary),
        device=device,
    )


def _application(data: bytes, segments: list[Frame], room: int) -> list[Row]:
    first = segments[0]
    octets = [octet for frame in segments for octet in frame.user[1:]]
    reason = 0 if segments[-1].transport & 0x80 else INCOMPLETE
    if not all(frame.sound for frame in segments):
        reason = BAD_CHECKSUM
    unknown = reason == BAD_CHECKSUM and (len(first.user) < 3 or not first.first_block_sound)
    if len(octets) < 2 or unknown:
        return [_link_row(first, reason or TOO_SHORT)]
    control, function = octets[0].value, octets[1].value
    asks = function < 128
    device = first.destination if asks else first.source
    kind = RESPONSE
    if asks:
        kind = ONE_WAY if function in (0, 6, 8, 10, 12, 33) or device >= 0xFFFD else REQUEST
    elif function == 130 or not control & 0x80:
        kind = ONE_WAY
    head = Row(kind=kind, code=function, device=device)
    if not reason and not asks and len(octets) < 4:
        reason = TOO_SHORT
    if reason:
        return [replace(head, status=MALFORMED, reason=reason)]
    at = 2 if asks else 4
    refused = 0 if asks else octets[3].value & 0x17
    found = Reader(data, octets, head).read(at, room)
    if refused and found[0].status == OK:
        found[0] = replace(found[0], status=ERROR, error=refused)
    elif refused and found[0].status == MALFORMED and found[0].error < 0:
        found[0] = replace(found[0], error=refused)
    return found


@dataclass(frozen=True, slots=True)
class Header:
    """An object header: what it announces, and where its objects begin."""

    group: int
    variation: int
    first: int
    last: int
    quantity: int
    prefix: int
    sized: bool
    at: int

    @property
    def key(self) -> tuple[int, int]:
        return self.group, self.variation


class _BrokenError(Exception):
    """The fragment can't be read on; with its reason and the header, as far as it was read."""

    def __init__(self, reason: int, header: Header) -> None:
        super().__init__(reason)
        self.reason = reason
        self.header = header


class Reader:
    """Reads the object headers of one fragment in order."""

    def __init__(self, data: bytes, octets: list[Octet], head: Row) -> None:
        self.data = data
        self.octets = octets
        self.values = bytes(octet.value for octet in octets)
        self.head = head
        self.found: list[Row] = []

    def read(self, at: int, room: int) -> list[Row]:
        """All rows, at least one and at most ``room``."""
        while at < len(self.values):
            try:
                header = self._header(at)
                at, new = self._objects(header)
            except _BrokenError as broken:
                if not self.found:
                    self.found = [self._row(broken.header)]
                self.found[0] = replace(
                    self.found[0], status=MALFORMED, reason=broken.reason
                )  # fmt: skip
                break
            self.found += new
            if len(self.found) > room:
                cut = self.found[:room]
                cut[-1] = replace(cut[-1], status=MALFORMED, reason=TOO_MANY_ITEMS)
                return cut
            self.head = replace(self.head, kind=self.found[0].kind)
        return [replace(row, item=k) for k, row in enumerate(self.found)] or [self.head]

    def _number(self, at: int, octets: int) -> int:
        return int.from_bytes(self.values[at : at + octets], "little")

    def _header(self, at: int) -> Header:
        if len(self.values) - at < 3:
            raise _BrokenError(TOO_SHORT, Header(0, 0, -1, -1, 0, 0, False, at))
        group, variation, qualifier = self.values[at : at + 3]
        header = Header(group, variation, -1, -1, 0, 0, False, at + 3)
        code, spread = qualifier >> 4, qualifier & 0x0F
        if spread not in RANGES:
            raise _BrokenError(BAD_VALUE, header)
        width = RANGES[spread]
        stop = header.at + (2 * width if spread < 6 else width)
        if stop > len(self.values):
            raise _BrokenError(TOO_SHORT, header)
        if spread < 6:
            first, last = self._number(header.at, width), self._number(header.at + width, width)
            header = replace(header, first=first, last=last)
            quantity = last - first + 1
        else:
            quantity = self._number(header.at, width)
        if quantity < 0 or (spread < 6 and quantity < 1) or code not in PREFIXES:
            raise _BrokenError(BAD_VALUE, header)
        return replace(
            header, quantity=quantity, prefix=PREFIXES[code], sized=code in (4, 5, 6), at=stop
        )

    def _carries_data(self, header: Header) -> bool:
        function = self.head.code
        return (
            function >= 128
            or function in {2, 3, 4, 5, 6, *range(25, 34)}
            or header.group == 120
            or (header.group == 50 and function in (11, 12))
        )

    def _bits(self, header: Header) -> int | None:
        """Bits of one object; ``None`` when they can't be known."""
        if not self._carries_data(header):
            return 0
        if 110 <= header.group <= 113 and header.variation:
            return 8 * header.variation
        if header.key in PACKED:
            return PACKED[header.key]
        form = OBJECTS.get(header.key)
        return None if form is None else 8 * struct.calcsize("<" + form)

    def _objects(self, header: Header) -> tuple[int, list[Row]]:
        """Where the next header stands, and the rows of this one."""
        bits = self._bits(header)
        left = len(self.values) - header.at
        size = None if bits is None else -(-bits // 8)
        if header.sized:
            taken = self._sized(header)
        elif bits is None or size is None:
            taken = left if header.quantity else 0
            if header.quantity > 8 * left:
                raise _BrokenError(TOO_SHORT, header)
        elif header.prefix:
            taken = header.quantity * (header.prefix + size)
        else:
            taken = -(-header.quantity * bits // 8)
        if taken > left:
            raise _BrokenError(TOO_SHORT, header)
        after = header.at + taken
        if header.key in CONTROLS and size and header.quantity and not header.sized:
            step = header.prefix + size
            return after, [
                self._control(header, k, header.at + k * step, size)
                for k in range(min(header.quantity, MAX_ROWS + 1))
            ]
        return after, [self._plain(header, taken, size)]

    def _sized(self, header: Header) -> int:
        at = header.at
        for _ in range(header.quantity):
            if at + header.prefix > len(self.values):
                raise _BrokenError(TOO_SHORT, header)
            at += header.prefix + self._number(at, header.prefix)
        return at - header.at

    def _row(self, header: Header) -> Row:
        kind = self.head.kind
        if header.group == 120 and (self.head.code, header.variation) in ((32, 2), (131, 1)):
            kind = ONE_WAY
        return replace(
            self.head,
            kind=kind,
            context=header.group,
            space=header.group * 256 + header.variation,
            first=header.first,
            last=header.last,
            quantity=min(header.quantity, 2**31 - 1),
        )

    def _plain(self, header: Header, taken: int, size: int | None) -> Row:
        row = self._row(header)
        if header.prefix and not header.sized and size is not None and header.quantity:
            indexes = [
                self._number(header.at + k * (header.prefix + size), header.prefix)
                for k in range(header.quantity)
            ]
            row = replace(row, first=min(indexes), last=max(indexes))
        if size == 0 and not header.sized:
            return row
        at, stop = header.at, header.at + taken
        if header.quantity == 1:
            at += header.prefix
        if self.head.code != 29 and header.key != (70, 2):
            row = replace(row, raw=self._content(at, stop))
        if header.quantity == 1 and size and not header.sized:
            row = replace(row, value=self._value(header.key, at))
        return row

    def _control(self, header: Header, point: int, at: int, size: int) -> Row:
        index = header.first + point if header.first >= 0 else -1
        if header.prefix:
            index = self._number(at, header.prefix)
        at += header.prefix
        row = replace(
            self._row(header),
            first=index,
            last=index,
            quantity=1,
            value=self._value(header.key, at),
            raw=b"" if self.head.code == 29 else self._content(at, at + size),
        )
        status = self.values[at + size - 1] & 0x7F
        if self.head.code >= 128 and status:
            row = replace(row, status=ERROR, error=256 + status)
        return row

    def _content(self, at: int, stop: int) -> bytes:
        """The octets there, of those that lie within 64 octets on the wire."""
        inside = self.octets[at:stop]
        return bytes(octet.value for octet in inside if octet.place < inside[0].place + 64)

    def _value(self, key: tuple[int, int], at: int) -> float:
        if key in PACKED:
            return float(self.values[at] % 2 ** PACKED[key])
        form = OBJECTS.get(key, "")
        fields = struct.unpack_from("<" + form, self.values, at) if form else ()
        if not fields:
            return math.nan
        found = fields[0]
        if isinstance(found, bytes):
            found = int.from_bytes(found, "little")
        return float(found >> STATES[key[0]] if key[0] in STATES else found)
