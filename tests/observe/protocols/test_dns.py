"""DNS: who asked for which name, and what the addresses behind it are."""

from __future__ import annotations

import struct

import pytest
from tests.observe.protocols.talks import dns_answer, dns_query, question
from tests.observe.reading import Found, dissect

from checkvalve.observe.protocols.base import ERROR, NOT_MINE, REQUEST, RESPONSE
from checkvalve.observe.protocols.dns import Dns, dotted
from checkvalve.testing.packets import (
    CLIENT,
    SERVER,
    SYN,
    ethernet,
    ipv4,
    ipv6,
    pcap,
    tcp,
    timed,
    udp,
)
from checkvalve.testing.protocols import decoded, framed

PROTOCOL = Dns()
ADDRESS = bytes([203, 0, 113, 7])
ADDRESS_6 = bytes.fromhex("20010db8000000000000000000000007")


def rows(*datagrams: tuple[bytes, bool]) -> Found:
    """What comes of DNS datagrams: octets, and whether the client sent them."""
    frames = [
        ethernet(ipv4(udp(octets, destination=53)))
        if asks
        else ethernet(
            ipv4(udp(octets, source=53, destination=50_000), source=SERVER, destination=CLIENT)
        )
        for octets, asks in datagrams
    ]
    return dissect(pcap(timed(frames)))


def test_a_query_names_what_it_asks_for() -> None:
    (row,) = decoded(PROTOCOL, dns_query("Models.Example"), from_client=True)
    assert (row["kind"], row["key"]) == (REQUEST, 7)
    assert PROTOCOL.space(0, int(row["space"]), b"\6Models\7Example") == "models.example"


def test_an_answer_is_a_row_an_address() -> None:
    found = rows((dns_query(), True), (dns_answer(addresses=(ADDRESS, ADDRESS_6)), False)).rows
    assert [(row["space"], row["raw"], row["status"], row["item"]) for row in found] == [
        ("models.example", ADDRESS, "ok", 0),
        ("models.example", ADDRESS_6, "ok", 1),
    ]
    assert {(row["source"], row["destination"], row["protocol"]) for row in found} == {
        (CLIENT, SERVER, "dns")
    }


def test_a_refusal_is_an_error_with_its_code() -> None:
    (row,) = rows((dns_query(), True), (dns_answer(addresses=(), code=3), False)).rows
    assert (row["status"], row["error_code"]) == ("error", 3)
    (row,) = decoded(PROTOCOL, dns_answer(addresses=(), code=3), from_client=False)
    assert (row["kind"], row["status"]) == (RESPONSE, ERROR)


def test_a_later_conversation_with_an_address_bears_its_name() -> None:
    frames = [
        ethernet(
            ipv4(
                udp(dns_answer(addresses=(ADDRESS,)), source=53, destination=50_000),
                source=SERVER, destination=CLIENT,
            )
        ),
        ethernet(ipv4(tcp(flags=SYN, destination=443), destination="203.0.113.7")),
    ]  # fmt: skip
    flows = dissect(pcap(timed(frames))).flows
    assert {flow["destination"]: flow["name"] for flow in flows} == {
        SERVER: None,
        "203.0.113.7": "models.example",
    }


def test_an_ipv6_address_gets_its_name_too() -> None:
    answer = udp(dns_answer(addresses=(ADDRESS_6,)), source=53, destination=50_000)
    frames = [
        ethernet(ipv6(answer, source="2001:db8::53", destination="2001:db8::10")),
        ethernet(ipv6(tcp(flags=SYN, destination=443), destination="2001:db8::7")),
    ]
    flows = dissect(pcap(timed(frames))).flows
    assert [flow["name"] for flow in flows if flow["destination"] == "2001:db8::7"] == [
        "models.example"
    ]


def test_aliases_are_passed_over_to_the_addresses_behind_them() -> None:
    alias = struct.pack(">HHHIH", 0xC00C, 5, 1, 60, 6) + b"\4edge\0"
    whole = dns_answer(addresses=(ADDRESS,))
    head = whole[:6] + b"\0\2" + whole[8 : 12 + len(question("models.example"))]
    (row,) = decoded(PROTOCOL, head + alias + whole[len(head) :], from_client=False)
    assert int(row["raw_octets"]) == 4


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        dns_query()[:11],
        dns_query()[:20],
        b"\0\7\1\0\0\0\0\0\0\0\0\0",
        dns_query()[:4] + b"\0\xff" + dns_query()[6:],
        b"\0\7\x78" + dns_query()[3:],
        b"\0\1\0\0\0\6\1\3\0\0\0\1",  # Modbus
        dns_query()[:12] + b"\x20" + b"CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" + b"\0\0\x20\0\1",
        dns_query()[:12] + b"\xff" * 40,
    ],
)
def test_what_is_no_dns_is_not_taken_for_it(octets: bytes) -> None:
    assert framed(PROTOCOL, octets) == NOT_MINE


def test_a_datagram_cut_short_does_not_spoil_the_next() -> None:
    found = rows((dns_query()[:20], True), (dns_query("mes.example", number=8), True)).rows
    assert [row["space"] for row in found] == ["mes.example"]


def test_a_name_without_end_has_one() -> None:
    loop = dns_query()[:12] + b"\1a\xc0\x0c\0\1\0\1"
    assert framed(PROTOCOL, loop) == len(loop)
    (row,) = decoded(PROTOCOL, loop, from_client=True)
    assert row["name_octets"] <= len(loop)
    assert framed(PROTOCOL, dns_query()[:12] + b"\xc0\x0c\0\1\0\1") == NOT_MINE
    assert dotted(b"\3a\x1bb") == r"a\x1bb"
    assert dotted(b"\x3fshort") == "short"
