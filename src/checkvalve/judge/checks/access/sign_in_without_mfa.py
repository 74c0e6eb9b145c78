"""Sign-ins from outside with one factor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.access.arrivals import Arrival, Arrivals, acted, no_sign_ins
from checkvalve.judge.checks.access.ways import spoken
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.plant import Plant
from checkvalve.rules import ATTACK_ICS, Reference, Rule

#: How long a sign-in with two factors counts, where its log does not say when it ended.
LASTS: Final = timedelta(hours=12)


class SignInWithoutMfa(StandingCheck):
    """Who signs in from outside gives a second factor, there or at the door before.

    Why it matters: a password is stolen without anybody noticing; with a second factor it is
    not enough.

    Known limits: a grant that says ``mfa: false`` demands none, and then none is missed. A
    second factor that was given to the same account within a session before (a VPN, a jump
    host) counts for what lies behind; where the log does not say when that ended, for twelve
    hours. Attempts that failed are not looked at.

    Example: the remote desktop of an engineering station answers to the internet with a
    password alone.

    References: IEC 62443-3-3 SR 1.1 RE 2 (multifactor authentication for untrusted networks),
    SR 1.13; ATT&CK for ICS T0822, T0859.
    """

    rule: ClassVar[Rule] = Rule(
        id="sign-in-without-mfa",
        title="A sign-in from outside without a second factor",
        why="A password is stolen without anybody noticing; with a second factor it is not enough.",
        references=(
            Reference(ATTACK_ICS, "T0822", "External Remote Services"),
            Reference(ATTACK_ICS, "T0859", "Valid Accounts"),
            Reference(
                "IEC 62443-3-3", "SR 1.1 RE 2", "Multifactor authentication for untrusted networks"
            ),
            Reference("IEC 62443-3-3", "SR 1.13", "Access via untrusted networks"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
            Reference("ATT&CK mitigations", "M0932", "Multi-factor Authentication"),
        ),
        cause="A service that was never joined to the second factor, an exception for an account, "
        "or a way past the door that demands it.",
        consequence="Whoever has the password is in.",
        response="Ask the account's holder whether it was he; demand the second factor of this "
        "account and service, or close the way to it.",
        time_to_respond=timedelta(hours=8),
        harmless_if="a second factor for this account, or a grant that says it needs none",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        if seen.sign_ins is None:
            return no_sign_ins(self.rule)
        arrivals = Arrivals(plant, seen.sign_ins)
        outside = [one for one in arrivals.all if one.is_outside]
        strong = [one for one in arrivals.all if one.sign_in.mfa]
        alike: dict[tuple[str, ...], list[Arrival]] = {}
        for one in outside:
            if not one.sign_in.mfa and _is_demanded(one) and not _is_behind(one, strong):
                alike.setdefault(_likeness(one), []).append(one)
        return [self._weak(plant, key, group) for key, group in alike.items()] or [
            stands(
                self.rule,
                Subject("plant", "sign-ins"),
                Answer.HOLDS,
                f"{len(outside)} sign-ins from outside gave what their grants demand",
                plant=plant,
                at=at,
            )
        ]

    def _weak(self, plant: Plant, key: tuple[str, ...], group: Sequence[Arrival]) -> Verdict:
        one = group[0]
        times = f", and {len(group) - 1} times more" if len(group) > 1 else ""
        is_known = one.sign_in.mfa is False
        how = f" ({one.sign_in.method})" if one.sign_in.method else ""
        said = (
            f"without a second factor{how}"
            if is_known
            else f"and whether with a second factor can't be told: its log does not say{how}"
        )
        return acted(
            self.rule,
            Subject("asset", one.asset.id) if one.asset is not None else _whence(one),
            Answer.BROKEN if is_known else Answer.CANNOT_TELL,
            f"{one} signed in on {spoken(one.sign_in.time)}{times}, {said}",
            plant=plant,
            arrivals=group,
            cause=" ".join(key),
            expected="a second factor",
            evidence=(
                Evidence(
                    "a change that mends it",
                    actual=f"demand a second factor of {one.sign_in.account} "
                    f"on {one.sign_in.service or 'the service'} of {one.target or 'the target'}",
                ),
            ),
        )


def _is_demanded(arrival: Arrival) -> bool:
    """Whether it must be given: unless the grant that covers it says not."""
    grant, against = arrival.best()
    return against != () or grant is None or grant.mfa is not False


def _is_behind(arrival: Arrival, strong: Sequence[Arrival]) -> bool:
    """Whether the same account gave two factors in a session that lasted then."""
    when = arrival.sign_in.time
    return any(
        one.sign_in.account == arrival.sign_in.account
        and one.sign_in.time <= when <= (one.sign_in.ended or one.sign_in.time + LASTS)
        for one in strong
    )


def _likeness(arrival: Arrival) -> tuple[str, ...]:
    one = arrival.sign_in
    told = "no" if one.mfa is False else "cannot tell"
    return (one.account, one.service, arrival.target, told)


def _whence(arrival: Arrival) -> Subject:
    """What it is about where the target is not declared."""
    if arrival.people:
        return Subject("identity", arrival.people[0].id)
    kind = "address" if arrival.source == arrival.sign_in.source else "asset"
    return Subject(kind, arrival.source)
