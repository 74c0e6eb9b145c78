"""S7comm: what messages give, and that their plain twin gives the same."""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.observe.protocols.twins import s7comm as twin

from checkvalve.observe.captures.files import Capture
from checkvalve.observe.captures.frames import read_frames
from checkvalve.observe.captures.packet import TCP, WHOLE
from checkvalve.observe.dissector import Dissector
from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    BAD_VALUE,
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
from checkvalve.observe.protocols.s7comm import S7comm

PROTOCOL = S7comm()
#: Octets of other messages around the one in hand: reading them would show.
POISON = b"\x03\x00\x00\x07\x02\xf0\x80\x32" * 5
EXACT = [
    "dialect", "kind", "status", "reason", "item", "code", "context", "device", "key", "space",
    "first", "last", "quantity", "error",
]  # fmt: skip
#: An empty data unit, as S7 stacks send it to acknowledge.
ACKNOWLEDGEMENT = bytes.fromhex("0300000702f000")


# Messages, as captures show them.


def packet(unit: bytes) -> bytes:
    """RFC 1006, clause 6."""
    return struct.pack(">BBH", 3, 0, 4 + len(unit)) + unit


def data(content: bytes, *, last: bool = True) -> bytes:
    """X.224, 13.7: a data unit of class 0."""
    return packet(bytes([2, 0xF0, 0x80 if last else 0]) + content)


def parted(content: bytes, cuts: list[int]) -> bytes:
    """The same content in several data units."""
    bounds = sorted({0, *(cut for cut in cuts if 2 <= cut < len(content)), len(content)})
    pieces = pairwise(bounds)
    return b"".join(data(content[a:b], last=b == len(content)) for a, b in pieces)


def unit(kind: int, reference: int, parameters: bytes, held: bytes = b"", error: int = 0) -> bytes:
    head = struct.pack(">BBHHHH", 0x32, kind, 0, reference, len(parameters), len(held))
    return head + (struct.pack(">H", error) if kind in (2, 3) else b"") + parameters + held


def asked(parameters: bytes, held: bytes = b"", reference: int = 7) -> bytes:
    return data(unit(1, reference, parameters, held))


def answered(parameters: bytes, held: bytes = b"", error: int = 0, reference: int = 7) -> bytes:
    return data(unit(3, reference, parameters, held, error))


def variable(size: int, count: int, area: int, address: int, bit: int = 0, block: int = 0) -> bytes:
    """A specification of syntax S7ANY."""
    spot = (address << 3 | bit).to_bytes(3, "big")
    return struct.pack(">BBBBHHB", 0x12, 10, 0x10, size, count, block, area) + spot


def spots(*listed: tuple[int, int, int]) -> bytes:
    """A specification of syntax DBREAD: octets, block and start of each spot."""
    text = b"".join(struct.pack(">BHH", *spot) for spot in listed)
    return struct.pack(">BBBB", 0x12, 2 + len(text), 0xB0, len(listed)) + text


def value(octets: bytes, *, size: int = 4, code: int = 0xFF, last: bool = True) -> bytes:
    """A data item, filled up to an even number of octets unless it is the last."""
    length = 8 * len(octets) if size in (4, 5) else len(octets)
    fill = b"" if last or len(octets) % 2 == 0 else b"\0"
    return struct.pack(">BBH", code, size, length) + octets + fill


def items(function: int, *specified: bytes) -> bytes:
    return bytes([function, len(specified)]) + b"".join(specified)


def userdata(
    group: int, function: int, held: bytes | None = None, *, kind: int = 4, error: int = 0
) -> bytes:
    method = 0x12 if kind == 8 else 0x11
    more = struct.pack(">BBH", 0, 0, error) if kind == 8 else b""
    head = struct.pack(
        ">3sBBBBB", b"\0\1\x12", 4 + len(more), method, kind << 4 | group, function, 0
    )
    content = b"" if held is None else value(held, size=9)
    return data(unit(7, 9, head + more, content))


def plus(content: bytes, *, version: int = 2, trailer: bool = True) -> bytes:
    end = struct.pack(">BBH", 0x72, version, 0) if trailer else b""
    return data(struct.pack(">BBH", 0x72, version, len(content)) + content + end)


def operation(opcode: int, function: int, rest: bytes, sequence: int = 5) -> bytes:
    return struct.pack(">BHHHH", opcode, 0, function, 0, sequence) + rest


def connection(code: int, parameters: bytes, *, to: int = 0, by: int = 7, option: int = 0) -> bytes:
    """X.224, 13.3 and 13.4."""
    return packet(struct.pack(">BBHHB", 6 + len(parameters), code, to, by, option) + parameters)


# Reading them.


@dataclass(frozen=True)
class Read:
    """Rows, and the octets they point into."""

    rows: Any
    octets: bytes

    def held(self, n: int, column: str) -> bytes | None:
        at, octets = int(self.rows[n][column]), int(self.rows[n][f"{column}_octets"])
        assert at >= 0 or octets == 0
        return self.octets[at : at + octets] if at >= 0 else None

    def object(self, n: int = 0) -> str:
        row = self.rows[n]
        return PROTOCOL.space(int(row["dialect"]), int(row["space"]), self.held(n, "name") or b"")

    def function(self, n: int = 0) -> tuple[str, str]:
        row = self.rows[n]
        found = PROTOCOL.function(int(row["dialect"]), int(row["code"]), int(row["context"]))
        return found.name, found.intent.value


