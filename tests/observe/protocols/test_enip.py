"""EtherNet/IP and CIP: what messages give, and that their plain twin gives the same."""

from __future__ import annotations

import json
import math
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.observe.protocols.twins import enip as twin

from checkvalve.observe.captures.files import Capture
from checkvalve.observe.captures.frames import read_frames
from checkvalve.observe.captures.packet import TCP, UDP, WHOLE
from checkvalve.observe.protocols import base, cip_path, enip
from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    ENVELOPE,
    ERROR,
    MALFORMED,
    MAX_ROWS,
    MESSAGE,
    NEED_MORE,
    NOT_MINE,
    OK,
    ONE_WAY,
    REQUEST,
    RESPONSE,
    TOO_MANY_ITEMS,
    TOO_SHORT,
)
from checkvalve.observe.protocols.cip_words import tables
from checkvalve.observe.protocols.enip import EIP, ENIP, Enip
from checkvalve.records import Intent

PROTOCOL = Enip()
PORT = 44818
SESSION = 0x11020100
CONTEXT = b"context1"
#: Octets of other messages around the one in hand: reading them would show.
POISON = b"\xa5" * 40

#: Columns in which a row and its twin are equal as they stand.
EXACT = [
    "dialect",
    "kind",
    "status",
    "reason",
    "item",
    "code",
    "context",
    "device",
    "name_octets",
    "first",
    "last",
    "quantity",
    "error",
    "raw_octets",
]


# Messages as the specification draws them.


def encapsulated(
    command: int,
    data: bytes = b"",
    *,
    session: int = SESSION,
    status: int = 0,
    context: bytes = CONTEXT,
) -> bytes:
    """Clause 2-3.1: command, length, session, status, sender context, options."""
    header = struct.pack("<HHII8sI", command, len(data), session, status, context, 0)
    return header + data


def item(kind: int, data: bytes = b"") -> bytes:
    """Clause 2-6.1: type, length, data."""
    return struct.pack("<HH", kind, len(data)) + data


def unconnected(service: bytes, **header: Any) -> bytes:
    """SendRRData: interface 0, timeout, a null address and an unconnected data item."""
    packet = struct.pack("<IHH", 0, 10, 2) + item(0) + item(0xB2, service)
    return encapsulated(0x6F, packet, **header)


def connected(service: bytes, *, connection: int = 0x00790B01, sequence: int = 0xA9) -> bytes:
    """SendUnitData: a connected address and a connected data item with a sequence count."""
    data = struct.pack("<H", sequence) + service
    packet = struct.pack("<IHH", 0, 0, 2)
    packet += item(0xA1, struct.pack("<I", connection)) + item(0xB1, data)
    return encapsulated(0x70, packet, context=bytes(8))


