"""Work orders from the system that keeps them: a CSV or JSON export to changes.

CSV: a header of field names (``id``, ``people``, ``assets``, ``actions``, ``from``, ``until``,
``approver``, ``reason``, ``reference``, ``closed_at``), separated by comma, semicolon or tab;
several values in one cell are separated by ``|``. JSON: a list of objects with these fields.
An export may be read again and again: a change that is there stays, and gets its
``closed_at`` when the export has one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from checkvalve.errors import InputError
from checkvalve.plant.changes import Change
from checkvalve.plant.complaints import field_names, in_plain_words
from checkvalve.plant.documents import MAX_OCTETS, read_document
from checkvalve.plant.edits import Fields
from checkvalve.plant.folders import read_octets, why
from checkvalve.plant.nodes import DocumentError
from checkvalve.plant.words import did_you_mean, printable

_SEPARATORS: Final = ",;\t"
_SEVERAL: Final = frozenset(("people", "assets", "actions"))
_FIELDS: Final = tuple(name for name in field_names(Change) if name != "schema")


@dataclass(frozen=True, slots=True)
class Import:
    """What an export says beyond what the plant has.

    Attributes:
        new: id and other fields of each change that is not there yet.
        closed: by id, ``closed_at`` of each change that is there and open.
        unchanged: ids of changes that are there as the export has them.
    """

    new: tuple[tuple[str, Fields], ...]
    closed: Mapping[str, Fields]
    unchanged: tuple[str, ...]


def read_changes(path: Path, known: Mapping[str, Change]) -> Import:
    """Reads an export.

    Args:
        path: a ``.json`` file, or else CSV.
        known: the changes that the plant has.

    Raises:
        InputError: the export can't be understood, names a change twice, or differs from one
            that is there in more than its closing.
    """
    text = _text(path)
    rows = _json_rows(path, text) if path.suffix == ".json" else _csv_rows(path, text)
    new: dict[str, Fields] = {}
    closed: dict[str, Fields] = {}
    unchanged = []
    for place, row in enumerate(rows, start=1):
        name = row.get("id")
        if not isinstance(name, str) or not name:
            raise InputError(f"{path.name}: entry {place} has no id")
        if name in new or name in closed or name in unchanged:
            raise InputError(f"{path.name}: the change '{printable(name)}' stands there twice")
        fields = {key: value for key, value in row.items() if key != "id"}
        if name not in known:
            new[name] = fields
        elif _closes(known[name], row, path):
            closed[name] = {"closed_at": row["closed_at"]}
        else:
            unchanged.append(name)
    return Import(tuple(new.items()), closed, tuple(unchanged))


def _closes(known: Change, row: Fields, path: Path) -> bool:
    """Whether the row is the known change, now closed; ``False`` if it is the same."""
    try:
        said = Change.model_validate_json(json.dumps(row), by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        sentence, hint = in_plain_words(first, Change)
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"{path.name}: {known.id}: {place}: {sentence}", hint=hint) from error
    differing = {
        _spelled(name)
        for name in Change.model_fields
        if _spelled(name) in row and getattr(said, name) != getattr(known, name)
    }
    if not differing:
        return False
    if differing == {"closed_at"} and known.closed_at is None:
        return True
    others = ", ".join(sorted(differing))
    raise InputError(
        f"{path.name}: the change '{known.id}' is there with another {others}",
        hint="a change keeps what it was approved for: close it, and open a new one",
    )


def _spelled(attribute: str) -> str:
    return attribute.removesuffix("_")


def _text(path: Path) -> str:
    try:
        octets = read_octets(path)
    except OSError as error:
        raise InputError(f"{path.name} can't be read: {why(error)}") from error
    if len(octets) > MAX_OCTETS:
        raise InputError(f"{path.name} is larger than {MAX_OCTETS >> 20} MiB", hint="split it")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name}: octet {error.start} is not UTF-8", hint="export it as UTF-8"
        ) from error


def _json_rows(path: Path, text: str) -> list[dict[str, Any]]:
    try:
        node, complaints = read_document(text.encode())
    except DocumentError as error:
        raise InputError(f"{path.name}:{error.line}: {error.sentence}") from error
    if complaints:
        raise InputError(f"{path.name}:{complaints[0].line}: {complaints[0].sentence}")
    rows = [] if node is None else node.plain()
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path.name} holds no list of objects")
    return rows


def _csv_rows(path: Path, text: str) -> list[dict[str, Any]]:
    header = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=header.count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        unknown = [name for name in reader.fieldnames or () if name not in _FIELDS]
        if unknown:
            raise InputError(
                f"{path.name}: there is no field '{printable(unknown[0])}'",
                hint=did_you_mean(unknown[0], _FIELDS),
            )
        return [_cells(path, reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise InputError(f"{path.name}: the CSV can't be read: {error}") from error


def _cells(path: Path, line: int, row: Mapping[str | None, Any]) -> dict[str, Any]:
    """A row's fields; an empty cell is a field left out."""
    if None in row or None in row.values():
        raise InputError(f"{path.name}:{line}: the row has not as many cells as the header")
    fields: dict[str, Any] = {}
    for name, cell in row.items():
        if cell.strip() and name is not None:
            several = [part.strip() for part in cell.split("|") if part.strip()]
            fields[name] = several if name in _SEVERAL else cell.strip()
    return fields
