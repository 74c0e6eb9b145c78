"""What the declared grants say of a session from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network

from checkvalve.judge.window import End, Path
from checkvalve.plant import Plant
from checkvalve.plant.access import Grant


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of the way that a grant opens.

    Attributes:
        grant: the grant.
        onward: from the jump host to the target; else from outside inwards.
    """

    grant: Grant
    onward: bool


class Grants:
    """The grants that may be about a session, by where it comes from.

    Args:
        plant: holds them.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._grants = tuple(plant.grants.values())
        self._networks = tuple(
            tuple(ip_network(cidr) for cidr in grant.source) for grant in self._grants
        )
        self._sources = frozenset(network for networks in self._networks for network in networks)
        self._jump_hosts = {grant.via for grant in self._grants if grant.via is not None}
        self._outside: dict[str, bool] = {}

    def concern(self, path: Path) -> bool:
        """Whether a session needs a grant: it comes in from outside, or on from a jump host."""
        if path.source.zone == path.destination.zone:
            return False
        if path.source.name in self._jump_hosts:
            return bool(self.legs(path))
        return self.is_from_outside(path.source)

    def is_from_outside(self, end: End) -> bool:
        """Whether it stands in a remote zone, or where the holder of a grant comes from."""
        known = self._outside.get(end.address)
        if known is None:
            zone = self._plant.zones.get(end.zone)
            address = ip_address(end.address)
            known = (zone is not None and zone.kind == "remote") or any(
                address in network for network in self._sources
            )
            self._outside[end.address] = known
        return known

    def legs(self, path: Path) -> tuple[Leg, ...]:
        """The grants that open this path to somebody, whenever that may be."""
        if self.is_from_outside(path.source):
            return tuple(
                Leg(grant, onward=False)
                for number, grant in enumerate(self._grants)
                if self._may_come_from(number, path.source)
                and (path.destination.name == grant.via or self.is_target(grant, path.destination))
            )
        return tuple(Leg(grant, onward=True) for grant in self._onward(path))

    def is_target(self, grant: Grant, end: End) -> bool:
        """Whether a grant names the machine or its zone."""
        return end.name in grant.targets or end.zone in grant.targets

    def _onward(self, path: Path) -> Iterator[Grant]:
        for grant in self._grants:
            on = grant.via == path.source.name and path.destination.name != grant.via
            if on and self.is_target(grant, path.destination):
                yield grant

    def _may_come_from(self, number: int, end: End) -> bool:
        networks = self._networks[number]
        if not networks:
            return True
        address = ip_address(end.address)
        return any(address in network for network in networks)


def objections(leg: Leg, path: Path, first: datetime, last: datetime) -> tuple[str, ...]:
    """What a grant has against a session, in words; nothing when it covers it.

    Args:
        leg: the grant, and which part of its way.
        path: the session's ends and service.
        first: its first packet.
        last: its last packet so far.
    """
    grant = leg.grant
    return tuple(
        text
        for text in (
            _way(leg, path),
            _service(leg, path),
            closed(grant, first) or _end(grant, last),
        )
        if text
    )


def _way(leg: Leg, path: Path) -> str:
    grant = leg.grant
    if leg.onward or grant.via is None or path.destination.name == grant.via:
        return ""
    return f"it must pass {grant.via}"


def _service(leg: Leg, path: Path) -> str:
    """The jump host itself takes any service, unless it is named as a target."""
    grant = leg.grant
    if not leg.onward and path.destination.name == grant.via and grant.via not in grant.targets:
        return ""
    services = grant.services
    if not services or any(one.allows(path.transport, path.port) for one in services):
        return ""
    listed = ", ".join(
        f"{one.proto}/{'+'.join(map(str, one.dst_ports)) or 'any'}" for one in services
    )
    return f"it lists only {listed}"


def closed(grant: Grant, first: datetime) -> str:
    """Why a grant lets nobody in at an instant, in words; empty if it does."""
    state = grant.state(first)
    if state == "to come" and grant.not_before is not None:
        return f"it begins on {_spoken(grant.not_before)}"
    if state == "ended" and grant.not_after is not None:
        return f"it ended on {_spoken(grant.not_after)}"
    if state == "revoked" and grant.revoked_at is not None:
        return f"it was revoked on {_spoken(grant.revoked_at)}"
    return "" if grant.in_window(first) else f"it is open {_hours(grant)} only"


def _end(grant: Grant, last: datetime) -> str:
    """What speaks against its going on; it began in time."""
    state = grant.state(last)
    if state == "active" and grant.in_window(last):
        return ""
    over = (
        f"the grant was {state}" if state != "active" else f"its hours, {_hours(grant)}, were over"
    )
    return f"it ran on until {last:%H:%M} UTC, when {over}"


def _hours(grant: Grant) -> str:
    return ", ".join(
        f"{'' if len(one.days) == 7 else '+'.join(one.days) + ' '}"  # noqa: PLR2004  # a week
        f"{one.from_} to {one.to} ({one.time_zone})"
        for one in grant.windows
    )


def _spoken(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M %Z}"
