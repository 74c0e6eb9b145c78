"""The store's schema versions: forward only, each in one transaction with its version number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, MetaData, insert, inspect, select, update

from checkvalve.chain import GENESIS
from checkvalve.errors import IntegrityError, StorageError
from checkvalve.keep.tables import METADATA, POSITION


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from the version before.

    Attributes:
        what: what it changes, in words.
        apply: changes the tables; must not commit.
    """

    what: str
    apply: Callable[[Connection], None]


#: The steps from version 1 on: the first one leads to version 2.
MIGRATIONS: tuple[Migration, ...] = ()


def current(migrations: tuple[Migration, ...] = MIGRATIONS) -> int:
    """The schema version that this program knows."""
    return 1 + len(migrations)


def version_of(connection: Connection, place: str) -> int:
    """The schema version of an open store; 0 when nothing is in it yet.

    Raises:
        IntegrityError: some of our tables are there, but not the one that says the version.
    """
    present = set(inspect(connection).get_table_names())
    if POSITION.name not in present:
        if present & METADATA.tables.keys():
            raise IntegrityError(
                f"{place} is only part of a store", hint="restore it from a backup"
            )
        return 0
    version: int | None = connection.scalar(select(POSITION.c.schema_version))
    if version is None:
        raise IntegrityError(f"{place} does not say its version", hint="restore it from a backup")
    return version


def refuse_other_version(version: int, place: str) -> None:
    """Refuses to read a store of another schema version.

    Raises:
        StorageError: the store is newer than this program, or has yet to be brought up to date.
    """
    refuse_newer(version, place)
    if version < current():
        raise StorageError(
            f"{place} has schema version {version}; this program reads version {current()}",
            hint="any command that writes, such as 'checkvalve watch', brings it up to date",
        )


def refuse_newer(version: int, place: str, known: int | None = None) -> None:
    """Refuses a store that a newer program wrote.

    Raises:
        StorageError: it is newer.
    """
    known = current() if known is None else known
    if version > known:
        raise StorageError(
            f"{place} has schema version {version}; this program knows up to {known}",
            hint="use the newer Checkvalve that wrote it; nothing was changed",
        )


def bring_up(
    connection: Connection,
    place: str,
    *,
    metadata: MetaData = METADATA,
    migrations: tuple[Migration, ...] = MIGRATIONS,
) -> tuple[str, ...]:
    """Makes an empty database a store, or an older store a current one.

    Runs in the caller's transaction: all of it happens, or nothing.

    Args:
        connection: in a transaction that may write.
        place: the store's name in sentences.
        metadata: the tables as they are after the last migration.
        migrations: the steps from version 1 on.

    Returns:
        What was changed, in words.
    """
    version, known = version_of(connection, place), current(migrations)
    refuse_newer(version, place, known)
    if version == 0:
        metadata.create_all(connection)
        start = {"id": 1, "schema_version": known, "sequence": 0}
        head = {"ledger_count": GENESIS.count, "ledger_digest": GENESIS.digest}
        connection.execute(insert(POSITION), start | head)
        return ()
    due = migrations[version - 1 :]
    for migration in due:
        migration.apply(connection)
    if due:
        connection.execute(update(POSITION).values(schema_version=known))
    return tuple(migration.what for migration in due)
