"""Where a machine can go on to from where it stands: the port, and its two answers."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

from checkvalve.judge.segmentation.network import FAMILIES, Network, Service
from checkvalve.observe.firewalls.base import TCP, UDP
from checkvalve.plant import Conduit, Flow, Plant
from checkvalve.plant.addresses import parse_address

_HARMLESS = frozenset({"read", "discover", "session"})


class Reach(Protocol):
    """What triage asks of reach."""

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


class PermittedReach:
    """Reach as firewalls permit it, one hop: what may be opened, whatever is not understood.

    Counted are the neighbours in the machine's own zone, where nothing controls traffic, and
    the assets to which the rule sets may let it open a TCP or UDP session. What passes on a
    port is not looked into: a firewall that lets a port pass lets commands pass.

    Known limits:
        Other protocols do not count. A zone that hangs on no declared firewall reaches what its
        conduits declare.

    Args:
        network: zones and rule sets at an instant.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._plant = network.plant
        self._declared = DeclaredReach(network.plant)
        self._joined = {
            zone
            for firewall in self._plant.firewalls.values()
            for zone in firewall.interfaces.values()
        }
        self._known: dict[str, frozenset[str]] = {}

    def onward(self, name: str) -> frozenset[str]:
        """The assets that a machine may open a connection to and command."""
        if name not in self._known:
            self._known[name] = self._onward(name)
        return self._known[name]

    def _onward(self, name: str) -> frozenset[str]:
        asset = self._plant.assets.get(name)
        zone = self._plant.zone_name_at(name) if asset is None else asset.zone
        if zone not in self._joined:
            return self._declared.onward(name)
        sources = (name,) if asset is None else asset.ips
        return frozenset(
            other.id
            for other in self._plant.assets.values()
            if other.id != name
            and (other.zone == zone or self._opens(zone, sources, other.zone, other.ips))
        )

    def _opens(
        self, source: str, sources: tuple[str, ...], destination: str, destinations: tuple[str, ...]
    ) -> bool:
        """Whether any of some addresses may open anything at any of others."""
        starts, ends = _numbers(sources), _numbers(destinations)
        return any(
            box.src[0] <= start <= box.src[1] and box.dst[0] <= end <= box.dst[1]
            for family in FAMILIES
            for protocol in (TCP, UDP)
            for box in self._network.between(source, destination, Service(protocol), family).may
            for start in starts.get(family, ())
            for end in ends.get(family, ())
        )


def _numbers(addresses: tuple[str, ...]) -> dict[int, list[int]]:
    """Family to addresses as numbers; text that is no address is left out."""
    found: dict[int, list[int]] = {}
    for text in addresses:
        address = parse_address(text)
        if address is not None:
            found.setdefault(address.version, []).append(int(address))
    return found
