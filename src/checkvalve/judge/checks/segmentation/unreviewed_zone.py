"""Zones whose security level nobody decided, or whose review is overdue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.plant import Plant
from checkvalve.plant.times import lasts
from checkvalve.plant.zones import Zone
from checkvalve.rules import Reference, Rule


class UnreviewedZone(StandingCheck):
    """Each zone has a target security level, and is looked at again when it was said to be.

    Why it matters: without a target nobody can say whether a zone is protected enough, and a
    review that is overdue judges a plant that was.

    Known limits: that a level was declared does not say that a risk assessment stands behind
    it: a person attests that. A zone without a day for its review is never overdue. Missing
    levels, kinds, ranges and owners are remarks of ``plant check`` and not said again.

    Example: a zone that was copied from the network drawing, with no ``sl_t``.

    References: IEC 62443-3-2 ZCR 5.6, ZCR 6.4; NIST SP 800-82r3, 5.2.3.1; ATT&CK mitigation
    M0947.
    """

    rule: ClassVar[Rule] = Rule(
        id="unreviewed-zone",
        title="A zone without a target security level, or overdue for review",
        why="Without a target nobody can say whether a zone is protected enough, and a review "
        "that is overdue judges a plant that was.",
        references=(
            Reference("IEC 62443-3-2", "ZCR 5.6", "Determine SL-T"),
            Reference("IEC 62443-3-2", "ZCR 6.4", "Zone and conduit characteristics"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0947", "Audit"),
        ),
        cause="The zone was drawn before its risk was assessed, or the review has no owner.",
        consequence="What the zone needs is decided by what it happens to have.",
        response="Assess the zone's risk with process safety, and declare the level and the day "
        "of the next review.",
        time_to_respond=timedelta(days=90),
        harmless_if="a declared sl_t, and a day for the review that has not come",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        found: list[Verdict] = []
        for zone in plant.zones.values():
            subject = Subject("zone", zone.id)
            wrong = [
                stands(
                    self.rule, subject, Answer.BROKEN, because,
                    plant=plant, at=at, cause=cause, evidence=(evidence,), zone=zone.id,
                )
                for cause, because, evidence in _lacks(zone, at)
            ]  # fmt: skip
            because = f"{zone.id} has SL-T {zone.sl_t}, and no review is overdue"
            found += wrong or [Verdict(self.rule.id, subject, Answer.HOLDS, because)]
        return found


def _lacks(zone: Zone, at: datetime) -> Iterator[tuple[str, str, Evidence]]:
    """What a zone lacks: its cause, a sentence, and a change that mends it."""
    if zone.sl_t is None:
        yield (
            "no SL-T",
            f"{zone.id} has no target security level",
            Evidence(
                "a change that mends it",
                actual=f"zones:\n  - {{id: {zone.id}, sl_t: 2}}  # what the assessment says",
            ),
        )
    if not lasts(zone.review_by, at):
        yield (
            "overdue",
            f"{zone.id} was to be looked at again by {zone.review_by}",
            Evidence(
                f"the declaration of zone {zone.id}",
                expected="a day that has not come",
                actual=f"review_by: {zone.review_by}",
            ),
        )
