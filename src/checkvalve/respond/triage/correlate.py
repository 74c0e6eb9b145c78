"""Which findings belong together: one pass over them in time order.

Two findings join when they share a conversation, a person, an actor, a commanded machine or
a loss within 30 minutes, when the same behaviour comes again, or when their order is causal:
what was reached acts, what was commanded falls silent, or someone who got in stands where
the actor of a later stage can be reached. Hubs join nothing but their own conversations and
their own repeated behaviour. Posture is joined by its owner, whatever the time.

Each finding is linked to the latest one that shares a reason, so links grow with findings
and not with their pairs. The result depends on the findings alone, not on their order.

Known limits:
    A finding joins others by the first 24 hours in which it was seen, and a chain through
    one reason is cut after 24 hours, or one noisy cause would swallow a month. *Someone got
    in* is looked for among the latest 64 such findings of a site.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from checkvalve.findings import Finding
from checkvalve.plant import Plant
from checkvalve.respond.triage.deed import Deed, deed_of
from checkvalve.respond.triage.hubs import Hubs, hubs
from checkvalve.respond.triage.links import Link, Reason, Why
from checkvalve.respond.triage.points import Stage
from checkvalve.respond.triage.reach import Reach
from checkvalve.respond.triage.roles import is_controller
from checkvalve.respond.triage.stages import Stages
from checkvalve.respond.triage.traces import Trace, left, shared, sought, standing
from checkvalve.rules import Rule

WINDOW: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=24)
_WINDOW_S: Final = WINDOW.total_seconds()
_LONGEST_S: Final = LONGEST.total_seconds()
_FOOTHOLDS: Final = 64


@dataclass(frozen=True, slots=True)
class _Sighting:
    """A finding with its deed, its stage and its time in seconds."""

    finding: Finding
    deed: Deed
    stage: Stage
    start: float
    end: float


@dataclass(slots=True)
class _Trail:
    """The latest finding on a trace, and when the chain began."""

    carrier: _Sighting
    since: float

    def reaches(self, sighting: _Sighting) -> bool:
        near = sighting.start - self.carrier.end <= _WINDOW_S
        return near and sighting.start - self.since <= _LONGEST_S


def correlate(
    findings: Iterable[Finding], rules: Mapping[str, Rule], plant: Plant, reach: Reach
) -> tuple[Link, ...]:
    """All links between findings.

    Args:
        findings: in any order.
        rules: rule id to rule; decides the stage.
        plant: roles and owners.
        reach: where someone who got in can go on to.

    Returns:
        Links in time order of the later finding; the same for any order of arrival.
    """
    stages = Stages(rules)
    sightings = [_sighting(finding, stages.of(finding).stage) for finding in findings]
    sightings.sort(key=lambda one: (one.start, one.finding.id))
    known = hubs(((one.deed, one.stage, one.finding.identities) for one in sightings), plant)
    pass_ = _Pass(plant, reach, known)
    return tuple(link for one in sightings for link in pass_.links_of(one))


class _Pass:
    """One walk over sightings in time order."""

    def __init__(self, plant: Plant, reach: Reach, known: Hubs) -> None:
        self._plant = plant
        self._reach = reach
        self._hubs = known
        self._trails: dict[Trace, _Trail] = {}
        self._standing: dict[Trace, str] = {}
        self._inside: defaultdict[str, deque[_Sighting]] = defaultdict(
            lambda: deque(maxlen=_FOOTHOLDS)
        )

    def links_of(self, one: _Sighting) -> Iterator[Link]:
        """Links from earlier findings to this one; then leaves its own traces."""
        if one.stage is Stage.POSTURE:
            yield from self._stands(one)
            return
        both = tuple(shared(one.finding, one.deed, self._hubs))
        reasons: defaultdict[str, list[Why]] = defaultdict(list)
        for trace in (*both, *sought(one.finding, one.deed, self._hubs)):
            trail = self._trails.get(trace)
            if trail is not None and trail.reaches(one):
                reasons[trail.carrier.finding.id].append(trace.why)
        self._seek_foothold(one, reasons)
        for trace in (*both, *left(one.finding, one.deed, one.stage, self._hubs)):
            self._leave(trace, one)
        self._leave_foothold(one)
        for earlier, whys in sorted(reasons.items()):
            yield Link(earlier, one.finding.id, tuple(dict.fromkeys(whys)))

    def _stands(self, one: _Sighting) -> Iterator[Link]:
        trace = standing(one.finding, self._plant)
        earlier = self._standing.get(trace)
        self._standing[trace] = one.finding.id
        if earlier is not None:
            yield Link(earlier, one.finding.id, (trace.why,))

    def _leave(self, trace: Trace, one: _Sighting) -> None:
        trail = self._trails.get(trace)
        if trail is None or not trail.reaches(one):
            self._trails[trace] = _Trail(one, one.start)
        elif one.end >= trail.carrier.end:
            trail.carrier = one

    def _leave_foothold(self, one: _Sighting) -> None:
        if one.stage is Stage.ACCESS and _foothold(one, self._plant, self._hubs):
            self._inside[one.finding.site].append(one)

    def _seek_foothold(self, one: _Sighting, reasons: dict[str, list[Why]]) -> None:
        """Who got in before, and stands where this actor can be reached."""
        actor = one.deed.actor
        if one.stage <= Stage.ACCESS or one.deed.loss or not self._can_be_worked_from(actor):
            return
        for earlier in reversed(self._inside[one.finding.site]):
            foothold = earlier.deed.acted_on[0]
            if one.start - earlier.end <= _WINDOW_S and actor in self._reach.onward(foothold):
                way = f"someone got in at {foothold}, from where {actor} can be reached"
                reasons[earlier.finding.id].append(Why(Reason.ONWARD, way))
                return

    def _can_be_worked_from(self, name: str) -> bool:
        return name in self._plant.assets and name not in self._hubs.machines


def _foothold(one: _Sighting, plant: Plant, known: Hubs) -> bool:
    """Whether it tells of a machine in the plant from which someone may work on."""
    if len(one.deed.acted_on) != 1:
        return False
    asset = plant.assets.get(one.deed.acted_on[0])
    if asset is None or asset.id in known.machines:
        return False
    return not is_controller(asset.role)


def _sighting(finding: Finding, stage: Stage) -> _Sighting:
    start = finding.at.timestamp()
    end = min(finding.until.timestamp(), start + _LONGEST_S)
    return _Sighting(finding, deed_of(finding, stage), stage, start, max(start, end))
