"""What would have to be otherwise for the answer to be another one.

Found by looking at all 720 rows: the fewest points whose change moves the row, and of each
such set the smallest steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

from checkvalve.respond.triage.points import (
    SCALES,
    Certainty,
    Outcome,
    Production,
    Row,
    Safety,
    Sanctioned,
    Scale,
    Stage,
)
from checkvalve.respond.triage.table import Table

#: What a person can change or find out comes first.
_ORDER: Final = ("sanctioned", "certainty", "safety", "production", "stage")


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """A smallest set of changes, and the outcome that it leads to.

    Attributes:
        changes: point and the value it would have.
        outcome: what the table says then.
    """

    changes: tuple[tuple[str, Scale], ...]
    outcome: Outcome

    def applied(self, row: Row) -> Row:
        """The row with the changes made."""
        for point, value in self.changes:
            row = row.having(point, value)
        return row


def lower(table: Table, row: Row) -> tuple[Counterfactual, ...]:
    """The smallest changes that would make it deserve less; none for Track."""
    return _nearest(table, row, -1)


def higher(table: Table, row: Row) -> tuple[Counterfactual, ...]:
    """The smallest changes that would make it deserve more; none for Act."""
    return _nearest(table, row, 1)


def _nearest(table: Table, row: Row, direction: int) -> tuple[Counterfactual, ...]:
    now = table.outcome(row)
    for size in range(1, len(_ORDER) + 1):
        found = []
        for points in combinations(_ORDER, size):
            best = min(_moving(table, row, points, direction, now), default=None, key=_steps)
            if best is not None:
                found.append(best[1])
        if found:
            return tuple(found)
    return ()


def _moving(
    table: Table, row: Row, points: Sequence[str], direction: int, now: Outcome
) -> Iterator[tuple[int, Counterfactual]]:
    """Every change of exactly these points, in one direction, that moves the row that way."""
    choices = [_beyond(point, getattr(row, point), direction) for point in points]
    for values in product(*choices):
        changed = Counterfactual(tuple(zip(points, values, strict=True)), now)
        outcome = table.outcome(changed.applied(row))
        if (outcome - now) * direction > 0:
            steps = sum(abs(value - getattr(row, point)) for point, value in changed.changes)
            yield steps, Counterfactual(changed.changes, outcome)


def _beyond(point: str, value: Scale, direction: int) -> list[Scale]:
    return [other for other in SCALES[point] if (other - value) * direction > 0]


def _steps(found: tuple[int, Counterfactual]) -> int:
    return found[0]


def condition(value: Scale, now: Scale) -> str:
    """A change as the end of a sentence that began with *if*.

    Args:
        value: the value a point would have.
        now: the value it has.
    """
    match value:
        case Sanctioned():
            return _SANCTIONED[value, value < now]
        case Certainty():
            return _CERTAINTY[value]
        case Stage():
            return _stage(value, now)
        case Safety() | Production():
            what = "safety" if isinstance(value, Safety) else "production"
            than = "no more than" if value < now else "at least"
            return f"what it touches were rated {than} {value.key} ({value}) for {what}"
        case _:
            raise AssertionError(value)


def _stage(value: Stage, now: Scale) -> str:
    if value is Stage.POSTURE:
        return "no attack step had been seen"
    return f"it {'had stopped at' if value < now else 'went on to'} {value}"


#: By the value, and whether it would be lower than now.
_SANCTIONED: Final = {
    (Sanctioned.YES, True): "an open change covered it",
    (Sanctioned.PARTLY, True): "an open change covered it, at least in part",
    (Sanctioned.PARTLY, False): "the change covered only a part of it",
    (Sanctioned.NO, False): "no change covered it",
}
_CERTAINTY: Final = {
    Certainty.SINGLE: "one detector alone said so",
    Certainty.CORROBORATED: "an independent producer confirmed it",
    Certainty.PROOF: "a check proved it",
}
