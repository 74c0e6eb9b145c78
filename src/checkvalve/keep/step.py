"""A step: what one stretch of watching gave, recorded together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from checkvalve.chain import Entry, instant
from checkvalve.findings import Finding
from checkvalve.keep.facts import Link, Mark, Notified, Progress
from checkvalve.keep.writing import Transaction

#: Who decides what no person decided.
PROGRAM = "checkvalve"


@dataclass(frozen=True, slots=True)
class Step:
    """What is recorded together.

    Attributes:
        mark: which step it is; the same one again changes nothing.
        at: now.
        records: record batches of the schemas in ``checkvalve.records``; read once.
        findings: sightings; those of one cause add up.
        links: why findings belong together.
        unlinked: links that no longer hold.
        notified: who was told of what.
        progress: how far captures were read.
        decisions: what the ledger records beside each new finding.
    """

    mark: Mark
    at: datetime
    records: Iterable[pa.RecordBatch] = ()
    findings: tuple[Finding, ...] = ()
    links: tuple[Link, ...] = ()
    unlinked: tuple[Link, ...] = ()
    notified: tuple[Notified, ...] = ()
    progress: tuple[Progress, ...] = ()
    decisions: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a step.

    Attributes:
        recorded: False when it had been recorded before, and nothing was written.
        new: findings whose cause was not known before.
        rows: how many rows went into the archive.
    """

    recorded: bool
    new: tuple[Finding, ...] = ()
    rows: int = 0


def record(transaction: Transaction, step: Step) -> list[Finding]:
    """Writes all of a step but its records, and a line of the ledger for each new finding.

    Returns:
        The findings whose cause was not known before.
    """
    transaction.advance(step.mark)
    new = transaction.findings(step.findings)
    transaction.unlink(step.unlinked)
    transaction.link(step.links)
    transaction.notified(step.notified)
    transaction.progress(step.progress)
    transaction.decide([*(_found(finding, step.at) for finding in new), *step.decisions])
    return new


def _found(finding: Finding, at: datetime) -> Entry:
    return Entry(
        at,
        "finding",
        PROGRAM,
        {
            "because": finding.because,
            "certainty": finding.certainty,
            "first_seen": instant(finding.at),
            "id": finding.id,
            "rule": finding.rule,
            "site": finding.site,
            "subject": str(finding.subject),
        },
    )
