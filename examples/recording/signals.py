"""Signals that look like measurements."""

from __future__ import annotations

import math
from datetime import datetime


def wave(at: datetime, middle: float, swing: float, period_s: float = 2_820.0) -> float:
    """A slow, smooth signal around ``middle``, in whatever unit that has."""
    return middle + swing * math.sin(at.timestamp() * 2 * math.pi / period_s)
