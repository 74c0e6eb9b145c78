"""Safety equipment outside a safety zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.segmentation.role_levels import controls, is_for_safety
from checkvalve.judge.checks.wording import some
from checkvalve.plant import Plant
from checkvalve.plant.assets import HIGHEST_RATING, Asset
from checkvalve.rules import Reference, Rule


class SafetyOutsideZone(StandingCheck):
    """What keeps people safe must stand in a zone of its own.

    Why it matters: the safety system is what is left when everything else fails. On one
    network with the controllers it fails with them.

    Known limits: what counts is the declared role (a safety controller, SIS or ESD) and the
    highest safety rating. Controllers without a rating are told once for each zone. Whether
    the safety zone is cut off, other checks tell.

    Example: a trip controller in the process zone of its boiler.

    References: IEC 62443-3-2 ZCR 3.3; IEC 62443-3-3 SR 5.1 RE 3; NIST SP 800-82r3, 5.2.3.1;
    ATT&CK mitigations M0812, M0930.
    """

    rule: ClassVar[Rule] = Rule(
        id="safety-outside-zone",
        title="Safety equipment outside a safety zone",
        why="The safety system is what is left when everything else fails. On one network with "
        "the controllers it fails with them.",
        references=(
            Reference("IEC 62443-3-2", "ZCR 3.3", "Separate safety related assets"),
            Reference("IEC 62443-3-3", "SR 5.1 RE 3", "Isolation of critical networks"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0812", "Safety Instrumented Systems"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
        ),
        cause="The safety controller was connected where the process controller is, to show its "
        "values, or its zone was declared as an ordinary one.",
        consequence="Whoever reaches the process controllers reaches the safety system as well, "
        "and can keep it from acting.",
        response="Give the safety system a zone and a network of its own, and let it send its "
        "values out over a conduit that only it opens.",
        time_to_respond=timedelta(days=30),
        harmless_if="a zone of kind safety around it, or a rating below the highest where nobody "
        "is harmed",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        found: list[Verdict] = []
        unrated: dict[str, list[str]] = {}
        for asset in plant.assets.values():
            if is_for_safety(asset.role) or asset.safety == HIGHEST_RATING:
                found.append(self._of(plant, asset, at))
            elif asset.safety is None and controls(asset.role):
                unrated.setdefault(asset.zone, []).append(asset.id)
        for zone, assets in unrated.items():
            if plant.zones[zone].kind != "safety":
                found.append(self._unrated(plant, zone, assets, at))
        return found

    def _of(self, plant: Plant, asset: Asset, at: datetime) -> Verdict:
        zone = plant.zones[asset.zone]
        subject, what = Subject("asset", asset.id), _what(asset)
        if zone.kind == "safety":
            because = f"{asset.id}, {what}, stands in safety zone {zone.id}"
            return Verdict(self.rule.id, subject, Answer.HOLDS, because)
        unsaid = zone.kind is None
        kind = "whose kind is not declared" if unsaid else f"which is of kind {zone.kind}"
        return stands(
            self.rule,
            subject,
            Answer.CANNOT_TELL if unsaid else Answer.BROKEN,
            f"{asset.id}, {what}, stands in {zone.id}, {kind}",
            plant=plant,
            at=at,
            cause=f"{zone.id} {zone.kind}",
            evidence=(
                Evidence(
                    f"the declaration of zone {zone.id}",
                    expected="kind: safety",
                    actual=f"kind: {zone.kind}",
                ),
                Evidence(
                    "a change that mends it",
                    actual=f"zones:\n  - {{id: {zone.id}-safety, kind: safety, cidrs: []}}\n"
                    f"assets:\n  - {{id: {asset.id}, zone: {zone.id}-safety}}",
                ),
            ),
            assets=(asset.id,),
            zone=zone.id,
        )

    def _unrated(self, plant: Plant, zone: str, assets: list[str], at: datetime) -> Verdict:
        return stands(
            self.rule,
            Subject("zone", zone),
            Answer.CANNOT_TELL,
            f"whether {some(assets)} in {zone} belongs in a safety zone can't be told: no safety "
            "rating, assumed high",
            plant=plant,
            at=at,
            cause="no safety rating",
            assets=tuple(assets),
            zone=zone,
        )


def _what(asset: Asset) -> str:
    """Why it counts as safety equipment, in words."""
    if is_for_safety(asset.role):
        return f"a {asset.role}"
    return f"with safety rating {asset.safety}"
