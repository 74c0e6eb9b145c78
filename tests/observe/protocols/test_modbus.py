"""Modbus/TCP: what messages give, and that their plain twin gives the same."""

from __future__ import annotations

import struct
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.observe.protocols.twins import modbus as twin
from tests.observe.reading import dissect

from checkvalve.observe.captures.files import Capture
from checkvalve.observe.captures.frames import read_frames
from checkvalve.observe.captures.packet import TCP, WHOLE
from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    ERROR,
    MALFORMED,
    NEED_MORE,
    NOT_MINE,
    OK,
    REQUEST,
    RESPONSE,
    TOO_SHORT,
)
from checkvalve.observe.protocols.modbus import Modbus
from checkvalve.records import Intent
from checkvalve.testing.packets import SERVER, ethernet, ipv4, pcap, stream, timed
from checkvalve.testing.protocols import GUARD, decoded, framed

PROTOCOL = Modbus()


def adu(pdu: bytes, *, transaction: int = 7, unit: int = 1) -> bytes:
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def read(message: bytes, *, from_client: bool = True) -> twin.Row:
    (row,) = decoded(PROTOCOL, message, from_client=from_client)
    at, octets = int(row["raw"]) - len(GUARD), int(row["raw_octets"])
    names = [f.name for f in fields(twin.Row) if f.name not in {"raw", "value"}]
    values: dict[str, Any] = {name: int(row[name]) for name in names}
    return twin.Row(**values, value=float(row["value"]), raw=message[at : at + octets])


def assert_like_twin(message: bytes) -> None:
    for from_client in (True, False):
        found = read(message, from_client=from_client)
        assert repr(found) == repr(twin.decode(message, from_client=from_client))


@pytest.mark.parametrize(
    ("pdu", "space", "first", "last", "quantity"),
    [
        (struct.pack(">BHH", 1, 19, 19), "coil", 19, 37, 19),
        (struct.pack(">BHH", 2, 196, 22), "discrete input", 196, 217, 22),
        (struct.pack(">BHH", 3, 107, 3), "holding register", 107, 109, 3),
        (struct.pack(">BHH", 4, 8, 1), "input register", 8, 8, 1),
        (struct.pack(">BHH", 3, 0xFFFF, 2), "holding register", 65_535, 65_536, 2),
        (struct.pack(">BH", 24, 1_246), "holding register", 1_246, 1_246, 1),
        (
            struct.pack(">BHHHHB", 23, 3, 6, 14, 3, 6) + bytes(6),
            "holding register", 14, 16, 3,
        ),
    ],
)  # fmt: skip
def test_a_request_names_its_object(
    pdu: bytes, space: str, first: int, last: int, quantity: int
) -> None:
    row = read(adu(pdu))
    assert (row.kind, row.status, row.code) == (REQUEST, OK, pdu[0])
    assert PROTOCOL.space(0, row.space, b"") == space
    assert (row.first, row.last, row.quantity) == (first, last, quantity)


@pytest.mark.parametrize(
    ("pdu", "value", "raw"),
    [
        (struct.pack(">BHH", 5, 172, 0xFF00), 1.0, b""),
        (struct.pack(">BHH", 5, 172, 0), 0.0, b""),
        (struct.pack(">BHH", 6, 1, 3), 3.0, b"\0\3"),
        (struct.pack(">BHHBH", 16, 1, 1, 2, 500), 500.0, b"\1\xf4"),
        (struct.pack(">BHHBB", 15, 1, 1, 1, 1), 1.0, b"\1"),
    ],
)
def test_a_write_of_one_value_tells_it(pdu: bytes, value: float, raw: bytes) -> None:
    row = read(adu(pdu))
    assert (row.value, row.raw) == (value, raw)


def test_the_octets_of_many_values_are_kept() -> None:
    values = bytes(range(20))
    assert read(adu(struct.pack(">BHHB", 16, 1, 10, 20) + values)).raw == values
    assert read(adu(b"\x03\x14" + values), from_client=False).raw == values


def test_an_exception_is_a_response_with_its_code_whoever_seems_to_send_it() -> None:
    for from_client in (True, False):
        row = read(adu(b"\x83\x02"), from_client=from_client)
        assert (row.kind, row.status, row.code, row.error) == (RESPONSE, ERROR, 3, 2)


@pytest.mark.parametrize(
    ("pdu", "from_client", "reason"),
    [
        (b"\x03", False, TOO_SHORT),
        (b"\x03\x04\0\0", False, BAD_LENGTH),
        (b"\x03\x02\0\0\0", False, BAD_LENGTH),
        (b"\x03\0\1", True, TOO_SHORT),
        (b"\x03\0\1\0\1\0", True, BAD_LENGTH),
        (b"\x10\0\1\0\1\2\0", True, BAD_LENGTH),
        (b"\x08\0", True, TOO_SHORT),
    ],
)
def test_a_message_that_contradicts_itself_is_malformed(
    pdu: bytes, from_client: bool, reason: int
) -> None:
    row = read(adu(pdu), from_client=from_client)
    assert (row.status, row.reason, row.code) == (MALFORMED, reason, pdu[0])


