"""An incident as a person should hear it: one story, in parts that a command can lay out.

Example:
    ``tell`` makes the story, ``telling.text`` its plain text.

References:
    ISA-18.2-2016, clause 6.2: cause, consequence, response and time to respond.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from checkvalve.findings import Evidence
from checkvalve.plant import Plant
from checkvalve.respond.triage.acts import Act, ActKind, State
from checkvalve.respond.triage.counterfactual import Counterfactual, condition, higher, lower
from checkvalve.respond.triage.events import Event, course
from checkvalve.respond.triage.incidents import Incident
from checkvalve.respond.triage.places import Place, places
from checkvalve.respond.triage.points import Outcome, Production, Row, Safety, Scale
from checkvalve.respond.triage.score import Score
from checkvalve.respond.triage.table import Table
from checkvalve.rules import Rule

_MOST_ALTERNATIVES: Final = 3
_MOST_STEPS: Final = 3


@dataclass(frozen=True, slots=True)
class PointLine:
    """One point of the row.

    Attributes:
        point: its name.
        value: its value in words.
        because: where the value comes from.
        as_of: how old that is; ``None`` when it has no age.
    """

    point: str
    value: str
    because: str
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that a person needs to act on one incident.

    Attributes:
        incident: its id.
        outcome: its class.
        headline: one sentence.
        state: open, acknowledged, contained or closed.
        score: its place within the class, with its parts.
        at: when the story is told.
        first: when it was first seen.
        last: when it was last seen.
        findings: how many findings it holds.
        time_zone: the site's, an IANA name.
        events: what happened, in order.
        places: on what.
        matters: why it matters there, in sentences.
        evidence: what a person can look at.
        points: the row that decides, point by point.
        decided: whose cell decides, when the plant changed it; else empty.
        otherwise: what would change the class, in sentences.
        harmless_if: what would have made it harmless.
        next_steps: what to do, in order.
        within: by when; ``None`` when no rule says.
        remarks: what people did with it.
    """

    incident: str
    outcome: Outcome
    headline: str
    state: State
    score: Score
    at: datetime
    first: datetime
    last: datetime
    findings: int
    time_zone: str
    events: tuple[Event, ...]
    places: tuple[Place, ...]
    matters: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    points: tuple[PointLine, ...]
    decided: str
    otherwise: tuple[str, ...]
    harmless_if: tuple[str, ...]
    next_steps: tuple[str, ...]
    within: timedelta | None
    remarks: tuple[str, ...]


def tell(
    incident: Incident, plant: Plant, rules: Mapping[str, Rule], table: Table, at: datetime
) -> Story:
    """The story of an incident.

    Args:
        incident: the incident.
        plant: names, zones, equipment, the site's clock.
        rules: rule id to rule.
        table: the table that decided.
        at: now.
    """
    site = plant.sites.get(incident.site)
    ranked = _rules_by_weight(incident, rules)
    return Story(
        incident=incident.id,
        outcome=incident.outcome,
        headline=incident.headline,
        state=incident.state,
        score=incident.score,
        at=at,
        first=incident.first,
        last=incident.last,
        findings=len(incident.judged),
        time_zone="UTC" if site is None else site.time_zone,
        events=course(incident),
        places=places(incident, plant),
        matters=tuple(_matters(incident, ranked)),
        evidence=_evidence(incident),
        points=_points(incident),
        decided=table.reasons.get(incident.row, ""),
        otherwise=tuple(_otherwise(table, incident.row)),
        harmless_if=_distinct(rule.harmless_if for rule in ranked),
        next_steps=_distinct(rule.response for rule in ranked)[:_MOST_STEPS],
        within=min((rule.time_to_respond for rule in ranked), default=None),
        remarks=tuple(_remarks(incident)),
    )


def _rules_by_weight(incident: Incident, rules: Mapping[str, Rule]) -> tuple[Rule, ...]:
    """Its rules, the leading finding's first, then by what their findings deserve."""
    lead = incident.lead
    others = sorted(
        (one for one in incident.judged if one is not lead), key=lambda one: -one.outcome
    )
    names = dict.fromkeys(one.finding.rule for one in (lead, *others))
    return tuple(rules[name] for name in names if name in rules)


def _matters(incident: Incident, ranked: Sequence[Rule]) -> Iterator[str]:
    grounds, row = incident.lead.grounds, incident.row
    yield f"For people: {row.safety}, as {grounds['safety'].because}."
    yield f"For production: {row.production}, as {grounds['production'].because}."
    if ranked:
        yield ranked[0].why
        yield f"If nobody acts: {ranked[0].consequence}"


def _evidence(incident: Incident) -> tuple[Evidence, ...]:
    """The leading finding's evidence first, then the others' in time order."""
    lead = incident.lead
    others = (one for one in incident.judged if one is not lead)
    return tuple(dict.fromkeys(item for one in (lead, *others) for item in one.finding.evidence))


def _points(incident: Incident) -> tuple[PointLine, ...]:
    grounds = incident.lead.grounds
    return tuple(
        PointLine(point, _worded(value), grounds[point].because, grounds[point].as_of)
        for point, value in incident.row._asdict().items()
    )


def _worded(value: Scale) -> str:
    impact = isinstance(value, Safety | Production)
    return f"{value.key} ({value.word})" if impact else value.word


def _otherwise(table: Table, row: Row) -> Iterator[str]:
    for found in (lower(table, row), higher(table, row)):
        by_outcome: dict[Outcome, list[Counterfactual]] = {}
        for one in found[:_MOST_ALTERNATIVES]:
            by_outcome.setdefault(one.outcome, []).append(one)
        for outcome, alternatives in by_outcome.items():
            ways = ", or if ".join(_way(one, row) for one in alternatives)
            yield f"It would be {outcome} if {ways}."


def _way(one: Counterfactual, row: Row) -> str:
    return " and ".join(condition(value, getattr(row, point)) for point, value in one.changes)


def _remarks(incident: Incident) -> Iterator[str]:
    if incident.returned is not None:
        yield f"It was closed at {incident.returned.isoformat()}, and was seen again since."
    for act in incident.acts:
        yield _remark(act)


def _remark(act: Act) -> str:
    past = _PAST[act.kind]
    until = "" if act.until is None else f" until {act.until.isoformat()}"
    why = f": {act.why}" if act.why else ""
    return f"{past} by {act.who} at {act.at.isoformat()}{until}{why}"


_PAST: Final = {
    ActKind.ACKNOWLEDGE: "Acknowledged",
    ActKind.CONTAIN: "Contained",
    ActKind.CLOSE: "Closed",
    ActKind.REOPEN: "Reopened",
    ActKind.MUTE: "Muted",
    ActKind.LEARN: "Learnt",
}


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
