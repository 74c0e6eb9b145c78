"""The plant: everything that is declared, and the questions asked of it most.

A plant is a value. All lookups are pure; an index is built on first use.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any, Self, cast

from checkvalve.errors import PlantError, Problem
from checkvalve.plant.access import Grant, Identity, Vendor
from checkvalve.plant.addresses import parse_address
from checkvalve.plant.assets import Asset
from checkvalve.plant.changes import Change
from checkvalve.plant.components import Component, Connector, EdgeNode, ModelVersion
from checkvalve.plant.data_sources import Approval, DataSource, Denial
from checkvalve.plant.declared import Declared
from checkvalve.plant.firewalls import Firewall
from checkvalve.plant.kinds import KINDS, KINDS_BY_MODEL
from checkvalve.plant.links import Things, misfits
from checkvalve.plant.owners import IsolationPlan, Owner, UpdateProcess
from checkvalve.plant.refs import DEFAULT_REALM, INTERNET, PRIVATE_UNUSED
from checkvalve.plant.site import ProcessMode, Site
from checkvalve.plant.tags import Tag
from checkvalve.plant.waivers import Waiver
from checkvalve.plant.zones import Conduit, Realm, Zone


@dataclass(frozen=True, eq=False, repr=False)
class Plant:
    """All declared things, each kind by id. ``Plant.of`` makes one that fits together."""

    sites: Mapping[str, Site] = field(default_factory=dict)
    modes: Mapping[str, ProcessMode] = field(default_factory=dict)
    realms: Mapping[str, Realm] = field(default_factory=dict)
    zones: Mapping[str, Zone] = field(default_factory=dict)
    conduits: Mapping[str, Conduit] = field(default_factory=dict)
    assets: Mapping[str, Asset] = field(default_factory=dict)
    tags: Mapping[str, Tag] = field(default_factory=dict)
    firewalls: Mapping[str, Firewall] = field(default_factory=dict)
    vendors: Mapping[str, Vendor] = field(default_factory=dict)
    grants: Mapping[str, Grant] = field(default_factory=dict)
    changes: Mapping[str, Change] = field(default_factory=dict)
    identities: Mapping[str, Identity] = field(default_factory=dict)
    owners: Mapping[str, Owner] = field(default_factory=dict)
    components: Mapping[str, Component] = field(default_factory=dict)
    update_processes: Mapping[str, UpdateProcess] = field(default_factory=dict)
    isolation_plans: Mapping[str, IsolationPlan] = field(default_factory=dict)
    model_versions: Mapping[str, ModelVersion] = field(default_factory=dict)
    connectors: Mapping[str, Connector] = field(default_factory=dict)
    edge_nodes: Mapping[str, EdgeNode] = field(default_factory=dict)
    data_sources: Mapping[str, DataSource] = field(default_factory=dict)
    approvals: Mapping[str, Approval] = field(default_factory=dict)
    denials: Mapping[str, Denial] = field(default_factory=dict)
    waivers: Mapping[str, Waiver] = field(default_factory=dict)

    @classmethod
    def of(cls, *declared: Declared) -> Self:
        """A plant of these things, in any order.

        Raises:
            PlantError: two of a kind share an id, an id leads nowhere, or addresses clash.
        """
        things: dict[str, dict[str, Declared]] = {kind.plural: {} for kind in KINDS}
        problems = []
        for thing in declared:
            plural = KINDS_BY_MODEL[type(thing)].plural
            if things[plural].setdefault(thing.id, thing) is not thing:
                problems.append(Problem(plural, 0, thing.id, "the id is taken"))
        for misfit in misfits(things):
            path = ".".join((misfit.id, *map(str, misfit.path)))
            problems.append(Problem(misfit.plural, 0, path, misfit.sentence, misfit.hint))
        if problems:
            raise PlantError(tuple(problems))
        return cls.from_things(things)

    @classmethod
    def from_things(cls, things: Things) -> Self:
        """A plant of things that are known to fit together.

        Args:
            things: by plural of the kind, then by id.
        """
        return cls(**cast("dict[str, Any]", dict(things)))

    def things(self) -> Things:
        """Everything declared, by plural of its kind, then by id."""
        return {member.name: getattr(self, member.name) for member in fields(self)}

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hex, over the canonical JSON of everything declared."""
        everything = {
            plural: {
                name: thing.model_dump(mode="json", by_alias=True)
                for name, thing in sorted(members.items())
            }
            for plural, members in self.things().items()
        }
        text = json.dumps(everything, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def asset_at(self, address: str, realm: str | None = None) -> Asset | None:
        """The asset that has the address.

        Args:
            address: an IP address as text; any other text is nobody's.
            realm: its address space. When left out, the plant's own; an address that is not
                there and is in exactly one other space is found in that.
        """
        holders = self._holders.get(_canonical(address), {})
        return holders.get(_realm_in(holders, realm))

    def zone_at(self, address: str, realm: str | None = None) -> Zone | None:
        """The zone of the asset that has the address, else the zone whose range holds it.

        Args:
            address: an IP address as text; any other text is nowhere.
            realm: its address space, as in ``asset_at``.
        """
        asset = self.asset_at(address, realm)
        if asset is not None:
            return self.zones[asset.zone]
        parsed = parse_address(address)
        return None if parsed is None else self._zone_by_range(parsed, realm)

    def zone_name_at(self, address: str, realm: str | None = None) -> str:
        """The id of the zone there, else the computed one: ``internet`` or ``private-unused``.

        Multicast, broadcast, link-local and loopback addresses in no zone, and text that is
        no address, are ``private-unused``.
        """
        zone = self.zone_at(address, realm)
        if zone is not None:
            return zone.id
        parsed = parse_address(address)
        public = parsed is not None and parsed.is_global and not parsed.is_multicast
        return INTERNET if public else PRIVATE_UNUSED

    def zone_of(self, asset_id: str) -> Zone:
        """The zone that an asset is declared in.

        Raises:
            KeyError: there is no such asset.
        """
        return self.zones[self.assets[asset_id].zone]

    def site_of(self, zone_id: str) -> Site | None:
        """The site of a zone; the plant's only one when the zone names none."""
        zone = self.zones.get(zone_id)
        if zone is not None and zone.site is not None:
            return self.sites[zone.site]
        return next(iter(self.sites.values())) if len(self.sites) == 1 else None

    def conduits_between(self, from_zone: str, to_zone: str) -> tuple[Conduit, ...]:
        """The conduits with these two ends, in either order; the caller looks at direction."""
        return self._conduits_by_ends.get(frozenset((from_zone, to_zone)), ())

    def component_on(self, asset_id: str) -> tuple[Component, ...]:
        """The components that run on an asset."""
        return self._components_by_asset.get(asset_id, ())

    def tags_of(self, asset_id: str) -> tuple[Tag, ...]:
        """The tags that an asset holds."""
        return self._tags_by_asset.get(asset_id, ())

    def mode_tag(self, site: str) -> Tag | None:
        """The tag that tells a site's process mode."""
        name = self.sites[site].mode_tag
        return None if name is None else self.tags[name]

    def scheduled_mode(self, site: str, at: datetime) -> str | None:
        """The process mode that a site's schedule tells for an instant."""
        return self.sites[site].scheduled_mode(at)

    def open_changes(self, at: datetime) -> tuple[Change, ...]:
        """The changes that are open at an instant."""
        return tuple(change for change in self.changes.values() if change.is_open(at))

    def active_grants(self, at: datetime) -> tuple[Grant, ...]:
        """The grants that have begun, not ended, and are not revoked; windows not looked at."""
        return tuple(grant for grant in self.grants.values() if grant.is_active(at))

    def reach(self, zones: Iterable[str]) -> frozenset[str]:
        """The zones that can be reached over conduits, in the direction of initiation.

        The starting zones are among them. Computed zones are passed through, not named.
        """
        reached, waiting = set(zones), list(zones)
        while waiting:
            for beyond in self._opens.get(waiting.pop(), ()):
                if beyond not in reached:
                    reached.add(beyond)
                    waiting.append(beyond)
        return frozenset(reached & self.zones.keys())

    @cached_property
    def _holders(self) -> dict[str, dict[str, Asset]]:
        """Canonical address to realm to asset."""
        holders: dict[str, dict[str, Asset]] = {}
        for asset in self.assets.values():
            for address in asset.ips:
                holders.setdefault(address, {})[self.zones[asset.zone].realm] = asset
        return holders

    @cached_property
    def _ranges(self) -> dict[str, list[tuple[int, int, dict[int, Zone]]]]:
        """Realm to (IP version, bits to drop, network bits to zone), longest prefix first."""
        tables: dict[str, dict[tuple[int, int], dict[int, Zone]]] = {}
        for zone in self.zones.values():
            for cidr in zone.cidrs:
                network = ip_network(cidr)
                dropped = network.max_prefixlen - network.prefixlen
                table = tables.setdefault(zone.realm, {}).setdefault((network.version, dropped), {})
                table[int(network.network_address) >> dropped] = zone
        return {
            realm: [(version, dropped, by[version, dropped]) for version, dropped in sorted(by)]
            for realm, by in tables.items()
        }

    def _zone_by_range(self, address: IPv4Address | IPv6Address, realm: str | None) -> Zone | None:
        number = int(address)
        found: dict[str, Zone] = {}
        for name, tables in self._ranges.items():
            for version, dropped, table in tables:
                zone = table.get(number >> dropped) if version == address.version else None
                if zone is not None:
                    found[name] = zone
                    break
        return found.get(_realm_in(found, realm))

    @cached_property
    def _conduits_by_ends(self) -> dict[frozenset[str], tuple[Conduit, ...]]:
        by_ends: dict[frozenset[str], tuple[Conduit, ...]] = {}
        for conduit in self.conduits.values():
            ends = frozenset((conduit.from_, conduit.to))
            by_ends[ends] = (*by_ends.get(ends, ()), conduit)
        return by_ends

    @cached_property
    def _components_by_asset(self) -> dict[str, tuple[Component, ...]]:
        by_asset: dict[str, list[Component]] = {}
        for component in self.components.values():
            if component.asset is not None:
                by_asset.setdefault(component.asset, []).append(component)
        return {asset: tuple(components) for asset, components in by_asset.items()}

    @cached_property
    def _tags_by_asset(self) -> dict[str, tuple[Tag, ...]]:
        by_asset: dict[str, list[Tag]] = {}
        for tag in self.tags.values():
            by_asset.setdefault(tag.asset, []).append(tag)
        return {asset: tuple(tags) for asset, tags in by_asset.items()}

    @cached_property
    def _opens(self) -> dict[str, set[str]]:
        opens: dict[str, set[str]] = {}
        for conduit in self.conduits.values():
            for opener, opened in conduit.openings():
                opens.setdefault(opener, set()).add(opened)
        return opens


def _canonical(address: str) -> str:
    parsed = parse_address(address)
    return "" if parsed is None else str(parsed)


def _realm_in(found: Mapping[str, object], realm: str | None) -> str:
    """The realm to look in, of those where an address was found."""
    if realm is not None:
        return realm
    if DEFAULT_REALM in found or len(found) != 1:
        return DEFAULT_REALM
    return next(iter(found))