def read(message: bytes, *, from_client: bool = True) -> Read:
    octets = POISON + message + POISON
    out = np.zeros(MAX_ROWS + 3, MESSAGE)
    out["reason"] = 99
    start = len(POISON)
    last = int(
        S7comm.decode(
            np.frombuffer(octets, np.uint8), start, start + len(message), from_client, out, 2
        )
    )
    assert 3 <= last <= 2 + MAX_ROWS
    assert list(out["reason"][[0, 1]]) == [99, 99]
    assert last == len(out) or out["reason"][last] == 99
    return Read(out[2:last], octets)


def framed(message: bytes) -> int:
    octets = np.frombuffer(POISON + message + POISON, np.uint8)
    return int(S7comm.frame(octets, len(POISON), len(POISON) + len(message)))


def assert_like_twin(message: bytes) -> None:
    found, expected = read(message), twin.decode(message)
    assert found.rows[EXACT].tolist() == [
        tuple(getattr(row, column) for column in EXACT) for row in expected
    ]
    numbers = [row.value for row in expected]
    assert np.array_equal(found.rows["value"], numbers, equal_nan=True)
    for n, row in enumerate(expected):
        assert found.held(n, "name") == row.name
        assert found.held(n, "raw") == row.raw


# Connections.


def test_a_connection_request_names_the_slot_it_wants() -> None:
    # ITI s7comm_downloading_block_db1, packets 5 and 6.
    request = read(bytes.fromhex("0300001611e00000000700c1020100c2020102c0010a"))
    confirm = read(bytes.fromhex("0300001611d00007000300c0010ac1020100c2020102"), from_client=False)
    assert request.function() == ("CR Connection Request", "session")
    assert (request.object(), int(request.rows[0]["device"])) == ("TSAP 0102", 2)
    assert (request.rows[0]["kind"], confirm.rows[0]["kind"]) == (REQUEST, RESPONSE)
    assert request.rows[0]["key"] == confirm.rows[0]["key"]
    assert confirm.function() == ("CC Connection Confirm", "session")


def test_a_selector_in_words_is_shown_as_it_is_and_names_no_slot() -> None:
    request = read(connection(0xE0, b"\xc1\x02\x06\x00\xc2\x10SIMATIC-ROOT-HMI"))
    assert (request.object(), int(request.rows[0]["device"])) == ("SIMATIC-ROOT-HMI", -1)


def test_a_refused_connection_is_an_error_of_its_request() -> None:
    request = read(connection(0xE0, b"\xc2\x02\x01\x02", by=0x1234))
    refusal = connection(0x80, b"", to=0x1234, by=0, option=3)
    assert framed(refusal) == len(refusal)
    row = read(refusal, from_client=False).rows[0]
    assert (row["kind"], row["status"], row["error"]) == (RESPONSE, ERROR, 3)
    assert row["key"] == request.rows[0]["key"]


@pytest.mark.parametrize(
    ("message", "name", "status", "error"),
    [
        (packet(b"\x04\x70\x00\x01\x02"), "ER TPDU Error", ERROR, 2),
        (packet(b"\x05\xc0\x00\x01\x00\x02"), "DC Disconnect Confirm", OK, -1),
    ],
)
def test_other_units_are_rows_that_nobody_answers(
    message: bytes, name: str, status: int, error: int
) -> None:
    found = read(message)
    row = found.rows[0]
    assert framed(message) == len(message)
    assert (row["kind"], row["status"], row["error"]) == (ONE_WAY, status, error)
    assert found.function() == (name, "session")


def test_an_empty_data_unit_is_a_message_by_itself_though_it_is_not_the_last() -> None:
    assert framed(ACKNOWLEDGEMENT + asked(items(4))) == 7
    found = read(ACKNOWLEDGEMENT)
    assert (found.rows[0]["kind"], found.function()[0]) == (ENVELOPE, "DT Data")


# Reading and writing.


def test_a_read_gives_an_item_a_row() -> None:
    found = read(
        asked(
            items(
                4,
                variable(2, 4, 0x84, 10, block=200),
                variable(8, 2, 0x83, 16),
                variable(1, 1, 0x82, 3, bit=5),
                variable(0x1D, 8, 0x1D, 1 >> 3),
                variable(4, 1, 0x80, 256),
            )
        )
    )
    assert found.function() == ("Read Var", "read")
    assert [found.object(n) for n in range(5)] == ["DB200", "M", "Q bit 5", "T", "P"]
    places = found.rows[["item", "first", "last", "quantity"]].tolist()
    assert places == [(0, 10, 13, 4), (1, 16, 23, 2), (2, 3, 3, 1), (3, 0, 7, 8), (4, 256, 257, 1)]
    assert set(found.rows["key"].tolist()) == {7}


def test_an_answer_has_octets_an_item_and_errors_of_items() -> None:
    # icsnpp-s7comm snap7, packet 56, less its last two items.
    held = bytes.fromhex("ff040080acde000daddeaddeaddeaddeaddeadde0a000000ff09000700112233445566")
    found = read(answered(b"\x04\x03", held), from_client=False)
    assert found.rows["kind"].tolist() == [RESPONSE] * 3
    assert found.held(0, "raw") == bytes.fromhex("acde000daddeaddeaddeaddeaddeadde")
    assert found.rows[["status", "error"]].tolist() == [(OK, -1), (ERROR, 0x0A), (OK, -1)]
    assert found.held(1, "raw") is None
    assert found.held(2, "raw") == bytes.fromhex("00112233445566")
    assert np.isnan(found.rows["value"]).all()


