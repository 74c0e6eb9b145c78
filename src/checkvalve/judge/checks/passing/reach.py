"""What may be opened between two zones, as checks of paths ask: by service, with the lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import product
from typing import Final, Protocol

from checkvalve.findings import Answer, Evidence
from checkvalve.judge.checks.passing.reasons import reasons_of
from checkvalve.judge.checks.passing.rule_lines import cause_of, shown
from checkvalve.judge.segmentation.asking import is_of_family
from checkvalve.judge.segmentation.boxes import difference
from checkvalve.judge.segmentation.network import FAMILIES, Between, Network, Route, Service
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.judge.segmentation.service_classes import ANY_SERVICE, classes_of
from checkvalve.observe.firewalls.base import ICMP, ICMPV6, PORTED, Ref
from checkvalve.observe.firewalls.spans import (
    ALL_PORTS,
    IPV4,
    Addresses,
    Span,
    Spans,
    intersection,
    spans,
    union,
)

#: A line that passes more protocols than this has no service in mind.
_MANY_PROTOCOLS: Final = 3


@dataclass(frozen=True, slots=True)
class Passing:
    """Packets that share their fate.

    Attributes:
        family: 4 or 6.
        protocol: IP protocol number.
        box: where from, where to, and by which lines.
    """

    family: int
    protocol: int
    box: Box

    @property
    def witness(self) -> str:
        """One of the packets, in words."""
        source, destination = (
            _address(_inner(span), self.family) for span in (self.box.src, self.box.dst)
        )
        port = self.box.ports[0]
        ported = self.protocol in PORTED
        service = Service(self.protocol, ((port, port),) if ported else ALL_PORTS)
        return f"{source} to {destination} {service}"


class Cover(Protocol):
    """Something that packets may be part of: a grant's way, where a data source answers."""

    def boxes(self, family: int, protocol: int) -> Iterable[Box]:
        """All packets of a protocol that are part of it."""
        ...


