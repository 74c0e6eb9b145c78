"""The water works' captures hold what its story says, when it says it."""

from __future__ import annotations

import struct
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from tests.examples.packets import Packet
from tests.examples.recorded import SYN, Recorded, answered, sent

S7, DNP3 = 102, 20_000
TREATMENT, PUMPS, PANEL = "192.168.40.11", "192.168.40.12", "192.168.40.21"
SCADA, WELL, TANK = "192.168.60.10", "172.16.8.11", "172.16.8.12"
#: Where the application function stands in the only fragment of a request.
FUNCTION = 12
READ, DIRECT_OPERATE, COLD_RESTART = 1, 5, 13
#: TPKT and COTP, the S7 header of an answer, function, count, return code, type and length.
VALUES = 7 + 12 + 2 + 4


@pytest.fixture(scope="module")
def example(root: Path) -> Recorded:
    return Recorded(root / "examples" / "water-works")


def _modes(seen: list[Packet]) -> list[int]:
    """The modes that SCADA reads, one after another."""
    answers = [p.payload for p in answered(seen, TREATMENT, SCADA, S7)]
    values = [struct.unpack_from(">H", a, VALUES)[0] for a in answers if len(a) == VALUES + 20]
    return [value for before, value in pairwise([0, *values]) if value != before]


def _functions(seen: list[Packet], source: str, destination: str) -> list[int]:
    return [p.payload[FUNCTION] for p in sent(seen, source, destination, DNP3)]


def test_normal_spans_eight_days_and_twenty_four_cycles(example: Recorded) -> None:
    assert example.normal[-1].at - example.normal[0].at > timedelta(days=8, minutes=-5)
    assert _modes(example.normal) == [10, 20, 30, 40] * 24


def test_every_function_on_the_radio_is_seen_on_every_day_of_normal(example: Recorded) -> None:
    days: dict[tuple[str, str, int], set[int]] = {}
    for p in example.normal:
        if p.destination_port == DNP3 and p.payload:
            edge = (p.source, p.destination, p.payload[FUNCTION])
            days.setdefault(edge, set()).add(p.at.toordinal())
    assert min(len(seen) for seen in days.values()) >= 8


@pytest.mark.parametrize(
    ("letter", "source", "destination", "port", "octets"),
    [
        ("b", "192.168.61.40", PUMPS, S7, b"\x29\x00\x00\x00\x00\x00\x09P_PROGRAM"),
        ("c", "192.168.80.10", PUMPS, S7, struct.pack(">f", 96.0)),
        ("f", "192.168.80.10", "18.164.174.23", 443, b"huggingface.co"),
        ("g", "192.168.70.20", PUMPS, S7, b"\x04\x01\x12\x0a\x10"),
        ("h", PANEL, TREATMENT, S7, b"\x05\x01\x12\x0a\x10"),
    ],
)
def test_a_deed_is_done_at_its_time(
    example: Recorded, letter: str, source: str, destination: str, port: int, octets: bytes
) -> None:
    assert any(octets in p.payload for p in sent(example.near(letter), source, destination, port))


def test_the_stranger_operates_the_well_directly(example: Recorded) -> None:
    assert DIRECT_OPERATE in _functions(example.near("a"), "172.16.8.99", WELL)


def test_the_tank_is_restarted_once_and_never_in_normal(example: Recorded) -> None:
    assert COLD_RESTART in _functions(example.near("d"), SCADA, TANK)
    assert _functions(example.incident, SCADA, TANK).count(COLD_RESTART) == 1
    assert COLD_RESTART not in _functions(example.normal, SCADA, TANK)


def test_the_scan_tries_both_ports_of_every_address(example: Recorded) -> None:
    tried = {
        (p.destination, p.destination_port)
        for p in example.near("e")
        if p.source == "10.1.4.17" and p.flags == SYN
    }
    assert len(tried) == 2 * 60


def test_the_panel_stops_reading_long_before_the_capture_ends(example: Recorded) -> None:
    last = sent(example.incident, PANEL, PUMPS, S7)[-1].at
    end = example.incident[-1].at
    assert example.at("i") - last < timedelta(minutes=13)
    assert end - last > timedelta(hours=4)
    assert sent(example.incident, SCADA, PUMPS, S7)[-1].at > end - timedelta(minutes=7)


def test_the_well_is_asked_in_vain_for_a_while_and_answers_again(example: Recorded) -> None:
    start, end = example.at("j"), example.until("j") - timedelta(hours=1)
    between = [p for p in example.incident if start < p.at < end]
    assert _functions(between, SCADA, WELL).count(READ) >= 10
    assert not answered(between, WELL, SCADA, DNP3)
    assert [p for p in answered(example.incident, WELL, SCADA, DNP3) if p.at > end]
