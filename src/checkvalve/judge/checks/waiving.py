"""Waivers: findings that are accepted for a time. They are kept, and shown as waived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from checkvalve.findings import Finding
from checkvalve.plant import Plant
from checkvalve.plant.ownership import approves_her_own
from checkvalve.plant.waivers import Waiver


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that somebody accepted.

    Attributes:
        finding: the finding.
        waiver: who accepted it, why, and until when.
    """

    finding: Finding
    waiver: Waiver

    def __str__(self) -> str:
        waiver = self.waiver
        return (
            f"{waiver.rule} on {waiver.subject} is waived through {waiver.expires.isoformat()} "
            f"by {waiver.approver} ({waiver.id}): {waiver.reason}"
        )


def waive(
    findings: Iterable[Finding], plant: Plant, at: datetime
) -> tuple[tuple[Finding, ...], tuple[Waived, ...]]:
    """Part findings into those that stand and those that are waived.

    A waiver lifts the findings of its rule on its subject as long as it is valid; past its
    last day they stand again by themselves. One that the subject's own owner approved lifts
    nothing.

    Args:
        findings: in any order.
        plant: holds the waivers.
        at: now.

    Returns:
        What stands, and what is waived, each in the order given.
    """
    valid: dict[tuple[str, str], Waiver] = {}
    for waiver in plant.waivers.values():
        key = (waiver.rule, waiver.subject)
        if approves_her_own(plant, waiver.subject, waiver.approver):
            continue
        if waiver.is_valid(at) and (key not in valid or waiver.expires > valid[key].expires):
            valid[key] = waiver
    standing, waived = [], []
    for finding in findings:
        lifted = valid.get((finding.rule, str(finding.subject)))
        if lifted is None:
            standing.append(finding)
        else:
            waived.append(Waived(finding, lifted))
    return tuple(standing), tuple(waived)
