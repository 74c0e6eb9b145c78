"""What the plant's files may hold, from the JSON Schema of each kind."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from checkvalve.plant.duties import Duties
from checkvalve.plant.kinds import KINDS, KINDS_BY_PLURAL, Kind
from checkvalve.plant.schema import Schema, file_schema
from reference.markdown import table

#: Fields that every kind has; they are told once.
COMMON: Final = ("schema", "id", "created", "review_by")


@cache
def _definitions() -> dict[str, Schema]:
    """Every object and every part of one, by the name of its model."""
    found = dict(_duties())
    for kind in KINDS:
        found |= file_schema(kind)["$defs"]
    return {name: said for name, said in found.items() if not name.endswith("ByKey")}


@cache
def _duties() -> dict[str, Schema]:
    """Duties in their long form; the schema of the file takes anything, for the short one."""
    whole = Duties.model_json_schema(mode="serialization")
    found: dict[str, Schema] = {**whole.pop("$defs"), Duties.__name__: whole}
    return {name: {**said, "required": []} for name, said in found.items()}


def names() -> tuple[str, ...]:
    """The plural of every kind, which is the name of its file."""
    return tuple(kind.plural for kind in KINDS)


def kind(plural: str) -> str:
    """One kind: what it is, and its fields."""
    found: Kind = KINDS_BY_PLURAL[plural]
    said = _definitions()[found.model.__name__]
    fields = _fields(found.model.__name__, said, COMMON)
    return f"### `{plural}`\n\n{said['description']}\n\n{fields}"


def parts(_: str) -> str:
    """The parts that objects are made of."""
    models = {one.model.__name__ for one in KINDS}
    return "\n\n".join(
        f"### {name}\n\n{said['description']}\n\n{_fields(name, said)}"
        for name, said in sorted(_definitions().items())
        if name not in models and "properties" in said
    )


def _fields(model: str, said: Schema, without: tuple[str, ...] = ()) -> str:
    must = said.get("required", [])
    rows = [
        (
            f"`{name}`" + (" *" if name in must else ""),
            _type(field) or _in_short(model, name),
            _default(field),
            field.get("description", ""),
        )
        for name, field in said["properties"].items()
        if name not in without
    ]
    return table(("field", "holds", "if left out", ""), rows)


def _in_short(model: str, name: str) -> str:
    """A field that its schema lets hold anything: the name of a party, or a duty in full."""
    return f"text or {_type(_duties()[model]['properties'][name])}"


def _default(field: Schema) -> str:
    default = field.get("default")
    if default in (None, "", [], {}):
        return ""
    return str(default).lower() if isinstance(default, bool) else f"`{_plain(default)}`"


def _plain(default: Any) -> str:  # noqa: ANN401  # whatever a default may be
    return " ".join(map(str, default)) if isinstance(default, list | tuple) else str(default)


def _type(field: Schema) -> str:
    """What a field holds, in words."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        target = _definitions()[name]
        return f"[{name}](#{name.lower()})" if "properties" in target else _type(target)
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"] if value is not None)
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field or "oneOf" in field:
        held = [_type(one) for one in field.get("anyOf") or field["oneOf"]]
        several = [one for one in held if one.startswith("list of ")]
        kept = [one for one in held if f"list of {one}" not in several and one != "nothing"]
        return " or ".join(dict.fromkeys(kept))
    return _simple(field)


def _simple(field: Schema) -> str:
    """What a field of one JSON type holds."""
    match field.get("type"):
        case "array":
            return f"list of {_type(field['items'])}"
        case "object":
            held = field.get("additionalProperties")
            return f"mapping to {_type(held)}" if isinstance(held, dict) else "mapping"
        case "string":
            return _text(field)
        case "integer" | "number":
            return _number(field)
        case other:
            return {"null": "nothing", "boolean": "true or false"}.get(str(other), "")


def _text(field: Schema) -> str:
    formats = {"date": "day", "date-time": "moment"}
    if field.get("format") in formats:
        return formats[field["format"]]
    return "id" if field.get("pattern", "").startswith("^[A-Za-z0-9][") else "text"


def _number(field: Schema) -> str:
    word = "whole number" if field["type"] == "integer" else "number"
    low, high = field.get("minimum"), field.get("maximum")
    if low is None:
        return word
    return f"{word} from {low}" + (f" to {high}" if high is not None else "")
