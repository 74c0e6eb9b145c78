"""Progress of long work, as a port: who shows it is not the work's business."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

#: Told how much is done.
Tick: TypeAlias = Callable[[int], None]
#: Given what is worked on and how much there is (0: unknown); a tick inside the block.
Progress: TypeAlias = Callable[[str, int], AbstractContextManager[Tick]]


@contextmanager
def silent(what: str, total: int) -> Iterator[Tick]:
    """Show nothing."""
    del what, total
    yield unheard


def unheard(done: int) -> None:
    """A tick that nobody hears."""
    del done
