"""Sessions that were opened in time, and go on after their grant has ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.access.arrivals import Arrival, Arrivals, acted, no_sign_ins
from checkvalve.judge.checks.access.ways import named, spoken
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.observe.sign_ins.base import SignIn
from checkvalve.plant import Plant
from checkvalve.plant.access import Grant
from checkvalve.rules import ATTACK_ICS, Reference, Rule

#: Clocks of logs and firewalls differ by as much, and nobody minds.
GRACE: Final = timedelta(minutes=1)
#: Weekly windows that cover so long without a gap cover everything.
_WEEK: Final = timedelta(days=8)


class SessionAfterGrant(StandingCheck):
    """A session ends when the grant that let it in ends.

    Why it matters: a firewall that forgets a rule does not end the sessions that the rule let
    in; who came in time stays as long as he likes.

    Known limits: a session whose end no log tells is held to live on only where the same log
    tells the ends of others and reaches past the end of the grant; else the answer is *cannot
    tell*. A minute is let pass, because clocks differ.

    Example: a vendor signs in at 15:50, the grant ends at 16:00, the session ends at 22:30.

    References: IEC 62443-3-3 SR 2.6 (remote session termination); ATT&CK for ICS T0822, T0859.
    """

    rule: ClassVar[Rule] = Rule(
        id="session-after-grant",
        title="A session that outlives the grant that let it in",
        why="A firewall that forgets a rule does not end the sessions that the rule let in.",
        references=(
            Reference(ATTACK_ICS, "T0822", "External Remote Services"),
            Reference(ATTACK_ICS, "T0859", "Valid Accounts"),
            Reference("IEC 62443-3-3", "SR 2.6", "Remote session termination"),
            Reference("IEC 62443-3-3", "SR 1.13", "Access via untrusted networks"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
            Reference("ATT&CK mitigations", "M0801", "Access Management"),
        ),
        cause="The job took longer, the session was forgotten, or somebody keeps it open as a way "
        "in.",
        consequence="Somebody works on machines of the plant at a time for which nobody let him.",
        response="Call the holder; end the session on the jump host; extend the grant if the "
        "work must go on.",
        time_to_respond=timedelta(hours=1),
        harmless_if="a grant that lasts as long as the session",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        if seen.sign_ins is None:
            return no_sign_ins(self.rule)
        logs = _Logs(seen.sign_ins)
        wrong: list[Verdict] = []
        fine: dict[str, None] = {}
        for arrival in Arrivals(plant, seen.sign_ins).needing_grants:
            grant, against = arrival.best()
            if grant is None or any(one.kind == "time" for one in against):
                continue  # it was not let in by a grant: said of the sign-in itself
            verdict = self._session(plant, arrival, grant, logs, at)
            if verdict is None:
                fine[grant.id] = None
            else:
                wrong.append(verdict)
        spoiled = {verdict.subject.id for verdict in wrong}
        because = "the sessions that it let in ended with it, or it still lasts"
        return wrong + [
            stands(self.rule, Subject("grant", name), Answer.HOLDS, because, plant=plant, at=at)
            for name in fine
            if name not in spoiled
        ]

    def _session(
        self, plant: Plant, arrival: Arrival, grant: Grant, logs: _Logs, at: datetime
    ) -> Verdict | None:
        one = arrival.sign_in
        end = _end(grant, one.time, one.ended or at)
        if end is None:
            return None
        lived = one.ended or logs.lives_until(one)
        if one.ended is None and (lived is None or lived <= end + GRACE):
            answer = Answer.CANNOT_TELL
            after = "whether it has ended since can't be told: no log tells"
        elif lived is not None and lived > end + GRACE:
            answer = Answer.BROKEN
            after = (
                f"it ended on {spoken(lived)}"
                if one.ended is not None
                else f"it had not ended by {spoken(lived)}"
            )
        else:
            return None
        return acted(
            self.rule,
            Subject("grant", grant.id),
            answer,
            f"{arrival} signed in on {spoken(one.time)}; {named(grant)} covered it until "
            f"{spoken(end)}, and {after}",
            plant=plant,
            arrivals=[arrival],
            cause=f"{one.account} {arrival.source} {arrival.target} {one.session} {answer}",
            expected=f"ended by {spoken(end)}",
            evidence=(
                Evidence(
                    "a change that mends it",
                    actual=f"end session {one.session or 'of ' + one.account} on "
                    f"{arrival.target or 'the target'}",
                ),
            ),
        )


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far a log goes.

    Attributes:
        until: the last instant that it tells of.
        tells_ends: it says of at least one session when it ended.
    """

    until: datetime
    tells_ends: bool


class _Logs:
    """What logs tell of the ends of sessions."""

    def __init__(self, sign_ins: Iterable[SignIn]) -> None:
        self._reach: dict[str, _Reach] = {}
        for one in sign_ins:
            last = max(one.time, one.ended or one.time)
            before = self._reach.get(one.file, _Reach(last, tells_ends=False))
            self._reach[one.file] = _Reach(
                max(before.until, last), before.tells_ends or one.ended is not None
            )

    def lives_until(self, sign_in: SignIn) -> datetime | None:
        """Until when a session that no line ends has lived at least; ``None``: no log tells."""
        reach = self._reach[sign_in.file]
        return reach.until if reach.tells_ends else None


def _end(grant: Grant, first: datetime, last: datetime) -> datetime | None:
    """When a grant stopped to cover a session that began in time; ``None``: it never did."""
    ends = [one for one in (grant.not_after, grant.revoked_at) if one is not None and one <= last]
    gap = _gap(grant, first, min([last, *ends])) if grant.windows else None
    return min([*ends, *([gap] if gap is not None else [])], default=None)


def _gap(grant: Grant, first: datetime, last: datetime) -> datetime | None:
    """The first minute outside a grant's weekly windows."""
    minute = first.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while minute <= min(last, first + _WEEK):
        if not grant.in_window(minute):
            return minute
        minute += timedelta(minutes=1)
    return None
