"""From cells to few boxes: neighbours with the same mark become one, side by side."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from checkvalve.judge.segmentation.grid import Axes

Array = np.ndarray[Any, Any]

#: The mark of cells that no box shall hold.
NOT_ASKED: Final = int(np.iinfo(np.int32).min)
_SIDES: Final = 4


def merged(marks: Array, axes: Axes) -> tuple[Array, Array, Array]:
    """Boxes of equal marks that cover all cells but those marked ``NOT_ASKED``, each once.

    Args:
        marks: int32, one a cell.
        axes: the cells; two of them are neighbours only if no number lies between.

    Returns:
        First cell of each box in each dimension, int64 of shape ``[boxes, 4]``; the one behind
        its last; and its mark.
    """
    joined = [_joined(axis.starts, axis.ends) for axis in axes]
    low, high, by = _runs(marks, joined[-1])
    for side in reversed(range(_SIDES - 1)):
        low, high, by = _along(side, joined[side], low, high, by)
    return low, high, by


def _joined(starts: Array, ends: Array) -> Array:
    """Whether each cell begins where the one before it ends."""
    found: Array = np.concatenate([[False], starts[1:] == ends[:-1]])
    return found


def _runs(marks: Array, joined: Array) -> tuple[Array, Array, Array]:
    """Runs of equal marks along the last dimension."""
    begins = np.ones(marks.shape, bool)
    begins[..., 1:] = (marks[..., 1:] != marks[..., :-1]) | ~joined[1:]
    low = np.argwhere(begins)
    by = marks[begins]
    behind = np.full(len(low), marks.shape[-1])
    behind[:-1] = np.where(low[1:, -1] > 0, low[1:, -1], marks.shape[-1])
    high = low + 1
    high[:, -1] = behind
    asked = by != NOT_ASKED
    return low[asked], high[asked], by[asked]


def _along(
    side: int, joined: Array, low: Array, high: Array, by: Array
) -> tuple[Array, Array, Array]:
    """Join boxes that differ in one dimension alone, and touch there."""
    if not len(by):
        return low, high, by
    others = [k for k in range(_SIDES) if k != side]
    keys = [low[:, side], by, *(bound[:, k] for k in others for bound in (low, high))]
    order = np.lexsort(keys)
    low, high, by = low[order], high[order], by[order]
    same = (by[1:] == by[:-1]) & (low[1:, side] == high[:-1, side]) & joined[low[1:, side]]
    for k in others:
        same &= (low[1:, k] == low[:-1, k]) & (high[1:, k] == high[:-1, k])
    first = np.concatenate([[True], ~same])
    last = np.concatenate([~same, [True]])
    top = high[last]
    return low[first], top, by[first]