@pytest.mark.parametrize(
    ("size", "octets", "data_size", "expected"),
    [
        (1, b"\x01", 3, 1.0),
        (2, b"\xfe", 4, 254.0),
        (4, b"\xff\xfe", 4, 65534.0),
        (5, b"\xff\xfe", 5, -2.0),
        (6, b"\x80\x00\x00\x00", 4, 2147483648.0),
        (7, b"\x80\x00\x00\x00", 4, -2147483648.0),
        (8, b"\x42\x48\x00\x00", 7, 50.0),
    ],
)
def test_a_write_of_one_element_has_its_value(
    size: int, octets: bytes, data_size: int, expected: float
) -> None:
    written = items(5, variable(size, 1, 0x84, 4, bit=3 if size == 1 else 0, block=10))
    found = read(asked(written, value(octets, size=data_size, code=0)))
    assert found.function() == ("Write Var", "write")
    assert found.rows["value"].tolist() == [expected]
    assert found.held(0, "raw") == octets
    assert found.object() == ("DB10 bit 3" if size == 1 else "DB10")
    assert found.rows[0]["first"] == 4


def test_a_write_of_several_items_keeps_each_with_its_octets() -> None:
    # Item 0 has an odd number of octets, and one that fills them up.
    written = items(5, variable(2, 3, 0x83, 0), variable(5, 1, 0x84, 8, block=1))
    held = value(b"abc", code=0, last=False) + value(b"\x00\x2a", size=5, code=0)
    found = read(asked(written, held))
    assert [found.held(n, "raw") for n in range(2)] == [b"abc", b"\x00\x2a"]
    assert found.rows["value"].tolist()[1] == 42.0
    answer = read(answered(b"\x05\x02", b"\xff\x05"), from_client=False)
    assert answer.rows[["item", "status", "error"]].tolist() == [(0, OK, -1), (1, ERROR, 5)]


def test_an_error_of_the_whole_job_is_one_row() -> None:
    found = read(answered(b"\x04\x02", error=0x8104), from_client=False)
    assert found.rows[["code", "status", "error"]].tolist() == [(4, ERROR, 0x8104)]


def test_spots_in_one_data_block_are_an_address_and_several_are_words() -> None:
    # WinCC reads an S7-400 so (ITI wincc_s400_production, packet 24).
    one = read(asked(items(4, spots((4, 81, 370)))))
    assert (one.object(), one.rows[["first", "last"]].tolist()) == ("DB81", [(370, 373)])
    several = read(asked(items(4, spots((2, 74, 108), (4, 76, 404)))))
    assert (several.object(), int(several.rows[0]["first"])) == ("data blocks", -1)
    assert several.held(0, "raw") == spots((2, 74, 108), (4, 76, 404))[2:]


def test_a_symbolic_address_stays_octets() -> None:
    # ipal_transcriber s7, the first of five items of packet 1.
    symbol = bytes.fromhex("120eb2ff00000052ea2db0d940000010")
    found = read(asked(items(4, symbol)))
    assert (found.object(), found.held(0, "raw")) == ("symbol", symbol[2:])
    assert read(asked(items(4, b"\x12\x03\x33\x00\x00"))).object() == "syntax 0x33"


# Programs, services, userdata.


def test_in_a_download_the_controller_asks() -> None:
    # ITI s7comm_downloading_block_db1, packets 46 and 48 (cut).
    request = read(
        bytes.fromhex("0300002302f080320100000100001200001b00000000000000095f3041303030303150"),
        from_client=False,
    )
    answer = read(answered(b"\x1b\x01", b"\x00\x04\x00\xfb\x70\x70\x01\x01", reference=0x100))
    assert request.function() == ("Download block", "program")
    assert (request.object(), int(request.rows[0]["kind"])) == ("DB1", REQUEST)
    assert (answer.rows[0]["kind"], answer.held(0, "raw")) == (RESPONSE, b"\x70\x70\x01\x01")
    assert request.rows[0]["key"] == answer.rows[0]["key"]


@pytest.mark.parametrize(
    ("service", "argument", "name", "intent", "words"),
    [
        (b"P_PROGRAM", b"", "PI-Service P_PROGRAM", "control", "P_PROGRAM"),
        (b"_INSE", b"\x01\x000800001P", "PI-Service _INSE", "program", "OB1"),
        (b"_DELE", b"\x01\x000C00012B", "PI-Service _DELE", "program", "FC12"),
        (b"_INSE", b"", "PI-Service _INSE", "program", "_INSE"),
        (b"_MODU", b"EP", "PI-Service _MODU", "program", "_MODU"),
        (b"_GARB", b"", "PI-Service _GARB", "program", "_GARB"),
        (b"_N_LOGIN_", b"secret", "PI-Service", "control", "_N_LOGIN_"),
        (b"_MOD", b"", "PI-Service", "control", "_MOD"),
    ],
)
def test_a_service_means_what_its_name_says(
    service: bytes, argument: bytes, name: str, intent: str, words: str
) -> None:
    text = b"\x28\0\0\0\0\0\0\xfd" + struct.pack(">H", len(argument)) + argument
    found = read(asked(text + bytes([len(service)]) + service))
    assert found.function() == (name, intent)
    assert found.object() == words


def test_a_stop_is_a_stop() -> None:
    # ITI snap7_s300_stop, packet 1.
    found = read(
        bytes.fromhex("0300002102f0803201000000020010000029000000000009505f50524f4752414d")
    )
    assert found.function() == ("PLC Stop", "control")
    assert found.object() == "P_PROGRAM"


def test_an_acknowledgement_without_function_answers_by_its_reference() -> None:
    # icsnpp-s7comm snap7, packets 45 and 46.
    request = read(asked(b"\x1d" + bytes(7) + b"\x09_0800000A", reference=0x1500))
    answer = read(bytes.fromhex("0300001302f08032020000150000000000d20c"), from_client=False)
    assert answer.rows[["kind", "code", "status", "error"]].tolist() == [
        (RESPONSE, 0, ERROR, 0xD20C)
    ]
    assert answer.rows[0]["key"] == request.rows[0]["key"]
    assert answer.function() == ("Acknowledgement", "session")


