"""What an edge is by itself, asked once a run, and how blind the sensor was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from checkvalve.judge.detectors.network.keyed import Remembered
from checkvalve.judge.window import Edge, Window
from checkvalve.records import COMMANDS, GapKind

Array = np.ndarray[Any, Any]

#: Kinds of gap that hide traffic, so that what is missing may have been there. What was seen
#: and not understood is none of them.
HIDING: Final = frozenset({GapKind.CUT_FRAME, GapKind.DROPPED, GapKind.STREAM_GAP, GapKind.EVICTED})
#: From this share of hidden octets on, what is missing says nothing.
BLIND: Final = 0.05


class Changing:
    """Which edges change something: write, control or program."""

    def __init__(self) -> None:
        self._remembered: Remembered[Edge] = Remembered(lambda edge: int(edge.intent in COMMANDS))

    def of(self, edges: Sequence[Edge]) -> Array:
        """Mask of the edges, shape ``[len(edges)]``."""
        mask: Array = self._remembered.of(edges) > 0
        return mask


def is_blind(window: Window) -> bool:
    """Whether the sensor missed so much that an absence says nothing."""
    hidden = sum(amount for kind, amount in window.blind.items() if kind in HIDING)
    seen = int(window.groups["octets"].sum() + window.flows["sent"].sum())
    return hidden > BLIND * (hidden + seen + int(window.flows["received"].sum()))
