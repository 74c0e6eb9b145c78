"""``static`` of ASA and PIX before 8.3, whose access lists see translated addresses.

An access list that is asked as packets come in by the mapped interface says a host's mapped
address where the neutral form has the real one; one that is asked as packets go out by it says
the mapped address of the sender. Since 8.3 access lists say real addresses: there is nothing to
resolve.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from checkvalve.observe.firewalls.asa_objects import Objects
from checkvalve.observe.firewalls.base import FilterRule
from checkvalve.observe.firewalls.cisco_entries import netmasked
from checkvalve.observe.firewalls.cisco_lines import WordError, Words
from checkvalve.observe.firewalls.cisco_names import port, protocol
from checkvalve.observe.firewalls.spans import Addresses, Spans, intersection, spans


@dataclass(frozen=True, slots=True)
class Static:
    """One translation.

    Attributes:
        mapped_if: the interface at which the mapped addresses are seen.
        mapped: addresses as access lists there say them; empty: the interface's own.
        real: as many, behind the firewall.
        protocol: of a translation of one port; ``None``: all of the address.
        mapped_port: as it is seen.
        real_port: as it is behind the firewall.
    """

    mapped_if: str
    mapped: Spans
    real: Spans
    protocol: int | None = None
    mapped_port: int = 0
    real_port: int = 0


def read_static(words: Words, objects: Objects) -> Static:
    """``static (inside,outside) 203.0.113.5 10.0.0.5 netmask 255.255.255.255``.

    Raises:
        WordError: it is not understood: a policy NAT, say.
    """
    interfaces = words.take()
    if "," not in interfaces:
        raise WordError("the interfaces of a translation are not understood")
    mapped_if = interfaces.strip("()").partition(",")[2]
    number = protocol(words.take()) if words.peek() in ("tcp", "udp") else None
    mapped = words.take()
    mapped_port = port(words.take()) if number is not None else 0
    if words.peek() == "access-list":
        raise WordError("a translation by access list is not understood")
    real = words.take()
    real_port = port(words.take()) if number is not None else 0
    mask = "255.255.255.255"
    if words.took("netmask"):
        mask = words.take()
    first = netmasked(objects.host_names.get(real, real), mask).v4
    seen: Spans = ()
    if mapped != "interface":
        seen = netmasked(objects.host_names.get(mapped, mapped), mask).v4
        if len(first) != 1 or len(seen) != 1:
            raise WordError("a translation's mask has holes")
    return Static(mapped_if, seen, first, number, mapped_port, real_port)


def own_address(static: Static, own: Addresses) -> Static:
    """The same translation, the interface's own address filled in."""
    return static if static.mapped else replace(static, mapped=own.v4[:1])


def to_destinations(
    rules: Iterable[FilterRule], statics: tuple[Static, ...]
) -> Iterator[FilterRule]:
    """The rules with real destinations for mapped ones."""
    hosts = tuple(one for one in statics if one.protocol is None)
    for rule in rules:
        for one in statics:
            yield from _by_port(rule, one)
        dst = _real(rule.dst, hosts)
        if dst:
            yield replace(rule, dst=dst)


def to_sources(rules: Iterable[FilterRule], statics: tuple[Static, ...]) -> Iterator[FilterRule]:
    """The rules with real sources for mapped ones."""
    hosts = tuple(one for one in statics if one.protocol is None)
    for rule in rules:
        src = _real(rule.src, hosts)
        if src:
            yield replace(rule, src=src)


def _real(said: Addresses, hosts: tuple[Static, ...]) -> Addresses:
    """Real addresses of the hosts whose mapped ones are said; the others as they are."""
    own: Spans = ()
    known: Spans = ()
    for one in hosts:
        if not one.mapped:
            continue
        known += one.mapped + one.real
        shift = one.real[0][0] - one.mapped[0][0]
        own += tuple((low + shift, high + shift) for low, high in intersection(said.v4, one.mapped))
    rest = said - Addresses(spans(known))
    return Addresses(spans(rest.v4 + own), said.v6)


def _by_port(rule: FilterRule, static: Static) -> Iterator[FilterRule]:
    """What a rule says of one translated port."""
    number = static.protocol
    if number is None or not static.mapped or not intersection(rule.dst.v4, static.mapped):
        return
    protocols: Spans = ((number, number),)
    if rule.protocols is not None and not intersection(rule.protocols, protocols):
        return
    seen: Spans = ((static.mapped_port, static.mapped_port),)
    if rule.dst_ports is not None and not intersection(rule.dst_ports, seen):
        return
    yield replace(
        rule,
        dst=Addresses(static.real),
        protocols=protocols,
        dst_ports=((static.real_port, static.real_port),),
        icmp=None,
    )