@pytest.mark.parametrize(
    ("message", "name", "intent", "kind", "words"),
    [
        (userdata(4, 1, b"\x00\x1c\x00\x01"), "Read SZL", "discover", REQUEST, "SZL 0x001C"),
        (userdata(3, 3, b"0B00002A"), "Get block info", "discover", REQUEST, "SDB2"),
        (userdata(3, 2, b"0E"), "List blocks of type", "discover", REQUEST, "FB"),
        (userdata(7, 2, bytes(10)), "Set clock", "control", REQUEST, ""),
        (userdata(1, 9, bytes(8)), "Force", "control", REQUEST, ""),
        (userdata(1, 8, bytes(8)), "Modify variable", "control", REQUEST, ""),
        (userdata(1, 12, bytes(8)), "Memory reset", "control", REQUEST, ""),
        (userdata(4, 3, bytes(20), kind=0), "Diagnostic message", "read", ONE_WAY, ""),
        (userdata(15, 1, bytes(8), kind=7), "NC request download", "program", REQUEST, ""),
        (userdata(13, 77), "function 0x70D4D", "other", REQUEST, ""),
    ],
)
def test_userdata_is_named_by_group_and_subfunction(
    message: bytes, name: str, intent: str, kind: int, words: str
) -> None:
    found = read(message)
    assert found.function() == (name, intent)
    assert (int(found.rows[0]["kind"]), found.object()) == (kind, words)


def test_userdata_counts_its_references_apart_from_jobs() -> None:
    # WinCC has a job and userdata open under one reference (ITI wincc_s300_setup-alarm-read_2).
    job = read(asked(items(4), reference=9)).rows[0]
    request = read(userdata(4, 1, bytes(4))).rows[0]
    answer = read(userdata(4, 1, b"\x00\x11\x00\x00list", kind=8), from_client=False)
    assert job["key"] != request["key"] == answer.rows[0]["key"]
    assert answer.held(0, "raw") == b"\x00\x11\x00\x00list"
    refused = read(userdata(4, 1, b"", kind=8, error=0xD401), from_client=False).rows[0]
    assert (refused["status"], refused["error"]) == (ERROR, 0xD401)


def test_a_mode_transition_is_told_by_the_controller() -> None:
    # ITI step7_s300_stop, packet 4.
    found = read(
        bytes.fromhex("0300001902f080320700000000000800000100101000000000"), from_client=False
    )
    assert found.function() == ("Mode transition: STOP", "read")
    assert found.rows[0]["kind"] == ONE_WAY


def test_a_cyclic_read_names_its_variables_and_its_answers_carry_them() -> None:
    listed = variable(2, 4, 0x84, 0, block=5) + variable(8, 1, 0x83, 20)
    request = read(userdata(2, 1, b"\x00\x02\x01\x0a" + listed))
    assert [request.object(n) for n in range(2)] == ["DB5", "M"]
    carried = b"\x00\x02" + value(b"\1\2\3\4", size=9) + value(b"\x42\x48\0\0", size=9)
    answer = read(userdata(2, 1, carried, kind=8), from_client=False)
    assert [answer.held(n, "raw") for n in range(2)] == [b"\1\2\3\4", b"\x42\x48\0\0"]
    pushed = read(userdata(2, 1, carried, kind=0), from_client=False)
    assert pushed.rows["kind"].tolist() == [ONE_WAY] * 2
    assert request.function() == pushed.function() == ("Cyclic transfer", "read")


def test_a_password_is_never_kept() -> None:
    # ITI step7_s300_AuthPassword, packet 3.
    found = read(
        bytes.fromhex("0300002502f0803207000006000008000c0001120411450100ff090008213a1b1d6e681b1d")
    )
    assert found.function() == ("PLC password", "session")
    assert found.held(0, "raw") is found.held(0, "name") is None


# S7comm-plus.


@pytest.mark.parametrize(
    ("function", "rest", "name", "intent"),
    [
        (0x04BB, bytes(12), "Explore", "discover"),
        (0x054C, bytes(12), "GetMultiVariables", "read"),
        (0x0542, bytes.fromhex("000003be3400000000"), "SetMultiVariables", "write"),
        (0x0542, bytes.fromhex("000003be34000003be0101"), "SetMultiVariables", "session"),
        (0x04F2, bytes.fromhex("00000398741234000001881d"), "SetVariable", "session"),
        (0x04F2, bytes.fromhex("00000398741234000001991d"), "SetVariable", "write"),
        (0x04D4, bytes.fromhex("000003c034000003c00000"), "DeleteObject", "session"),
        (0x04D4, bytes.fromhex("000003c0348a3200010000"), "DeleteObject", "program"),
        (0x056B, bytes(12), "Invoke", "control"),
        (0x05FF, bytes(12), "function 0x5FF", "other"),
    ],
)
def test_what_a_request_is_for_depends_on_what_it_concerns(
    function: int, rest: bytes, name: str, intent: str
) -> None:
    found = read(plus(operation(0x31, function, rest + bytes(4))))
    assert found.function() == (name, intent)
    assert found.rows[0]["kind"] == REQUEST
    assert PROTOCOL.dialects[found.rows[0]["dialect"]] == "s7comm_plus"


