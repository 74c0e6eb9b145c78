"""Many small parts become one, and a crash in between doubles nothing."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.keep.making import DAY, names, packets, samples

from checkvalve.keep import compaction
from checkvalve.keep.archive import Archive
from checkvalve.keep.compaction import MANY, merge_small
from checkvalve.keep.durable import nothing_reached


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive(tmp_path / "records")
    for number in range(MANY):
        made.write([samples(3, first=3 * number)], step=number + 1)
    return made


def test_many_small_parts_become_one_with_the_same_rows(archive: Archive) -> None:
    before = packets(archive)
    assert archive.tidy() == MANY
    assert names(archive) == [
        f"{DAY}/part-000000000001.0000-{MANY:012d}.0000.parquet",
    ]
    assert packets(archive) == before == list(range(3 * MANY))
    assert archive.tidy() == 0


def test_fewer_are_left_alone(archive: Archive) -> None:
    (archive.folder / DAY / "part-000000000001.0000.parquet").unlink()
    assert archive.tidy() == 0


def test_a_large_part_ends_a_run(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.write([samples(5000, first=1000)], step=MANY + 1)
    archive.write([samples(1, first=9000)], step=MANY + 2)
    monkeypatch.setattr(compaction, "SMALL", 8000)
    assert merge_small(archive.folder / DAY, nothing_reached) == MANY
    assert len(names(archive)) == 3
    assert len(packets(archive)) == 3 * MANY + 5001


def test_a_merged_part_keeps_row_groups_of_bounded_size(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "_GROUP_ROWS", 30)
    archive.tidy()
    file = pq.ParquetFile(archive.folder / names(archive)[0])
    assert file.metadata.num_row_groups == 3 * MANY // 30 + 1
    assert packets(archive) == list(range(3 * MANY))


class CrashError(Exception):
    """The process ends here."""


def test_a_crash_between_writing_and_removing_doubles_nothing(archive: Archive) -> None:
    def crash(stage: str) -> None:
        if stage == "archive merged":
            raise CrashError

    with pytest.raises(CrashError):
        merge_small(archive.folder / DAY, crash)
    assert len(names(archive)) == MANY + 1
    assert packets(archive) == list(range(3 * MANY))
    assert archive.discard_after(MANY) == 0
    assert len(names(archive)) == 1
    assert packets(archive) == list(range(3 * MANY))
