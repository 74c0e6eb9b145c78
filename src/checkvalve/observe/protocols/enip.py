"""EtherNet/IP: encapsulation messages, and the CIP services that they carry.

Specification: *CIP Networks Library, Volume 2: EtherNet/IP Adaptation of CIP* (ODVA), chapter
2: encapsulation 2-3 and 2-4, common packet format 2-6; what it carries is in ``cip.py``.

Every encapsulation message gives a row of dialect ``eip``; every CIP service within it gives
one of dialect ``enip``, wrappers (Multiple_Service_Packet, Unconnected_Send) as well as what
they wrap. A CIP response has its request's key: session and sender context, or session and
sequence count, since the two directions of a connection bear different connection ids.

Why it matters:
    It is what most Rockwell, Omron and many Schneider controllers are read, written, stopped
    and programmed with, and it asks nobody for a password.

Known limits:
    Implicit I/O (UDP 2222), CIP Security (TLS, DTLS) and other interfaces than CIP are not
    decoded. An encapsulation message of all zeros, a NOP of nothing, is not recognised: other
    protocols send such octets too. Connected messages name no slot: only the Forward_Open
    that opened their connection does. Two connections of one session whose sequence counts
    meet are told apart by order alone. A response without a path is read as a tag's whenever
    it could be one: an untyped answer, as from class 0x72, may show a value by chance.

Example:
    ``Enip().function(0, 0x0A, 2)`` is ``Multiple_Service_Packet``.

References:
    ATT&CK for ICS T0855 (unauthorised command message), T0858 (change operating mode).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numba as nb
import numpy as np

from checkvalve.observe.compiling import INNER, JIT
from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    DECODE,
    ENVELOPE,
    ERROR,
    FRAME,
    MALFORMED,
    MAX_ROWS,
    NEED_MORE,
    NOT_MINE,
    ONE_WAY,
    REQUEST,
    RESPONSE,
    TOO_SHORT,
    Function,
    Protocol,
    begin,
    u16le,
    u32le,
)
from checkvalve.observe.protocols.cip import PCCC, pend, request, response
from checkvalve.observe.protocols.cip_path import octet
from checkvalve.observe.protocols.cip_words import object_words, path_words, tables
from checkvalve.records import Intent

Array = np.ndarray[Any, Any]

ENIP: Final = 0
EIP: Final = 1

_HEADER: Final = 24
_LONGEST: Final = 65511  # clause 2-3.3
_NOP: Final = 0x00
_LIST_SERVICES: Final = 0x04
_LIST_IDENTITY: Final = 0x63
_LIST_INTERFACES: Final = 0x64
_REGISTER_SESSION: Final = 0x65
_UNREGISTER_SESSION: Final = 0x66
_SEND_RR_DATA: Final = 0x6F
_SEND_UNIT_DATA: Final = 0x70
_CONNECTED_ADDRESS: Final = 0xA1
_CONNECTED_DATA: Final = 0xB1
_UNCONNECTED_DATA: Final = 0xB2
#: Odd numbers that spread the parts of a key over its 64 bits.
_SESSION: Final = 0x1E3779B97F4A7C15
_CONTEXT: Final = 0x2545F4914F6CDD1D
_SEQUENCE: Final = 0x369DEA0F31A53F85

#: Which commands (2-3.2) and statuses (2-3.4) there are. ``in`` would compile for longer.
_COMMANDS: Final = np.zeros(256, dtype=np.bool_)
_COMMANDS[[0x00, 0x04, 0x63, 0x64, 0x65, 0x66, 0x6F, 0x70, 0x72, 0x73, 0xC8]] = True
_STATUSES: Final = np.zeros(256, dtype=np.bool_)
_STATUSES[[0x00, 0x01, 0x02, 0x03, 0x64, 0x65, 0x69, 0x6A]] = True


@nb.njit(FRAME, **JIT)
def frame(data: Array, start: int, end: int) -> int:
    """The length of the encapsulation message at ``start`` (2-3); its header must make sense."""
    have = end - start
    if have < 1:
        return NEED_MORE
    command = octet(data, start) if have < 2 else u16le(data, start)
    if command > 0xFF or not _COMMANDS[command]:
        return NOT_MINE
    if have < _HEADER:
        return NEED_MORE
    length = u16le(data, start + 2)
    status = u32le(data, start + 8)
    if length > _LONGEST or u32le(data, start + 20) != 0:
        return NOT_MINE
    if status > 0xFF or not _STATUSES[status]:
        return NOT_MINE
    context = u32le(data, start + 12) | u32le(data, start + 16)
    if command == _NOP and (status or not (length or u32le(data, start + 4) or context)):
        return NOT_MINE
    if command == _REGISTER_SESSION and length != 4 and (length or not status):
        return NOT_MINE
    if command == _UNREGISTER_SESSION and length:
        return NOT_MINE
    if (command == _SEND_RR_DATA or command == _SEND_UNIT_DATA) and (length or not status):
        # Interface handle 0 (CIP), timeout, and at least an address and a data item.
        if length < 16:
            return NOT_MINE
        if have >= 28 and u32le(data, start + 24) != 0:
            return NOT_MINE
        if have >= 32 and not 2 <= u16le(data, start + 30) <= 16:
            return NOT_MINE
    return _HEADER + length if have >= _HEADER + length else NEED_MORE


@nb.njit(DECODE, **INNER)
def _envelope(data: Array, start: int, end: int, from_client: bool, out: Array, n: int) -> int:
    """Read the encapsulation message into row ``n``; the data item that holds CIP, or -1."""
    row = out[n]
    command = u16le(data, start)
    status = u32le(data, start + 8)
    context = u32le(data, start + 12) | u32le(data, start + 16) << 32
    octets = end - start - _HEADER
    row.code = command
    row.key = context * _CONTEXT ^ command
    if octets:
        row.raw = start + _HEADER
        row.raw_octets = octets
    if status:
        row.status = ERROR
        row.error = status & 0x7FFFFFFF
    if command == _SEND_RR_DATA or command == _SEND_UNIT_DATA:
        if octets == 0 and status:  # refused: the answer to the service that was asked
            row.kind = RESPONSE
            row.key = u32le(data, start + 4) * _SESSION ^ context * _CONTEXT
            return -1
        at = start + _HEADER + 8
        count = u16le(data, at - 2) if octets >= 8 else 0
        row.reason = BAD_LENGTH if octets >= 8 else TOO_SHORT
        addressed = False
        for _ in range(count):
            if at + 4 > end or at + 4 + u16le(data, at + 2) > end:
                return -1
            kind = u16le(data, at)
            if kind == _UNCONNECTED_DATA or (kind == _CONNECTED_DATA and addressed):
                row.reason = 0
                return at
            addressed = kind == _CONNECTED_ADDRESS
            at += 4 + u16le(data, at + 2)
        row.reason = 0 if octets >= 8 else TOO_SHORT
    elif command == _REGISTER_SESSION:
        row.kind = RESPONSE if status or u32le(data, start + 4) else REQUEST
    elif command == _LIST_SERVICES or command == _LIST_IDENTITY or command == _LIST_INTERFACES:
        row.kind = RESPONSE if status or octets else REQUEST
    elif command != _NOP and command != _UNREGISTER_SESSION:
        row.kind = REQUEST if from_client else RESPONSE
    return -1


@nb.njit(DECODE, **JIT)
def decode(data: Array, start: int, end: int, from_client: bool, out: Array, n: int) -> int:
    """Decode one encapsulation message and every CIP service in it into rows from ``n``."""
    begin(out, n)
    row = out[n]
    row.dialect = EIP
    row.kind = ONE_WAY
    row.reason = TOO_SHORT
    item = -1
    if end - start >= _HEADER:
        row.reason = 0
        item = _envelope(data, start, end, from_client, out, n)
    if row.reason:
        row.status = MALFORMED
    if item < 0:
        return n + 1
    row.kind = ENVELOPE
    row.raw = -1
    row.raw_octets = 0
    limit = n + MAX_ROWS
    at = item + 4
    stop = at + u16le(data, item + 2)
    free = pend(out, n + 1, limit, n, at, stop - at)
    n += 1
    session = u32le(data, start + 4) * _SESSION
    if u16le(data, item) == _UNCONNECTED_DATA:
        context = u32le(data, start + 12) | u32le(data, start + 16) << 32
        out[n].key = session ^ context * _CONTEXT
    else:  # a sequence count stands before the service; one octet of it is no count
        out[n].raw += 2
        out[n].raw_octets -= 2
        out[n].key = ~session
        if stop - at >= 2:
            out[n].key = ~(session ^ u16le(data, at) * _SEQUENCE)
    while n < free:  # a service pends what it wraps
        row = out[n]
        at = row.raw
        stop = at + row.raw_octets
        row.raw = -1
        row.raw_octets = 0
        row.kind = ONE_WAY
        cut = row.reason  # the message holds more than its last row tells
        if stop - at < 2:
            row.reason = TOO_SHORT
        elif data[at] & 0x80:
            free = response(data, at, stop, out, n, free, limit)
        else:
            free = request(data, at, stop, out, n, free, limit)
        if cut:
            row.reason = cut
        if row.reason:
            row.status = MALFORMED
        n += 1
    return free


class Enip(Protocol):
    """EtherNet/IP, over TCP and UDP."""

    name: ClassVar[str] = "enip"
    dialects: ClassVar[tuple[str, ...]] = ("enip", "eip")
    tcp_ports: ClassVar[tuple[int, ...]] = (44818,)
    udp_ports: ClassVar[tuple[int, ...]] = (44818,)
    items_count: ClassVar[bool] = True
    frame: ClassVar[Any] = frame
    decode: ClassVar[Any] = decode

    def function(self, dialect: int, code: int, context: int) -> Function:
        """An encapsulation command, or a CIP service; its class may change what it is for."""
        known = tables()
        if dialect == EIP:
            unknown = Function(f"command 0x{code:04X}", Intent.OTHER)
            return known.commands.get(code, unknown)
        if context >= PCCC:
            return self._pccc((context ^ PCCC) >> 16)
        unknown = Function(f"service 0x{code:02X}", Intent.OTHER)
        found = known.services.get((None, code)) or known.services.get((context, code), unknown)
        intent = known.intents.get(context, {}).get(found.intent, found.intent)
        return Function(found.name, intent)

    def _pccc(self, code: int) -> Function:
        unknown = Function(f"command 0x{code >> 8:02X} function 0x{code & 0xFF:02X}", Intent.OTHER)
        found = tables().pccc.get(code, unknown)
        return Function(f"Execute_PCCC: {found.name}", found.intent)

    def space(self, dialect: int, space: int, name: bytes) -> str:
        """A symbol with its members, or class and instance; see ``cip`` for how they are packed."""
        if name:
            return path_words(name)
        if dialect == EIP or not space:
            return ""
        return object_words(space >> 48 & 0xFFFF, space >> 16 & 0xFFFFFFFF, space & 0xFFFF)
