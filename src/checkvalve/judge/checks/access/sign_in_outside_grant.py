"""Sign-ins that no grant covers: at another time, from elsewhere, or by another way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Subject, Verdict
from checkvalve.judge.checks.access.arrivals import (
    Arrival,
    Arrivals,
    Objection,
    acted,
    no_sign_ins,
    revocation,
)
from checkvalve.judge.checks.access.ways import named, spoken
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.plant import Plant
from checkvalve.plant.access import Grant
from checkvalve.rules import ATTACK_ICS, Reference, Rule

#: A sign-in with the grant that has the least against it, and what that is.
_Judged = tuple[Arrival, Grant | None, tuple[Objection, ...]]


class SignInOutsideGrant(StandingCheck):
    """Who signs in from outside, and a vendor from anywhere, is covered by a grant then and there.

    Why it matters: intruders come with valid accounts; what tells them apart is the hour, the
    place that they come from, and the machine that they go to.

    Known limits: attempts that failed are not looked at, nor are accounts of the plant's own
    people inside it. A target that the log calls by a name that no machine bears is not held
    against the grant. A sign-in to a VPN is held against time and source alone. Which service
    was used on the target is not compared.

    Example: a vendor's technician, whose grant is for weekdays from 08:00 to 16:00, signs in on
    the jump host at half past two on a Sunday.

    References: IEC 62443-3-3 SR 1.13, SR 2.1, SR 2.6; ATT&CK for ICS T0822, T0859.
    """

    rule: ClassVar[Rule] = Rule(
        id="sign-in-outside-grant",
        title="A sign-in that no grant covers",
        why="Intruders come with valid accounts; what tells them apart is the hour, the place "
        "and the target.",
        references=(
            Reference(ATTACK_ICS, "T0822", "External Remote Services"),
            Reference(ATTACK_ICS, "T0859", "Valid Accounts"),
            Reference("IEC 62443-3-3", "SR 1.13", "Access via untrusted networks"),
            Reference("IEC 62443-3-3", "SR 2.1", "Authorization enforcement"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
            Reference("ATT&CK mitigations", "M0936", "Account Use Policies"),
        ),
        cause="Work at another hour or from another place than was agreed, a grant that was not "
        "renewed, or an account in the wrong hands.",
        consequence="Somebody whom nobody expects works on machines of the plant.",
        response="Call the holder by the number in the contract; if it was not he, end the "
        "session, lock the account and revoke the grant.",
        time_to_respond=timedelta(hours=1),
        harmless_if="a grant for this account, source and target that is open at that hour",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        if seen.sign_ins is None:
            return no_sign_ins(self.rule)
        judged = [
            (arrival, *arrival.best()) for arrival in Arrivals(plant, seen.sign_ins).needing_grants
        ]
        alike: dict[tuple[str, ...], list[_Judged]] = {}
        for one in judged:
            if one[2] or _is_untold(one):
                alike.setdefault(_likeness(one), []).append(one)
        wrong = [self._outside(plant, key, group, at) for key, group in alike.items()]
        spoiled = {verdict.subject for verdict in wrong}
        covered = {grant.id for _, grant, _ in judged if grant is not None}
        fine = [one for one in sorted(covered) if Subject("grant", one) not in spoiled]
        if not wrong and not fine:
            return [self._holds(plant, Subject("plant", "sign-ins"), "none needed a grant", at)]
        return wrong + [
            self._holds(plant, Subject("grant", name), "it covers the sign-ins of its holder", at)
            for name in fine
        ]

    def _holds(self, plant: Plant, subject: Subject, because: str, at: datetime) -> Verdict:
        return stands(self.rule, subject, Answer.HOLDS, because, plant=plant, at=at)

    def _outside(
        self, plant: Plant, key: tuple[str, ...], group: Sequence[_Judged], at: datetime
    ) -> Verdict:
        arrival, grant, against = group[0]
        reason = "; ".join(one.sentence for one in against)
        if grant is not None and reason:
            reason = f"{named(grant)} does not cover it: {reason}"
        answer = Answer.BROKEN
        if not reason and grant is not None:
            answer = Answer.CANNOT_TELL
            reason = f"whether {named(grant)} covers it can't be told: the log names no source"
        times = f", and {len(group) - 1} times more" if len(group) > 1 else ""
        return acted(
            self.rule,
            _subject(arrival, grant),
            answer,
            f"{arrival} signed in on {spoken(arrival.sign_in.time)}{times}; {reason}",
            plant=plant,
            arrivals=[one for one, _, _ in group],
            cause=" ".join(key),
            expected=reason,
            evidence=(revocation(grant, at),) if grant is not None and against else (),
        )


def _is_untold(judged: _Judged) -> bool:
    """Whether the log does not say where it came from, and that matters."""
    arrival, grant, _ = judged
    return grant is not None and bool(grant.source) and not arrival.sign_in.source


def _likeness(judged: _Judged) -> tuple[str, ...]:
    """What makes sign-ins one finding: who, from where, to what, and what is wrong."""
    arrival, grant, against = judged
    kinds = [one.kind for one in against] or ["cannot tell"]
    whose = "" if grant is None else grant.id
    return (whose, arrival.sign_in.account, arrival.source, arrival.target, *kinds)


def _subject(arrival: Arrival, grant: Grant | None) -> Subject:
    """What it is held against: the grant, else who came, else where from."""
    if grant is not None:
        return Subject("grant", grant.id)
    if arrival.people:
        return Subject("identity", arrival.people[0].id)
    if arrival.sign_in.source and arrival.source == arrival.sign_in.source:
        return Subject("address", arrival.source)
    return Subject("asset", arrival.source)
