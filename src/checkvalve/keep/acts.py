"""What a person decides about incidents and baselines: who, when, why, and until when."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal, TypeAlias

from pydantic import ConfigDict

from checkvalve.chain import Entry, Value, canonical, instant
from checkvalve.errors import UsageError

_STRICT = ConfigDict(extra="forbid", strict=True)


class Deed(StrEnum):
    """What is done to an incident."""

    ACKNOWLEDGE = "acknowledge"
    CONTAIN = "contain"
    CLOSE = "close"
    REOPEN = "reopen"
    MUTE = "mute"
    LEARN = "learn"


#: Deeds that need a reason, and deeds that hide something and therefore end.
_REASONED = {Deed.CLOSE, Deed.MUTE, Deed.LEARN}
_ENDING = {Deed.MUTE, Deed.LEARN}


@dataclass(frozen=True, slots=True)
class IncidentAct:
    """What a person did with an incident.

    Attributes:
        deed: what is done.
        incident: the incident as the person named it.
        findings: ids of the findings that the act covers; incidents may part, findings stay.
        who: the person.
        why: the reason; a close, a mute and a learn need one.
        at: when, with a time zone.
        until: when it ends; a mute and a learn must end.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    deed: Deed
    incident: str
    findings: tuple[str, ...]
    who: str
    why: str
    at: datetime
    until: datetime | None = None
    type: Literal["incident"] = "incident"

    def __post_init__(self) -> None:
        _check(self.who, self.at, self.why, self.incident, *self.findings)
        if not self.findings:
            raise UsageError("an act on an incident covers at least one finding")
        if self.deed in _REASONED and not self.why.strip():
            raise UsageError(f"a {self.deed} needs a reason", hint="say why in a sentence")
        if self.until is not None:
            _check_time(self.until)
        if self.until is None and self.deed in _ENDING:
            raise UsageError(f"a {self.deed} needs an end", hint="say until when")
        if self.until is not None and self.until <= self.at:
            raise UsageError(f"the {self.deed} ends before it begins", hint="name a later end")

    def entry(self) -> Entry:
        """The act as the ledger records it."""
        body: dict[str, Value] = {
            "findings": self.findings,
            "incident": self.incident,
            "until": None if self.until is None else instant(self.until),
            "why": self.why,
        }
        return Entry(self.at, f"incident {self.deed}", self.who, body)


@dataclass(frozen=True, slots=True)
class BaselineProposal:
    """A learnt state is put forward for a person to approve.

    Attributes:
        name: what it is a baseline of, such as a site.
        state: the learnt state, as JSON text.
        who: who proposes it.
        why: the reason.
        at: when, with a time zone.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    state: str
    who: str
    why: str
    at: datetime
    type: Literal["baseline proposal"] = "baseline proposal"

    def __post_init__(self) -> None:
        _check(self.who, self.at, self.why, self.name, self.state)

    @property
    def digest(self) -> str:
        """SHA-256 of the state."""
        return state_digest(self.state)

    def entry(self) -> Entry:
        """The proposal as the ledger records it: the state by its digest."""
        body: dict[str, Value] = {"digest": self.digest, "name": self.name, "why": self.why}
        return Entry(self.at, "baseline propose", self.who, body)


@dataclass(frozen=True, slots=True)
class BaselineApproval:
    """A person approves a proposed baseline; from then on it is what is judged against.

    Attributes:
        name: what it is a baseline of.
        digest: SHA-256 of the state that is approved.
        who: the person.
        why: the reason.
        at: when, with a time zone.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    digest: str
    who: str
    why: str
    at: datetime
    type: Literal["baseline approval"] = "baseline approval"

    def __post_init__(self) -> None:
        _check(self.who, self.at, self.why, self.name, self.digest)

    def entry(self) -> Entry:
        """The approval as the ledger records it."""
        body: dict[str, Value] = {"digest": self.digest, "name": self.name, "why": self.why}
        return Entry(self.at, "baseline approve", self.who, body)


Act: TypeAlias = IncidentAct | BaselineProposal | BaselineApproval


def act_id(act: Act) -> str:
    """The act's own id: the same act handed in twice is one act."""
    entry = act.entry()
    return hashlib.sha256(
        canonical({"at": instant(entry.at), "body": entry.body, "kind": entry.kind, "who": act.who})
    ).hexdigest()[:32]


def state_digest(state: str) -> str:
    """SHA-256 of a baseline's state."""
    return hashlib.sha256(state.encode()).hexdigest()


def _check(who: str, at: datetime, *words: str) -> None:
    _check_time(at)
    if not who.strip():
        raise UsageError("an act needs a name", hint="say who does it")
    try:
        "".join((who, *words)).encode()
    except UnicodeEncodeError as error:
        raise UsageError("the act holds octets that are not text in UTF-8") from error


def _check_time(at: datetime) -> None:
    if at.tzinfo is None:
        raise UsageError("an act's time needs a time zone")
