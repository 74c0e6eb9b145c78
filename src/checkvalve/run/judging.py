"""One window judged by all members; a member that crashes becomes a gap, the others go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from checkvalve.findings import Answer, Finding
from checkvalve.judge import checks as registered_checks
from checkvalve.judge import detectors as registered_detectors
from checkvalve.judge.baseline import Baseline
from checkvalve.judge.checks.base import Check, Seen
from checkvalve.judge.window import Window, moment
from checkvalve.plant import Plant
from checkvalve.rules import Rule

Answered = TypeVar("Answered")


def rules() -> Mapping[str, Rule]:
    """All rules by id."""
    declared = [check.rule for check in registered_checks.members()]
    standing = [check.rule for check in registered_checks.standing()]
    learnt = [detector.rule for detector in registered_detectors.members()]
    return {rule.id: rule for rule in (*declared, *standing, *learnt)}


@dataclass(slots=True)
class Judge:
    """Holds windows against the plant and a baseline.

    Attributes:
        plant: what is declared.
        baseline: what was learnt; ``None``: only checks judge.
        crashed: rule id to what happened, of members that crashed; they are not asked again.
        undecided: rule id to how often it could not tell.
    """

    plant: Plant
    baseline: Baseline | None
    checks: tuple[Check, ...] = field(
        default_factory=lambda: tuple(check() for check in registered_checks.members())
    )
    crashed: dict[str, str] = field(default_factory=dict)
    undecided: dict[str, int] = field(default_factory=dict)

    def judge(self, window: Window) -> list[Finding]:
        """All findings of a window, those of one cause added up."""
        found: list[Finding] = []
        seen = Seen(window)
        for check in self.checks:
            ask = partial(self._check, check, seen, moment(window.end))
            found += self._guarded(check.rule.id, ask)
        if self.baseline is not None:
            baseline = self.baseline
            for name, detector in baseline.detectors.items():
                found += self._guarded(name, partial(baseline.judge, window, detector))
        return add_up(found)

    def _check(self, check: Check, seen: Seen, at: datetime) -> list[Finding]:
        found = []
        for verdict, _ in check.check(self.plant, seen, at):
            if verdict.answer is Answer.CANNOT_TELL:
                self.undecided[verdict.rule] = self.undecided.get(verdict.rule, 0) + 1
            if verdict.finding is not None:
                found.append(verdict.finding)
        return found

    def _guarded(self, name: str, ask: Callable[[], list[Finding]]) -> list[Finding]:
        return guarded(self.crashed, name, ask)


def guarded(
    crashed: dict[str, str], name: str, ask: Callable[[], list[Answered]]
) -> list[Answered]:
    """What a member answers; nothing if it crashes, or did before.

    Args:
        crashed: member to what happened; added to.
        name: the member.
        ask: asks it.
    """
    if name in crashed:
        return []
    try:
        return ask()
    except Exception as error:  # noqa: BLE001  # the one place: a member must not stop the others
        crashed[name] = f"{type(error).__name__}: {error}"
        return []


def add_up(findings: list[Finding]) -> list[Finding]:
    """The same findings, those with one id as one: first and last seen, and how often."""
    by_id: dict[str, Finding] = {}
    for finding in findings:
        known = by_id.get(finding.id)
        if known is None:
            by_id[finding.id] = finding
            continue
        earlier = min(known, finding, key=lambda one: one.at)
        by_id[finding.id] = replace(
            earlier,
            last=max(known.until, finding.until),
            count=known.count + finding.count,
        )
    return list(by_id.values())
