"""What a report is made of: lines of work, each with how far it is and what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a line of work is about.

    Attributes:
        name: kind and id, such as ``component line-vision``.
        missing: what is not done or not known, each in a few words; empty: it is done.
    """

    name: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineOfWork:
    """One thing to be done in a time.

    Attributes:
        id: kebab case.
        title: what is to be reached.
        items: everything that it is about.
        next: the command that leads on.
    """

    id: str
    title: str
    items: tuple[Item, ...]
    next: str

    @property
    def done(self) -> int:
        """How many items lack nothing."""
        return sum(not item.missing for item in self.items)

    @property
    def left(self) -> tuple[Item, ...]:
        """The items that lack something."""
        return tuple(item for item in self.items if item.missing)


@dataclass(frozen=True, slots=True)
class Report:
    """A report.

    Attributes:
        title: its name.
        at: the instant that it is about.
        lines: its lines of work.
        waived: exceptions that somebody approved: they count as done, and stand here.
    """

    title: str
    at: datetime
    lines: tuple[LineOfWork, ...]
    waived: tuple[str, ...] = ()


def gathered(found: Iterable[tuple[str, str]]) -> tuple[Item, ...]:
    """Items from (name, what is missing), empty where nothing is; names in order of coming."""
    by_name: dict[str, dict[str, None]] = {}
    for name, missing in found:
        known = by_name.setdefault(name, {})
        if missing:
            known[missing] = None
    return tuple(Item(name, tuple(missing)) for name, missing in by_name.items())
