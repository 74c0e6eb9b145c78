"""What every model of the plant's files has in common: strict, frozen, bounded.

People's files enter here, so these are pydantic models. A document is shaped like JSON and
reaches the models as JSON text; nothing is converted on the way: a number is not text, and
``yes`` is not a truth value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from checkvalve.plant.docstrings import attribute_texts, summary

SLUG_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$"

#: An id: letters, digits, ``.``, ``_``, ``-`` and ``/``; it begins with a letter or a digit.
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]

#: Text that says something.
Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]

#: A number as text, as a raw value stands before its meaning.
RawValue = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,20}(\.[0-9]{1,20})?$")]

Item = TypeVar("Item")


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Puts the docstring's texts into a model's JSON Schema."""
    schema.pop("title", None)
    schema["description"] = summary(model)
    texts = attribute_texts(model)
    for name, info in model.model_fields.items():
        alias = info.validation_alias
        described = schema["properties"][alias if isinstance(alias, str) else name]
        described.pop("title", None)
        if name in texts:
            described["description"] = texts[name]


class Part(BaseModel):
    """A piece of a declared thing, without an id of its own."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        validate_by_name=True,
        validate_by_alias=True,
        allow_inf_nan=False,
        json_schema_extra=_describe,
    )


@dataclass(frozen=True, slots=True)
class Ref:
    """Marks a field that holds an id; loading sees to it that the id leads somewhere.

    Attributes:
        kinds: the kinds it may name, such as ``("zone",)``.
        besides: names that need no declaration, such as ``internet``.
    """

    kinds: tuple[str, ...]
    besides: tuple[str, ...] = ()


def complaint(sentence: str, hint: str = "") -> PydanticCustomError:
    """A validator's refusal in our own words.

    Args:
        sentence: what is wrong.
        hint: what to do.
    """
    return PydanticCustomError("plant", "{sentence}", {"sentence": sentence, "hint": hint})


def frozen(value: Any) -> Any:
    """The value with every list a tuple, as strict models want it once a validator held it."""
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else frozen(value)


@dataclass(frozen=True, slots=True)
class _Single:
    """Says in the JSON Schema that one item may stand without its list."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core)
        return {"anyOf": [schema["items"], schema]} if "items" in schema else schema


#: Several, or a single one written without brackets; always a tuple in Python.
OneOrMore = Annotated[tuple[Item, ...], BeforeValidator(_listed), _Single()]
