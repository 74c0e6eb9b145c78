"""Editing a plant's files: add objects, add fields to them, and nothing else changes.

An edit holds the folder's lock, is checked by loading the whole plant with it, and replaces
each file in one step (temporary file, ``fsync``, rename). A plant that has problems, or would
have, is not edited.
"""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from checkvalve.errors import PlantError, StorageError, UsageError
from checkvalve.plant.edits import Fields, with_entries, with_fields
from checkvalve.plant.folders import SUFFIXES, read_octets, why
from checkvalve.plant.kinds import Kind
from checkvalve.plant.loading import Loaded, load, read_folder
from checkvalve.plant.plant import Plant
from checkvalve.plant.words import did_you_mean


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit wrote.

    Attributes:
        plant: the plant as it is now.
        files: the files written, relative to the plant's folder.
        added: ids of the objects that are new.
        amended: ids of the objects that have more fields.
    """

    plant: Plant
    files: tuple[str, ...]
    added: tuple[str, ...]
    amended: tuple[str, ...]


def edit(
    folder: Path,
    kind: Kind,
    added: Sequence[tuple[str, Fields]] = (),
    amended: Mapping[str, Fields] | None = None,
) -> Edited:
    """Adds objects of a kind, and fields to objects of it that are there.

    New objects go into the kind's file in the plant's folder, which is made if need be.

    Args:
        folder: the plant's folder.
        kind: what is edited.
        added: id and other fields, as JSON has them, of each new object.
        amended: by id, the fields that an object gets; it must not have them yet.

    Raises:
        UsageError: there is no object to amend.
        PlantError: the plant has problems, or would have; nothing is written.
        InputError: a file can't be changed safely; nothing is written.
        StorageError: a file can't be written.
    """
    amended = amended or {}
    with _locked(folder):
        loaded = read_folder(folder)
        if loaded.problems:
            raise PlantError(tuple(loaded.problems))
        texts: dict[Path, str] = {}
        for name, fields in amended.items():
            entry = _entry(loaded, kind, name)
            path = folder / entry[0]
            texts[path] = with_fields(_text(path, texts), entry[1], fields)
        if added:
            path = _home(folder, kind)
            texts[path] = with_entries(_text(path, texts), added)
        drafts = {path: text.encode() for path, text in texts.items()}
        plant = _loaded_with(folder, drafts)
        for path, octets in drafts.items():
            _replace(path, octets)
    files = tuple(str(path.relative_to(folder)) for path in drafts)
    return Edited(plant, files, tuple(name for name, _ in added), tuple(amended))


def _loaded_with(folder: Path, drafts: Mapping[Path, bytes]) -> Plant:
    """The plant with the drafts; its problems name no lines, since these are not written."""
    try:
        return load(folder, drafts)
    except PlantError as error:
        raise PlantError(tuple(replace(one, line=0) for one in error.problems)) from error


def _entry(loaded: Loaded, kind: Kind, name: str) -> tuple[str, tuple[str | int, ...]]:
    """The file that an object stands in, and the way to it there."""
    entry = loaded.entries.get((kind.plural, name))
    if entry is None:
        known = loaded.things[kind.plural]
        raise UsageError(
            f"there is no {kind.name.replace('_', ' ')} '{name}'", hint=did_you_mean(name, known)
        )
    return entry.file, entry.steps


def _home(folder: Path, kind: Kind) -> Path:
    """The file of a kind in the plant's folder, there or to come."""
    paths = [folder / f"{kind.plural}{suffix}" for suffix in SUFFIXES]
    return next((path for path in paths if path.exists()), paths[0])


def _text(path: Path, texts: Mapping[Path, str]) -> str:
    if path in texts:
        return texts[path]
    try:
        return read_octets(path).removeprefix(codecs.BOM_UTF8).decode()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StorageError(f"{path.name} can't be read: {why(error)}") from error


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Holds the folder's lock; another edit waits for it."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        handle = -1  # loading tells why
    try:
        if handle >= 0:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        if handle >= 0:
            os.close(handle)


def _replace(path: Path, octets: bytes) -> None:
    """Puts octets in the place of a file, all of them or none; a link to it stays."""
    target = path.resolve()
    try:
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(handle, target.stat().st_mode & 0o777 if target.exists() else 0o644)
                file.write(octets)
                file.flush()
                os.fsync(handle)
            Path(draft).replace(target)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
    except OSError as error:
        raise StorageError(
            f"{path.name} can't be written: {why(error)}", hint="the file is as it was"
        ) from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
