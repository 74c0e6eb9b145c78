"""Boxes as sets: put together, taken apart and counted, packet by packet."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from checkvalve.judge.segmentation.boxes import difference, volume
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.judge.segmentation.regions import merged
from checkvalve.observe.firewalls.base import Ref

SMALL = range(4)
REFS = (Ref("f", 1, "one"), Ref("f", 2, "two"))
Cell = tuple[int, ...]


def cells(boxes: tuple[Box, ...]) -> list[Cell]:
    return [
        cell
        for box in boxes
        for cell in product(*(range(low, high + 1) for low, high in box.sides))
    ]


sides = st.tuples(st.sampled_from(SMALL), st.sampled_from(SMALL)).map(
    lambda pair: (min(pair), max(pair))
)
boxes = st.builds(
    Box, sides, sides, sides, st.just((0, 1)), by=st.sampled_from([(ref,) for ref in REFS])
)


def disjoint(some: list[Box]) -> tuple[Box, ...]:
    """Boxes less those before them."""
    found: tuple[Box, ...] = ()
    for box in some:
        found += difference((box,), found)
    return found


@given(st.lists(boxes, max_size=6), st.lists(boxes, max_size=6))
def test_a_difference_is_what_is_in_the_first_alone(one: list[Box], other: list[Box]) -> None:
    mine, theirs = disjoint(one), disjoint(other)
    left = cells(difference(mine, theirs))
    assert len(left) == len(set(left))
    assert set(left) == set(cells(mine)) - set(cells(theirs))
    assert difference(mine, mine) == ()


@given(st.lists(boxes, max_size=8))
def test_merging_adds_nothing_loses_nothing_and_keeps_the_lines(some: list[Box]) -> None:
    mine = disjoint(some)
    regions = merged(mine)
    assert len(regions) <= len(mine)
    for ref in REFS:
        before = set(cells(tuple(box for box in mine if box.by == (ref,))))
        after = [one for region in regions if region.by == (ref,) for one in cells(region.boxes())]
        assert len(after) == len(set(after))
        assert set(after) == before


@given(st.lists(boxes, max_size=6))
def test_volume_counts_packets(some: list[Box]) -> None:
    mine = disjoint(some)
    assert volume(mine) == len(cells(mine))


def test_boxes_of_any_size_are_compared_exactly() -> None:
    end = 2**128 - 1
    whole = Box((0, end), (0, end), (0, 65_535), (0, 65_535))
    hole = Box((end, end), (5, 5), (502, 502), (0, 65_535))
    left = difference((whole,), (hole,))
    assert volume(left) == volume((whole,)) - volume((hole,))
    assert difference((hole,), (whole,)) == ()
