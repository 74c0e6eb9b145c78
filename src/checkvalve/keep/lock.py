"""The lock: one process owns a state folder, and it says who that is.

The kernel lets go of the lock when its process ends, however it ends, so that a crash leaves
nothing to clean up. Known limit: a folder on a network file system may not hold locks.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from checkvalve.chain import instant
from checkvalve.errors import StorageError
from checkvalve.keep.durable import make_folder, told

_LARGEST = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock.

    Attributes:
        pid: the process.
        command: what it runs.
        since: when it took the lock, in UTC, as text.
    """

    pid: int
    command: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command}, since {self.since})"


class HeldError(StorageError):
    """Another process owns the folder.

    Attributes:
        holder: who; ``None`` when it has not said so yet.
    """

    def __init__(self, folder: Path, holder: Holder | None) -> None:
        super().__init__(
            f"{folder} belongs to {holder or 'another process'}",
            hint="end that process, or leave it be: acts on incidents reach it through its inbox",
        )
        self.holder = holder


class Lock:
    """The right to write to a state folder, held until ``release``.

    Args:
        handle: an open file that holds the kernel's lock.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @classmethod
    def take(cls, folder: Path, *, command: str, at: datetime) -> Self:
        """Takes the lock at once, or says who has it.

        Args:
            folder: the state folder; made where it is missing.
            command: what this process runs, for others to read.
            at: now.

        Raises:
            HeldError: another process owns the folder.
            StorageError: the folder can't be written.
        """
        make_folder(folder)
        path = folder / "lock"
        with told(path):
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(handle)
                raise HeldError(folder, holder_of(folder)) from error
            words = {"pid": os.getpid(), "command": command, "since": instant(at)}
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(words).encode(), 0)
        return cls(handle)

    def release(self) -> None:
        """Lets go; the file stays, because removing it would let two processes in."""
        if self._handle >= 0:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()


def holder_of(folder: Path) -> Holder | None:
    """Who says that it holds the lock; ``None`` when nobody does.

    What a process that crashed wrote stays there until the next one takes the lock.
    """
    try:
        with (folder / "lock").open("rb") as file:
            words = json.loads(file.read(_LARGEST))
        return Holder(int(words["pid"]), str(words["command"]), str(words["since"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
