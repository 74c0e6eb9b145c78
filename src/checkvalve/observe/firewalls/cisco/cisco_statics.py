"""Static translations, where access lists see translated addresses: ASA before 8.3, and IOS.

An access list that is asked as packets come in by the mapped interface says a host's mapped
address where the neutral form has the real one; one that is asked as packets go out by it says
the mapped address of the sender.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from checkvalve.observe.firewalls.base import FilterRule
from checkvalve.observe.firewalls.spans import (
    ALL_V4,
    ANYWHERE,
    Addresses,
    Spans,
    intersection,
    spans,
)


@dataclass(frozen=True, slots=True)
class Static:
    """One translation.

    Attributes:
        mapped: addresses as access lists there say them; empty: the interface's own.
        real: as many, behind the firewall.
        protocol: of a translation of one port; ``None``: all of the address.
        mapped_port: as it is seen.
        real_port: as it is behind the firewall.
    """

    mapped: Spans
    real: Spans
    protocol: int | None = None
    mapped_port: int = 0
    real_port: int = 0


def own_address(static: Static, own: Addresses) -> Static:
    """The same translation, the interface's own address filled in."""
    return static if static.mapped else replace(static, mapped=own.v4[:1])


def _to_destinations(
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


def _to_sources(rules: Iterable[FilterRule], statics: tuple[Static, ...]) -> Iterator[FilterRule]:
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


def translated(
    rules: Iterable[FilterRule], statics: tuple[Static, ...], *, is_out: bool, hides: bool
) -> tuple[FilterRule, ...]:
    """The rules of a list at a mapped interface, in real addresses.

    Args:
        rules: as the list says them.
        statics: the translations at this interface.
        is_out: the list is asked of what goes out.
        hides: senders may be translated to a shared address besides.
    """
    if not is_out:
        return tuple(_to_destinations(rules, statics))
    real = tuple(_to_sources(rules, statics))
    return tuple(map(_hidden, real)) if hides else real


def _hidden(rule: FilterRule) -> FilterRule:
    """A rule that names senders may mean any sender that is translated to them."""
    if rule.src.v4 == ALL_V4:
        return rule
    why = rule.unknown or "its senders may be translated dynamically"
    return replace(rule, src=ANYWHERE, unknown=why)
