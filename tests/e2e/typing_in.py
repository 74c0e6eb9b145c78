"""Commands as a person types them, and what comes of them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from checkvalve.show.cli import main

ROOT = Path(__file__).resolve().parents[2]
#: What the installed ``checkvalve`` does.
PROGRAM = (sys.executable, "-W", "error", "-c", "from checkvalve.show.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Typed:
    """What a command gave: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which is JSON and nothing else."""
        return json.loads(self.out)


def typed(*words: str | Path, given: bytes = b"") -> Typed:
    """Run a command in this process, as the installed ``checkvalve`` runs it.

    Args:
        words: what stands after ``checkvalve``.
        given: what comes in on standard input.

    Returns:
        What it gave. An error that the command does not put into words is raised.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    argv, stdin = [str(word) for word in words], io.TextIOWrapper(io.BytesIO(given), "utf-8")
    code = 0
    with (
        patch.object(sys, "argv", ["checkvalve", *argv]),
        patch.object(sys, "stdin", stdin),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Typed(code, _text(out), _text(err))


def started(*words: str | Path) -> subprocess.Popen[str]:
    """Start a command as a process of its own.

    Args:
        words: what stands after ``checkvalve``.
    """
    return subprocess.Popen(
        [*PROGRAM, *(str(word) for word in words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        text=True,
    )


def _text(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
