"""DNP3 over TCP and UDP.

Specification: IEEE 1815-2012. A message is one fragment of the application layer with all the
link frames that carry it, or one link frame that carries none. ``dnp3_link`` finds the
fragment, ``dnp3_objects`` reads what its object headers announce.

*Rows.* The first row of a fragment (item 0) has its function and its status, and is the row
of its first object header. Each further header is a row, and each control (groups 12 and 41)
is a row of its own. A frame whose function cannot be known gives a row of the dialect
``dnp3_link`` with the function of the link; so do, after the rows of a fragment, the frames
of the link alone that lie between its segments.

*Values.* ``value`` is that of a header's only object. ``raw`` is its objects as they follow it,
their indexes and sizes included; link headers and checksums among them are its holes. The
password of a file (g70v2) is never shown.

*Errors.* A response is an error when its second octet of internal indications says that the
function (0x01), an object (0x02) or a parameter (0x04) was refused, or that the operation is
executing already (0x10). A control is one when the status that a response gives it is not 0:
``error`` is then 256 + status.

Why it matters:
    It switches breakers and sets setpoints in electricity, water and pipelines, mostly without
    any authentication, and a master that stops unsolicited responses is blind.

Known limits:
    Not decoded: what files (group 70), data sets (85 to 88), device attributes (0) and
    authentication (120) hold inside; anything of a fragment in which a checksum fails, beyond
    its function; what follows objects whose size only their own fields tell (their row spans
    the rest of the fragment). Segments of two fragments that alternate in one direction cut
    each other short. A link ACK is matched with nothing: it may answer a reset, a test or data.

Example:
    ``Dnp3().function(0, 5, 12)`` is ``DIRECT_OPERATE``, a control.

References:
    ATT&CK for ICS T0855 (unauthorised command message), T0816 (device restart or shutdown),
    T0814 (denial of service), T0804 (block reporting message).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import JIT, i64
from checkvalve.observe.protocols.base import (
    BAD_CHECKSUM,
    BAD_LENGTH,
    DECODE,
    ERROR,
    MALFORMED,
    MAX_ROWS,
    MESSAGE_TYPE,
    ONE_WAY,
    REQUEST,
    RESPONSE,
    TOO_MANY_ITEMS,
    TOO_SHORT,
    U8,
    Function,
    Protocol,
    begin,
    u16le,
)
from checkvalve.observe.protocols.dnp3_link import (
    BLOCK_OCTETS,
    FROM_MASTER,
    HEADER_OCTETS,
    INNER,
    PRIMARY,
    SMALLEST_LENGTH,
    Array,
    blocks_hold,
    checksum_holds,
    frame,
    frame_octets,
    gather,
    number,
    place,
    segment_octets,
)
from checkvalve.observe.protocols.dnp3_objects import HEADER, Header, object_value, read_header
from checkvalve.records import Intent

#: One record of ``MESSAGES``; numba knows its fields.
Row = Any

_DNP3: Final = 0
_LINK: Final = 1
_LONGEST_RAW: Final = 64
_LARGEST_QUANTITY: Final = 2**31 - 1
#: Greater than any index.
_NO_INDEX: Final = 2**32

_FIRST_RESPONSE: Final = 128
_UNSOLICITED_RESPONSE: Final = 130
_AUTHENTICATE_FILE: Final = 29
_AUTHENTICATE_REQ: Final = 32
_AUTHENTICATE_RESP: Final = 131
#: Requests that nobody answers: CONFIRM, and those whose name says so.
_NO_ANSWER: Final = np.isin(np.arange(256), (0, 6, 8, 10, 12, 33))
#: Stations from here on are all stations; none of them answers.
_BROADCAST: Final = 0xFFFD
_FIRST_FRAGMENT: Final = 0x80
#: Internal indications, second octet: function, object, parameter refused; executing already.
_REFUSED: Final = 0x17
#: Added to the status of a control, to tell it from indications.
_CONTROL_STATUS: Final = 256

_CROB: Final = 12
_ANALOG_OUTPUT: Final = 41
_FILE: Final = 70
_FILE_AUTHENTICATION: Final = 2
_AUTHENTICATION: Final = 120
_CHALLENGE: Final = 1
_CHALLENGE_REPLY: Final = 2

_REQUEST_LINK_STATUS: Final = 9
_LINK_STATUS: Final = 11
_CONFIRMED_USER_DATA: Final = 3
_UNCONFIRMED_USER_DATA: Final = 4


@nb.njit(types.void(U8, types.int64, types.boolean, MESSAGE_TYPE), **INNER)
def _stations(data: Array, at: int, asks: bool, row: Row) -> None:
    """Set device and key, still without a sequence, from the addresses of the frame at ``at``."""
    destination = u16le(data, at + 4)
    source = u16le(data, at + 6)
    row.device = destination if asks else source
    row.key = (source << 16 | destination if asks else destination << 16 | source) << 8


@nb.njit(types.void(U8, types.int64, types.int64, MESSAGE_TYPE), **INNER)
def _link(data: Array, at: int, reason: int, row: Row) -> None:
    """Complete the row of the link frame at ``at``; ``reason`` is why its data cannot be read."""
    control = i64(data[at + 3])
    function = control & 0x0F
    primary = control & PRIMARY != 0
    _stations(data, at, control & FROM_MASTER != 0, row)
    row.key |= 0x80
    row.dialect = _LINK
    row.code = function
    row.context = 1 if primary else 0
    row.kind = ONE_WAY
    if primary and function == _REQUEST_LINK_STATUS and row.device < _BROADCAST:
        row.kind = REQUEST
    elif not primary and function == _LINK_STATUS:
        row.kind = RESPONSE
    if not blocks_hold(data, at):
        reason = BAD_CHECKSUM
    elif segment_octets(data, at) == 0:
        if data[at + 2] > SMALLEST_LENGTH:
            reason = BAD_LENGTH
        elif primary and _CONFIRMED_USER_DATA <= function <= _UNCONFIRMED_USER_DATA:
            reason = TOO_SHORT
    if reason:
        row.status = MALFORMED
        row.reason = reason


@nb.njit(types.int64(U8, types.int64, types.int64, types.int64, MESSAGE_TYPE), **INNER)
def _application(data: Array, start: int, octets: int, reason: int, row: Row) -> int:
    """Complete the first row with what stands before the objects, as far as it can be read.

    Returns:
        where the objects begin; ``octets`` when they cannot be read.
    """
    held = min(segment_octets(data, start), BLOCK_OCTETS)
    if octets < 2 or (
        reason == BAD_CHECKSUM
        and (held < 3 or not checksum_holds(data, start + HEADER_OCTETS, held))
    ):
        _link(data, start, reason or TOO_SHORT, row)
        return octets
    head = number(data, start, 0, min(octets, 4))
    function = head >> 8 & 0xFF
    asks = function < _FIRST_RESPONSE
    _stations(data, start, asks, row)
    row.key |= head & 0x0F
    row.code = function
    if _NO_ANSWER[function] or function == _UNSOLICITED_RESPONSE:
        row.kind = ONE_WAY
    elif not asks:
        row.kind = RESPONSE if head & _FIRST_FRAGMENT else ONE_WAY
    elif row.device >= _BROADCAST:
        row.kind = ONE_WAY
    if reason == 0 and not asks and octets < 4:
        reason = TOO_SHORT
    if reason:
        row.status = MALFORMED
        row.reason = reason
        return octets
    if asks:
        return 2
    if head >> 24 & _REFUSED:
        row.status = ERROR
        row.error = head >> 24 & _REFUSED
    return 4


@nb.njit(types.void(U8, types.int64, types.int64, types.int64, MESSAGE_TYPE), **INNER)
def _span(data: Array, start: int, at: int, octets: int, row: Row) -> None:
    """Let the row span the ``octets`` at ``at`` of the application layer, as far as it may."""
    first = place(data, start, at)
    last = first
    holes = i64(0)
    for offset in range(at + 1, at + octets):
        spot = place(data, start, offset)
        if spot - first >= _LONGEST_RAW:
            break
        holes |= (1 << spot - last - 1) - 1 << last + 1 - first
        last = spot
    row.raw = first
    row.raw_octets = last + 1 - first
    row.raw_holes = holes


@nb.njit(types.void(U8, types.int64, HEADER, types.int64, types.int64, MESSAGE_TYPE), **INNER)
def _objects(
    data: Array, start: int, header: Header, skipped: int, quantity: int, row: Row
) -> None:
    """Complete a row with ``quantity`` objects of a header, those after the ``skipped``."""
    step = header.prefix + header.size
    at = header.at + skipped * step
    if header.prefix > 0 and header.size >= 0 and quantity > 0:
        row.first, row.last = _NO_INDEX, -1
        for point in range(quantity):
            index = number(data, start, at + point * step, header.prefix)
            row.first = min(row.first, index)
            row.last = max(row.last, index)
    octets = header.octets if quantity == header.quantity else step
    if quantity == 1:
        at += header.prefix
        octets -= header.prefix
        if header.size > 0:
            row.value = object_value(data, start, at, header.group, header.variation)
    secret = header.group == _FILE and header.variation == _FILE_AUTHENTICATION
    if header.size != 0 and octets > 0 and not secret and row.code != _AUTHENTICATE_FILE:
        _span(data, start, at, octets, row)


@nb.njit(types.void(U8, types.int64, HEADER, types.int64, MESSAGE_TYPE), **INNER)
def _control(data: Array, start: int, header: Header, point: int, row: Row) -> None:
    """Complete the row of one control of a header; its last octet is its status."""
    row.quantity = 1
    if header.first >= 0:
        row.first = row.last = header.first + point
    _objects(data, start, header, point, 1, row)
    after = header.at + (point + 1) * (header.prefix + header.size)
    status = number(data, start, after - 1, 1) & 0x7F
    if status and row.code >= _FIRST_RESPONSE:
        row.status = ERROR
        row.error = _CONTROL_STATUS + status


@nb.njit(types.void(HEADER, types.int64, MESSAGE_TYPE, MESSAGE_TYPE), **INNER)
def _item(header: Header, item: int, first: Row, row: Row) -> None:
    """Complete a row with its header, and with what it shares with the first row.

    What an AUTHENTICATE_RESP challenges, and an AUTHENTICATE_REQ that replies to it, keep the
    request that is challenged open: its own response comes later.
    """
    if item > 0:
        row.item = item
        row.kind = first.kind
        row.code = first.code
        row.device = first.device
        row.key = first.key
    row.context = header.group
    row.space = header.group << 8 | header.variation
    row.first = header.first
    row.last = header.last
    row.quantity = min(header.quantity, _LARGEST_QUANTITY)
    if header.group == _AUTHENTICATION and (
        (row.code == _AUTHENTICATE_REQ and header.variation == _CHALLENGE_REPLY)
        or (row.code == _AUTHENTICATE_RESP and header.variation == _CHALLENGE)
    ):
        row.kind = ONE_WAY


@nb.njit(DECODE, **JIT)
def _decode(data: Array, start: int, end: int, from_client: bool, out: Array, n: int) -> int:
    """Rows of one fragment; its function, not its direction, tells who asks."""
    begin(out, n)
    if segment_octets(data, start) == 0:
        _link(data, start, 0, out[n])
        return n + 1
    octets, reason, alone = gather(data, start, end)
    first = out[n]
    at = _application(data, start, octets, reason, first)
    item = 0
    room = MAX_ROWS - alone
    while at < octets:
        header = read_header(data, start, at, octets, first.code)
        if header.reason:
            first.status = MALFORMED
            first.reason = header.reason
            if item == 0:
                _item(header, 0, first, first)
            break
        at = header.at + header.octets
        controls = (
            (header.group == _CROB or header.group == _ANALOG_OUTPUT)
            and header.size > 1
            and header.quantity > 0
        )
        for point in range(header.quantity if controls else 1):
            if item == room:
                out[n + item - 1].status = MALFORMED
                out[n + item - 1].reason = TOO_MANY_ITEMS
                at = octets
                break
            row = out[n + item]
            if item > 0:
                begin(out, n + item)
            _item(header, item, first, row)
            if controls:
                _control(data, start, header, point, row)
            else:
                _objects(data, start, header, 0, header.quantity, row)
            item += 1
    n += max(item, 1)
    at = start
    while alone > 0:
        if segment_octets(data, at) == 0:
            begin(out, n)
            _link(data, at, 0, out[n])
            n += 1
            alone -= 1
        at += frame_octets(data, at)
    return n


#: Application functions, 4.2.2.5. That of a response stands for what it reports where nobody
#: is seen to ask.
_FUNCTIONS: Final = {
    0: Function("CONFIRM", Intent.SESSION),
    1: Function("READ", Intent.READ),
    2: Function("WRITE", Intent.WRITE),
    3: Function("SELECT", Intent.CONTROL),
    4: Function("OPERATE", Intent.CONTROL),
    5: Function("DIRECT_OPERATE", Intent.CONTROL),
    6: Function("DIRECT_OPERATE_NR", Intent.CONTROL),
    7: Function("IMMED_FREEZE", Intent.CONTROL),
    8: Function("IMMED_FREEZE_NR", Intent.CONTROL),
    9: Function("FREEZE_CLEAR", Intent.CONTROL),
    10: Function("FREEZE_CLEAR_NR", Intent.CONTROL),
    11: Function("FREEZE_AT_TIME", Intent.CONTROL),
    12: Function("FREEZE_AT_TIME_NR", Intent.CONTROL),
    13: Function("COLD_RESTART", Intent.CONTROL),
    14: Function("WARM_RESTART", Intent.CONTROL),
    15: Function("INITIALIZE_DATA", Intent.CONTROL),
    16: Function("INITIALIZE_APPL", Intent.CONTROL),
    17: Function("START_APPL", Intent.CONTROL),
    18: Function("STOP_APPL", Intent.CONTROL),
    19: Function("SAVE_CONFIG", Intent.PROGRAM),
    20: Function("ENABLE_UNSOLICITED", Intent.CONTROL),
    21: Function("DISABLE_UNSOLICITED", Intent.CONTROL),
    22: Function("ASSIGN_CLASS", Intent.WRITE),
    23: Function("DELAY_MEASURE", Intent.SESSION),
    24: Function("RECORD_CURRENT_TIME", Intent.SESSION),
    25: Function("OPEN_FILE", Intent.PROGRAM),
    26: Function("CLOSE_FILE", Intent.PROGRAM),
    27: Function("DELETE_FILE", Intent.PROGRAM),
    28: Function("GET_FILE_INFO", Intent.PROGRAM),
    29: Function("AUTHENTICATE_FILE", Intent.PROGRAM),
    30: Function("ABORT_FILE", Intent.PROGRAM),
    31: Function("ACTIVATE_CONFIG", Intent.PROGRAM),
    32: Function("AUTHENTICATE_REQ", Intent.SESSION),
    33: Function("AUTH_REQ_NO_ACK", Intent.SESSION),
    129: Function("RESPONSE", Intent.READ),
    130: Function("UNSOLICITED_RESPONSE", Intent.READ),
    131: Function("AUTHENTICATE_RESP", Intent.SESSION),
}

#: By function and group, where the group says more: device attributes are identity, time is
#: the clock, group 70 is files.
_BY_GROUP: Final = {
    (1, 0): Intent.DISCOVER,
    (1, 70): Intent.PROGRAM,
    (2, 50): Intent.CONTROL,
    (2, 70): Intent.PROGRAM,
}

#: Link functions, 9.2.4.1.3: 1 where the primary station sends it, and its number.
_LINK_FUNCTIONS: Final = {
    (1, 0): "RESET_LINK_STATES",
    (1, 1): "RESET_USER_PROCESS",
    (1, 2): "TEST_LINK_STATES",
    (1, 3): "CONFIRMED_USER_DATA",
    (1, 4): "UNCONFIRMED_USER_DATA",
    (1, 9): "REQUEST_LINK_STATUS",
    (0, 0): "ACK",
    (0, 1): "NACK",
    (0, 11): "LINK_STATUS",
    (0, 15): "NOT_SUPPORTED",
}


class Dnp3(Protocol):
    """DNP3 between masters and outstations; the device is the outstation's address."""

    name = "dnp3"
    dialects: ClassVar[tuple[str, ...]] = ("dnp3", "dnp3_link")
    tcp_ports: ClassVar[tuple[int, ...]] = (20000,)
    udp_ports: ClassVar[tuple[int, ...]] = (20000,)
    spans_datagrams = True
    frame = frame
    decode = _decode

    def function(self, dialect: int, code: int, context: int) -> Function:
        """See ``Protocol.function``; ``context`` is the group, or 1 for a primary station."""
        if dialect == _LINK:
            name = _LINK_FUNCTIONS.get((context, code), f"link function {code}")
            return Function(name, Intent.SESSION)
        known = _FUNCTIONS.get(code, Function(f"function {code}", Intent.OTHER))
        return Function(known.name, _BY_GROUP.get((code, context), known.intent))

    def space(self, dialect: int, space: int, name: bytes) -> str:
        """Group and variation, such as ``g12v1``."""
        return f"g{space >> 8}v{space & 0xFF}" if space else ""
