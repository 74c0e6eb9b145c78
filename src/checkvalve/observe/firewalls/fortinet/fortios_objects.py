"""Objects of a FortiOS configuration: addresses and services, and groups of them.

Private to the FortiOS reader. What is dynamic (fully qualified names, countries, connectors,
device tags) is unknown and within the family that it belongs to; a group that nobody defines, or
that holds itself, is unknown and a problem.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from ipaddress import IPv4Address, IPv6Network
from typing import Any, Final

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, SCTP, TCP, UDP, Problem
from checkvalve.observe.firewalls.fortinet.fortios_tree import Node
from checkvalve.observe.firewalls.objects import (
    ANY_SERVICE,
    Bounds,
    Service,
    Services,
    bottom_up,
    boxes,
    icmp,
    merged,
    octet,
    one_protocol,
    ported,
)
from checkvalve.observe.firewalls.spans import (
    ANY_V4,
    ANY_V6,
    IPV4,
    NOWHERE,
    Addresses,
    masked,
)
from checkvalve.observe.firewalls.tally import Tally

_COSMETIC: Final = frozenset(
    {"uuid", "comment", "comments", "color", "visibility", "category", "tags", "fabric-object"}
    | {"allow-routing", "associated-interface", "list", "tagging", "global-object", "obj-id"}
)
_ADDRESS: Final = frozenset(
    {"type", "subnet", "start-ip", "end-ip", "wildcard", "ip6", "interface"}
)
_GROUP: Final = frozenset({"member", "exclude", "exclude-member", "type"})
_PORTS: Final = {"tcp-portrange": TCP, "udp-portrange": UDP, "sctp-portrange": SCTP}
_SERVICE: Final = frozenset({"protocol", "protocol-number", "icmptype", "icmpcode", *_PORTS})
_SESSIONS: Final = frozenset(
    {"check-reset-range", "session-ttl", "helper", "explicit-proxy", "app-service-type"}
    | {"tcp-halfclose-timer", "tcp-halfopen-timer", "tcp-timewait-timer", "tcp-rst-timer"}
    | {"udp-idle-timer", "udplite-portrange"}
)
_OFF: Final = {"proxy": "disable", "app-service-type": "disable", "iprange": str(IPv4Address(0))}


@cache
def table() -> dict[str, Any]:
    """What every FortiOS brings along, from ``fortios.json``."""
    source = files(__package__) / "fortios.json"
    found: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return found


@dataclass(slots=True)
class Objects:
    """What the names of one virtual domain stand for.

    Attributes:
        tally: the lines of the text.
        addresses: by family and name.
        services: by name.
        problems: what is wrong in them.
    """

    tally: Tally
    addresses: dict[int, dict[str, Bounds]] = field(default_factory=dict)
    services: dict[str, Services] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, line: int, sentence: str) -> str:
        """Note what is wrong; gives the sentence."""
        self.problems.append(Problem(self.tally.ref(line), sentence))
        return sentence

    def address(self, family: int, name: str, line: int) -> Bounds:
        """What an address name stands for."""
        found = self.addresses[family].get(name)
        if found is None:
            why = self.problem(line, f"nobody defines the address {name!r}")
            return Bounds.unknown(why, whole(family))
        return found

    def service(self, name: str, line: int) -> Services:
        """What a service name stands for."""
        found = self.services.get(name)
        if found is None:
            why = self.problem(line, f"nobody defines the service {name!r}")
            return (Service(unknown=why),)
        return found

    def doubt(self, node: Node, known: Iterable[str], harmless: Iterable[str]) -> str:
        """Count an entry's lines; gives why it is not understood as a whole, if it is not."""
        return count(self.tally, node, frozenset(known), frozenset(harmless))


def whole(family: int) -> Addresses:
    """All addresses of a family."""
    return ANY_V4 if family == IPV4 else ANY_V6


