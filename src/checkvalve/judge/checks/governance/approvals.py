"""What an approval approves: only what it names, and only while it lasts."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from checkvalve.plant import Plant
from checkvalve.plant.components import Component
from checkvalve.plant.data_sources import Approval, DataSource, Denial

#: Signs that stand for any name: of file globs and SQL, of MQTT.
_WILDCARDS: Final = "*#%"
#: Folders that hold everything: of file shares, and of OPC UA's address space.
_ROOTS: Final = frozenset({"", ".", "root", "objects", "i=84", "i=85", "root/objects"})
_NAMESPACE: Final = re.compile(r"(?<![^/])(?:ns=)?0[;:]")


def names_everything(name: str) -> bool:
    """Whether a name stands for all names: it has a wildcard, or is a root folder."""
    bare = _NAMESPACE.sub("", name.strip().casefold().replace("\\", "/")).strip("/")
    return any(sign in name for sign in _WILDCARDS) or bare in _ROOTS


def named_in(approval: Approval) -> tuple[str, ...]:
    """The tags, topics and tables that it names."""
    return (*approval.tags, *approval.topics, *approval.tables)


def too_wide(plant: Plant, approval: Approval) -> str:
    """Why an approval approves nothing for the way it names things; empty if it names them.

    A source that lists tags, topics or tables, and a historian, are approved by name only.
    """
    wide = [name for name in named_in(approval) if names_everything(name)]
    if wide:
        return f"it names '{wide[0]}', which is everything"
    source = plant.data_sources[approval.source]
    if not named_in(approval) and (_is_historian(plant, source) or _lists(source)):
        return "it names no tag, topic or table"
    return ""


def objection(plant: Plant, approval: Approval, at: datetime) -> str:
    """Why an approval approves nothing at an instant; empty if it is valid."""
    if not approval.is_valid(at):
        return f"it ended on {approval.expires}"
    if approval.approver is None:
        return "nobody approved it"
    engineering = "engineering_configuration"
    classes = (approval.data_class, plant.data_sources[approval.source].data_class)
    if engineering in classes and approval.second_approver is None:
        return "engineering configuration needs a second approver"
    return too_wide(plant, approval)


def approvals_of(plant: Plant, component: str, source: str) -> tuple[Approval, ...]:
    """All that was ever approved to a component of a source, whether it still counts or not."""
    return tuple(
        one
        for one in plant.approvals.values()
        if one.consumer == component and one.source == source
    )


def is_approved(plant: Plant, component: str, source: str, at: datetime) -> bool:
    """Whether something of a source is approved to a component."""
    return any(not objection(plant, one, at) for one in approvals_of(plant, component, source))


def denial_of(plant: Plant, component: str, source: str) -> Denial | None:
    """The denial of a whole source to a component, if one stands; it beats every approval."""
    for denial in plant.denials.values():
        names = (*denial.tags, *denial.topics, *denial.tables)
        meant = denial.source == source and denial.consumer in (None, component)
        if meant and not names and denial.superseded_by is None:
            return denial
    return None


def reads(plant: Plant, component: Component, source: str) -> bool:
    """Whether a component is declared to read a source, by itself or over a connector."""
    return source in component.inputs or any(
        one.component == component.id and source in one.sources for one in plant.connectors.values()
    )


def _lists(source: DataSource) -> bool:
    return bool(source.tags or source.topics or source.tables)


def _is_historian(plant: Plant, source: DataSource) -> bool:
    role = None if source.asset is None else plant.assets[source.asset].role
    return role is not None and "historian" in role.casefold()
