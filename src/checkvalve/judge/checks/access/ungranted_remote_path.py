"""Ways from outside into operational technology that no active grant covers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import ClassVar

from checkvalve.findings import Answer, Subject, Verdict
from checkvalve.judge.checks.access.ways import Access, mended, outside_zones
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.passing.reach import (
    Opening,
    Reach,
    openings,
    passing_of,
    reach,
    uncovered,
)
from checkvalve.judge.checks.passing.rule_lines import no_network
from checkvalve.judge.checks.places import is_ot
from checkvalve.judge.segmentation.asking import source_set
from checkvalve.observe.firewalls.spans import NOWHERE, Addresses
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule


class UngrantedRemotePath(StandingCheck):
    """From a remote zone, a vendor's network or the internet, only an active grant opens OT.

    Why it matters: remote access is the way in that intruders use most. A path that no grant
    accounts for has no holder, no reason and no end, and nobody looks at who uses it.

    Known limits: paths that go straight through, over up to four firewalls; what somebody can do
    by signing in on a machine between is not followed. Windows of a grant are not looked at. A
    vendor's network is what grants name as its source. A line that counts at certain hours is
    judged at the hour of the audit.

    Example: the rule for a modem of 2014 lets any address of the internet to a controller's web
    page.

    References: IEC 62443-3-3 SR 1.13, SR 5.2; IEC 62443-3-2 ZCR 3.6; NIST SP 800-82r3 5.2.3.1;
    ATT&CK mitigations M0930, M0937.
    """

    rule: ClassVar[Rule] = Rule(
        id="ungranted-remote-path",
        title="A way from outside into the plant that no grant covers",
        why="Remote access is the way in that intruders use most; a path that no grant accounts "
        "for has no holder, no reason and no end.",
        references=(
            Reference("IEC 62443-3-3", "SR 1.13", "Access via untrusted networks"),
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference(
                "IEC 62443-3-2", "ZCR 3.6", "Separate devices connected via external networks"
            ),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
            Reference("ATT&CK mitigations", "M0937", "Filter Network Traffic"),
        ),
        cause="A line from before grants were kept, one that is wider than what was asked for, or "
        "a grant that was not written down.",
        consequence="Whoever is outside, or takes over a vendor's machine, reaches controllers "
        "without passing anything else.",
        response="Find out who needs it; write a grant with an end for that, through a jump host, "
        "and close the rest at the firewall.",
        time_to_respond=timedelta(days=1),
        harmless_if="an active grant for this source, these targets and services",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        if seen.network is None:
            return no_network(self.rule)
        access = Access(plant, seen.network, at)
        sources = _sources(access)
        return [
            verdict
            for zone in plant.zones.values()
            if is_ot(zone)
            for verdict in self._zone(access, sources, zone.id)
        ]

    def _zone(self, access: Access, sources: dict[str, Addresses], zone: str) -> list[Verdict]:
        """What may be opened to one zone from everywhere outside."""
        wrong = [
            verdict
            for source, src in sources.items()
            if source != zone
            for verdict in self._pair(access, reach(access.network, source, zone, src=src))
        ]
        because = access.supposing(
            f"from outside, nothing but what active grants cover opens {zone}"
        )
        subject = Subject("zone", zone)
        return wrong or [
            stands(self.rule, subject, Answer.HOLDS, because, plant=access.plant, at=access.at)
        ]

    def _pair(self, access: Access, found: Reach) -> Iterator[Verdict]:
        if not found.routes:
            return  # no declared firewall joins them: there is no way that a rule set opens
        open_ = openings(uncovered(passing_of(found.must), access.active))
        for opening in open_:
            yield self._open(access, found, opening)
        perhaps = uncovered(passing_of(found.may), access.active)
        if perhaps and not open_:
            yield self._unknown(access, found, openings(perhaps)[0])

    def _open(self, access: Access, found: Reach, opening: Opening) -> Verdict:
        source, zone = found.source, found.destination
        return stands(
            self.rule,
            Subject("zone", zone),
            Answer.BROKEN,
            f"{source} may open {opening.service} to {zone} "
            f"({opening.passing[0].witness}), and no active grant covers it",
            plant=access.plant,
            at=access.at,
            cause=opening.cause(source, zone),
            evidence=(
                *opening.evidence(),
                *access.assumption(),
                mended(opening.lines, access.in_use),
            ),
            zone=zone,
        )

    def _unknown(self, access: Access, found: Reach, opening: Opening) -> Verdict:
        source, zone = found.source, found.destination
        reason = "; ".join(found.reasons[:2]) or f"{opening.lines[0]} decides it, or not"
        return stands(
            self.rule,
            Subject("zone", zone),
            Answer.CANNOT_TELL,
            f"whether {source} may open {opening.service} to {zone} "
            f"({opening.passing[0].witness}) can't be told: {reason}",
            plant=access.plant,
            at=access.at,
            cause=f"{source} {zone} cannot tell",
            evidence=found.doubt() if found.reasons else opening.evidence(),
            zone=zone,
        )


def _sources(access: Access) -> dict[str, Addresses]:
    """Where outside is: remote zones and the internet whole, of other zones vendors' networks."""
    plant, zones = access.plant, access.network.zones
    found = {name: zones[name] for name in outside_zones(plant) if zones[name]}
    vendors = [
        source_set(grant)
        for grant in plant.grants.values()
        if grant.holder in plant.vendors or plant.identities[grant.holder].vendor is not None
    ]
    for name, part in access.placed(reduce(or_, vendors, NOWHERE)).items():
        zone = plant.zones.get(name)
        is_inside = zone is not None and (zone.kind == "dmz" or is_ot(zone))
        if not is_inside:
            found.setdefault(name, part)
    return found
