"""What checks of a plant will ask of its network, so that cells are cut there.

``Network`` cuts addresses and ports wherever a rule does. A question about a part of a zone, or
about certain ports, needs cuts of its own, told at the start:
``Network(plant, rule_sets, at, asked=asked_sets(plant), ports=asked_ports(plant))``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from itertools import chain
from operator import or_
from typing import Final

from checkvalve.judge.segmentation.network import Service, protocol_number
from checkvalve.judge.segmentation.places import zone_addresses
from checkvalve.observe.firewalls.base import ICMP, ICMPV6, PORTED, TCP, UDP
from checkvalve.observe.firewalls.spans import (
    ALL_PORTS,
    IPV4,
    IPV6,
    NOWHERE,
    Addresses,
    Spans,
    spans,
)
from checkvalve.plant import Plant
from checkvalve.plant.access import Grant
from checkvalve.plant.services import Service as DeclaredService

#: Which family a protocol is of, where it is of one alone.
_FAMILY: Final = {ICMP: IPV4, ICMPV6: IPV6}


def asked_sets(plant: Plant) -> tuple[Addresses, ...]:
    """The address sets, besides the zones' own, that checks of a plant ask about.

    They are the sources, targets and jump hosts of grants, and the machines that AI components,
    their connectors and edge nodes run on.
    """
    zones = zone_addresses(plant)
    machines = (
        *(component.asset for component in plant.components.values()),
        *(connector.asset for connector in plant.connectors.values()),
        *(node.asset for node in plant.edge_nodes.values()),
    )
    sets = [
        *chain.from_iterable(
            (source_set(grant), target_set(plant, grant, zones), via_set(plant, grant))
            for grant in plant.grants.values()
        ),
        *(asset_set(plant, machine) for machine in machines if machine is not None),
    ]
    return tuple(dict.fromkeys(one for one in sets if one))


def asked_ports(plant: Plant) -> tuple[Spans, ...]:
    """The port sets that checks of a plant ask about: of grants, conduits and isolation plans."""
    declared = chain(
        chain.from_iterable(grant.services for grant in plant.grants.values()),
        chain.from_iterable(conduit.flows for conduit in plant.conduits.values()),
    )
    listed = [port_set(service) for service in declared]
    single = [
        ((path.port.low, path.port.high),)
        for plan in plant.isolation_plans.values()
        for path in plan.allowed
        if path.port is not None
    ]
    return tuple(dict.fromkeys((*listed, *single)))


def source_set(grant: Grant) -> Addresses:
    """Where the holder of a grant may come from; nowhere, if the grant does not say."""
    return _together(grant.source)


def target_set(plant: Plant, grant: Grant, zones: Mapping[str, Addresses]) -> Addresses:
    """All that a grant may reach.

    Args:
        plant: holds its targets.
        grant: the grant.
        zones: the addresses of each zone.
    """
    return reduce(or_, targets_by_zone(plant, grant, zones).values(), NOWHERE)


def targets_by_zone(
    plant: Plant, grant: Grant, zones: Mapping[str, Addresses]
) -> dict[str, Addresses]:
    """What a grant may reach in each zone; a machine without an address is reached nowhere.

    Args:
        plant: holds its targets.
        grant: the grant.
        zones: the addresses of each zone.
    """
    found: dict[str, Addresses] = {}
    for name in grant.targets:
        if name in plant.zones:
            zone, addresses = name, zones[name]
        else:
            zone, addresses = plant.assets[name].zone, asset_set(plant, name)
        found[zone] = found.get(zone, NOWHERE) | addresses
    return {zone: addresses for zone, addresses in found.items() if addresses}


def via_set(plant: Plant, grant: Grant) -> Addresses:
    """The addresses of a grant's jump host; none if it has no jump host."""
    return NOWHERE if grant.via is None else asset_set(plant, grant.via)


def asset_set(plant: Plant, asset: str) -> Addresses:
    """The addresses of a machine."""
    return _together(plant.assets[asset].ips)


def port_set(declared: DeclaredService) -> Spans:
    """The destination ports of a declared service; all, if it lists none."""
    return spans((ports.low, ports.high) for ports in declared.dst_ports) or ALL_PORTS


def services_of(
    declared: Iterable[DeclaredService], protocols: Iterable[int]
) -> tuple[Service, ...]:
    """Declared services as questions, ports of equal protocols together.

    Args:
        declared: what grants and conduits list; nothing is everything.
        protocols: those that the network tells apart (``Network.protocols``): what is not
            restricted is asked for each of them.

    Returns:
        One for each protocol, in their order. A service with ports and any transport is asked
        for TCP and UDP.
    """
    every = tuple(protocols)
    found: dict[int, list[tuple[int, int]]] = {}
    for service in tuple(declared) or (DeclaredService(),):
        for protocol in _protocols(service, every):
            ports = port_set(service) if protocol in PORTED else ALL_PORTS
            found.setdefault(protocol, []).extend(ports)
    return tuple(Service(protocol, spans(ports)) for protocol, ports in sorted(found.items()))


def is_of_family(service: Service, family: int) -> bool:
    """Whether a service exists in an address family; ICMP and ICMPv6 are of one alone."""
    return _FAMILY.get(service.protocol, family) == family


def _protocols(service: DeclaredService, every: tuple[int, ...]) -> tuple[int, ...]:
    if service.proto == "any":
        return (TCP, UDP) if service.dst_ports else every
    if service.proto == "icmp":
        return (ICMP, ICMPV6)
    number = protocol_number(service.proto)
    return () if number is None else (number,)


def _together(texts: Iterable[str]) -> Addresses:
    return reduce(or_, (Addresses.of(text) for text in texts), NOWHERE)
