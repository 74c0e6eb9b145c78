"""What can be asked of the store; nothing here writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Self, TypeAlias

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, select

from checkvalve.chain import Head
from checkvalve.errors import IntegrityError
from checkvalve.findings import Finding
from checkvalve.keep import engine as engines
from checkvalve.keep.acts import Deed, IncidentAct, state_digest
from checkvalve.keep.codec import finding_from_json
from checkvalve.keep.engine import Where
from checkvalve.keep.facts import Baseline, Link, Mark, Notified, Progress
from checkvalve.keep.migrations import refuse_other_version, version_of
from checkvalve.keep.tables import (
    ACTS,
    APPROVALS,
    BASELINES,
    COVERED,
    FINDINGS,
    LINKS,
    MARKS,
    NOTIFIED,
    OUTBOX,
    POSITION,
    PROGRESS,
)

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
AnyQuestion: TypeAlias = Select[*tuple[Any, ...]]

#: Ids in one question: below every database's limit on parameters.
AT_ONCE = 500


class Reader:
    """The store as a command sees it beside a process that writes.

    Args:
        engine: from ``checkvalve.keep.engine``.
        place: the store's name in sentences.

    Every method raises StorageError when the database can't be asked and IntegrityError when
    it is damaged.
    """

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine = engine
        self.place = place

    @classmethod
    def open(cls, where: Where) -> Self:
        """Opens a store to read from.

        Args:
            where: its file, or the URL of its database.

        Raises:
            StorageError: nothing is kept there, or another schema version is.
        """
        reader = cls(engines.reader(where), engines.place_of(where))
        try:
            with reader.asked() as connection:
                refuse_other_version(version_of(connection, reader.place), reader.place)
        except BaseException:
            reader.close()
            raise
        return reader

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def asked(self) -> AbstractContextManager[Connection]:
        """One transaction."""
        return engines.asked(self._engine, self.place)

    def findings(
        self, *, since: datetime | None = None, ids: Iterable[str] | None = None
    ) -> list[Finding]:
        """Findings by the time they were last seen, then by id.

        Args:
            since: only those seen at or after this time.
            ids: only these.
        """
        columns = select(
            FINDINGS.c.id,
            FINDINGS.c.body,
            FINDINGS.c.first_seen,
            FINDINGS.c.last_seen,
            FINDINGS.c.sightings,
        )
        if since is not None:
            columns = columns.where(FINDINGS.c.last_seen >= since)
        with self.asked() as connection:
            rows = (
                list(connection.execute(columns))
                if ids is None
                else rows_by(connection, columns, FINDINGS.c.id, ids)
            )
        rows.sort(key=lambda row: (row.last_seen, row.id))
        return [finding_of(row) for row in rows]

    def links(self) -> list[Link]:
        """All links between findings, in a fixed order."""
        question = select(LINKS).order_by(LINKS.c.a, LINKS.c.b, LINKS.c.reason)
        with self.asked() as connection:
            return [Link(row.a, row.b, row.reason) for row in connection.execute(question)]

    def acts(self) -> list[IncidentAct]:
        """What people decided on incidents, in the order in which it took effect."""
        covered: dict[str, list[str]] = defaultdict(list)
        question = select(COVERED).order_by(COVERED.c.act, COVERED.c.place)
        with self.asked() as connection:
            for row in connection.execute(question):
                covered[row.act].append(row.finding)
            rows = connection.execute(select(ACTS).order_by(ACTS.c.line)).all()
        return [
            IncidentAct(
                deed=Deed(row.deed),
                incident=row.incident,
                findings=tuple(covered[row.id]),
                who=row.who,
                why=row.why,
                at=row.at,
                until=row.until,
            )
            for row in rows
        ]

    def notified(self) -> list[Notified]:
        """Who was told of what, by time."""
        question = select(NOTIFIED).order_by(NOTIFIED.c.at, NOTIFIED.c.about, NOTIFIED.c.mark)
        with self.asked() as connection:
            return [Notified(row.about, row.mark, row.at) for row in connection.execute(question)]

    def baselines(self, name: str | None = None) -> list[Baseline]:
        """Every version of every baseline, or of the one named, oldest proposal first."""
        proposed = select(
            BASELINES.c.name, BASELINES.c.digest, BASELINES.c.who, BASELINES.c.at, BASELINES.c.why
        ).order_by(BASELINES.c.at, BASELINES.c.digest)
        if name is not None:
            proposed = proposed.where(BASELINES.c.name == name)
        approved = select(APPROVALS).order_by(APPROVALS.c.line)
        with self.asked() as connection:
            last = {(row.name, row.digest): row for row in connection.execute(approved)}
            rows = connection.execute(proposed).all()
        return [_baseline_of(row, last.get((row.name, row.digest))) for row in rows]

    def approved(self, name: str) -> Baseline | None:
        """The baseline that is judged against: the one that was approved last."""
        last = (
            select(APPROVALS.c.digest)
            .where(APPROVALS.c.name == name)
            .order_by(APPROVALS.c.line.desc())
            .limit(1)
        )
        with self.asked() as connection:
            digest = connection.scalar(last)
        return next((each for each in self.baselines(name) if each.digest == digest), None)

    def state(self, baseline: Baseline) -> str:
        """A baseline's learnt state.

        Raises:
            IntegrityError: it is not there, or not the state that was proposed.
        """
        question = select(BASELINES.c.state).where(
            BASELINES.c.name == baseline.name, BASELINES.c.digest == baseline.digest
        )
        with self.asked() as connection:
            state: str | None = connection.scalar(question)
        if state is None or state_digest(state) != baseline.digest:
            raise IntegrityError(
                f"the baseline {baseline.name} of {self.place} has another digest than its state",
                hint="it was damaged or edited; learn again, or restore the store",
            )
        return state

    def progress(self) -> dict[str, Progress]:
        """How far each capture was read, by its name."""
        with self.asked() as connection:
            rows = connection.execute(select(PROGRESS)).all()
        return {
            row.capture: Progress(
                row.capture, row.size, row.mtime_ns, int(row.inode), row.octet, row.packet
            )
            for row in rows
        }

    def recorded(self, mark: Mark) -> bool:
        """Whether this step, or a later one of its stream, was recorded."""
        question = select(MARKS.c.number).where(MARKS.c.stream == mark.stream)
        with self.asked() as connection:
            number: int | None = connection.scalar(question)
        return number is not None and number >= mark.number

    def sequence(self) -> int:
        """How many steps were recorded, in all streams together."""
        with self.asked() as connection:
            return int(connection.execute(select(POSITION.c.sequence)).scalar_one())

    def pinned(self) -> tuple[Head, list[bytes]]:
        """The head that the ledger has, or will have once the lines returned are in its file.

        Returns:
            The head, and lines that may not be in the file yet, in order.
        """
        with self.asked() as connection:
            count, digest = connection.execute(
                select(POSITION.c.ledger_count, POSITION.c.ledger_digest)
            ).one()
            lines = connection.scalars(select(OUTBOX.c.line).order_by(OUTBOX.c.number)).all()
        return Head(count, digest), [line.encode() for line in lines]


def finding_of(row: AnyRow) -> Finding:
    """The finding in a row of its table."""
    return finding_from_json(row.body, at=row.first_seen, last=row.last_seen, count=row.sightings)


def _baseline_of(proposed: AnyRow, approved: AnyRow | None) -> Baseline:
    words = (proposed.name, proposed.digest, proposed.who, proposed.at, proposed.why)
    if approved is None:
        return Baseline(*words)
    return Baseline(*words, approved.who, approved.at, approved.why)


def rows_by(
    connection: Connection, question: AnyQuestion, column: ColumnElement[str], ids: Iterable[str]
) -> list[AnyRow]:
    """The rows whose column has one of many values, in bounded questions."""
    wanted = list(ids)
    found: list[AnyRow] = []
    for start in range(0, len(wanted), AT_ONCE):
        found += connection.execute(question.where(column.in_(wanted[start : start + AT_ONCE])))
    return found
