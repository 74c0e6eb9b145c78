"""The narrowest rule set of a firewall: what the declared conduits need, and nothing else.

Known limits:
    Addresses are those of the plant's zones, so a firewall that translates between two address
    spaces gets rules for the addresses behind it. Whole zones are written, never single machines:
    that is what a conduit declares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from checkvalve.judge.segmentation.asking import port_set
from checkvalve.judge.segmentation.network import FAMILIES, Network, protocol_number
from checkvalve.observe.firewalls.base import ICMP, ICMPV6, PORTED, TCP, UDP, Permit
from checkvalve.observe.firewalls.spans import ALL_PORTS, IPV4, IPV6, Addresses, Spans, union
from checkvalve.plant import Conduit, Plant
from checkvalve.plant.services import Flow
from checkvalve.plant.times import lasts

#: Protocols of ``icmp``, by family.
_ICMP: Final = ((ICMP, IPV4), (ICMPV6, IPV6))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A conduit, or a part of what it says, that no line of the rule set says.

    Attributes:
        conduit: its id.
        reason: one sentence.
    """

    conduit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Narrowest:
    """What a firewall has to let pass.

    Attributes:
        permits: in the order of the conduits.
        left_out: what of the declaration is not in them.
    """

    permits: tuple[Permit, ...]
    left_out: tuple[LeftOut, ...]


def narrowest(
    plant: Plant, firewall: str, at: datetime, *, families: tuple[int, ...] = FAMILIES
) -> Narrowest:
    """The permits of one firewall: for each conduit whose shortest way crosses it.

    A conduit without flows is left out: *everything* is not what anybody declared. Applications,
    functions and process modes that a flow names are not said by a rule set of addresses and
    ports, and are named in ``left_out``.

    Args:
        plant: zones, conduits and firewalls.
        firewall: its id.
        at: conduits past their last day are left out.
        families: 4, 6 or both, for firewalls that have a rule set for each.
    """
    network = Network(plant, {}, at)
    permits: list[Permit] = []
    left_out: list[LeftOut] = []
    for conduit in plant.conduits.values():
        crossings = [
            (source, destination, hop.in_if, hop.out_if)
            for source, destination in conduit.openings()
            for hop in dict.fromkeys(
                hop for way in network.routes(source, destination) for hop in way
            )
            if hop.firewall == firewall
        ]
        if not crossings:
            continue
        if not lasts(conduit.valid_until, at):
            left_out.append(LeftOut(conduit.id, f"it ended on {conduit.valid_until}"))
            continue
        left_out += (LeftOut(conduit.id, reason) for reason in _unsaid(conduit))
        found = [
            permit
            for source, destination, *interfaces in crossings
            for permit in _permits(
                conduit,
                (_of(network.zones[source], families), _of(network.zones[destination], families)),
                interfaces,
            )
        ]
        if conduit.flows and not found:
            left_out.append(LeftOut(conduit.id, "its zones have no addresses of one family"))
        permits += found
    return Narrowest(tuple(permits), tuple(left_out))


def _unsaid(conduit: Conduit) -> Iterator[str]:
    """What a conduit says and a rule set of addresses and ports does not."""
    if not conduit.flows:
        yield "it lists no flows, and everything is not written for anybody"
    if any(flow.application or flow.functions for flow in conduit.flows):
        yield "its applications and functions are not told apart by addresses and ports"
    if any(flow.modes for flow in conduit.flows):
        yield "its process modes are not known to a firewall: the lines count at all times"
    if conduit.direction == "one_way_strict":
        yield "it is strictly one-way, and a firewall that remembers sessions lets answers back"


def _permits(
    conduit: Conduit, zones: tuple[Addresses, Addresses], interfaces: list[str]
) -> Iterator[Permit]:
    """The permits of a conduit in one direction, ports of equal protocols together."""
    in_if, out_if = interfaces
    remark = f"{conduit.id}: {conduit.justification}" if conduit.justification else conduit.id
    for (protocol, family), ports in _services(conduit.flows).items():
        ends = _both(*zones, family)
        if ends is not None:
            asked = ports if protocol in PORTED and ports != ALL_PORTS else None
            yield Permit(in_if, out_if, *ends, protocol, asked, " ".join(remark.split()))


def _services(flows: tuple[Flow, ...]) -> dict[tuple[int | None, int], Spans]:
    """Protocol and family (0: both) to ports; a protocol of ``None`` is any."""
    found: dict[tuple[int | None, int], Spans] = {}
    for flow in flows:
        ports = port_set(flow)
        for protocol in _protocols(flow):
            found[protocol] = union(found.get(protocol, ()), ports)
    return found


def _protocols(flow: Flow) -> tuple[tuple[int | None, int], ...]:
    if flow.proto == "icmp":
        return _ICMP
    if flow.proto == "any":
        return ((TCP, 0), (UDP, 0)) if flow.dst_ports else ((None, 0),)
    return ((protocol_number(flow.proto), 0),)


def _both(src: Addresses, dst: Addresses, family: int) -> tuple[Addresses, Addresses] | None:
    """Both ends, in the families that both have; ``None`` where there is none."""
    families = tuple(
        one for one in FAMILIES if family in (0, one) and src.of_family(one) and dst.of_family(one)
    )
    return (_of(src, families), _of(dst, families)) if families else None


def _of(addresses: Addresses, families: tuple[int, ...]) -> Addresses:
    return Addresses(
        addresses.v4 if IPV4 in families else (), addresses.v6 if IPV6 in families else ()
    )
