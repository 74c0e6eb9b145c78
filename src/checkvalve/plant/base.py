"""What every declared thing has in common: strict, frozen, named by a slug.

People's files enter here, so these are pydantic models. A document is shaped like JSON: the
loader hands it over as JSON text, and nothing is converted on the way (a number is not text,
``yes`` is not a truth value).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from checkvalve.plant.times import Day

SLUG_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$"

#: An id: letters, digits, ``.``, ``_``, ``-`` and ``/``; it begins with a letter or digit.
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]

#: Text that says something: not empty.
Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


@dataclass(frozen=True, slots=True)
class Ref:
    """Marks a field that holds an id of one of these kinds; loading follows it.

    Attributes:
        kinds: names of kinds, such as ``("zone",)``.
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


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class OneOrMore:
    """``OneOrMore[X]``: a tuple of X that may be written as a single one."""

    def __class_getitem__(cls, item: Any) -> Any:
        return Annotated[tuple[item, ...], BeforeValidator(_listed, json_schema_input_type=item | tuple[item, ...])]


class Part(BaseModel):
    """A piece of a declared thing, without an id of its own."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        validate_by_name=True,
        validate_by_alias=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class Declared(Part):
    """A declared thing: one object of one kind.

    Attributes:
        schema_id: ``checkvalve.<kind>/v1``, in the file ``schema``; may be left out.
        id: its name in the plant, unique in its kind.
        created: the day it was declared.
        review_by: the day by which someone looks at it again.
    """

    schema_id: Annotated[
        str | None,
        Field(default=None, validation_alias="schema", serialization_alias="schema", exclude=True),
    ]
    id: Slug
    created: Day | None = None
    review_by: Day | None = None
