"""HTTP: which method on which path of which host, and what came of it."""

from __future__ import annotations

import pytest
from tests.observe.protocols.talks import http_reply, http_request
from tests.observe.reading import Found, dissect

from checkvalve.observe.protocols.base import NEED_MORE, NOT_MINE
from checkvalve.observe.protocols.http import Http
from checkvalve.records import Intent
from checkvalve.testing.packets import pcap, timed
from checkvalve.testing.protocols import Talk, conversation, framed

PROTOCOL = Http()


def talk(client: list[bytes], server: list[bytes], cuts: tuple[int, ...] = ()) -> Found:
    return dissect(pcap(timed(conversation(Talk((*client,), (*server,)), cuts, cuts))))


def test_a_request_and_its_reply_are_one_exchange() -> None:
    found = talk(
        [http_request("/inspection-results?token=secret", b"{}"), http_request("/missing")],
        [http_reply(201), http_reply(404)],
    )
    assert [(row["function"], row["space"], row["status"]) for row in found.rows] == [
        ("POST", "/inspection-results", "ok"),
        ("GET", "/missing", "error"),
    ]
    assert [row["error_code"] for row in found.rows] == [None, 404]
    assert {flow["name"] for flow in found.flows} == {"mes.plant.example"}


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("MES.Example:8080", "mes.example"),
        ("10.0.0.1:80", "10.0.0.1"),
        ("[2001:db8::1]:8080", "[2001:db8::1]"),
        ("  padded", "padded"),
        ("bad\x1b[31m", r"bad\x1b[31m"),
    ],
)
def test_a_host_is_named_without_its_port_and_without_control_characters(
    host: str, name: str
) -> None:
    found = talk([http_request("/", host=host)], [http_reply()])
    assert {flow["name"] for flow in found.flows} == {name}


def test_a_long_body_is_passed_over_and_is_no_loss() -> None:
    long = b"x" * 40_000
    found = talk(
        [http_request("/upload", long), http_request("/next")],
        [http_reply(), http_reply()],
        cuts=tuple(range(1_000, 50_000, 1_000)),
    )
    assert [row["space"] for row in found.rows] == ["/upload", "/next"]
    assert "octets skipped to resynchronise" not in found.gaps
    assert found.octets_add_up()


def test_chunks_between_replies_are_passed_over() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n0\r\n\r\n"
    found = talk([http_request("/a"), http_request("/b")], [chunked, http_reply()])
    assert [(row["space"], row["status"]) for row in found.rows] == [("/a", "ok"), ("/b", "ok")]


@pytest.mark.parametrize("status", [100, 101, 204, 304])
def test_a_reply_that_has_no_body_takes_none_from_the_next(status: int) -> None:
    bare = f"HTTP/1.1 {status} Words\r\nContent-Length: 120\r\n\r\n".encode()
    found = talk([http_request("/a"), http_request("/b")], [bare, http_reply(500)])
    assert [row["status"] for row in found.rows] == ["ok", "error"]


@pytest.mark.parametrize(
    ("octets", "length"),
    [
        (b"", NEED_MORE),
        (b"G", NEED_MORE),
        (b"GET /", NEED_MORE),
        (b"HTTP/1.", NEED_MORE),
        (b"GETS / HTTP/1.1\r\n\r\n", NOT_MINE),
        (b"get / HTTP/1.1\r\n\r\n", NOT_MINE),
        (b"HTTP/2 200\r\n\r\n", NOT_MINE),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 4_000, NOT_MINE),
        (http_request("/", b"12345")[:-1], NEED_MORE),
        (b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 56),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 37),
    ],
    ids=range(11),
)
def test_only_a_method_or_a_reply_begins_a_message(octets: bytes, length: int) -> None:
    assert framed(PROTOCOL, octets) == length


def test_methods_say_what_they_are_for() -> None:
    names = [PROTOCOL.function(0, code, 0) for code in range(9)]
    assert {function.name: function.intent for function in names}["PUT"] is Intent.WRITE
    assert names[0].intent is Intent.READ
    assert PROTOCOL.function(0, 77, 0).name == "method 77"
