"""Which commands touch a declared tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from checkvalve.judge.checks.declared import family
from checkvalve.judge.window import Edge, Window
from checkvalve.plant.tags import Tag

Array = np.ndarray[Any, Any]

_ENDLESS: Final = 1 << 62


class Commands:
    """The commands of a window, found by edge and by tag.

    Args:
        window: holds them.
    """

    def __init__(self, window: Window) -> None:
        self.window = window
        self._spaces: Mapping[str, int] | None = None

    @property
    def places(self) -> list[int]:
        """The edges that commanded something: places in ``window.edges``."""
        return [int(place) for place in np.unique(self.window.commands["edge"])]

    def of(self, place: int) -> Array:
        """Rows of ``window.commands`` that an edge commanded, in order of time."""
        return np.flatnonzero(self.window.commands["edge"] == place)

    def touching(self, rows: Array, tag: Tag) -> Array:
        """Those of these rows that touch a tag's place.

        Args:
            rows: of ``window.commands``, all of one edge that holds the tag.
            tag: without an address it is touched wherever its space is.
        """
        found = self.window.commands[rows]
        hit = found["space"] == self._number(tag.space)
        if tag.address is not None:
            hit &= (found["first"] <= tag.address) & (found["last"] >= tag.address)
        chosen: Array = rows[hit]
        return chosen

    def outside(self, place: int, tags: Sequence[Tag]) -> Array:
        """The commands of an edge that reach beyond these tags.

        Args:
            place: the edge's, in ``window.edges``.
            tags: of its destination.
        """
        rows = self.of(place)
        for space, low, high in _spans(held(self.window.edges[place], tags)):
            found = self.window.commands[rows]
            number = self._number(space)
            within = (found["space"] == number) & (found["first"] >= low) & (found["last"] <= high)
            rows = rows[~within]
        return rows

    def _number(self, space: str) -> int:
        """The number of an object space in this run; -2: it was not met."""
        if self._spaces is None:
            self._spaces = {name: number for number, name in enumerate(self.window.spaces)}
        return self._spaces.get(space, -2)


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
