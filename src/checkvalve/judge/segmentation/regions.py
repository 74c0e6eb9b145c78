"""Boxes put together for people: as few products of sets as are found, nothing added or lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final

import numpy as np

from checkvalve.judge.segmentation.boxes import without
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.observe.firewalls.base import Ref
from checkvalve.observe.firewalls.spans import Spans, union

Array = np.ndarray[Any, Any]

_SIDES: Final = ("src", "dst", "ports", "src_ports")


@dataclass(frozen=True, slots=True)
class Region:
    """All packets from some addresses to others, on some ports, that the same lines decide.

    Attributes:
        src: source addresses.
        dst: destination addresses.
        ports: destination ports, or ICMP types and codes.
        src_ports: source ports.
        by: the lines that decide.
    """

    src: Spans
    dst: Spans
    ports: Spans
    src_ports: Spans
    by: tuple[Ref, ...]

    def boxes(self) -> tuple[Box, ...]:
        """The same as disjoint boxes."""
        sides = product(self.src, self.dst, self.ports, self.src_ports)
        return tuple(Box(*side, self.by) for side in sides)


def merged(boxes: Iterable[Box]) -> tuple[Region, ...]:
    """Boxes as regions, side by side put together as long as that makes them fewer.

    Args:
        boxes: they may overlap.
    """
    found = [
        Region((box.src,), (box.dst,), (box.ports,), (box.src_ports,), box.by) for box in boxes
    ]
    before = len(found) + 1
    while len(found) < before:
        before = len(found)
        for side in _SIDES:
            found = _joined(found, side)
    return tuple(sorted(found, key=lambda one: (one.src, one.dst, one.ports, one.src_ports)))


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


def _joined(regions: list[Region], side: str) -> list[Region]:
    """Those put together that differ in one side alone."""
    alike: dict[tuple[object, ...], list[Region]] = {}
    for one in regions:
        key = (one.by, *(getattr(one, other) for other in _SIDES if other != side))
        alike.setdefault(key, []).append(one)
    return [
        replace(some[0], **{side: union(*(getattr(one, side) for one in some))})  # type: ignore[arg-type]  # a side
        for some in alike.values()
    ]


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
