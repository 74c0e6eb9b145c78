"""The ways between zones that grants open, and what of a rule set no grant accounts for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import product
from typing import Final

from checkvalve.findings import Evidence
from checkvalve.judge.checks.passing.reach import Reach, passing_of, reach
from checkvalve.judge.segmentation.asking import (
    port_set,
    services_of,
    source_set,
    targets_by_zone,
    via_set,
)
from checkvalve.judge.segmentation.network import Network, Service
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.observe.firewalls.base import Ref
from checkvalve.observe.firewalls.spans import ALL_PORTS, Addresses, Spans, union
from checkvalve.plant import DEFAULT_REALM, INTERNET, Plant
from checkvalve.plant.access import Grant
from checkvalve.plant.services import Service as DeclaredService
from checkvalve.plant.times import lasts

#: Lines that a change lists.
_MOST_LINES: Final = 12


@dataclass(frozen=True, slots=True)
class Way:
    """Between two zones, a part of the way that a grant opens.

    Attributes:
        grant: its id; of a conduit, the conduit's.
        source: the zone it begins in.
        destination: the zone it leads to.
        src: where in the one.
        dst: where in the other.
        services: what may be opened; ``None``: everything.
        onward: it leads on from the jump host.
    """

    grant: str
    source: str
    destination: str
    src: Addresses
    dst: Addresses
    services: tuple[Service, ...] | None = None
    onward: bool = False

    def boxes(self, family: int, protocol: int) -> Iterator[Box]:
        """All that it may let pass of a protocol."""
        ports = self.ports(protocol)
        for src, dst, span in product(
            self.src.of_family(family), self.dst.of_family(family), ports
        ):
            yield Box(src, dst, span, ALL_PORTS[0])

    def ports(self, protocol: int) -> Spans:
        """The ports of a protocol that may be opened."""
        if self.services is None:
            return ALL_PORTS
        return union(*(one.ports for one in self.services if one.protocol == protocol))


class Access:
    """The grants of a plant, held against what its network permits.

    Args:
        plant: holds the grants.
        network: what is permitted.
        at: which grants are active.
    """

    def __init__(self, plant: Plant, network: Network, at: datetime) -> None:
        self.plant = plant
        self.network = network
        self.at = at

    @cached_property
    def active(self) -> tuple[Way, ...]:
        """The ways of all grants that are active."""
        return tuple(way for grant in self.plant.active_grants(self.at) for way in self.ways(grant))

    @cached_property
    def conduits(self) -> tuple[Way, ...]:
        """The conduits that are valid, as ways between whole zones."""
        zones = self.network.zones
        return tuple(
            Way(conduit.id, source, destination, zones[source], zones[destination], asked)
            for conduit in self.plant.conduits.values()
            if lasts(conduit.valid_until, self.at)
            for source, destination in conduit.openings()
            for asked in [self._services(conduit.flows)]
        )

    @cached_property
    def in_use(self) -> Mapping[Ref, tuple[str, ...]]:
        """The lines that let active grants in, with the grants."""
        found: dict[Ref, dict[str, None]] = {}
        for way in self.active:
            for passing in passing_of(self.opened(way).must):
                for ref in passing.box.by:
                    found.setdefault(ref, {})[way.grant] = None
        return {ref: tuple(names) for ref, names in found.items()}

    @cached_property
    def assumed(self) -> str:
        """What a verdict rests on because the plant declares it, in words; empty if nothing."""
        names = [
            firewall.id
            for firewall in self.plant.firewalls.values()
            if firewall.rate_limits == "not_exceeded" and self._limits_rates(firewall.id)
        ]
        return f"rate limits of {', '.join(names)} are not exceeded" if names else ""

    def assumption(self) -> tuple[Evidence, ...]:
        """The same as evidence."""
        what = "assumed, because the plant declares it"
        return (Evidence(what, actual=self.assumed),) if self.assumed else ()

    def supposing(self, because: str) -> str:
        """A sentence with what it rests on."""
        return f"{because}, supposing that {self.assumed}" if self.assumed else because

    def _limits_rates(self, firewall: str) -> bool:
        rule_set = self.network.rule_sets.get(firewall)
        return rule_set is not None and any(rule.rate for rule in rule_set.rules())

    def ways(self, grant: Grant) -> tuple[Way, ...]:
        """The ways of a grant: to its jump host and on from there, or straight to its targets.

        What stays inside one zone meets no firewall, and is no way. A grant without a source
        may be used from every outside zone. A jump host answers on anything, unless it is
        itself a target.
        """
        services = self._services(grant.services)
        targets = targets_by_zone(self.plant, grant, self.network.zones)
        sources = self.placed(source_set(grant)) if grant.source else self._outside()
        if grant.via is None:
            return tuple(_between(grant, sources, targets, services))
        jump = {self.plant.assets[grant.via].zone: via_set(self.plant, grant)}
        inward = services if grant.via in grant.targets else None
        return (
            *_between(grant, sources, jump, inward),
            *_between(grant, jump, targets, services, onward=True),
        )

    def opened(self, way: Way) -> Reach:
        """What of a way is permitted."""
        return reach(
            self.network, way.source, way.destination,
            src=way.src, dst=way.dst, services=way.services,
        )  # fmt: skip

    def placed(self, addresses: Addresses) -> dict[str, Addresses]:
        """Addresses by the zone that they are in: the plant's own space before any other."""
        found: dict[str, Addresses] = {}
        left = addresses
        for own in (True, False):
            here = {
                name: left & all_of_it
                for name, all_of_it in self.network.zones.items()
                if self._is_own(name) == own
            }
            for name, part in here.items():
                if part:
                    found[name] = part
                    left -= part
        return found

    def _is_own(self, zone: str) -> bool:
        declared = self.plant.zones.get(zone)
        return declared is None or declared.realm == DEFAULT_REALM

    def _outside(self) -> dict[str, Addresses]:
        return {name: self.network.zones[name] for name in outside_zones(self.plant)}

    def _services(self, declared: Iterable[DeclaredService]) -> tuple[Service, ...] | None:
        listed = tuple(declared)
        if not listed or any(
            service.proto == "any" and port_set(service) == ALL_PORTS for service in listed
        ):
            return None
        return services_of(listed, self.network.protocols)


