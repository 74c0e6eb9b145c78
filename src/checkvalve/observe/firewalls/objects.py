"""What names in a rule set stand for: address objects, service objects, groups of them.

Private to the readers of platforms that name their objects (FortiOS, Junos). An object that is
not wholly understood keeps two bounds: what it surely holds, and what it could hold at the most.
A rule that uses it becomes two: one that is understood, and an unknown one that is as wide as
it could be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Final

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, PORTED, SCTP, TCP, UDP, FilterRule
from checkvalve.observe.firewalls.spans import (
    ALL_PORTS,
    ALL_PROTOCOLS,
    ANYWHERE,
    NOWHERE,
    Addresses,
    Spans,
    complement,
    intersection,
    spans,
    union,
)

_WORDS: Final = {"tcp": TCP, "udp": UDP, "sctp": SCTP, "icmp": ICMP, "icmp6": ICMPV6}
_ALL_ICMP: Final[Spans] = ((0, 65_535),)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A set of addresses between two bounds.

    Attributes:
        surely: addresses that are in it.
        perhaps: all that could be in it; what is sure is in here too.
        why: why the two differ; empty if they do not.
    """

    surely: Addresses
    perhaps: Addresses
    why: str = ""

    @classmethod
    def exactly(cls, addresses: Addresses) -> Bounds:
        """A set that is known."""
        return cls(addresses, addresses)

    @classmethod
    def unknown(cls, why: str, within: Addresses = ANYWHERE) -> Bounds:
        """A set of which nothing is known but what it is within."""
        return cls(NOWHERE, within, why)

    def __or__(self, other: Bounds) -> Bounds:
        """What is in either."""
        return Bounds(
            self.surely | other.surely, self.perhaps | other.perhaps, self.why or other.why
        )

    def without(self, other: Bounds) -> Bounds:
        """What is in the first alone."""
        return Bounds(
            self.surely - other.perhaps, self.perhaps - other.surely, self.why or other.why
        )


@dataclass(frozen=True, slots=True)
class Service:
    """One box of protocols and ports.

    Attributes:
        protocols: IP protocol numbers; ``None``: any.
        src_ports: ``None``: any; else all ``protocols`` have ports.
        dst_ports: the same.
        icmp: ``type << 8 | code``; ``None``: any.
        unknown: why it could also match nothing of this; empty: it is known.
    """

    protocols: Spans | None = None
    src_ports: Spans | None = None
    dst_ports: Spans | None = None
    icmp: Spans | None = None
    unknown: str = ""


ANY_SERVICE: Final = Service()
Services = tuple[Service, ...]


def merged(services: Iterable[Service]) -> Services:
    """The same services in fewer boxes: those that differ by destination port alone are one."""
    boxes: dict[tuple[Spans | None, Spans | None, Spans | None, str], Spans | None] = {}
    for one in services:
        if one.protocols is None and not one.unknown:
            return (ANY_SERVICE,)
        key = (one.protocols, one.src_ports, one.icmp, one.unknown)
        have = boxes.get(key, ())
        both = have is not None and one.dst_ports is not None
        boxes[key] = union(have or (), one.dst_ports or ()) if both else None
    return tuple(
        Service(protocols, src, dst, icmp, unknown)
        for (protocols, src, icmp, unknown), dst in boxes.items()
    )


def negated(services: Iterable[Service]) -> Services:
    """Every protocol and port but these; where one is unknown, perhaps all that it could be."""
    boxes = tuple(services)
    known = _complement(boxes)
    doubt = next((box.unknown for box in boxes if box.unknown), "")
    if not doubt:
        return known
    widest = _complement(box for box in boxes if not box.unknown)
    return (*known, *(replace(box, unknown=doubt) for box in widest))


def _complement(services: Iterable[Service]) -> Services:
    boxes = tuple(services)
    if any(box.protocols is None for box in boxes):
        return ()
    named = union(*(box.protocols or () for box in boxes))
    others = complement(named, ALL_PROTOCOLS)
    found = [Service(others)] if others else []
    for number in (n for low, high in named for n in range(low, high + 1)):
        own = [box for box in boxes if intersection(box.protocols or (), ((number, number),))]
        found += _rest(number, own)
    return tuple(found)


def _rest(number: int, boxes: list[Service]) -> Iterator[Service]:
    """What the boxes leave of one protocol that they name."""
    alone: Spans = ((number, number),)
    if number in PORTED:
        left = [(ALL_PORTS, ALL_PORTS)]
        for box in boxes:
            left = list(_cut(left, box.src_ports or ALL_PORTS, box.dst_ports or ALL_PORTS))
        yield from (Service(alone, src, dst) for src, dst in left)
    elif all(box.icmp is not None for box in boxes):
        rest = complement(union(*(box.icmp or () for box in boxes)), _ALL_ICMP)
        if rest:
            yield Service(alone, icmp=rest)


