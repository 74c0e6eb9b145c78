"""The store's tables.

Text that may come from a capture is cleaned on its way in: PostgreSQL stores no NUL and
nobody stores half a surrogate. Times are text of fixed width in UTC, which sorts by time and
reads the same in every database.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from checkvalve.chain import instant
from checkvalve.keep.codec import clean


class Instant(TypeDecorator[datetime]):
    """A time in UTC, such as ``2026-11-24T06:30:00.000000Z``."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Writes the time; one without a zone is a ``ValueError``."""
        return None if value is None else instant(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Reads the time."""
        return None if value is None else datetime.fromisoformat(value)


class Words(TypeDecorator[str]):
    """Text for people and for filters, with what a database can't hold written as an escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Cleans the text."""
        return None if value is None else clean(value)


METADATA = MetaData()

#: One row: where the store, the archive and the ledger stand together.
POSITION = Table(
    "position",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("schema_version", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=False),  # steps recorded
    Column("ledger_count", BigInteger, nullable=False),  # the ledger's pinned head
    Column("ledger_digest", String(64), nullable=False),
)

#: Lines that are part of the chain and may not be in the ledger's file yet.
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("line", Text, nullable=False),
)

MARKS = Table(
    "marks",
    METADATA,
    Column("stream", Words, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

FINDINGS = Table(
    "findings",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("rule", Words, nullable=False),
    Column("site", Words, nullable=False),
    Column("subject_kind", Words, nullable=False),
    Column("subject_id", Words, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("sightings", BigInteger, nullable=False),
    Column("body", Text, nullable=False),  # JSON, ASCII alone
    Index("findings_by_time", "last_seen"),
)

LINKS = Table(
    "links",
    METADATA,
    Column("a", ForeignKey("findings.id", ondelete="CASCADE"), primary_key=True),
    Column("b", ForeignKey("findings.id", ondelete="CASCADE"), primary_key=True),
    Column("reason", Words, primary_key=True),
    Index("links_by_end", "b"),
)

#: What people decided on incidents, in the order in which it took effect.
ACTS = Table(
    "acts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("line", BigInteger, nullable=False, unique=True),  # in the ledger
    Column("deed", Words, nullable=False),
    Column("incident", Words, nullable=False),
    Column("who", Words, nullable=False),
    Column("why", Words, nullable=False),
    Column("at", Instant, nullable=False),
    Column("until", Instant),
)

#: Which findings an act covers. A finding need not be there: it may come back later.
COVERED = Table(
    "covered",
    METADATA,
    Column("act", ForeignKey("acts.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("finding", Words, nullable=False),
    Index("covered_by_finding", "finding"),
)

NOTIFIED = Table(
    "notified",
    METADATA,
    Column("about", Words, primary_key=True),
    Column("mark", Words, primary_key=True),
    Column("at", Instant, nullable=False),
)

BASELINES = Table(
    "baselines",
    METADATA,
    Column("name", Words, primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("state", Text, nullable=False),
    Column("who", Words, nullable=False),
    Column("why", Words, nullable=False),
    Column("at", Instant, nullable=False),
)

#: Who made a proposed state the one that is judged against; the highest line counts.
APPROVALS = Table(
    "approvals",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("line", BigInteger, nullable=False, unique=True),  # in the ledger
    Column("name", Words, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("who", Words, nullable=False),
    Column("why", Words, nullable=False),
    Column("at", Instant, nullable=False),
    ForeignKeyConstraint(["name", "digest"], ["baselines.name", "baselines.digest"]),
)

PROGRESS = Table(
    "progress",
    METADATA,
    Column("capture", Words, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("inode", String(20), nullable=False),  # unsigned, so beyond any integer column
    Column("octet", BigInteger, nullable=False),
    Column("packet", BigInteger, nullable=False),
)
