"""Who answers for what is declared."""

from __future__ import annotations

from checkvalve.plant.kinds import KINDS_BY_NAME
from checkvalve.plant.owners import Owner
from checkvalve.plant.plant import Plant


def owners_of(plant: Plant, kind: str, name: str) -> tuple[Owner, ...]:
    """The owners that a declared thing names itself; ownership is not inherited.

    Args:
        plant: the plant.
        kind: the kind's name, such as ``asset``; of another kind nobody is the owner.
        name: the thing's id.
    """
    home = KINDS_BY_NAME.get(kind)
    thing = plant.things()[home.plural].get(name) if home is not None else None
    named = getattr(thing, "owner", None) or ()
    return tuple(plant.owners[one] for one in ((named,) if isinstance(named, str) else named))
