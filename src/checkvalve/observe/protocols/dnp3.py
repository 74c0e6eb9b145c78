"""DNP3 over TCP and UDP.

Specification: IEEE 1815-2012. A message is one fragment of the application layer with all the
link frames that carry it, or one link frame that carries none. ``dnp3_link`` finds the
fragment, ``dnp3_headers`` and ``dnp3_objects`` measure what it holds.

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

from typing import ClassVar, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import INNER, JIT, i64
from checkvalve.observe.protocols import dnp3_words
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
from checkvalve.observe.protocols.dnp3_headers import read_header
from checkvalve.observe.protocols.dnp3_items import (
    FIRST_RESPONSE,
    Row,
    holds_controls,
    show_control,
    show_header,
    show_objects,
)
from checkvalve.observe.protocols.dnp3_link import (
    BLOCK_OCTETS,
    FROM_MASTER,
    HEADER_OCTETS,
    PRIMARY,
    SMALLEST_LENGTH,
    Array,
    blocks_hold,
    checksum_holds,
    frame,
    frame_octets,
    gather,
    number,
    segment_octets,
)

#: The place of ``dnp3_link`` among the dialects.
_LINK: Final = 1

_UNSOLICITED_RESPONSE: Final = 130
#: Requests that nobody answers: CONFIRM, and those whose name says so.
_NO_ANSWER: Final = np.isin(np.arange(256), (0, 6, 8, 10, 12, 33))
#: Stations from here on are all stations; none of them answers.
_BROADCAST: Final = 0xFFFD
_FIRST_FRAGMENT: Final = 0x80
#: Internal indications, second octet: function, object, parameter refused; executing already.
_REFUSED: Final = 0x17

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
    asks = function < FIRST_RESPONSE
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
                show_header(header, 0, first, first)
            break
        at = header.at + header.octets
        controls = holds_controls(header)
        for point in range(header.quantity if controls else 1):
            if item == room:
                out[n + item - 1].status = MALFORMED
                out[n + item - 1].reason = TOO_MANY_ITEMS
                at = octets
                break
            row = out[n + item]
            if item > 0:
                begin(out, n + item)
            show_header(header, item, first, row)
            if controls:
                show_control(data, start, header, point, row)
            else:
                show_objects(data, start, header, 0, header.quantity, row)
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
            return dnp3_words.link_function(code, context == 1)
        return dnp3_words.function(code, context)

    def space(self, dialect: int, space: int, name: bytes) -> str:
        """Group and variation, such as ``g12v1``."""
        return f"g{space >> 8}v{space & 0xFF}" if space else ""
