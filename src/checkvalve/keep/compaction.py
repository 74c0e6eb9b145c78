"""Small parts of the archive become one, so that a month of short steps stays quick to ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from checkvalve.keep.durable import Reached, sync_folder, whole
from checkvalve.keep.parts import Part, counting, name_of

#: How many small neighbours make it worth the while.
MANY = 64
#: What is small, in octets.
SMALL = 256 << 10
_GROUP_ROWS = 250_000


def write_part(path: Path, rows: pa.Table, reached: Reached) -> None:
    """Writes one part, whole or not at all.

    Raises:
        StorageError: there is no space, or the folder can't be written.
    """
    with whole(path) as file:
        pq.write_table(rows, file, compression="zstd")
        reached("archive part written")
    reached("archive part on disk")


def merge_small(folder: Path, reached: Reached) -> int:
    """Merges the small parts of one folder where many stand side by side.

    The merged part is on disk, and counts for those that it merges, before these are removed.

    Args:
        folder: one record, site and day.
        reached: called with the name of each stage.

    Returns:
        How many parts were merged away.

    Raises:
        StorageError: there is no space, or the folder can't be written.
    """
    parts = counting(part for path in folder.glob("part-*.parquet") if (part := Part.at(path)))
    merged = 0
    for run in _runs(parts):
        _merge(folder, run, reached)
        merged += len(run)
    return merged


def _runs(parts: list[Part]) -> Iterator[list[Part]]:
    """Neighbours that are small, at least ``MANY`` of them."""
    run: list[Part] = []
    for part in parts:
        if part.path.stat().st_size < SMALL:
            run.append(part)
            continue
        if len(run) >= MANY:
            yield run
        run = []
    if len(run) >= MANY:
        yield run


def _merge(folder: Path, run: list[Part], reached: Reached) -> None:
    path = folder / name_of(run[0].first, run[-1].last)
    with whole(path) as file:
        schema = pq.read_schema(run[-1].path)
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for rows in _gathered((pq.ParquetFile(part.path).read() for part in run), schema):
                writer.write_table(rows)
    reached("archive merged")
    for part in run:
        part.path.unlink()
    sync_folder(folder)


def _gathered(tables: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """Tables of at least ``_GROUP_ROWS`` rows each, except the last."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(each.num_rows for each in waiting) >= _GROUP_ROWS:
            yield pa.concat_tables(waiting).cast(schema).unify_dictionaries()
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting).cast(schema).unify_dictionaries()