def _cut(left: list[tuple[Spans, Spans]], src: Spans, dst: Spans) -> Iterator[tuple[Spans, Spans]]:
    for sources, targets in left:
        outside = complement(src, sources)
        if outside:
            yield outside, targets
        inside, other = intersection(sources, src), complement(dst, targets)
        if inside and other:
            yield inside, other


def bottom_up(members: Mapping[str, Iterable[str]]) -> tuple[list[str], frozenset[str]]:
    """Groups in an order in which each comes behind those that it holds.

    Args:
        members: what each group holds; names that are no group are passed over.

    Returns:
        The order, and the groups that hold themselves, through others or not, or hold such a
        group: they are not in the order.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter(
        {name: [one for one in inner if one in members] for name, inner in members.items()}
    )
    with suppress(CycleError):  # what is outside the cycles is still given out
        sorter.prepare()
    order: list[str] = []
    while ready := sorter.get_ready():
        order += ready
        sorter.done(*ready)
    return order, frozenset(members).difference(order)


@dataclass(frozen=True, slots=True)
class Ends:
    """What a policy says of sources, destinations and services, each between its bounds.

    Attributes:
        src: sources.
        dst: destinations.
        services: in boxes.
        doubts: why the policy as a whole is not understood.
    """

    src: Bounds
    dst: Bounds
    services: Services
    doubts: tuple[str, ...] = field(default=())

    def rules(self, plain: FilterRule) -> Iterator[FilterRule]:
        """The lines that a policy stands for: the known ones, then the unknown.

        Args:
            plain: action, interfaces, time and place of all of them.
        """
        surely = _families(self.src.surely, self.dst.surely)
        perhaps = _families(self.src.perhaps, self.dst.perhaps)
        sure = [box for box in self.services if not box.unknown]
        whole = "; ".join(self.doubts) or plain.unknown
        if not whole:
            for src, dst in surely:
                yield from (_line(plain, src, dst, box, "") for box in sure)
        why = "; ".join(dict.fromkeys(filter(None, (whole, self.src.why, self.dst.why))))
        for src, dst in perhaps:
            for box in self.services:
                reason = "; ".join(filter(None, (why, box.unknown)))
                if reason:
                    yield _line(plain, src, dst, box, reason)


def _families(src: Addresses, dst: Addresses) -> list[tuple[Addresses, Addresses]]:
    """One pair of sides, or none where no family has both."""
    v4, v6 = bool(src.v4 and dst.v4), bool(src.v6 and dst.v6)
    if not (v4 or v6):
        return []
    return [
        (
            Addresses(src.v4 if v4 else (), src.v6 if v6 else ()),
            Addresses(dst.v4 if v4 else (), dst.v6 if v6 else ()),
        )
    ]


def _line(
    plain: FilterRule, src: Addresses, dst: Addresses, box: Service, unknown: str
) -> FilterRule:
    return replace(
        plain,
        src=src,
        dst=dst,
        protocols=box.protocols,
        src_ports=box.src_ports,
        dst_ports=box.dst_ports,
        icmp=box.icmp,
        unknown=unknown,
    )


def one_protocol(number: int) -> Spans:
    """A protocol alone."""
    return spans([(number, number)])


def boxes(specs: Iterable[str]) -> Services:
    """Services from ``any``, ``tcp/80``, ``tcp/80-90:1024-65535``, ``icmp/8``, ``ip/47``."""
    return merged(_box(spec) for spec in specs)


def _box(spec: str) -> Service:
    word, _, rest = spec.partition("/")
    if word == "any":
        return ANY_SERVICE
    if word == "ip":
        return Service(one_protocol(octet(rest)))
    number = _WORDS[word]
    if number in (ICMP, ICMPV6):
        return Service(one_protocol(number), icmp=icmp(rest, "") if rest else None)
    return ported(number, rest)


def ported(number: int, word: str) -> Service:
    """A box from a destination range and, behind a colon, a source range."""
    dst, colon, src = word.partition(":")
    return Service(one_protocol(number), ports(src) if colon else None, ports(dst))


def ports(text: str) -> Spans:
    """Ports from ``80`` or ``80-90``.

    Raises:
        ValueError: it is neither.
    """
    first, dash, last = text.partition("-")
    low, high = int(first), int(last if dash else first)
    if not 0 <= low <= high <= 65_535:  # noqa: PLR2004  # the highest port
        raise ValueError(f"{text!r} is no range of ports")
    return spans([(low, high)])


def octet(text: str) -> int:
    """A number of one octet.

    Raises:
        ValueError: it is none.
    """
    number = int(text)
    if not 0 <= number <= 255:  # noqa: PLR2004  # the highest octet
        raise ValueError(f"{text!r} is no number of one octet")
    return number


def icmp(kind: str, code: str) -> Spans:
    """``type << 8 | code`` of one type, and one code or all.

    Raises:
        ValueError: one of them is no number of one octet.
    """
    first = octet(kind) << 8
    return spans([(first | octet(code), first | octet(code)) if code else (first, first | 255)])