def _between(
    grant: Grant,
    sources: Mapping[str, Addresses],
    targets: Mapping[str, Addresses],
    services: tuple[Service, ...] | None,
    *,
    onward: bool = False,
) -> Iterator[Way]:
    for (source, src), (target, dst) in product(sources.items(), targets.items()):
        if source != target and src and dst:
            yield Way(grant.id, source, target, src, dst, services, onward)


def outside_zones(plant: Plant) -> tuple[str, ...]:
    """The zones that are not the plant's own: those of kind remote, and the internet."""
    return (*(zone.id for zone in plant.zones.values() if zone.kind == "remote"), INTERNET)


def mended(lines: Sequence[Ref], in_use: Mapping[Ref, tuple[str, ...]]) -> Evidence:
    """Which lines to take out, as text; what an active grant needs is narrowed instead.

    Args:
        lines: the lines that decide.
        in_use: lines that active grants need, with the grants.
    """
    told = [_change(ref, in_use.get(ref, ())) for ref in lines[:_MOST_LINES]]
    if len(lines) > _MOST_LINES:
        told.append(f"and {len(lines) - _MOST_LINES} more")
    return Evidence("a change that mends it", actual="\n".join(told))


def _change(ref: Ref, grants: tuple[str, ...]) -> str:
    if ref.line == 0:
        return f"{ref.file}: add a line that denies it; now {ref.text}"
    if grants:
        return f"narrow {ref} (it lets in {', '.join(grants)} too)"
    return f"remove {ref}"


def spoken(at: datetime) -> str:
    """An instant in words."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def named(grant: Grant) -> str:
    """A grant with its holder, in words."""
    return f"grant '{grant.id}' of {grant.holder}"


def listed(services: Iterable[Service] | None) -> str:
    """Services in words."""
    return "everything" if services is None else ", ".join(map(str, services)) or "nothing"
