"""DNP3: what messages give, and that their plain twin gives the same."""

from __future__ import annotations

import json
import math
import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.observe.protocols.twins import dnp3 as twin

from checkvalve.observe.captures.files import Capture
from checkvalve.observe.captures.streams import UNDECODED
from checkvalve.observe.dissector import Dissector, Limits
from checkvalve.observe.protocols.base import (
    BAD_CHECKSUM,
    BAD_LENGTH,
    BAD_VALUE,
    ERROR,
    INCOMPLETE,
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
from checkvalve.observe.protocols.dnp3 import Dnp3
from checkvalve.records import Intent

PROTOCOL = Dnp3()
MASTER, OUTSTATION = 1, 10
FROM_MASTER, PRIMARY = 0x80, 0x40
CONFIRMED, UNCONFIRMED = 3, 4

#: The class poll and the link reset that are printed wherever DNP3 is explained.
CLASS_POLL = bytes.fromhex("056414F3010000040A3B C0C3013C02063C03063C04063C0106 9A12")
RESET_LINK = bytes.fromhex("056405C001000004E921")


# Messages as the standard draws them.


def sealed(octets: bytes) -> bytes:
    return octets + twin.checksum(octets).to_bytes(2, "little")


def link(user: bytes = b"", control: int = 0xC4, to: int = OUTSTATION, by: int = MASTER) -> bytes:
    """One link frame, 9.2.4."""
    head = sealed(b"\x05\x64" + struct.pack("<BBHH", len(user) + 5, control, to, by))
    return head + b"".join(sealed(user[k : k + 16]) for k in range(0, len(user), 16))


def segments(octets: bytes, *, size: int = 249, sequence: int = 0) -> list[bytes]:
    """The octets of a fragment behind their transport octets, clause 8."""
    parts = [octets[k : k + size] for k in range(0, len(octets), size)] or [b""]
    return [
        bytes([0x80 * (k == len(parts) - 1) | 0x40 * (k == 0) | (sequence + k) & 0x3F]) + part
        for k, part in enumerate(parts)
    ]


def request(function: int, objects: bytes = b"", *, sequence: int = 3, **ends: int) -> bytes:
    """A request in as many frames as it takes."""
    octets = bytes([0xC0 | sequence, function]) + objects
    return b"".join(link(user, **ends) for user in segments(octets))


def response(
    objects: bytes = b"",
    *,
    function: int = 129,
    control: int = 0xC3,
    indications: bytes = b"\0\0",
    size: int = 249,
) -> bytes:
    octets = bytes([control, function]) + indications + objects
    return b"".join(
        link(user, 0x44, MASTER, OUTSTATION) for user in segments(octets, size=size)
    )  # fmt: skip


def crob(code: int = 3, status: int = 0, count: int = 1, on: int = 100, off: int = 200) -> bytes:
    """A control relay output block, A.8.1."""
    return struct.pack("<BBIIB", code, count, on, off, status)


# What the kernels make of them.


def array(data: bytes) -> Any:
    return np.frombuffer(data, np.uint8)


def span(data: bytes, start: int = 0) -> int:
    return int(Dnp3.frame(array(data), start, len(data)))


def decoded(data: bytes) -> list[twin.Row]:
    """The rows of the one message ``data``, in memory that ends where it ends."""
    out = np.zeros(MAX_ROWS + 2, MESSAGE)
    out.view(np.uint8)[:] = 0xA5
    untouched = out[-1].copy()
    n = Dnp3.decode(array(data), 0, len(data), True, out, 1)
    assert 2 <= n <= MAX_ROWS + 1
    assert out[-1] == untouched
    return [plain(data, row) for row in out[1:n]]


def plain(data: bytes, row: Any) -> twin.Row:
    octets = range(int(row["raw"]), int(row["raw"]) + int(row["raw_octets"]))
    raw = bytes(data[at] for k, at in enumerate(octets) if not int(row["raw_holes"]) >> k & 1)
    own = [field.name for field in fields(twin.Row) if field.name not in {"raw", "value"}]
    return twin.Row(
        **{name: int(row[name]) for name in own}, raw=raw, value=float(row["value"])
    )  # fmt: skip


def only(data: bytes) -> twin.Row:
    (row,) = decoded(data)
    return row


def keys(data: bytes) -> set[int]:
    out = np.zeros(MAX_ROWS, MESSAGE)
    n = Dnp3.decode(array(data), 0, len(data), True, out, 0)
    return {int(key) for key in out["key"][:n]}


def same(ours: Iterable[twin.Row], theirs: Iterable[twin.Row]) -> None:
    """Equal, where NaN equals NaN."""
    assert [repr(row) for row in ours] == [repr(row) for row in theirs]


# Framing.


def test_the_checksum_is_crc_16_dnp() -> None:
    assert twin.checksum(b"123456789") == 0xEA82
    assert sealed(RESET_LINK[:-2]) == RESET_LINK


def test_a_message_is_as_long_as_its_length_field_and_its_checksums_say() -> None:
    for octets in (2, 15, 16, 17, 32, 33, 249):
        user = b"\xc0" + bytes(octets)
        assert span(link(user)) == 10 + len(user) + 2 * math.ceil(len(user) / 16)
    assert span(RESET_LINK) == 10
    assert span(CLASS_POLL) == len(CLASS_POLL)


def test_any_beginning_of_a_message_asks_for_more() -> None:
    for whole in (CLASS_POLL, RESET_LINK, response(bytes(600))):
        for cut in range(len(whole)):
            assert span(whole[:cut]) == NEED_MORE


@pytest.mark.parametrize("spoilt", range(10))
def test_a_frame_with_a_wrong_octet_in_its_header_is_not_recognised(spoilt: int) -> None:
    data = bytearray(CLASS_POLL)
    data[spoilt] ^= 0x10
    assert span(bytes(data)) == NOT_MINE


def test_a_length_below_five_is_not_recognised() -> None:
    assert span(sealed(b"\x05\x64\x04\xc4\x0a\0\x01\0")) == NOT_MINE
    assert span(b"\x05\x64\x04") == NOT_MINE


def test_a_fragment_is_one_message_whatever_the_size_of_its_frames() -> None:
    octets = bytes([0xC3, 129, 0, 0, 30, 2, 0, 0, 29]) + bytes(range(90))
    for size in (1, 2, 3, 7, 15, 16, 17, 99):
        whole = b"".join(
            link(user, 0x44, MASTER, OUTSTATION) for user in segments(octets, size=size)
        )
        row = only(whole)
        assert (row.space, row.first, row.last, row.quantity) == (30 << 8 | 2, 0, 29, 30)
        assert bytes(range(90)).startswith(row.raw)
        assert row.raw


def test_the_sequence_of_segments_wraps_at_64() -> None:
    parts = segments(bytes([0xC3, 129, 0, 0]) + bytes(20), size=4, sequence=62)
    assert span(b"".join(map(link, parts))) == sum(len(link(part)) for part in parts)


def test_frames_of_the_link_alone_may_lie_between_segments() -> None:
    first, second = (link(user) for user in segments(bytes([0xC3, 4, *bytes(20)]), size=10)[:2])
    whole = first + RESET_LINK + link(b"\x80" + second[11:12])
    assert span(first + RESET_LINK) == NEED_MORE
    assert span(whole) == NEED_MORE or span(whole) == len(first + RESET_LINK)
    operate = segments(bytes([0xC3, 4, 12, 1, 0x17, 1, 7]) + crob(), size=9)
    whole = link(operate[0]) + RESET_LINK + link(operate[1])
    control, stray = decoded(whole)
    assert (control.code, control.first, control.value) == (4, 7, 3.0)
    assert control.raw == crob()
    assert (stray.dialect, stray.code, stray.status) == (1, 0, OK)


@pytest.mark.parametrize(
    "what_follows",
    [
        link(b"\xc1\xc3\x01"),  # another fragment
        link(b"\x82\x00\x00"),  # a segment is missing
        link(b"\x81\x00\x00", by=2),  # another station
        b"\x00",  # no frame
    ],
)
def test_what_does_not_belong_to_a_fragment_cuts_it_short(what_follows: bytes) -> None:
    begun = link(b"\x40\xc3\x04")
    assert span(begun + what_follows) == len(begun)
    row = only(begun)
    assert (row.dialect, row.code, row.status, row.reason) == (0, 4, MALFORMED, INCOMPLETE)


def test_no_message_begins_with_a_later_segment() -> None:
    assert span(link(b"\x81\x00\x00")) == NOT_MINE


def test_a_fragment_without_end_is_cut_before_64_kib() -> None:
    endless = b"".join(
        link((b"\x40" if k == 0 else bytes([k & 0x3F])) + bytes(249)) for k in range(230)
    )
    assert 60_000 < span(endless) < 65_536


# Requests.


def test_a_read_gives_a_row_for_each_object_header() -> None:
    rows = decoded(CLASS_POLL)
    assert [PROTOCOL.space(0, row.space, b"") for row in rows] == [
        "g60v2",
        "g60v3",
        "g60v4",
        "g60v1",
    ]
    assert [row.item for row in rows] == [0, 1, 2, 3]
    assert {(row.code, row.kind, row.device, row.status) for row in rows} == {(1, REQUEST, 1, OK)}
    assert {(row.first, row.last, row.quantity) for row in rows} == {(-1, -1, 0)}


@pytest.mark.parametrize(
    ("qualifier", "field", "first", "last", "quantity"),
    [
        (0x00, b"\x02\x05", 2, 5, 4),
        (0x01, b"\x02\x01\x05\x01", 258, 261, 4),
        (0x02, b"\x02\0\0\0\x05\0\0\0", 2, 5, 4),
        (0x03, b"\x02\x05", 2, 5, 4),
        (0x04, b"\x02\0\x05\0", 2, 5, 4),
        (0x05, b"\x02\0\0\0\x05\0\0\0", 2, 5, 4),
        (0x06, b"", -1, -1, 0),
        (0x07, b"\x09", -1, -1, 9),
        (0x08, b"\x09\x01", -1, -1, 265),
        (0x09, b"\x09\x01\0\0", -1, -1, 265),
        (0x17, b"\x02\x09\x04", 4, 9, 2),
        (0x28, b"\x02\0\x09\0\x04\x01", 9, 260, 2),
        (0x39, b"\x01\0\0\0\x09\0\x01\0", 65545, 65545, 1),
        (0x5B, b"\x01\x03\0abc", -1, -1, 1),
    ],
)
def test_every_qualifier_tells_its_points(
    qualifier: int, field: bytes, first: int, last: int, quantity: int
) -> None:
    rows = decoded(request(1, bytes([30, 0, qualifier]) + field + bytes([60, 1, 6])))
    assert (rows[0].first, rows[0].last, rows[0].quantity) == (first, last, quantity)
    assert rows[1].space == 60 << 8 | 1


@pytest.mark.parametrize("qualifier", [0x0A, 0x0C, 0x0F, 0x70, 0x80, 0xF6])
def test_a_reserved_qualifier_is_malformed(qualifier: int) -> None:
    row = only(request(1, bytes([30, 2, qualifier, 1, 1])))
    assert (row.status, row.reason, row.space) == (MALFORMED, BAD_VALUE, 30 << 8 | 2)


def test_a_range_that_ends_before_it_begins_is_malformed() -> None:
    row = only(request(1, bytes([30, 2, 0, 5, 4])))
    assert (row.status, row.reason, row.first, row.last) == (MALFORMED, BAD_VALUE, 5, 4)


@pytest.mark.parametrize("function", [3, 4, 5, 6])
def test_each_control_is_a_row_with_its_code_and_its_whole_block(function: int) -> None:
    blocks = [crob(0x41), crob(0x81, on=1), crob(3, off=9)]
    objects = b"".join(bytes([index]) + block for index, block in enumerate(blocks, 5))
    rows = decoded(request(function, bytes([12, 1, 0x17, 3]) + objects))
    assert [row.value for row in rows] == [0x41, 0x81, 3]
    assert [row.raw for row in rows] == blocks
    assert [(row.first, row.last, row.quantity, row.item) for row in rows] == [
        (5, 5, 1, 0),
        (6, 6, 1, 1),
        (7, 7, 1, 2),
    ]
    assert {row.kind for row in rows} == {ONE_WAY if function == 6 else REQUEST}


@pytest.mark.parametrize(
    ("variation", "form", "value"),
    [(1, "<i", -70_000), (2, "<h", -300), (3, "<f", 2.5), (4, "<d", -1e300)],
)
def test_a_setpoint_is_read_in_all_its_variations(variation: int, form: str, value: float) -> None:
    row = only(
        request(5, bytes([41, variation, 0x28, 1, 0, 2, 1]) + struct.pack(form, value) + b"\0")
    )
    assert (row.first, row.value, row.space) == (258, value, 41 << 8 | variation)
    assert row.raw == struct.pack(form, value) + b"\0"


def test_controls_of_a_range_are_numbered_on() -> None:
    rows = decoded(request(4, bytes([12, 1, 0, 8, 9]) + crob(1) + crob(2)))
    assert [(row.first, row.value) for row in rows] == [(8, 1), (9, 2)]


def test_a_header_without_controls_is_still_a_row() -> None:
    rows = decoded(request(4, bytes([12, 1, 6, 41, 2, 7, 0])))
    assert [(row.space, row.quantity) for row in rows] == [(12 << 8 | 1, 0), (41 << 8 | 2, 0)]


def test_a_control_cut_off_is_malformed() -> None:
    row = only(request(4, bytes([12, 1, 0, 0, 1]) + crob()))
    assert (row.code, row.status, row.reason, row.quantity) == (4, MALFORMED, TOO_SHORT, 2)


def test_more_controls_than_rows_are_cut_and_the_last_row_says_so() -> None:
    rows = decoded(request(5, bytes([41, 2, 8]) + struct.pack("<H", 600) + bytes(600 * 3)))
    assert len(rows) == MAX_ROWS
    assert (rows[-1].status, rows[-1].reason) == (MALFORMED, TOO_MANY_ITEMS)
    assert {row.status for row in rows[:-1]} == {OK}


@pytest.mark.parametrize("function", [0, 6, 8, 10, 12, 33])
def test_what_nobody_answers_is_no_request(function: int) -> None:
    assert only(request(function)).kind == ONE_WAY


@pytest.mark.parametrize("station", [0xFFFD, 0xFFFE, 0xFFFF])
def test_a_request_to_all_stations_expects_no_answer(station: int) -> None:
    row = only(request(13, to=station))
    assert (row.kind, row.device) == (ONE_WAY, station)


def test_a_later_fault_marks_the_message_and_keeps_its_rows() -> None:
    rows = decoded(request(1, bytes([60, 2, 6, 60, 3, 6, 30])))
    assert [(row.status, row.reason) for row in rows] == [(MALFORMED, TOO_SHORT), (OK, 0)]


def test_objects_of_unknown_size_end_the_reading_without_fault() -> None:
    row = only(request(2, bytes([200, 1, 7, 2]) + b"whatever" + bytes([60, 1, 6])))
    assert (row.status, row.quantity) == (OK, 2)
    assert row.raw == b"whatever" + bytes([60, 1, 6])


def test_more_objects_of_unknown_size_than_bits_are_malformed() -> None:
    row = only(request(2, bytes([200, 1, 8, 0xFF, 0xFF]) + b"whatever"))
    assert (row.status, row.reason) == (MALFORMED, TOO_SHORT)


def test_a_password_is_never_shown() -> None:
    secret = bytes([70, 2, 0x5B, 1, 8, 0]) + b"password"
    assert only(request(29, secret)).raw == b""
    assert only(request(2, secret)).raw == b""
    assert only(request(29, bytes([200, 1, 7, 1]) + secret)).raw == b""


def test_a_written_time_is_a_value() -> None:
    row = only(request(2, bytes([50, 1, 7, 1]) + (1_700_000_000_000).to_bytes(6, "little")))
    assert (row.value, row.quantity, row.first) == (1_700_000_000_000.0, 1, -1)


# Responses.


def test_a_response_has_the_key_and_the_device_of_its_request() -> None:
    asked = request(1, bytes([30, 0, 6]))
    answered = response(bytes([30, 4, 0, 0, 0, 1, 0]))
    assert keys(asked) == keys(answered)
    assert only(answered).device == only(asked).device == OUTSTATION
    assert only(answered).kind == RESPONSE
    assert keys(request(1, sequence=4)) != keys(asked)
    assert keys(request(1, by=2)) != keys(asked)


@pytest.mark.parametrize(
    ("group", "variation", "octets", "value"),
    [
        (1, 1, b"\x01", 1),
        (1, 2, b"\x81", 1),
        (2, 2, b"\x01" + bytes(6), 0),
        (3, 1, b"\x02", 2),
        (3, 2, b"\x41", 1),
        (10, 2, b"\x81", 1),
        (20, 1, b"\x01" + struct.pack("<I", 4_000_000_000), 4_000_000_000),
        (20, 6, struct.pack("<H", 65535), 65535),
        (22, 5, b"\x01" + struct.pack("<I", 7) + bytes(6), 7),
        (30, 1, b"\x01" + struct.pack("<i", -5), -5),
        (30, 2, b"\x01" + struct.pack("<h", -5), -5),
        (30, 3, struct.pack("<i", -5), -5),
        (30, 4, struct.pack("<h", -5), -5),
        (30, 5, b"\x01" + struct.pack("<f", 0.5), 0.5),
        (30, 6, b"\x01" + struct.pack("<d", 0.1), 0.1),
        (32, 8, b"\x01" + struct.pack("<d", 0.1) + bytes(6), 0.1),
        (40, 3, b"\x01" + struct.pack("<f", -2.0), -2),
        (52, 2, b"\xff\x00", 255),
    ],
)
def test_a_single_point_is_a_value(group: int, variation: int, octets: bytes, value: float) -> None:
    row = only(response(bytes([group, variation, 0, 9, 9]) + octets))
    assert (row.value, row.raw, row.first, row.quantity) == (value, octets, 9, 1)


def test_octet_strings_have_their_variation_as_size() -> None:
    rows = decoded(
        response(bytes([110, 5, 0, 0, 0]) + b"hello" + bytes([111, 3, 0x17, 1, 4]) + b"abc")
    )
    assert [row.raw for row in rows] == [b"hello", b"abc"]
    assert [row.first for row in rows] == [0, 4]


def test_raw_has_no_checksum_in_it() -> None:
    values = bytes(range(100))
    row = only(response(bytes([30, 4, 0, 0, 49]) + values))
    assert len(row.raw) > 50
    assert values.startswith(row.raw)


def test_indications_that_refuse_are_an_error() -> None:
    for bit in (0x01, 0x02, 0x04, 0x10):
        row = only(response(indications=bytes([0x80, bit])))
        assert (row.status, row.error) == (ERROR, bit)
    for bit in (0x08, 0x20):
        assert only(response(indications=bytes([0xFF, bit]))).status == OK


def test_the_status_of_a_control_is_its_own_error() -> None:
    objects = b"\x01" + crob(status=0) + b"\x02" + crob(status=4)
    rows = decoded(response(bytes([12, 1, 0x17, 2]) + objects))
    assert [(row.status, row.error) for row in rows] == [(OK, -1), (ERROR, 260)]


def test_only_the_first_fragment_of_a_response_answers() -> None:
    assert only(response(control=0x83)).kind == RESPONSE
    assert only(response(control=0x44)).kind == ONE_WAY
    assert only(response(function=130, control=0xF3)).kind == ONE_WAY


def test_a_challenge_leaves_the_challenged_request_open() -> None:
    challenge = bytes([120, 1, 0x5B, 1, 8, 0]) + bytes(8)
    reply = bytes([120, 2, 0x5B, 1, 8, 0]) + bytes(8)
    assert only(response(challenge, function=131)).kind == ONE_WAY
    assert only(request(32, reply)).kind == ONE_WAY
    status = bytes([120, 4, 7, 1, 1, 0])
    assert only(request(32, status)).kind == REQUEST


def test_a_response_without_indications_is_malformed() -> None:
    row = only(link(b"\xc0\xc3\x81\x00", 0x44, MASTER, OUTSTATION))
    assert (row.code, row.status, row.reason) == (129, MALFORMED, TOO_SHORT)


# The link.


@pytest.mark.parametrize(
    ("control", "kind", "name"),
    [
        (0xC0, ONE_WAY, "RESET_LINK_STATES"),
        (0xC2, ONE_WAY, "TEST_LINK_STATES"),
        (0xC9, REQUEST, "REQUEST_LINK_STATUS"),
        (0x0B, RESPONSE, "LINK_STATUS"),
        (0x00, ONE_WAY, "ACK"),
        (0x01, ONE_WAY, "NACK"),
        (0x0F, ONE_WAY, "NOT_SUPPORTED"),
        (0xC7, ONE_WAY, "link function 7"),
    ],
)
def test_a_frame_of_the_link_alone_is_a_session(control: int, kind: int, name: str) -> None:
    ends = (OUTSTATION, MASTER) if control & FROM_MASTER else (MASTER, OUTSTATION)
    row = only(link(b"", control, *ends))
    found = PROTOCOL.function(row.dialect, row.code, row.context)
    assert (row.dialect, row.kind, row.device) == (1, kind, OUTSTATION)
    assert (found.name, found.intent) == (name, Intent.SESSION)


def test_a_link_status_answers_its_request() -> None:
    assert keys(link(b"", 0xC9)) == keys(link(b"", 0x0B, MASTER, OUTSTATION))


def test_data_in_a_frame_that_carries_none_is_malformed() -> None:
    row = only(link(b"\xc0\xc3\x01", 0xC9))
    assert (row.dialect, row.code, row.status, row.reason) == (1, 9, MALFORMED, BAD_LENGTH)


def test_a_frame_that_lacks_its_data_is_malformed() -> None:
    for user in (b"", b"\xc0", b"\xc0\xc3"):
        row = only(link(user))
        assert (row.dialect, row.code, row.status, row.reason) == (1, 4, MALFORMED, TOO_SHORT)


def test_a_wrong_checksum_leaves_the_function_when_its_block_is_sound() -> None:
    whole = request(2, bytes([110, 40, 0, 0, 0]) + bytes(40))
    later, first = bytearray(whole), bytearray(whole)
    later[-1] ^= 1
    first[12] ^= 1
    row = only(bytes(later))
    assert (row.dialect, row.code, row.status, row.reason) == (0, 2, MALFORMED, BAD_CHECKSUM)
    row = only(bytes(first))
    assert (row.dialect, row.code, row.status, row.reason) == (1, 4, MALFORMED, BAD_CHECKSUM)


# Names.


def test_every_function_of_the_standard_has_a_name_and_an_intent() -> None:
    intents = {code: PROTOCOL.function(0, code, 60).intent for code in (*range(34), 129, 130, 131)}
    assert Intent.OTHER not in intents.values()
    assert {code for code, intent in intents.items() if intent is Intent.CONTROL} == {
        *range(3, 19),
        20,
        21,
    }
    assert PROTOCOL.function(0, 112, 0).name == "function 112"
    assert PROTOCOL.function(0, 112, 0).intent is Intent.OTHER


def test_files_identity_and_the_clock_have_their_own_intents() -> None:
    assert PROTOCOL.function(0, 1, 70).intent is Intent.PROGRAM
    assert PROTOCOL.function(0, 2, 70).intent is Intent.PROGRAM
    assert PROTOCOL.function(0, 1, 0).intent is Intent.DISCOVER
    assert PROTOCOL.function(0, 2, 50).intent is Intent.CONTROL
    assert PROTOCOL.function(0, 2, 80).intent is Intent.WRITE


# Against the twin.

octets = st.integers(0, 255)
headers = st.builds(
    lambda group, variation, qualifier, points: bytes([group, variation, qualifier]) + points,
    st.one_of(
        st.sampled_from([*sorted({group for group, _ in twin.OBJECTS}), 1, 12, 41, 70, 110]), octets
    ),
    st.one_of(st.integers(0, 9), octets),
    st.one_of(st.sampled_from([0, 1, 2, 6, 7, 8, 9, 0x17, 0x28, 0x39, 0x5B]), octets),
    st.one_of(
        st.builds(lambda k, rest: bytes([k, k]) + rest, st.integers(0, 3), st.binary(max_size=40)),
        st.builds(lambda k, rest: bytes([k, 0]) + rest, st.integers(0, 3), st.binary(max_size=40)),
        st.binary(max_size=20),
    ),
)
fragments = st.builds(
    lambda control, function, indications, parts: (
        bytes([control, function]) + (indications if function >= 128 else b"") + b"".join(parts)
    ),
    st.one_of(st.just(0xC3), octets),
    st.one_of(st.sampled_from([1, 2, 3, 4, 5, 11, 22, 29, 32, 129, 130, 131]), octets),
    st.binary(min_size=2, max_size=2),
    st.lists(headers, max_size=4),
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A fragment in frames of any size, among it frames of the link alone, perhaps spoilt."""
    to = draw(st.sampled_from([OUTSTATION, 0xFFFF]))
    control = draw(st.sampled_from([0xC4, 0x44, 0xF3]))
    whole = b""
    size = draw(st.sampled_from([1, 3, 8, 20, 249, 249, 249]))
    for user in segments(draw(fragments), size=size, sequence=draw(st.sampled_from([0, 60]))):
        if whole and draw(st.integers(0, 9)) == 0:
            whole += link(b"", draw(st.sampled_from([0xC0, 0xC9, 0x0B])))
        whole += link(user, control, to)
    spoilt = draw(st.one_of(st.none(), st.none(), st.integers(0, 8 * len(whole) - 1)))
    if spoilt is not None:
        changed = bytearray(whole)
        changed[spoilt // 8] ^= 1 << spoilt % 8
        whole = bytes(changed)
    return whole


def assert_equal_to_twin(data: bytes) -> None:
    """The first message of ``data`` is as long and reads the same in kernel and twin."""
    theirs = twin.fragment(data)
    ours = span(data)
    if isinstance(theirs, int):
        assert ours == theirs
        return
    assert ours == theirs[-1].stop
    same(decoded(data[:ours]), twin.rows(data, theirs))


@given(messages())
@settings(max_examples=400)
def test_any_message_reads_as_its_twin_reads_it(data: bytes) -> None:
    assert_equal_to_twin(data)


@given(messages(), st.data())
@settings(max_examples=100)
def test_any_part_of_a_message_reads_as_its_twin_reads_it(data: bytes, draw: st.DataObject) -> None:
    cut = draw.draw(st.integers(0, len(data)))
    assert_equal_to_twin(data[:cut])
    assert_equal_to_twin(data[cut:])
    assert_equal_to_twin(data + data[:cut])


@given(st.binary(max_size=120), st.booleans())
@settings(max_examples=100)
def test_any_octets_read_as_their_twin_reads_them(data: bytes, begins: bool) -> None:
    assert_equal_to_twin(b"\x05\x64" + data if begins else data)


@given(st.binary(min_size=1, max_size=250), st.sampled_from([0xC4, 0x44, 0xC3, 0xC9, 0x0B]))
@settings(max_examples=200)
def test_any_octets_in_a_sound_frame_read_as_their_twin_reads_them(
    user: bytes, control: int
) -> None:
    assert_equal_to_twin(link(user, control))


# Known answers: counts by application function, and by link function where there is no data.

#: Where tshark 4.0.17 counts otherwise, and why.
DIFFERENCES = {
    "iti__dnp3_opendnp3-3_conformance_6.6.2.5_dump.pcap": (
        Counter({1: -1}),
        "it reads the user data of TEST_LINK_STATES (2), which 9.2.4 does not give it",
    ),
    "zeek__dnp3_dnp3_read_p20001.pcap": (
        Counter({1: 1, 129: 1}),
        "it looks for DNP3 on its own port alone",
    ),
}


def small_dissector(found: list[Any]) -> Dissector:
    limits = Limits(
        conversations=64, addresses=256, names=256, pool_octets=1 << 20, early_segments=256,
        open_requests=1024, packets=1024,
    )  # fmt: skip
    return Dissector(
        limits=limits, protocols=(Dnp3(),), on_messages=lambda rows: found.append(rows.copy())
    )


def dissected(capture: Path) -> tuple[Any, list[dict[str, Any]], Dissector]:
    """The messages, the exchanges, and the dissector that has read the capture."""
    found: list[Any] = [np.zeros(0, MESSAGE)]
    dissector = small_dissector(found)
    seen = [*dissector.read(Capture(capture)), *dissector.finish()]
    exchanges = [row for batch in seen for row in batch.exchanges.to_pylist()]
    return np.concatenate(found), exchanges, dissector


def datagrams(*payloads: tuple[bool, bytes]) -> bytes:
    """A capture of raw IPv4 with one UDP datagram a payload; true: from the master."""
    capture = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101)
    for second, (asks, payload) in enumerate(payloads):
        ends = [(b"\x0a\0\0\x01", 40_000), (b"\x0a\0\0\x02", 20_000)]
        (source, by), (destination, to) = ends if asks else ends[::-1]
        size = 28 + len(payload)
        packet = (
            struct.pack(">BBHHHBBH", 0x45, 0, size, second, 0, 64, 17, 0) + source + destination
        )
        packet += struct.pack(">HHHH", by, to, size - 20, 0) + payload
        capture += struct.pack("<IIII", second, 0, len(packet), len(packet)) + packet
    return capture


def test_a_fragment_may_continue_in_the_next_datagram(tmp_path: Path) -> None:
    octets = bytes([0xC3, 129, 0, 0, 30, 4, 0, 0, 149]) + bytes(300)
    first, second = (link(user, 0x44, MASTER, OUTSTATION) for user in segments(octets))
    capture = tmp_path / "datagrams.pcap"
    capture.write_bytes(
        datagrams((True, request(1, bytes([30, 0, 6]))), (False, first), (False, second))
    )
    _, (row,), _ = dissected(capture)
    assert (row["function"], row["status"], row["transport"]) == ("READ", "ok", "udp")
    assert (row["space"], row["first"], row["last"], row["device"]) == ("g30v4", 0, 149, OUTSTATION)


def test_the_counts_of_every_capture_are_those_of_tshark(shared: Path) -> None:
    folder = shared / "captures"
    lines = (folder / "tshark_counts.jsonl").read_text().splitlines()
    answers = [answer for answer in map(json.loads, lines) if answer["pcap"].startswith("dnp3/")]
    assert len(answers) == 130
    wrong = {}
    for answer in answers:
        name = answer["pcap"].removeprefix("dnp3/")
        rows, _, _ = dissected(folder / answer["pcap"])
        first = rows[(rows["item"] == 0) & (rows["code"] >= 0)]
        application = Counter(first["code"][first["dialect"] == 0].tolist())
        link_only = Counter(
            (int(row["context"]), int(row["code"])) for row in first[first["dialect"] == 1]
        )
        counts = answer["counts"]
        expected = Counter({int(code): count for code, count in counts["al_func"].items()})
        expected.update(DIFFERENCES.get(name, (Counter[int](), ""))[0])
        expected_link = Counter(
            {
                (1, int(code)): count
                for code, count in counts["link_pri"].items()
                if code not in "34"
            }
            | {(0, int(code)): count for code, count in counts["link_sec"].items()}
        )
        if application != +expected or link_only != expected_link:
            wrong[name] = (application, expected, link_only, expected_link)
    assert wrong == {}


def test_the_same_read_on_another_port_gives_the_same_exchanges(shared: Path) -> None:
    folder = shared / "captures" / "dnp3"
    _, usual, _ = dissected(folder / "zeek__dnp3_dnp3_read.pcap")
    _, other, _ = dissected(folder / "zeek__dnp3_dnp3_read_p20001.pcap")
    ports = {"source_port", "destination_port", "capture", "conversation"}
    assert [{k: v for k, v in row.items() if k not in ports} for row in usual] == [
        {k: v for k, v in row.items() if k not in ports} for row in other
    ]


@pytest.mark.parametrize(
    ("capture", "functions"),
    [
        ("dnp3_del_measure", ["DELAY_MEASURE"]),
        ("dnp3_en_spon", ["ENABLE_UNSOLICITED"]),
        ("dnp3_read", ["READ"]),
        ("dnp3_rec_time", ["RECORD_CURRENT_TIME"]),
        ("dnp3_select_operate", ["SELECT", "OPERATE"]),
    ],
)
def test_the_pairs_are_those_of_zeek(shared: Path, capture: str, functions: list[str]) -> None:
    _, exchanges, _ = dissected(shared / "captures" / "dnp3" / f"zeek__dnp3_{capture}.pcap")
    first = [row for row in exchanges if row["item"] == 0]
    assert [row["function"] for row in first] == functions
    assert {(row["status"], row["device"]) for row in first} == {("ok", 2)}
    assert all(row["duration_ns"] > 0 for row in first)


def test_a_select_and_its_operate_name_the_same_control(shared: Path) -> None:
    capture = shared / "captures" / "dnp3" / "zeek__dnp3_dnp3_select_operate.pcap"
    _, (select, operate), _ = dissected(capture)
    named = ("space", "first", "last", "value", "raw")
    assert [select[name] for name in named] == [operate[name] for name in named]
    assert (select["space"], len(select["raw"])) == ("g12v1", 11)


def test_pipelined_selects_are_all_seen(shared: Path) -> None:
    capture = shared / "captures" / "dnp3" / "sv__dnp3_dnp3-flood.pcap"
    _, exchanges, _ = dissected(capture)
    assert Counter((row["function"], row["status"]) for row in exchanges) == {
        ("SELECT", "no reply"): 33
    }


def test_messages_that_share_a_packet_are_all_seen(shared: Path) -> None:
    rows, _, _ = dissected(shared / "captures" / "dnp3" / "ipal__dnp3.pcap")
    assert np.count_nonzero(rows["item"] == 0) == 23


def test_the_fuzzed_operates_are_malformed_but_counted(shared: Path) -> None:
    capture = shared / "captures" / "dnp3" / "iti__openics_DNP3-Malformed.pcap"
    rows, _, dissector = dissected(capture)
    assert set(rows["code"]) == {4}
    rows = rows[rows["item"] == 0]
    assert len(rows) == 197
    sound = rows[rows["status"] != MALFORMED]
    # They name no control, and then two objects of no known size.
    assert {int(space) for space in sound["space"]} == {12 << 8 | 1}
    assert len(sound) == 4
    assert dissector.tally[UNDECODED] == 295  # a link frame of length 2 and what follows it
