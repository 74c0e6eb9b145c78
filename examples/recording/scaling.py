"""From the minutes of the recording to the days of the story.

The acts are done one after another, each as fast as the stacks answer. What is scaled is the
time *between* acts: the frames of one act keep their distances to the microsecond, and the
act as a whole is moved to its place in the story. So a poll comes every five minutes, and its
answer half a millisecond later.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from recording.capture import Frame

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Between the end of one act and the start of the next, at least, in ns.
_APART = 1_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """When an act was done, and when the story says that it happened; ns since 1970."""

    real: int
    real_end: int
    story: int


def nanoseconds(at: datetime) -> int:
    """Nanoseconds since 1970 of a time with a zone."""
    return (at - _EPOCH) // timedelta(microseconds=1) * 1_000


def in_order(windows: Iterable[Window]) -> Iterator[Window]:
    """The same windows; one that would start before its forerunner ended starts after it."""
    free = 0
    for window in windows:
        story = max(window.story, free)
        free = story + (window.real_end - window.real) + _APART
        yield Window(window.real, window.real_end, story)


def scale(frames: Iterable[Frame], windows: Iterable[Window]) -> list[Frame]:
    """Move every frame to the story's time; what came before the first act is left out.

    Args:
        frames: as captured.
        windows: as done, one after another.
    """
    ordered = list(in_order(windows))
    starts = [window.real for window in ordered]
    moved = []
    for frame in frames:
        index = bisect_right(starts, frame.time) - 1
        if index >= 0:
            window = ordered[index]
            moved.append(Frame(window.story + frame.time - window.real, frame.octets))
    return sorted(moved, key=lambda frame: frame.time)
