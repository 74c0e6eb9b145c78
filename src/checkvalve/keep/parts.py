"""How the archive's files are named, and which of them count.

``exchange/site=north/day=2026-11-24/part-000000000042.0000.parquet`` is what step 42 wrote
first for that record, site and day. A part that merges others bears the first and the last
of their numbers; it counts for all of them, so that a crash between writing it and removing
them doubles nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self
from urllib.parse import quote

#: What stands for a row without a site; DuckDB and Hive read it as null.
NO_SITE = "__HIVE_DEFAULT_PARTITION__"

_NAME = re.compile(r"part-(\d{12})\.(\d{4})(?:-(\d{12})\.(\d{4}))?\.parquet")


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """Which file a part is.

    Attributes:
        step: the step that wrote it.
        place: its place in that step, from 0.
    """

    step: int
    place: int

    def __str__(self) -> str:
        return f"{self.step:012d}.{self.place:04d}"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the archive.

    Attributes:
        path: where it is.
        first: its number, or the first of those that it merges.
        last: the last of those that it merges, else ``first``.
    """

    path: Path
    first: Number
    last: Number

    @classmethod
    def at(cls, path: Path) -> Self | None:
        """The part at a path; ``None`` when the name is not that of a part."""
        found = _NAME.fullmatch(path.name)
        if found is None:
            return None
        numbers = [int(group) for group in found.groups() if group is not None]
        return cls(path, Number(*numbers[:2]), Number(*numbers[-2:]))

    @property
    def day(self) -> date:
        """The day that it holds."""
        return date.fromisoformat(self.path.parent.name.removeprefix("day="))

    @property
    def record(self) -> str:
        """The record that it holds."""
        return self.path.parents[2].name


def folder_of(archive: Path, record: str, site: str | None, day: date) -> Path:
    """Where the parts of one record, site and day are."""
    name = NO_SITE if site is None else quote(site, safe="")
    return archive / record / f"site={name}" / f"day={day.isoformat()}"


def name_of(first: Number, last: Number | None = None) -> str:
    """The name of a part, or of one that merges those from ``first`` to ``last``."""
    return f"part-{first}.parquet" if last is None else f"part-{first}-{last}.parquet"


def parts_in(archive: Path, record: str = "*") -> Iterator[Part]:
    """Every part of an archive, whether it counts or not."""
    for path in archive.glob(f"{record}/site=*/day=*/part-*.parquet"):
        part = Part.at(path)
        if part is not None:
            yield part


def counting(parts: Iterable[Part]) -> list[Part]:
    """The parts that count: those that no merged part of the same folder stands for."""
    left: list[Part] = []
    ordered = sorted(parts, key=lambda part: (part.path.parent, part.first, _reversed(part.last)))
    for part in ordered:
        before = left[-1] if left else None
        inside = (
            before is not None
            and before.path.parent == part.path.parent
            and part.last <= before.last
        )
        if not inside:
            left.append(part)
    return left


def _reversed(number: Number) -> tuple[int, int]:
    return -number.step, -number.place
