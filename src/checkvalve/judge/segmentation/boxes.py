"""Boxes of packets as sets: what is left of one without others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from checkvalve.judge.segmentation.permitted import Box
from checkvalve.observe.firewalls.spans import Spans, complement, intersection

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
