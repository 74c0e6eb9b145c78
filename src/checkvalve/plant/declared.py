"""The base of every kind: a named object with a review date."""

from __future__ import annotations

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
