"""Grants that never end, or last longer than any job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.access.ways import named, spoken
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.plant import Plant
from checkvalve.plant.access import Grant
from checkvalve.rules import Reference, Rule

#: The longest that a grant may last.
LONGEST: Final = timedelta(days=90)


class StandingAccess(StandingCheck):
    """A grant of access ends, and not later than 90 days after it began.

    Why it matters: access that never ends outlives the job, the contract and the people; it is
    found years later by somebody who looks for it.

    Known limits: a grant that does not say when it began is counted from the day on which it
    was declared, else from now. That the same access is granted again and again is not seen.

    Example: the vendor of the turbine has a grant "for support" without an end.

    References: IEC 62443-3-3 SR 1.3, SR 1.13; NIST SP 800-82r3 6.2.1; ATT&CK mitigation M0801.
    """

    rule: ClassVar[Rule] = Rule(
        id="standing-access",
        title="A grant of access that does not end, or lasts too long",
        why="Access that never ends outlives the job, the contract and the people.",
        references=(
            Reference("IEC 62443-3-3", "SR 1.3", "Account management"),
            Reference("IEC 62443-3-3", "SR 1.13", "Access via untrusted networks"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
            Reference("ATT&CK mitigations", "M0801", "Access Management"),
        ),
        cause="It was easier to let support in once and for all than to ask for each job.",
        consequence="A way in stays open when nobody needs it, and for people who have left.",
        response="Give the grant an end within 90 days; who still needs it then asks again.",
        time_to_respond=timedelta(days=30),
        harmless_if="an end of the grant within 90 days of its beginning",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        del seen  # the declaration says it all
        return [
            self._grant(plant, grant, at)
            for grant in plant.grants.values()
            if grant.state(at) in ("to come", "active")
        ]

    def _grant(self, plant: Plant, grant: Grant, at: datetime) -> Verdict:
        subject = Subject("grant", grant.id)
        begin = _begin(grant, at)
        end = grant.not_after
        if end is not None and end - begin <= LONGEST:
            because = f"{named(grant)} ends on {spoken(end)}"
            return stands(self.rule, subject, Answer.HOLDS, because, plant=plant, at=at)
        days = LONGEST.days
        said = (
            "has no end"
            if end is None
            else f"lasts {(end - begin).days} days, until {spoken(end)}: more than {days}"
        )
        return stands(
            self.rule,
            subject,
            Answer.BROKEN,
            f"{named(grant)} {said}",
            plant=plant,
            at=at,
            cause="no end" if end is None else "too long",
            evidence=(
                Evidence(
                    "the end of the grant",
                    expected=f"within {days} days",
                    actual="none" if end is None else end.isoformat(),
                ),
                _mended(grant, max(begin + LONGEST, at)),
            ),
            identities=(grant.holder,),
        )


def _begin(grant: Grant, at: datetime) -> datetime:
    """When a grant began, as far as it says."""
    if grant.not_before is not None:
        return grant.not_before
    if grant.created is not None:
        return datetime(grant.created.year, grant.created.month, grant.created.day, tzinfo=UTC)
    return at


def _mended(grant: Grant, end: datetime) -> Evidence:
    day = end.astimezone(UTC).replace(microsecond=0)
    text = f"grants:\n  - id: {grant.id}\n    not_after: {day.isoformat()}"
    return Evidence("a change that mends it", actual=text)
