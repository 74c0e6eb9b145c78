"""What a finding leaves behind for later ones to join, and what it joins itself.

A trace is a reason and what is shared. Two findings meet when one seeks what an earlier one
left. Losses have no actor: that an HMI scanned is no reason why its poll should stop, so a
loss joins other losses, and commands on one of its ends, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from checkvalve.findings import Finding, Subject
from checkvalve.plant import Plant
from checkvalve.respond.triage.deed import Deed
from checkvalve.respond.triage.hubs import Hubs
from checkvalve.respond.triage.links import Reason, Why
from checkvalve.respond.triage.points import Stage


class Trace(NamedTuple):
    """One thing that findings can share; equal when they share it.

    Attributes:
        reason: what kind of thing it is.
        through: what a person calls it.
        site: where; nothing is shared across sites.
        besides: what else must be equal.
    """

    reason: Reason
    through: str
    site: str
    besides: tuple[str, ...] = ()

    @property
    def why(self) -> Why:
        """The reason that a link gives."""
        return Why(self.reason, self.through)


def shared(finding: Finding, deed: Deed, hubs: Hubs) -> Iterator[Trace]:
    """Traces both left and sought: two findings of the same thing, in any order."""
    if deed.pair:
        yield Trace(Reason.CONVERSATION, " and ".join(deed.pair), finding.site)
    for account in finding.identities:
        if account not in hubs.accounts:
            yield Trace(Reason.IDENTITY, account, finding.site)
    yield from _of_losses(finding, deed, hubs) if deed.loss else _of_actor(finding, deed, hubs)
    if not deed.fans_out:
        yield from _of_those_acted_on(finding, deed, hubs)


def _of_losses(finding: Finding, deed: Deed, hubs: Hubs) -> Iterator[Trace]:
    for end in _ends(deed):
        if end not in hubs.machines:
            yield Trace(Reason.SILENT, end, finding.site)


def _of_actor(finding: Finding, deed: Deed, hubs: Hubs) -> Iterator[Trace]:
    if not deed.actor:
        return
    yield _again(finding, "by", deed.actor)
    if deed.actor not in hubs.machines:
        yield Trace(Reason.ACTOR, deed.actor, finding.site)


def _of_those_acted_on(finding: Finding, deed: Deed, hubs: Hubs) -> Iterator[Trace]:
    for name in deed.acted_on:
        if name not in hubs.declared:
            yield _again(finding, "on", name)
        if deed.commands and name not in hubs.machines:
            yield Trace(Reason.COMMANDED, name, finding.site)


def left(finding: Finding, deed: Deed, stage: Stage, hubs: Hubs) -> Iterator[Trace]:
    """Traces left only: a machine that was reached may act later."""
    swept = deed.actor in hubs.sweepers and stage <= Stage.SPREAD
    if deed.loss or deed.fans_out or swept:
        return
    for name in deed.acted_on:
        if name not in hubs.machines:
            yield Trace(Reason.REACHED, name, finding.site)


def sought(finding: Finding, deed: Deed, hubs: Hubs) -> Iterator[Trace]:
    """Traces sought only: what may have caused this."""
    if deed.loss:
        for end in _ends(deed):
            if end not in hubs.machines:
                yield Trace(Reason.COMMANDED, end, finding.site)
    elif deed.actor and deed.actor not in hubs.machines:
        yield Trace(Reason.REACHED, deed.actor, finding.site)


def standing(finding: Finding, plant: Plant) -> Trace:
    """The trace of posture: one for each owner, else for each zone, else for the site."""
    zone = plant.zones.get(finding.zone)
    holder = _owner(finding.subject, plant)
    if not holder and zone is not None:
        holder = zone.owner or zone.id
    return Trace(Reason.POSTURE, holder or finding.site, finding.site)


def _again(finding: Finding, side: str, name: str) -> Trace:
    """The same rule at the same machine; by different people it is not the same."""
    return Trace(Reason.REPEATED, name, finding.site, (finding.rule, side, *finding.identities))


def _ends(deed: Deed) -> tuple[str, ...]:
    return (deed.actor, *deed.acted_on) if deed.actor else deed.acted_on


def _owner(subject: Subject, plant: Plant) -> str:
    """The one owner of what a finding is about; empty when there is none, or several."""
    asset = plant.assets.get(subject.id) if subject.kind == "asset" else None
    if asset is not None:
        return asset.owner or plant.zones[asset.zone].owner or ""
    zone = plant.zones.get(subject.id) if subject.kind == "zone" else None
    conduit = plant.conduits.get(subject.id) if subject.kind == "conduit" else None
    if zone is not None or conduit is not None:
        return next((thing.owner for thing in (zone, conduit) if thing and thing.owner), "")
    component = plant.components.get(subject.id) if subject.kind == "component" else None
    return component.owner[0] if component is not None and len(component.owner) == 1 else ""
