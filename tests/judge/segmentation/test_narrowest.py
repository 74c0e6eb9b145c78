"""Declared conduits written for a firewall: read back, exactly they pass, for every vendor."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from checkvalve.judge.segmentation.asking import services_of
from checkvalve.judge.segmentation.boxes import difference
from checkvalve.judge.segmentation.narrowest import narrowest
from checkvalve.judge.segmentation.network import FAMILIES, Network, Service
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.observe.firewalls import members
from checkvalve.observe.firewalls.base import ICMP, ICMPV6, UDP, Vendor
from checkvalve.observe.firewalls.spans import ALL_PORTS, Spans
from checkvalve.plant import Plant
from checkvalve.testing.segmentation import NOON, plant_of

PLANT = plant_of("""
    zones:
      - {id: office, cidrs: [10.9.0.0/24, "2001:db8:9::/64"]}
      - {id: dmz, cidrs: [10.5.0.0/24]}
      - {id: cell, cidrs: [10.1.0.0/24, "2001:db8:1::/64"]}
      - {id: line, cidrs: [10.2.0.0/24]}
    assets:
      - {id: odd, zone: cell, ips: [10.1.7.7]}
    conduits:
      - id: history
        from: office
        to: dmz
        justification: reports are read
        flows: [{proto: tcp, dst_ports: [443, "8000-8010"]}, {proto: icmp}]
      - id: data
        from: cell
        to: dmz
        initiates: both
        flows: [{proto: udp, dst_ports: [4840]}, {proto: any, dst_ports: [53]}]
      - id: control
        from: office
        to: cell
        flows: [{proto: tcp, dst_ports: [502], application: modbus}]
      - {id: vague, from: dmz, to: office}
      - {id: old, from: dmz, to: office, valid_until: 2026-01-31, flows: [{proto: tcp}]}
      - {id: elsewhere, from: cell, to: line, flows: [{proto: tcp, dst_ports: [102]}]}
    firewalls:
      - {id: fw, vendor: test, interfaces: {em0: office, em1: dmz, em2: cell}}
      - {id: inner, vendor: test, interfaces: {one: cell, two: line}}
""")
WRITERS = [vendor for vendor in members() if vendor.writes]
#: Vendors whose rule set is of one family.
ALONE = {"iptables": (4,)}
CASES: dict[tuple[str, str], dict[int, Spans]] = {
    ("office", "dmz"): {6: ((443, 443), (8_000, 8_010)), 1: ALL_PORTS, 58: ALL_PORTS},
    ("cell", "dmz"): {17: ((53, 53), (4_840, 4_840)), 6: ((53, 53),)},
    ("dmz", "cell"): {17: ((53, 53), (4_840, 4_840)), 6: ((53, 53),)},
    ("office", "cell"): {6: ((502, 502),)},
}


def declared(
    plant: Plant, source: str, destination: str, service: Service, family: int
) -> tuple[Box, ...]:
    """What the conduits above let open, written out by hand in ``CASES``."""
    zones = Network(plant, {}, NOON).zones
    ports = CASES.get((source, destination), {}).get(service.protocol, ())
    return tuple(
        Box(src, dst, span, ALL_PORTS[0])
        for src in zones[source].of_family(family)
        for dst in zones[destination].of_family(family)
        for span in ports
    )


def without_state(source: str, destination: str, service: Service, family: int) -> tuple[Box, ...]:
    """What a firewall without sessions has to let open besides: replies, neighbour discovery."""
    zones = Network(PLANT, {}, NOON).zones
    asked = CASES.get((destination, source), {}).get(service.protocol, ())
    kinds: list[tuple[tuple[int, int], tuple[int, int]]] = []
    if service.protocol == UDP:
        kinds = [(ALL_PORTS[0], span) for span in asked]
    elif service.protocol == ICMP and asked:
        kinds = [((0, 255), ALL_PORTS[0])]
    elif service.protocol == ICMPV6:
        kinds = [((129 << 8, 129 << 8 | 255), ALL_PORTS[0])] if asked else []
        kinds.append(((135 << 8, 136 << 8 | 255), ALL_PORTS[0]))
    return tuple(
        Box(src, dst, *ports)
        for src in zones[source].of_family(family)
        for dst in zones[destination].of_family(family)
        for ports in kinds
    )


@pytest.mark.parametrize("vendor", WRITERS, ids=lambda vendor: vendor.name)
def test_what_is_written_lets_exactly_the_declared_flows_open(vendor: Vendor) -> None:
    families = ALONE.get(vendor.name, FAMILIES)
    text = vendor.render(narrowest(PLANT, "fw", NOON, families=families).permits)
    rule_set, coverage = vendor.read(text, file="fw")
    assert coverage.missed == ()
    network = Network(
        PLANT, {"fw": rule_set}, NOON, ports=[*(p for one in CASES.values() for p in one.values())]
    )
    for source, destination in product(("office", "dmz", "cell"), repeat=2):
        for family, service in product(families, services_of((), network.protocols)):
            if source == destination or (service.protocol, family) in ((1, 6), (58, 4)):
                continue
            between = network.between(source, destination, service, family)
            wanted = declared(PLANT, source, destination, service, family)
            where = (vendor.name, source, destination, str(service), family)
            needed = (
                () if rule_set.stateful else without_state(source, destination, service, family)
            )
            more = difference(between.may, (*wanted, *needed))
            assert more == (), where
            assert difference(wanted, between.must) == (), where


def test_only_conduits_whose_way_crosses_the_firewall_are_written() -> None:
    found = narrowest(PLANT, "inner", NOON)
    assert [(one.in_if, one.out_if, one.remark) for one in found.permits] == [
        ("one", "two", "elsewhere")
    ]


def test_what_is_not_said_by_addresses_and_ports_is_named() -> None:
    said = {one.conduit: one.reason for one in narrowest(PLANT, "fw", NOON).left_out}
    assert "no flows" in said["vague"]
    assert "ended on 2026-01-31" in said["old"]
    assert "applications" in said["control"]
    assert "elsewhere" not in said
    before = narrowest(PLANT, "fw", NOON - timedelta(days=60))
    assert "old" not in {one.conduit for one in before.left_out}


def test_why_a_conduit_exists_is_the_remark() -> None:
    remarks = {one.remark for one in narrowest(PLANT, "fw", NOON).permits}
    assert "history: reports are read" in remarks
