"""Approvals that have ended, and are still made use of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.governance.ai_hosts import addresses_of, by_zone, hosts_of
from checkvalve.judge.checks.governance.approvals import is_approved, reads
from checkvalve.judge.checks.governance.source_places import Place, place_of
from checkvalve.judge.checks.passing.reach import Reach, reach
from checkvalve.judge.segmentation.network import Network
from checkvalve.plant import Plant
from checkvalve.plant.data_sources import Approval
from checkvalve.rules import JOINT_GUIDANCE, Reference, Rule


class EndedApproval(StandingCheck):
    """When an approval ends, the component reads the source no more, and its way is shut.

    Why it matters: an approval has an end so that somebody asks again. If nothing changes on
    that day, it had none.

    Known limits: whether the component really read is for the check of traffic to tell; here
    counts that it is declared to read, or that the rule sets let it. An approval counts as
    renewed when another of the same source for the same component is valid. Approvals of
    retired components are left out.

    Example: a pilot's approval ended in March; in July the component still lists the historian
    among its inputs.

    References: Principles for the Secure Integration of AI in OT, principles 2 and 3; IEC
    62443-3-3 SR 2.1; NIST SP 800-82r3, 6.2.1; ATT&CK mitigation M0801.
    """

    rule: ClassVar[Rule] = Rule(
        id="ended-approval",
        title="An approval that has ended and is still used",
        why="An approval has an end so that somebody asks again. If nothing changes on that day, "
        "it had none.",
        references=(
            Reference(JOINT_GUIDANCE, "Principle 2", "Consider AI use in the OT domain"),
            Reference(JOINT_GUIDANCE, "Principle 3", "Establish AI governance and assurance"),
            Reference("IEC 62443-3-3", "SR 2.1", "Authorization enforcement"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
            Reference("ATT&CK mitigations", "M0801", "Access Management"),
        ),
        cause="Nobody was told that the day came near, or the pilot went on as production.",
        consequence="A component reads what nobody approves any more, under terms that nobody "
        "looked at again.",
        response="Ask the source's owner; approve it anew with an end, or take the source from "
        "the component's inputs and shut the way.",
        time_to_respond=timedelta(days=14),
        harmless_if="a new approval of the same source for the same component",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        return [
            self._of(plant, seen.network, approval, at)
            for approval in plant.approvals.values()
            if plant.components[approval.consumer].stage != "retired"
        ]

    def _of(
        self, plant: Plant, network: Network | None, approval: Approval, at: datetime
    ) -> Verdict:
        component = plant.components[approval.consumer]
        if approval.is_valid(at):
            return self._fine(approval, "has not ended")
        if is_approved(plant, component.id, approval.source, at):
            return self._fine(approval, "was renewed")
        if reads(plant, component, approval.source):
            said = f"{component.id} is still declared to read {approval.source}"
            where = Evidence(
                "a change that mends it",
                actual=f"take {approval.source} from the inputs and connectors of {component.id}",
            )
            return self._ended(plant, approval, Answer.BROKEN, said, at, (where,))
        place = place_of(plant, plant.data_sources[approval.source])
        if network is None or place is None:
            why = "no rule set was read" if network is None else "where it answers is not declared"
            return self._untold(plant, approval, why, at)
        return self._path(plant, network, approval, place, at)

    def _path(
        self, plant: Plant, network: Network, approval: Approval, place: Place, at: datetime
    ) -> Verdict:
        """Whether the way to the source is shut."""
        hosts = hosts_of(plant, plant.components[approval.consumer])
        if not addresses_of(plant, hosts):
            return self._untold(plant, approval, "its machine or address is not declared", at)
        doubt: tuple[str, tuple[Evidence, ...]] | None = None
        for zone, assets in by_zone(plant, hosts).items():
            if zone == place.zone:
                doubt = (f"both stand in {zone}, where no firewall decides", ())
                continue
            found = _to(network, zone, place, plant, assets)
            if found.must:
                said = (
                    f"{approval.consumer} may still open {found.must[0].ports} to "
                    f"{approval.source}, such as {found.must[0].passing[0].witness}"
                )
                evidence = found.must[0].evidence()
                return self._ended(plant, approval, Answer.BROKEN, said, at, evidence)
            if found.reasons:
                doubt = (found.reasons[0], found.doubt())
        if doubt is not None:
            return self._untold(plant, approval, doubt[0], at, doubt[1])
        return self._fine(approval, "has ended, and the way is shut")

    def _fine(self, approval: Approval, said: str) -> Verdict:
        because = f"approval '{approval.id}' of {approval.source} {said}"
        subject = Subject("approval", approval.id)
        return Verdict(self.rule.id, subject, Answer.HOLDS, because)

    def _untold(
        self,
        plant: Plant,
        approval: Approval,
        why: str,
        at: datetime,
        evidence: tuple[Evidence, ...] = (),
    ) -> Verdict:
        said = f"whether {approval.consumer} may still reach {approval.source} can't be told: {why}"
        return self._ended(plant, approval, Answer.CANNOT_TELL, said, at, evidence)

    def _ended(  # a verdict in its parts
        self,
        plant: Plant,
        approval: Approval,
        answer: Answer,
        said: str,
        at: datetime,
        evidence: tuple[Evidence, ...],
    ) -> Verdict:
        day = Evidence(f"the last day of approval {approval.id}", actual=str(approval.expires))
        return stands(
            self.rule,
            Subject("approval", approval.id),
            answer,
            f"approval '{approval.id}' ended on {approval.expires}; {said}",
            plant=plant,
            at=at,
            cause="ended" if answer is Answer.BROKEN else "ended: cannot tell",
            evidence=(day, *evidence),
            assets=hosts_of(plant, plant.components[approval.consumer]),
        )


def _to(network: Network, zone: str, place: Place, plant: Plant, assets: tuple[str, ...]) -> Reach:
    return reach(
        network,
        zone,
        place.zone,
        src=addresses_of(plant, assets),
        dst=place.addresses,
        services=place.services,
    )
