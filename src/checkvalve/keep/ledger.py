"""The ledger: a file of chained lines that only grows.

A line is acknowledged when ``append`` or ``extend`` returns: then it is on disk. A crash may
leave part of a line at the end, which was never acknowledged; opening the ledger puts that
part aside in a file of its own, says so, and goes on after the last whole line.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from checkvalve import chain
from checkvalve.chain import GENESIS, Entry, Head
from checkvalve.errors import IntegrityError
from checkvalve.keep.durable import (
    Reached,
    make_folder,
    nothing_reached,
    sync_folder,
    told,
)
from checkvalve.keep.lines import Lines, Torn, last_whole_lines, put_aside


class Ledger:
    """The ledger in the hands of the one process that may write.

    Args:
        path: the file.
        head: where its chain stands.
        size: its octets.
        torn: what a crash left, now put aside; ``None`` when nothing was left.
        reached: called with the name of each stage of a write.
    """

    def __init__(
        self,
        path: Path,
        head: Head,
        size: int,
        torn: Torn | None,
        reached: Reached,
    ) -> None:
        self.path = path
        self.head = head
        self.torn = torn
        self._size = size
        self._reached = reached
        with told(path):
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND)

    @classmethod
    def open(cls, path: Path, *, reached: Reached = nothing_reached) -> Self:
        """Opens a ledger to write to, or begins one.

        Only its last whole line is read; ``verify`` reads them all.

        Args:
            path: the file; its folder is made where it is missing.
            reached: called with the name of each stage of a write.

        Raises:
            StorageError: the file can't be read or written.
            IntegrityError: its last line is not one of a chain.
        """
        make_folder(path.parent)
        with told(path):
            if not path.exists():
                path.touch()
                sync_folder(path.parent)
            lines, end = last_whole_lines(path, 1)
            head = chain.read(lines[-1], 0)[1] if lines else GENESIS
            torn = put_aside(path, end)
        return cls(path, head, end, torn, reached)

    def append(self, entries: Iterable[Entry]) -> Head:
        """Chains entries to the end, all of them on disk when this returns.

        Raises:
            StorageError: they could not be written; then none of them is in the ledger.
            IntegrityError: another program wrote to the file.
        """
        head, lines = self.head, []
        for entry in entries:
            line, head = chain.append(head, entry)
            lines.append(line)
        if lines:
            self._write(b"".join(lines), head)
        return head

    def extend(self, lines: Sequence[bytes]) -> Head:
        """Adds lines that are chained already; those that the ledger has are passed over.

        Args:
            lines: in order, none left out between them.

        Raises:
            StorageError: they could not be written; then none of them is in the ledger.
            IntegrityError: a line does not follow, or another program wrote to the file.
        """
        if not lines:
            return self.head
        first = chain.read(lines[0], self.head.count + 1)[1].count
        new = lines[max(0, self.head.count - first + 1) :]
        head = chain.verify(new, start=self.head)
        if new:
            self._write(b"".join(line.removesuffix(b"\n") + b"\n" for line in new), head)
        return head

    def close(self) -> None:
        """Lets go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _write(self, octets: bytes, after: Head) -> None:
        """Puts lines on disk; whatever interrupts that, the file and the head stay as they were."""
        self._refuse_strangers()
        before = self._size, self.head
        try:
            with told(self.path):
                self._reached("ledger before write")
                rest = memoryview(octets)
                while rest:
                    rest = rest[os.write(self._file, rest) :]
                    self._reached("ledger written")
                os.fsync(self._file)
                self._reached("ledger on disk")
                self._size, self.head = self._size + len(octets), after
        except BaseException:
            self._size, self.head = before
            with told(self.path):
                os.ftruncate(self._file, self._size)
            raise

    def _refuse_strangers(self) -> None:
        with told(self.path):
            size = os.fstat(self._file).st_size
        if size != self._size:
            raise IntegrityError(
                f"{self.path} was changed by another program while it was open",
                hint="end that program, then run 'checkvalve ledger verify'",
            )


@dataclass(frozen=True, slots=True)
class Verified:
    """What a ledger's file holds.

    Attributes:
        head: the head after its last whole line.
        torn: octets of an unfinished line at the end: written now, or left by a crash.
        waiting: lines that are decided and have yet to reach the file.
    """

    head: Head
    torn: int
    waiting: int


def verify(path: Path, *, pinned: Head | None = None, waiting: Iterable[bytes] = ()) -> Verified:
    """Checks every line of a ledger.

    Args:
        path: the file.
        pinned: a head that the ledger is known to have had, or will have with what waits.
        waiting: lines that may not be in the file yet, in order.

    Raises:
        StorageError: the file can't be read.
        IntegrityError: a line does not hold, or lines are missing.
    """
    reading = Lines(path, waiting)
    try:
        head = chain.verify(reading, pinned=pinned)
    except IntegrityError as error:
        raise IntegrityError(f"{path}: {error.sentence}", hint=error.hint) from error
    return Verified(head, reading.torn, reading.waited)


def tail(path: Path, count: int) -> list[Entry]:
    """The last entries of a ledger, oldest first; what a crash or a write left is passed over.

    Raises:
        StorageError: the file can't be read.
        IntegrityError: a line is not an entry.
    """
    with told(path):
        lines, _ = last_whole_lines(path, count)
    return [chain.read(line, place - len(lines))[0] for place, line in enumerate(lines)]
