"""Which commands touch a declared tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from checkvalve.judge.checks.declared import family
from checkvalve.judge.window import Edge, Window
from checkvalve.plant.tags import Tag

Array = np.ndarray[Any, Any]


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
        if self._spaces is None:
            self._spaces = {space: number for number, space in enumerate(self.window.spaces)}
        space = self._spaces.get(tag.space)
        if space is None:
            return rows[:0]
        found = self.window.commands[rows]
        hit = found["space"] == space
        if tag.address is not None:
            hit &= (found["first"] <= tag.address) & (found["last"] >= tag.address)
        chosen: Array = rows[hit]
        return chosen


def held(edge: Edge, tags: Iterable[Tag]) -> list[Tag]:
    """Those of a destination's tags that an edge can touch: its protocol and its device."""
    spoken = family(edge.protocol)
    return [
        tag
        for tag in tags
        if family(tag.protocol) == spoken
        and (tag.device is None or edge.device in (tag.device, -1))
    ]
