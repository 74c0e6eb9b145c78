"""Incidents from the store: findings, links and acts folded by triage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from checkvalve.judge.checks.waiving import Waived, waive
from checkvalve.judge.segmentation.network import Network
from checkvalve.keep.acts import IncidentAct
from checkvalve.keep.reading import Reader
from checkvalve.observe.firewalls.base import RuleSet
from checkvalve.plant import Plant
from checkvalve.respond.triage.acts import Act, ActKind
from checkvalve.respond.triage.correlate import correlate
from checkvalve.respond.triage.incidents import Incident, incidents
from checkvalve.respond.triage.reach import DeclaredReach, PermittedReach, Reach
from checkvalve.rules import Rule


@dataclass(frozen=True, slots=True)
class Triaged:
    """All incidents of a store.

    Attributes:
        incidents: the ones that deserve most first.
        rules: rule id to rule.
        waived: findings that are in no incident, because somebody accepted them.
    """

    incidents: tuple[Incident, ...]
    rules: Mapping[str, Rule]
    waived: tuple[Waived, ...]


def triage(
    store: Reader,
    plant: Plant,
    rules: Mapping[str, Rule],
    at: datetime,
    *,
    reach: Reach | None = None,
) -> Triaged:
    """Fold all that a store holds into incidents.

    Args:
        store: asked for findings and acts.
        plant: what is declared now.
        rules: rule id to rule.
        at: now.
        reach: where one can go on to; ``None``: as conduits declare it.
    """
    known = [finding for finding in store.findings() if finding.rule in rules]
    found, waived = waive(known, plant, at)
    reach = reach or DeclaredReach(plant)
    links = correlate(found, rules, plant, reach)
    acts = [_act(act) for act in store.acts()]
    folded = incidents(found, links, acts, plant, at, rules=rules, reach=reach)
    return Triaged(folded, rules, waived)


def reach_of(plant: Plant, rule_sets: Mapping[str, RuleSet], at: datetime) -> Reach:
    """Where machines can go on to: as rule sets permit it, or, without any, as declared.

    Args:
        plant: zones, assets, firewalls and conduits.
        rule_sets: by the firewall's id.
        at: now.
    """
    if not rule_sets:
        return DeclaredReach(plant)
    return PermittedReach(Network(plant, rule_sets, at))


def _act(kept: IncidentAct) -> Act:
    return Act(
        ActKind(kept.deed), kept.incident, kept.findings, kept.who, kept.why, kept.at, kept.until
    )
