"""Grants that have ended, and rule sets that still let their holders in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.access.ways import Access, Way, mended, named, spoken
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.passing.reach import Opening, Reach, openings, passing_of, uncovered
from checkvalve.judge.checks.passing.rule_lines import no_network
from checkvalve.plant import Plant
from checkvalve.plant.access import Grant
from checkvalve.rules import Reference, Rule


class EndedGrantOpen(StandingCheck):
    """What a grant let in must not pass any more once the grant has expired or was revoked.

    Why it matters: a grant ends on paper; access ends at the firewall. Between the two, a
    former vendor, or whoever has his account, is let in and nobody expects him.

    Known limits: what another active grant opens to the same targets is that grant's. On from
    a jump host, what a declared conduit opens is the conduit's. A line that counts at certain
    hours is judged at the hour of the audit.

    Example: the grant for a commissioning ended in March; the line that let the vendor's
    network to the controller's Modbus port is still there in June.

    References: IEC 62443-3-3 SR 1.13, SR 2.6; NIST SP 800-82r3 6.2.1; ATT&CK mitigations
    M0930, M0801.
    """

    rule: ClassVar[Rule] = Rule(
        id="ended-grant-open",
        title="A grant has ended, and the firewall still lets its holder in",
        why="A grant ends on paper; access ends at the firewall. Between the two somebody is let "
        "in whom nobody expects.",
        references=(
            Reference("IEC 62443-3-3", "SR 1.13", "Access via untrusted networks"),
            Reference("IEC 62443-3-3", "SR 2.6", "Remote session termination"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
            Reference("ATT&CK mitigations", "M0801", "Access Management"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
        ),
        cause="The line was added for a job and nobody took it out when the job was done, or the "
        "grant was revoked in the plant's files alone.",
        consequence="A former holder, or whoever has the account by now, reaches machines of the "
        "plant.",
        response="Take the lines out of the rule set; if the work goes on, write a new grant with "
        "an end.",
        time_to_respond=timedelta(days=1),
        harmless_if="a new grant for the same source, targets and services that is active",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        if seen.network is None:
            return no_network(self.rule)
        access = Access(plant, seen.network, at)
        ended = [one for one in plant.grants.values() if one.state(at) in ("ended", "revoked")]
        return [verdict for grant in ended for verdict in self._grant(access, grant)]

    def _grant(self, access: Access, grant: Grant) -> Iterator[Verdict]:
        ways = access.ways(grant)
        judged = [self._way(access, grant, way) for way in ways]
        wrong = [verdict for verdict in judged if verdict is not None]
        ended = _ended(grant, access.at)
        if wrong:
            yield from wrong
        elif ways:
            because = access.supposing(f"{ended}, and nothing of it passes any more")
            yield self._stands(access, grant, Answer.HOLDS, because)
        else:
            because = (
                f"{ended}; whether it is still open can't be told: no firewall is between its "
                "source and a target with an address"
            )
            yield self._stands(access, grant, Answer.CANNOT_TELL, because)

    def _way(self, access: Access, grant: Grant, way: Way) -> Verdict | None:
        spared = (*access.active, *(access.conduits if way.onward else ()))
        found = access.opened(way)
        open_ = openings(uncovered(passing_of(found.must), spared))
        if open_:
            return self._open(access, grant, way, open_)
        if uncovered(passing_of(found.may), spared) or not found.routes:
            return self._unknown(access, grant, found)
        return None

    def _open(self, access: Access, grant: Grant, way: Way, open_: tuple[Opening, ...]) -> Verdict:
        lines = tuple(dict.fromkeys(ref for one in open_ for ref in one.lines))
        ended = _ended(grant, access.at)
        return self._stands(
            access,
            grant,
            Answer.BROKEN,
            f"{ended}, and the firewall still lets {way.source} open "
            f"{', '.join(one.service for one in open_)} to {way.destination} "
            f"({open_[0].passing[0].witness})",
            cause=f"{grant.state(access.at)} {open_[0].cause(way.source, way.destination)}",
            evidence=(
                *(item for one in open_ for item in one.evidence()),
                Evidence("the end of the grant", actual=ended),
                *access.assumption(),
                mended(lines, access.in_use),
            ),
            zone=way.destination,
        )

    def _unknown(self, access: Access, grant: Grant, found: Reach) -> Verdict:
        reason = "; ".join(found.reasons[:2]) or "what passes besides is not understood"
        return self._stands(
            access,
            grant,
            Answer.CANNOT_TELL,
            f"{_ended(grant, access.at)}; whether {found.source} still reaches "
            f"{found.destination} can't be told: {reason}",
            cause=f"{grant.state(access.at)} {found.source} {found.destination} cannot tell",
            evidence=found.doubt() if found.reasons else (),
            zone=found.destination,
        )

    def _stands(  # what it says, each part once
        self,
        access: Access,
        grant: Grant,
        answer: Answer,
        because: str,
        *,
        cause: str = "",
        evidence: tuple[Evidence, ...] = (),
        zone: str = "",
    ) -> Verdict:
        return stands(
            self.rule,
            Subject("grant", grant.id),
            answer,
            because,
            plant=access.plant,
            at=access.at,
            cause=cause,
            evidence=evidence,
            assets=tuple(name for name in grant.targets if name in access.plant.assets),
            identities=(grant.holder,),
            zone=zone,
        )


def _ended(grant: Grant, at: datetime) -> str:
    """How a grant has ended, in words: taken back is not run out."""
    if grant.state(at) == "revoked" and grant.revoked_at is not None:
        return f"{named(grant)} was revoked on {spoken(grant.revoked_at)}"
    end = f" on {spoken(grant.not_after)}" if grant.not_after is not None else ""
    return f"{named(grant)} expired{end}"
