"""Rules that let something pass, and nothing passed for weeks: a proposal to tighten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Certainty, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.passing.reach import Opening, Passing, openings
from checkvalve.judge.checks.passing.rule_lines import (
    everything,
    missing,
    no_network,
    shown,
    silent_firewalls,
    zone_pairs,
)
from checkvalve.judge.checks.recorded import Recorded, Records
from checkvalve.judge.segmentation.network import Network
from checkvalve.observe.firewalls.base import ICMP, ICMPV6
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule

#: Recorded days that say anything about what is used.
LEAST_DAYS: Final = 30


class UnusedPermission(StandingCheck):
    """What rule sets permit between two zones should have been used in the last weeks.

    Why it matters: a permission that nobody uses is a way in that costs nothing to close. It is
    a proposal: what is used once a year, at the turnaround or after a failure, looks the same.

    Known limits: it never says *broken*, for nobody can tell from traffic what is needed. A line
    counts as used as soon as one packet that it decides was seen, answered or not. Fewer than
    30 recorded days say nothing, and so do zones of which nothing was recorded: their traffic
    passes no sensor. ICMP is left out. Lines that deny are healthy with nothing to do, and never
    asked about.

    Example: the line for last year's commissioning laptop; no packet of it in 42 days.

    References: IEC 62443-3-3 SR 7.7 (least functionality); NIST SP 800-82r3, 5.2.3.1; ATT&CK
    mitigation M0937.
    """

    rule: ClassVar[Rule] = Rule(
        id="unused-permission",
        title="A permission that nothing used for weeks",
        why="A permission that nobody uses is a way in that costs nothing to close.",
        references=(
            Reference("IEC 62443-3-3", "SR 7.7", "Least functionality"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0937", "Filter Network Traffic"),
        ),
        cause="What it was opened for has ended, or comes back once a year.",
        consequence="The way stays open for whoever finds it.",
        response="Ask the line's owner; disable the line for a month before it is removed, and "
        "keep the text for the day it is missed.",
        time_to_respond=timedelta(days=30),
        harmless_if="a use that comes back rarely, such as a turnaround or a failover",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        network, observed = seen.network, seen.observed
        if network is None:
            return no_network(self.rule)
        if observed is None:
            return missing(self.rule, "no traffic was recorded")
        days = (observed.until - observed.since).days
        if days < LEAST_DAYS:
            because = f"{days} days were recorded; {LEAST_DAYS} are needed to tell what is unused"
            return missing(self.rule, because)
        records = Records(plant, observed)
        found = [
            verdict
            for pair in zone_pairs(network)
            if records.zones.issuperset(pair)
            for verdict in self._pair(network, pair, records.between.get(pair, []), days, at)
        ]
        return found + self._unrecorded(network, records, at)

    def _pair(
        self,
        network: Network,
        pair: tuple[str, str],
        records: list[Recorded],
        days: int,
        at: datetime,
    ) -> Iterator[Verdict]:
        permitted = list(_permitted(network, *pair))
        used = {one.box.by for one in permitted if _is_used(one, records)}
        unused = [one for one in permitted if one.box.by not in used]
        for opening in openings(unused):
            yield self._unused(network, pair, opening, days, at)
        if permitted and not unused:
            because = f"every line that lets {pair[0]} open {pair[1]} was used in {days} days"
            yield Verdict(self.rule.id, Subject("zone", pair[1]), Answer.HOLDS, because)

    def _unused(
        self, network: Network, pair: tuple[str, str], opening: Opening, days: int, at: datetime
    ) -> Verdict:
        source, destination = pair
        verdict = stands(
            self.rule,
            Subject("zone", destination),
            Answer.CANNOT_TELL,
            f"whether {source} needs {opening.service} to {destination} can't be told: the rules "
            f"permit it, and nothing of it was seen in {days} days",
            plant=network.plant,
            at=at,
            cause=opening.cause(source, destination),
            evidence=(
                *shown("a line that nothing used", opening.lines),
                Evidence("what would not pass any more", actual=opening.ports),
                Evidence("a change that mends it", actual="disable these lines for a month"),
            ),
            zone=destination,
        )
        if verdict.finding is None:
            return verdict
        return replace(verdict, finding=replace(verdict.finding, certainty=Certainty.LEARNT))

    def _unrecorded(self, network: Network, records: Records, at: datetime) -> list[Verdict]:
        joined = sorted({zone for pair in zone_pairs(network) for zone in pair})
        return [
            stands(
                self.rule,
                Subject("zone", zone),
                Answer.CANNOT_TELL,
                f"no traffic of {zone} was recorded, so what is unused there can't be told",
                plant=network.plant,
                at=at,
                cause="not recorded",
                zone=zone,
            )
            for zone in joined
            if zone not in records.zones and zone in network.plant.zones
        ]


def _permitted(network: Network, source: str, destination: str) -> Iterator[Passing]:
    for answer in everything(network, source, destination):
        protocol = answer.service.protocol
        if protocol not in (ICMP, ICMPV6) and not silent_firewalls(network, answer):
            for box in answer.must:
                yield Passing(answer.family, protocol, box)


def _is_used(one: Passing, records: list[Recorded]) -> bool:
    return any(
        record.family == one.family and record.protocol == one.protocol and record.is_in(one.box)
        for record in records
    )
