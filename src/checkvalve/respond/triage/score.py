"""A number that sorts incidents within a class, and only there; a sum that anyone can check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from checkvalve.respond.triage.points import Certainty, Production, Row, Safety, Scale, Stage

#: What each part adds at most; together 100.
MOST: Final = {
    "certainty": 15,
    "stage": 20,
    "impact": 25,
    "spread": 15,
    "novelty": 15,
    "recency": 10,
}
_SAFETY_SHARE: Final = 15
_POINTS_AN_ASSET: Final = 3
_OLD: Final = timedelta(days=30)
_FRESH: Final = timedelta(minutes=30)
_PAST: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Part:
    """One summand.

    Attributes:
        name: ``certainty``, ``stage``, ``impact``, ``spread``, ``novelty`` or ``recency``.
        points: what it adds.
        most: what it could add.
        because: why, in words.
    """

    name: str
    points: int
    most: int
    because: str


@dataclass(frozen=True, slots=True)
class Score:
    """What the score is made of; ``parts`` shows the sum, ``total`` is it.

    Attributes:
        row: the row of the finding that leads the incident.
        assets: how many distinct assets take part.
        age: how long ago it was first seen.
        quiet: how long ago it was last seen.
    """

    row: Row
    assets: int
    age: timedelta
    quiet: timedelta

    @property
    def total(self) -> int:
        """From 0 to 100."""
        return sum(self._points())

    @property
    def parts(self) -> tuple[Part, ...]:
        """The summands, in the order of ``MOST``."""
        row = self.row
        because = (
            row.certainty.word,
            row.stage.word,
            f"safety {row.safety.key}, production {row.production.key}",
            "1 asset takes part" if self.assets == 1 else f"{self.assets} assets take part",
            "first seen today" if self.age.days < 1 else f"first seen {self.age.days} days ago",
            _ago(self.quiet),
        )
        summands = zip(MOST, self._points(), MOST.values(), because, strict=True)
        return tuple(Part(*summand) for summand in summands)

    def _points(self) -> tuple[int, ...]:
        row = self.row
        impact = _share(row.safety, len(Safety), _SAFETY_SHARE)
        impact += _share(row.production, len(Production), MOST["impact"] - _SAFETY_SHARE)
        return (
            _share(row.certainty, len(Certainty), MOST["certainty"]),
            _share(row.stage, len(Stage), MOST["stage"]),
            impact,
            min(_POINTS_AN_ASSET * max(self.assets - 1, 0), MOST["spread"]),
            _fading(MOST["novelty"], self.age, timedelta(), _OLD),
            _fading(MOST["recency"], self.quiet, _FRESH, _PAST),
        )


def _share(value: Scale, ranks: int, most: int) -> int:
    return round(most * value / (ranks - 1))


def _fading(most: int, age: timedelta, full: timedelta, none: timedelta) -> int:
    """All points up to one age, none from another on, and evenly less between."""
    left = (none - age) / (none - full)
    return round(most * min(max(left, 0.0), 1.0))


def _ago(age: timedelta) -> str:
    return "still going on" if age <= _FRESH else f"last seen {round(age / _PAST * 24)} hours ago"
