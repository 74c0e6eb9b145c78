"""Loading a plant: every file read, every problem of every file named at once.

Refused is only what can't be understood: syntax, an unknown field or file, a wrong type, two
things with one id, an id that leads nowhere, ranges that overlap in one realm. What is badly
designed or missing loads, and is a finding.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from checkvalve.errors import PlantError, Problem
from checkvalve.plant.complaints import in_plain_words, spelled
from checkvalve.plant.declared import Declared
from checkvalve.plant.documents import read_document
from checkvalve.plant.folders import PlantFile, read_octets, survey, why
from checkvalve.plant.kinds import KINDS, Kind
from checkvalve.plant.links import Misfit, Torn, misfits
from checkvalve.plant.nodes import DocumentError, Node
from checkvalve.plant.plant import Plant
from checkvalve.plant.words import printable

#: At most so many problems of one file are told, and so many of how things fit together.
MAX_PROBLEMS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as it stands in a file.

    Attributes:
        kind: what it is.
        id: its id; empty when it has none that can be read.
        file: the file, relative to the plant's folder.
        prefix: where it stands there, such as ``assets[3]``.
        node: its fields.
        steps: the way to it in the document: a place in a list, a key, or none.
    """

    kind: Kind
    id: str
    file: str
    prefix: str
    node: Node
    steps: tuple[str | int, ...] = ()

    def problem(self, path: tuple[str | int, ...], sentence: str, hint: str = "") -> Problem:
        """A problem with something inside it."""
        line, text, node = self.node.line, self.prefix, self.node
        for step in path:
            line, node = _step(line, node, step)
            text += f"[{step}]" if isinstance(step, int) else f".{printable(step)}"
        return Problem(self.file, line, text.lstrip("."), sentence, hint)


@dataclass(slots=True)
class Loaded:
    """What a folder held, understood or not.

    Attributes:
        things: what was understood, by plural of its kind, then by id.
        entries: where each of them stands.
        problems: what was not.
        unread: plurals of kinds of which at least one file could not be read.
    """

    things: dict[str, dict[str, Declared]] = field(
        default_factory=lambda: {kind.plural: {} for kind in KINDS}
    )
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


def load(folder: Path, drafts: Mapping[Path, bytes] | None = None) -> Plant:
    """The plant that a folder declares.

    Args:
        folder: the plant's folder; one YAML file or subfolder a kind.
        drafts: octets that stand in for those of a file, or for a file to come.

    Raises:
        PlantError: something can't be understood; it carries every problem of every file.
    """
    loaded = read_folder(folder, drafts)
    if loaded.problems:
        raise PlantError(tuple(loaded.problems))
    return Plant.from_things(loaded.things)


def read_folder(folder: Path, drafts: Mapping[Path, bytes] | None = None) -> Loaded:
    """Everything in a folder, with its places and its problems; never raises.

    Args:
        folder: the plant's folder.
        drafts: octets that stand in for those of a file, or for a file to come.
    """
    drafts = drafts or {}
    loaded = Loaded()
    files, problems = survey(folder, drafts)
    loaded.problems += problems
    for file in files:
        told = list(islice(_read_file(file, drafts.get(file.path), loaded), MAX_PROBLEMS))
        if len(told) == MAX_PROBLEMS:
            loaded.unread.add(file.kind.plural)
            told.append(Problem(file.name, 0, "", "what follows the problems told was not read"))
        loaded.problems += told
    found = misfits(loaded.things, _torn(loaded))
    loaded.problems += (_located(misfit, loaded) for misfit in islice(found, MAX_PROBLEMS))
    loaded.problems.sort(key=lambda problem: (problem.file, problem.line))
    return loaded


def _torn(loaded: Loaded) -> Torn:
    """What stands in the files and was not understood."""
    torn: dict[str, dict[str, Any]] = {kind.plural: {} for kind in KINDS}
    for (plural, name), entry in loaded.entries.items():
        if name not in loaded.things[plural]:
            torn[plural][name] = entry.node.plain()
    return Torn(torn, loaded.unread)


def _read_file(file: PlantFile, draft: bytes | None, loaded: Loaded) -> Iterator[Problem]:
    """Reads a file's objects into ``loaded``, and tells what can't be understood."""
    try:
        node, complaints = read_document(read_octets(file.path) if draft is None else draft)
    except (OSError, DocumentError) as error:
        loaded.unread.add(file.kind.plural)
        yield _unreadable(file, error)
        return
    for complaint in complaints:
        yield _unreadable(file, complaint)
    for entry in _entries(file, node):
        if isinstance(entry, Problem):
            loaded.unread.add(file.kind.plural)
            yield entry
        else:
            yield from _read_entry(entry, loaded)


