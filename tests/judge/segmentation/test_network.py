"""Ways between zones: the shortest ones, all of them, and found in no time."""

from __future__ import annotations

from checkvalve.judge.segmentation.network import Service
from checkvalve.observe.firewalls.base import TCP
from checkvalve.plant import INTERNET, PRIVATE_UNUSED
from checkvalve.testing.segmentation import network_of, plant_of

TWO_WAYS = """
    zones:
      - {id: office, cidrs: [10.9.0.0/24]}
      - {id: north, cidrs: [10.3.0.0/24]}
      - {id: south, cidrs: [10.4.0.0/24]}
      - {id: cell, cidrs: [10.1.0.0/24]}
    firewalls:
      - {id: outer, vendor: asa, interfaces: {lan: office, n: north, s: south}}
      - {id: upper, vendor: asa, interfaces: {n: north, plc: cell}}
      - {id: lower, vendor: asa, interfaces: {s: south, plc: cell}}
"""


def test_all_of_the_shortest_ways_are_taken_and_none_that_is_longer() -> None:
    network = network_of(plant_of(TWO_WAYS))
    ways = {" ".join(hop.firewall for hop in way) for way in network.routes("office", "cell")}
    assert ways == {"outer upper", "outer lower"}
    (direct,) = network.routes("office", "north")
    assert [hop.firewall for hop in direct] == ["outer"]


def test_what_passes_on_one_of_two_ways_may_pass_and_on_both_does() -> None:
    plant = plant_of(TWO_WAYS)
    everything, nothing = "accept any any any", ""
    network = network_of(plant, outer=everything, upper=everything, lower=nothing)
    assert network.between("office", "cell", Service(TCP)).answer == "cannot tell"
    network = network_of(plant, outer=everything, upper=everything, lower=everything)
    assert network.between("office", "cell", Service(TCP)).answer == "permitted"


def test_a_zone_on_no_firewall_is_found_to_be_out_of_reach_at_once() -> None:
    names = [f"z{number}" for number in range(40)]
    zones = "".join(
        f"  - {{id: {name}, cidrs: [10.{at}.0.0/16]}}\n" for at, name in enumerate(names)
    )
    interfaces = ", ".join(f"{name}: {name}" for name in names)
    plant = plant_of(
        f"zones:\n{zones}firewalls:\n  - {{id: fw, vendor: asa, interfaces: {{{interfaces}}}}}\n"
    )
    network = network_of(plant)
    assert network.routes("z0", PRIVATE_UNUSED) == ()
    assert network.routes(INTERNET, "z0") == ()
