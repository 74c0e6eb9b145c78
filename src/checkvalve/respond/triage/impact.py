"""What a finding could do to people and to production: the worst of what it touches.

What counts as touched depends on the deed:

* a command touches the assets commanded, nothing else;
* a loss (no view, no answers) touches both ends;
* a fan-out touches the declared assets that were tried;
* access and spread touch the machine reached, and what can be reached from there (``Reach``),
  unless it is a controller, from which nobody works on; when the machine reached lies outside
  the plant, the machine that went out is the foothold;
* posture touches what it is about.

How far each is rated, and what unknown means, stands in ``ratings.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from checkvalve.findings import Finding
from checkvalve.plant import INTERNET, Plant
from checkvalve.respond.triage.deed import Deed
from checkvalve.respond.triage.points import Grounds, Production, Safety, Stage
from checkvalve.respond.triage.ratings import HARMLESS, Ratings, Worst
from checkvalve.respond.triage.reach import Reach
from checkvalve.respond.triage.roles import is_controller


@dataclass(frozen=True, slots=True)
class Impact:
    """The two impacts of one finding.

    Attributes:
        safety: to people.
        production: to production.
        safety_grounds: which asset decides, and how it is rated.
        production_grounds: the same for production.
        touched: what the finding touches itself, by name.
    """

    safety: Safety
    production: Production
    safety_grounds: Grounds
    production_grounds: Grounds
    touched: tuple[str, ...]


class Impacts:
    """Finds impacts; what was asked before is remembered.

    Args:
        plant: holds the ratings.
        reach: where one can go on to.
        at: now, for the age of reviews.
    """

    def __init__(self, plant: Plant, reach: Reach, at: datetime) -> None:
        self._plant = plant
        self._reach = reach
        self._ratings = Ratings(plant, at)
        self._beyond: dict[str, Worst] = {}

    def of(self, finding: Finding, deed: Deed, stage: Stage) -> Impact:
        """The impact of one finding.

        Args:
            finding: the finding.
            deed: the finding read as a deed.
            stage: its stage.
        """
        if stage is Stage.POSTURE:
            touched = self._stands(finding)
            worst = self._ratings.worst(touched)
        elif deed.commands or deed.loss or deed.fans_out:
            touched = self._hit(deed)
            worst = self._ratings.worst(touched)
        else:
            touched = self._footholds(deed)
            reached = self._ratings.worst(self._machines(deed, touched))
            worst = reached.or_worse(self._onward(touched))
        return Impact(
            worst.safety,
            worst.production,
            worst.safety_grounds,
            worst.production_grounds,
            touched,
        )

    def _stands(self, finding: Finding) -> tuple[str, ...]:
        named = finding.assets or (finding.subject.id,)
        assets = tuple(name for name in named if name in self._plant.assets)
        if assets:
            return assets
        zone = finding.subject.id if finding.subject.kind == "zone" else finding.zone
        return tuple(asset.id for asset in self._plant.assets.values() if asset.zone == zone)

    def _hit(self, deed: Deed) -> tuple[str, ...]:
        hit = (*deed.acted_on, deed.actor) if deed.loss and not deed.fans_out else deed.acted_on
        declared = tuple(name for name in hit if name in self._plant.assets)
        if declared and (deed.fans_out or deed.loss):
            return declared
        return tuple(name for name in hit if name and self._is_of_plant(name))

    def _footholds(self, deed: Deed) -> tuple[str, ...]:
        inside = tuple(name for name in deed.acted_on if self._is_inside(name))
        if inside:
            return inside
        if deed.actor and self._is_inside(deed.actor):
            return (deed.actor,)
        parties = (*deed.acted_on, deed.actor)
        return tuple(name for name in parties if name and self._is_of_plant(name))

    def _machines(self, deed: Deed, footholds: tuple[str, ...]) -> tuple[str, ...]:
        """The footholds that are plant equipment: an undeclared actor is none."""
        return tuple(
            name for name in footholds if name in self._plant.assets or name in deed.acted_on
        )

    def _is_inside(self, name: str) -> bool:
        return name in self._plant.assets or self._plant.zone_at(name) is not None

    def _is_of_plant(self, name: str) -> bool:
        return name in self._plant.assets or self._plant.zone_name_at(name) != INTERNET

    def _onward(self, footholds: tuple[str, ...]) -> Worst:
        worst = HARMLESS
        for name in footholds:
            asset = self._plant.assets.get(name)
            if asset is None or not is_controller(asset.role):
                worst = worst.or_worse(self._from(name))
        return worst

    def _from(self, foothold: str) -> Worst:
        known = self._beyond.get(foothold)
        if known is None:
            beyond = sorted(self._reach.onward(foothold))
            known = self._ratings.worst(beyond).within_reach_of(foothold)
            self._beyond[foothold] = known
        return known
