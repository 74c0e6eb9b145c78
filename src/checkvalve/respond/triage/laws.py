"""What every table must obey, proved over all 720 rows whenever a table is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from checkvalve.respond.triage.points import (
    SCALES,
    Outcome,
    Row,
    Safety,
    Sanctioned,
    Stage,
)

Outcomes = Mapping[Row, Outcome]


def monotone(outcomes: Outcomes) -> Iterator[str]:
    """More of any point never means less attention."""
    for row, outcome in outcomes.items():
        for point, scale in SCALES.items():
            rank = getattr(row, point)
            if rank == len(scale) - 1:
                continue
            worse = row.having(point, scale.ranked(rank + 1))
            if outcomes[worse] < outcome:
                yield (
                    f"({worse}) is {outcomes[worse]}, below {outcome} for ({row}): "
                    f"a worse {point} may not lower it"
                )


def never_tracked_near_catastrophe(outcomes: Outcomes) -> Iterator[str]:
    """Never Track when safety is C, the stage engineering change or later, and not sanctioned."""
    for row, outcome in outcomes.items():
        if (
            outcome is Outcome.TRACK
            and row.safety is Safety.CATASTROPHIC
            and row.stage >= Stage.ENGINEERING_CHANGE
            and row.sanctioned is Sanctioned.NO
        ):
            yield (
                f"({row}) is Track: never Track when safety is C, the stage is "
                f"{Stage.ENGINEERING_CHANGE} or later, and nobody sanctioned it"
            )


def sanction_takes_one_class(outcomes: Outcomes) -> Iterator[str]:
    """Sanction lowers by one class at most."""
    for row, outcome in outcomes.items():
        plain = outcomes[row.having("sanctioned", Sanctioned.NO)]
        if plain - outcome > 1:
            yield (
                f"({row}) is {outcome}, and {plain} without a change: "
                "sanction lowers by one class at most"
            )


def posture_calls_nobody(outcomes: Outcomes) -> Iterator[str]:
    """Posture is never above Track*."""
    for row, outcome in outcomes.items():
        if row.stage is Stage.POSTURE and outcome > Outcome.TRACK_STAR:
            yield f"({row}) is {outcome}: posture is never above Track*"


LAWS: Final[tuple[Callable[[Outcomes], Iterator[str]], ...]] = (
    posture_calls_nobody,
    never_tracked_near_catastrophe,
    sanction_takes_one_class,
    monotone,
)


def broken_laws(outcomes: Outcomes) -> Iterator[str]:
    """Every breach, as a sentence that names the cells."""
    for law in LAWS:
        yield from law(outcomes)