@dataclass(frozen=True, slots=True)
class Opening:
    """One class of service that may be opened from a zone to another.

    Attributes:
        service: the class: ``control protocols``, ``any tcp``.
        passing: what passes, not empty.
    """

    service: str
    passing: tuple[Passing, ...]

    @property
    def ports(self) -> str:
        """What passes, by protocol and port: ``tcp/502, udp``."""
        return described(self.passing)

    @property
    def lines(self) -> tuple[Ref, ...]:
        """The lines that decide, as they stand in their files."""
        found = dict.fromkeys(ref for one in self.passing for ref in one.box.by)
        return tuple(sorted(found, key=lambda ref: (ref.file, ref.line, ref.text)))

    def cause(self, source: str, destination: str) -> str:
        """What makes a finding about it itself: zones, class of service, the lines' texts."""
        return cause_of(f"{source} to {destination}: {self.service}", self.lines)

    def evidence(self) -> tuple[Evidence, ...]:
        """A witness, and the lines that let it pass."""
        witness = Evidence("a packet that passes", actual=self.passing[0].witness)
        return (
            witness,
            *shown("the line that lets it pass: take it out, or narrow it", self.lines),
        )


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be opened from one zone to another.

    Attributes:
        source: the zone that opens.
        destination: the other zone.
        must: what passes whatever is not understood, by class of service.
        may: what passes if all that is not understood lets it.
        unclear: what is in ``may`` alone.
        reasons: why nobody can tell of it, each in words.
        lines: the lines behind those reasons.
        routes: over which firewalls; empty: no declared one joins the zones.
    """

    source: str
    destination: str
    must: tuple[Opening, ...]
    may: tuple[Opening, ...]
    unclear: tuple[Opening, ...]
    reasons: tuple[str, ...]
    lines: tuple[Ref, ...]
    routes: tuple[Route, ...]

    @property
    def answer(self) -> Answer:
        """Whether nothing may be opened: broken where something passes."""
        if self.must:
            return Answer.BROKEN
        return Answer.CANNOT_TELL if self.reasons else Answer.HOLDS

    @property
    def is_unjoined(self) -> bool:
        """Whether no declared firewall joins the zones, so that nobody can tell."""
        return bool(self.reasons) and not self.routes

    def doubt(self) -> tuple[Evidence, ...]:
        """What to look at where nobody can tell."""
        packets = [
            Evidence("a packet that may pass", actual=one.passing[0].witness)
            for one in (self.unclear or self.must)[:1]
        ]
        told = shown("a line that is not understood", self.lines)
        return (*packets, *told) or tuple(map(Evidence, self.reasons[:1]))


def reach(
    network: Network,
    source: str,
    destination: str,
    *,
    src: Addresses | None = None,
    dst: Addresses | None = None,
    services: Sequence[Service] | None = None,
) -> Reach:
    """What may be opened from one zone to another.

    Whole zones are asked about, once for all checks, and cut to what is wanted: no set has to
    be told to the network at its start.

    Args:
        network: is asked.
        source: the zone that opens.
        destination: the other zone.
        src: some of the source zone's addresses; ``None``: all.
        dst: the same of the other zone.
        services: what is asked for; ``None``: all but ICMP, which opens nothing.
    """
    if services is None:
        services = [Service(one) for one in network.protocols if one not in (ICMP, ICMPV6)]
    must: list[Passing] = []
    may: list[Passing] = []
    unclear: list[Passing] = []
    reasons: dict[str, None] = {}
    lines: dict[Ref, None] = {}
    routes: dict[Route, None] = {}
    for family, service in product(FAMILIES, services):
        if not is_of_family(service, family):
            continue
        whole = network.between(source, destination, Service(service.protocol), family)
        wanted = _Wanted(network, whole, service, src, dst)
        if not wanted.src or not wanted.dst:
            continue
        routes.update(dict.fromkeys(whole.routes))
        sure, perhaps = wanted.cut(whole.must), wanted.cut(whole.may)
        beyond = difference(perhaps, sure)
        for found, boxes in ((must, sure), (may, perhaps), (unclear, beyond)):
            found += [Passing(family, service.protocol, box) for box in boxes]
        if beyond or not whole.routes:
            for reason, ref in reasons_of(network, whole, wanted.src, wanted.dst, service.ports):
                reasons[reason] = None
                if ref is not None:
                    lines[ref] = None
    return Reach(
        source,
        destination,
        openings(must),
        openings(may),
        openings(unclear),
        tuple(reasons),
        tuple(lines),
        tuple(routes),
    )


def openings(passing: Iterable[Passing]) -> tuple[Opening, ...]:
    """What passes, by class of service; what one line lets pass of everything is one class."""
    by_lines: dict[tuple[Ref, ...], list[Passing]] = {}
    for one in passing:
        by_lines.setdefault(one.box.by, []).append(one)
    found: dict[str, list[Passing]] = {}
    for together in by_lines.values():
        for name, of_class in _classes(together):
            found.setdefault(name, []).extend(of_class)
    return tuple(Opening(name, tuple(of_class)) for name, of_class in found.items())


def _classes(passing: list[Passing]) -> Iterator[tuple[str, list[Passing]]]:
    """The classes of what the same lines let pass."""
    protocols = sorted({one.protocol for one in passing})
    if len(protocols) > _MANY_PROTOCOLS:
        yield ANY_SERVICE, passing
        return
    for protocol in protocols:
        own = [one for one in passing if one.protocol == protocol]
        for name in sorted(classes_of(protocol, spans(one.box.ports for one in own))):
            yield (
                name,
                [one for one in own if name in classes_of(protocol, (one.box.ports,))] or own,
            )


def passing_of(found: Iterable[Opening]) -> list[Passing]:
    """What passes in some classes of service."""
    return [one for opening in found for one in opening.passing]


def uncovered(passing: Iterable[Passing], covers: Iterable[Cover]) -> list[Passing]:
    """What of some packets is in none of some covers."""
    listed = tuple(covers)
    boxes: dict[tuple[int, int], list[Box]] = {}
    for one in passing:
        boxes.setdefault((one.family, one.protocol), []).append(one.box)
    return [
        Passing(*key, rest)
        for key, some in boxes.items()
        for rest in difference(some, [box for cover in listed for box in cover.boxes(*key)])
    ]


class _Wanted:
    """A part of what was asked about two zones.

    Args:
        network: is asked.
        whole: what may pass between the zones, all ports.
        service: the part's protocol and ports.
        src: its sources; ``None``: the zone's.
        dst: its destinations.
    """

    def __init__(
        self,
        network: Network,
        whole: Between,
        service: Service,
        src: Addresses | None,
        dst: Addresses | None,
    ) -> None:
        self._whole = whole
        self._ports = service.ports
        zones = network.zones
        self.src, self.dst = (
            zones[zone].of_family(whole.family)
            if part is None
            else intersection(part.of_family(whole.family), zones[zone].of_family(whole.family))
            for zone, part in ((whole.source, src), (whole.destination, dst))
        )

    def cut(self, boxes: Iterable[Box]) -> list[Box]:
        """What of some boxes is wanted."""
        return [part for box in boxes for part in self._parts(box)]

    def _parts(self, box: Box) -> Iterator[Box]:
        for src, dst, ports in product(
            intersection(self.src, (box.src,)),
            intersection(self.dst, (box.dst,)),
            intersection(self._ports, (box.ports,)),
        ):
            yield Box(src, dst, ports, box.src_ports, box.by)


def described(passing: Iterable[Passing]) -> str:
    """The protocols and ports of what passes, in words: ``tcp/502, udp``."""
    ports: dict[int, Spans] = {}
    for one in passing:
        ports[one.protocol] = union(ports.get(one.protocol, ()), (one.box.ports,))
    words = [str(Service(protocol, ports[protocol])) for protocol in ports if protocol in PORTED]
    other = [protocol for protocol in ports if protocol not in PORTED]
    if len(other) > 1:
        return ", ".join((*words, "other protocols"))
    return ", ".join((*words, *(str(Service(protocol)) for protocol in other)))


def _inner(span: Span) -> int:
    """A number in a span, by preference not its first, which may name a whole network."""
    low, high = span
    return low if low == high else low + 1


def _address(number: int, family: int) -> str:
    return str(IPv4Address(number) if family == IPV4 else IPv6Address(number))
