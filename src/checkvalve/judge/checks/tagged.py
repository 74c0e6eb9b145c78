"""Which commands touch a declared tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np

from checkvalve.judge.checks.declared import family
from checkvalve.judge.window import Edge, Window
from checkvalve.plant.tags import Tag

Array = np.ndarray[Any, Any]

_ENDLESS: Final = 1 << 62
_NARROW: Final = 1 << 16
#: The number of an object space that this run has not met.
_NOT_MET: Final = -2


class Commands:
    """The commands of a window, by edge and by tag.

    Args:
        window: holds them.

    Attributes:
        places: the edges that commanded something: places in ``window.edges``.
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        commands = window.commands
        edge = commands["edge"]
        # Sorting numbers of 16 bits takes a tenth of the time.
        narrow = edge.astype(np.uint16) if len(edge) and edge.max() < _NARROW else edge
        self._order = np.argsort(narrow, kind="stable")
        places, starts = np.unique(edge[self._order], return_index=True)
        self.places: list[int] = places.tolist()
        self._space, self._first, self._last = (
            commands[name][self._order] for name in ("space", "first", "last")
        )
        stops = [*starts[1:].tolist(), len(edge)][: len(starts)]
        self._rows = {
            place: slice(start, stop)
            for place, start, stop in zip(self.places, starts.tolist(), stops, strict=True)
        }
        self._reach: dict[int, tuple[int, int]] = {}
        if len(edge):
            low = np.minimum.reduceat(self._first, starts).tolist()
            high = np.maximum.reduceat(self._last, starts).tolist()
            self._reach = dict(zip(self.places, zip(low, high, strict=True), strict=True))

    @cached_property
    def _spaces(self) -> Mapping[str, int]:
        return {name: number for number, name in enumerate(self.window.spaces)}

    def of(self, place: int) -> Array:
        """Rows of ``window.commands`` that an edge commanded, in order of time."""
        return self._order[self._rows[place]]

    def touching(self, place: int, tag: Tag) -> Array:
        """Rows of ``window.commands`` with which an edge touched a tag's place.

        Args:
            place: the edge's, in ``window.edges``; its destination holds the tag.
            tag: without an address it is touched wherever its space is.
        """
        low, high = self._reach[place]
        if tag.address is not None and not low <= tag.address <= high:
            return self._order[:0]
        rows = self._rows[place]
        hit = self._space[rows] == self._spaces.get(tag.space, _NOT_MET)
        if tag.address is not None:
            hit &= (self._first[rows] <= tag.address) & (self._last[rows] >= tag.address)
        chosen: Array = self._order[rows][hit]
        return chosen

    def outside(self, place: int, tags: Sequence[Tag]) -> Array:
        """Rows of ``window.commands`` with which an edge reached beyond these tags.

        Args:
            place: the edge's, in ``window.edges``.
            tags: of its destination.
        """
        rows = self._rows[place]
        beyond = np.ones(rows.stop - rows.start, np.bool_)
        for space, low, high in _spans(held(self.window.edges[place], tags)):
            beyond &= (
                (self._space[rows] != self._spaces.get(space, _NOT_MET))
                | (self._first[rows] < low)
                | (self._last[rows] > high)
            )
        return self._order[rows][beyond]


def held(edge: Edge, tags: Iterable[Tag]) -> list[Tag]:
    """Those of a destination's tags that an edge can touch: its protocol and its device."""
    spoken = family(edge.protocol)
    return [
        tag
        for tag in tags
        if family(tag.protocol) == spoken
        and (tag.device is None or edge.device in (tag.device, -1))
    ]


def _spans(tags: Sequence[Tag]) -> list[tuple[str, int, int]]:
    """Object space with first and last address of what tags fill; neighbours are one."""
    spans: list[tuple[str, int, int]] = []
    for tag in sorted(tags, key=lambda tag: (tag.space, tag.address or 0)):
        low, high = (
            (-1, _ENDLESS) if tag.address is None else (tag.address, tag.address + _more(tag))
        )
        if spans and spans[-1][0] == tag.space and low <= spans[-1][2] + 1:
            spans[-1] = (tag.space, spans[-1][1], max(spans[-1][2], high))
        else:
            spans.append((tag.space, low, high))
    return spans


def _more(tag: Tag) -> int:
    """How many addresses a tag fills beside its first: registers of two octets, or octets."""
    octets = 1 if tag.type == "bool" else int("".join(filter(str.isdigit, tag.type))) // 8
    if tag.space.endswith("register"):
        return max(octets // 2, 1) - 1
    return octets - 1 if tag.protocol == "s7comm" else 0
