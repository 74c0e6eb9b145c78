"""An older store is brought up to date whole, or stays as it is; a newer one is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, MetaData, Text, inspect, select, text
from tests.keep.making import finding

from checkvalve.errors import IntegrityError, StorageError
from checkvalve.keep import engine as engines
from checkvalve.keep.migrations import Migration, bring_up, current, version_of
from checkvalve.keep.reading import Reader
from checkvalve.keep.store import Store
from checkvalve.keep.tables import FINDINGS, METADATA, POSITION


def add_shift(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE findings ADD COLUMN shift TEXT DEFAULT '' NOT NULL"))
    connection.execute(text("UPDATE findings SET shift = 'early'"))


NEXT = (Migration("findings know their shift", add_shift),)


def next_metadata() -> MetaData:
    later = MetaData()
    for table in METADATA.tables.values():
        table.to_metadata(later)
    later.tables["findings"].append_column(
        Column("shift", Text, nullable=False, server_default=text("''"))
    )
    return later


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store.sqlite"
    with Store.open(path) as store, store.transaction() as transaction:
        transaction.findings(finding(cause) for cause in range(3))
    return path


def columns(connection: Connection) -> dict[str, set[str]]:
    seen = inspect(connection)
    return {
        name: {column["name"] for column in seen.get_columns(name)}
        for name in seen.get_table_names()
    }


def test_an_older_store_keeps_its_rows_and_looks_like_a_new_one(path: Path, tmp_path: Path) -> None:
    old, new = engines.writer(path), engines.writer(tmp_path / "new.sqlite")
    with engines.asked(old, "old") as connection:
        done = bring_up(connection, "old", metadata=next_metadata(), migrations=NEXT)
        assert done == ("findings know their shift",)
    with engines.asked(new, "new") as connection:
        assert bring_up(connection, "new", metadata=next_metadata(), migrations=NEXT) == ()
        fresh = columns(connection)
        assert version_of(connection, "new") == current(NEXT)
    with engines.asked(old, "old") as connection:
        assert columns(connection) == fresh
        assert version_of(connection, "old") == current(NEXT)
        shifts = connection.execute(text("SELECT id, shift FROM findings")).all()
        assert {(row.id, row.shift) for row in shifts} == {
            (finding(cause).id, "early") for cause in range(3)
        }
        assert bring_up(connection, "old", metadata=next_metadata(), migrations=NEXT) == ()
    old.dispose()
    new.dispose()


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    def fail(connection: Connection) -> None:
        add_shift(connection)
        raise StorageError("the machine stops here")

    engine = engines.writer(path)
    with pytest.raises(StorageError, match="stops"), engines.asked(engine, "old") as connection:
        bring_up(connection, "old", migrations=(Migration("half of it", fail),))
    with engines.asked(engine, "old") as connection:
        assert "shift" not in columns(connection)["findings"]
        assert version_of(connection, "old") == current()
    engine.dispose()


@pytest.mark.parametrize("kind", [Store, Reader])
def test_a_store_that_a_newer_program_wrote_is_left_alone(path: Path, kind: type[Reader]) -> None:
    set_version(path, current() + 1)
    with pytest.raises(StorageError, match=f"version {current() + 1}; this program") as raised:
        kind.open(path)
    assert "nothing was changed" in raised.value.hint


def test_a_reader_does_not_bring_a_store_up_to_date(path: Path) -> None:
    set_version(path, 0)
    with pytest.raises(StorageError, match="schema version 0") as raised:
        Reader.open(path)
    assert "brings it up to date" in raised.value.hint


def test_a_store_without_its_version_is_an_integrity_error(path: Path) -> None:
    engine = engines.writer(path)
    with engines.asked(engine, "old") as connection:
        connection.execute(POSITION.delete())
    engine.dispose()
    with pytest.raises(IntegrityError, match="does not say its version"):
        Store.open(path)


def set_version(path: Path, version: int) -> None:
    engine = engines.writer(path)
    with engines.asked(engine, "old") as connection:
        connection.execute(POSITION.update().values(schema_version=version))
        assert len(connection.execute(select(FINDINGS.c.id)).all()) == 3
    engine.dispose()
