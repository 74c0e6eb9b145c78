"""The JSON Schemas: they come from the models, and accept what loading accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from checkvalve.plant import KINDS
from checkvalve.plant.documents import read_document
from checkvalve.plant.kinds import KINDS_BY_NAME, KINDS_BY_PLURAL
from checkvalve.plant.schema import file_schema, folder_schema
from checkvalve.plant.starting import write_starter

PLANTS = Path(__file__).parents[1] / "plants"
FILES = sorted(
    path
    for path in PLANTS.glob("*/*.yaml")
    if path.stem in KINDS_BY_PLURAL and not (path.parent / "problems.txt").exists()
)


def complaints(schema: dict[str, Any], octets: bytes) -> list[str]:
    node, _ = read_document(octets)
    held = None if node is None else node.plain()
    return [error.message for error in Draft202012Validator(schema).iter_errors(held)]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.plural for kind in KINDS])
def test_the_schema_of_a_kind_is_a_schema(kind: Any) -> None:
    Draft202012Validator.check_schema(file_schema(kind))


@pytest.mark.parametrize("kind", KINDS, ids=[kind.plural for kind in KINDS])
def test_every_field_says_what_it_is_for(kind: Any) -> None:
    for name, part in file_schema(kind)["$defs"].items():
        assert part["description"], name
        for field, described in part["properties"].items():
            if name not in ("Duties", "DutiesByKey"):
                assert described.get("description"), f"{name}.{field}"


def test_the_folder_has_a_place_for_every_kind() -> None:
    schema = folder_schema()
    Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == set(KINDS_BY_PLURAL)


@pytest.mark.parametrize("file", FILES, ids=[f"{file.parent.name}-{file.stem}" for file in FILES])
def test_what_loads_pleases_the_schema(file: Path) -> None:
    assert complaints(file_schema(KINDS_BY_PLURAL[file.stem]), file.read_bytes()) == []


def test_the_starter_pleases_the_schemas(tmp_path: Path) -> None:
    folder = tmp_path / "plant"
    for name in write_starter(folder):
        schema = json.loads((folder / ".schema" / f"{Path(name).stem}.json").read_text())
        assert complaints(schema, (folder / name).read_bytes()) == []


@pytest.mark.parametrize(
    "text",
    [
        "- {id: cell, colour: red}",
        "- {level: 2}",
        "- {id: cell, level: 2.5}",
        "- {id: two words}",
        "- {id: cell, kind: proces}",
        "- {id: cell, sl_t: 7}",
        "- {id: cell, schema: checkvalve.asset/v1}",
        "- {id: 7}",
        "cell",
    ],
)
def test_what_does_not_load_does_not_please_the_schema(text: str) -> None:
    assert complaints(file_schema(KINDS_BY_NAME["zone"]), text.encode())


def test_short_forms_please_the_schema_too() -> None:
    vendors = b"- {id: v, duties: {patching: v, logging: [a, b], disable: {party: v}}}"
    assert complaints(file_schema(KINDS_BY_NAME["vendor"]), vendors) == []
    components = b"a: {kind: model, owner: x}\nb: {kind: llm, owner: [x, y]}"
    assert complaints(file_schema(KINDS_BY_NAME["component"]), components) == []
