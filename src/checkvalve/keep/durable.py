"""Writing to disk so that it is there after a crash, and saying plainly when that fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias

from checkvalve.errors import StorageError

#: What a half-written file is called until it is whole.
UNFINISHED = ".unfinished"

#: Called with the name of each stage of a write, so that a test can put a crash there.
Reached: TypeAlias = Callable[[str], None]

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


def nothing_reached(stage: str) -> None:
    """Lets every stage pass."""


@contextmanager
def told(place: Path) -> Iterator[None]:
    """Turns the system's refusals into one sentence about ``place``.

    Raises:
        StorageError: the system refused.
    """
    try:
        yield
    except OSError as error:
        raise refusal(place, error) from error


def refusal(place: Path, error: OSError) -> StorageError:
    """The sentence for one refusal of the system."""
    if error.errno in _NO_SPACE:
        return no_space(place)
    if error.errno in _NOT_ALLOWED:
        return not_allowed(place)
    reason = error.strerror or str(error)
    return StorageError(f"{place} can't be read or written: {reason.lower()}")


def no_space(place: Path | str) -> StorageError:
    """The sentence for a full disk, a quota or a limit."""
    return StorageError(
        f"there is no space left for {place}",
        hint="free space and run the same command again: nothing that was reported is lost",
    )


def not_allowed(place: Path | str) -> StorageError:
    """The sentence for a place that may not be written."""
    return StorageError(
        f"{place} may not be read or written by this user",
        hint="give this user the right to it, or choose another state folder",
    )


def make_folder(folder: Path) -> None:
    """Makes a folder and its parents, each of them on disk when this returns.

    Raises:
        StorageError: the system refused.
    """
    with told(folder):
        for path in reversed((folder, *folder.parents)):
            if not path.exists():
                path.mkdir(exist_ok=True)
                sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Puts a folder's list of names on disk: after a rename, a new file or a removal."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write into that appears under its name whole, or not at all.

    The folder must exist. What was there under the name is replaced.

    Raises:
        StorageError: the system refused; what was there before is there still.
    """
    unfinished = path.with_name(path.name + UNFINISHED)
    with told(path):
        try:
            with unfinished.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
