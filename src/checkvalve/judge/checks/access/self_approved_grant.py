"""Grants that somebody approved for himself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.access.people import People, plain
from checkvalve.judge.checks.access.ways import named
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.plant import Plant
from checkvalve.plant.access import Grant
from checkvalve.rules import Reference, Rule


class SelfApprovedGrant(StandingCheck):
    """A grant is approved by somebody who neither asked for it nor holds it.

    Why it matters: a second pair of eyes is what stands between one stolen or careless account
    and a way into the plant.

    Known limits: people are told apart by the ids, names, accounts and mail addresses of
    declared identities, else by the names that the grant gives; two names of one person who is
    not declared are two people.

    Example: an engineer asks for access for a vendor under his account, and approves it under
    his mail address.

    References: IEC 62443-3-3 SR 2.1 RE 4 (dual approval); NIST SP 800-82r3 6.2.1; ATT&CK
    mitigations M0801, M0918.
    """

    rule: ClassVar[Rule] = Rule(
        id="self-approved-grant",
        title="A grant that its requester or holder approved",
        why="A second pair of eyes is what stands between one account and a way into the plant.",
        references=(
            Reference("IEC 62443-3-3", "SR 2.1 RE 4", "Dual approval"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
            Reference("ATT&CK mitigations", "M0801", "Access Management"),
            Reference("ATT&CK mitigations", "M0918", "User Account Management"),
        ),
        cause="It was urgent, or there is nobody else who may approve.",
        consequence="One person, or whoever has that account, can open the plant alone.",
        response="Have the grant approved by somebody else, or revoke it; name a deputy who may "
        "approve.",
        time_to_respond=timedelta(days=7),
        harmless_if="an approver who neither asked for the grant nor holds it",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        del seen  # the declaration says it all
        people = People(plant)
        return [
            self._grant(plant, people, grant, at)
            for grant in plant.grants.values()
            if grant.state(at) in ("to come", "active")
        ]

    def _grant(self, plant: Plant, people: People, grant: Grant, at: datetime) -> Verdict:
        objection = _objection(people, grant)
        missing = [
            role
            for role, who in (("requester", grant.requester), ("approver", grant.approver))
            if who is None or not plain(who)
        ]
        if objection:
            answer, because = Answer.BROKEN, f"{named(grant)}: {objection}"
        elif missing:
            answer = Answer.CANNOT_TELL
            because = f"{named(grant)} does not name its {' and its '.join(missing)}"
        else:
            answer = Answer.HOLDS
            because = f"{grant.requester} asked for {named(grant)}, {grant.approver} approved it"
        return stands(
            self.rule,
            Subject("grant", grant.id),
            answer,
            because,
            plant=plant,
            at=at,
            cause="self approved" if objection else f"no {' '.join(missing)}",
            evidence=(
                Evidence(
                    "who asked for it and who approved it",
                    expected="two people",
                    actual=f"requester: {grant.requester}, approver: {grant.approver}",
                ),
                Evidence(
                    "a change that mends it",
                    actual=f'grants:\n  - id: {grant.id}\n    approver: ""  # somebody else',
                ),
            ),
            identities=(grant.holder,),
        )


def _objection(people: People, grant: Grant) -> str:
    """What speaks against its approver; empty if nothing does."""
    approver = grant.approver
    if approver is None or not plain(approver):
        return ""
    if grant.requester is not None and people.are_one(grant.requester, approver):
        return f"{approver} asked for it and approved it"
    if people.are_one(grant.holder, approver):
        return f"{approver} holds it and approved it"
    if grant.holder in people.of_vendor(approver):
        return f"{approver} approved it and works for {grant.holder}, who holds it"
    return ""
