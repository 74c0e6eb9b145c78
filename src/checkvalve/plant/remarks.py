"""What is declared but incomplete, in plain words.

A remark is neither a problem nor a finding: the plant loads, and no check has looked at it.
It tells the author where the declaration still has holes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from checkvalve.plant.ownership import approves_her_own
from checkvalve.plant.plant import Plant
from checkvalve.plant.roles import ROLES


@dataclass(frozen=True, slots=True)
class Remark:
    """Something left open on some objects of a kind.

    Attributes:
        plural: the kind; empty when the plant as a whole is meant.
        ids: the objects.
        says: what is left open.
    """

    plural: str
    ids: tuple[str, ...]
    says: str

    def __str__(self) -> str:
        return f"{self.plural.replace('_', ' ')}: {self.says}" if self.plural else self.says


@dataclass(frozen=True, slots=True)
class _Hole:
    """A remark that may apply to each object of a kind.

    Attributes:
        plural: the kind.
        says: what is left open.
        is_open: whether it is, for one object.
    """

    plural: str
    says: str
    is_open: Callable[[Any], bool]


def _lacks(name: str) -> Callable[[Any], bool]:
    return lambda thing: getattr(thing, name) in (None, "", ())


def _unclear_owner(thing: Any) -> bool:
    return len(thing.owner) != 1


def _globs(thing: Any) -> bool:
    names = (*thing.tags, *thing.topics, *thing.tables)
    return any(sign in name for name in names for sign in "*#%")


_HOLES: Final = (
    _Hole(
        "sites",
        "neither a mode tag nor a schedule tells the process mode",
        lambda site: site.mode_tag is None and not site.schedule,
    ),
    _Hole(
        "sites",
        "the mode tag's values are not said",
        lambda site: site.mode_tag is not None and not site.mode_values,
    ),
    _Hole("modes", "no kind: what needs maintenance can't be told", _lacks("kind")),
    _Hole("zones", "no address ranges", _lacks("cidrs")),
    _Hole("zones", "no level", _lacks("level")),
    _Hole("zones", "no kind", _lacks("kind")),
    _Hole("zones", "no owner", _lacks("owner")),
    _Hole("conduits", "no flows, so everything may pass", _lacks("flows")),
    _Hole("conduits", "no justification", _lacks("justification")),
    _Hole("conduits", "no owner", _lacks("owner")),
    _Hole(
        "assets",
        "no address, so traffic does not show them",
        lambda asset: not asset.ips and not asset.macs,
    ),
    _Hole("assets", "no role, so they are compared with nothing", _lacks("role")),
    _Hole(
        "assets",
        "a role that ATT&CK for ICS does not name",
        lambda asset: asset.role is not None and asset.role not in ROLES,
    ),
    _Hole("assets", "safety unknown, assumed high", _lacks("safety")),
    _Hole("assets", "production unknown, assumed high", _lacks("production")),
    _Hole("assets", "ratings never reviewed", _lacks("criticality_reviewed_on")),
    _Hole("assets", "no owner", _lacks("owner")),
    _Hole("vendors", "no domains", _lacks("domains")),
    _Hole("vendors", "no end of contract", _lacks("contract_until")),
    _Hole("grants", "no end", _lacks("not_after")),
    _Hole("grants", "no approver", _lacks("approver")),
    _Hole("grants", "no source", _lacks("source")),
    _Hole("grants", "no targets", _lacks("targets")),
    _Hole("grants", "not said whether a second factor is demanded", _lacks("mfa")),
    _Hole("changes", "no approver", _lacks("approver")),
    _Hole("changes", "no people", _lacks("people")),
    _Hole("changes", "no assets", _lacks("assets")),
    _Hole("changes", "no actions", _lacks("actions")),
    _Hole("owners", "no person", _lacks("person")),
    _Hole("owners", "no deputy", _lacks("deputy")),
    _Hole("owners", "no contact", _lacks("contact")),
    _Hole("components", "not exactly one owner", _unclear_owner),
    _Hole("components", "no update process", _lacks("update_process")),
    _Hole("components", "no isolation plan", _lacks("isolation_plan")),
    _Hole("components", "no stage", _lacks("stage")),
    _Hole("components", "no justification", _lacks("justification")),
    _Hole("components", "no alternative without AI", _lacks("non_ai_alternative")),
    _Hole(
        "components",
        "neither an asset nor names, so traffic does not show them",
        lambda component: component.asset is None and not component.names,
    ),
    _Hole(
        "components",
        "a pilot without an end",
        lambda component: component.stage == "pilot" and component.pilot_until is None,
    ),
    _Hole("isolation_plans", "nothing to cut", _lacks("cut")),
    _Hole("isolation_plans", "never exercised", _lacks("exercised_on")),
    _Hole("edge_nodes", "not exactly one owner", _unclear_owner),
    _Hole("connectors", "not exactly one owner", _unclear_owner),
    _Hole("data_sources", "not exactly one owner", _unclear_owner),
    _Hole(
        "identities",
        "a machine's, and not exactly one component uses it",
        lambda one: one.kind == "ai" and len(one.used_by) != 1,
    ),
    _Hole("approvals", "names with '*', '#' or '%', which approve nothing", _globs),
    _Hole("approvals", "no approver", _lacks("approver")),
    _Hole("approvals", "no end", _lacks("expires")),
)


def remarks(plant: Plant) -> tuple[Remark, ...]:
    """What is left open in a plant, kind by kind."""
    things = plant.things()
    found = [] if plant.sites else [Remark("", (), "no site: process modes are unknown")]
    for hole in _HOLES:
        ids = tuple(name for name, thing in things[hole.plural].items() if hole.is_open(thing))
        if ids:
            found.append(Remark(hole.plural, ids, hole.says))
    own = tuple(
        waiver.id
        for waiver in plant.waivers.values()
        if approves_her_own(plant, waiver.subject, waiver.approver)
    )
    if own:
        found.append(Remark("waivers", own, "approved by the owner, so they lift nothing"))
    return tuple(found)
