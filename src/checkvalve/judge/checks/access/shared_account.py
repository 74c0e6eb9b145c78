"""Accounts that several people, components or places use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.access.arrivals import Arrival, Arrivals
from checkvalve.judge.checks.access.people import plain, together
from checkvalve.judge.checks.access.ways import spoken
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.plant import Plant
from checkvalve.plant.access import Identity
from checkvalve.rules import JOINT_GUIDANCE, Reference, Rule

#: Sessions that overlap for less are one that moved.
_MOVES: Final = timedelta(minutes=1)
#: What stands between the names of several people.
_SEVERAL: Final = re.compile(r"\s*(?:[;/&+]|\band\b|\bund\b|\bet\b)\s*", re.IGNORECASE)
#: The same where the name may be a company's, such as Berg & Sons.
_SEVERAL_OF_A_VENDOR: Final = re.compile(r"\s*[;/]\s*")
_SEPARATORS: Final = {
    "engineer": _SEVERAL,
    "operator": _SEVERAL,
    "vendor": _SEVERAL_OF_A_VENDOR,
}


class SharedAccount(StandingCheck):
    """An account belongs to one person, or to one component, and is used by it alone.

    Why it matters: what is done with a shared account was done by nobody; it can't be taken
    from one who leaves, and a thief among many users is not seen.

    Known limits: from logs, an account is shared if two of its sessions overlap, come from
    different addresses and have both ended; a machine that changes its address within a session
    looks so too. An address of IPv4 and one of IPv6 may be one machine. A session from a
    machine that the same account signed in to, or from a jump host, leads on and counts as one
    with it.

    Example: the account *operator* is named by two identities; the API key of one model serves
    a second one.

    References: IEC 62443-3-3 SR 1.1 RE 1 (unique identification), SR 1.5; joint guidance 4.1
    (AI identities apart from users); ATT&CK mitigations M0918, M0936.
    """

    rule: ClassVar[Rule] = Rule(
        id="shared-account",
        title="One account, several users",
        why="What is done with a shared account was done by nobody, and it can't be taken from "
        "one who leaves.",
        references=(
            Reference("IEC 62443-3-3", "SR 1.1 RE 1", "Unique identification and authentication"),
            Reference("IEC 62443-3-3", "SR 1.5", "Authenticator management"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
            Reference(JOINT_GUIDANCE, "4.1", "Governance and assurance: identities of AI"),
            Reference("ATT&CK mitigations", "M0918", "User Account Management"),
            Reference("ATT&CK mitigations", "M0936", "Account Use Policies"),
        ),
        cause="The machine knows one account only, a shift hands it on, or a key was copied "
        "because asking for another took too long.",
        consequence="Nobody can say who did what, and the account can't be locked without "
        "stopping the others.",
        response="Give each user an account of its own; where the machine knows one only, put a "
        "jump host with personal accounts before it.",
        time_to_respond=timedelta(days=30),
        harmless_if="an account and an identity of its own for each user",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        arrivals = Arrivals(plant, seen.sign_ins or ())
        wrong = [
            *self._of_several_identities(plant, arrivals, at),
            *self._of_several_users(plant, at),
            *self._at_two_places(plant, arrivals, at),
        ]
        if seen.sign_ins is None:
            because = "no log of sign-ins was read: from where accounts are used can't be told"
            return [*wrong, self._said(plant, at, Answer.CANNOT_TELL, because)]
        spoiled = {
            name for verdict in wrong if verdict.finding for name in verdict.finding.identities
        }
        fine = sorted(plant.identities.keys() - spoiled)
        if not fine and not wrong:
            return [self._said(plant, at, Answer.HOLDS, "no account was used from two places")]
        because = "it is one user's alone"
        return wrong + [
            stands(self.rule, Subject("identity", name), Answer.HOLDS, because, plant=plant, at=at)
            for name in fine
        ]

    def _said(self, plant: Plant, at: datetime, answer: Answer, because: str) -> Verdict:
        return stands(self.rule, Subject("plant", "sign-ins"), answer, because, plant=plant, at=at)

    def _of_several_identities(
        self, plant: Plant, arrivals: Arrivals, at: datetime
    ) -> Iterator[Verdict]:
        for account, holders in arrivals.people.shared_accounts().items():
            names = tuple(sorted(one.id for one in holders))
            yield stands(
                self.rule,
                Subject("identity", names[0]),
                Answer.BROKEN,
                f"account '{account}' is named by {together(names)}",
                plant=plant,
                at=at,
                cause=f"account {account}",
                evidence=(
                    Evidence("who names the account", expected="one", actual=", ".join(names)),
                    _mended(names[1], "accounts: []  # an account of its own"),
                ),
                identities=names,
            )

    def _of_several_users(self, plant: Plant, at: datetime) -> Iterator[Verdict]:
        for identity in plant.identities.values():
            users = _users(identity)
            if len(users) < 2:  # noqa: PLR2004  # one user is right
                continue
            yield stands(
                self.rule,
                Subject("identity", identity.id),
                Answer.BROKEN,
                f"identity '{identity.id}' is used by {together(users)}",
                plant=plant,
                at=at,
                cause="several users",
                evidence=(
                    Evidence("who uses it", expected="one", actual=", ".join(users)),
                    _mended(identity.id, f"# for {users[0]} alone; another one for the others"),
                ),
                identities=(identity.id,),
            )

    def _at_two_places(self, plant: Plant, arrivals: Arrivals, at: datetime) -> Iterator[Verdict]:
        by_account: dict[str, list[Arrival]] = {}
        for one in arrivals.all:
            by_account.setdefault(plain(one.sign_in.account), []).append(one)
        jump_hosts = {grant.via for grant in plant.grants.values() if grant.via is not None}
        for account, sessions in by_account.items():
            overlap = next(_overlaps(sessions, jump_hosts), None)
            if overlap is not None:
                yield self._overlapping(plant, account, overlap, at)

    def _overlapping(
        self, plant: Plant, account: str, overlap: tuple[Arrival, Arrival], at: datetime
    ) -> Verdict:
        one, other = overlap
        subject = (
            Subject("identity", one.people[0].id)
            if one.people
            else Subject("address", one.sign_in.source)
        )
        return stands(
            self.rule,
            subject,
            Answer.BROKEN,
            f"account '{account}' was used from {one.source} and from {other.source} at once, on "
            f"{spoken(other.sign_in.time)}",
            plant=plant,
            at=at,
            cause=f"two places {account}",
            evidence=(
                *(_session(arrival) for arrival in overlap),
                Evidence(
                    "a change that mends it",
                    actual=f"give each user of '{account}' an account of its own, and change "
                    "its password",
                ),
            ),
            identities=one.names,
        )


def _users(identity: Identity) -> tuple[str, ...]:
    """Who uses an identity, as far as it says: components, and people in its name."""
    separator = _SEPARATORS.get(identity.kind)
    people = () if separator is None else tuple(filter(None, separator.split(identity.name)))
    return identity.used_by if len(identity.used_by) > 1 else people


def _overlaps(
    sessions: Iterable[Arrival], jump_hosts: set[str]
) -> Iterator[tuple[Arrival, Arrival]]:
    """Pairs of sessions, in the order of time, that were open at two places at once."""
    listed = list(sessions)
    passed = jump_hosts | {one.target for one in listed if one.target}
    open_: list[Arrival] = []
    for one in listed:
        if not one.source or one.source in passed or one.sign_in.ended is None:
            continue
        begin = one.sign_in.time + _MOVES
        open_ = [other for other in open_ if _lasts_until(other, begin)]
        if _lasts_until(one, begin):
            yield from ((other, one) for other in open_ if _are_two_places(other, one))
            open_.append(one)


def _lasts_until(arrival: Arrival, at: datetime) -> bool:
    return arrival.sign_in.ended is not None and arrival.sign_in.ended >= at


def _are_two_places(one: Arrival, other: Arrival) -> bool:
    """Whether two sessions came from what can't be one machine."""
    if one.source == other.source:
        return False
    families = {
        ip_address(arrival.sign_in.source).version
        for arrival in (one, other)
        if arrival.source == arrival.sign_in.source
    }
    return len(families) < 2  # noqa: PLR2004  # one machine may have an address of each


def _session(arrival: Arrival) -> Evidence:
    one = arrival.sign_in
    ended = "" if one.ended is None else f" until {spoken(one.ended)}"
    return Evidence(
        "a session",
        expected="one place at a time",
        actual=f"{arrival} from {spoken(one.time)}{ended}",
        at=one.time,
        file=one.file,
        line=one.line,
    )


def _mended(identity: str, text: str) -> Evidence:
    return Evidence("a change that mends it", actual=f"identities:\n  - id: {identity}\n    {text}")
