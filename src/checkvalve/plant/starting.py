"""A small commented plant to start from, and the schemas that editors check it with."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Final

from checkvalve.errors import StorageError, UsageError
from checkvalve.plant.folders import why
from checkvalve.plant.kinds import KINDS
from checkvalve.plant.schema import file_schema, folder_schema

#: Where the schemas lie in a plant's folder; hidden, so that loading passes them by.
SCHEMA_FOLDER: Final = ".schema"


def write_starter(folder: Path) -> tuple[str, ...]:
    """Writes the starter plant into an empty folder, which is made if need be.

    Returns:
        The files written, relative to the folder.

    Raises:
        UsageError: the folder holds something.
        StorageError: it can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(
                f"{folder} is not empty", hint="name a new folder; nothing was written"
            )
        written = [_write(folder, kind.plural) for kind in KINDS if _starter(kind.plural)]
        write_schemas(folder / SCHEMA_FOLDER)
    except OSError as error:
        raise StorageError(f"{folder} can't be written: {why(error)}") from error
    return tuple(written)


def write_schemas(folder: Path) -> tuple[str, ...]:
    """Writes the JSON Schema of every kind's file, and of the whole plant, into a folder.

    Returns:
        The files written, relative to the folder.

    Raises:
        OSError: they can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    schemas = {kind.plural: file_schema(kind) for kind in KINDS} | {"plant": folder_schema()}
    for name, schema in schemas.items():
        (folder / f"{name}.json").write_text(json.dumps(schema, indent=2) + "\n")
    return tuple(f"{name}.json" for name in schemas)


def modeline(plural: str) -> str:
    """The line that tells an editor which schema a file has."""
    return f"# yaml-language-server: $schema={SCHEMA_FOLDER}/{plural}.json\n"


def _starter(plural: str) -> str:
    """The starter's text of a kind; empty when it has none."""
    file = files("checkvalve.plant") / "starter" / f"{plural}.yaml"
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _write(folder: Path, plural: str) -> str:
    (folder / f"{plural}.yaml").write_text(modeline(plural) + _starter(plural), encoding="utf-8")
    return f"{plural}.yaml"
