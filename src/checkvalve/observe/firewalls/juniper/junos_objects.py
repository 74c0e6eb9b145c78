"""Objects of a Junos configuration: address books, applications, and sets of them.

Private to the Junos reader. Names of hosts (``dns-name``) and dynamic lists are unknown; a set
that nobody defines, or that holds itself, is unknown and a problem. A zone's policies look into
the zone's own book first, then into the global one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from ipaddress import IPv4Address
from typing import Any, Final, TypeVar

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, PORTED, Problem
from checkvalve.observe.firewalls.juniper.junos_tree import Node
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
    ports,
)
from checkvalve.observe.firewalls.spans import (
    ANY_V4,
    ANY_V6,
    ANYWHERE,
    NOWHERE,
    Addresses,
    Spans,
    masked,
)
from checkvalve.observe.firewalls.tally import Tally

_T = TypeVar("_T")
_ANY: Final = {"any": ANYWHERE, "any-ipv4": ANY_V4, "any-ipv6": ANY_V6}
_MATCHES: Final = frozenset(
    {"protocol", "source-port", "destination-port"}
    | {"icmp-type", "icmp-code", "icmp6-type", "icmp6-code"}
)
_HARMLESS: Final = frozenset(
    {"application-protocol", "alg", "inactivity-timeout", "description"}
    | {"do-not-translate-A-query-to-AAAA-query", "do-not-translate-AAAA-query-to-A-query"}
)


@cache
def table() -> dict[str, Any]:
    """What every Junos brings along, from ``junos.json``."""
    source = files(__package__) / "junos.json"
    found: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return found


@dataclass(slots=True)
class Objects:
    """What the names of one configuration stand for.

    Attributes:
        tally: the lines of the text.
        books: address names by book; ``global`` is the one of all zones.
        attached: the books of each zone.
        applications: by name.
        problems: what is wrong in them.
    """

    tally: Tally
    books: dict[str, dict[str, Bounds]] = field(default_factory=dict)
    attached: dict[str, list[str]] = field(default_factory=dict)
    applications: dict[str, Services] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, line: int, sentence: str) -> str:
        """Note what is wrong; gives the sentence."""
        self.problems.append(Problem(self.tally.ref(line), sentence))
        return sentence

    def address(self, zone: str, name: str, line: int) -> Bounds:
        """What an address name stands for in a zone."""
        if name in _ANY:
            return Bounds.exactly(_ANY[name])
        for book in (*self.attached.get(zone, ()), "global"):
            found = self.books.get(book, {}).get(name)
            if found is not None:
                return found
        return Bounds.unknown(self.problem(line, f"nobody defines the address {name!r}"))

    def application(self, name: str, line: int) -> Services:
        """What an application name stands for."""
        if name == "any":
            return (ANY_SERVICE,)
        found = self.applications.get(name)
        if found is not None:
            return found
        if name.startswith("junos-"):
            return (Service(unknown=f"the predefined application {name!r} is not known"),)
        why = self.problem(line, f"nobody defines the application {name!r}")
        return (Service(unknown=why),)


def read_objects(root: Node, tally: Tally) -> Objects:
    """All objects of a configuration."""
    objects = Objects(tally)
    security = root.at("security")
    for node in security.at("address-book").active():
        _book(objects, node.word, node)
        for zone in node.at("attach", "zone").active():
            objects.attached.setdefault(zone.word, []).append(node.word)
    for zone in security.at("zones", "security-zone").active():
        own = zone.at("address-book")
        if own.children:
            _book(objects, f"zone {zone.word}", own)
            objects.attached.setdefault(zone.word, []).append(f"zone {zone.word}")
    dynamic = objects.books.setdefault("global", {})
    for node in security.at("dynamic-address", "address-name").active():
        dynamic[node.word] = Bounds.unknown(f"{node.word!r} is a dynamic address")
    _applications(objects, root.at("applications"))
    return objects


def _book(objects: Objects, name: str, node: Node) -> None:
    book = objects.books.setdefault(name, {})
    for one in node.at("address").active():
        book[one.word] = _address(objects, one)
    sets = {one.word: one for one in node.at("address-set").active()}

    def gather(one: Node) -> Bounds:
        found = Bounds.exactly(NOWHERE)
        for member in _members(one, "address", "address-set"):
            known = book.get(member)
            if known is None:
                why = objects.problem(one.line, f"nobody defines the address {member!r}")
                known = Bounds.unknown(why)
            found |= known
        return found

    def ring(one: Node) -> Bounds:
        why = f"the address set {one.word!r} holds itself"
        return Bounds.unknown(objects.problem(one.line, why))

    _sets(book, sets, ("address", "address-set"), gather, ring)


def _sets(
    known: dict[str, _T],
    sets: Mapping[str, Node],
    kinds: tuple[str, ...],
    gather: Callable[[Node], _T],
    ring: Callable[[Node], _T],
) -> None:
    """Put sets into what is known, those that others hold first."""
    order, cyclic = bottom_up({name: _members(one, *kinds) for name, one in sets.items()})
    for name in order:
        known[name] = gather(sets[name])
    for name in sorted(cyclic):
        known[name] = ring(sets[name])


def _members(node: Node, *kinds: str) -> list[str]:
    return [one.word for kind in kinds for one in node.at(kind).active()]


def _address(objects: Objects, node: Node) -> Bounds:
    values = [words for words, _ in node.sentences() if words[0] != "description"]
    try:
        if len(values) != 1:
            raise ValueError("it has no value, or several")
        found = _value(values[0])
    except ValueError as error:
        objects.tally.missed(node.line, f"the address {node.word!r} is malformed: {error}")
        return Bounds.unknown(f"the address {node.word!r} is malformed")
    return found or Bounds.unknown(f"{node.word!r} is of type {values[0][0]}")


def _value(words: tuple[str, ...]) -> Bounds | None:
    """The addresses of an object; ``None`` for a type whose addresses stand elsewhere.

    Raises:
        ValueError: the words are none that an address has.
    """
    match words:
        case ("range-address", low, "to", high):
            return Bounds.exactly(Addresses.of(f"{low}-{high}"))
        case ("range-address", low):
            return Bounds.exactly(Addresses.of(low))
        case ("wildcard-address", pattern):
            address, _, mask = pattern.partition("/")
            free = ~int(IPv4Address(mask)) & 0xFFFFFFFF
            found = masked(int(IPv4Address(address)), free, 32)
            return None if found is None else Bounds.exactly(Addresses(found))
        case ("ip-prefix", prefix) | (prefix,) if "-" not in prefix:
            return Bounds.exactly(Addresses.of(prefix))
        case ("dns-name", *_):
            return None
    raise ValueError(" ".join(words))


def _applications(objects: Objects, node: Node) -> None:
    data = table()
    known = objects.applications
    known |= {name: boxes(specs) for name, specs in data["applications"].items()}
    for name, why in data["unknown_applications"].items():
        known[name] = (Service(unknown=f"{name} depends on {why}"),)
    for name, members in data["application_sets"].items():
        known[name] = merged(box for one in members for box in known[one])
    for one in node.at("application").active():
        known[one.word] = merged(_application(objects, one))
    sets = {one.word: one for one in node.at("application-set").active()}
    kinds = ("application", "application-set")

    def gather(one: Node) -> Services:
        members = _members(one, *kinds)
        return merged(box for name in members for box in objects.application(name, one.line))

    def ring(one: Node) -> Services:
        why = f"the application set {one.word!r} holds itself"
        return (Service(unknown=objects.problem(one.line, why)),)

    _sets(known, sets, kinds, gather, ring)


def _application(objects: Objects, node: Node) -> Iterator[Service]:
    """The boxes of an application: its own, or those of its terms."""
    terms = list(node.at("term").active())
    plain = [words for words, _ in node.sentences() if words[0] != "term"]
    said = any(words[0] not in _HARMLESS for words in plain)
    if said or not terms:
        yield _term(objects, node, plain)
    for term in terms:
        yield _term(objects, term, [words for words, _ in term.sentences()])


def _term(objects: Objects, node: Node, sentences: Iterable[tuple[str, ...]]) -> Service:
    try:
        said = _pairs(sentences)
        return _box(said)
    except ValueError as error:
        objects.tally.missed(node.line, str(error))
        return Service(unknown=f"the application {node.word!r} is not understood")


def _pairs(sentences: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """What each keyword says, where several may stand in one statement."""
    said: dict[str, str] = {}
    for words in sentences:
        for key, value in zip(words[::2], (*words[1::2], ""), strict=False):
            if key in _HARMLESS:
                continue
            if key not in _MATCHES or not value or said.setdefault(key, value) != value:
                raise ValueError(f"what an application says of {key!r} is not understood")
    return said


def _box(said: Mapping[str, str]) -> Service:
    word = said.get("protocol", "")
    number = table()["protocols"].get(word)
    number = octet(word) if number is None else number
    src, dst = (named_ports(said.get(f"{side}-port")) for side in ("source", "destination"))
    kinds = [key for key in said if key.startswith("icmp")]
    if ((src or dst) and number not in PORTED) or (kinds and number not in (ICMP, ICMPV6)):
        raise ValueError(f"protocol {word} does not have what is asked of it")
    return Service(one_protocol(number), src, dst, _icmp(said, number))


def named_ports(text: str | None) -> Spans | None:
    """Ports from ``80``, ``80-90`` or a name that Junos has for one.

    Raises:
        ValueError: it is none of these.
    """
    if text is None:
        return None
    found: int | None = table()["ports"].get(text)
    return ports(text if found is None else str(found))


def _icmp(said: Mapping[str, str], number: int) -> Spans | None:
    family = "icmp" if number == ICMP else "icmp6"
    kind, code = said.get(f"{family}-type"), said.get(f"{family}-code", "")
    if kind is None:
        if any(key.startswith("icmp") for key in said):
            raise ValueError("a code of ICMP needs a type of the same family")
        return None
    word = table()[f"{family}_types"].get(kind, kind)
    return icmp(str(word), code)
