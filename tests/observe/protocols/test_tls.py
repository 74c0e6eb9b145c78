"""TLS: the name that a client asks for, however the first record is cut."""

from __future__ import annotations

import struct

import pytest
from tests.observe.protocols.talks import client_hello, record, server_hello
from tests.observe.reading import dissect

from checkvalve.observe.captures.streams import UNDECODED
from checkvalve.observe.protocols.base import MALFORMED, NEED_MORE, NOT_MINE
from checkvalve.observe.protocols.tls import Tls
from checkvalve.testing.packets import pcap, timed
from checkvalve.testing.protocols import Talk, conversation, decoded, framed

PROTOCOL = Tls()
CLOSED = b"\x17\3\3\0\x20" + bytes(range(32))


@pytest.mark.parametrize("cuts", [(), range(1, 200), (1, 5, 6, 40)])
def test_the_conversation_bears_the_name_that_the_client_asked_for(
    cuts: tuple[int, ...],
) -> None:
    talk = Talk((client_hello("API.Example"), CLOSED), (server_hello(), CLOSED))
    found = dissect(pcap(timed(conversation(talk, cuts, cuts))))
    assert {(flow["name"], flow["protocol"]) for flow in found.flows} == {("api.example", "tls")}
    assert [(row["function"], row["status"]) for row in found.rows] == [("ClientHello", "ok")]
    assert found.tally[UNDECODED] == 2 * len(CLOSED)
    assert found.octets_add_up()


def test_a_client_that_names_nobody_is_seen_all_the_same() -> None:
    nameless = client_hello("x")[:-10]
    body = nameless[9:-2]
    message = record(b"\1" + len(body).to_bytes(3, "big") + body)
    (row,) = decoded(PROTOCOL, message, from_client=True)
    assert (row["code"], row["name_octets"]) == (1, 0)


@pytest.mark.parametrize("cut", [0, 20, 33, 34, 66, 67, 70])
def test_a_hello_that_ends_too_early_is_malformed(cut: int) -> None:
    body = client_hello()[9 : 9 + cut]
    (row,) = decoded(
        PROTOCOL, record(b"\1" + len(body).to_bytes(3, "big") + body), from_client=True
    )
    assert row["status"] == MALFORMED


@pytest.mark.parametrize("octets", [0xFFFF, 200])
def test_a_name_that_leaves_its_message_is_no_name(octets: int) -> None:
    whole = client_hello()
    at = whole.rindex(struct.pack(">H", 14))
    (row,) = decoded(
        PROTOCOL, whole[:at] + struct.pack(">H", octets) + whole[at + 2 :], from_client=True
    )
    assert (row["name"], row["host"]) == (-1, -1)


@pytest.mark.parametrize(
    ("octets", "length"),
    [
        (b"\x16", NEED_MORE),
        (b"\x16\3", NEED_MORE),
        (client_hello()[:-1], NEED_MORE),
        (client_hello(), len(client_hello())),
        (CLOSED, NOT_MINE),
        (b"\x16\2\0\0\x20\1", NOT_MINE),
        (b"\x16\3\1\0\x20\x0b", NOT_MINE),  # a certificate
        (b"\x16\3\1\xff\xff\1", NOT_MINE),
        (b"\x15\3\1\0\2\2\x28", NOT_MINE),  # an alert
    ],
)
def test_only_a_hello_begins_a_conversation(octets: bytes, length: int) -> None:
    assert framed(PROTOCOL, octets) == length
