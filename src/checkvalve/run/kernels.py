"""The kernels made ready: compiled once, on two cores at a time."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import Final

from checkvalve.observe.compiling import are_compiled

#: What the other process compiles: the protocols. Both need half the time.
_PROTOCOLS: Final = "from checkvalve.observe.protocols import members; members()"
_ENGINE: Final = (
    "checkvalve.observe.captures.streams",
    "checkvalve.observe.captures.frames",
    "checkvalve.observe.captures.formats",
    "checkvalve.observe.protocols.framing",
    "checkvalve.observe.protocols.joining",
    "checkvalve.observe.batches",
    "checkvalve.judge.grouping",
)


def prepare() -> None:
    """Compile all kernels, or do nothing if they are compiled.

    A process that can't be started, or fails, costs time alone: what it did not compile is
    compiled where it is first used.
    """
    if are_compiled():
        return
    try:
        other = subprocess.Popen([sys.executable, "-c", _PROTOCOLS])  # noqa: S603  # ourselves
    except OSError:
        return
    with other:
        for module in _ENGINE:
            import_module(module)
