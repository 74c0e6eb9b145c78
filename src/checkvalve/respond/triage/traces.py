"""What a finding leaves behind for later ones to join, and what it joins itself.

A trace is a reason and what is shared. Two findings meet when one seeks what an earlier one
left. Losses have no actor: that an HMI scanned is no reason why its poll should stop, so a
loss joins other losses, and commands on one of its ends, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checkvalve.findings import Finding, Subject
from checkvalve.plant import Plant
from checkvalve.respond.triage.deed import Deed
from checkvalve.respond.triage.hubs import Hubs
from checkvalve.respond.triage.links import Reason, Why
from checkvalve.respond.triage.points import Stage


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that findings can share.

    Attributes:
        key: equal for those who share it.
        why: the reason that a link gives.
    """

    key: tuple[str, ...]
    why: Why


def shared(finding: Finding, deed: Deed, hubs: Hubs) -> Iterator[Trace]:
    """Traces both left and sought: two findings of the same thing, in any order."""
    if deed.pair:
        yield _trace(Reason.CONVERSATION, " and ".join(deed.pair), finding.site, *deed.pair)
    for account in finding.identities:
        if account not in hubs.accounts:
            yield _trace(Reason.IDENTITY, account, finding.site, account)
    yield from _of_losses(finding, deed, hubs) if deed.loss else _of_actor(finding, deed, hubs)
    if not deed.fans_out:
        yield from _of_those_acted_on(finding, deed, hubs)


def _of_losses(finding: Finding, deed: Deed, hubs: Hubs) -> Iterator[Trace]:
    for end in _ends(deed):
        if end not in hubs.machines:
            yield _trace(Reason.SILENT, end, finding.site, end)


def _of_actor(finding: Finding, deed: Deed, hubs: Hubs) -> Iterator[Trace]:
    if not deed.actor:
        return
    yield _again(finding, "by", deed.actor)
    if deed.actor not in hubs.machines:
        yield _trace(Reason.ACTOR, deed.actor, finding.site, deed.actor)


def _of_those_acted_on(finding: Finding, deed: Deed, hubs: Hubs) -> Iterator[Trace]:
    for name in deed.acted_on:
        if name not in hubs.declared:
            yield _again(finding, "on", name)
        if deed.commands and name not in hubs.machines:
            yield _trace(Reason.COMMANDED, name, finding.site, name)


def left(finding: Finding, deed: Deed, stage: Stage, hubs: Hubs) -> Iterator[Trace]:
    """Traces left only: a machine that was reached may act later."""
    swept = deed.actor in hubs.sweepers and stage <= Stage.SPREAD
    if deed.loss or deed.fans_out or swept:
        return
    for name in deed.acted_on:
        if name not in hubs.machines:
            yield _trace(Reason.REACHED, name, finding.site, name)


def sought(finding: Finding, deed: Deed, hubs: Hubs) -> Iterator[Trace]:
    """Traces sought only: what may have caused this."""
    if deed.loss:
        for end in _ends(deed):
            if end not in hubs.machines:
                yield _trace(Reason.COMMANDED, end, finding.site, end)
    elif deed.actor and deed.actor not in hubs.machines:
        yield _trace(Reason.REACHED, deed.actor, finding.site, deed.actor)


def standing(finding: Finding, plant: Plant) -> Trace:
    """The trace of posture: one for each owner, else for each zone."""
    holder = _owner(finding.subject, plant) or finding.zone or finding.site
    return _trace(Reason.POSTURE, holder, finding.site, holder)


def _trace(reason: Reason, through: str, *key: str) -> Trace:
    return Trace((reason, *key), Why(reason, through))


def _again(finding: Finding, side: str, name: str) -> Trace:
    """The same rule at the same machine; by different people it is not the same."""
    return _trace(
        Reason.REPEATED, name, finding.site, finding.rule, side, name, *finding.identities
    )


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
