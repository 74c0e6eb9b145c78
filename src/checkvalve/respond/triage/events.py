"""What happened, in order: the findings of an incident as one course of events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from checkvalve.respond.triage.assess import Judged
from checkvalve.respond.triage.incidents import Incident
from checkvalve.respond.triage.links import Link, Reason, Why

#: From so many of one behaviour on, they are told as one event.
TOLD_AS_ONE: Final = 3

#: How an event is tied to earlier ones; what explains best comes first.
_TIES: Final = {
    Reason.CONVERSATION: "In the same conversation",
    Reason.REACHED: "From {}, which had been reached",
    Reason.COMMANDED: "{} once more",
    Reason.ACTOR: "By the same host",
    Reason.IDENTITY: "{} again",
    Reason.SILENT: "{} is concerned again",
    Reason.REPEATED: "The same behaviour again",
    Reason.ONWARD: "As {}",
    Reason.POSTURE: "",
}
_AFTER_A_COMMAND: Final = "After {} was commanded"
_PREFERENCE: Final = tuple(_TIES)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, once or often.

    Attributes:
        at: when it began.
        last: when it was last seen.
        sentence: what happened.
        joined: what ties it to what came before; empty for the first event.
        more: how many findings of the same behaviour it stands for, beside the first.
        others: whom these concern.
        count: how often all of it was seen.
    """

    at: datetime
    last: datetime
    sentence: str
    joined: str
    more: int
    others: tuple[str, ...]
    count: int


def course(incident: Incident) -> tuple[Event, ...]:
    """The events of an incident, in order of time."""
    ties = _ties(incident.links)
    return tuple(_event(group, ties) for group in _grouped(incident.judged))


def _grouped(judged: Sequence[Judged]) -> list[list[Judged]]:
    """Findings of one rule and actor together when they are many; else one by one."""
    alike: dict[tuple[str, str], list[Judged]] = {}
    for one in judged:
        alike.setdefault((one.finding.rule, one.deed.actor), []).append(one)
    groups = []
    for group in alike.values():
        groups += [group] if len(group) >= TOLD_AS_ONE else [[one] for one in group]
    return sorted(groups, key=lambda group: (group[0].finding.at, group[0].finding.id))


def _event(group: Sequence[Judged], ties: dict[str, tuple[Why, ...]]) -> Event:
    first, rest = group[0], group[1:]
    others = {name: None for one in rest for name in one.deed.acted_on}
    return Event(
        at=first.finding.at,
        last=max(one.finding.until for one in group),
        sentence=first.finding.because,
        joined=_tie(first, ties.get(first.finding.id, ())),
        more=len(rest),
        others=tuple(name for name in others if name not in first.deed.acted_on),
        count=sum(one.finding.count for one in group),
    )


def _ties(links: Iterable[Link]) -> dict[str, tuple[Why, ...]]:
    ties: dict[str, tuple[Why, ...]] = {}
    for link in links:
        ties[link.later] = (*ties.get(link.later, ()), *link.reasons)
    return ties


def _tie(one: Judged, whys: Sequence[Why]) -> str:
    """The beginning of a sentence that says what an event has to do with earlier ones."""
    if not whys:
        return ""
    why = min(whys, key=lambda reason: _PREFERENCE.index(reason.reason))
    suffers = why.reason is Reason.COMMANDED and one.deed.loss
    return (_AFTER_A_COMMAND if suffers else _TIES[why.reason]).format(why.through)
