"""The packaging line's captures hold what its story says, when it says it."""

from __future__ import annotations

import hashlib
import json
import struct
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.examples.packets import Packet, packets

from checkvalve.plant import Plant, load

MODBUS = 502
SYN = 2
HMI, LINE, FILLER, EDGE = "10.20.1.20", "10.20.1.10", "10.20.1.11", "10.20.2.20"


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "examples" / "packaging-line"


@pytest.fixture(scope="module")
def plant(folder: Path) -> Plant:
    return load(folder / "plant")


@pytest.fixture(scope="module")
def normal(folder: Path) -> list[Packet]:
    return list(packets(folder / "captures" / "normal.pcap"))


@pytest.fixture(scope="module")
def incident(folder: Path) -> list[Packet]:
    return list(packets(folder / "captures" / "incident.pcap"))


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, dict[str, Any]]:
    events = json.loads((folder / "expected.json").read_text())
    return {event["id"]: event for event in events}


def _between(seen: list[Packet], source: str, destination: str, port: int) -> list[Packet]:
    ends = (source, destination, port)
    return [p for p in seen if (p.source, p.destination, p.destination_port) == ends]


def _requests(seen: list[Packet], source: str, destination: str) -> list[Packet]:
    return [p for p in _between(seen, source, destination, MODBUS) if p.payload]


def _answers(seen: list[Packet], server: str, client: str) -> list[Packet]:
    ends = (server, client, MODBUS)
    return [p for p in seen if (p.source, p.destination, p.source_port) == ends and p.payload]


def _at(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])


def _modes(seen: list[Packet]) -> list[int]:
    """The modes that the HMI reads, one after another."""
    read = [p.payload for p in _answers(seen, LINE, HMI) if p.payload[7:9] == b"\x03\x14"]
    values = [struct.unpack_from(">H", payload, 9)[0] for payload in read]
    return [value for before, value in pairwise([0, *values]) if value != before]


