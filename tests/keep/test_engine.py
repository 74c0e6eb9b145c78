"""The database is opened safely, and refuses in one sentence."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import create_mock_engine, text
from sqlalchemy.schema import ExecutableDDLElement
from tests.keep.making import finding, without_privileges

from checkvalve.errors import IntegrityError, StorageError, UsageError
from checkvalve.keep import engine as engines
from checkvalve.keep.reading import Reader
from checkvalve.keep.store import Store
from checkvalve.keep.tables import METADATA


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a plant's 100%?#folder" / "store.sqlite"


def filled(path: Path, count: int = 1) -> None:
    with Store.open(path) as store, store.transaction() as transaction:
        transaction.findings(finding(cause) for cause in range(count))


@pytest.mark.parametrize(
    ("version", "is_told"),
    [
        ("3.6.23", False),
        ("3.7.0", True),
        ("3.40.1", True),
        ("3.51.2", True),
        ("3.51.3", False),
        ("4.0.0", False),
    ],
)
def test_one_line_of_notice_where_sqlite_has_the_wal_reset_bug(
    version: str, *, is_told: bool
) -> None:
    told = engines.notices(version)
    assert len(told) == is_told
    assert all(version in line and "\n" not in line for line in told)


def test_what_was_committed_is_on_disk_in_a_write_ahead_log(path: Path) -> None:
    with Store.open(path) as store, store.asked() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA busy_timeout")) == 5000
    assert path.exists()


def test_a_store_that_is_not_there_yet_says_what_fills_it(path: Path) -> None:
    with pytest.raises(StorageError, match="nothing is kept in") as raised:
        Reader.open(path)
    assert "checkvalve watch" in raised.value.hint
    assert not path.parent.exists()


@pytest.mark.parametrize("octets", [b"hello" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_an_integrity_error(path: Path, octets: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(octets)
    for opened in (Store.open, Reader.open):
        with pytest.raises(IntegrityError, match="damaged or is no database"):
            opened(path)
    assert path.read_bytes() == octets


def test_a_damaged_page_is_an_integrity_error(path: Path) -> None:
    filled(path, 500)
    octets = bytearray(path.read_bytes())
    octets[8192:-4096] = b"\xa5" * (len(octets) - 8192 - 4096)
    path.write_bytes(octets)
    with pytest.raises(IntegrityError, match="damaged"), Reader.open(path) as reader:
        reader.findings()


def test_a_database_of_something_else_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE findings (id TEXT)")
    connection.close()
    with pytest.raises(IntegrityError, match="only part of a store"):
        Store.open(path)


def test_a_full_database_is_one_sentence_and_undoes_the_transaction(path: Path) -> None:
    filled(path)
    with Store.open(path) as store:
        with store.asked() as connection:
            pages = connection.scalar(text("PRAGMA page_count"))
            connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(StorageError, match="no space left"), store.transaction() as transaction:
            transaction.findings(finding(cause) for cause in range(5000))
        assert store.findings() == [finding(0)]


def test_a_folder_in_the_place_of_the_database_is_one_sentence(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StorageError, match="can't be used: unable to open"):
        Store.open(path)


def test_a_store_on_a_server_is_named_without_the_password() -> None:
    assert engines.place_of("postgresql://checkvalve:secret@db/plant") == (
        "postgresql://checkvalve:***@db/plant"
    )


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "'nonsense' names no database"),
        ("", "'' names no database"),
        ("nosuch://a:secret@b/c", r"nosuch://a:\*\*\*@b/c needs a driver"),
    ],
)
def test_a_url_that_can_not_be_is_a_usage_error(url: str, sentence: str) -> None:
    for opened in (Store.open, Reader.open):
        with pytest.raises(UsageError, match=sentence):
            opened(url)


def test_a_store_in_a_folder_that_may_not_be_written_can_be_read() -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "store.sqlite"
        filled(path)
        path.chmod(0o444)
        path.parent.chmod(0o555)
        with without_privileges(), Reader.open(path) as reader:
            assert reader.findings() == [finding(0)]
        path.parent.chmod(0o755)


@pytest.mark.parametrize("url", ["postgresql://", "sqlite://"])
def test_every_table_can_be_made_in_every_database(url: str) -> None:
    made: list[str] = []

    def note(statement: ExecutableDDLElement, *_: object) -> None:
        made.append(str(statement.compile(dialect=mock.dialect)))

    mock = create_mock_engine(url, note)
    METADATA.create_all(mock, checkfirst=False)
    assert sum("CREATE TABLE" in each for each in made) == len(METADATA.tables)
