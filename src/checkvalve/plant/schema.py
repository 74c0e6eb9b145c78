"""JSON Schema (draft 2020-12) of the plant's files, so that editors complete and check them.

The schemas come from the models, so they can't drift. What a schema can't say (an id leads
somewhere, ranges do not overlap) only loading says.
"""

from __future__ import annotations

from typing import Any, Final

from checkvalve.plant.kinds import KINDS, Kind

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

#: A JSON Schema, or a part of one.
Schema = dict[str, Any]


def file_schema(kind: Kind) -> Schema:
    """The schema of a kind's file: a list, a mapping by id, or in the kind's folder one object."""
    return {
        "$schema": DIALECT,
        "title": f"checkvalve {kind.plural}",
        **_forms(kind),
        "$defs": _definitions(kind),
    }


def folder_schema() -> Schema:
    """The schema of a whole plant, as if its folder were one mapping of file names."""
    definitions: Schema = {}
    for kind in KINDS:
        definitions |= _definitions(kind)
    return {
        "$schema": DIALECT,
        "title": "checkvalve plant",
        "type": "object",
        "properties": {kind.plural: _forms(kind) for kind in KINDS},
        "additionalProperties": False,
        "$defs": definitions,
    }


def _forms(kind: Kind) -> Schema:
    """The forms a kind may be written in; each object refers to its definition."""
    one = {"$ref": f"#/$defs/{kind.model.__name__}"}
    named = {"$ref": f"#/$defs/{kind.model.__name__}ByKey"}
    return {
        "description": kind.model.__doc__.partition("\n")[0] if kind.model.__doc__ else "",
        "anyOf": [
            {"type": "array", "items": one},
            {"type": "object", "additionalProperties": {"anyOf": [named, {"type": "null"}]}},
            named,
            {"type": "null"},
        ],
    }


def _definitions(kind: Kind) -> Schema:
    """The object of a kind, with and without an id of its own, and the parts of it."""
    whole = kind.model.model_json_schema(by_alias=True, mode="validation")
    definitions: Schema = whole.pop("$defs", {})
    whole["properties"]["schema"] = {
        "const": kind.schema,
        "description": whole["properties"]["schema"]["description"],
    }
    by_key = {**whole, "required": [name for name in whole["required"] if name != "id"]}
    name = kind.model.__name__
    return {**definitions, name: whole, f"{name}ByKey": by_key}
