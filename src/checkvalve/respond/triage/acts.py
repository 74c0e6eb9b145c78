"""What people did with an incident, and what that makes of a finding.

An act names the findings that the incident held then. So it keeps its meaning when incidents
merge or part later, and it never covers what nobody had seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final, assert_never

from checkvalve.errors import UsageError
from checkvalve.findings import Certainty, Finding


class ActKind(StrEnum):
    """What was done. Contain is recorded when a cut was read back."""

    ACKNOWLEDGE = "acknowledge"
    CONTAIN = "contain"
    CLOSE = "close"
    REOPEN = "reopen"
    MUTE = "mute"
    LEARN = "learn"


#: Acts that need a reason, and acts that need an end.
_REASONED: Final = frozenset({ActKind.CLOSE, ActKind.MUTE, ActKind.LEARN})
_ENDING: Final = frozenset({ActKind.MUTE, ActKind.LEARN})


class State(IntEnum):
    """Where a finding or an incident stands; a lower one asks for more."""

    OPEN = 0
    ACKNOWLEDGED = 1
    CONTAINED = 2
    CLOSED = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Act:
    """One act on an incident.

    Attributes:
        kind: what was done.
        incident: the incident's id then, for the record.
        findings: ids of the findings that it held then; the act covers these.
        who: who did it.
        why: the reason; close, mute and learn need one.
        at: when.
        until: when it ends; mute and learn need one.
    """

    kind: ActKind
    incident: str
    findings: tuple[str, ...]
    who: str
    why: str
    at: datetime
    until: datetime | None = None

    def __post_init__(self) -> None:
        if not self.who.strip():
            raise UsageError(f"{self.kind} needs a name", hint="say who does it")
        if self.kind in _REASONED and not self.why.strip():
            raise UsageError(f"{self.kind} needs a reason", hint="say why in a sentence")
        if self.kind in _ENDING and self.until is None:
            raise UsageError(f"{self.kind} needs an end", hint="nothing is hidden for ever")
        if self.until is not None and self.until <= self.at:
            raise UsageError(f"{self.kind} would end before it begins", hint="name a later end")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one finding stands after all acts.

    Attributes:
        state: its state.
        returned: when it was closed, if it was seen again since; else ``None``.
        muted_until: when its mute ends; ``None`` when it is not muted now.
    """

    state: State = State.OPEN
    returned: datetime | None = None
    muted_until: datetime | None = None


def standing_of(finding: Finding, acts: Iterable[Act], at: datetime) -> Standing:
    """Fold the acts that cover a finding.

    A closed finding that is seen again is open again. What a detector learnt may be taught
    until a date, and is quiet until then; what a check proves may not: only a waiver lifts it.

    Args:
        finding: the finding.
        acts: those that cover it, in order of time.
        at: now; later acts do not count.
    """
    learnt = finding.certainty is Certainty.LEARNT
    state, ending, muted_until = State.OPEN, None, None
    for act in acts:
        if act.at > at or (act.kind is ActKind.LEARN and not learnt):
            continue
        state = _after(act.kind, state)
        if act.kind is ActKind.MUTE:
            muted_until = act.until
        elif state is State.CLOSED:
            ending = act
    returned = None
    if state is State.CLOSED and ending is not None and finding.until > _quiet_until(ending):
        state, returned = State.OPEN, ending.at
    hidden = muted_until if muted_until is not None and muted_until > at else None
    return Standing(state, returned, hidden)


def _after(kind: ActKind, state: State) -> State:
    match kind:
        case ActKind.ACKNOWLEDGE:
            return State.CONTAINED if state is State.CONTAINED else State.ACKNOWLEDGED
        case ActKind.CONTAIN:
            return State.CONTAINED
        case ActKind.CLOSE | ActKind.LEARN:
            return State.CLOSED
        case ActKind.REOPEN:
            return State.OPEN
        case ActKind.MUTE:
            return state
        case _:
            assert_never(kind)


def _quiet_until(ending: Act) -> datetime:
    """Seen again after this, a closed finding is open."""
    return ending.at if ending.until is None or ending.kind is ActKind.CLOSE else ending.until
