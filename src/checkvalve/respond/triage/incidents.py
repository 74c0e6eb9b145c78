"""Incidents: what links hold together, with its class, its state and its score.

A fold: findings, links and acts in, incidents out, the same for any order of arrival.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from checkvalve.findings import Certainty, Finding
from checkvalve.plant import Plant
from checkvalve.respond.triage.acts import Act, Standing, State, standing_of
from checkvalve.respond.triage.assess import Assessor, Judged, lead_of
from checkvalve.respond.triage.links import Link, components
from checkvalve.respond.triage.points import Outcome, Row
from checkvalve.respond.triage.reach import DeclaredReach, Reach
from checkvalve.respond.triage.score import Score
from checkvalve.respond.triage.table import Table, default_table
from checkvalve.rules import Rule

#: People are told again when one cause was seen so often.
TOLD_AGAIN_AT: Final = (1, 10, 100)


@dataclass(frozen=True, slots=True)
class Incident:
    """Findings with one cause, as far as links can tell.

    Attributes:
        id: from its oldest finding.
        site: the site.
        judged: its findings, each with its row; oldest first.
        lead: the one that decides the class.
        links: what holds it together.
        score: sorts it within its class.
        state: open, acknowledged, contained or closed.
        returned: when it had been closed, if its cause was seen again; else ``None``.
        muted_until: when it shows again; ``None`` when it is not hidden.
        acts: what people did with it, in order of time.
    """

    id: str
    site: str
    judged: tuple[Judged, ...]
    lead: Judged
    links: tuple[Link, ...]
    score: Score
    state: State
    returned: datetime | None
    muted_until: datetime | None
    acts: tuple[Act, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its findings, oldest first."""
        return tuple(one.finding for one in self.judged)

    @property
    def outcome(self) -> Outcome:
        """Its class."""
        return self.lead.outcome

    @property
    def row(self) -> Row:
        """The row that decides its class."""
        return self.lead.row

    @property
    def first(self) -> datetime:
        """When it was first seen."""
        return self.judged[0].finding.at

    @property
    def last(self) -> datetime:
        """When it was last seen."""
        return max(one.finding.until for one in self.judged)

    @property
    def count(self) -> int:
        """How often its most frequent cause was seen."""
        return max(one.finding.count for one in self.judged)

    @property
    def headline(self) -> str:
        """One sentence: what the leading finding says."""
        return self.lead.finding.because

    @property
    def occasions(self) -> tuple[str, ...]:
        """What people are told of, once each: its class, how often it was seen, its return.

        A lower class comes with a higher one, so that only a rise is news.
        """
        reached = [outcome.word for outcome in Outcome if outcome <= self.outcome]
        seen = [str(step) for step in TOLD_AGAIN_AT if step <= self.count]
        back = [f"returned after {self.returned.isoformat()}"] if self.returned else []
        return (*reached, *seen, *back)

    @property
    def teachable(self) -> tuple[Finding, ...]:
        """What may be taught to a baseline: never what policy forbids."""
        return tuple(f for f in self.findings if f.certainty is Certainty.LEARNT)


def incidents(  # noqa: PLR0913  # the brief of a fold: what was seen, done and declared, and when
    findings: Iterable[Finding],
    links: Iterable[Link],
    acts: Iterable[Act],
    plant: Plant,
    at: datetime,
    *,
    rules: Mapping[str, Rule],
    reach: Reach | None = None,
    table: Table | None = None,
) -> tuple[Incident, ...]:
    """All incidents, the ones that deserve most first.

    Args:
        findings: each once, in any order.
        links: from ``correlate``, less those that a person took away.
        acts: what people did, in any order; acts after ``at`` do not count.
        plant: the plant.
        at: now.
        rules: rule id to rule.
        reach: where one can go on to; declared conduits when left out.
        table: the decision table; the default one when left out.
    """
    ordered = sorted(findings, key=lambda finding: (finding.at, finding.id))
    by_id = {finding.id: finding for finding in ordered}
    assessor = Assessor(rules, plant, reach or DeclaredReach(plant), table or default_table())
    done = _by_finding(acts, at)
    held = sorted(set(links))
    by_member = _by_later(held)
    folded = [
        _incident(
            [by_id[name] for name in group],
            [link for name in group for link in by_member[name] if link.earlier in by_id],
            done,
            assessor,
            at,
        )
        for group in components(tuple(by_id), held)
    ]
    return tuple(sorted(folded, key=_rank))


def _incident(
    findings: Sequence[Finding],
    links: Sequence[Link],
    done: Mapping[str, Sequence[Act]],
    assessor: Assessor,
    at: datetime,
) -> Incident:
    judged = assessor.judge(findings)
    lead = lead_of(judged)
    standings = [standing_of(one, done.get(one.id, ()), at) for one in findings]
    covering = {act: None for one in findings for act in done.get(one.id, ())}
    assets = {name for one in judged for name in (*one.finding.assets, *one.deed.parties)}
    last = max(one.until for one in findings)
    return Incident(
        id=f"inc-{findings[0].id[:12]}",
        site=findings[0].site,
        judged=judged,
        lead=lead,
        links=tuple(links),
        score=Score(lead.row, len(assets), at - findings[0].at, at - last),
        state=_state(judged, standings),
        returned=max((s.returned for s in standings if s.returned is not None), default=None),
        muted_until=_muted_until(standings),
        acts=tuple(sorted(covering, key=_when)),
    )


def _state(judged: Sequence[Judged], standings: Sequence[Standing]) -> State:
    """The state of the whole: an acknowledged incident that grows worse is open again."""
    worst: dict[State, Outcome] = {}
    for one, standing in zip(judged, standings, strict=True):
        worst[standing.state] = max(worst.get(standing.state, Outcome.TRACK), one.outcome)
    worst.pop(State.CLOSED, None)
    if not worst:
        return State.CLOSED
    taken = [state for state in (State.ACKNOWLEDGED, State.CONTAINED) if state in worst]
    if not taken:
        return State.OPEN
    grown = State.OPEN in worst and worst[State.OPEN] > max(worst[state] for state in taken)
    return State.OPEN if grown else max(taken)


def _muted_until(standings: Sequence[Standing]) -> datetime | None:
    """When the first mute ends; a finding that nobody muted keeps the incident in sight."""
    ends = [s.muted_until for s in standings if s.state is not State.CLOSED]
    muted = [end for end in ends if end is not None]
    return min(muted) if muted and len(muted) == len(ends) else None


def _by_finding(acts: Iterable[Act], at: datetime) -> dict[str, list[Act]]:
    done: defaultdict[str, list[Act]] = defaultdict(list)
    for act in sorted(acts, key=_when):
        if act.at <= at:
            for name in act.findings:
                done[name].append(act)
    return dict(done)


def _by_later(links: Iterable[Link]) -> defaultdict[str, list[Link]]:
    by_later: defaultdict[str, list[Link]] = defaultdict(list)
    for link in links:
        by_later[link.later].append(link)
    return by_later


def _when(act: Act) -> tuple[datetime, str, str, tuple[str, ...]]:
    return act.at, act.kind, act.who, act.findings


def _rank(incident: Incident) -> tuple[int, int, float, str]:
    return (
        -incident.outcome,
        -incident.score.total,
        -incident.last.timestamp(),
        incident.id,
    )
