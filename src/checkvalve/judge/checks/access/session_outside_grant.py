"""Sessions from outside that no grant covers, or not then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Subject, Verdict
from checkvalve.judge.checks.access.grants import Grants, Leg, objections
from checkvalve.judge.checks.base import Check, Seen, broken, holds, untold
from checkvalve.judge.checks.declared import heaviest, is_for_many
from checkvalve.judge.checks.views import SeenPath, Traffic
from checkvalve.judge.window import Breach, moment
from checkvalve.plant import Plant
from checkvalve.records import Intent
from checkvalve.rules import ATTACK_ICS, Reference, Rule


class SessionOutsideGrant(Check):
    """A session from outside must be covered by a grant, on its whole way and for its whole time.

    Why it matters: remote access is the way in that intruders use most, with accounts that
    are valid; what tells them apart is the hour, the place and the target.

    Known limits: traffic names no person, and no second factor: who signed in and how is not
    seen here. Between the jump host and a target nothing tells whose session it is; any
    grant that opens this way covers it. Sessions of one path within a window are judged
    together, by the first and the last packet. What was not answered is no session.

    Example: a vendor may come in from 16:00 to 18:00 and comes at half past midnight.

    References: IEC 62443-3-3 SR 1.13, SR 2.6; ATT&CK for ICS T0822.
    """

    rule: ClassVar[Rule] = Rule(
        id="session-outside-grant",
        title="A session from outside that no grant covers",
        why="Remote access is the way in that intruders use most, with accounts that are valid; "
        "what tells them apart is the hour, the place and the target.",
        references=(
            Reference(ATTACK_ICS, "T0822", "External Remote Services"),
            Reference(ATTACK_ICS, "T0859", "Valid Accounts"),
            Reference(ATTACK_ICS, "T0855", "Unauthorized Command Message"),
            Reference("IEC 62443-3-3", "SR 1.13", "Access via untrusted networks"),
            Reference("IEC 62443-3-3", "SR 2.6", "Remote session termination"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
        ),
        cause="A vendor works at another hour than was agreed, a grant was not renewed, a session "
        "was left open, or an account is in the wrong hands.",
        consequence="Somebody whom nobody watches reaches machines of the plant.",
        response="Call the vendor by the number in the contract and ask who is connected; if "
        "nobody knows, end the session and revoke the grant.",
        time_to_respond=timedelta(minutes=30),
        harmless_if="a grant for this source, target and service, open at that hour",
    )

    def check(self, plant: Plant, seen: Seen, at: datetime) -> list[tuple[Verdict, Breach]]:
        """See ``Check.check``."""
        del at  # a session is held against the grant as it stood while it lasted
        traffic = seen.traffic
        if traffic is None:
            return untold(self.rule)
        grants = Grants(plant)
        return [
            self._session(grants, traffic, one)
            for one in traffic.paths_between_zones
            if one.answered
            and grants.concern(one.path)
            and not is_for_many(one.path.destination)
            and not traffic.answers(one.path)
        ]

    def _session(self, grants: Grants, traffic: Traffic, seen: SeenPath) -> tuple[Verdict, Breach]:
        path, row = seen.path, traffic.window.flows[seen.row]
        first, last = moment(int(row["first"])), moment(int(row["last"]))
        judged = [(objections(leg, path, first, last), leg) for leg in grants.legs(path)]
        if not judged:
            subject = Subject(
                "asset" if path.destination.declared else "address", path.destination.name
            )
            return self._outside(traffic, seen, subject, "no grant lets it in there", None)
        against, leg = min(judged, key=lambda one: (len(one[0]), one[1].grant.id))
        subject = Subject("grant", leg.grant.id)
        if not against:
            return holds(self.rule, subject, f"it covers {path}")
        reason = f"grant '{leg.grant.id}' does not cover it: {'; '.join(against)}"
        return self._outside(traffic, seen, subject, reason, leg)

    def _outside(
        self, traffic: Traffic, seen: SeenPath, subject: Subject, reason: str, leg: Leg | None
    ) -> tuple[Verdict, Breach]:
        path, window = seen.path, traffic.window
        row = window.flows[seen.row]
        over = traffic.over(path)
        whose = f"on behalf of {leg.grant.holder} " if leg is not None and leg.onward else ""
        verb = "opened" if row["opened"] else "kept open"
        verdict = broken(
            self.rule,
            window,
            row,
            subject=subject,
            cause=" ".join(map(str, path.key)),
            because=f"{path.source.name} {verb} {path.service} {whose}to {path.destination.name} "
            f"at {moment(int(row['first'])):%H:%M} UTC; {reason}",
            evidence=window.evidence(row, "the first packet", expected=reason, actual=path.service),
            action=heaviest(one.edge.intent for one in over) or str(Intent.SESSION),
            source=path.source,
            destination=path.destination,
            identities=(leg.grant.holder,) if leg is not None else (),
        )
        return verdict, Breach(frozenset(one.place for one in over), frozenset({seen.place}))