@pytest.mark.parametrize(
    ("created", "intent"),
    [("821f", "session"), ("8769", "session"), ("9457", "program")],
)
def test_creating_an_object_is_a_session_or_a_program_by_its_class(
    created: str, intent: str
) -> None:
    # ndpi s7comm-plus packet 9; ITI V13_1200 packet 32; ITI S7-1200-Uploading packet 127.
    rest = bytes.fromhex("00000120360000011d00040000000000a1000000d3" + created + "0000")
    assert read(plus(operation(0x31, 0x04CA, rest))).function() == ("CreateObject", intent)


def test_a_negative_return_value_is_an_error() -> None:
    # ITI S7-1200-Uploading-OB1-TIAV12, packets 23 and 8.
    refused = read(
        bytes.fromhex(
            "0300002902f0807202001a32000005860000000634c08895b080ef91fff40000000000000072020000"
        )
    ).rows[0]
    assert (refused["status"], refused["error"]) == (ERROR, 0xFFF4)
    remark = read(plus(operation(0x32, 0x04CA, b"\x36\x11\x02\x87\x40"), version=1)).rows[0]
    assert (remark["status"], remark["error"]) == (OK, -1)


def test_a_digest_before_the_content_is_passed_over() -> None:
    content = b"\x20" + bytes(32) + operation(0x31, 0x054C, bytes(9))
    found = read(plus(content, version=3))
    assert found.function() == ("GetMultiVariables", "read")
    assert found.rows[0]["key"] & 0xFFFF == 5


@pytest.mark.parametrize(
    ("content", "kind", "name"),
    [
        (b"\x72\xff\x00\x00", ONE_WAY, "Keep alive"),
        (b"\x72\xfe\x00\x04abcd", ONE_WAY, "System event"),
        (b"\x16\x03\x01\x00\x02\x01\x00", ENVELOPE, "TLS handshake"),
        (b"\x17\x03\x03\x00\x10" + bytes(16), ENVELOPE, "TLS application_data"),
        (b"\x72\x02\x00\x0c\x33\x00\x00\x6a\x04" + bytes(11), ONE_WAY, "Notification"),
        (b"\x72\x02\x00\x0cmiddle of it" + b"", ENVELOPE, "Continued fragment"),
        (b"\x72\x02\x00\x02ab\x72\x02\x00\x00", ENVELOPE, "Continued fragment"),
    ],
)
def test_what_is_no_operation_is_a_row_without_answer(content: bytes, kind: int, name: str) -> None:
    found = read(data(content))
    assert framed(data(content)) == 7 + len(content)
    assert (int(found.rows[0]["kind"]), found.function()[0]) == (kind, name)


# Framing.


def test_a_message_cut_anywhere_needs_more() -> None:
    for message in (asked(items(4, variable(2, 1, 0x83, 0))), connection(0xE0, b"\xc2\x02\1\2")):
        assert framed(b"") == NEED_MORE
        assert {framed(message[:cut]) for cut in range(1, len(message))} == {NEED_MORE}
        assert framed(message + message[:5]) == len(message)


@pytest.mark.parametrize("cuts", [[2], [5], [11, 12, 20], list(range(2, 60))])
def test_a_message_in_several_packets_gives_the_rows_of_one(cuts: list[int]) -> None:
    written = items(5, variable(8, 1, 0x84, 16, block=3), variable(2, 3, 0x83, 9))
    held = value(b"\x42\x48\0\0", size=7, code=0) + value(b"abc", code=0)
    content = unit(1, 7, written, held)
    message = parted(content, cuts)
    assert framed(message + ACKNOWLEDGEMENT) == len(message)
    one, many = read(data(content)), read(message)
    assert many.rows[EXACT].tolist() == one.rows[EXACT].tolist()
    assert np.array_equal(many.rows["value"], one.rows["value"], equal_nan=True)
    assert {framed(message[:cut]) for cut in range(1, len(message))} == {NEED_MORE}


def test_of_a_value_in_several_packets_the_first_piece_is_kept_and_of_a_name_nothing() -> None:
    content = unit(3, 7, b"\x04\x01", value(b"0123456789"))
    assert read(parted(content, [22])).held(0, "raw") == b"0123"
    named = unit(1, 7, b"\x29\0\0\0\0\0\x09P_PROGRAM")
    found = read(parted(named, [20]))
    assert found.held(0, "name") is None
    assert found.function() == ("PLC Stop", "control")
    assert read(parted(named, [12])).object() == "P_PROGRAM"


@pytest.mark.parametrize(
    "message",
    [
        data(b"\x0d\x01\x02"),  # ISO session, as MMS begins
        data(b"\x01\x00\x01\x00\xa0"),  # ISO session, as MMS goes on
        data(b"\x7f\x65\x82\x01\x94"),  # T.125, as RDP begins
        data(b"\x32\x04\x00\x00"),
        data(b"\x72\x04\x00\x00"),
        data(b"\x32"),
        data(b"\x32", last=False) + data(b"\x01"),
        data(b"\x32\x01", last=False) + connection(0xE0, b"\xc2\x02\x01\x02"),
        packet(b"\x04\xf0\x80\x32\x01\x00"),
        packet(b"\x02\xe0\x00"),
        connection(0xE0, b""),
        connection(0xE0, b"\xc2\x02\x01\x02", option=0x40),
        connection(0xE0, b"\xc2\x05\x01\x02"),
        connection(0xE0, b"Cookie: mstshash=someone\r\n\x01\x00\x08\x00\x03\x00\x00\x00"),
        connection(0xD0, b"\x02\x00\x08\x00\x02\x00\x00\x00"),  # RDP negotiation
        b"\x02" + asked(items(4))[1:],
        b"\x03\x01" + asked(items(4))[2:],
        b"\x03\x00\x00\x06" + asked(items(4))[4:],
        b"\xaa\x41\x00\x12\x00\x01\x5b\x5e\xbe\x4b",  # C37.118
        b"\x68\x04\x07\x00\x00\x00",  # IEC 60870-5-104
        b"\x16\x03\x01\x02\x00\x01\x00",  # TLS on its own
    ],
)
def test_what_is_no_s7_is_not_taken_for_it(message: bytes) -> None:
    assert framed(message) == NOT_MINE
    assert twin.frame(message) == NOT_MINE


