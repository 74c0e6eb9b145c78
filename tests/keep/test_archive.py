"""What was archived is there once, by record, site and day."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.keep.making import DAY, gaps, names, packets, samples

from checkvalve.errors import StorageError
from checkvalve.keep.archive import Archive
from checkvalve.records import EXCHANGE, SAMPLE

MIDNIGHT = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "records")


def test_a_part_is_parquet_of_the_records_schema_compressed_by_zstd(archive: Archive) -> None:
    assert archive.write([samples(5), gaps(2)], step=42) == 7
    assert names(archive) == [
        "gap/site=north/day=2026-11-24/part-000000000042.0000.parquet",
        f"{DAY}/part-000000000042.0000.parquet",
    ]
    file = pq.ParquetFile(archive.folder / DAY / "part-000000000042.0000.parquet")
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert file.read().equals(pa.Table.from_batches([samples(5)]))
    assert file.schema_arrow.equals(SAMPLE, check_metadata=True)


def test_rows_are_parted_by_site_and_utc_day(archive: Archive) -> None:
    night = samples(4, at=datetime(2026, 11, 24, 23, 59, 58, tzinfo=UTC))
    assert archive.write([night, samples(2, site="a/b"), samples(1, site=None)], step=1) == 7
    assert names(archive) == [
        "sample/site=__HIVE_DEFAULT_PARTITION__/day=2026-11-24/part-000000000001.0000.parquet",
        "sample/site=a%2Fb/day=2026-11-24/part-000000000001.0000.parquet",
        f"{DAY}/part-000000000001.0000.parquet",
        "sample/site=north/day=2026-11-25/part-000000000001.0000.parquet",
    ]
    rows = archive.query("SELECT site, day, count(*) AS n FROM sample GROUP BY ALL ORDER BY ALL")
    assert rows.to_pylist() == [
        {"site": "a/b", "day": date(2026, 11, 24), "n": 2},
        {"site": "north", "day": date(2026, 11, 24), "n": 2},
        {"site": "north", "day": date(2026, 11, 25), "n": 2},
        {"site": None, "day": date(2026, 11, 24), "n": 1},
    ]


def test_times_before_1970_and_times_that_are_missing_have_a_day(archive: Archive) -> None:
    early = samples(1, at=datetime(1969, 12, 31, 12, tzinfo=UTC))
    missing = pa.RecordBatch.from_pylist([{"site": "north", "packet": 9}], schema=SAMPLE)
    archive.write([early, missing], step=1)
    days = archive.query("SELECT day FROM sample ORDER BY day").column(0).to_pylist()
    assert days == [date(1969, 12, 31), date(1970, 1, 1)]


def test_a_step_that_is_tried_again_replaces_its_parts(archive: Archive) -> None:
    archive.write([samples(5)], step=1)
    archive.write([samples(5, first=5)], step=2)
    archive.write([samples(5, first=5)], step=2)
    assert packets(archive) == list(range(10))


def test_parts_of_steps_that_were_never_recorded_go(archive: Archive) -> None:
    archive.write([samples(5)], step=1)
    archive.write([samples(5, first=5), samples(2, site="south")], step=2)
    (archive.folder / DAY / "part-000000000003.0000.parquet.unfinished").write_bytes(b"PAR1")
    assert archive.discard_after(1) == 2
    assert names(archive) == [f"{DAY}/part-000000000001.0000.parquet"]
    assert archive.discard_after(1) == 0


def test_an_archive_that_was_never_written_has_nothing_to_discard(archive: Archive) -> None:
    assert archive.discard_after(0) == 0
    assert archive.drop_before(date(2027, 1, 1)) == 0
    assert not archive.folder.exists()


@pytest.mark.parametrize(("rows", "octets"), [(100, 1 << 30), (1 << 30, 4000)])
def test_a_step_of_any_length_is_written_in_parts_of_bounded_size(
    tmp_path: Path, rows: int, octets: int
) -> None:
    archive = Archive(tmp_path, rows=rows, octets=octets)
    assert archive.write((samples(40, first=40 * n) for n in range(50)), step=1) == 2000
    parts = names(archive)
    assert parts[:2] == [f"{DAY}/part-000000000001.000{n}.parquet" for n in (0, 1)]
    assert len(parts) >= 10
    assert packets(archive) == list(range(2000))


def test_batches_with_dictionaries_of_their_own_become_one_part(archive: Archive) -> None:
    batches = [samples(3), samples(3, first=3).set_column(2, "tag", _tags("B", "A", "B"))]
    archive.write([batch.cast(SAMPLE) for batch in batches], step=1)
    rows = archive.query("SELECT tag, count(*) AS n FROM sample GROUP BY tag ORDER BY tag")
    assert rows.to_pydict() == {"tag": ["A", "B", "TIC-101.PV"], "n": [1, 2, 3]}


def _tags(*tags: str) -> pa.Array:
    return pa.array(tags).dictionary_encode()


def test_a_batch_of_another_schema_is_refused(archive: Archive) -> None:
    for batch in (
        pa.RecordBatch.from_pydict({"a": [1]}),
        pa.RecordBatch.from_pylist([], schema=EXCHANGE.remove(0)),
    ):
        with pytest.raises(ValueError, match="has not the schema"):
            archive.write([batch], step=1)


def test_days_past_their_retention_are_dropped_whole(archive: Archive) -> None:
    archive.write([samples(5)], step=1)
    archive.write([samples(5, first=5, at=MIDNIGHT)], step=2)
    assert archive.drop_before(date(2026, 11, 25)) == 1
    assert packets(archive) == [5, 6, 7, 8, 9]
    assert not (archive.folder / DAY).exists()


@dataclass(slots=True)
class Failing:
    """A disk that is full when a stage is reached."""

    stage: str
    is_full: bool = True

    def __call__(self, stage: str) -> None:
        if self.is_full and stage == self.stage:
            raise OSError(28, os.strerror(28))


def test_a_full_disk_is_one_sentence_and_leaves_what_was_there(tmp_path: Path) -> None:
    disk = Failing("archive part written", is_full=False)
    archive = Archive(tmp_path, reached=disk)
    archive.write([samples(5)], step=1)
    disk.is_full = True
    with pytest.raises(StorageError, match=r"no space left for .*part-000000000002"):
        archive.write([samples(5, first=5)], step=2)
    assert names(archive) == [f"{DAY}/part-000000000001.0000.parquet"]
    disk.is_full = False
    archive.write([samples(5, first=5)], step=2)
    assert packets(archive) == list(range(10))
