"""What holds of every example's recording, whatever its plant."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from tests.examples.recorded import SYN, Recorded

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RECORDED = [Recorded(file.parent) for file in sorted(EXAMPLES.glob("*/expected.json"))]
RULES = {
    "changed-rhythm",
    "command-outside-mode",
    "lost-conversation",
    "new-conversation",
    "new-function",
    "new-range",
    "new-talker",
    "new-writer",
    "scan",
    "session-outside-grant",
    "unanswered-requests",
    "undeclared-ai-service",
    "undeclared-conduit",
    "unknown-asset",
    "unlike-peers",
    "unusual-sequence",
    "wrong-direction",
}


@pytest.fixture(params=RECORDED, ids=lambda recorded: recorded.folder.name)
def example(request: pytest.FixtureRequest) -> Recorded:
    assert isinstance(request.param, Recorded)
    return request.param


def test_there_are_two_examples() -> None:
    assert [recorded.folder.name for recorded in RECORDED] == ["packaging-line", "water-works"]


def test_the_files_are_those_that_were_recorded(example: Recorded) -> None:
    for name, facts in example.about["captures"].items():
        data = (example.folder / "captures" / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == facts["sha256"]
        assert len(data) == facts["octets"]


def test_the_captures_are_small_enough_to_be_cloned(example: Recorded) -> None:
    assert sum(facts["octets"] for facts in example.about["captures"].values()) < 8_000_000


def test_incident_follows_normal_within_minutes(example: Recorded) -> None:
    apart = example.incident[0].at - example.normal[-1].at
    assert timedelta() < apart < timedelta(minutes=10)


def test_time_never_runs_back(example: Recorded) -> None:
    times = [p.time for p in [*example.normal, *example.incident]]
    assert times == sorted(times)


def test_every_address_of_normal_is_a_declared_asset(example: Recorded) -> None:
    addresses = {address for p in example.normal for address in (p.source, p.destination)}
    assert {a for a in addresses if example.plant.asset_at(a) is None} == set()


def test_every_path_of_normal_is_declared(example: Recorded) -> None:
    plant = example.plant
    openings = {
        (plant.zone_name_at(p.source), plant.zone_name_at(p.destination), p.destination_port)
        for p in example.normal
        if p.flags == SYN
    }
    for source, destination, port in openings:
        conduits = plant.conduits_between(source, destination)
        opened = [c for c in conduits if (source, destination) in c.openings()]
        declared = any(flow.allows("tcp", port) for c in opened for flow in c.flows)
        assert source == destination or declared, (source, destination, port)


def test_every_path_of_normal_is_opened_on_several_days_or_stays_open(example: Recorded) -> None:
    days: dict[tuple[str, str, int], set[int]] = {}
    for p in example.normal:
        if p.payload and p.destination_port < 32_768:
            path = (p.source, p.destination, p.destination_port)
            days.setdefault(path, set()).add(p.at.toordinal())
    assert min(len(seen) for seen in days.values()) >= 6


def test_ten_things_must_be_found_each_by_rules_that_exist(example: Recorded) -> None:
    assert sorted(example.expected) == list("abcdefghij")
    for event in example.expected.values():
        assert event["rules"]
        assert {*event["rules"], *event["also"]} <= RULES
        assert event["at_least"] in ("Act", "Attend")


def test_every_event_lies_within_incident_and_ends_after_it_starts(example: Recorded) -> None:
    for letter in example.expected:
        assert example.incident[0].at < example.at(letter) < example.until(letter)
        assert example.at(letter) < example.incident[-1].at


def test_the_actors_of_every_event_are_assets_or_strangers(example: Recorded) -> None:
    actors = {actor for event in example.expected.values() for actor in event["actors"]}
    for stranger in actors - example.plant.assets.keys():
        assert example.plant.asset_at(stranger) is None
        assert any(stranger in (p.source, p.destination) for p in example.incident)
