"""Opening the store's database, and saying in one sentence why that fails.

SQLite runs in WAL mode with ``synchronous=FULL``, so that what was committed is on disk.
SQLite 3.7.0 to 3.51.2 can corrupt a database when two connections write or checkpoint at
once just as the WAL is reset (https://sqlite.org/wal.html#walresetbug).
Here one connection writes, that of the process that holds the lock; readers open the file
read-only, and a read-only connection does not checkpoint.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from checkvalve.errors import CheckvalveError, IntegrityError, StorageError, UsageError
from checkvalve.keep.durable import no_space, not_allowed

#: Where a store is: a file of SQLite, or the URL of any database that SQLAlchemy speaks.
Where: TypeAlias = Path | str

_BUSY_S = 5.0
_WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))


def notices(version: str = sqlite3.sqlite_version) -> tuple[str, ...]:
    """What a person should know of this machine's SQLite before the store is used."""
    first, last = _WAL_RESET_BUG
    if not first <= tuple(int(part) for part in version.split(".")[:3]) <= last:
        return ()
    notice = (
        f"SQLite {version} can corrupt a database that several processes write; "
        "Checkvalve writes from one only, so let no other program write to its store"
    )
    return (notice,)


def writer(where: Where) -> Engine:
    """An engine of one connection that may write; whoever asks holds the lock."""
    path = file_of(where)
    if path is None:
        return _server(str(where))
    return _sqlite(path, "rwc", "BEGIN IMMEDIATE")


def reader(where: Where) -> Engine:
    """An engine that only reads, beside a process that writes.

    Raises:
        StorageError: nothing has been kept there yet.
    """
    path = file_of(where)
    if path is None:
        return _server(str(where)).execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    if not path.exists():
        raise StorageError(
            f"nothing is kept in {path.parent} yet", hint="'checkvalve watch' fills it"
        )
    # Without the right to make the files of a log, SQLite reads only what it is told nobody writes.
    may_write = os.access(path.parent, os.W_OK, effective_ids=True)
    left_alone = not may_write and not Path(f"{path}-wal").exists()
    return _sqlite(path, "ro&immutable=1" if left_alone else "ro", "BEGIN")


def file_of(where: Where) -> Path | None:
    """The file that holds a store; ``None`` when a server holds it."""
    if isinstance(where, Path):
        return where
    url = _url(where)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def place_of(where: Where) -> str:
    """A store's name in sentences: its file, or its server without the password."""
    path = file_of(where)
    return _url(str(where)).render_as_string() if path is None else str(path)


@contextmanager
def asked(engine: Engine, place: str) -> Iterator[Connection]:
    """One transaction: committed at the end, undone by any exception.

    Args:
        engine: from ``writer`` or ``reader``.
        place: the store's name in sentences.

    Raises:
        StorageError: the database could not be asked, or had no room.
        IntegrityError: the database is damaged.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise _refusal(place, error) from error


def _url(text: str) -> URL:
    try:
        return make_url(text)
    except ArgumentError as error:
        raise UsageError(
            f"'{text}' names no database", hint="it reads as postgresql+psycopg://user@host/name"
        ) from error


def _server(text: str) -> Engine:
    try:
        return create_engine(text, pool_size=1, max_overflow=0, pool_pre_ping=True)
    except (ImportError, NoSuchModuleError) as error:
        raise UsageError(
            f"{place_of(text)} needs a driver that is not installed: {error}",
            hint="install the driver that the URL names, such as psycopg",
        ) from error


def _sqlite(path: Path, mode: str, begin: str) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode={mode}",
            uri=True,
            timeout=_BUSY_S,
            isolation_level=None,  # transactions begin where we say so, see below
            check_same_thread=False,
        )
        connection.execute("PRAGMA foreign_keys = ON")
        if mode == "rwc":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        return connection

    engine = create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=1, max_overflow=0
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _refusal(place: str, error: SQLAlchemyError) -> CheckvalveError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(cause, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return no_space(place)
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM")):
        return not_allowed(place)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return IntegrityError(
            f"{place} is damaged or is no database: {cause}",
            hint="move it away and restore it from a backup; the ledger and the archive stand",
        )
    if name.startswith("SQLITE_BUSY"):
        return StorageError(
            f"{place} is being written by another program",
            hint="end that program: only one process may write to the store",
        )
    return StorageError(
        f"{place} can't be used: {str(cause).splitlines()[0]}",
        hint="nothing that was reported is lost; mend the cause and run the same command again",
    )
