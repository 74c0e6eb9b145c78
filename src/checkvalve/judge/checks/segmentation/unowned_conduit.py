"""Conduits that nobody answers for, and conduits that are over and still open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.declared import Conduits
from checkvalve.judge.checks.passing.reach import Reach, reach
from checkvalve.judge.segmentation.asking import services_of
from checkvalve.judge.segmentation.network import Network
from checkvalve.plant import Plant
from checkvalve.plant.times import lasts
from checkvalve.plant.zones import Conduit
from checkvalve.rules import Reference, Rule


class UnownedConduit(StandingCheck):
    """Somebody answers for each conduit, and one that is over is shut.

    Why it matters: nobody takes away a path that nobody owns, and a path that was agreed until
    a day is after that day one that nobody agreed to.

    Known limits: an owner is one whose own date has not passed; whether that person still
    works here is not known. Of a conduit that is over, the services are looked at that it
    lists, unless another one that is valid covers its two zones in the same direction.

    Example: a conduit for a migration, valid until March, whose rule is still there in July.

    References: IEC 62443-3-2 ZCR 6.4; IEC 62443-3-3 SR 5.2; NIST SP 800-82r3, 5.2.3.1; ATT&CK
    mitigations M0930, M0947.
    """

    rule: ClassVar[Rule] = Rule(
        id="unowned-conduit",
        title="A conduit that nobody answers for, or that is over and still open",
        why="Nobody takes away a path that nobody owns, and a path that was agreed until a day "
        "is after that day one that nobody agreed to.",
        references=(
            Reference("IEC 62443-3-2", "ZCR 6.4", "Zone and conduit characteristics"),
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
            Reference("ATT&CK mitigations", "M0947", "Audit"),
        ),
        cause="The conduit was written down from what was found, its owner left, or the end of "
        "a project closed the project and not its path.",
        consequence="A path that nobody needs stays open, and nobody can say whether it may be "
        "shut.",
        response="Name an owner, who says whether the conduit is still needed; renew it with a "
        "reason, or take its rules out.",
        time_to_respond=timedelta(days=30),
        harmless_if="a valid owner, and a last day that has not come",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        found: list[Verdict] = []
        for conduit in plant.conduits.values():
            wrong = [
                *self._nobodys(plant, conduit, at),
                *self._over(plant, seen.network, conduit, at),
            ]
            because = f"{conduit.owner} answers for conduit '{conduit.id}'"
            fine = Verdict(self.rule.id, Subject("conduit", conduit.id), Answer.HOLDS, because)
            found += wrong or [fine]
        return found

    def _nobodys(self, plant: Plant, conduit: Conduit, at: datetime) -> Iterator[Verdict]:
        owner = None if conduit.owner is None else plant.owners[conduit.owner]
        if owner is None:
            because = f"nobody answers for conduit '{conduit.id}'"
        elif not owner.is_valid(at):
            because = (
                f"{owner.id} answered for conduit '{conduit.id}' until {owner.valid_until}, and "
                "nobody since"
            )
        else:
            return
        yield stands(
            self.rule,
            Subject("conduit", conduit.id),
            Answer.BROKEN,
            because,
            plant=plant,
            at=at,
            cause="no owner",
            evidence=(
                Evidence(
                    f"the declaration of conduit {conduit.id}",
                    expected="a valid owner",
                    actual=f"owner: {conduit.owner}",
                ),
                Evidence(
                    "a change that mends it",
                    actual=f"conduits:\n  - {{id: {conduit.id}, owner: ID}}",
                ),
            ),
            zone=conduit.to,
        )

    def _over(
        self, plant: Plant, network: Network | None, conduit: Conduit, at: datetime
    ) -> Iterator[Verdict]:
        """What is still permitted of a conduit past its last day."""
        if lasts(conduit.valid_until, at):
            return
        conduits = Conduits(plant, at)
        pairs = [pair for pair in conduit.openings() if not conduits.opening(*pair)]
        if network is None:
            if pairs:
                because = "whether its path is still open can't be told: no rule set was read"
                yield self._of_ended(plant, conduit, Answer.CANNOT_TELL, because, at)
            return
        services = services_of(conduit.flows, network.protocols) if conduit.flows else None
        for source, destination in pairs:
            permitted = reach(network, source, destination, services=services)
            if permitted.must:
                because = (
                    f"{permitted.must[0].ports} still passes from {source} to {destination}, "
                    f"such as {permitted.must[0].passing[0].witness}"
                )
                yield self._of_ended(plant, conduit, Answer.BROKEN, because, at, permitted)
            elif permitted.reasons:
                because = f"whether its path is still open can't be told: {permitted.reasons[0]}"
                yield self._of_ended(plant, conduit, Answer.CANNOT_TELL, because, at, permitted)

    def _of_ended(  # a verdict in its parts
        self,
        plant: Plant,
        conduit: Conduit,
        answer: Answer,
        because: str,
        at: datetime,
        permitted: Reach | None = None,
    ) -> Verdict:
        last_day = Evidence(
            f"the last day of conduit {conduit.id}", actual=str(conduit.valid_until)
        )
        cause = "over"
        opened: tuple[Evidence, ...] = ()
        if permitted is not None:
            cause = f"over {permitted.source} to {permitted.destination}"
            opened = permitted.must[0].evidence() if permitted.must else permitted.doubt()
        return stands(
            self.rule,
            Subject("conduit", conduit.id),
            answer,
            f"conduit '{conduit.id}' ended on {conduit.valid_until}; {because}",
            plant=plant,
            at=at,
            cause=cause if answer is Answer.BROKEN else f"{cause}: cannot tell",
            evidence=(last_day, *opened),
            zone=conduit.to,
        )
