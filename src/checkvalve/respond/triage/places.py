"""On what an incident came down: its machines, what they drive, and how they are rated."""

from __future__ import annotations

from dataclasses import dataclass

from checkvalve.plant import Asset, Plant
from checkvalve.respond.triage.incidents import Incident


@dataclass(frozen=True, slots=True)
class Place:
    """A machine that takes part.

    Attributes:
        id: its id, or its address when it is not declared.
        name: what people call it; may be empty.
        part: ``acted``, ``was acted on`` or ``is affected``.
        role: what it is; empty when not said.
        zone: where it stands.
        equipment: what its tags move or measure.
        rating: its two ratings in words.
    """

    id: str
    name: str
    part: str
    role: str
    zone: str
    equipment: tuple[str, ...]
    rating: str


def places(incident: Incident, plant: Plant) -> tuple[Place, ...]:
    """Actors first, then those acted on, then who is merely affected."""
    parts: dict[str, str] = {}
    deeds = [one.deed for one in incident.judged if not one.deed.loss]
    for deed in deeds:
        if deed.actor:
            parts.setdefault(deed.actor, "acted")
    for deed in deeds:
        for name in () if deed.fans_out else deed.acted_on:
            parts.setdefault(name, "was acted on")
    for one in incident.judged:
        for name in (*one.deed.parties, *one.touched):
            parts.setdefault(name, "is affected")
    return tuple(_place(name, part, plant) for name, part in parts.items())


def _place(name: str, part: str, plant: Plant) -> Place:
    asset = plant.assets.get(name)
    if asset is None:
        zone = plant.zone_name_at(name)
        return Place(name, "", part, "", zone, (), "not declared")
    equipment = dict.fromkeys(tag.equipment for tag in plant.tags_of(name) if tag.equipment)
    return Place(
        name, asset.name, part, asset.role or "", asset.zone, tuple(equipment), _rating(asset)
    )


def _rating(asset: Asset) -> str:
    safety = "unknown" if asset.safety is None else asset.safety
    production = "unknown" if asset.production is None else asset.production
    return f"safety {safety}, production {production}"
