"""How much work incidents make: the figures of alarm management, for incidents.

An *item* is an incident that is put before a person: one that is not muted, at the time it
was first seen. The figures serve to tune rules and staffing; they decide nothing.

References:
    The figures are those that ISA-18.2 and EEMUA 191 are quoted with: less than one item an
    operator and ten minutes is manageable; ten or more are a flood. They come from secondary
    sources, and are printed as targets of this project.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from checkvalve.findings import Finding
from checkvalve.respond.triage.acts import State
from checkvalve.respond.triage.incidents import Incident
from checkvalve.respond.triage.points import Outcome

INTERVAL: Final = timedelta(minutes=10)
FLOOD: Final = 10
WORST: Final = 10
CHATTER_PER_MINUTE: Final = 3
STALE_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Load:
    """What incidents asked of people between two instants.

    Attributes:
        items: incidents put before a person.
        per_interval: items for each operator in ten minutes, on average; the target is below 1.
        busiest: most items in one interval of ten minutes.
        flood_minutes: minutes in intervals with ten items or more.
        worst: the ten rules and actors with most findings: ``(rule, actor, findings)``.
        chattering: ids of incidents with a cause seen three times a minute or more.
        stale: ids of incidents that nobody closed for a day.
        shelved: muted incidents and when they show again.
        findings_per_incident: on average; 0 without incidents.
        per_shift: items in one shift, on average.
    """

    items: int
    per_interval: float
    busiest: int
    flood_minutes: int
    worst: tuple[tuple[str, str, int], ...]
    chattering: tuple[str, ...]
    stale: tuple[str, ...]
    shelved: tuple[tuple[str, datetime], ...]
    findings_per_incident: float
    per_shift: float


def load(
    incidents: Sequence[Incident],
    since: datetime,
    until: datetime,
    *,
    operators: int = 1,
    shift: timedelta = timedelta(hours=8),
    least: Outcome = Outcome.TRACK,
) -> Load:
    """The figures between two instants.

    Args:
        incidents: from the fold.
        since: the beginning, included.
        until: the end, not included; later than ``since``.
        operators: how many people share the work; at least 1.
        shift: the length of a shift.
        least: the lowest class that is put before people.

    Raises:
        ValueError: the time or the number of operators is not positive.
    """
    if until <= since or operators < 1 or shift <= timedelta():
        raise ValueError("load needs a time that passes and someone who works")
    within = [one for one in incidents if since <= one.first < until and one.outcome >= least]
    shown = [one for one in within if one.muted_until is None]
    filled = Counter((one.first - since) // INTERVAL for one in shown)
    findings = [finding for one in within for finding in one.findings]
    flooded = sum(1 for count in filled.values() if count >= FLOOD)
    return Load(
        items=len(shown),
        per_interval=len(shown) / ((until - since) / INTERVAL) / operators,
        busiest=max(filled.values(), default=0),
        flood_minutes=flooded * int(INTERVAL / timedelta(minutes=1)),
        worst=_worst(findings),
        chattering=tuple(one.id for one in within if any(map(_chatters, one.findings))),
        stale=tuple(one.id for one in within if _is_stale(one, until)),
        shelved=tuple((one.id, one.muted_until) for one in within if one.muted_until),
        findings_per_incident=len(findings) / len(within) if within else 0.0,
        per_shift=len(shown) / ((until - since) / shift),
    )


def _worst(findings: Sequence[Finding]) -> tuple[tuple[str, str, int], ...]:
    counted = Counter((one.rule, one.source or str(one.subject)) for one in findings)
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return tuple((rule, actor, count) for (rule, actor), count in ranked[:WORST])


def _chatters(finding: Finding) -> bool:
    minutes = max((finding.until - finding.at) / timedelta(minutes=1), 1.0)
    return finding.count / minutes >= CHATTER_PER_MINUTE


def _is_stale(incident: Incident, at: datetime) -> bool:
    return incident.state is not State.CLOSED and at - incident.first >= STALE_AFTER
