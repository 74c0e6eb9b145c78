"""Waivers: exceptions from a rule, each with a reason and an end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from checkvalve.plant.base import Slug, Text
from checkvalve.plant.declared import Declared
from checkvalve.plant.times import Day, lasts

#: ``kind id``, as ``Subject`` of a finding reads: ``conduit office-to-cell``.
SubjectText = Annotated[str, StringConstraints(pattern=r"^[a-z_]+ \S(?:.{0,254}\S)?$")]


class Waiver(Declared):
    """A finding of this rule on this subject is accepted, until a day.

    Attributes:
        rule: the rule's id.
        subject: what it is about: kind and id, such as ``asset filler-plc``.
        reason: why.
        compensating_measure: what is done instead.
        approver: who said yes; not the owner.
        expires: its last day.
    """

    rule: Slug
    subject: SubjectText
    reason: Text
    compensating_measure: Text
    approver: Text
    expires: Day

    def is_valid(self, at: datetime) -> bool:
        """Whether it has not run out."""
        return lasts(self.expires, at)
