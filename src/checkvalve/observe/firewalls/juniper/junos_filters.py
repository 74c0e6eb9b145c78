"""Stateless filters on the interfaces of a Junos device: ``firewall family inet filter``.

Private to the Junos reader. Follows the routing policies, firewall filters and policers guide:
terms in their order, the longest prefix decides between addresses and ``except``, a term without
an action accepts, and what no term takes is discarded. A match or an action that is not known
makes its term unknown. Filters see packets before destination and after source translation: where
there is one, the translated side of a term is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Final, Literal

from checkvalve.observe.firewalls.base import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Action,
    Chain,
    FilterRule,
    Names,
    Ref,
    Stage,
)
from checkvalve.observe.firewalls.juniper.junos_objects import named_ports, table
from checkvalve.observe.firewalls.juniper.junos_tree import Node
from checkvalve.observe.firewalls.objects import octet, one_protocol
from checkvalve.observe.firewalls.spans import ANYWHERE, NOWHERE, Addresses, Spans, spans, union
from checkvalve.observe.firewalls.tally import Tally

#: Interfaces that forward nothing.
_ASIDE: Final = ("lo0", "fxp", "em", "fab")
_FAMILIES: Final[dict[str, Literal[4, 6]]] = {"inet": 4, "inet6": 6}
_ACTIONS: Final = {"accept": Action.ACCEPT, "discard": Action.DENY, "reject": Action.DENY}
_ACTIONS_OF_ANY: Final = (Action.ACCEPT, Action.DENY)
_PARTS: Final = frozenset({"term", "interface-specific", "apply-groups", "apply-groups-except"})
_HARMLESS: Final = frozenset(
    {"count", "log", "syslog", "sample", "port-mirror", "forwarding-class", "loss-priority", "dscp"}
)


_SIDES: Final = ("source", "destination")


@dataclass(slots=True)
class _From:
    """What a term matches; ``odd`` are the keywords that are not understood."""

    prefixes: dict[str, dict[str, bool]] = field(default_factory=dict)
    numbers: dict[str, Spans] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)


def read_filters(
    root: Node, tally: Tally, zones: Mapping[str, frozenset[str]]
) -> Iterator[tuple[Stage, Chain]]:
    """The stages of all filters on interfaces that forward, and their chains."""
    for interface in root.at("interfaces").active():
        for unit in interface.at("unit").active():
            logical = f"{interface.word}.{unit.word}"
            for family in unit.at("family").active():
                for way in family.at("filter").active():
                    if not interface.word.startswith(_ASIDE):
                        reader = _Reader(root, tally, family.word, way)
                        yield _stage(reader, logical, logical), reader.chain()
                        yield from _of_zones(reader, logical, zones)


def _stage(reader: _Reader, chain: str, place: str) -> Stage:
    names = Names(frozenset({place}))
    into, out = (None, names) if reader.outgoing else (names, None)
    return Stage(f"{chain} {reader.kind}", into, out, _FAMILIES.get(reader.family, 0))


def _of_zones(
    reader: _Reader, logical: str, zones: Mapping[str, frozenset[str]]
) -> Iterator[tuple[Stage, Chain]]:
    """Stages for packets of which only the zone is told, not the interface."""
    for zone, members in zones.items():
        if logical in members:
            ref, why = reader.ref, f"which interface of {zone!r} it is decides about a filter"
            out = Names(members) if reader.outgoing else None
            told = FilterRule(Action.ACCEPT, ref, in_if=None if out else Names(members), out_if=out)
            rules = (told, FilterRule(Action.DENY, ref, unknown=why))
            yield _stage(reader, f"{zone} {logical}", zone), Chain(rules)


class _Reader:
    """Reads the filters of one interface, family and direction."""

    def __init__(self, root: Node, tally: Tally, family: str, way: Node) -> None:
        self._root = root
        self._tally = tally
        self._way = way
        self.family = family
        self.kind = f"{family} {way.word}"
        self.outgoing = way.word.startswith("output")
        self.ref = tally.ref(way.line)

    def chain(self) -> Chain:
        """Their terms, and the discard behind them."""
        self._tally.understood(self._way.lines)
        rules: list[FilterRule] = []
        for name in self._way.active():
            found = self._found(name.word)
            for node in found.below():
                self._tally.understood(node.lines)
            if not found.at("term").children or {one.word for one in found.active()} - _PARTS:
                why = f"the filter {name.word!r} is not understood"
                self._tally.missed(name.line, why)
                rules += (FilterRule(one, self.ref, unknown=why) for one in _ACTIONS_OF_ANY)
            for term in found.at("term").active():
                rules += self._term(term)
        text = "what no term of a filter takes is discarded"
        return Chain(tuple(rules), FilterRule(Action.DENY, Ref(self._tally.file, 0, text)))

    def _found(self, name: str) -> Node:
        plain = self._root.at("firewall", "filter", name)
        own = self._root.at("firewall", "family", self.family, "filter", name)
        return plain if self.family == "inet" and plain.children else own

    def _term(self, term: Node) -> Iterator[FilterRule]:
        said = _read_from(term.at("from"))
        odd = {one.word for one in term.active()} - {"from", "then"}
        why = "".join(f"a term depends on {key}" for key in [*said.odd, *odd][:1])
        actions, policed, unclear = _read_then(term.at("then"))
        why = why or unclear
        if why:
            self._tally.missed(term.line, why)
        ref = self._tally.ref(term.line, term.word)
        for action in actions:
            plain = FilterRule(action, ref, unknown=why)
            for rule in self._boxes(plain, said):
                if policed and not rule.unknown:
                    yield replace(rule, unknown="a policer", rate="below")
                    yield replace(rule, action=Action.DENY)
                else:
                    yield rule

    def _boxes(self, plain: FilterRule, said: _From) -> Iterator[FilterRule]:
        numbers = said.numbers
        protocols, icmp = numbers.get("protocol"), _icmp(numbers)
        if said.odd or _is_vague(numbers):
            plain = replace(plain, unknown=plain.unknown or "what it asks for needs a protocol")
            numbers, protocols, icmp = {}, None, None
        prefixes = {} if said.odd else said.prefixes  # prefix lists widen them
        src, dst = (_addresses(prefixes.get(f"{side}-address")) for side in _SIDES)
        both = prefixes.get("address")
        either = _addresses(both)
        sides = [(src & either, dst), (src, dst & either)] if both else [(src, dst)]
        ports = (numbers.get("source-port"), numbers.get("destination-port"))
        if "port" in numbers:
            pairs = [(numbers["port"], ports[1]), (ports[0], numbers["port"])]
        else:
            pairs = [ports]
        box = replace(plain, protocols=protocols, icmp=icmp)
        for one, other in sides:
            for low, high in pairs:
                ends = self._translated(replace(box, src=one, dst=other))
                yield replace(ends, src_ports=low, dst_ports=high)

    def _translated(self, rule: FilterRule) -> FilterRule:
        """The rule, unknown on the side that is translated where the filter stands."""
        nat = self._root.at("security", "nat")
        way = "source" if self.outgoing else "destination"
        side = rule.src if self.outgoing else rule.dst
        if side == ANYWHERE or not (nat.at(way).children or nat.at("static").children):
            return rule
        why = rule.unknown or "a filter sees other addresses where they are translated"
        if self.outgoing:
            return replace(rule, src=ANYWHERE, unknown=why)
        return replace(rule, dst=ANYWHERE, unknown=why)


def _read_from(node: Node) -> _From:
    found = _From()
    for words, _ in node.sentences():
        rest = list(words)
        while rest:
            key = rest.pop(0)
            try:
                _take(found, "protocol" if key == "next-header" else key, rest)
            except (ValueError, IndexError):
                found.odd.append(key)
                break
    return found


def _take(found: _From, key: str, rest: list[str]) -> None:
    """One keyword and its value.

    Raises:
        ValueError: it is not understood.
        IndexError: its value is missing.
    """
    if key in ("address", "source-address", "destination-address"):
        prefix = str(ip_network(rest.pop(0), strict=False))
        excepted = rest[:1] == ["except"]
        del rest[: int(excepted)]
        found.prefixes.setdefault(key, {})[prefix] = not excepted
        return
    if key == "protocol":
        word = rest.pop(0)
        value: Spans | None = one_protocol(octet(str(table()["protocols"].get(word, word))))
    elif key in ("port", "source-port", "destination-port"):
        value = named_ports(rest.pop(0))
    elif key in ("icmp-type", "icmp-code"):
        word = rest.pop(0)
        number = octet(str(table()["icmp_types"].get(word, word) if key == "icmp-type" else word))
        value = spans([(number, number)])
    else:
        raise ValueError(key)
    found.numbers[key] = union(found.numbers.get(key, ()), value or ())


def _is_vague(numbers: Mapping[str, Spans]) -> bool:
    """Whether ports or types are asked for without the protocol that has them."""
    protocols = numbers.get("protocol", ())
    ports = any(key.endswith("port") for key in numbers)
    types = any(key.startswith("icmp") for key in numbers)
    wanted = {number for low, high in protocols for number in range(low, high + 1)}
    if ports and (not wanted or wanted - {TCP, UDP}):
        return True
    return types and wanted not in ({ICMP}, {ICMPV6})


def _icmp(numbers: Mapping[str, Spans]) -> Spans | None:
    kinds, codes = numbers.get("icmp-type"), numbers.get("icmp-code")
    if kinds is None and codes is None:
        return None
    pairs = codes or ((0, 255),)
    every = [n for low, high in kinds or ((0, 255),) for n in range(low, high + 1)]
    return spans((kind << 8 | low, kind << 8 | high) for kind in every for low, high in pairs)


def _addresses(prefixes: Mapping[str, bool] | None) -> Addresses:
    """What a list of prefixes matches: of those that hold an address, the longest decides."""
    if not prefixes:
        return ANYWHERE
    found = NOWHERE
    for prefix in sorted(prefixes, key=lambda one: ip_network(one).prefixlen):
        own = Addresses.of(prefix)
        found = found | own if prefixes[prefix] else found - own
    return found


def _read_then(node: Node) -> tuple[list[Action], bool, str]:
    """The actions of a term, whether a rate limits it, and why it is not understood."""
    found: list[Action] = []
    policed, goes_on, why = False, False, ""
    for words, _ in node.sentences():
        if words[0] in _ACTIONS:
            found.append(_ACTIONS[words[0]])
        elif words[:2] == ("next", "term"):
            goes_on = True
        elif words[0] == "policer":
            policed = True
        elif words[0] not in _HARMLESS:
            why = f"what a term does by {words[0]} is not understood"
    if why or len(set(found)) > 1:
        return list(_ACTIONS_OF_ANY), policed, why or "a term accepts and discards"
    if goes_on and not found:
        return [], policed, ""
    return found[:1] or [Action.ACCEPT], policed, ""
