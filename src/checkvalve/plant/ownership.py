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


def approves_her_own(plant: Plant, subject: str, approver: str) -> bool:
    """Whether somebody is an owner of what she approves an exception for.

    Args:
        plant: the plant.
        subject: kind and id, such as ``asset filler-plc``.
        approver: a name, an owner's id, or a team.
    """
    name = approver.casefold()
    return any(
        name == one.casefold()
        for owner in owners_of(plant, *subject.partition(" ")[::2])
        for one in (owner.id, owner.person, owner.team)
        if one
    )