def test_the_files_are_those_that_were_recorded(folder: Path) -> None:
    about = json.loads((folder / "captures" / "recording.json").read_text())
    for name, facts in about["captures"].items():
        data = (folder / "captures" / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == facts["sha256"]
        assert len(data) == facts["octets"]


def test_the_captures_are_small_enough_to_be_cloned(folder: Path) -> None:
    assert sum(file.stat().st_size for file in (folder / "captures").glob("*.pcap")) < 8_000_000


def test_normal_spans_ten_days_and_twenty_cycles(normal: list[Packet]) -> None:
    assert normal[-1].at - normal[0].at > timedelta(days=10) - timedelta(minutes=5)
    assert _modes(normal) == [1, 2, 3, 4] * 20


def test_incident_follows_normal_within_minutes(
    normal: list[Packet], incident: list[Packet]
) -> None:
    assert timedelta() < incident[0].at - normal[-1].at < timedelta(minutes=5)


@pytest.mark.parametrize("capture", ["normal.pcap", "incident.pcap"])
def test_time_never_runs_back(folder: Path, capture: str) -> None:
    times = [p.time for p in packets(folder / "captures" / capture)]
    assert times == sorted(times)


def test_answers_follow_their_requests_within_milliseconds(normal: list[Packet]) -> None:
    asked = {(p.source_port, p.payload[:2], p.time // 10**9): p.time for p in normal if p.payload}
    waits = [
        p.time - asked[key]
        for p in _answers(normal, FILLER, LINE)
        if (key := (p.destination_port, p.payload[:2], p.time // 10**9)) in asked
    ]
    assert len(waits) > 2_000
    assert max(waits) < 100_000_000


def test_polls_keep_their_period(normal: list[Packet]) -> None:
    polls = [p.time for p in _requests(normal, LINE, "10.20.3.10")]
    gaps = [(b - a) / 1e9 for a, b in pairwise(polls)]
    assert all(594 < gap < 606 for gap in gaps)


def test_every_address_of_normal_is_a_declared_asset(plant: Plant, normal: list[Packet]) -> None:
    addresses = {p.source for p in normal} | {p.destination for p in normal}
    assert {address for address in addresses if plant.asset_at(address) is None} == set()


def test_every_path_of_normal_is_declared(plant: Plant, normal: list[Packet]) -> None:
    openings = {
        (plant.zone_name_at(p.source), plant.zone_name_at(p.destination), p.destination_port)
        for p in normal
        if p.flags == SYN
    }
    for source, destination, port in openings:
        conduits = plant.conduits_between(source, destination)
        flows = [flow for conduit in conduits for flow in conduit.flows]
        declared = any(flow.allows("tcp", port) for flow in flows)
        assert source == destination or declared, (source, destination, port)


def test_every_function_of_normal_is_seen_in_at_least_two_cycles(normal: list[Packet]) -> None:
    days: dict[tuple[str, str, int], set[int]] = {}
    for p in normal:
        if p.destination_port == MODBUS and p.payload:
            edge = (p.source, p.destination, p.payload[7])
            days.setdefault(edge, set()).add(p.at.toordinal())
    assert min(len(seen) for seen in days.values()) >= 10


def test_the_actors_of_every_event_are_assets_or_strangers(
    plant: Plant, expected: dict[str, dict[str, Any]]
) -> None:
    assert sorted(expected) == list("abcdefghij")
    actors = {actor for event in expected.values() for actor in event["actors"]}
    assert actors - plant.assets.keys() == {"162.159.140.245"}


@pytest.mark.parametrize(
    ("letter", "source", "destination", "port", "begins"),
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
    incident: list[Packet],
    expected: dict[str, dict[str, Any]],
    letter: str,
    source: str,
    destination: str,
    port: int,
    begins: bytes,
) -> None:
    sent = _between(incident, source, destination, port)
    at = _at(expected[letter])
    deeds = [p for p in sent if begins in p.payload and abs(p.at - at) < timedelta(seconds=2)]
    assert deeds


def test_the_scan_tries_every_address_of_the_cells(
    incident: list[Packet], expected: dict[str, dict[str, Any]]
) -> None:
    at = _at(expected["a"])
    tried = {
        p.destination
        for p in incident
        if p.source == "10.20.20.10" and p.flags == SYN and abs(p.at - at) < timedelta(seconds=2)
    }
    assert len(tried) == 60


def test_the_edge_node_names_the_cloud_service(
    incident: list[Packet], expected: dict[str, dict[str, Any]]
) -> None:
    at = _at(expected["d"])
    near = [p for p in incident if p.source == EDGE and abs(p.at - at) < timedelta(seconds=2)]
    ports = Counter(p.destination_port for p in near if b"openai" in p.payload)
    assert ports == {53: 1, 443: 1}


def test_the_poll_stops_long_before_the_capture_ends(
    incident: list[Packet], expected: dict[str, dict[str, Any]]
) -> None:
    last = _requests(incident, HMI, FILLER)[-1].at
    assert _at(expected["i"]) - last < timedelta(minutes=7)
    assert incident[-1].at - last > timedelta(hours=4)
    assert _requests(incident, LINE, FILLER)[-1].at > incident[-1].at - timedelta(minutes=7)


def test_the_edge_node_asks_in_vain_for_a_while_and_is_answered_again(
    incident: list[Packet], expected: dict[str, dict[str, Any]]
) -> None:
    start = _at(expected["j"])
    end = datetime.fromisoformat(expected["j"]["until"]) - timedelta(hours=1)
    asked = [p for p in _requests(incident, EDGE, LINE) if start < p.at < end]
    assert len(asked) >= 8
    answers = [p.at for p in _answers(incident, LINE, EDGE)]
    assert not [at for at in answers if start < at < end]
    assert [at for at in answers if at > end]
