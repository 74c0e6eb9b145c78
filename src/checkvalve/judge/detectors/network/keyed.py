"""Learnt numbers by key: what detectors count, added up whatever the order.

A key is text, such as ``hmi filler-plc modbus 1 Read Coils``: ids and addresses hold no
blanks, and the function, which may, stands last. Which row an edge has is looked up once a
run, so that a window costs a few array operations and Python sees only what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, Self, TypeVar

import numpy as np

from checkvalve.judge.window import Edge

Array = np.ndarray[Any, Any]
Thing = TypeVar("Thing")

#: Rows of things that are not learnt, and of things that have no key.
UNKNOWN: Final = -1
NO_KEY: Final = -2

#: What columns start from, by how they add.
_START: Final[Mapping[np.ufunc, int]] = {
    np.add: 0,
    np.minimum: np.iinfo(np.int64).max,
    np.maximum: np.iinfo(np.int64).min,
}


def conversation_key(edge: Edge) -> str:
    """Source, destination and protocol."""
    return " ".join(edge.conversation)


def device_key(edge: Edge) -> str:
    """Conversation and device."""
    device = str(edge.device) if edge.device >= 0 else "-"
    return f"{conversation_key(edge)} {device}"


def edge_key(edge: Edge) -> str:
    """Conversation, device and function."""
    return f"{device_key(edge)} {edge.function}"


class Remembered(Generic[Thing]):
    """A number for each thing of a sequence that only grows, asked for once each.

    Args:
        number: tells the number of a thing.
    """

    def __init__(self, number: Callable[[Thing], int]) -> None:
        self._number = number
        self._things: Sequence[Thing] | None = None
        self._numbers = np.zeros(0, np.int64)

    def of(self, things: Sequence[Thing]) -> Array:
        """Numbers of all things, shape ``[len(things)]``; another sequence begins anew."""
        if things is not self._things:
            self._things = things
            self._numbers = np.zeros(0, np.int64)
        known = len(self._numbers)
        if len(things) > known:
            fresh = [self._number(things[place]) for place in range(known, len(things))]
            self._numbers = np.concatenate([self._numbers, np.array(fresh, np.int64)])
        return self._numbers

    def forget(self) -> None:
        """Ask again for all."""
        self._things = None


class Keyed(Generic[Thing]):
    """Rows of whole numbers by key, one column for each way of adding.

    Args:
        key: tells the key of a thing; ``None``: it is not counted here.
        columns: how each column adds: ``np.add``, ``np.minimum`` or ``np.maximum``.
    """

    def __init__(self, key: Callable[[Thing], str | None], columns: Sequence[np.ufunc]) -> None:
        self._key = key
        self._columns = tuple(columns)
        self._start = np.array([_START[column] for column in self._columns], np.int64)
        self._row_of: dict[str, int] = {}
        self._values = np.tile(self._start, (64, 1))
        self._rows: Remembered[Thing] = Remembered(self._row)
        self._complete = 0
        self._number_of: dict[str, int] = {}
        self._numbers: Remembered[Thing] = Remembered(self._number)
        self._numbered: Sequence[Thing] | None = None

    def __len__(self) -> int:
        return len(self._row_of)

    def __contains__(self, key: str) -> bool:
        return key in self._row_of

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys in the order of their rows."""
        return tuple(self._row_of)

    @property
    def values(self) -> Array:
        """Int64, shape ``[keys, columns]``."""
        return self._values[: len(self._row_of)]

    def __getitem__(self, key: str) -> Array:
        row: Array = self._values[self._row_of[key]]
        return row

    def rows(self, things: Sequence[Thing]) -> Array:
        """The row of each thing; ``UNKNOWN`` or ``NO_KEY`` where it has none."""
        rows = self._rows.of(things)
        if self._complete != len(self._row_of):
            for place in np.flatnonzero(rows == UNKNOWN).tolist():
                rows[place] = self._row(things[place])
            self._complete = len(self._row_of)
        return rows

    def numbers(self, things: Sequence[Thing]) -> Array:
        """A number for the key of each thing, learnt or not; equal keys, equal numbers."""
        if things is not self._numbered:
            self._numbered = things
            self._number_of.clear()
            self._numbers.forget()
        return self._numbers.of(things)

    def learn(self, things: Sequence[Thing], places: Array, values: Array) -> None:
        """Add values to the rows of some things; those without a key are left out.

        Args:
            things: the sequence in which the places are.
            places: shape ``[n]``.
            values: int64, shape ``[n, columns]``.
        """
        rows = self.rows(things)
        for place in np.unique(places[rows[places] == UNKNOWN]).tolist():
            key = self._key(things[place])
            if key is not None:
                rows[place] = self._enter(key)
        chosen = rows[places]
        counted = chosen >= 0
        for k, column in enumerate(self._columns):
            column.at(self._values[:, k], chosen[counted], values[counted, k])

    def add(self, key: str, values: Iterable[int]) -> None:
        """Add values to the row of a key."""
        row = self._enter(key)
        for k, (column, value) in enumerate(zip(self._columns, values, strict=True)):
            self._values[row, k] = column(self._values[row, k], value)

    def merge(self, other: Self) -> None:
        """Add all rows of another."""
        for key, values in zip(other.keys, other.values, strict=True):
            self.add(key, values)

    def state(self) -> dict[str, list[int]]:
        """Plain data: the values by key, in order of keys."""
        values = self.values.tolist()
        return {key: values[row] for key, row in sorted(self._row_of.items())}

    def restore(self, state: Mapping[str, Sequence[int]]) -> None:
        """Take over a state."""
        self._row_of = {key: row for row, key in enumerate(state)}
        self._values = np.tile(self._start, (max(64, len(state)), 1))
        if state:
            self._values[: len(state)] = np.array(list(state.values()), np.int64)
        self._rows.forget()
        self._complete = len(self._row_of)

    def _number(self, thing: Thing) -> int:
        key = self._key(thing)
        return NO_KEY if key is None else self._number_of.setdefault(key, len(self._number_of))

    def _row(self, thing: Thing) -> int:
        key = self._key(thing)
        return NO_KEY if key is None else self._row_of.get(key, UNKNOWN)

    def _enter(self, key: str) -> int:
        row = self._row_of.setdefault(key, len(self._row_of))
        if row == len(self._values):
            self._values = np.concatenate([self._values, np.tile(self._start, (row, 1))])
        return row


