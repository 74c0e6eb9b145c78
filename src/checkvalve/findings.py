"""Findings and verdicts: what ``judge`` says, and why."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Certainty(StrEnum):
    """How a finding is known: ``proof`` from a check, ``learnt`` from a detector."""

    PROOF = "proof"
    LEARNT = "learnt"


class Answer(StrEnum):
    """What a check says. *Cannot tell* is never reported as compliant."""

    HOLDS = "holds"
    BROKEN = "broken"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Subject:
    """The plant object that a finding is about.

    Attributes:
        kind: ``asset``, ``zone``, ``conduit``, ``component``, ``grant``, ``address``, ...
        id: its id in the plant, or the address where nothing is declared.
    """

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was seen, so that a person can look for herself.

    Attributes:
        what: the fact, in words.
        expected: what was declared or learnt; empty where that has no meaning.
        actual: what was seen.
        capture: the capture's name; empty when the evidence is not traffic.
        packet: the packet's number in that capture, from 1; 0 when none.
        at: when it was seen.
        file: the file in which it stands, such as a rule set; empty when it stands in none.
        line: its line in that file, from 1; 0 when the file as a whole is meant.
    """

    what: str
    expected: str = ""
    actual: str = ""
    capture: str = ""
    packet: int = 0
    at: datetime | None = None
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """Where a person finds it: a line of a file, a packet of a capture; empty if nowhere."""
        if self.file:
            return f"{self.file}:{self.line}" if self.line else self.file
        return f"{self.capture} packet {self.packet}" if self.packet else self.capture

    def __str__(self) -> str:
        """In one sentence, without its place."""
        said = [self.what]
        if self.expected:
            said.append(f"expected {self.expected}")
        if self.actual:
            said.append(f"seen {self.actual}")
        return "; ".join(said)


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause, seen once or a thousand times.

    The id is a hash of site, rule, subject and cause, so that the same cause is one finding
    however often, and in whatever order, it is seen.

    Attributes:
        rule: the rule's id.
        site: the site's id.
        subject: the plant object it is about.
        cause: what makes this finding itself and no other of the same rule and subject.
        at: when it was first seen, in UTC.
        last: when it was last seen, in UTC.
        count: how often it was seen.
        certainty: proof or learnt.
        because: one sentence.
        evidence: at least one item.
        assets: ids (or addresses) of all that take part, for correlation and impact.
        source: who acted (asset id, or address), empty when nobody did.
        target: whom it reached (asset id, or address), empty when nobody.
        identities: people or accounts that take part.
        action: what was done: ``read``, ``write``, ``control``, ``program``, ``session``,
            ``discover`` or empty; a change order sanctions it by this word.
        zone: the zone that suffers.
        process_mode: the process mode then; empty when unknown.
    """

    rule: str
    site: str
    subject: Subject
    cause: str
    at: datetime
    certainty: Certainty
    because: str
    evidence: tuple[Evidence, ...]
    last: datetime | None = None
    count: int = 1
    assets: tuple[str, ...] = ()
    source: str = ""
    target: str = ""
    identities: tuple[str, ...] = ()
    action: str = ""
    zone: str = ""
    process_mode: str = ""
    id: str = field(init=False)

    def __post_init__(self) -> None:
        text = "\x1f".join((self.site, self.rule, str(self.subject), self.cause))
        object.__setattr__(self, "id", hashlib.sha256(text.encode()).hexdigest()[:16])

    @property
    def until(self) -> datetime:
        """When it was last seen."""
        return self.last or self.at


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says of one subject; broken and cannot-tell become findings.

    Attributes:
        answer: holds, broken or cannot tell.
        finding: the finding that a broken or undecidable answer makes; ``None`` if it holds.
    """

    rule: str
    subject: Subject
    answer: Answer
    because: str
    finding: Finding | None = None


def plain(finding: Finding) -> dict[str, Any]:
    """A finding as plain data, ready for JSON: times as ISO 8601."""
    return {
        "id": finding.id,
        "rule": finding.rule,
        "site": finding.site,
        "subject": {"kind": finding.subject.kind, "id": finding.subject.id},
        "cause": finding.cause,
        "first": finding.at.isoformat(),
        "last": finding.until.isoformat(),
        "count": finding.count,
        "certainty": str(finding.certainty),
        "because": finding.because,
        "evidence": [
            {
                "what": item.what,
                "expected": item.expected,
                "actual": item.actual,
                "capture": item.capture,
                "packet": item.packet,
                "at": item.at.isoformat() if item.at is not None else None,
                "file": item.file,
                "line": item.line,
            }
            for item in finding.evidence
        ],
        "assets": list(finding.assets),
        "source": finding.source,
        "target": finding.target,
        "identities": list(finding.identities),
        "action": finding.action,
        "zone": finding.zone,
        "process_mode": finding.process_mode,
    }
