"""Following a capture that grows: how long to wait for more, and how to stop in order."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

_MOMENT_S: Final = 0.2


@contextmanager
def following(path: str, idle_s: float) -> Iterator[Callable[[], bool] | None]:
    """What to ask at the end of a capture: it waits a moment, and says whether to read on.

    It says no once the file has not grown for too long or is gone, and after Ctrl-C or
    SIGTERM; a second signal stops at once. A pipe ends once and for all: nothing waits for it.

    Args:
        path: the capture.
        idle_s: seconds without growth that are too long.
    """
    if path == "-":
        yield None
        return
    with _stopping() as stop:
        yield _waiter(Path(path), idle_s, stop)


def _waiter(path: Path, idle_s: float, stop: threading.Event) -> Callable[[], bool]:
    size, grown = -1, time.monotonic()

    def wait() -> bool:
        nonlocal size, grown
        try:
            found = path.stat().st_size
        except OSError:
            return False
        if found != size:
            size, grown = found, time.monotonic()
        left = grown + idle_s - time.monotonic()
        return left > 0 and not stop.wait(min(_MOMENT_S, left))

    return wait


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that the first signal sets."""
    stop = threading.Event()

    def heed(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, heed) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
