"""Virtual IPs of a FortiOS configuration: which hosts stand behind them.

Private to the FortiOS reader. Read are those of type static NAT, with and without port
forwarding. Load balancers, filters by source or service, and other types are unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from checkvalve.observe.firewalls.base import ICMP, SCTP, TCP, UDP
from checkvalve.observe.firewalls.fortinet.fortios_objects import Objects, whole
from checkvalve.observe.firewalls.fortinet.fortios_tree import Node
from checkvalve.observe.firewalls.objects import (
    Bounds,
    Service,
    Services,
    bottom_up,
    one_protocol,
    ports,
)
from checkvalve.observe.firewalls.spans import ALL_PORTS, IPV4, Addresses, Spans, intersection

_KNOWN: Final = frozenset(
    {"type", "extip", "mappedip", "extintf", "portforward", "protocol", "extport", "mappedport"}
    | {"id", "status", "portmapping-type", "member", "interface"}
)
_HARMLESS: Final = frozenset(
    {"uuid", "comment", "comments", "color", "arp-reply", "ndp-reply", "nat-source-vip"}
    | {"gratuitous-arp-interval", "nat44", "nat66", "extaddr"}
)
_PROTOCOLS: Final = {"tcp": TCP, "udp": UDP, "sctp": SCTP, "icmp": ICMP}


@dataclass(frozen=True, slots=True)
class VirtualIp:
    """One virtual IP, as packets look behind it.

    Attributes:
        name: its name.
        interface: where it is; empty: at all.
        hosts: what it maps to.
        protocol: that it forwards; ``None``: all.
        ports: that it maps to; ``None``: all.
    """

    name: str
    interface: str
    hosts: Bounds
    protocol: int | None = None
    ports: Spans | None = None

    def clip(self, services: Services) -> Services:
        """What of services it forwards."""
        return tuple(found for box in services if (found := self._clip(box)) is not None)

    def _clip(self, box: Service) -> Service | None:
        if self.protocol is None:
            return box
        own = one_protocol(self.protocol)
        if box.protocols is not None and not intersection(box.protocols, own):
            return None
        if self.ports is None:
            return replace(box, protocols=own)
        found = intersection(box.dst_ports or ALL_PORTS, self.ports)
        return replace(box, protocols=own, dst_ports=found) if found else None


def read_vips(domain: Node, objects: Objects, family: int) -> dict[str, tuple[VirtualIp, ...]]:
    """The virtual IPs of one family by name; a group stands for all of its members."""
    suffix = "" if family == IPV4 else "6"
    table = domain.table(f"firewall vip{suffix}")
    objects.tally.understood(table.lines)
    found: dict[str, tuple[VirtualIp, ...]] = {
        name: (_vip(objects, node, family),) for name, node in table.entries.items()
    }
    groups = domain.table(f"firewall vipgrp{suffix}")
    objects.tally.understood(groups.lines)
    order, cyclic = bottom_up(
        {name: node.values("member") for name, node in groups.entries.items()}
    )
    for name in (*order, *sorted(cyclic)):
        node = groups.entries[name]
        why = objects.doubt(node, _KNOWN, _HARMLESS)
        missing = [one for one in node.values("member") if one not in found]
        if why or missing:
            why = why or f"nobody defines {missing[0]!r}"
            sentence = objects.problem(node.line, f"of the group {name!r}: {why}")
            found[name] = (VirtualIp(name, "", Bounds.unknown(sentence, whole(family))),)
        else:
            found[name] = tuple(_all(found, node.values("member")))
    return found


def _all(found: dict[str, tuple[VirtualIp, ...]], names: Iterable[str]) -> Iterable[VirtualIp]:
    return dict.fromkeys(vip for name in names for vip in found[name])


def _vip(objects: Objects, node: Node, family: int) -> VirtualIp:
    why = objects.doubt(node, _KNOWN, _HARMLESS) or _other(node)
    interface = node.word("extintf", "any")
    place = "" if interface == "any" else interface
    protocol, mapped = None, None
    hosts = Bounds.unknown(f"the virtual IP {node.name!r} is not understood", whole(family))
    try:
        hosts = _hosts(node, family)
        if node.enabled("portforward"):
            protocol, mapped = _forwarded(node)
    except ValueError as error:
        objects.tally.missed(node.line, str(error))
        return VirtualIp(node.name, place, hosts)
    if why:
        sentence = f"of the virtual IP {node.name!r}: {why}"
        return VirtualIp(node.name, place, Bounds.unknown(sentence, whole(family)))
    return VirtualIp(node.name, place, hosts, protocol, mapped)


def _other(node: Node) -> str:
    kind = node.word("type", "static-nat")
    if kind != "static-nat":
        return f"it is of type {kind}"
    if node.word("status", "enable") != "enable":
        return "it is not enabled"
    return "it has servers" if node.tables else ""


def _hosts(node: Node, family: int) -> Bounds:
    found = Addresses()
    for word in node.values("mappedip"):
        found |= Addresses.of(word)
    other = found.v6 if family == IPV4 else found.v4
    if other or not found:
        raise ValueError(f"what {node.name!r} maps to is not understood")
    return Bounds.exactly(found)


def _forwarded(node: Node) -> tuple[int, Spans | None]:
    word = node.word("protocol", "tcp")
    if word not in _PROTOCOLS:
        raise ValueError(f"the protocol {word!r} is not understood")
    if word == "icmp":
        return ICMP, None
    return _PROTOCOLS[word], ports(node.word("mappedport") or node.word("extport"))
