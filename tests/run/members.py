"""Members that find, that can't tell, and that crash."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from checkvalve.findings import Answer, Certainty, Evidence, Finding, Subject, Verdict
from checkvalve.judge import checks
from checkvalve.judge.checks.base import Check, Seen
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.window import Breach, Window
from checkvalve.plant import Plant
from checkvalve.rules import Rule
from checkvalve.testing.detectors import SITE

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def made(rule: str, cause: str = "it", *, at: datetime = AT, **fields: Any) -> Finding:
    return Finding(
        rule=rule,
        site=SITE,
        subject=Subject("asset", "plc-1a"),
        cause=cause,
        at=at,
        certainty=Certainty.PROOF,
        because="it was seen",
        evidence=(Evidence("a packet"),),
        **fields,
    )


def ruled(name: str) -> Rule:
    """A rule of that id; the rest is another's."""
    return replace(checks.members()[0].rule, id=name)


class Finds(Check):
    """Always finds the same."""

    rule: ClassVar[Rule] = ruled("finds")

    def check(self, plant: Plant, seen: Seen, at: datetime) -> list[tuple[Verdict, Breach]]:
        found = made("finds")
        verdict = Verdict("finds", found.subject, Answer.BROKEN, found.because, found)
        return [(verdict, Breach())]


class CannotTell(Check):
    """Never knows."""

    rule: ClassVar[Rule] = ruled("cannot-tell")

    def check(self, plant: Plant, seen: Seen, at: datetime) -> list[tuple[Verdict, Breach]]:
        subject = Subject("asset", "plc-1a")
        return [(Verdict("cannot-tell", subject, Answer.CANNOT_TELL, "nobody says"), Breach())]


class Crashes(Check):
    """Crashes, and counts how often it was asked."""

    rule: ClassVar[Rule] = ruled("crashes")
    asked: ClassVar[list[datetime]] = []

    def check(self, plant: Plant, seen: Seen, at: datetime) -> list[tuple[Verdict, Breach]]:
        self.asked.append(at)
        raise ZeroDivisionError("on a Sunday")


class CrashesToo(Detector):
    """A detector that crashes."""

    rule: ClassVar[Rule] = ruled("crashes-too")

    def learn(self, window: Window) -> None:
        del window

    def judge(self, window: Window) -> list[Finding]:
        return [made("crashes-too", cause=window.mode[99])]  # type: ignore[index]  # no mode

    def merge(self, other: Self) -> None:
        del other

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        del state
