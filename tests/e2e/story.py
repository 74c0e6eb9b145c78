"""What an example must give, and what it gave."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

CLASSES = ("Track", "Track*", "Attend", "Act")
PAGING = frozenset({"Attend", "Act"})

#: A finding tells of its whole window: what began in it may be dated from the window's start.
WINDOW = timedelta(hours=1)

#: Plain data as JSON gives it.
Json = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """One thing that was planted, as ``expected.json`` says it."""

    id: str
    what: str
    at: datetime
    until: datetime
    actors: frozenset[str]
    rules: frozenset[str]
    also: frozenset[str]
    at_least: str

    @classmethod
    def of(cls, said: Json) -> Event:
        at, until = (datetime.fromisoformat(said[key]) for key in ("at", "until"))
        sets = {key: frozenset(said[key]) for key in ("actors", "rules", "also")}
        return cls(said["id"], said["what"], at, until, at_least=said["at_least"], **sets)

    def holds(self, finding: Json) -> bool:
        """Whether a finding came out within the event's times, and not before."""
        first, last = (datetime.fromisoformat(finding[key]) for key in ("first", "last"))
        return self.at - WINDOW < first and self.at <= last <= self.until

    def found_in(self, incident: Json, rule: str) -> bool:
        """Whether an incident is this event, seen by this rule, in at least its class."""
        findings = incident["findings"]
        assets = {asset for finding in findings for asset in finding["assets"]}
        return (
            CLASSES.index(incident["class"]) >= CLASSES.index(self.at_least)
            and any(each["rule"] == rule and self.holds(each) for each in findings)
            and self.actors <= assets
        )

    def explains(self, finding: Json) -> bool:
        """Whether a finding may come out because of this event."""
        allowed = finding["rule"] in self.rules | self.also
        return allowed and self.holds(finding) and not self.actors.isdisjoint(finding["assets"])


@dataclass(frozen=True)
class Told:
    """One example, learnt and watched.

    Attributes:
        example: its folder.
        folder: has two state folders: ``var``, and ``quiet``, where nothing was watched yet.
        learnt: what ``learn`` printed.
        incidents: what ``watch`` printed.
    """

    example: Path
    folder: Path
    learnt: Json
    incidents: list[Json]

    @cached_property
    def events(self) -> list[Event]:
        """What was planted."""
        return [Event.of(said) for said in json.loads((self.example / "expected.json").read_text())]

    def paging(self) -> list[Json]:
        """The incidents that page somebody."""
        return [incident for incident in self.incidents if incident["class"] in PAGING]


def spelled(finding: Json) -> str:
    """A finding in one line, for a failing test to print."""
    return f"{finding['rule']} {finding['first']}..{finding['last']}: {finding['because']}"


def spelled_out(incident: Json) -> str:
    """An incident in one paragraph, for a failing test to print."""
    head = f"{incident['class']} {incident['id']}"
    return "\n  ".join([head, *map(spelled, incident["findings"])])