def test_a_message_longer_than_may_wait_is_not_recognised() -> None:
    assert framed(data(b"\x32\x01" + bytes(30_000), last=False) * 3) == NOT_MINE


def test_random_octets_are_not_recognised() -> None:
    octets = np.random.default_rng(7).integers(0, 256, 200_000, dtype=np.uint8)
    assert all(S7comm.frame(octets, end - 64, end) <= 0 for end in range(64, len(octets)))


# What does not hold together.


@pytest.mark.parametrize(
    ("message", "reasons"),
    [
        (data(b"\x32\x01\x00\x00\x00\x01\x00"), [TOO_SHORT]),
        (data(unit(1, 1, b"")), [TOO_SHORT]),
        (data(unit(1, 1, b"\x04")), [TOO_SHORT]),
        (data(unit(1, 1, b"\x04\x01")[:9] + b"\x09\x04\x01"), [BAD_LENGTH]),
        (data(unit(3, 1, b"")[:11]), [BAD_LENGTH]),
        (asked(b"\x04\x02" + variable(2, 1, 0x83, 0)), [0, BAD_LENGTH]),
        (asked(b"\x04\x01\x13\x0a\x10" + bytes(9)), [BAD_LENGTH]),
        (asked(items(5, variable(2, 2, 0x83, 0)), b"\0\x04\0\x10a"), [BAD_LENGTH]),
        (answered(b"\x04\x02", value(b"ab")), [0, BAD_LENGTH]),
        (answered(b"\x05\x03", b"\xff\xff"), [0, 0, BAD_LENGTH]),
        (asked(b"\x1a" + bytes(7) + b"\x09_080"), [BAD_LENGTH]),
        (asked(b"\x28" + bytes(7)), [BAD_LENGTH]),
        (data(unit(7, 1, b"\0\1\x12\x04\x11\x44\1")), [TOO_SHORT]),
        (data(unit(7, 1, b"\0\1\x12\x04\x11\x44\1\0", b"\xff\x09\0\x08ab")), [BAD_LENGTH]),
        (data(b"\x72\x02\x00\x20abc"), [BAD_LENGTH]),
        (data(b"\x72\x03\x00\x04\x20abc"), [BAD_LENGTH]),
        (data(b"\x55\x55"), [BAD_VALUE]),
        (data(b"\x32"), [TOO_SHORT]),
        (packet(b"\x02\xe0\x00\x00"), [BAD_LENGTH]),
        (b"\x03\x00\x00", [TOO_SHORT]),
    ],
)
def test_a_contradiction_is_malformed_where_it_stands(message: bytes, reasons: list[int]) -> None:
    rows = read(message).rows
    assert rows["reason"].tolist() == reasons
    assert rows["status"].tolist() == [MALFORMED if reason else OK for reason in reasons]
    assert_like_twin(message)


def test_more_items_than_rows_say_so_in_the_last() -> None:
    listed = b"\x12\x01\x33\0" * 600
    found = read(userdata(2, 1, struct.pack(">HH", 600, 0) + listed))
    assert len(found.rows) == MAX_ROWS
    assert found.rows[-1][["status", "reason"]].tolist() == (MALFORMED, TOO_MANY_ITEMS)
    assert set(found.rows["status"][:-1].tolist()) == {OK}
    carried = read(userdata(2, 1, struct.pack(">H", 600) + value(b"ab") * 600, kind=8))
    assert carried.rows[-1][["status", "reason"]].tolist() == (MALFORMED, TOO_MANY_ITEMS)


def test_unknown_words_are_their_numbers() -> None:
    assert PROTOCOL.function(0, 0x4F, 0).name == "function 0x4F"
    assert PROTOCOL.space(0, 0x21 << 32, b"") == "area 0x21"
    assert PROTOCOL.space(0, 0x101 << 32, b"_N_\xff") == "_N_\\xff"
    assert PROTOCOL.space(0, 0, b"") == ""


# Generated.

