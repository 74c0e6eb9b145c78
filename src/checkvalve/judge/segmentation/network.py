"""Permitted sets between zones: over which firewalls, and what all of them let pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from checkvalve.judge.segmentation.compiled import Compiled
from checkvalve.judge.segmentation.permitted import Block, Box, Permitted, permitted
from checkvalve.judge.segmentation.places import zone_addresses
from checkvalve.observe.firewalls.base import (
    ICMP,
    ICMPV6,
    PORTED,
    SCTP,
    TCP,
    UDP,
    RuleSet,
    State,
)
from checkvalve.observe.firewalls.spans import (
    ALL_PORTS,
    IPV4,
    IPV6,
    Addresses,
    Spans,
)
from checkvalve.plant import Plant
from checkvalve.plant.firewalls import Firewall

FAMILIES: Final = (IPV4, IPV6)
LAST_PROTOCOL: Final = 255
#: Firewalls on one way between two zones.
LONGEST_ROUTE: Final = 4
_NAMES: Final = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPV6: "icmpv6", SCTP: "sctp"}
_NUMBERS: Final = {name: number for number, name in _NAMES.items()}


@dataclass(frozen=True, slots=True)
class Hop:
    """One firewall on the way.

    Attributes:
        firewall: its id in the plant.
        in_if: the interface that packets come in by.
        out_if: the one that they go out by.
    """

    firewall: str
    in_if: str
    out_if: str

    def __str__(self) -> str:
        return f"{self.firewall} ({self.in_if} to {self.out_if})"


Route = tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """What is asked for.

    Attributes:
        protocol: IP protocol number.
        ports: destination ports, or ICMP types and codes.
    """

    protocol: int
    ports: Spans = ALL_PORTS

    def __str__(self) -> str:
        name = _NAMES.get(self.protocol, f"protocol {self.protocol}")
        if self.protocol not in PORTED or self.ports == ALL_PORTS:
            return name
        return f"{name}/{','.join(str(a) if a == b else f'{a}-{b}' for a, b in self.ports)}"


def protocol_name(protocol: int) -> str:
    """``tcp`` and so on; ``protocol 47`` where it has no name here."""
    return str(Service(protocol))


def protocol_number(name: str) -> int | None:
    """The number of ``tcp`` and so on, or of a number as text; ``None`` if it is none."""
    if name.isdecimal() and int(name) <= LAST_PROTOCOL:
        return int(name)
    return _NUMBERS.get(name.casefold())


def protocols_told_apart(rule_sets: Iterable[RuleSet]) -> tuple[int, ...]:
    """The first protocol of each run of protocols that all rules treat alike."""
    cuts = {0, TCP, TCP + 1, UDP, UDP + 1, ICMP, ICMP + 1, ICMPV6, ICMPV6 + 1}
    for rule_set in rule_sets:
        for rule in rule_set.rules():
            for low, high in rule.protocols or ():
                cuts |= {low, high + 1}
    return tuple(sorted(cut for cut in cuts if cut <= LAST_PROTOCOL))


@dataclass(frozen=True, slots=True)
class Between:
    """What may pass from one zone to another.

    Attributes:
        source: the zone's id.
        destination: the zone's id.
        service: what was asked for.
        family: 4 or 6.
        routes: the ways there; empty: no declared firewall joins the zones.
        may: boxes that pass if all that is not understood lets them.
        must: boxes that pass in any case.
        unread: firewalls on the way whose rule sets were not read.
    """

    source: str
    destination: str
    service: Service
    family: int
    routes: tuple[Route, ...]
    may: tuple[Box, ...]
    must: tuple[Box, ...]
    unread: tuple[str, ...] = ()

    @property
    def answer(self) -> str:
        """``permitted``, ``denied`` or ``cannot tell``: of the question as a whole."""
        if self.must:
            return "permitted"
        return "cannot tell" if self.may or not self.routes else "denied"


class Network:
    """The zones of a plant, its firewalls and what they let pass at an instant.

    Of several ways between two zones the shortest are taken. What passes on any of them may
    pass; what passes on all of them does.

    Args:
        plant: zones, assets and firewalls.
        rule_sets: by the firewall's id; one that is missing makes what it touches unknown.
        at: the instant.
        asked: further address sets that will be asked about.
        ports: port sets that will be asked about.
    """

    def __init__(
        self,
        plant: Plant,
        rule_sets: Mapping[str, RuleSet],
        at: datetime,
        *,
        asked: Iterable[Addresses] = (),
        ports: Iterable[Spans] = (),
    ) -> None:
        self.plant = plant
        self.rule_sets = dict(rule_sets)
        self.at = at
        self.zones = zone_addresses(plant)
        self._asked = (*self.zones.values(), *asked)
        self._ports = tuple(ports)
        self._compiled: dict[tuple[str, int], Compiled] = {}
        self._routes: dict[tuple[str, str], tuple[Route, ...]] = {}
        self._found: dict[tuple[object, ...], Between] = {}

    @cached_property
    def protocols(self) -> tuple[int, ...]:
        """Protocols of which at least one stands for each that any rule treats apart."""
        return protocols_told_apart(self.rule_sets.values())

    def between(
        self,
        source: str,
        destination: str,
        service: Service,
        family: int = IPV4,
        *,
        state: State = State.NEW,
        src: Addresses | None = None,
        dst: Addresses | None = None,
    ) -> Between:
        """What may pass from one zone to another.

        Args:
            source: the zone that opens.
            destination: the other zone.
            service: protocol and ports, which must be among those told at the start.
            family: 4 or 6.
            state: ``NEW``: what may open a session; else what passes of one.
            src: some of the source zone's addresses, told at the start; ``None``: all.
            dst: the same of the other zone.
        """
        key = (source, destination, service, family, state, src, dst)
        if key not in self._found:
            block = (
                (self.zones[source] if src is None else src).of_family(family),
                (self.zones[destination] if dst is None else dst).of_family(family),
            )
            self._found[key] = self._over(source, destination, service, family, state, block)
        return self._found[key]

    def denied(self, about: Between) -> tuple[Box, ...]:
        """What of whole zones some firewall on a way denies to open, and by which lines.

        Args:
            about: an answer about two whole zones.
        """
        block = tuple(
            self.zones[zone].of_family(about.family) for zone in (about.source, about.destination)
        )
        hops = dict.fromkeys(hop for way in about.routes for hop in way)
        answers = (
            self._at_hop(hop, about.service, about.family, State.NEW, (block[0], block[1]))
            for hop in hops
        )
        return tuple(box for answer in answers for box in answer.denied)

    def _over(  # the question in its parts
        self,
        source: str,
        destination: str,
        service: Service,
        family: int,
        state: State,
        block: tuple[Spans, Spans],
    ) -> Between:
        routes = self.routes(source, destination) if block[0] and block[1] else ()
        if not (block[0] and block[1]):
            return Between(source, destination, service, family, ((),), (), ())
        unread = {hop.firewall for route in routes for hop in route} - self.rule_sets.keys()
        answers = [
            [self._at_hop(hop, service, family, state, block) for hop in route] for route in routes
        ]
        may = [_along([one.may for one in answer]) for answer in answers]
        must = [_along([one.must for one in answer]) for answer in answers]
        return Between(
            source,
            destination,
            service,
            family,
            routes,
            may=tuple(dict.fromkeys(box for boxes in may for box in boxes)),
            must=_along(must) if must else (),
            unread=tuple(sorted(unread)),
        )

    def _at_hop(
        self, hop: Hop, service: Service, family: int, state: State, block: tuple[Spans, Spans]
    ) -> Permitted:
        compiled = self.compiled(hop.firewall, family)
        return permitted(
            compiled,
            Block(hop.in_if, hop.out_if, *block, service.protocol, service.ports, state),
        )

    def compiled(self, name: str, family: int) -> Compiled:
        """A firewall's rule set, made ready; one that was not read says nothing."""
        key = (name, family)
        if key not in self._compiled:
            firewall = self.plant.firewalls[name]
            rule_set = self.rule_sets.get(name) or _unread(firewall)
            self._compiled[key] = Compiled(
                rule_set,
                family,
                self._asked,
                self.at,
                clock=ZoneInfo(firewall.clock_zone) if firewall.clock_zone else None,
                rates_hold=firewall.rate_limits == "not_exceeded",
                ports=self._ports,
            )
        return self._compiled[key]

    def routes(self, source: str, destination: str) -> tuple[Route, ...]:
        """The shortest ways from one zone to another; between them stand other zones."""
        key = (source, destination)
        if key not in self._routes:
            ways = () if source == destination else self._shortest(source, destination)
            hosts = self._at_hosts(source, destination)
            self._routes[key] = tuple((*way, *hosts) for way in ways or (((),) if hosts else ()))
        return self._routes[key]

    def _shortest(self, source: str, destination: str) -> tuple[Route, ...]:
        """All ways of the fewest firewalls; such a way never comes back nearer to its start."""
        waiting: list[tuple[str, Route]] = [(source, ())]
        nearer = {source}
        for _ in range(LONGEST_ROUTE):
            further = [
                (beyond, (*way, hop))
                for zone, way in waiting
                for hop, beyond in self._hops.get(zone, ())
                if beyond not in nearer
            ]
            found = tuple(dict.fromkeys(way for zone, way in further if zone == destination))
            if found:
                return found
            nearer |= {zone for zone, _ in further}
            waiting = further
        return ()

    @cached_property
    def _hops(self) -> dict[str, list[tuple[Hop, str]]]:
        """From each zone: over which firewall to which other zone."""
        hops: dict[str, list[tuple[Hop, str]]] = {}
        for firewall in self.plant.firewalls.values():
            if self._is_at_hosts(firewall.id):
                continue
            for in_if, zone in firewall.interfaces.items():
                for out_if, beyond in firewall.interfaces.items():
                    if in_if != out_if and zone != beyond:
                        hops.setdefault(zone, []).append((Hop(firewall.id, in_if, out_if), beyond))
        return hops

    def _is_at_hosts(self, firewall: str) -> bool:
        rule_set = self.rule_sets.get(firewall)
        return rule_set is not None and rule_set.at_hosts

    def _at_hosts(self, source: str, destination: str) -> Route:
        """Rule sets that stand at the hosts of either zone."""
        found = []
        for firewall in self.plant.firewalls.values():
            if self._is_at_hosts(firewall.id):
                by_zone = {zone: name for name, zone in firewall.interfaces.items()}
                if source in by_zone or destination in by_zone:
                    ends = (by_zone.get(source, ""), by_zone.get(destination, ""))
                    found.append(Hop(firewall.id, *ends))
        return tuple(found)


def _along(sets: list[tuple[Box, ...]]) -> tuple[Box, ...]:
    """What is in all of some sets of boxes."""
    if not sets:
        return ()
    found = sets[0]
    for boxes in sets[1:]:
        found = tuple(
            both for one in found for other in boxes for both in [one.meets(other)] if both
        )
    return found


def _unread(firewall: Firewall) -> RuleSet:
    """A rule set that says nothing, so that all it touches is unknown."""
    return RuleSet(firewall.vendor, firewall.config or firewall.id, {}, (), families=frozenset())