def _unreadable(file: PlantFile, error: OSError | DocumentError) -> Problem:
    if isinstance(error, DocumentError):
        return Problem(file.name, error.line, "", error.sentence, error.hint)
    return Problem(file.name, 0, "", f"the file can't be read: {why(error)}")


def _entries(file: PlantFile, node: Node | None) -> Iterator[Entry | Problem]:
    """The objects in a document: a list, a mapping by id, or in a kind's folder a single one."""
    if node is None or node.value is None:
        return
    if isinstance(node.value, list):
        for place, item in enumerate(node.value):
            yield _entry(file, item, place)
    elif isinstance(node.value, dict) and file.alone:
        yield _alone(file, node)
    elif isinstance(node.value, dict):
        for name, item in node.value.items():
            yield _entry(file, _named(item, name, node.key_lines[name]), name)
    else:
        sentence = f"the file holds {spelled(node.value)}, not a list of {file.kind.plural}"
        yield Problem(file.name, node.line, "", sentence, "begin each entry with '- id:'")


def _alone(file: PlantFile, node: Node) -> Entry:
    """The only object of a file; it is called like the file when it does not name itself."""
    named = node if isinstance(node.value, dict) and "id" in node.value else None
    node = named or _named(node, file.stem, node.line)
    return Entry(file.kind, _id_of(node), file.name, "", node)


def _named(node: Node, name: str, line: int) -> Node:
    """An object that is called so by a key or a file; an empty one has no other fields."""
    fields = {} if node.value is None else node.value
    if not isinstance(fields, dict) or "id" in fields:
        return node
    return Node(line, {"id": Node(line, name), **fields}, node.key_lines, node.size, node.depth)


def _id_of(node: Node) -> str:
    given = node.value.get("id") if isinstance(node.value, dict) else None
    return given.value if given is not None and isinstance(given.value, str) else ""


def _entry(file: PlantFile, node: Node, step: str | int) -> Entry | Problem:
    """One of several objects; a key that names it and an ``id`` must be the same."""
    plural = file.kind.plural
    prefix = f"{plural}[{step}]" if isinstance(step, int) else f"{plural}.{printable(step)}"
    if not isinstance(node.value, dict):
        sentence = f"must be a mapping of fields, not {spelled(node.plain())}"
        return Problem(file.name, node.line, prefix, sentence, "begin it with '- id:'")
    entry = Entry(file.kind, _id_of(node), file.name, prefix, node, (step,))
    if isinstance(step, str) and entry.id != step:
        sentence = f"the key is '{printable(step)}', but 'id' is '{printable(entry.id)}'"
        return entry.problem(("id",), sentence, "leave 'id' out")
    return entry


def _read_entry(entry: Entry, loaded: Loaded) -> Iterator[Problem]:
    first = loaded.entries.get((entry.kind.plural, entry.id)) if entry.id else None
    if first is not None:
        sentence = f"the id '{printable(entry.id)}' is taken by {first.file}:{first.node.line}"
        yield entry.problem(("id",), sentence, "give one of the two another id")
        return
    if entry.id:
        loaded.entries[entry.kind.plural, entry.id] = entry
    yield from _schema_problems(entry)
    try:
        thing = entry.kind.model.model_validate_json(
            json.dumps(entry.node.plain()), by_alias=True, by_name=False
        )
    except ValidationError as error:
        if error.error_count() > MAX_PROBLEMS:
            yield entry.problem((), f"it has {error.error_count()} fields that can't be understood")
            return
        for detail in error.errors(include_url=False):
            yield entry.problem(detail["loc"], *in_plain_words(detail, entry.kind.model))
        return
    loaded.things[entry.kind.plural][thing.id] = thing


def _schema_problems(entry: Entry) -> Iterator[Problem]:
    fields = entry.node.value
    given = fields.get("schema") if isinstance(fields, dict) else None
    if given is not None and given.value != entry.kind.schema:
        sentence = f"the schema {spelled(given.plain())} is not known here"
        yield entry.problem(("schema",), sentence, f"it is {entry.kind.schema}")


def _located(misfit: Misfit, loaded: Loaded) -> Problem:
    entry = loaded.entries[misfit.plural, misfit.id]
    return entry.problem(misfit.path, misfit.sentence, misfit.hint)


def _step(line: int, node: Node, step: str | int) -> tuple[int, Node]:
    """One step down a document: the line there, and the node if there is one."""
    if isinstance(node.value, dict) and str(step) in node.value:
        below = node.value[str(step)]
        return node.key_lines.get(str(step), below.line), below
    if isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
        return node.value[step].line, node.value[step]
    return line, node
