"""One rule of an OPNsense or pfSense configuration, old or new, as neutral rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import product
from typing import Final

from checkvalve.observe.firewalls.base import (
    ICMP,
    ICMPV6,
    PORTED,
    TCP,
    UDP,
    Action,
    FilterRule,
    Names,
    Ref,
    State,
    When,
)
from checkvalve.observe.firewalls.meant import Meant, unknown
from checkvalve.observe.firewalls.packetfilter.opnsense_names import (
    Aliases,
    Interfaces,
    schedule,
)
from checkvalve.observe.firewalls.packetfilter.pf_words import icmp, protocol, states
from checkvalve.observe.firewalls.spans import (
    ANY_V4,
    ANY_V6,
    ANYWHERE,
    NOTHING,
    Addresses,
    Spans,
    union,
)
from checkvalve.observe.firewalls.undecided import either
from checkvalve.observe.firewalls.xml_lines import Element

_HARMLESS: Final = frozenset((
    "descr", "description", "log", "tracker", "created", "updated", "id", "associated-rule-id",
    "statetype", "statetimeout", "state-policy", "statepolicy", "nosync", "nopfsync",
    "allowopts", "disablereplyto", "category", "categories", "sequence", "sort_order",
    "prio_group", "ackqueue", "defaultqueue", "dnpipe", "pdnpipe", "set-prio", "set-prio-low",
    "set_prio", "set_prio_low", "tag", "reply-to", "replyto", "adaptivestart", "adaptiveend",
    "udp-first", "udp-multiple", "udp-single", "tcpflags_any", "shaper1", "shaper2", "uuid",
    "overload", "max-src-nodes", "max-src-states", "max-src-conn", "max", "max-src-conn-rate",
    "max-src-conn-rates",
))  # fmt: skip
_READ: Final = frozenset((
    "type", "action", "interface", "interfacenot", "ipprotocol", "protocol", "icmptype",
    "icmp6-type", "source", "destination", "source_net", "source_not", "source_port",
    "destination_net", "destination_not", "destination_port", "disabled", "enabled", "floating",
    "quick", "direction", "sched", "schedule", "gateway", "tcpflags1", "tcpflags2",
))  # fmt: skip
_RATES: Final = ("max", "max-src-nodes", "max-src-states", "max-src-conn", "max-src-conn-rate")
_ACTIONS: Final = {
    "": Action.ACCEPT,
    "pass": Action.ACCEPT,
    "block": Action.DENY,
    "reject": Action.DENY,
}
_EMPTY: Final = frozenset(("", "any", "0", "none"))
_FLAGS: Final = {"": "", "syn": "S", "ack": "A", "fin": "F", "rst": "R", "psh": "P", "urg": "U"}


@dataclass(frozen=True, slots=True)
class Context:
    """What rules refer to."""

    aliases: Aliases
    interfaces: Interfaces
    schedules: Mapping[str, Element]


@dataclass(slots=True)
class OpnsenseRule:
    """A rule and its place.

    Attributes:
        element: as it stands.
        place: 0 floating, 1 of a group, 2 of an interface.
        quick: it decides at once.
        directions: in which it is asked.
        rules: its neutral rules for each direction.
        missed: elements that are not understood, and why.
    """

    element: Element
    place: int
    quick: bool
    directions: tuple[str, ...]
    rules: dict[str, tuple[FilterRule, ...]] = field(default_factory=dict)
    missed: list[tuple[int, str]] = field(default_factory=list)


def is_disabled(element: Element) -> bool:
    """Whether a rule is not in force."""
    enabled = element.first("enabled")
    return element.flag("disabled") or (enabled is not None and not element.flag("enabled"))


def read_rule(element: Element, ref: Ref, context: Context) -> OpnsenseRule:
    """A rule that is in force."""
    interfaces = element.value("interface").replace(",", " ").split()
    new = element.first("source_net") is not None or element.first("action") is not None
    floating = len(interfaces) != 1 if new else element.flag("floating")
    grouped = any(context.interfaces.is_group(one) for one in interfaces)
    quick = element.first("quick")
    way = element.value("direction") or ("any" if floating and not new else "in")
    rule = OpnsenseRule(
        element,
        0 if floating else 1 if grouped else 2,
        not floating if quick is None else quick.text.casefold() in {"1", "yes"},
        ("in", "out") if way == "any" else (way,),
    )
    reader = _Matches(element, context, rule)
    rule.rules = {way: tuple(reader.neutral(ref, way)) for way in rule.directions}
    return rule


class _Matches:
    """What one rule matches."""

    def __init__(self, element: Element, context: Context, rule: OpnsenseRule) -> None:
        self._element = element
        self._context = context
        self._rule = rule
        self._unknown: list[str] = []
        self._when = self._schedule()
        self._names = self._interfaces()
        self._src, self._src_ports = self._side("source")
        self._dst, self._dst_ports = self._side("destination")
        for child in element.children:
            if child.tag not in _HARMLESS | _READ and (child.text not in _EMPTY or child.children):
                self._miss(child, f"'{child.tag}' is not understood")

    def neutral(self, ref: Ref, direction: str) -> Iterable[FilterRule]:
        """Neutral rules of a direction, in the order in which they are asked."""
        kind = self._element.value("type") or self._element.value("action")
        for family, why in self._families():
            protocols = self._protocols(family)
            for src, dst in product(self._src.choices(family), self._dst.choices(family)):
                reasons = dict.fromkeys((*self._unknown, why, src[1], dst[1]))
                rule = FilterRule(
                    _ACTIONS.get(kind, Action.ACCEPT),
                    ref,
                    src=src[0],
                    dst=dst[0],
                    protocols=protocols,
                    src_ports=self._src_ports,
                    dst_ports=self._dst_ports,
                    icmp=self._icmp(protocols),
                    in_if=self._names if direction == "in" else None,
                    out_if=self._names if direction == "out" else None,
                    states=self._states(protocols),
                    when=self._when,
                    unknown="; ".join(filter(None, reasons)),
                )
                yield from self._effect(rule, kind)

    def _effect(self, rule: FilterRule, kind: str) -> tuple[FilterRule, ...]:
        """What it does: a gateway leads elsewhere, a rate that is exceeded drops."""
        if kind == "match":
            return ()
        if kind not in _ACTIONS:
            return either(rule, f"the action '{kind}' is not understood")
        if rule.action is Action.DENY:
            return (rule,)
        if self._element.value("gateway") not in _EMPTY | {"default"}:
            return either(rule, "it sends packets to a gateway of its own")
        if any(self._element.value(name) not in _EMPTY for name in _RATES):
            limited = replace(rule, unknown=rule.unknown or "it limits a rate")
            if not rule.unknown:
                limited = replace(limited, rate="below")
            return (limited, replace(rule, action=Action.DENY))
        return (rule,)

    def _miss(self, element: Element | None, why: str) -> None:
        self._unknown.append(why)
        self._rule.missed.append(((element or self._element).line, why))

    def _families(self) -> list[tuple[Addresses, str]]:
        word = self._element.value("ipprotocol")
        split = self._element.value("protocol").casefold() == "icmp"
        match word:
            case "inet":
                return [(ANY_V4, "")]
            case "inet6":
                return [(ANY_V6, "")]
            case "inet46":
                return [(ANY_V4, ""), (ANY_V6, "")] if split else [(ANYWHERE, "")]
            case "":
                return [(ANY_V4, ""), (ANY_V6, "without 'ipprotocol' it may not mean IPv6")]
        self._miss(self._element.first("ipprotocol"), f"the family '{word}' is not understood")
        return [(ANYWHERE, "")]

    def _protocols(self, family: Addresses) -> Spans | None:
        word = self._element.value("protocol").casefold()
        if word in _EMPTY:
            return None
        if word == "tcp/udp":
            return ((TCP, TCP), (UDP, UDP))
        number = ICMPV6 if word == "icmp" and family == ANY_V6 else protocol(word)
        if number is None:
            self._miss(self._element.first("protocol"), f"the protocol '{word}' is not known")
            return None
        return ((number, number),)

    def _icmp(self, protocols: Spans | None) -> Spans | None:
        number = protocols[0][0] if protocols else 0
        tag = "icmp6-type" if number == ICMPV6 else "icmptype"
        words = [one for one in self._element.value(tag).split(",") if one not in _EMPTY - {"0"}]
        if number not in (ICMP, ICMPV6) or not words:
            return None
        found = [icmp(number, one.strip(), "") for one in words]
        if None in found:
            self._miss(self._element.first(tag), "an ICMP type is not known by its name")
            return None
        return union(*(one or NOTHING for one in found))

    def _states(self, protocols: Spans | None) -> frozenset[State] | None:
        flags = [self._element.value(tag).strip(",") for tag in ("tcpflags1", "tcpflags2")]
        if protocols != ((TCP, TCP),) or not flags[1]:
            return None
        want, looked = ("".join(_FLAGS.get(one, "E") for one in text.split(",")) for text in flags)
        accepts = (self._element.value("type") or self._element.value("action")) in {"", "pass"}
        return states(f"{want}/{looked}", keeps_state=accepts)

    def _interfaces(self) -> Names | None:
        words = self._element.value("interface").replace(",", " ").split()
        negated = self._element.value("interfacenot") in {"1", "yes"}
        names, why = self._context.interfaces.names(words, negated=negated)
        if why:
            self._miss(self._element.first("interface"), why)
        return names

    def _schedule(self) -> When | None:
        for tag in ("sched", "schedule"):
            name = self._element.value(tag)
            if not name:
                continue
            found = self._context.schedules.get(name)
            when = schedule(found) if found is not None else f"the schedule {name} is not defined"
            if isinstance(when, When):
                return when
            self._miss(self._element.first(tag), when)
        return None

    # Sources and destinations.

    def _side(self, tag: str) -> tuple[Meant, Spans | None]:
        side = self._element.first(tag)
        if side is None and self._element.first(f"{tag}_net") is None:
            return Meant(ANYWHERE), None
        if side is not None:
            word, port = side.value("network") or side.value("address"), side.value("port")
            negated = side.flag("not")
            if side.first("any") is not None or not word:
                word, negated = "any", False
        else:
            word = self._element.value(f"{tag}_net") or "any"
            port = self._element.value(f"{tag}_port")
            negated = self._element.value(f"{tag}_not") in {"1", "yes"}
        words = word.replace(",", " ").split()
        meant = reduce(Meant.__or__, (self._hosts(one) for one in words), Meant())
        if meant.why:
            self._rule.missed.append(((side or self._element).line, meant.why))
        return (meant.negated() if negated else meant), self._ports(port, side)

    def _hosts(self, word: str) -> Meant:
        interfaces = self._context.interfaces
        if word == "any":
            return Meant(ANYWHERE)
        if word == "(self)":
            return interfaces.own()
        if word.endswith("ip") and word[:-2] in interfaces.elements:
            return interfaces.own(word[:-2])
        inner = word[2:-8] if word.startswith("__") and word.endswith("_network") else word
        network = interfaces.network(inner)
        if network is not None:
            return network
        if interfaces.is_group(word) or word in {"bogons", "bogonsv6", "virusprot", "sshlockout"}:
            return unknown(f"the addresses of {word} do not stand in the text")
        return self._context.aliases.hosts(word)

    def _ports(self, text: str, side: Element | None) -> Spans | None:
        if text in _EMPTY - {"0"}:
            return None
        found: Spans = NOTHING
        why = ""
        for word in text.replace(",", " ").split():
            more = self._context.aliases.ports(word)
            if isinstance(more, str):
                why = more
            else:
                found = union(found, more)
        name = self._element.value("protocol").casefold()
        if name != "tcp/udp" and protocol(name) not in PORTED:
            why = "ports without a protocol that has them"
        if why:
            self._miss(side, why)
            return None
        return found
