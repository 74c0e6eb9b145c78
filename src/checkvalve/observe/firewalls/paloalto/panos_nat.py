"""Destination translation of PAN-OS, and what it does to the rules.

Rules name the address before translation and the zone behind it. A neutral rule names the host's
own address, so each rule that meets a translated address is rewritten to the real one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from checkvalve.observe.firewalls.base import Action, FilterRule, Ref
from checkvalve.observe.firewalls.paloalto.panos_objects import Objects, Service
from checkvalve.observe.firewalls.paloalto.panos_tree import Node
from checkvalve.observe.firewalls.spans import (
    ANYWHERE,
    Addresses,
    Spans,
    intersection,
    spans,
)

_ANY: Final[tuple[list[str], ...]] = ([], ["any"])


@dataclass(frozen=True, slots=True)
class Translation:
    """One static destination translation.

    Attributes:
        ref: where.
        outer: the addresses before.
        real: the addresses behind; as many, in their order, or one.
        zones: which packets come from; empty: any.
        service: the ports before; ``None``: any.
        port: the port behind; ``None``: as it was.
        why: why it may concern fewer packets than it says; empty: it does not.
    """

    ref: Ref
    outer: Addresses
    real: Addresses
    zones: frozenset[str]
    service: Service | None
    port: int | None
    why: str = ""


def read_translation(name: str, node: Node, ref: Ref, objects: Objects) -> list[Translation] | str:
    """The translations of a NAT rule that lead somewhere else, or why they are unknown."""
    found: list[Translation] = []
    source = node.at("source-translation", "static-ip")
    if source.word("bi-directional") == "yes":
        outer = objects.addresses([source.word("translated-address")])
        real = objects.addresses(node.words("source"))
        if outer.why or real.why or _size(outer.known) != _size(real.known):
            return f"where the translation {name} leads is not understood"
        found.append(Translation(ref, outer.known, real.known, frozenset(), None, None))
    if "dynamic-destination-translation" in node.children:
        return f"where the translation {name} leads changes"
    target = node.at("destination-translation")
    if not target.children:
        return found
    outer = objects.addresses(node.words("destination"))
    real = objects.addresses([target.word("translated-address")])
    port = target.word("translated-port")
    services = objects.services(one for one in node.words("service") if one != "any")
    if outer.why or real.why or _size(real.known) not in (1, _size(outer.known)):
        return f"where the translation {name} leads is not understood"
    if len(services) > 1 or any(one.why for one in services) or (port and not port.isdecimal()):
        return f"which ports the translation {name} is about is not understood"
    zones = frozenset(one for one in node.words("from") if one != "any")
    anyone = node.words("source") in _ANY
    found.append(
        Translation(
            ref, outer.known, real.known, zones, services[0] if services else None,
            int(port[:6]) if port else None,
            "" if anyone else f"the translation {name} is for some sources alone",
        )
    )  # fmt: skip
    return found


def rewritten(rule: FilterRule, translations: list[Translation]) -> list[FilterRule]:
    """A rule, and beside it what it means for addresses behind a translation.

    What a rule accepts before a translation can be reached behind it. What it denies is denied on
    that way alone: another way, the real address itself, may be open, so there the denial is
    uncertain, and so is one of the real address alone.
    """
    found = [rule]
    for one in translations:
        if rule.dst == ANYWHERE or (rule.in_if and one.zones and not one.zones & rule.in_if.names):
            continue
        if rule.action is Action.DENY:
            found = [more for kept in found for more in _split(kept, one)]
        mapped = _mapped(rule, one)
        if mapped is not None:
            found.append(mapped)
    return found


def _split(rule: FilterRule, one: Translation) -> list[FilterRule]:
    """A denial, uncertain for real addresses whose outer ones it does not deny."""
    part = rule.dst & one.real
    if rule.unknown or not part or not one.outer - rule.dst:
        return [rule]
    why = f"line {one.ref.line} leads there from addresses that it does not deny"
    rest = rule.dst - part
    return [replace(rule, dst=part, unknown=why), *([replace(rule, dst=rest)] if rest else [])]


def _mapped(rule: FilterRule, one: Translation) -> FilterRule | None:
    """The rule for the real addresses of the outer ones that it names."""
    part = rule.dst & one.outer
    if not part:
        return None
    whole = not one.outer - rule.dst
    dst = one.real if whole or _size(one.real) == 1 else _moved(part, one)
    protocols, ports, why = rule.protocols, rule.dst_ports, one.why
    if one.service is not None:
        protocols = intersection(protocols or ((0, 255),), one.service.protocols or ((0, 255),))
        ports = intersection(ports or ((0, 65_535),), one.service.dst_ports or ((0, 65_535),))
        if not protocols or not ports:
            return None
    if one.port is not None:
        if one.service is None:
            why = why or "the port before the translation may be any"
        ports = ((one.port, one.port),)
    if rule.in_if is None and one.zones:
        why = why or "the translation is for some zones alone"
    if rule.in_if is not None and one.zones and rule.in_if.names - one.zones:
        why = why or "the translation is for some zones alone"
    if rule.action is Action.DENY:
        why = why or f"line {one.ref.line} may not be the only way there"
    if ports is not None and protocols is None:
        return replace(rule, dst=dst, unknown=rule.unknown or why or "it has ports of no protocol")
    return replace(rule, dst=dst, protocols=protocols, dst_ports=ports, unknown=rule.unknown or why)


def _size(found: Addresses) -> int:
    return sum(high - low + 1 for low, high in found.v4 + found.v6)


def _moved(part: Addresses, one: Translation) -> Addresses:
    """Some outer addresses to the real ones at the same places."""
    return Addresses(
        _shifted(part.v4, one.outer.v4, one.real.v4), _shifted(part.v6, one.outer.v6, one.real.v6)
    )


def _shifted(part: Spans, outer: Spans, real: Spans) -> Spans:
    """Each part moved, where both sides are one span; else all of the real addresses."""
    if len(outer) != 1 or len(real) != 1:
        return real
    by = real[0][0] - outer[0][0]
    return spans((low + by, high + by) for low, high in part)