def asked(service: int, path: bytes, data: bytes = b"") -> bytes:
    """Clause 2-4.1 of volume 1: service, words of the path, path, data."""
    assert len(path) % 2 == 0
    return bytes([service, len(path) // 2]) + path + data


def answered(service: int, data: bytes = b"", *, general: int = 0, extended: bytes = b"") -> bytes:
    """Clause 2-4.2: service with its highest bit set, reserved, status, its extension, data."""
    return bytes([service | 0x80, 0, general, len(extended) // 2]) + extended + data


def symbol(name: str) -> bytes:
    octets = name.encode()
    return bytes([0x91, len(octets)]) + octets + bytes(len(octets) % 2)


def of_class(class_id: int, instance: int | None = None) -> bytes:
    path = bytes([0x20, class_id])
    return path if instance is None else path + struct.pack("<BBH", 0x25, 0, instance)


def batch(*services: bytes) -> bytes:
    """The data of a Multiple_Service_Packet: count, offsets, services."""
    at = 2 + 2 * len(services)
    offsets = []
    for service in services:
        offsets.append(at)
        at += len(service)
    return struct.pack(f"<H{len(services)}H", len(services), *offsets) + b"".join(services)


def routed(service: bytes, route: bytes) -> bytes:
    """The data of an Unconnected_Send."""
    padded = service + bytes(len(service) % 2)
    sent = struct.pack("<BBH", 7, 249, len(service)) + padded
    return sent + bytes([len(route) // 2, 0]) + route


# Reading them.


@dataclass(frozen=True)
class Read:
    """Rows, and the octets they point into."""

    rows: Any
    octets: bytes
    start: int

    def text(self, n: int) -> str:
        """The words for the object of row ``n``."""
        row = self.rows[n]
        at = int(row["name"])
        name = self.octets[at : at + int(row["name_octets"])] if at >= 0 else b""
        return PROTOCOL.space(int(row["dialect"]), int(row["space"]), name)

    def function(self, n: int) -> base.Function:
        row = self.rows[n]
        return PROTOCOL.function(int(row["dialect"]), int(row["code"]), int(row["context"]))

    def raw(self, n: int) -> bytes:
        row = self.rows[n]
        return self.octets[int(row["raw"]) : int(row["raw"]) + int(row["raw_octets"])]


def read(message: bytes, *, from_client: bool = True, before: bytes = POISON) -> Read:
    octets = before + message + POISON
    out = np.zeros(MAX_ROWS + 3, MESSAGE)
    out["reason"] = 99
    start, end = len(before), len(before) + len(message)
    data = np.frombuffer(octets, np.uint8)
    last = int(enip.decode(data, start, end, from_client, out, 2))
    assert 3 <= last <= 2 + MAX_ROWS
    assert list(out["reason"][[0, 1]]) == [99, 99]
    assert last == len(out) or out["reason"][last] == 99
    return Read(out[2:last], octets, start)


def framed(message: bytes) -> int:
    octets = POISON + message + POISON
    data = np.frombuffer(octets, np.uint8)
    return int(enip.frame(data, len(POISON), len(POISON) + len(message)))


def assert_like_twin(
    found: Read, expected: list[twin.Row], keys: dict[tuple[object, ...], int]
) -> None:
    exact = [tuple(getattr(row, column) for column in EXACT) for row in expected]
    assert found.rows[EXACT].tolist() == exact
    places = [tuple(at + found.start if at >= 0 else -1 for at in (row.name, row.raw))
              for row in expected]  # fmt: skip
    assert found.rows[["name", "raw"]].tolist() == places
    assert found.rows["space"].tolist() == [cip_path.pack(*row.space) for row in expected]
    assert np.array_equal(found.rows["value"], [row.value for row in expected], equal_nan=True)
    for row, key in zip(expected, found.rows["key"].tolist(), strict=True):
        assert keys.setdefault(row.key, key) == key


def payloads(path: Path) -> Iterator[tuple[bytes, bool]]:
    """Payloads of a capture as they lie in their packets, and whether a client sent them."""
    for buffer in Capture(path).buffers(4096):
        read_frames(buffer.data, buffer.packets, buffer.count)
        for packet in buffer.packets[: buffer.count]:
            if packet["fate"] == WHOLE and packet["protocol"] in (TCP, UDP):
                at, octets = int(packet["payload"]), int(packet["present"])
                yield bytes(buffer.data[at : at + octets]), packet["destination_port"] == PORT


def messages(path: Path) -> Iterator[tuple[bytes, bool]]:
    """The encapsulation messages that lie within one packet."""
    for payload, from_client in payloads(path):
        rest = payload
        while rest and (length := framed(rest)) > 0:
            yield rest[:length], from_client
            rest = rest[length:]


# Encapsulation.


@pytest.mark.parametrize(
    ("message", "from_client", "kind", "name", "intent"),
    [
        (encapsulated(0x04), True, REQUEST, "ListServices", Intent.DISCOVER),
        (encapsulated(0x63, b"\1\0" + item(0x0C)), False, RESPONSE, "ListIdentity", "discover"),
        (encapsulated(0x64, b"\0\0"), False, RESPONSE, "ListInterfaces", Intent.DISCOVER),
        (encapsulated(0x66), True, ONE_WAY, "UnRegisterSession", Intent.SESSION),
        (encapsulated(0x00, b"what"), True, ONE_WAY, "NOP", Intent.SESSION),
        (encapsulated(0x73), True, REQUEST, "Cancel", Intent.OTHER),
        (encapsulated(0x73), False, RESPONSE, "Cancel", Intent.OTHER),
    ],
)
def test_each_command_is_a_row_of_its_own(
    message: bytes, from_client: bool, kind: int, name: str, intent: str
) -> None:
    found = read(message, from_client=from_client)
    assert framed(message) == len(message)
    assert [int(row["kind"]) for row in found.rows] == [kind]
    assert found.rows[0]["dialect"] == EIP
    assert found.function(0) == base.Function(name, Intent(intent))
    assert found.text(0) == ""


@pytest.mark.parametrize("from_client", [True, False])
def test_content_tells_a_session_request_from_its_reply_whoever_seems_to_send_it(
    from_client: bool,
) -> None:
    request = read(encapsulated(0x65, b"\1\0\0\0", session=0), from_client=from_client).rows[0]
    reply = read(encapsulated(0x65, b"\1\0\0\0"), from_client=from_client).rows[0]
    refusal = encapsulated(0x65, b"\1\0\0\0", session=0, status=0x69)
    refused = read(refusal, from_client=from_client).rows[0]
    assert (request["kind"], reply["kind"], refused["kind"]) == (REQUEST, RESPONSE, RESPONSE)
    assert request["key"] == reply["key"] == refused["key"]
    assert (refused["status"], refused["error"]) == (ERROR, 0x69)


def test_a_refusal_without_content_answers_the_service_that_was_asked() -> None:
    request = read(unconnected(asked(0x0E, b"\x20\x01\x24\x01\x30\x07"))).rows
    refusal = read(encapsulated(0x6F, status=0x64), from_client=False).rows
    assert [row["kind"] for row in refusal] == [RESPONSE]
    assert (refusal[0]["status"], refusal[0]["error"]) == (ERROR, 0x64)
    assert refusal[0]["key"] == request[1]["key"]


def test_a_packet_without_a_service_stays_raw() -> None:
    packet = struct.pack("<IHH", 0, 0, 2) + item(0x8002, bytes(8)) + item(0xB1, b"\1\2process")
    found = read(encapsulated(0x70, packet))
    assert [(row["kind"], row["status"]) for row in found.rows] == [(ONE_WAY, OK)]
    assert found.raw(0) == packet


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (encapsulated(0x6F, struct.pack("<IHH", 0, 0, 2) + item(0) + b"\xb2\0\5\0"), BAD_LENGTH),
        (encapsulated(0x6F, struct.pack("<IHH", 0, 0, 9) + item(0) + item(1)), BAD_LENGTH),
        (encapsulated(0x6F, b"\0\0\0\0"), TOO_SHORT),
        (encapsulated(0x6F)[:20], TOO_SHORT),
    ],
)
def test_an_envelope_that_contradicts_itself_is_malformed(message: bytes, reason: int) -> None:
    rows = read(message).rows
    assert [(row["status"], row["reason"]) for row in rows] == [(MALFORMED, reason)]


@pytest.mark.parametrize(
    "message",
    [
        bytes(24),  # a NOP of nothing; the first message of GE SRTP looks the same
        encapsulated(0x01),
        encapsulated(0x163),
        encapsulated(0x63, status=0x42),
        encapsulated(0x63)[:20] + b"\1\0\0\0",
        encapsulated(0x65, b"\1\0"),
        encapsulated(0x66, b"\1\0"),
        encapsulated(0x6F),
        encapsulated(0x6F, bytes(12)),
        encapsulated(0x6F, b"\1\0\0\0\0\0\2\0" + item(0) + item(0xB2)),
        encapsulated(0x6F, b"\0\0\0\0\0\0\1\0" + item(0) + item(0xB2)),
        encapsulated(0x00, status=1),
        struct.pack("<HHII8sI", 0x04, 65512, 0, 0, b"", 0) + bytes(65512),
        b"\x05\x64\x05\xc0\x01\x00\x00\x04\xe9\x21",  # DNP3
        b"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x01",  # Modbus
        b"GET / HTTP/1.1\r\nHost: plant\r\n\r\n",
    ],
)
def test_what_is_no_encapsulation_message_is_not_taken_for_one(message: bytes) -> None:
    assert framed(message) == NOT_MINE


def test_a_message_cut_anywhere_needs_more() -> None:
    message = unconnected(asked(0x4C, symbol("FIT201"), b"\1\0"))
    assert framed(b"") == NEED_MORE
    assert {framed(message[:cut]) for cut in range(1, len(message))} == {NEED_MORE}
    assert framed(message + message[:7]) == len(message)


def test_random_octets_are_not_recognised() -> None:
    octets = np.random.default_rng(7).integers(0, 256, 200_000, dtype=np.uint8)
    ends = range(64, len(octets))
    assert all(enip.frame(octets, end - 64, end) <= 0 for end in ends)


# CIP services.


def test_reading_a_tag_names_it_and_its_answer_has_the_value() -> None:
    # 1756-PM020, Read Tag Service: one element of a tag, answered with a REAL.
    request = read(connected(asked(0x4C, symbol("FIT201"), b"\1\0")))
    answer = connected(answered(0x4C, b"\xca\0" + struct.pack("<f", 0.5)), connection=0x80FE0017)
    reply = read(answer, from_client=False)
    envelope, row = request.rows
    assert (envelope["dialect"], envelope["kind"], envelope["code"]) == (EIP, ENVELOPE, 0x70)
    assert (row["dialect"], row["kind"], row["code"]) == (ENIP, REQUEST, 0x4C)
    assert request.text(1) == "FIT201"
    assert request.function(1) == base.Function("Read Tag", Intent.READ)
    assert (row["first"], row["last"], row["quantity"], row["raw"]) == (0, 0, 1, -1)
    assert reply.rows[1]["kind"] == RESPONSE
    assert reply.rows[1]["value"] == 0.5
    assert reply.rows[1]["key"] == row["key"] != envelope["key"]
    assert reply.text(1) == ""


@pytest.mark.parametrize(
    ("path", "text", "first"),
    [
        (symbol("rate"), "rate", 0),
        (symbol("rate") + b"\x28\x05", "rate", 5),
        (symbol("rate") + b"\x29\x00\x34\x12", "rate", 0x1234),
        (symbol("rate") + b"\x2a\x00\x01\x00\x01\x00", "rate", 0x10001),
        (symbol("grid") + b"\x28\x02\x28\x03", "grid[2]", 3),
        (symbol("Program:Main") + symbol("line") + b"\x28\x02" + symbol("speed"),
         "Program:Main.line[2].speed", 0),
        (b"\x64MASK\0", "MASK", 0),  # an ANSI symbol in the segment itself (C-1.4.4)
        (of_class(0x6B, 12), "class 0x6B Symbol instance 12", 0),
        (of_class(0x6B, 12) + b"\x28\x07", "class 0x6B Symbol instance 12", 7),
        (of_class(0x6B, 12) + b"\x30\x01\x28\x07", "class 0x6B Symbol instance 12 attribute 1", 7),
        (of_class(0x6B, 12) + b"\x28\x07\x28\x08", "class 0x6B Symbol instance 12[7]", 8),
        (of_class(0x6B, 12) + symbol("field"), "class 0x6B Symbol instance 12.field", 0),
        (b"", "", 0),
    ],
)  # fmt: skip
def test_a_path_names_its_object_and_its_last_element(path: bytes, text: str, first: int) -> None:
    found = read(unconnected(asked(0x4C, path, b"\3\0")))
    row = found.rows[1]
    assert row["status"] == OK
    assert found.text(1) == text
    assert (row["first"], row["last"], row["quantity"]) == (first, first + 2, 3)


def test_an_attribute_is_where_it_was_asked_for() -> None:
    found = read(unconnected(asked(0x10, b"\x20\xf5\x24\x01\x30\x05", b"\x0a\x00\x00\x01")))
    row = found.rows[1]
    assert found.text(1) == "class 0xF5 TCP/IP Interface instance 1"
    assert (row["first"], row["last"], row["context"]) == (5, 5, 0xF5)
    assert found.raw(1) == b"\x0a\x00\x00\x01"
    assert found.function(1) == base.Function("Set_Attribute_Single", Intent.PROGRAM)


def test_an_attribute_list_gives_its_range_and_count() -> None:
    data = struct.pack("<H3H", 3, 7, 2, 10)
    found = read(connected(asked(0x03, b"\x20\xac\x24\x01", data))).rows[1]
    assert (found["first"], found["last"], found["quantity"]) == (2, 10, 3)
    set_one = read(connected(asked(0x04, b"\x20\xac\x24\x01", b"\1\0\7\0value"))).rows[1]
    assert (set_one["first"], set_one["quantity"]) == (7, 1)
    set_two = read(connected(asked(0x04, b"\x20\xac\x24\x01", b"\2\0\7\0value"))).rows[1]
    assert (set_two["first"], set_two["quantity"]) == (-1, 2)


@pytest.mark.parametrize(
    ("kind", "octets", "value"),
    [
        (0xC1, b"\xff", 1),
        (0xC1, b"\x00", 0),
        (0xC2, b"\xfe", -2),
        (0xC3, b"\xfe\xff", -2),
        (0xC4, b"\xfe\xff\xff\xff", -2),
        (0xC5, b"\xfe" + b"\xff" * 7, -2),
        (0xC6, b"\xfe", 254),
        (0xC7, b"\xfe\xff", 65534),
        (0xC8, b"\xfe\xff\xff\xff", 4294967294),
        (0xC9, b"\xff" * 8, 18446744073709551615),
        (0xCA, struct.pack("<f", 0.5), 0.5),
        (0xCB, struct.pack("<d", 0.1), 0.1),
        (0xD1, b"\x80", 128),
        (0xD2, b"\x00\x80", 32768),
        (0xD3, b"\x00\x00\x00\x80", 2147483648),
        (0xD4, b"\x00" * 7 + b"\x80", 9223372036854775808),
    ],
)
def test_one_element_of_an_elementary_type_is_a_value(
    kind: int, octets: bytes, value: float
) -> None:
    head = struct.pack("<H", kind)
    written = read(connected(asked(0x4D, symbol("x"), head + b"\1\0" + octets)))
    answer = read(connected(answered(0x4C, head + octets)), from_client=False)
    assert (written.rows[1]["value"], written.rows[1]["raw"]) == (float(value), -1)
    assert (answer.rows[1]["value"], answer.rows[1]["raw"]) == (float(value), -1)
    assert written.function(1) == base.Function("Write Tag", Intent.WRITE)


@pytest.mark.parametrize(
    ("data", "raw"),
    [
        (b"\xc3\x00\x01\x00\x02\x00", b"\x01\x00\x02\x00"),  # two INT
        (b"\xa0\x02\x34\x12abc", b"abc"),  # a structure: its handle, its octets
        (b"\xca\x00\x00\x00\xc0\x7f", b"\x00\x00\xc0\x7f"),  # a REAL that is not a number
        (b"\xc4\x00\x01\x00\x02", b"\xc4\x00\x01\x00\x02"),  # no whole DINT: no type at all
        (b"\x05\x00\x00\x00", b"\x05\x00\x00\x00"),
    ],
)
def test_anything_else_that_is_read_stays_raw(data: bytes, raw: bytes) -> None:
    answer = read(connected(answered(0x4C, data)), from_client=False)
    assert math.isnan(answer.rows[1]["value"])
    assert answer.raw(1) == raw


def test_writing_an_array_or_a_structure_keeps_its_octets() -> None:
    array = read(connected(asked(0x53, symbol("a") + b"\x28\x04",
                                 b"\xc3\0\2\0" + bytes(4) + b"\1\0\2\0")))  # fmt: skip
    structure = read(connected(asked(0x4D, symbol("s"), b"\xa0\x02\x34\x12\1\0abcd")))
    row = array.rows[1]
    assert (row["first"], row["last"], row["quantity"], array.raw(1)) == (4, 5, 2, b"\1\0\2\0")
    assert (structure.rows[1]["quantity"], structure.raw(1)) == (1, b"abcd")


def test_a_mask_changes_one_element() -> None:
    found = read(connected(asked(0x4E, symbol("LMS_DISABLE") + b"\x28\x02", b"\1\0\1\xff")))
    assert found.function(1) == base.Function("Read Modify Write Tag", Intent.WRITE)
    assert (found.rows[1]["first"], found.rows[1]["quantity"]) == (2, 1)


def test_partial_transfer_is_no_error_and_other_statuses_are() -> None:
    more = read(connected(answered(0x52, b"\xc2\0\1\2", general=0x06))).rows[1]
    none = read(connected(answered(0x52, general=0x04, extended=b"\0\0"))).rows[1]
    assert (more["status"], more["error"], more["raw_octets"]) == (OK, 0x06, 2)
    assert (none["status"], none["error"], none["raw_octets"]) == (ERROR, 0x04, 0)


# Wrappers.


def test_a_batch_gives_a_row_an_item_with_the_key_of_the_batch() -> None:
    reads = [asked(0x4C, symbol(name), b"\1\0") for name in ("a", "bb")]
    request = read(connected(asked(0x0A, b"\x20\x02\x24\x01", batch(*reads))))
    values = [answered(0x4C, b"\xc3\0\5\0"), answered(0x4C, general=0x05)]
    reply = read(connected(answered(0x0A, batch(*values), general=0x1E)), from_client=False)
    assert list(request.rows["item"]) == [0, 0, 1, 2]
    assert list(request.rows["code"][1:]) == [0x0A, 0x4C, 0x4C]
    assert [request.text(n) for n in (2, 3)] == ["a", "bb"]
    assert request.rows[1]["quantity"] == 2
    assert list(reply.rows["item"]) == [0, 0, 1, 2]
    assert list(reply.rows["status"][1:]) == [ERROR, OK, ERROR]
    assert reply.rows[2]["value"] == 5
    assert len({int(row["key"]) for row in (*request.rows[1:], *reply.rows[1:])}) == 1


def test_a_batch_that_failed_as_a_whole_has_no_items() -> None:
    rows = read(connected(answered(0x0A, general=0x08)), from_client=False).rows
    assert [(row["kind"], row["status"]) for row in rows] == [(ENVELOPE, OK), (RESPONSE, ERROR)]


@pytest.mark.parametrize(
    ("data", "reason", "items"),
    [
        (b"", TOO_SHORT, 0),
        (b"\2\0\6\0", TOO_SHORT, 0),
        (b"\1\0\2\0" + asked(0x01, b"\x20\x01"), BAD_LENGTH, 0),  # within its own offsets
        (b"\2\0\6\0\6\0" + asked(0x01, b"\x20\x01"), BAD_LENGTH, 0),  # overlapping
        (b"\2\0\6\0\x0a\0" + asked(0x01, b"\x20\x01"), BAD_LENGTH, 1),  # behind the end
    ],
)
def test_a_batch_with_impossible_offsets_is_malformed_from_there(
    data: bytes, reason: int, items: int
) -> None:
    rows = read(connected(asked(0x0A, b"\x20\x02\x24\x01", data))).rows
    assert (rows[1]["status"], rows[1]["reason"]) == (MALFORMED, reason)
    assert len(rows) == 2 + items


def test_one_malformed_item_costs_that_item() -> None:
    good = asked(0x4C, symbol("good"), b"\1\0")
    items = batch(good, b"\x4c\x7f", b"\x4c", good)
    rows = read(connected(asked(0x0A, b"\x20\x02\x24\x01", items))).rows
    assert list(rows["status"]) == [OK, OK, OK, MALFORMED, MALFORMED, OK]
    assert list(rows["reason"]) == [0, 0, 0, BAD_LENGTH, TOO_SHORT, 0]


def test_a_batch_that_is_too_long_is_cut_and_says_so() -> None:
    items = batch(*[asked(0x01, b"\x20\x01")] * (MAX_ROWS + 5))
    rows = read(connected(asked(0x0A, b"\x20\x02\x24\x01", items))).rows
    assert len(rows) == MAX_ROWS
    assert (rows[-1]["status"], rows[-1]["reason"]) == (MALFORMED, TOO_MANY_ITEMS)
    assert rows[-2]["status"] == OK


def test_batches_within_batches_end() -> None:
    nested = asked(0x01, b"\x20\x01")
    for _ in range(700):
        nested = asked(0x0A, b"\x20\x02", batch(nested))
    rows = read(connected(nested)).rows
    assert len(rows) == MAX_ROWS
    assert rows[-1]["reason"] == TOO_MANY_ITEMS
    assert len(set(rows["item"][1:])) == MAX_ROWS - 1


def test_a_route_gives_the_slot_and_only_the_embedded_request_waits() -> None:
    inner = asked(0x4C, symbol("LIT301"), b"\1\0")
    request = read(unconnected(asked(0x52, b"\x20\x06\x24\x01", routed(inner, b"\x01\x03"))))
    reply = read(unconnected(answered(0x4C, b"\xca\0\0\0\0\0")), from_client=False)
    failed = read(unconnected(answered(0x52, b"\1", general=1, extended=b"\x12\3")))
    wrapper, embedded = request.rows[1:]
    assert (wrapper["kind"], embedded["kind"]) == (ONE_WAY, REQUEST)
    assert (wrapper["device"], embedded["device"]) == (3, 3)
    assert request.function(1) == base.Function("Unconnected_Send", Intent.SESSION)
    assert request.text(2) == "LIT301"
    assert embedded["key"] == reply.rows[1]["key"] == failed.rows[1]["key"]
    assert failed.rows[1]["status"] == ERROR


@pytest.mark.parametrize(
    ("route", "device"),
    [
        (b"", -1),
        (b"\x01\x07", 7),
        (b"\x01\x02\x12\x0b192.168.1.5\x00\x01\x04", 4),  # through a bridge in slot 2
        (b"\x01\x02\x12\x0b192.168.1.5\x00", -1),  # ends at an address, in no slot
        (b"\x0f\x01\x20\x09", 0x09),  # extended port number
        (b"\x34\x04", -1),
    ],
)
def test_the_last_port_segment_names_the_device(route: bytes, device: int) -> None:
    route = route + bytes(len(route) % 2)
    inner = asked(0x01, b"\x20\x01\x24\x01")
    rows = read(unconnected(asked(0x52, b"\x20\x06\x24\x01", routed(inner, route)))).rows
    assert list(rows["device"][1:]) == [device, device]


def test_a_connection_is_opened_to_a_slot() -> None:
    # Clause 3-5.5.2: a class 3 connection to the Message Router of slot 5.
    head = b"\x0a\x0e" + bytes(4) + bytes(4) + bytes(8) + b"\3\0\0\0"
    path = b"\x03\x01\x05\x20\x02\x24\x01"
    small = head + bytes(4) + b"\xf4\x43" + bytes(4) + b"\xf4\x43\xa3" + path
    large = head + bytes(4) + bytes(4) + bytes(4) + bytes(4) + b"\xa3" + path
    close = b"\x0a\x0e" + bytes(8) + b"\x03\x00" + path[1:]
    for code, data, name in (
        (0x54, small, "Forward_Open"),
        (0x5B, large, "Large_Forward_Open"),
        (0x4E, close, "Forward_Close"),
    ):
        found = read(unconnected(asked(code, b"\x20\x06\x24\x01", data)))
        assert found.function(1) == base.Function(name, Intent.SESSION)
        assert found.rows[1]["device"] == 5
        assert found.raw(1) == data


@pytest.mark.parametrize(
    ("command", "name", "intent"),
    [
        (b"\x0f\0\1\0\xa2", "Protected typed logical read with three address fields", "read"),
        (b"\x0f\0\1\0\xaa", "Protected typed logical write with three address fields", "write"),
        (b"\x0f\0\1\0\x80\1", "Change mode", "control"),
        (b"\x0f\0\1\0\x50", "Download all request", "program"),
        (b"\x06\0\1\0\x03", "Diagnostic status", "discover"),
        (b"\x08\0\1\0\x33\x33", "Unprotected write", "write"),
        (b"\x0f\0\1\0\xee", "command 0x0F function 0xEE", "other"),
    ],
)
def test_execute_pccc_is_named_for_what_it_executes(command: bytes, name: str, intent: str) -> None:
    requestor = b"\7\1\0\1\2\3\4"
    found = read(unconnected(asked(0x4B, b"\x20\x67\x24\x01", requestor + command)))
    assert found.function(1) == base.Function(f"Execute_PCCC: {name}", Intent(intent))
    cut = read(unconnected(asked(0x4B, b"\x20\x67\x24\x01", requestor))).rows[1]
    assert (cut["status"], cut["reason"]) == (MALFORMED, TOO_SHORT)


# Names.


@pytest.mark.parametrize(
    ("code", "class_id", "name", "intent"),
    [
        (0x01, 0x01, "Get_Attributes_All", "discover"),
        (0x0E, 0x04, "Get_Attribute_Single", "read"),
        (0x10, 0x04, "Set_Attribute_Single", "write"),
        (0x10, 0xF6, "Set_Attribute_Single", "program"),
        (0x04, 0x8B, "Set_Attribute_List", "control"),  # a controller's clock
        (0x05, 0x01, "Reset", "control"),
        (0x07, 0x8E, "Stop", "control"),
        (0x08, 0x6B, "Create", "program"),
        (0x0E, 0x37, "Get_Attribute_Single", "program"),
        (0x4C, 0x37, "Initiate_Download", "program"),
        (0x4C, cip_path.NO_CLASS, "Read Tag", "read"),
        (0x4C, 0x6C, "Read Template", "discover"),
        (0x4E, cip_path.NO_CLASS, "Read Modify Write Tag", "write"),
        (0x4E, 0x06, "Forward_Close", "session"),
        (0x52, 0x6B, "Read Tag Fragmented", "read"),
        (0x52, 0x06, "Unconnected_Send", "session"),
        (0x55, 0x6B, "Get_Instance_Attribute_List", "discover"),
        (0x54, 0x39, "Safety_Reset", "control"),
        (0x4C, cip_path.UNKNOWN_CLASS, "Read Tag", "read"),
        (0x4E, cip_path.UNKNOWN_CLASS, "service 0x4E", "other"),
        (0x4B, 0x8E, "service 0x4B", "other"),
        (0x7F, cip_path.NO_CLASS, "service 0x7F", "other"),
    ],
)
def test_a_service_means_something_only_with_its_class(
    code: int, class_id: int, name: str, intent: str
) -> None:
    assert PROTOCOL.function(ENIP, code, class_id) == base.Function(name, Intent(intent))


def test_an_unknown_command_is_named_by_its_number() -> None:
    assert PROTOCOL.function(EIP, 0x05, 0) == base.Function("command 0x0005", Intent.OTHER)


def test_the_tables_hold_every_command_that_is_recognised() -> None:
    assert set(tables().commands) == twin.COMMANDS
    assert {int(code) for code in np.flatnonzero(enip._COMMANDS)} == twin.COMMANDS
    assert {int(status) for status in np.flatnonzero(enip._STATUSES)} == twin.STATUSES
    assert all(0 <= code < 0x80 for _, code in tables().services)


@given(st.binary(max_size=80))
def test_a_name_of_any_octets_has_printable_words(name: bytes) -> None:
    assert PROTOCOL.space(ENIP, 0, name).isprintable()


def test_packing_an_object_keeps_its_parts() -> None:
    packed = cip_path.pack(0xFFFE, 0xFFFFFFFF, 0x1234)
    assert -(1 << 63) <= packed < 0
    assert PROTOCOL.space(ENIP, packed, b"") == "class 0xFFFE instance 4294967295 attribute 4660"


# Hostile octets, and the twin.

numbers = st.integers(0, 255)
names = st.text("abAB_:", min_size=1, max_size=9).map(symbol)
logical = st.builds(
    lambda kind, form, number: (
        bytes([0x20 | kind << 2 | form])
        + (b"" if form == 0 else b"\0")
        + number.to_bytes(8, "little")[: (1, 2, 4)[form]]
    ),
    st.sampled_from([0, 0, 1, 1, 2, 2, 3, 4, 6]),
    st.integers(0, 2),
    st.integers(0, 2**32 - 1) | st.sampled_from([1, 2, 6, 0x6B, 0x72, 0x67]),
)
paths = (
    st.lists(names | logical | logical | st.binary(min_size=2, max_size=2), max_size=5).map(
        b"".join
    )
    | st.sampled_from([b"\x20\x06\x24\x01", b"\x20\x67\x24\x01", b"\x20\x02\x24\x01", b"\x20\x72"])
).filter(lambda path: len(path) < 510)
codes = st.sampled_from(
    [0x01, 0x03, 0x04, 0x0A, 0x0E, 0x10, 0x4B, 0x4C, 0x4D, 0x4E, 0x52, 0x53, 0x54, 0x55, 0x5B]
)
types_ = st.sampled_from([*range(0xC0, 0xD6), 0x2A0]).map(lambda kind: struct.pack("<H", kind))
plain = (
    st.binary(max_size=12)
    | st.builds(lambda kind, count, data: kind + count + data, types_, st.just(b"\1\0"),
                st.binary(max_size=9))
    | st.builds(lambda kind, data: kind + data, types_, st.sampled_from([b"\0" * n for n in
                                                                          (1, 2, 4, 8, 12)]))
    | st.builds(lambda n, data: bytes([n]) + data, st.integers(0, 9), st.binary(max_size=20))
)  # fmt: skip


def _wrapped(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    batches = st.lists(inner, max_size=5).map(lambda services: batch(*services))
    routes = st.lists(st.sampled_from([b"\1\3", b"\x12\x03abc\0", b"\x0f\1\2\3"]), max_size=3)
    sends = st.builds(
        lambda data, route: asked(0x52, b"\x20\x06\x24\x01", routed(data, b"".join(route))),
        inner,
        routes,
    )
    return (
        batches.map(lambda data: asked(0x0A, b"\x20\x02\x24\x01", data))
        | st.builds(
            lambda data, general: answered(0x0A, data, general=general),
            batches,
            st.sampled_from([0, 0x1E]),
        )
        | sends
    )


services = st.recursive(
    st.builds(asked, codes, paths, plain)
    | st.builds(
        lambda code, data, general, extended: answered(
            code, data, general=general, extended=extended
        ),
        codes,
        plain,
        st.sampled_from([0, 0, 0, 5, 6, 0x1E]),
        st.sampled_from([b"", b"", b"\7\1"]),
    )
    | st.binary(max_size=6),
    _wrapped,
    max_leaves=8,
)
whole = (
    services.map(unconnected)
    | st.builds(lambda service, n: connected(service, sequence=n), services, st.integers(0, 9))
    | st.builds(
        lambda command, data, session, status: encapsulated(
            command, data, session=session, status=status
        ),
        st.sampled_from(sorted(twin.COMMANDS)),
        st.binary(max_size=24),
        st.sampled_from([0, SESSION]),
        st.sampled_from(sorted(twin.STATUSES)),
    )
)
#: Where to flip which bits of a message.
flips = st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 255)), max_size=4)


def flipped(message: bytes, changes: list[tuple[int, int]]) -> bytes:
    octets = bytearray(message)
    for at, bits in changes:
        octets[at % len(octets)] ^= bits
    return bytes(octets)


@settings(max_examples=400)
@given(whole, flips, st.booleans(), st.binary(max_size=3))
def test_built_and_damaged_messages_read_as_the_twin_reads_them(
    message: bytes, changes: list[tuple[int, int]], from_client: bool, before: bytes
) -> None:
    octets = flipped(message, changes)
    found = read(octets, from_client=from_client, before=before)
    assert_like_twin(found, twin.decode(octets, from_client=from_client), {})


@settings(max_examples=200)
@given(st.binary(max_size=120), st.booleans())
def test_any_octets_read_as_the_twin_reads_them(octets: bytes, from_client: bool) -> None:
    found = read(octets, from_client=from_client)
    assert_like_twin(found, twin.decode(octets, from_client=from_client), {})


@settings(max_examples=200)
@given(whole | st.binary(max_size=60), flips, st.integers(0, 80))
def test_any_cut_is_framed_as_the_twin_frames_it(
    message: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    octets = flipped(message, changes)[:cut] if message else message
    length = twin.frame(octets)
    assert framed(octets) == (NEED_MORE if length is None else length)


@settings(max_examples=100)
@given(whole, st.integers(0, 80))
def test_a_message_once_framed_is_never_disowned_by_more_octets(message: bytes, cut: int) -> None:
    if framed(message) == len(message):
        assert framed(message[:cut]) == (len(message) if cut >= len(message) else NEED_MORE)


# Known answers.


def captures(shared: Path) -> list[Path]:
    return sorted((shared / "captures" / "enip").iterdir())


def test_the_twin_reads_every_message_of_the_shared_captures_alike(shared: Path) -> None:
    for path in captures(shared):
        keys: dict[tuple[object, ...], int] = {}
        for message, from_client in messages(path):
            found = read(message, from_client=from_client)
            assert_like_twin(found, twin.decode(message, from_client=from_client), keys)
        assert len(set(keys.values())) == len(keys), "two keys met"


def test_the_shared_captures_hold_what_a_second_dissector_counts(shared: Path) -> None:
    lines = (shared / "captures" / "tshark_counts.jsonl").read_text().splitlines()
    known = {line["pcap"]: line["counts"] for line in map(json.loads, lines)}
    for path in captures(shared):
        services: Counter[int] = Counter()
        commands: Counter[int] = Counter()
        for message, from_client in messages(path):
            for row in read(message, from_client=from_client).rows:
                if row["dialect"] == EIP:
                    commands[int(row["code"])] += 1
                else:
                    services[int(row["code"]) | (row["kind"] == RESPONSE) << 7] += 1
        expected = known[f"enip/{path.name}"]
        for found, name in ((services, "cip_service_full"), (commands, "enip_command")):
            assert found == {int(code, 16): n for code, n in expected[name].items()}, path.name


def test_the_tags_of_the_ipal_capture_have_the_values_that_ipal_found(shared: Path) -> None:
    lines = (shared / "captures" / "expected.jsonl").read_text().splitlines()
    (expected,) = (
        line["expectation"]["messages_full"]
        for line in map(json.loads, lines)
        if line["pcap"] == "enip/ipal__cip.pcapng" and line["kind"] == "ipal"
    )
    answers = [next(iter(m["data"].values())) for m in expected if m["activity"] == "inform"]
    asks = [next(iter(m["data"])) for m in expected if m["activity"] == "interrogate"]
    tags, values = [], []
    for message, from_client in messages(shared / "captures" / "enip" / "ipal__cip.pcapng"):
        found = read(message, from_client=from_client)
        for n, row in enumerate(found.rows):
            if row["code"] == 0x4C and row["kind"] == REQUEST:
                tags.append(found.text(n).split(":")[0])
            elif row["code"] == 0x4C:
                values.append(float(row["value"]))
    assert tags == asks
    for value, octets in zip(values, answers, strict=True):
        data = bytes.fromhex(octets) if isinstance(octets, str) else b""
        layout = {1: "<b", 2: "<h", 4: "<f"}[len(data)] if data else None
        assert layout is None or value == struct.unpack(layout, data)[0]


def test_the_twin_names_every_column_that_is_decoded() -> None:
    filled = {"host", "host_octets", "raw_holes"}  # of other protocols
    names = MESSAGE.names
    assert names is not None
    decoded = set(names[names.index("dialect") :]) - filled
    assert decoded == {column.name for column in fields(twin.Row)} - {"message", "at"}