def count(tally: Tally, node: Node, known: frozenset[str], harmless: frozenset[str]) -> str:
    """Count the lines of an entry; gives why it is not understood, if it is not."""
    tally.understood(node.lines)
    why = ""
    for key, lines in node.said:
        if key in known:
            tally.understood(lines)
        elif key not in harmless:
            setting = node.settings.get(key)
            if setting is None or _OFF.get(key) == " ".join(setting.values):
                continue  # it is at its default
            for line in lines:
                tally.missed(line, f"the setting {key!r} is not understood")
            why = why or f"the setting {key!r} is not understood"
    for line in node.odd:
        tally.missed(line, "this is no statement")
        why = "a line in it is no statement"
    return why


def read_objects(domain: Node, tally: Tally, feeds: Iterable[str] = ()) -> Objects:
    """All objects of a virtual domain.

    Args:
        domain: the virtual domain.
        tally: the lines of the text.
        feeds: names of lists that stand elsewhere, and may be used as addresses.
    """
    objects = Objects(tally)
    objects.addresses = {4: {"all": Bounds.exactly(ANY_V4)}, 6: {"all": Bounds.exactly(ANY_V6)}}
    for family, suffix in ((4, ""), (6, "6")):
        book = objects.addresses[family]
        book["none"] = Bounds.exactly(NOWHERE)
        for name in feeds:
            book[name] = Bounds.unknown(f"{name!r} is a list that stands elsewhere", whole(family))
        plain = _table(objects, domain, f"firewall address{suffix}")
        for name, node in plain.entries.items():
            book[name] = _address(objects, node, family)
        groups = _table(objects, domain, f"firewall addrgrp{suffix}")
        _address_groups(objects, groups, family)
    objects.services = {name: boxes(specs) for name, specs in table()["services"].items()}
    objects.services |= {
        name: merged(box for member in members for box in objects.services[member])
        for name, members in table()["service_groups"].items()
    }
    for name, node in _table(objects, domain, "firewall service custom").entries.items():
        objects.services[name] = _service(objects, node)
    _service_groups(objects, _table(objects, domain, "firewall service group"))
    return objects


def _table(objects: Objects, domain: Node, path: str) -> Node:
    found = domain.table(path)
    objects.tally.understood(found.lines)
    return found


def _address(objects: Objects, node: Node, family: int) -> Bounds:
    why = objects.doubt(node, _ADDRESS, _COSMETIC)
    kind = node.word("type", "ipmask" if family == IPV4 else "ipprefix")
    everywhere = whole(family)
    try:
        found = _span(node, kind, family)
    except ValueError as error:
        objects.tally.missed(node.line, str(error))
        return Bounds.unknown(f"the address {node.name!r} is malformed", everywhere)
    if found is None:
        return Bounds.unknown(f"{node.name!r} is of type {kind}", everywhere)
    if why:
        return Bounds.unknown(f"of {node.name!r}: {why}", everywhere)
    return Bounds.exactly(found)


def _span(node: Node, kind: str, family: int) -> Addresses | None:
    """The addresses of an object; ``None`` for a type whose addresses stand elsewhere."""
    if kind in ("ipmask", "interface-subnet") and family == IPV4:
        subnet = node.values("subnet")
        return network(subnet) if subnet else ANY_V4
    if kind == "wildcard" and family == IPV4:
        address, mask = node.values("wildcard")
        free = ~int(IPv4Address(mask)) & 0xFFFFFFFF
        found = masked(int(IPv4Address(address)), free, 32)
        return None if found is None else Addresses(found)
    if kind == "iprange":
        found_range = Addresses.of(f"{node.word('start-ip')}-{node.word('end-ip')}")
        if not found_range.of_family(family):
            raise ValueError(f"the range of {node.name!r} is of another family")
        return found_range
    if kind == "ipprefix" and family != IPV4:
        prefix = IPv6Network(node.word("ip6", "::/0"), strict=False)
        return Addresses.of(str(prefix))
    return None


def network(words: tuple[str, ...]) -> Addresses:
    """Addresses from ``10.0.0.0 255.0.0.0`` or ``10.0.0.0/8``.

    Raises:
        ValueError: it is neither.
    """
    found = Addresses.of("/".join(words))
    if not found.v4 or "-" in words[0]:
        raise ValueError(f"{' '.join(words)!r} is no network")
    return found


