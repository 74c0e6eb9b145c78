"""Where a machine can go on to from where it stands: the port, and its first answer."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

from checkvalve.plant import Conduit, Flow, Plant

_HARMLESS = frozenset({"read", "discover", "session"})


class Reach(Protocol):
    """What triage asks of reach. Permitted sets of firewalls can answer it as well."""

    def onward(self, name: str) -> frozenset[str]:
        """The assets that a machine may open a connection to and command.

        Args:
            name: an asset's id, or an address.
        """
        ...


class DeclaredReach:
    """Reach as conduits declare it, one hop in the direction of initiation.

    Counted are the neighbours in the machine's own zone, where nothing controls traffic, and
    the assets of zones that its zone may open a connection to. A conduit whose flows only
    read, discover or keep a session carries no command, so it leads nowhere here.

    Known limits:
        Zones, not hosts: every machine of a zone may use its zone's conduits. A conduit past
        its last day counts, because what it opened is seldom closed that day.

    Args:
        plant: the plant whose conduits count.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._by_zone: dict[str, frozenset[str]] = {}
        self._by_asset: dict[str, frozenset[str]] = {}

    def onward(self, name: str) -> frozenset[str]:
        """The assets that a machine may open a connection to and command."""
        known = self._by_asset.get(name)
        if known is not None:
            return known
        asset = self._plant.assets.get(name)
        if asset is None:
            return self._from_zone(self._plant.zone_name_at(name))
        known = self._by_asset[name] = self._from_zone(asset.zone) - {name}
        return known

    def _from_zone(self, zone: str) -> frozenset[str]:
        known = self._by_zone.get(zone)
        if known is None:
            zones = self._opened.get(zone, frozenset()) | {zone}
            known = frozenset(
                asset.id for asset in self._plant.assets.values() if asset.zone in zones
            )
            self._by_zone[zone] = known
        return known

    @cached_property
    def _opened(self) -> dict[str, frozenset[str]]:
        opened: dict[str, frozenset[str]] = {}
        for conduit in self._plant.conduits.values():
            if carries_commands(conduit):
                for opener, other in conduit.openings():
                    opened[opener] = opened.get(opener, frozenset()) | {other}
        return opened


def carries_commands(conduit: Conduit) -> bool:
    """Whether anything may pass that changes the other side; undeclared flows may be all."""
    return not conduit.flows or any(_may_command(flow) for flow in conduit.flows)


def _may_command(flow: Flow) -> bool:
    return not flow.functions or any(
        name.casefold() not in _HARMLESS and not name.casefold().startswith("read")
        for name in flow.functions
    )