_octets = st.binary(max_size=12)
_variables = st.builds(
    variable,
    st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 28, 29, 30, 200]),
    st.one_of(st.just(1), st.integers(0, 70), st.integers(0, 65535)),
    st.sampled_from([0x03, 0x1C, 0x1D, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85]),
    st.one_of(st.integers(0, 500), st.integers(0, (1 << 21) - 1)),
    st.integers(0, 7),
    st.integers(0, 65535),
)
_listed = st.lists(st.tuples(st.integers(0, 255), st.integers(0, 65535), st.integers(0, 65535)))
_specified = st.one_of(
    _variables,
    _listed.filter(lambda spotted: len(spotted) < 50).map(lambda spotted: spots(*spotted)),
    _octets.map(lambda text: bytes([0x12, len(text)]) + text),
)
_values = st.builds(
    value,
    st.one_of(st.sampled_from([b"\1", b"\0\1", b"\x42\x48\0\0"]), _octets),
    size=st.sampled_from([0, 3, 4, 5, 6, 7, 9]),
    code=st.sampled_from([0xFF, 0xFF, 0, 5, 0x0A]),
    last=st.booleans(),
)
_written = st.builds(
    lambda some, bad: unit(
        1,
        7,
        items(5, *(variable(size, 1, 0x84, 4, 0, 10) for size, _, _ in some)),
        b"".join(value(text, size=kind, code=0, last=False) for _, text, kind in some)[
            : bad or None
        ],
    ),
    st.lists(
        st.sampled_from(
            [
                (1, 1, 3),
                (2, 1, 4),
                (3, 1, 4),
                (4, 2, 4),
                (5, 2, 5),
                (6, 4, 4),
                (7, 4, 6),
                (8, 4, 7),
                (7, 3, 9),
            ]
        ).flatmap(
            lambda kind: st.tuples(
                st.just(kind[0]), st.binary(min_size=kind[1], max_size=kind[1]), st.just(kind[2])
            )
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([0, 0, 0, 3, 11]),
)
_held = st.one_of(_octets, st.lists(_values, max_size=5).map(b"".join))
_parameters = st.one_of(
    st.builds(
        lambda function, some, off: bytes([function, max(len(some) + off, 0)]) + b"".join(some),
        st.sampled_from([4, 5]),
        st.lists(_specified, max_size=5),
        st.sampled_from([0, 0, 0, 1, -1]),
    ),
    st.builds(
        lambda function, head, text: bytes([function]) + head + bytes([len(text)]) + text,
        st.sampled_from([0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x28, 0x29, 0xF0]),
        st.sampled_from([bytes(5), bytes(7), bytes(7) + b"\0\x0a\1\x000800001P", bytes(9)]),
        st.sampled_from(
            [b"_0800001P", b"P_PROGRAM", b"P_PROGRAN", b"_INSE", b"_DELE", b"_GARB", b""]
        ),
    ),
    st.binary(max_size=16),
)
_userdata_head = st.builds(
    lambda kind, group, function, more: (
        bytes([0, 1, 0x12, 8, 0x11, kind << 4 | group, function, 0]) + more
    ),
    st.sampled_from([0, 3, 4, 7, 8, 11, 15]),
    st.integers(0, 15),
    st.one_of(st.integers(0, 8), st.integers(0, 255)),
    st.sampled_from([b"", bytes(4), b"\0\0\xd4\1"]),
)
_classic = st.one_of(
    _written,
    st.builds(lambda some: unit(1, 7, items(4, *some)), st.lists(_specified, max_size=5)),
    st.builds(unit, st.just(1), st.integers(0, 65535), _parameters, _held),
    st.builds(
        unit,
        st.sampled_from([2, 3]),
        st.integers(0, 65535),
        _parameters,
        _held,
        st.sampled_from([0, 0, 0, 0x8104]),
    ),
    st.builds(
        unit,
        st.just(7),
        st.integers(0, 65535),
        _userdata_head,
        st.builds(
            lambda head, held: value(head + held, size=9),
            st.sampled_from([b"", b"\0\2\1\x0a", b"\0\2", b"0A", b"0800001P", b"\x0f\xff"]),
            st.one_of(_held, st.lists(_specified, max_size=4).map(b"".join)),
        ),
    ),
)
_plus = st.builds(
    lambda version, digest, text, trailer: plus(
        (bytes([len(digest)]) + digest if version == 3 else b"") + text,
        version=version,
        trailer=trailer,
    )[7:],
    st.sampled_from([1, 2, 3, 0xFE, 0xFF]),
    st.binary(max_size=3),
    st.builds(
        operation,
        st.sampled_from([0x31, 0x32, 0x33, 0x02, 0x44]),
        st.sampled_from([0x04BB, 0x04CA, 0x04D4, 0x04F2, 0x0542, 0x0700, 0]),
        st.one_of(
            st.binary(max_size=30),
            st.sampled_from(
                [
                    bytes.fromhex("000003be34000003be01881d0101"),
                    bytes.fromhex("00000120360000011d00040000000000a1000000d3821f0000"),
                    b"\x34\xc0\x88\x95\xb0\x80\xef\x91\xff\xf4",
                ]
            ),
        ),
        st.integers(0, 65535),
    ),
    st.booleans(),
)
_connections = st.builds(
    lambda code, listed, option: connection(code, b"".join(listed), option=option),
    st.sampled_from([0xE0, 0xD0, 0x80, 0xC0, 0x70, 0x50]),
    st.lists(
        st.builds(
            lambda code, text: bytes([code, len(text)]) + text,
            st.sampled_from([0xC0, 0xC1, 0xC2, 0x01]),
            st.one_of(st.sampled_from([b"\1\2", b"\3\x21", b"\0\1", b"SIMATIC-ROOT-ES"]), _octets),
        ),
        max_size=3,
    ),
    st.integers(0, 20),
)
_messages = st.one_of(
    st.one_of(_classic, _plus, st.binary(max_size=20)).map(data),
    st.builds(
        parted, st.one_of(_classic, _plus), st.lists(st.integers(0, 60), min_size=1, max_size=6)
    ),
    _connections,
    st.just(ACKNOWLEDGEMENT),
)


@settings(max_examples=300)
@given(_messages)
def test_every_message_is_read_as_its_twin_reads_it(message: bytes) -> None:
    assert framed(message) == twin.frame(message)
    assert_like_twin(message)


@settings(max_examples=200)
@given(_messages, st.data())
def test_flipped_octets_and_cuts_are_read_as_the_twin_reads_them(
    message: bytes, choose: st.DataObject
) -> None:
    changed = bytearray(message)
    for _ in range(choose.draw(st.integers(1, 3))):
        changed[choose.draw(st.integers(0, len(changed) - 1))] ^= choose.draw(st.integers(1, 255))
    cut = bytes(changed[: choose.draw(st.integers(1, len(changed)))])
    assert framed(cut) == twin.frame(cut)
    assert_like_twin(cut)


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_any_octets_give_a_message_or_a_malformed_one(octets: bytes) -> None:
    assert framed(octets) == twin.frame(octets)
    assert_like_twin(octets)


# Captures with known answers.

#: Where a capture's counts differ from tshark's, what is ours, what is tshark's, and why.
DIFFERENCES = {
    "s7comm/iti__s7_wincc_s300_setup-alarm-read_2.pcapng": (
        "cotp_type",
        {"0x0f": (487, 486)},
        "packet 422 holds an acknowledgement and a job; tshark's counts are of frames",
    ),
}


def captures(shared: Path, folder: str) -> list[Path]:
    return sorted((shared / "captures" / folder).iterdir())


def seen(path: Path) -> Any:
    """The messages of a capture, an item 0 each, and how many octets were skipped."""
    found: list[Any] = [np.zeros(0, MESSAGE)]
    dissector = Dissector(protocols=(PROTOCOL,), on_messages=lambda rows: found.append(rows.copy()))
    for _ in (*dissector.read(Capture(path)), *dissector.finish()):
        pass
    rows = np.concatenate(found)
    return rows[rows["item"] == 0]


def counted(rows: Any) -> dict[str, Counter[str]]:
    """The counts that tshark has, from rows."""
    found: dict[str, Counter[str]] = {
        name: Counter() for name in ("rosctr_func", "userdata_group", "userdata_type", "cotp_type")
    }
    for dialect, kind, code, context in rows[["dialect", "kind", "code", "context"]].tolist():
        name = PROTOCOL.dialects[dialect]
        found["cotp_type"][f"0x{code >> 4 if name == 'cotp' else 15:02x}"] += 1
        if name != "s7comm":
            continue
        if code >= 0x070000:
            found["rosctr_func"]["rosctr=7;func="] += 1
            found["userdata_group"][str(code >> 8 & 15)] += 1
            found["userdata_type"][{REQUEST: "4", RESPONSE: "8", ONE_WAY: "0"}[kind]] += 1
        elif context == 255:
            found["rosctr_func"]["rosctr=2;func="] += 1
        else:
            rosctr = 1 if kind == REQUEST else 3
            found["rosctr_func"][f"rosctr={rosctr};func=0x{code:02x}"] += 1
    return found


def test_all_captures_agree_with_tshark_message_for_message(shared: Path) -> None:
    lines = (shared / "captures" / "tshark_counts.jsonl").read_text("utf-8").splitlines()
    counts = {row["pcap"]: row["counts"] for row in map(json.loads, lines) if "counts" in row}
    paths = captures(shared, "s7comm")
    assert len(paths) == 26
    differences = {}
    for path in paths:
        key = f"s7comm/{path.name}"
        rows = seen(path)
        assert MALFORMED not in rows["status"], path.name
        for name, ours in counted(rows).items():
            theirs = Counter(counts[key][name])
            unequal = {
                value: (ours[value], theirs[value])
                for value in ours | theirs
                if ours[value] != theirs[value]
            }
            if unequal:
                differences[key] = (name, unequal)
    assert differences == {key: told[:2] for key, told in DIFFERENCES.items()}


def test_the_peer_that_names_functions_agrees(shared: Path) -> None:
    # It leaves out the acknowledgement and the two clock messages that it does not know.
    lines = (shared / "captures" / "expected.jsonl").read_text("utf-8").splitlines()
    expected = next(
        row["expectation"]
        for row in map(json.loads, lines)
        if row["pcap"] == "s7comm/icsnpp-s7comm__snap7.pcap"
    )
    rows = seen(shared / "captures" / "s7comm" / "icsnpp-s7comm__snap7.pcap")
    names = Counter(
        PROTOCOL.function(0, code, 0).name for code in rows["code"].tolist() if code < 0x070000
    )
    peer = expected["s7comm.log"]["counts"]["function_name"]
    assert names["Start upload"] == peer["Start Upload"]
    assert names["Write Var"] == peer["Write Variable"]
    assert names["PI-Service"] == peer["PLC Control"]
    assert names["PLC Stop"] == peer["PLC Stop"]
    assert len(rows) == expected["cotp.log"]["rows"] == 64
    assert expected["s7comm.log"]["rows"] == len(rows) - 3


@pytest.mark.parametrize("folder", ["mms", "iec104"])
def test_other_protocols_give_no_rows_of_s7(shared: Path, folder: str) -> None:
    for path in captures(shared, folder):
        dialects = {PROTOCOL.dialects[dialect] for dialect in seen(path)["dialect"].tolist()}
        assert dialects <= {"cotp"}, path.name


def payloads(path: Path) -> Iterator[bytes]:
    """Payloads of a capture as they lie in their packets."""
    for buffer in Capture(path).buffers(4096):
        read_frames(buffer.data, buffer.packets, buffer.count)
        for one in buffer.packets[: buffer.count]:
            if one["fate"] == WHOLE and one["protocol"] == TCP and one["present"]:
                at, octets = int(one["payload"]), int(one["present"])
                yield bytes(buffer.data[at : at + octets])


def test_captured_messages_are_read_as_the_twin_reads_them(shared: Path) -> None:
    told: set[bytes] = set()
    for path in captures(shared, "s7comm"):
        for payload in payloads(path):
            rest = payload
            while rest and (length := framed(rest)) > 0:
                assert twin.frame(rest) == length
                if len(told) < 3_000:
                    told.add(rest[:length])
                rest = rest[length:]
    assert len(told) == 3_000
    for message in sorted(told):
        assert_like_twin(message)
