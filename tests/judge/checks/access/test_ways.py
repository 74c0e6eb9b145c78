from __future__ import annotations

import pytest
from tests.judge.checks.access.gate import PLANT, gate, only, seen_at, verdicts

from checkvalve.findings import Answer
from checkvalve.judge.checks.access.ended_grant_open import EndedGrantOpen
from checkvalve.judge.checks.access.ways import Access, mended, outside_zones
from checkvalve.judge.checks.passing.reach import Passing
from checkvalve.judge.checks.places import is_ot
from checkvalve.judge.segmentation.network import Service
from checkvalve.observe.firewalls.base import TCP, Ref
from checkvalve.observe.firewalls.spans import ALL_PORTS, Addresses
from checkvalve.plant import Plant, Zone
from checkvalve.testing.segmentation import NOON, plant_of


def access(plant: Plant, rules: str = "deny any any any") -> Access:
    network = seen_at(plant, rules).network
    assert network is not None
    return Access(plant, network, NOON)


def test_a_grant_leads_from_its_source_to_its_targets() -> None:
    held = access(gate({}))
    (way,) = held.ways(held.plant.grants["service"])
    assert (way.source, way.destination, way.onward) == ("remote", "cell", False)
    assert way.src == Addresses.of("10.9.0.0/28")
    assert way.services == (Service(TCP, ((502, 502),)),)


def test_over_a_jump_host_it_has_two_parts_and_the_jump_host_answers_on_anything() -> None:
    held = access(gate({"via": "jump"}, {"id": "both", "via": "jump", "targets": ["jump", "plc"]}))
    inward, onward = held.ways(held.plant.grants["service"])
    assert (inward.destination, inward.services, inward.ports(TCP)) == ("dmz", None, ALL_PORTS)
    assert (onward.source, onward.destination, onward.onward) == ("dmz", "cell", True)
    restricted = held.ways(held.plant.grants["both"])[0]
    assert restricted.ports(TCP) == ((502, 502),)


def test_without_a_source_it_may_be_used_from_every_outside_zone() -> None:
    held = access(gate({"source": None}))
    ways = held.ways(held.plant.grants["service"])
    assert [way.source for way in ways] == ["remote", "internet"] == list(outside_zones(held.plant))


def test_what_stays_inside_one_zone_is_no_way() -> None:
    held = access(gate({"source": ["10.1.0.0/24"]}))
    assert held.ways(held.plant.grants["service"]) == ()


def test_a_source_is_in_the_plants_own_space_before_any_other() -> None:
    other = PLANT.replace(
        "    assets:",
        "      - {id: twin, realm: elsewhere, cidrs: [10.9.0.0/23]}\n    assets:",
    )
    held = access(plant_of(other + "    realms: [{id: elsewhere}]\n"))
    placed = held.placed(Addresses.of("10.9.0.0/23"))
    assert placed == {
        "remote": Addresses.of("10.9.0.0/24"),
        "twin": Addresses.of("10.9.1.0/24"),
    }


@pytest.mark.parametrize(
    ("zone", "ot"),
    [
        (Zone(id="z", level=3.0), True),
        (Zone(id="z", kind="safety"), True),
        (Zone(id="z", kind="process"), True),
        (Zone(id="z", level=3.5, kind="dmz"), False),
        (Zone(id="z", level=4.0), False),
        (Zone(id="z", level="cloud"), False),
        (Zone(id="z", level=3.0, kind="remote"), False),
        (Zone(id="z"), False),
    ],
)
def test_operational_technology_is_level_three_and_below_process_and_safety(
    zone: Zone, ot: bool
) -> None:
    assert is_ot(zone) == ot


def test_of_an_implicit_line_and_of_many_lines_the_change_says_what_it_can() -> None:
    implicit = Ref("asa.cfg", 0, "inside may open to outside by its security level")
    assert mended([implicit], {}).actual.startswith("asa.cfg: add a line that denies it")
    many = [Ref("fw", number, "accept") for number in range(1, 31)]
    assert mended(many, {}).actual.splitlines()[-1] == "and 18 more"


def test_a_verdict_says_that_it_supposes_rate_limits_to_hold() -> None:
    ended = gate({"not_after": "2026-03-01T00:00:00Z"})
    firewall = ended.firewalls["fw"].model_copy(update={"rate_limits": "not_exceeded"})
    plant = Plant.from_things({**ended.things(), "firewalls": {"fw": firewall}})
    limited = "accept tcp 10.9.0.0/28 10.1.0.5 502 rate=below unknown=limit 5/min"
    finding = only(EndedGrantOpen, plant, limited)
    told = [one.actual for one in finding.evidence if one.what.startswith("assumed")]
    assert told == ["rate limits of fw are not exceeded"]
    (holds,) = verdicts(EndedGrantOpen, plant, f"deny any any any\n{limited}")
    assert holds.answer is Answer.HOLDS
    assert holds.because.endswith("supposing that rate limits of fw are not exceeded")


def test_passing_is_cut_by_what_is_granted() -> None:
    held = access(gate({}), "accept tcp 10.9.0.0/28 10.1.0.5 501-503")
    (way,) = held.active
    found = held.opened(way)
    passing: list[Passing] = [one for opening in found.must for one in opening.passing]
    assert {one.box.ports for one in passing} == {(502, 502)}
