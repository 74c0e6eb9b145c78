"""Messages of four protocols as their specifications draw them, in ordinary proportions.

They are what ``generators`` fills conversations with: polls for the most part, a few writes,
batches, an error now and then. The octets that differ from one time to the next (counters,
sessions, values) are named as patches, so that a million messages are a few templates.

References: *MODBUS Application Protocol V1.1b3*; ODVA *EtherNet/IP Adaptation of CIP* clauses
2-3 and 2-6, *CIP Common Specification* clause 2-4; IEEE 1815-2012 clauses 4, 8 and 9; RFC 1006
and ISO/IEC 8073 for what lies below S7comm, which has no public specification.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

#: What fills a patch: the exchange's number in its conversation, the conversation, a value.
COUNT: Final = 0
CONVERSATION: Final = 1
VALUE: Final = 2


@dataclass(frozen=True, slots=True)
class Patch:
    """One octet of a message that is not the same each time.

    Attributes:
        at: its place in the message.
        source: ``COUNT``, ``CONVERSATION`` or ``VALUE``.
        shift: bits of the source below this octet.
    """

    at: int
    source: int
    shift: int


@dataclass(frozen=True, slots=True)
class Message:
    """The octets of a message, and which of them vary."""

    octets: bytes
    patches: tuple[Patch, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response.

    Attributes:
        forms: request and response; the n-th time the n-th form, and round again.
        weight: how often, compared with the others of its protocol.
        requests: how many of (protocol, code) its request counts for in a tally.
        responses: the same of its response.
    """

    forms: tuple[tuple[Message, Message], ...]
    weight: float
    requests: Mapping[tuple[str, int], int]
    responses: Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What two ends of a protocol say to each other.

    Attributes:
        port: of the server.
        opening: exchanges with which each conversation begins, in order.
        polls: exchanges that follow, by weight.
    """

    port: int
    opening: tuple[Exchange, ...] = ()
    polls: tuple[Exchange, ...] = field(default=())


def dialogues() -> Mapping[str, Dialogue]:
    """What is said in each protocol, by its name in records."""
    return {"modbus": _modbus(), "enip": _enip(), "dnp3": _dnp3(), "s7comm": _s7comm()}


def _number(at: int, octets: int, source: int, *, big: bool) -> tuple[Patch, ...]:
    """Patches for a number of so many octets."""
    shifts = [8 * k for k in range(octets)]
    return tuple(
        Patch(at + k, source, shift)
        for k, shift in enumerate(reversed(shifts) if big else shifts)
    )  # fmt: skip


def _simple(
    protocol: str, code: int, request: Message, response: Message, weight: float
) -> Exchange:
    once = {(protocol, code): 1}
    return Exchange(((request, response),), weight, once, once)


# Modbus


def _adu(pdu: bytes, value_at: int = -1) -> Message:
    """A PDU behind its MBAP header, unit 1."""
    patches = _number(0, 2, COUNT, big=True)
    if value_at >= 0:
        patches += _number(7 + value_at, 2, VALUE, big=True)
    return Message(struct.pack(">HHHB", 0, 0, len(pdu) + 1, 1) + pdu, patches)


@cache
def _modbus() -> Dialogue:
    def poll(weight: float, request: bytes, response: bytes, value_at: int = -1) -> Exchange:
        asked = _adu(request, value_at if request[0] in (6, 16) else -1)
        return _simple("modbus", request[0], asked, _adu(response, value_at), weight)

    read = struct.pack
    return Dialogue(
        502,
        polls=(
            poll(60, read(">BHH", 3, 0, 10), b"\x03\x14" + bytes(20), 2),
            poll(15, read(">BHH", 4, 100, 2), b"\x04\x04" + bytes(4), 2),
            poll(10, read(">BHH", 1, 0, 16), b"\x01\x02\x55\xaa"),
            poll(8, read(">BHH", 2, 0, 24), b"\x02\x03\x01\x02\x03"),
            poll(4, read(">BHHB", 16, 200, 2, 4) + bytes(4), read(">BHH", 16, 200, 2)),
            poll(2, read(">BHH", 6, 40, 0), read(">BHH", 6, 40, 0), 3),
            poll(1, read(">BHH", 5, 7, 0xFF00), read(">BHH", 5, 7, 0xFF00)),
            poll(0.2, read(">BHH", 3, 9000, 10), b"\x83\x02"),
        ),
    )


# EtherNet/IP


def _encapsulated(command: int, data: bytes, *patches: Patch, session: bool = True) -> Message:
    header = struct.pack("<HHII8sI", command, len(data), 0, 0, bytes(8), 0)
    own = _number(4, 4, CONVERSATION, big=False) if session else ()
    return Message(header + data, own + patches)


def _connected(service: bytes, value_at: int = -1) -> Message:
    """SendUnitData: an address item with the connection, a data item with a count."""
    data = struct.pack("<IHHHHIHHH", 0, 0, 2, 0xA1, 4, 0, 0xB1, len(service) + 2, 0) + service
    patches = _number(36, 4, CONVERSATION, big=False) + _number(44, 2, COUNT, big=False)
    if value_at >= 0:
        patches += _number(46 + value_at, 2, VALUE, big=False)
    return _encapsulated(0x70, data, *patches)


def _unconnected(service: bytes) -> Message:
    """SendRRData: a null address item and an unconnected data item; the context counts."""
    data = struct.pack("<IHHHHHH", 0, 10, 2, 0, 0, 0xB2, len(service)) + service
    return _encapsulated(0x6F, data, *_number(12, 4, COUNT, big=False))


def _asked(service: int, path: bytes, data: bytes = b"") -> bytes:
    return bytes([service, len(path) // 2]) + path + data


def _symbol(name: str) -> bytes:
    octets = name.encode()
    return bytes([0x91, len(octets)]) + octets + bytes(len(octets) % 2)


def _batch(*services: bytes) -> bytes:
    at = 2 + 2 * len(services)
    offsets = [at + sum(map(len, services[:k])) for k in range(len(services))]
    return struct.pack(f"<H{len(services)}H", len(services), *offsets) + b"".join(services)


@cache
def _enip() -> Dialogue:
    def poll(
        weight: float, command: int, request: Message, response: Message, *services: int
    ) -> Exchange:
        counted = Counter({("eip", command): 1})
        counted.update(("enip", service) for service in services)
        return Exchange(((request, response),), weight, counted, counted)

    level = _asked(0x4C, _symbol("Tank1_Level"), b"\1\0")
    real = b"\xcc\0\0\0\xca\0" + struct.pack("<f", 20.5)
    tags = [_asked(0x4C, _symbol(f"Drive{k}_Speed"), b"\1\0") for k in range(5)]
    start = _asked(0x4D, _symbol("Drive1_Setpoint"), b"\xc3\0\1\0\0\0")
    identity = _asked(0x0E, b"\x20\x01\x24\x01\x30\x07")
    name = b"\x8e\0\0\0\x0b1756-L61/B "
    batched = _asked(0x0A, b"\x20\x02\x24\x01", _batch(*tags))
    register = Message(struct.pack("<HHII8sIHH", 0x65, 4, 0, 0, b"checkval", 0, 1, 0))
    registered = Message(register.octets, _number(4, 4, CONVERSATION, big=False))
    once = {("eip", 0x65): 1}
    return Dialogue(
        44818,
        opening=(Exchange(((register, registered),), 0, once, once),),
        polls=(
            poll(70, 0x70, _connected(level), _connected(real, 6), 0x4C),
            poll(8, 0x70, _connected(batched), _connected(b"\x8a\0\0\0" + _batch(*[real] * 5)),
                 0x0A, *[0x4C] * 5),
            poll(17, 0x6F, _unconnected(identity), _unconnected(name), 0x0E),
            poll(4, 0x70, _connected(start, len(start) - 2), _connected(b"\xcd\0\0\0"), 0x4D),
            poll(1, 0x70, _connected(level), _connected(b"\xcc\0\x04\0"), 0x4C),
        ),
    )  # fmt: skip


# DNP3


def checksum(octets: bytes) -> int:
    """CRC-16/DNP (IEEE 1815-2012, 9.2.4.1.3), least significant octet first on the wire."""
    crc = 0
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0xA6BC if crc & 1 else 0)
    return crc ^ 0xFFFF


def _sealed(octets: bytes) -> bytes:
    return octets + checksum(octets).to_bytes(2, "little")


def dnp3_frame(user: bytes, control: int, destination: int, source: int) -> bytes:
    """One link frame (9.2.4): its header, and its user data with a checksum per 16 octets."""
    header = struct.pack("<BBBBHH", 5, 0x64, len(user) + 5, control, destination, source)
    blocks = [_sealed(user[k : k + 16]) for k in range(0, len(user), 16)]
    return _sealed(header) + b"".join(blocks)


@cache
def _dnp3() -> Dialogue:
    def poll(weight: float, function: int, objects: bytes, answer: bytes) -> Exchange:
        forms = []
        for sequence in range(16):
            head = bytes([0xC0 | sequence, 0xC0 | sequence])
            request = head + bytes([function]) + objects
            response = head + b"\x81\0\0" + answer
            forms.append(
                (
                    Message(dnp3_frame(request, 0xC4, 10, 1)),
                    Message(dnp3_frame(response, 0x44, 1, 10)),
                )
            )
        return Exchange(
            tuple(forms), weight, {("dnp3", function): 1}, {("dnp3", 129): 1}
        )  # fmt: skip

    analogs = b"\x1e\x02\x00\x00\x03" + b"".join(struct.pack("<Bh", 1, 40 * k) for k in range(4))
    binaries = b"\x01\x02\x00\x00\x07" + b"\x01\x81" * 4
    close = b"\x0c\x01\x17\x01\x03" + struct.pack("<BBIIB", 0x41, 1, 500, 0, 0)
    return Dialogue(
        20000,
        polls=(
            poll(70, 1, b"\x3c\x02\x06\x3c\x03\x06\x3c\x04\x06\x3c\x01\x06", binaries + analogs),
            poll(20, 1, b"\x1e\x02\x00\x00\x03", analogs),
            poll(6, 1, b"\x3c\x02\x06", b""),
            poll(2, 3, close, close),
            poll(2, 4, close, close),
        ),
    )


# S7comm

_JOB: Final = 1
_ANSWERED: Final = 3
_USERDATA: Final = 7


def _unit(rosctr: int, parameters: bytes, data: bytes = b"") -> Message:
    """A data unit of COTP in a TPKT packet, and in it a unit of S7comm."""
    fault = b"\0\0" if rosctr == _ANSWERED else b""
    head = struct.pack(">BBHHHH", 0x32, rosctr, 0, 0, len(parameters), len(data)) + fault
    content = head + parameters + data
    packet = struct.pack(">BBH", 3, 0, len(content) + 7) + b"\x02\xf0\x80" + content
    return Message(packet, _number(11, 2, COUNT, big=True))


def _item(octets: int, block: int, at: int) -> bytes:
    """An ANY item: so many octets of a data block."""
    return struct.pack(">BBBBHHB", 0x12, 10, 0x10, 2, octets, block, 0x84) + (at * 8).to_bytes(
        3, "big"
    )


def _octets(*values: bytes) -> bytes:
    parts = [b"\xff\x04" + struct.pack(">H", 8 * len(value)) + value for value in values]
    return b"".join(part + bytes(len(part) % 2) for part in parts[:-1]) + parts[-1]


@cache
def _s7comm() -> Dialogue:
    def cotp(code: int, to: int, by: int) -> Message:
        body = bytes([17, code]) + struct.pack(">HHB", to, by, 0)
        body += b"\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02"
        return Message(struct.pack(">BBH", 3, 0, len(body) + 4) + body)

    setup = b"\xf0\0\0\1\0\1\1\xe0"
    four = bytes([4, 4]) + b"".join(_item(4, 10, 8 * k) for k in range(4))
    connected = cotp(0xE0, 0, 1), cotp(0xD0, 1, 2)
    connect = Exchange((connected,), 0, {("cotp", 0xE0): 1}, {("cotp", 0xD0): 1})
    begin = _simple("s7comm", 0xF0, _unit(_JOB, setup), _unit(_ANSWERED, setup), 0)
    status = b"\0\1\x12\4\x11\x44\1\0", b"\xff\x09\0\4\4\x24\0\0"
    told = b"\0\1\x12\x08\x12\x84\1\1\0\0\0\0", b"\xff\x09\0\x08\4\x24\0\0\0\0\0\0"
    return Dialogue(
        102,
        opening=(connect, begin),
        polls=(
            _simple(
                "s7comm", 4, _unit(_JOB, b"\4\1" + _item(20, 1, 0)),
                _unit(_ANSWERED, b"\4\1", _octets(bytes(range(20)))), 60,
            ),
            _simple(
                "s7comm", 4, _unit(_JOB, four),
                _unit(_ANSWERED, b"\4\4", _octets(*[bytes(4)] * 4)), 30,
            ),
            _simple(
                "s7comm", 5, _unit(_JOB, b"\5\1" + _item(2, 20, 4), b"\0\4\0\x10\1\2"),
                _unit(_ANSWERED, b"\5\1", b"\xff"), 6,
            ),
            _simple("s7comm", 0x070401, _unit(_USERDATA, *status), _unit(_USERDATA, *told), 4),
        ),
    )  # fmt: skip
