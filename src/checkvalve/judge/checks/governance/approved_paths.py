"""What AI components may reach: sources by approval, ways out by approval or isolation plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from checkvalve.judge.checks.governance.approvals import approvals_of, denial_of, is_approved
from checkvalve.judge.checks.governance.source_places import Place, place_of
from checkvalve.judge.segmentation.asking import asset_set, services_of
from checkvalve.judge.segmentation.network import Network
from checkvalve.observe.firewalls.spans import Addresses
from checkvalve.plant import INTERNET, Plant
from checkvalve.plant.components import Component
from checkvalve.plant.data_sources import DataSource
from checkvalve.plant.services import Service as DeclaredService


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a component stands.

    Attributes:
        component: the component.
        zone: a zone with some of its machines.
        assets: those machines.
        src: their addresses, not empty.
    """

    component: Component
    zone: str
    assets: tuple[str, ...]
    src: Addresses


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A source that a component must not read.

    Attributes:
        source: the source.
        place: where it answers.
        denied: a denial says so; else nothing approves it.
    """

    source: DataSource
    place: Place
    denied: bool


class ApprovedPaths:
    """What is approved to the components of a plant.

    Args:
        plant: approvals, denials and isolation plans.
        network: the addresses of its zones.
        at: approvals end.

    Attributes:
        outside: the zones that are not the plant's own: the internet, and those of a cloud.
    """

    def __init__(self, plant: Plant, network: Network, at: datetime) -> None:
        self.plant = plant
        self.network = network
        self.at = at
        clouds = (zone.id for zone in plant.zones.values() if zone.level == "cloud")
        self.outside = (INTERNET, *clouds)
        self._places = {one.id: place_of(plant, one) for one in plant.data_sources.values()}

    def forbidden(self, component: Component) -> dict[str, list[Forbidden]]:
        """The sources that it must not read, by zone, as far as it is said where they are.

        One outside the plant counts only if it is denied: the way out itself is judged.
        """
        found: dict[str, list[Forbidden]] = {}
        for source in self.plant.data_sources.values():
            place = self._places[source.id]
            if place is None:
                continue
            denied = denial_of(self.plant, component.id, source.id) is not None
            known = self._is_approved(component, source.id) or self._has_ended(component, source.id)
            if denied or (not known and place.zone not in self.outside):
                found.setdefault(place.zone, []).append(Forbidden(source, place, denied))
        return found

    def allowed(self, stand: Stand, outside: str) -> tuple[Place, ...]:
        """What a component may reach in a zone outside the plant."""
        approved = (self._places[name] for name in self._approved(stand.component))
        return (
            *(place for place in approved if place is not None and place.zone == outside),
            *self._planned(stand, outside),
        )

    def named_only(self, component: Component) -> tuple[str, ...]:
        """The sources that are approved to a component, of which no address is declared."""
        return tuple(one for one in self._approved(component) if self._places[one] is None)

    def _approved(self, component: Component) -> list[str]:
        return [
            name
            for name in self._places
            if self._is_approved(component, name)
            and denial_of(self.plant, component.id, name) is None
        ]

    def _is_approved(self, component: Component, source: str) -> bool:
        return is_approved(self.plant, component.id, source, self.at)

    def _has_ended(self, component: Component, source: str) -> bool:
        approvals = approvals_of(self.plant, component.id, source)
        return any(not one.is_valid(self.at) for one in approvals)

    def _planned(self, stand: Stand, outside: str) -> Iterator[Place]:
        """The paths into a zone that a component's isolation plan lists."""
        name = stand.component.isolation_plan
        for path in () if name is None else self.plant.isolation_plans[name].allowed:
            if path.source not in (stand.zone, *stand.assets):
                continue
            ports = () if path.port is None else (path.port,)
            declared = DeclaredService(proto=path.proto, dst_ports=ports)
            services = services_of((declared,), self.network.protocols)
            if path.destination == outside:
                yield Place(outside, self.network.zones[outside], services)
            elif path.destination in self.plant.assets:
                asset = self.plant.assets[path.destination]
                if asset.zone == outside:
                    yield Place(outside, asset_set(self.plant, asset.id), services)
