"""A law is worth something when it catches who breaks it."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import pytest

from checkvalve.findings import Evidence, Finding, Subject
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.detectors.network.reporting import WATCHING, finding, minutes
from checkvalve.judge.window import Window
from checkvalve.plant import Plant
from checkvalve.rules import Rule
from checkvalve.testing.detectors import (
    Spell,
    Talk,
    judging_never_learns,
    merged_halves_equal_the_whole,
    nothing_learnt_reports_nothing,
    running_state_is_bounded,
    state_survives_a_round_trip,
    taught_is_not_reported,
    three_cells,
    windows_of,
)

PLANT = three_cells()


class Honest(Detector):
    """Counts exchanges by source, and reports sources that it does not know."""

    rule: ClassVar[Rule] = Rule(
        id="honest",
        title="",
        why="",
        references=WATCHING,
        cause="",
        consequence="",
        response="",
        time_to_respond=minutes(1),
    )

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self.counts: dict[str, int] = {}

    def _sources(self, window: Window) -> list[str]:
        return [window.edges[place].source.name for place in window.groups["edge"].tolist()]

    def learn(self, window: Window) -> None:
        for source in self._sources(window):
            self.counts[source] = self.counts.get(source, 0) + 1

    def judge(self, window: Window) -> list[Finding]:
        strangers = set(self._sources(window)) - self.counts.keys() if self.counts else set()
        return [
            finding(
                self.rule,
                window,
                subject=Subject("address", name),
                cause="",
                because="",
                evidence=(Evidence(""),),
                span=(window.start, window.end),
            )
            for name in sorted(strangers)
        ]

    def merge(self, other: Self) -> None:
        for source, count in other.counts.items():
            self.counts[source] = self.counts.get(source, 0) + count

    def state(self) -> dict[str, Any]:
        return dict(sorted(self.counts.items()))

    def restore(self, state: dict[str, Any]) -> None:
        self.counts = dict(state)


class Forgets(Honest):
    """Reports what it was taught."""

    def learn(self, window: Window) -> None:
        self.counts["nobody"] = 1


class Nervous(Honest):
    """Reports before it learnt."""

    def judge(self, window: Window) -> list[Finding]:
        self.counts.setdefault("nobody", 1)
        return super().judge(window)


class Credulous(Honest):
    """Takes a stranger that it has just reported for known."""

    def judge(self, window: Window) -> list[Finding]:
        found = super().judge(window)
        for one in found:
            self.counts[one.subject.id] = 1
        return found


class KeepsLast(Honest):
    """Overwrites where it should add."""

    def merge(self, other: Self) -> None:
        self.counts.update(other.counts)


class Lossy(Honest):
    """Restores less than it stated."""

    def restore(self, state: dict[str, Any]) -> None:
        self.counts = dict.fromkeys(state, 1)


class Hoards(Honest):
    """Remembers every stranger it met."""

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self.met: set[str] = set()

    def judge(self, window: Window) -> list[Finding]:
        self.met.update(self._sources(window))
        return super().judge(window)


def _spells(*sources: str) -> list[Spell]:
    more = {"at": 0.0, "count": 3}
    return [Spell("production", (Talk(name, "plc-1a", 502, True, more),)) for name in sources]


KNOWN = windows_of(PLANT, _spells("hmi-1", "hmi-2", "hmi-1"))
STRANGE = windows_of(PLANT, _spells("hmi-3", "hmi-1"), from_hour=9)
RUNS = [
    windows_of(PLANT, _spells(*(f"10.9.{run}.{k}" for k in range(8))), from_hour=20 + 10 * run)
    for run in range(8)
]


def test_an_honest_detector_keeps_all_laws() -> None:
    nothing_learnt_reports_nothing(Honest, PLANT, KNOWN)
    taught_is_not_reported(Honest, PLANT, KNOWN)
    judging_never_learns(Honest, PLANT, KNOWN, STRANGE)
    merged_halves_equal_the_whole(Honest, PLANT, KNOWN, 1)
    state_survives_a_round_trip(Honest, PLANT, KNOWN, STRANGE)
    running_state_is_bounded(Honest, PLANT, KNOWN, RUNS)


def test_each_law_catches_who_breaks_it() -> None:
    with pytest.raises(AssertionError, match="reports before"):
        nothing_learnt_reports_nothing(Nervous, PLANT, KNOWN)
    with pytest.raises(AssertionError, match="what it was taught"):
        taught_is_not_reported(Forgets, PLANT, KNOWN)
    with pytest.raises(AssertionError, match="learns while it judges"):
        judging_never_learns(Credulous, PLANT, KNOWN, STRANGE)
    with pytest.raises(AssertionError, match="do not add up"):
        merged_halves_equal_the_whole(KeepsLast, PLANT, KNOWN, 1)
    with pytest.raises(AssertionError, match="state changes"):
        state_survives_a_round_trip(Lossy, PLANT, KNOWN, STRANGE)
    with pytest.raises(AssertionError, match="grows"):
        running_state_is_bounded(Hoards, PLANT, KNOWN, RUNS)
