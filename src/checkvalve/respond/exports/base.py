"""The one interface of an export, and what every export says in the same words.

**What an export owes** (held by tests over every member):

- Every verdict stands in it once, with its rule, its subject and its sentence.
- *Cannot tell* is never shown as passed, and no waiver makes it so.
- A waived finding is shown, as waived, with the reason.
- Text of any kind, whoever chose it, is text there and nothing else: the result parses, and no
  name becomes markup, a link or a line of its own.
- Equal verdicts at an equal time give equal text. Nothing is fetched, nothing is written.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from checkvalve.findings import Evidence, Verdict
from checkvalve.plant.words import printable
from checkvalve.rules import Rule


class Export(ABC):
    """Writes verdicts in one format.

    Attributes:
        name: what a person calls it, lower case.
    """

    name: ClassVar[str]

    @abstractmethod
    def write(
        self,
        verdicts: Sequence[Verdict],
        rules: Mapping[str, Rule],
        *,
        at: datetime,
        waived: Mapping[str, str],
    ) -> str:
        """All verdicts, as one text.

        Args:
            verdicts: in any order; their order is kept.
            rules: by id. A verdict whose rule is not among them is written with its id alone.
            at: when the verdicts were made, aware.
            waived: by finding's id, one sentence: who accepted it, why, and until when.
        """


def id_of(verdict: Verdict) -> str:
    """What stays the same when the same verdict is made again: its finding's id if it has one."""
    if verdict.finding is not None:
        return verdict.finding.id
    text = f"{verdict.rule}\x1f{verdict.subject}"
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def waiver_of(verdict: Verdict, waived: Mapping[str, str]) -> str:
    """Why it is waived; empty when it is not."""
    return "" if verdict.finding is None else waived.get(verdict.finding.id, "")


def evidence_of(verdict: Verdict) -> tuple[Evidence, ...]:
    """What a person can look at."""
    return () if verdict.finding is None else verdict.finding.evidence


def shown(text: str) -> str:
    """A text with what prints nothing, ends a line or turns its direction spelled out."""
    return printable(text, len(text))


def stamp(moment: datetime) -> str:
    """A time in UTC, as ISO 8601 to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
