"""Boxes put together for people: as few products of sets as are found, nothing added or lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from checkvalve.judge.segmentation.permitted import Box
from checkvalve.observe.firewalls.base import Ref
from checkvalve.observe.firewalls.spans import Spans, union

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
