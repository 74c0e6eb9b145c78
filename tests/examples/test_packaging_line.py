"""The packaging line's captures hold what its story says, when it says it."""

from __future__ import annotations

import struct
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from tests.examples.packets import Packet
from tests.examples.recorded import SYN, Recorded, answered, sent

MODBUS = 502
HMI, LINE, FILLER, EDGE = "10.20.1.20", "10.20.1.10", "10.20.1.11", "10.20.2.20"


@pytest.fixture(scope="module")
def example(root: Path) -> Recorded:
    return Recorded(root / "examples" / "packaging-line")


def _modes(seen: list[Packet]) -> list[int]:
    """The modes that the HMI reads, one after another."""
    read = [p.payload for p in answered(seen, LINE, HMI, MODBUS)]
    values = [struct.unpack_from(">H", payload, 9)[0] for payload in read if payload[7] == 3]
    return [value for before, value in pairwise([0, *values]) if value != before]


def test_normal_spans_ten_days_and_twenty_cycles(example: Recorded) -> None:
    assert example.normal[-1].at - example.normal[0].at > timedelta(days=10, minutes=-5)
    assert _modes(example.normal) == [1, 2, 3, 4] * 20


def test_answers_follow_their_requests_within_milliseconds(example: Recorded) -> None:
    asked = {p.payload[:2]: p for p in sent(example.normal, LINE, FILLER, MODBUS)[:2_000]}
    waits = [
        p.time - asked[p.payload[:2]].time
        for p in answered(example.normal, FILLER, LINE, MODBUS)[:2_000]
    ]
    assert min(waits) > 0
    assert max(waits) < 100_000_000


def test_polls_keep_their_period(example: Recorded) -> None:
    polls = [p.time for p in sent(example.normal, LINE, "10.20.3.10", MODBUS)]
    assert all(594 < (later - earlier) / 1e9 < 606 for earlier, later in pairwise(polls))


def test_every_function_of_normal_is_seen_on_ten_days(example: Recorded) -> None:
    days: dict[tuple[str, str, int], set[int]] = {}
    for p in example.normal:
        if p.destination_port == MODBUS and p.payload:
            edge = (p.source, p.destination, p.payload[7])
            days.setdefault(edge, set()).add(p.at.toordinal())
    assert min(len(seen) for seen in days.values()) >= 10


@pytest.mark.parametrize(
    ("letter", "source", "destination", "port", "octets"),
    [
        ("b", "10.20.10.11", FILLER, MODBUS, bytes([1, 6, 0, 51])),
        ("c", "10.50.0.30", LINE, MODBUS, bytes([1, 5, 0, 0, 0, 0])),
        ("e", EDGE, "10.20.10.10", 8080, b"PUT /recipes/17"),
        ("f", EDGE, "10.20.20.10", 445, b"\xfeSMB"),
        ("g", "10.20.30.20", FILLER, MODBUS, bytes([1, 3, 0, 100])),
        ("h", HMI, FILLER, MODBUS, bytes([1, 5, 0, 5, 255, 0])),
    ],
)
def test_a_deed_is_done_at_its_time(
    example: Recorded, letter: str, source: str, destination: str, port: int, octets: bytes
) -> None:
    assert any(octets in p.payload for p in sent(example.near(letter), source, destination, port))


def test_the_scan_tries_every_address_of_the_cells(example: Recorded) -> None:
    tried = {
        p.destination for p in example.near("a") if p.source == "10.20.20.10" and p.flags == SYN
    }
    assert len(tried) == 60


def test_the_edge_node_names_the_cloud_service(example: Recorded) -> None:
    named = [p for p in example.near("d") if p.source == EDGE and b"openai" in p.payload]
    assert Counter(p.destination_port for p in named) == {53: 1, 443: 1}


def test_the_poll_stops_long_before_the_capture_ends(example: Recorded) -> None:
    last = sent(example.incident, HMI, FILLER, MODBUS)[-1].at
    end = example.incident[-1].at
    assert example.at("i") - last < timedelta(minutes=7)
    assert end - last > timedelta(hours=4)
    assert sent(example.incident, LINE, FILLER, MODBUS)[-1].at > end - timedelta(minutes=7)


def test_the_edge_node_asks_in_vain_for_a_while_and_is_answered_again(example: Recorded) -> None:
    start, end = example.at("j"), example.until("j") - timedelta(hours=1)
    asked = [p for p in sent(example.incident, EDGE, LINE, MODBUS) if start < p.at < end]
    answers = [p.at for p in answered(example.incident, LINE, EDGE, MODBUS)]
    assert len(asked) >= 8
    assert not [at for at in answers if start < at < end]
    assert [at for at in answers if at > end]