def _address_groups(objects: Objects, groups: Node, family: int) -> None:
    book = objects.addresses[family]
    order, cyclic = bottom_up(
        {name: (*node.values("member"), *_excluded(node)) for name, node in groups.entries.items()}
    )
    for name in order:
        book[name] = _address_group(objects, groups.entries[name], family)
    for name in sorted(cyclic):
        node = groups.entries[name]
        objects.doubt(node, _GROUP, _COSMETIC)
        why = objects.problem(node.line, f"the address group {name!r} holds itself")
        book[name] = Bounds.unknown(why, whole(family))


def _excluded(node: Node) -> tuple[str, ...]:
    return node.values("exclude-member") if node.enabled("exclude") else ()


def _address_group(objects: Objects, node: Node, family: int) -> Bounds:
    why = objects.doubt(node, _GROUP, _COSMETIC)
    if why or node.word("type", "default") not in ("default", "folder", "array"):
        why = why or f"it is of type {node.word('type')}"
        return Bounds.unknown(f"of {node.name!r}: {why}", whole(family))
    found, out = Bounds.exactly(NOWHERE), Bounds.exactly(NOWHERE)
    for name in node.values("member"):
        found |= objects.address(family, name, node.line)
    for name in _excluded(node):
        out |= objects.address(family, name, node.line)
    return found.without(out)


def _service(objects: Objects, node: Node) -> Services:
    why = objects.doubt(node, _SERVICE, _COSMETIC | _SESSIONS)
    if why or node.enabled("proxy"):
        return (Service(unknown=f"of the service {node.name!r}: {why or 'it is for proxies'}"),)
    kind = node.word("protocol", "TCP/UDP/SCTP").upper()
    try:
        found = merged(_BY_KIND.get(kind, _of_no_kind)(node))
    except ValueError as error:
        objects.tally.missed(node.line, str(error))
        found = ()
    return found or (Service(unknown=f"the service {node.name!r} is not understood"),)


def _with_ports(node: Node) -> Iterable[Service]:
    for key, number in _PORTS.items():
        for word in node.values(key):
            yield ported(number, word)


def _of_icmp(node: Node) -> Iterable[Service]:
    number = ICMP if node.word("protocol").upper() == "ICMP" else ICMPV6
    kind, code = node.word("icmptype"), node.word("icmpcode")
    yield Service(one_protocol(number), icmp=icmp(kind, code) if kind else None)


def _of_ip(node: Node) -> Iterable[Service]:
    number = octet(node.word("protocol-number", "0"))
    yield Service(one_protocol(number)) if number else ANY_SERVICE


def _of_no_kind(node: Node) -> Iterable[Service]:
    raise ValueError(f"the protocol {node.word('protocol')!r} is not understood")


_BY_KIND: Final[dict[str, Callable[[Node], Iterable[Service]]]] = {
    "TCP/UDP/SCTP": _with_ports,
    "TCP/UDP/UDP-LITE/SCTP": _with_ports,
    "ICMP": _of_icmp,
    "ICMP6": _of_icmp,
    "IP": _of_ip,
}


def _service_groups(objects: Objects, groups: Node) -> None:
    order, cyclic = bottom_up({name: one.values("member") for name, one in groups.entries.items()})
    for name in order:
        node = groups.entries[name]
        why = objects.doubt(node, _GROUP, _COSMETIC) or _of_proxies(node)
        members = [objects.service(one, node.line) for one in node.values("member")]
        doubtful = (Service(unknown=f"of the service group {name!r}: {why}"),)
        objects.services[name] = doubtful if why else merged(box for one in members for box in one)
    for name in sorted(cyclic):
        node = groups.entries[name]
        objects.doubt(node, _GROUP, _COSMETIC)
        why = objects.problem(node.line, f"the service group {name!r} holds itself")
        objects.services[name] = (Service(unknown=why),)


def _of_proxies(node: Node) -> str:
    return "it is for proxies" if node.enabled("proxy") else ""
