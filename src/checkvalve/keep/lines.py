"""The ledger's file as lines, whole ones and the one that a crash tore."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from checkvalve import chain
from checkvalve.keep.durable import told, whole

_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Torn:
    """The part of a line that a crash left at the end of the file.

    Attributes:
        aside: the file that keeps it.
        octets: how much it is.
    """

    aside: Path
    octets: int

    def __str__(self) -> str:
        return (
            f"a crash tore the ledger's last line: its {self.octets} octets are kept in "
            f"{self.aside}, and nothing that was reported is lost"
        )


class Lines:
    """The whole lines of a file, then those that wait and are not in it.

    Args:
        path: the ledger.
        waiting: lines that may not be in the file yet, in order.

    Attributes:
        torn: octets of an unfinished line at the end of the file, once it was read.
        waited: how many lines that wait were not in the file.
    """

    def __init__(self, path: Path, waiting: Iterable[bytes]) -> None:
        self._path = path
        self._waiting = waiting
        self.torn = 0
        self.waited = 0

    def __iter__(self) -> Iterator[bytes]:
        count = 0
        with told(self._path), self._path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    self.torn = len(line)
                    break
                count += 1
                yield line
        for line in self._waiting:
            if chain.read(line, count)[1].count > count:
                self.waited += 1
                yield line


def last_whole_lines(path: Path, count: int) -> tuple[list[bytes], int]:
    """The last whole lines of a file, in order, and the offset of their end."""
    octets = b""
    with path.open("rb") as file:
        place = file.seek(0, os.SEEK_END)
        while place > 0 and octets.count(b"\n") <= count:
            step = min(_BLOCK, place)
            place = file.seek(place - step)
            octets = file.read(step) + octets
    end = octets.rfind(b"\n") + 1
    lines = octets[:end].split(b"\n")[:-1]
    return lines[-count:], place + end


def put_aside(path: Path, end: int) -> Torn | None:
    """Moves what follows ``end`` into a file of its own, named by its place and digest."""
    with path.open("r+b") as file:
        file.seek(end)
        rest = file.read()
        if not rest:
            return None
        digest = hashlib.sha256(rest).hexdigest()[:8]
        aside = path.with_name(f"{path.name}.torn-{end}-{digest}")
        with whole(aside) as copy:
            copy.write(rest)
        file.truncate(end)
        os.fsync(file.fileno())
    return Torn(aside, len(rest))
