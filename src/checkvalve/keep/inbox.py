"""The inbox: where a command leaves its act for the process that owns the store.

An act is one file. It appears whole or not at all, is taken in by name, which begins with its
time, and is removed once the store has it. A file that is no act is set aside with the reason.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from checkvalve.chain import instant
from checkvalve.errors import InputError, UsageError
from checkvalve.keep.acts import Act, act_id
from checkvalve.keep.durable import make_folder, sync_folder, told, whole

_ASIDE = "aside"
#: Larger than any learnt state, smaller than what fills the memory.
LARGEST = 256 << 20


@dataclass(frozen=True, slots=True)
class Dropped:
    """One act that waits.

    Attributes:
        path: its file.
        act: the act.
    """

    path: Path
    act: Act


@dataclass(frozen=True, slots=True)
class Aside:
    """One file that was no act, or could not be done.

    Attributes:
        path: where it is now.
        why: the reason, in words.
    """

    path: Path
    why: str

    def __str__(self) -> str:
        return f"{self.path} was set aside: {self.why}"


class Inbox:
    """The folder of acts that wait.

    Args:
        folder: the folder; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self.folder = folder

    def drop(self, act: Act) -> Path:
        """Leaves an act; it is on disk when this returns. The same act twice is one file.

        Raises:
            StorageError: the folder can't be written.
        """
        moment = instant(act.at).replace(":", "").replace("-", "")
        path = self.folder / f"{moment}-{act_id(act)}.json"
        with whole(path) as file:
            file.write(_adapter().dump_json(act))
        return path

    def waiting(self) -> tuple[list[Dropped], list[Aside]]:
        """Reads what waits, in order, and sets aside what is no act.

        Raises:
            StorageError: the folder can't be read or written.
        """
        acts, asides = [], []
        with told(self.folder):
            paths = sorted(self.folder.glob("*.json"))
        for path in paths:
            try:
                acts.append(Dropped(path, _read(path)))
            except InputError as error:
                asides.append(self.set_aside(path, error.sentence))
        return acts, asides

    def set_aside(self, path: Path, why: str) -> Aside:
        """Moves a file out of the way and keeps it.

        Raises:
            StorageError: the folder can't be written.
        """
        make_folder(self.folder / _ASIDE)
        kept = self.folder / _ASIDE / path.name
        with told(path):
            path.replace(kept)
            sync_folder(kept.parent)
            sync_folder(self.folder)
        return Aside(kept, why)

    def done(self, dropped: list[Dropped]) -> None:
        """Removes acts that the store has.

        Raises:
            StorageError: the folder can't be written.
        """
        with told(self.folder):
            for each in dropped:
                each.path.unlink(missing_ok=True)
            if dropped:
                sync_folder(self.folder)


def _read(path: Path) -> Act:
    with told(path):
        if path.stat().st_size > LARGEST:
            raise InputError(f"it is larger than {LARGEST} octets")
        octets = path.read_bytes()
    try:
        return _adapter().validate_json(octets)
    except UsageError as error:
        raise InputError(f"it is no act: {error.sentence}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"it is no act: {place + ': ' if place else ''}{first['msg']}") from error


@functools.cache
def _adapter() -> TypeAdapter[Act]:
    return TypeAdapter(Annotated[Act, Field(discriminator="type")])
