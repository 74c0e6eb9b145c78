"""The base of every kind: a named object with a review date."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from checkvalve.plant.base import Part, Slug
from checkvalve.plant.times import Day


class Declared(Part):
    """One declared thing.

    Attributes:
        schema_id: in the file ``schema``: ``checkvalve.<kind>/v1``; may be left out.
        id: its name, unique in its kind.
        created: the day it was declared.
        review_by: the day by which someone looks at it again.
    """

    schema_id: str | None = Field(
        default=None, validation_alias="schema", serialization_alias="schema", exclude=True
    )
    id: Slug
    created: Day | None = None
    review_by: Day | None = None

    def said(self) -> dict[str, Any]:
        """Its fields that differ from what is assumed, as files spell them."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