class Known(Generic[Thing]):
    """Texts that were learnt, each thing looked at once a run.

    Args:
        texts: what a thing teaches; the first is what it is asked for.
        kept: where they are kept; several may share it.
    """

    def __init__(self, texts: Callable[[Thing], Iterable[str]], kept: set[str]) -> None:
        self._texts = texts
        self.kept = kept
        self._seen: Remembered[Thing] = Remembered(self._is_known)
        self._taught: Remembered[Thing] = Remembered(lambda _: 0)
        self._size = 0

    def learn(self, things: Sequence[Thing], places: Array) -> None:
        """Keep what these things teach."""
        taught = self._taught.of(things)
        for place in places[taught[places] == 0].tolist():
            self.kept.update(self._texts(things[place]))
            taught[place] = 1

    def unknown(self, things: Sequence[Thing], places: Array) -> Array:
        """Mask of the places whose things are not known."""
        seen = self._seen.of(things)
        if self._size != len(self.kept):
            for place in np.flatnonzero(seen == 0).tolist():
                seen[place] = self._is_known(things[place])
            self._size = len(self.kept)
        mask: Array = seen[places] == 0
        return mask

    def forget(self) -> None:
        """Look at all things again."""
        self._seen.forget()
        self._taught.forget()

    def _is_known(self, thing: Thing) -> int:
        return int(next(iter(self._texts(thing))) in self.kept)


def texts_state(kept: set[str]) -> dict[str, int]:
    """Learnt texts as plain data, in which a difference has a place."""
    return dict.fromkeys(sorted(kept), 1)
