"""On which machines AI components run, and what carries data for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_

from checkvalve.judge.segmentation.asking import asset_set
from checkvalve.observe.firewalls.spans import NOWHERE, Addresses
from checkvalve.plant import Plant
from checkvalve.plant.components import Component


def live(plant: Plant) -> tuple[Component, ...]:
    """The components that are not retired."""
    return tuple(one for one in plant.components.values() if one.stage != "retired")


def hosts_of(plant: Plant, component: Component) -> tuple[str, ...]:
    """The machines of a component: its own, those of its connectors, and a pilot's nodes."""
    found = [
        component.asset,
        *(one.asset for one in plant.connectors.values() if one.component == component.id),
        *(plant.edge_nodes[node].asset for node in component.pilot_nodes),
    ]
    return tuple(dict.fromkeys(asset for asset in found if asset is not None))


def all_hosts(plant: Plant) -> tuple[str, ...]:
    """The machines of every live component, and every edge node's."""
    return tuple(dict.fromkeys(_all_hosts(plant)))


def _all_hosts(plant: Plant) -> Iterator[str]:
    for component in live(plant):
        yield from hosts_of(plant, component)
    for node in plant.edge_nodes.values():
        if node.asset is not None:
            yield node.asset


def by_zone(plant: Plant, assets: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Machines by the zone that they stand in."""
    found: dict[str, tuple[str, ...]] = {}
    for asset in assets:
        zone = plant.assets[asset].zone
        found[zone] = (*found.get(zone, ()), asset)
    return found


def addresses_of(plant: Plant, assets: Iterable[str]) -> Addresses:
    """The addresses of some machines; empty where none is declared."""
    return reduce(or_, (asset_set(plant, asset) for asset in assets), NOWHERE)
