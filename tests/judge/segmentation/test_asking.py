"""What checks of a plant will ask a network, told before its cells are cut."""

from __future__ import annotations

import pytest

from checkvalve.judge.segmentation.asking import (
    asked_ports,
    asked_sets,
    is_of_family,
    services_of,
    targets_by_zone,
)
from checkvalve.judge.segmentation.network import Service
from checkvalve.judge.segmentation.places import zone_addresses
from checkvalve.observe.firewalls.base import ICMP, ICMPV6, TCP, UDP
from checkvalve.observe.firewalls.spans import ALL_PORTS, Addresses
from checkvalve.plant import Plant
from checkvalve.plant.access import Grant, Vendor
from checkvalve.plant.addresses import Ports
from checkvalve.plant.assets import Asset
from checkvalve.plant.components import Component
from checkvalve.plant.owners import AllowedPath, IsolationPlan
from checkvalve.plant.services import Flow
from checkvalve.plant.services import Service as Declared
from checkvalve.plant.zones import Conduit, Zone

MODBUS = Declared(proto="tcp", dst_ports=(Ports(502, 502),))
PLANT = Plant.of(
    Zone(id="remote", kind="remote", cidrs=("10.9.0.0/24",)),
    Zone(id="cell", level=1.0, cidrs=("10.1.0.0/24", "2001:db8:1::/64")),
    Asset(id="plc", zone="cell", ips=("10.1.0.5", "2001:db8:1::5")),
    Asset(id="bare", zone="cell"),
    Asset(id="model-host", zone="cell", ips=("10.1.0.9",)),
    Component(id="boiler-opt", kind="model", asset="model-host"),
    Vendor(id="acme"),
    Grant(
        id="service",
        holder="acme",
        source=("10.9.0.0/25",),
        targets=("plc", "bare"),
        services=(MODBUS,),
        via="model-host",
    ),
    Conduit.model_validate(
        {
            "id": "in",
            "from": "remote",
            "to": "cell",
            "flows": (Flow(proto="udp", dst_ports=(Ports(47808, 47809), Ports(53, 53))),),
        }
    ),
    IsolationPlan(
        id="plan",
        allowed=(
            AllowedPath(source="remote", destination="plc", proto="tcp", port=Ports(443, 443)),
        ),
    ),
)


def test_sources_targets_jump_hosts_and_machines_of_ai_are_asked_about() -> None:
    plc = Addresses.of("10.1.0.5") | Addresses.of("2001:db8:1::5")
    sets = asked_sets(PLANT)
    assert set(sets) == {Addresses.of("10.9.0.0/25"), plc, Addresses.of("10.1.0.9")}


def test_ports_of_grants_conduits_and_isolation_plans_are_asked_about() -> None:
    assert set(asked_ports(PLANT)) == {
        ((502, 502),),
        ((53, 53), (47808, 47809)),
        ((443, 443),),
    }


def test_a_machine_without_an_address_is_reached_nowhere_and_a_zone_everywhere() -> None:
    zones = zone_addresses(PLANT)
    grant = PLANT.grants["service"].model_copy(update={"targets": ("bare",)})
    assert targets_by_zone(PLANT, grant, zones) == {}
    whole = grant.model_copy(update={"targets": ("cell", "plc")})
    assert targets_by_zone(PLANT, whole, zones) == {"cell": zones["cell"]}


@pytest.mark.parametrize(
    ("declared", "asked"),
    [
        ((), (Service(TCP), Service(UDP))),
        ((MODBUS,), (Service(TCP, ((502, 502),)),)),
        (
            (MODBUS, Declared(proto="tcp", dst_ports=(Ports(22, 22),))),
            (Service(TCP, ((22, 22), (502, 502))),),
        ),
        (
            (Declared(dst_ports=(Ports(53, 53),)),),
            (Service(TCP, ((53, 53),)), Service(UDP, ((53, 53),))),
        ),
        ((Declared(proto="icmp"),), (Service(ICMP), Service(ICMPV6))),
        ((Declared(proto="47", dst_ports=(Ports(1, 1),)),), (Service(47, ALL_PORTS),)),
        ((Declared(proto="999"),), ()),
    ],
)
def test_declared_services_are_questions(
    declared: tuple[Declared, ...], asked: tuple[Service, ...]
) -> None:
    assert services_of(declared, (TCP, UDP)) == asked


def test_each_icmp_is_of_one_family() -> None:
    assert is_of_family(Service(ICMP), 4)
    assert not is_of_family(Service(ICMP), 6)
    assert is_of_family(Service(ICMPV6), 6)
    assert is_of_family(Service(TCP), 4)
    assert is_of_family(Service(TCP), 6)
