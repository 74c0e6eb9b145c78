"""pydantic's errors in plain words, with a hint where one helps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from checkvalve.plant.base import SLUG_PATTERN
from checkvalve.plant.words import did_you_mean, nearest, printable

_WANTED: Final[Mapping[str, str]] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of fields",
    "model_attributes_type": "a mapping of fields",
}


def in_plain_words(error: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """What an error says to the person who wrote the file.

    Args:
        error: one of ``ValidationError.errors()``.
        model: the model that was validated.

    Returns:
        The sentence and the hint.
    """
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    name = str(error["loc"][-1]) if error["loc"] else ""
    if kind == "plant":
        return str(context["sentence"]), str(context["hint"])
    if kind == "missing":
        return f"'{name}' is missing", ""
    if kind == "extra_forbidden":
        holder = _model_at(model, error["loc"][:-1])
        return f"there is no field '{printable(name)}' here", did_you_mean(
            name, field_names(holder)
        )
    if kind == "literal_error":
        return f"{spelled(value)} is not one of {context['expected']}", _nearest(context, value)
    if kind in _WANTED:
        return f"must be {_WANTED[kind]}, not {spelled(value)}", _quoting(kind, value)
    return _bounds(kind, context, value, error["msg"])


def field_names(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields of a model as files spell them."""
    return tuple(
        field.validation_alias if isinstance(field.validation_alias, str) else name
        for name, field in model.model_fields.items()
    )


def spelled(value: Any) -> str:
    """A value as it stands in the file, cut to a readable length."""
    match value:
        case str():
            return f"'{printable(value)}'"
        case bool():
            return str(value).lower()
        case int():
            return str(value)[:64]
    kinds = {dict: "a mapping", list: "a list", tuple: "a list", float: "a number with decimals"}
    return kinds.get(type(value), "nothing")


def _bounds(kind: str, context: Mapping[str, Any], value: Any, message: str) -> tuple[str, str]:
    if kind == "string_pattern_mismatch":
        if context["pattern"] == SLUG_PATTERN:
            return (
                f"{spelled(value)} is not an id",
                "ids are letters, digits, '.', '_', '-' and '/'",
            )
        return f"{spelled(value)} has not the form that is wanted", f"it is {context['pattern']}"
    if kind == "string_too_short":
        return "must not be empty", "write something, or leave the field out"
    return f"{spelled(value)}: {message[:1].lower()}{message[1:]}", ""


def _nearest(context: Mapping[str, Any], value: Any) -> str:
    words = [word.strip("' ") for word in context["expected"].replace(" or ", ", ").split(",")]
    near = nearest(value, words) if isinstance(value, str) else ""
    return f"did you mean '{near}'?" if near else ""


def _quoting(kind: str, value: Any) -> str:
    if value is None:
        return "write a value, or leave the field out"
    if kind == "string_type" and isinstance(value, bool | int | float):
        return "write it in quotes"
    if isinstance(value, str) and value.isdigit():
        return "numbers have no leading zeros"
    if kind == "tuple_type":
        return "write it in brackets, or as lines that begin with '-'"
    return ""


def _model_at(model: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel]:
    """The model of the mapping that stands at a path inside a model."""
    for step in path:
        for name, field in model.model_fields.items():
            if step in (name, field.validation_alias):
                model = _model_in(field.annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((model for model in found if model is not None), None)
