"""The record archive: what is many, in Parquet by record, site and day.

A step's records are written under the step's number before the step is recorded. A crash
in between leaves parts of a step that never was; ``discard_after`` removes them, and the
step's second try writes the same names again. Rows are buffered up to a bound, so that
memory stays flat however large a step is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from checkvalve.keep.compaction import merge_small, write_part
from checkvalve.keep.durable import (
    UNFINISHED,
    Reached,
    make_folder,
    nothing_reached,
    sync_folder,
    told,
)
from checkvalve.keep.parts import Number, counting, folder_of, name_of, parts_in
from checkvalve.records import SCHEMAS

_EPOCH = date(1970, 1, 1)


@dataclass(slots=True)
class _Buffer:
    """Batches of one record that are not on disk yet."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    rows: int = 0
    octets: int = 0

    def add(self, batch: pa.RecordBatch) -> None:
        self.batches.append(batch)
        self.rows += batch.num_rows
        self.octets += batch.nbytes


class Archive:
    """The archive in the hands of the one process that may write.

    Args:
        folder: where it is; made with the first part.
        rows: how many rows of one record are buffered before a part is written.
        octets: how many octets of one record are buffered before a part is written.
        reached: called with the name of each stage of a write.
    """

    def __init__(
        self,
        folder: Path,
        *,
        rows: int = 1_000_000,
        octets: int = 64 << 20,
        reached: Reached = nothing_reached,
    ) -> None:
        self.folder = folder
        self._rows = rows
        self._octets = octets
        self._reached = reached
        self._buffers: dict[str, _Buffer] = defaultdict(_Buffer)
        self._places: Counter[Path] = Counter()

    def write(self, batches: Iterable[pa.RecordBatch], step: int) -> int:
        """Writes one step's records; all of them are on disk when this returns.

        Args:
            batches: of the schemas in ``checkvalve.records``, in any order.
            step: the step's number; the same number replaces what a try before it wrote.

        Returns:
            How many rows were written.

        Raises:
            ValueError: a batch has no schema of ours.
            StorageError: there is no space, or the folder can't be written.
        """
        self._buffers.clear()
        self._places.clear()
        written = 0
        for batch in batches:
            record = _record_of(batch)
            buffer = self._buffers[record]
            buffer.add(batch)
            written += batch.num_rows
            if buffer.rows >= self._rows or buffer.octets >= self._octets:
                self._flush(record, step)
        for record in sorted(self._buffers):
            self._flush(record, step)
        return written

    def tidy(self) -> int:
        """Merges small parts where the step before left many; only recorded steps may be there.

        Returns:
            How many parts were merged away.

        Raises:
            StorageError: there is no space, or the folder can't be written.
        """
        with told(self.folder):
            return sum(merge_small(folder, self._reached) for folder in self._places)

    def discard_after(self, step: int) -> int:
        """Removes the parts of steps that were never recorded, and what was never finished.

        Args:
            step: the last step that was recorded.

        Returns:
            How many parts were removed.

        Raises:
            StorageError: the folder can't be written.
        """
        with told(self.folder):
            parts = list(parts_in(self.folder))
            orphans = [part.path for part in parts if part.last.step > step]
            merged = {part.path for part in parts} - {part.path for part in counting(parts)}
            unfinished = self.folder.glob(f"*/site=*/day=*/*{UNFINISHED}")
            _remove({*orphans, *merged, *unfinished})
        return len(orphans)

    def drop_before(self, day: date) -> int:
        """Removes what is older than a day: the retention that a plant declares.

        Args:
            day: the first day that stays, in UTC.

        Returns:
            How many parts were removed.

        Raises:
            StorageError: the folder can't be written.
        """
        with told(self.folder):
            old = {part.path for part in parts_in(self.folder) if part.day < day}
            _remove(old)
            for folder in sorted({path.parent for path in old}):
                if not any(folder.iterdir()):
                    folder.rmdir()
        return len(old)

    def query(self, sql: str, parameters: Iterable[object] = ()) -> pa.Table:
        """Answers one SELECT over the archive; see ``checkvalve.keep.questions``."""
        from checkvalve.keep.questions import answer

        return answer(self.folder, sql, parameters)

    def _flush(self, record: str, step: int) -> None:
        table = pa.Table.from_batches(self._buffers.pop(record).batches, SCHEMAS[record])
        for site, day, rows in _by_site_and_day(table.unify_dictionaries()):
            folder = folder_of(self.folder, record, site, day)
            make_folder(folder)
            number = Number(step, self._places[folder])
            self._places[folder] += 1
            write_part(folder / name_of(number), rows, self._reached)


def _record_of(batch: pa.RecordBatch) -> str:
    name: str = (batch.schema.metadata or {}).get(b"record", b"").decode()
    schema = SCHEMAS.get(name)
    if schema is None or not batch.schema.equals(schema, check_metadata=True):
        raise ValueError(f"a batch of {name or 'no record'} has not the schema of that record")
    return name


def _by_site_and_day(table: pa.Table) -> Iterator[tuple[str | None, date, pa.Table]]:
    """Parts a table by the site and the UTC day of its rows, in a fixed order."""
    days = pc.cast(pc.floor_temporal(table["time"], unit="day"), pa.date32())
    days = pc.fill_null(days, _EPOCH)
    sites = pc.cast(table["site"], pa.string())
    keys = pa.table({"site": sites, "day": days})
    groups = keys.group_by(["site", "day"]).aggregate([]).to_pylist()
    groups.sort(key=lambda group: (group["site"] is not None, group["site"] or "", group["day"]))
    if len(groups) == 1:
        yield groups[0]["site"], groups[0]["day"], table
        return
    for group in groups:
        same_site = pc.is_null(sites) if group["site"] is None else pc.equal(sites, group["site"])
        chosen = pc.and_(pc.fill_null(same_site, fill_value=False), pc.equal(days, group["day"]))
        yield group["site"], group["day"], table.filter(chosen)


def _remove(paths: set[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in paths}:
        sync_folder(folder)
