"""One transaction that writes: what is recorded together is there together, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from checkvalve.findings import Finding
from checkvalve.keep.codec import finding_to_json
from checkvalve.keep.deciding import Decisions, many
from checkvalve.keep.facts import Link, Mark, Notified, Progress
from checkvalve.keep.reading import finding_of, rows_by
from checkvalve.keep.sightings import gathered, merged
from checkvalve.keep.tables import FINDINGS, LINKS, MARKS, NOTIFIED, POSITION, PROGRESS


class Transaction(Decisions):
    """What may be written while a transaction is open.

    Args:
        connection: in a transaction, from ``Store.transaction``.
    """

    def advance(self, mark: Mark) -> None:
        """Counts one step, which ``Reader.recorded`` says was not recorded before."""
        known = self._connection.execute(
            update(MARKS).where(MARKS.c.stream == mark.stream).values(number=mark.number)
        )
        if known.rowcount == 0:
            values = {"stream": mark.stream, "number": mark.number}
            self._connection.execute(insert(MARKS), values)
        self._connection.execute(update(POSITION).values(sequence=POSITION.c.sequence + 1))

    def findings(self, findings: Iterable[Finding]) -> list[Finding]:
        """Adds sightings to the findings that are known, and the rest as new.

        Returns:
            The new ones.
        """
        seen = gathered(findings)
        known = {
            row.id: finding_of(row)
            for row in rows_by(self._connection, select(FINDINGS), FINDINGS.c.id, seen)
        }
        new = [finding for id_, finding in seen.items() if id_ not in known]
        again = [merged(known[id_], finding) for id_, finding in seen.items() if id_ in known]
        many(self._connection, FINDINGS, [_finding_row(finding) for finding in new])
        if again:
            self._connection.execute(
                update(FINDINGS).where(FINDINGS.c.id == bindparam("key")),
                [_sighting_row(finding) for finding in again],
            )
        return new

    def link(self, links: Iterable[Link]) -> None:
        """Adds links; one that is there already stays as it is."""
        wanted = dict.fromkeys(links)
        rows = rows_by(self._connection, select(LINKS), LINKS.c.a, {link.a for link in wanted})
        known = {Link(row.a, row.b, row.reason) for row in rows}
        many(
            self._connection,
            LINKS,
            [{"a": x.a, "b": x.b, "reason": x.reason} for x in wanted if x not in known],
        )

    def unlink(self, links: Iterable[Link]) -> None:
        """Takes links away, so that what they joined comes apart."""
        for link in links:
            self._connection.execute(
                delete(LINKS).where(
                    LINKS.c.a == link.a, LINKS.c.b == link.b, LINKS.c.reason == link.reason
                )
            )

    def notified(self, told: Iterable[Notified]) -> None:
        """Remembers that somebody was told; the first time stands."""
        wanted = {(each.about, each.mark): each for each in reversed(list(told))}
        rows = rows_by(
            self._connection, select(NOTIFIED), NOTIFIED.c.about, {key[0] for key in wanted}
        )
        known = {(row.about, row.mark) for row in rows}
        many(
            self._connection,
            NOTIFIED,
            [
                {"about": each.about, "mark": each.mark, "at": each.at}
                for key, each in wanted.items()
                if key not in known
            ],
        )

    def progress(self, marks: Iterable[Progress]) -> None:
        """Remembers how far captures were read."""
        for mark in marks:
            self._connection.execute(delete(PROGRESS).where(PROGRESS.c.capture == mark.capture))
            values = {
                "capture": mark.capture,
                "size": mark.size,
                "mtime_ns": mark.mtime_ns,
                "inode": str(mark.inode),
                "octet": mark.octet,
                "packet": mark.packet,
            }
            self._connection.execute(insert(PROGRESS), values)


def _finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "rule": finding.rule,
        "site": finding.site,
        "subject_kind": finding.subject.kind,
        "subject_id": finding.subject.id,
        "first_seen": finding.at,
        "last_seen": finding.until,
        "sightings": finding.count,
        "body": finding_to_json(finding),
    }


def _sighting_row(finding: Finding) -> dict[str, Any]:
    return {
        "key": finding.id,
        "first_seen": finding.at,
        "last_seen": finding.until,
        "sightings": finding.count,
        "body": finding_to_json(finding),
    }
