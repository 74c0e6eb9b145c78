"""Changes: open work orders that sanction what would otherwise be an incident."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from checkvalve.plant.base import Text
from checkvalve.plant.declared import Declared
from checkvalve.plant.refs import AssetId
from checkvalve.plant.times import Moment

Action = Literal["read", "write", "control", "program", "session", "discover"]


class Change(Declared):
    """A work order: these people may do these actions on these assets, from then until then.

    Attributes:
        people: identities, account names or names of people.
        assets: what is worked on.
        actions: what is done, in the words of ``Finding.action``.
        from_: in the file ``from``: when it begins.
        until: when it ends, not included.
        approver: who said yes.
        closed_at: when the work was reported done; the record stays.
        reason: what it is for.
        reference: its number in the system it came from.
    """

    people: tuple[Text, ...] = ()
    assets: tuple[AssetId, ...] = ()
    actions: tuple[Action, ...] = ()
    from_: Moment = Field(validation_alias="from", serialization_alias="from")
    until: Moment
    approver: str | None = None
    closed_at: Moment | None = None
    reason: str = ""
    reference: str | None = None

    def state(self, at: datetime) -> Literal["to come", "open", "over", "closed"]:
        """How it stands at an instant; closed comes before over."""
        if self.closed_at is not None and self.closed_at <= at:
            return "closed"
        if self.until <= at:
            return "over"
        return "open" if self.from_ <= at else "to come"

    def is_open(self, at: datetime) -> bool:
        """Whether it has begun, has not ended and is not closed."""
        return self.state(at) == "open"