@pytest.mark.parametrize(
    ("octets", "length"),
    [
        (b"", NEED_MORE),
        (adu(b"\x03\0\1\0\1")[:7], NEED_MORE),
        (adu(b"\x03\0\1\0\1"), 12),
        (b"\0\1\0\1\0\6\1\3\0\0\0\1", NOT_MINE),  # another protocol than 0
        (b"\0\1\0\0\0\1\1\3\0\0\0\1", NOT_MINE),
        (b"\0\1\0\0\1\1\1\3\0\0\0\1", NOT_MINE),  # longer than 254
        (adu(b"\0\1"), NOT_MINE),
        (adu(b"\x83\1\1"), NOT_MINE),
        (bytes(40), NOT_MINE),
    ],
)
def test_only_a_header_with_possible_fields_begins_a_message(octets: bytes, length: int) -> None:
    assert framed(PROTOCOL, octets) == length


@pytest.mark.parametrize(
    ("code", "context", "name", "intent"),
    [
        (3, 0, "Read Holding Registers", Intent.READ),
        (15, 0, "Write Multiple Coils", Intent.WRITE),
        (8, 1, "Diagnostics: Restart Communications Option", Intent.CONTROL),
        (8, 99, "Diagnostics", Intent.OTHER),
        (43, 14, "Read Device Identification", Intent.DISCOVER),
        (90, 0, "UMAS", Intent.PROGRAM),
        (66, 0, "function 66", Intent.OTHER),
    ],
)
def test_functions_have_the_names_of_the_specification(
    code: int, context: int, name: str, intent: Intent
) -> None:
    function = PROTOCOL.function(0, code, context)
    assert (function.name, function.intent) == (name, intent)


# Hostile octets, and the twin.

headers = st.builds(
    lambda pdu, transaction, unit: adu(pdu, transaction=transaction, unit=unit),
    st.builds(
        lambda function, rest: bytes([function]) + rest,
        st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 20, 22, 23, 24, 43, 90, 0x83, 0xAB]),
        st.binary(min_size=1, max_size=30),
    ),
    st.integers(0, 0xFFFF),
    st.integers(0, 255),
)


@given(headers)
@settings(max_examples=300)
def test_any_fields_read_as_the_twin_reads_them(message: bytes) -> None:
    assert framed(PROTOCOL, message) == twin.frame(message)
    if twin.frame(message) == len(message):
        assert_like_twin(message)


@given(st.sampled_from([3, 4, 15, 16, 23]), st.binary(max_size=12), st.integers(0, 4))
@settings(max_examples=150)
def test_counted_values_read_as_the_twin_reads_them(code: int, values: bytes, more: int) -> None:
    counted = bytes([len(values)]) + values + bytes(more // 3)
    assert_like_twin(adu(bytes([code]) + counted))
    places = bytes(8 if code == 23 else 4)
    assert_like_twin(adu(bytes([code]) + places + counted))


@given(st.binary(max_size=40))
@settings(max_examples=200)
def test_any_octets_are_framed_as_the_twin_frames_them(octets: bytes) -> None:
    assert framed(PROTOCOL, octets) == twin.frame(octets)


def test_every_message_of_the_shared_captures_reads_as_the_twin_reads_it(shared: Path) -> None:
    checked: set[bytes] = set()
    for path in sorted((shared / "captures" / "modbus").iterdir()):
        for buffer in Capture(path).buffers(4096):
            read_frames(buffer.data, buffer.packets, buffer.count)
            for packet in buffer.packets[: buffer.count]:
                at, octets = int(packet["payload"]), int(packet["present"])
                if packet["fate"] != WHOLE or packet["protocol"] != TCP or not octets:
                    continue
                rest = bytes(buffer.data[at : at + octets])
                while (length := twin.frame(rest)) > 0:
                    alike = rest[2:length]
                    if alike not in checked:
                        assert_like_twin(rest[:length])
                        checked.add(alike)
                    rest = rest[length:]
    assert len(checked) > 800


# Exchanges.


def test_a_response_takes_its_place_from_its_request() -> None:
    asked = [adu(struct.pack(">BHH", 3, 100 + k, 1), transaction=k) for k in range(3)]
    told = [adu(struct.pack(">BBH", 3, 2, 500 + k), transaction=k) for k in (2, 0, 1)]
    frames = [ethernet(ipv4(segment)) for segment in stream(b"".join(asked))]
    frames += [
        ethernet(ipv4(segment, source=SERVER, destination="192.0.2.10"))
        for segment in stream(b"".join(told), source=502, destination=50_000)
    ]
    found = dissect(pcap(timed(frames)), protocols=(PROTOCOL,)).rows
    assert [(row["first"], row["value"], row["status"]) for row in found] == [
        (102, 502.0, "ok"),
        (100, 500.0, "ok"),
        (101, 501.0, "ok"),
    ]
    assert {(row["request_octets"], row["response_octets"]) for row in found} == {(12, 11)}
