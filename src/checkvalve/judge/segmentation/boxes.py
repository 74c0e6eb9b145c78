"""Boxes of packets as sets: what is left of some without others, and how much that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from checkvalve.judge.segmentation.permitted import Box
from checkvalve.observe.firewalls.spans import Spans, complement, intersection

Array = np.ndarray[Any, Any]

_SIDES: Final = ("src", "dst", "ports", "src_ports")


def within_ports(box: Box, ports: Spans) -> Iterator[Box]:
    """What of a box goes to some ports."""
    for span in intersection((box.ports,), ports):
        yield replace(box, ports=span)


def beyond_ports(box: Box, ports: Spans) -> Iterator[Box]:
    """What of a box goes to other ports."""
    for span in complement(ports, (box.ports,)):
        yield replace(box, ports=span)


def without(box: Box, others: Iterable[Box]) -> list[Box]:
    """What of a box is in none of some others; disjoint boxes, with the box's own lines."""
    left = [box]
    for other in others:
        if box.meets(other) is None:
            continue
        left = [piece for one in left for piece in _less(one, other)]
        if not left:
            break
    return left


def difference(boxes: Sequence[Box], others: Sequence[Box]) -> tuple[Box, ...]:
    """What is in some boxes and not in some others; disjoint where the boxes are.

    What stands in both alike costs nothing, so that two rule sets that are nearly equal are
    compared as fast as they are read.

    Args:
        boxes: with the lines that are kept.
        others: what is taken away.
    """
    same = {box.sides for box in others}
    left = [box for box in boxes if box.sides not in same]
    if not (left and others):
        return tuple(left)
    near = _Near(left, others)
    return tuple(piece for k, box in enumerate(left) for piece in without(box, near.of(k)))


def volume(boxes: Iterable[Box]) -> int:
    """How many packets are in some disjoint boxes, each port counted."""
    total = 0
    for box in boxes:
        size = 1
        for low, high in box.sides:
            size *= high - low + 1
        total += size
    return total


def _less(box: Box, other: Box) -> Iterator[Box]:
    """One box less another: at most two pieces a side."""
    if box.meets(other) is None:
        yield box
        return
    rest = box
    for side in _SIDES:
        (low, high), (first, last) = getattr(rest, side), getattr(other, side)
        if low < first:
            yield replace(rest, **{side: (low, first - 1)})
        if last < high:
            yield replace(rest, **{side: (last + 1, high)})
        rest = replace(rest, **{side: (max(low, first), min(high, last))})


class _Near:
    """Which of some other boxes meet a box: numbers of any size compared as their ranks."""

    def __init__(self, boxes: Sequence[Box], others: Sequence[Box]) -> None:
        self._others = others
        self._own, self._other = [], []
        for k in range(len(_SIDES)):
            own, other = ([box.sides[k] for box in some] for some in (boxes, others))
            ends = sorted({end for span in (*own, *other) for end in span})
            rank = {end: place for place, end in enumerate(ends)}
            self._own.append(_ranked(own, rank))
            self._other.append(_ranked(other, rank))

    def of(self, place: int) -> list[Box]:
        """The others that meet one box."""
        meets = np.ones(len(self._others), bool)
        for own, other in zip(self._own, self._other, strict=True):
            meets &= (other[:, 0] <= own[place, 1]) & (other[:, 1] >= own[place, 0])
        return [self._others[k] for k in np.flatnonzero(meets).tolist()]


def _ranked(spans: list[tuple[int, int]], rank: dict[int, int]) -> Array:
    return np.array([(rank[low], rank[high]) for low, high in spans], np.int64).reshape(-1, 2)
