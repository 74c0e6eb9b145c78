"""From a finding in its incident to its row of the table, each point with its grounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from checkvalve.findings import Finding
from checkvalve.plant import Plant
from checkvalve.respond.triage.corroboration import Staged, certainties
from checkvalve.respond.triage.deed import Deed, deed_of
from checkvalve.respond.triage.impact import Impacts
from checkvalve.respond.triage.points import Certainty, Grounds, Outcome, Row
from checkvalve.respond.triage.reach import Reach
from checkvalve.respond.triage.sanction import Orders
from checkvalve.respond.triage.stages import Stages
from checkvalve.respond.triage.table import Table
from checkvalve.rules import Rule


@dataclass(frozen=True, slots=True)
class Judged:
    """One finding with what the table says of it.

    Attributes:
        finding: the finding.
        deed: who did what to whom.
        row: its combination of the five points.
        outcome: what that deserves.
        grounds: point to where its value comes from.
        touched: what it touches itself: asset ids, or addresses.
    """

    finding: Finding
    deed: Deed
    row: Row
    outcome: Outcome
    grounds: Mapping[str, Grounds]
    touched: tuple[str, ...]


class Assessor:
    """Judges findings; the plant and the table stay the same meanwhile.

    A review is as old as it was when a finding was last seen.

    Args:
        rules: rule id to rule.
        plant: ratings, changes, people.
        reach: where one can go on to.
        table: the decision table.
    """

    def __init__(self, rules: Mapping[str, Rule], plant: Plant, reach: Reach, table: Table) -> None:
        self._stages = Stages(rules)
        self._table = table
        self._plant = plant
        self._reach = reach
        self._impacts: dict[date, Impacts] = {}
        self._orders = Orders(plant)

    def judge(self, findings: Sequence[Finding]) -> tuple[Judged, ...]:
        """Judge the findings of one incident, in their order.

        Args:
            findings: all findings of the incident, oldest first.
        """
        staged, because = [], []
        for finding in findings:
            found = self._stages.of(finding)
            staged.append(Staged(finding, deed_of(finding, found.stage), found.stage))
            because.append(Grounds(found.because, finding.at))
        return tuple(
            self._judged(one, certain, why)
            for one, certain, why in zip(staged, certainties(staged), because, strict=True)
        )

    def _judged(
        self, one: Staged, certain: tuple[Certainty, Grounds], stage_grounds: Grounds
    ) -> Judged:
        impact = self._impacts_on(one.finding.until).of(one.finding, one.deed, one.stage)
        sanction = self._orders.covering(one.finding, one.deed)
        row = Row(certain[0], one.stage, impact.safety, impact.production, sanction.sanctioned)
        grounds = {
            "certainty": certain[1],
            "stage": stage_grounds,
            "safety": impact.safety_grounds,
            "production": impact.production_grounds,
            "sanctioned": sanction.grounds,
        }
        outcome = self._table.outcome(row)
        return Judged(one.finding, one.deed, row, outcome, grounds, impact.touched)

    def _impacts_on(self, at: datetime) -> Impacts:
        """Impacts as they stood on a day: what was reviewed then is not too old by now."""
        day = at.astimezone(UTC).date()
        known = self._impacts.get(day)
        if known is None:
            known = self._impacts[day] = Impacts(self._plant, self._reach, at)
        return known


def lead_of(judged: Sequence[Judged]) -> Judged:
    """The finding that speaks for the incident: the worst row, then the earliest.

    Args:
        judged: at least one.
    """
    worst = max((one.outcome, one.row.stage, one.row) for one in judged)
    return next(one for one in judged if (one.outcome, one.row.stage, one.row) == worst)
