"""A question sees the archive, all of it, and nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.keep.making import AT, DAY, gaps, samples

from checkvalve.errors import IntegrityError, StorageError, UsageError
from checkvalve.keep.archive import Archive
from checkvalve.keep.questions import answer
from checkvalve.records import SCHEMAS


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive(tmp_path / "it's a plant" / "records")
    made.write([samples(10), gaps(3)], step=1)
    return made


@pytest.mark.parametrize("record", list(SCHEMAS))
def test_every_view_is_there_before_anything_was_recorded(tmp_path: Path, record: str) -> None:
    empty = answer(tmp_path / "nothing", f"FROM {record}")
    assert empty.num_rows == 0
    assert empty.column_names == [*SCHEMAS[record].names, "day"]


@pytest.mark.parametrize("record", ["sample", "gap"])
def test_a_filled_view_has_the_columns_of_an_empty_one(archive: Archive, record: str) -> None:
    sql = f"DESCRIBE {record}"
    filled, empty = archive.query(sql), answer(archive.folder.parent / "nothing", sql)
    assert filled.to_pylist() == empty.to_pylist()


def test_parameters_stand_apart_from_the_question(archive: Archive) -> None:
    rows = archive.query(
        "SELECT packet, time FROM sample WHERE day = $1 AND packet < $2 ORDER BY packet",
        [date(2026, 11, 24), 2],
    )
    assert rows["packet"].to_pylist() == [0, 1]
    assert rows["time"][0].as_py() == AT


def test_views_are_joined_and_named_in_any_case(archive: Archive) -> None:
    rows = archive.query("SELECT count(*) AS n FROM Sample s, GAP g WHERE s.site = g.site")
    assert rows.to_pydict() == {"n": [30]}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; SELECT 2",
        "COPY sample TO 'x.csv'",
        "CREATE TABLE t (a INTEGER)",
        "SET memory_limit = '1TB'",
        "ATTACH 'x.db'",
        "INSTALL httpfs",
        "DROP VIEW sample",
        "",
    ],
)
def test_what_is_not_one_select_is_refused(archive: Archive, sql: str) -> None:
    with pytest.raises(UsageError, match="one SELECT"):
        archive.query(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd.csv'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM 'https://example.org/x.parquet'",
    ],
)
def test_other_files_and_the_network_are_out_of_reach(archive: Archive, sql: str) -> None:
    with pytest.raises(UsageError, match="not in the archive"):
        archive.query(sql)


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT nothing FROM sample", "SELECT * FROM secrets"])
def test_a_question_that_makes_no_sense_is_a_usage_error(archive: Archive, sql: str) -> None:
    with pytest.raises(UsageError, match="can't be answered"):
        archive.query(sql)


def test_the_programs_own_variables_are_out_of_reach(archive: Archive) -> None:
    secrets = samples(1)
    with pytest.raises(UsageError, match="secrets"):
        archive.query("SELECT * FROM secrets")
    assert secrets.num_rows == 1


def test_a_damaged_file_is_named(archive: Archive) -> None:
    path = archive.folder / DAY / "part-000000000001.0000.parquet"
    octets = path.read_bytes()
    for damaged in (b"", b"hello" * 100, octets[: len(octets) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(IntegrityError, match=r"part-000000000001\.0000\.parquet"):
            archive.query("SELECT * FROM sample")
    assert archive.query("SELECT count(*) AS n FROM gap").to_pydict() == {"n": [3]}


def test_an_answer_that_needs_too_much_memory_is_one_sentence(archive: Archive) -> None:
    with pytest.raises(StorageError, match="more memory"):
        answer(
            archive.folder,
            "SELECT list(a.range || repeat('x', 100)) FROM range(9000000) a",
            memory="20MB",
        )
