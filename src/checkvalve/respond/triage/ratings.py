"""How assets are rated, as far as a rating may be trusted.

An asset that is not rated, and a machine in the plant that is not declared, rank highest:
*unknown, assumed high*. So does a rating that nobody reviewed in the last 180 days, because
an old inventory may raise a row and never lower it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from checkvalve.plant import Asset, Plant
from checkvalve.plant.assets import HIGHEST_RATING
from checkvalve.respond.triage.points import Grounds, Production, Safety

REVIEWED_WITHIN: Final = timedelta(days=180)

_SAFETY: Final = (
    Safety.NEGLIGIBLE,
    Safety.NEGLIGIBLE,
    Safety.MARGINAL,
    Safety.CRITICAL,
    Safety.CATASTROPHIC,
)
_PRODUCTION: Final = (
    Production.DEGRADED,
    Production.DEGRADED,
    Production.SUPPORT_CRIPPLED,
    Production.FUNCTION_FAILURE,
    Production.MISSION_FAILURE,
)


_NOTHING: Final = Grounds("nothing of the plant is touched")


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst of some ratings; the two impacts may come from two assets.

    Attributes:
        safety: impact on people.
        safety_grounds: which asset decides, and how it is rated.
        production: impact on production.
        production_grounds: the same for production.
    """

    safety: Safety
    safety_grounds: Grounds
    production: Production
    production_grounds: Grounds

    def or_worse(self, other: Worst) -> Worst:
        """The worse of each; this one's where they are equal, unless it says nothing."""
        safety = self if _leads(self.safety, other.safety, self.safety_grounds) else other
        production = (
            self if _leads(self.production, other.production, self.production_grounds) else other
        )
        if safety is production:
            return safety
        return Worst(
            safety.safety,
            safety.safety_grounds,
            production.production,
            production.production_grounds,
        )

    def within_reach_of(self, foothold: str) -> Worst:
        """The same, saying from where it is reached."""
        return Worst(
            self.safety,
            _reached(self.safety_grounds, foothold),
            self.production,
            _reached(self.production_grounds, foothold),
        )


HARMLESS: Final = Worst(Safety.NEGLIGIBLE, _NOTHING, Production.DEGRADED, _NOTHING)


class Ratings:
    """Looks up ratings; what was asked before is remembered.

    Args:
        plant: holds the ratings.
        at: now, for the age of reviews.
    """

    def __init__(self, plant: Plant, at: datetime) -> None:
        self._plant = plant
        self._today = at.astimezone(UTC).date()
        self._rated: dict[str, Worst] = {}

    def worst(self, names: Iterable[str]) -> Worst:
        """The worst of several; ``HARMLESS`` of none.

        Args:
            names: asset ids, or addresses of machines that are not declared.
        """
        worst = HARMLESS
        for name in names:
            known = self._rated.get(name)
            if known is None:
                known = self._rated[name] = self._rate(name)
            worst = worst.or_worse(known)
        return worst

    def _rate(self, name: str) -> Worst:
        asset = self._plant.assets.get(name)
        if asset is None:
            unknown = Grounds(f"{name} is not declared: unknown, assumed high")
            return Worst(Safety.CATASTROPHIC, unknown, Production.MISSION_FAILURE, unknown)
        safety, safety_grounds = self._trusted(asset, "safety", asset.safety)
        production, production_grounds = self._trusted(asset, "production", asset.production)
        return Worst(_SAFETY[safety], safety_grounds, _PRODUCTION[production], production_grounds)

    def _trusted(self, asset: Asset, what: str, rating: int | None) -> tuple[int, Grounds]:
        """A rating as far as it may be trusted, and why."""
        if rating is None:
            return HIGHEST_RATING, Grounds(
                f"{asset.id} is not rated for {what}: unknown, assumed high"
            )
        reviewed = asset.criticality_reviewed_on
        rated = f"{asset.id} is rated {rating} for {what}"
        if reviewed is None:
            return HIGHEST_RATING, Grounds(f"{rated}, but no review is on record: assumed high")
        as_of = datetime.combine(reviewed, time(), UTC)
        if self._today - reviewed > REVIEWED_WITHIN:
            aged = f"{rated}, but the review is older than {REVIEWED_WITHIN.days} days"
            return HIGHEST_RATING, Grounds(f"{aged}: assumed high", as_of)
        return rating, Grounds(rated, as_of)


def _leads(rank: int, other: int, grounds: Grounds) -> bool:
    return rank > other or (rank == other and grounds is not _NOTHING)


def _reached(grounds: Grounds, foothold: str) -> Grounds:
    if grounds is _NOTHING:
        return grounds
    return Grounds(f"{grounds.because}, within reach of {foothold}", grounds.as_of)
