"""Where everyone meets: sharing it is no reason to join two findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from checkvalve.plant import Plant
from checkvalve.respond.triage.deed import Deed
from checkvalve.respond.triage.points import Stage
from checkvalve.respond.triage.roles import is_hub

#: From so many distinct peers on, a machine or an account is a hub.
MANY_PEERS: Final = 8


@dataclass(frozen=True, slots=True)
class Hubs:
    """Who joins nothing, and who merely swept past others.

    Attributes:
        declared: assets whose role makes them hubs.
        machines: the declared ones, and those that many distinct actors reached.
        accounts: identities seen with many distinct actors.
        sweepers: actors that tried many machines; having been tried by one of them is no
            sign of being in its hands.
    """

    declared: frozenset[str]
    machines: frozenset[str]
    accounts: frozenset[str]
    sweepers: frozenset[str]


def hubs(seen: Iterable[tuple[Deed, Stage, tuple[str, ...]]], plant: Plant) -> Hubs:
    """The hubs among what was seen, whatever its order.

    Args:
        seen: deed, stage and identities of each finding.
        plant: holds the roles.
    """
    actors_on: defaultdict[str, set[str]] = defaultdict(set)
    actors_with: defaultdict[str, set[str]] = defaultdict(set)
    tried_by: defaultdict[str, set[str]] = defaultdict(set)
    sweepers: set[str] = set()
    for deed, stage, identities in seen:
        for account in identities:
            actors_with[account].add(deed.actor)
        if deed.loss or stage is Stage.POSTURE:
            continue
        if deed.fans_out:
            sweepers.add(deed.actor)
            continue
        for name in deed.acted_on:
            actors_on[name].add(deed.actor)
            tried_by[deed.actor].add(name)
    declared = frozenset(asset.id for asset in plant.assets.values() if is_hub(asset.role))
    return Hubs(
        declared=declared,
        machines=declared | _many(actors_on),
        accounts=_many(actors_with),
        sweepers=_many(tried_by) | sweepers,
    )


def _many(peers: dict[str, set[str]]) -> frozenset[str]:
    return frozenset(name for name, others in peers.items() if len(others - {""}) >= MANY_PEERS)
