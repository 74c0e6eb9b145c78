"""Which files of a folder are the plant's, and their octets."""

from __future__ import annotations

import errno
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checkvalve.errors import Problem
from checkvalve.plant.documents import MAX_OCTETS
from checkvalve.plant.kinds import KINDS_BY_PLURAL, Kind
from checkvalve.plant.words import did_you_mean, nearest, printable

#: Where findings about a plant are kept, beside what is declared.
STATE_FOLDER: Final = "var"
SUFFIXES: Final = (".yaml", ".yml")
#: Notations that people may expect to be read, and that are not.
_OTHER_NOTATIONS: Final = (".json", ".toml", ".xml")

#: A folder with a name so like a kind's was meant to be read; any other is somebody else's.
_ALIKE: Final = 0.8


@dataclass(frozen=True, slots=True)
class PlantFile:
    """A file of the plant.

    Attributes:
        kind: what it declares.
        path: where it is.
        name: its path relative to the plant's folder.
        alone: it is one of a kind's folder, and may hold a single object.
    """

    kind: Kind
    path: Path
    name: str
    alone: bool

    @property
    def stem(self) -> str:
        """The file's name without folder and suffix."""
        return self.path.stem


def survey(folder: Path, coming: Collection[Path] = ()) -> tuple[list[PlantFile], list[Problem]]:
    """The plant's files in a folder, in order of name, and what there can't be understood.

    Hidden entries, and files that are not YAML, are not the plant's.

    Args:
        folder: the plant's folder.
        coming: files of the folder that may not be there yet.
    """
    found = list(_top(folder))
    there = {file.path for file in found if isinstance(file, PlantFile)}
    found += (_top_file(path) for path in coming if path not in there)
    files = [file for file in found if isinstance(file, PlantFile)]
    problems = [problem for problem in found if isinstance(problem, Problem)]
    if not files and not problems:
        names = ", ".join(f"{plural}.yaml" for plural in list(KINDS_BY_PLURAL)[:4])
        problems.append(
            Problem(
                printable(str(folder), 256),
                0,
                "",
                f"the folder holds no plant: none of {names} and so on",
                "'checkvalve init DIR' writes a small plant to start from",
            )
        )
    return files, problems


def read_octets(path: Path) -> bytes:
    """The octets of a regular file, at most one more than a document may have.

    Raises:
        OSError: it can't be read, or is no regular file.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    with path.open("rb") as file:
        return file.read(MAX_OCTETS + 1)


def _entries(folder: Path, name: str) -> Iterator[Path | Problem]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        hint = "'checkvalve init DIR' writes a small plant" if not folder.exists() else ""
        yield Problem(name, 0, "", f"the folder can't be read: {why(error)}", hint)
        return
    yield from (
        path for path in paths if not path.name.startswith(".") and path.name != STATE_FOLDER
    )


def _top(folder: Path) -> Iterator[PlantFile | Problem]:
    for entry in _entries(folder, printable(str(folder), 256)):
        if isinstance(entry, Problem):
            yield entry
        elif entry.suffix in SUFFIXES:
            yield _top_file(entry)
        elif entry.is_dir():
            yield from _top_folder(entry)
        elif entry.suffix in _OTHER_NOTATIONS and entry.stem in KINDS_BY_PLURAL:
            yield Problem(
                entry.name,
                0,
                "",
                "the file is not read: plants are written in YAML",
                f"write it as {entry.stem}.yaml",
            )


def _top_file(path: Path) -> PlantFile | Problem:
    kind = KINDS_BY_PLURAL.get(path.stem)
    if kind is None:
        hint = did_you_mean(printable(path.stem), KINDS_BY_PLURAL)
        return Problem(
            printable(path.name), 0, "", "no kind of thing is declared in a file of this name", hint
        )
    return PlantFile(kind, path, path.name, alone=False)


def _top_folder(path: Path) -> Iterator[PlantFile | Problem]:
    kind = KINDS_BY_PLURAL.get(path.name)
    if kind is None:
        meant = nearest(path.name, KINDS_BY_PLURAL, _ALIKE)
        if meant:
            hint = f"did you mean '{meant}'?"
            yield Problem(
                printable(path.name), 0, "", "no kind of thing is declared in such a folder", hint
            )
        return
    for entry in _entries(path, path.name):
        if isinstance(entry, Problem):
            yield entry
        elif entry.suffix in SUFFIXES:
            yield PlantFile(kind, entry, f"{path.name}/{printable(entry.name)}", alone=True)
        elif entry.is_dir():
            yield Problem(
                f"{path.name}/{printable(entry.name)}",
                0,
                "",
                "folders of a kind hold files, not folders",
            )


def why(error: OSError) -> str:
    """The reason of an operating system's refusal, in its own words."""
    return (error.strerror or str(error)).lower()
