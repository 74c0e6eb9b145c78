"""Assets: the machines of the plant."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from checkvalve.plant.addresses import Address, Mac
from checkvalve.plant.base import complaint
from checkvalve.plant.declared import Declared
from checkvalve.plant.refs import OwnerId, ZoneId
from checkvalve.plant.times import Day

#: Ratings rank from 0 (none) to 4; an unknown one ranks as the highest.
HIGHEST_RATING: Final = 4


def _rating(value: Any) -> Any:
    if value in ("unknown", None):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST_RATING:
        return value
    raise complaint(f"{value!r:.64} is not a rating", "ratings are 0, 1, 2, 3, 4 and unknown")


Rating = Annotated[
    int | None,
    BeforeValidator(_rating),
    WithJsonSchema({"enum": [0, 1, 2, 3, 4, "unknown", None]}),
]


class Asset(Declared):
    """A machine, or a part of one, with addresses of its own.

    Attributes:
        zone: the zone it belongs to, wherever its addresses are.
        ips: its addresses, in the zone's realm.
        macs: its MAC addresses.
        role: what it is, by preference an asset name of ATT&CK for ICS.
        name: what people call it.
        vendor: who made it.
        model: what it is sold as.
        firmware: the version it runs.
        safety: what its failure does to people, 0 to 4; ``None`` is unknown.
        production: what its failure does to production, 0 to 4; ``None`` is unknown.
        recovery_minutes: how long it takes to have it back.
        owner: who answers for it.
        criticality_reviewed_on: when the two ratings were last looked at.
    """

    zone: ZoneId
    ips: tuple[Address, ...] = ()
    macs: tuple[Mac, ...] = ()
    role: str | None = None
    name: str = ""
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    safety: Rating = None
    production: Rating = None
    recovery_minutes: Annotated[int, Field(ge=0)] | None = None
    owner: OwnerId | None = None
    criticality_reviewed_on: Day | None = None

    @property
    def safety_rank(self) -> int:
        """The safety rating; an unknown one is assumed to be the highest."""
        return HIGHEST_RATING if self.safety is None else self.safety

    @property
    def production_rank(self) -> int:
        """The production rating; an unknown one is assumed to be the highest."""
        return HIGHEST_RATING if self.production is None else self.production
