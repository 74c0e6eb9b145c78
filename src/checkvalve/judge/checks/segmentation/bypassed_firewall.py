"""Traffic that was answered, and that no rule set on the way can have let pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.passing.rule_lines import missing, no_network, shown, silent_firewalls
from checkvalve.judge.checks.recorded import Recorded, Records, listed
from checkvalve.judge.segmentation.network import Between, Network, Service
from checkvalve.observe.firewalls.base import Ref
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule


class BypassedFirewall(StandingCheck):
    """What was answered across a firewall must be something that its rule set may permit.

    Why it matters: traffic that the rules deny and that flows all the same went another way, or
    the rules that were read are not those that run. Either way the verdicts about these zones
    are about something else than the plant.

    Known limits: only what was answered counts, as what was not may have been seen in front of
    the firewall. What was seen last before the rule set was read may have been closed since, and
    is left out. Of ICMP the addresses alone are compared. Addresses are compared as they were
    recorded: behind a translation that the plant does not declare they are others.

    Example: a laptop with a mobile modem joins the office and the cell past the firewall.

    References: IEC 62443-3-3 SR 5.2; IEC 62443-3-3 SR 7.6; NIST SP 800-82r3, 5.2.3.1; ATT&CK
    mitigation M0930.
    """

    rule: ClassVar[Rule] = Rule(
        id="bypassed-firewall",
        title="Traffic that the firewall's rules deny",
        why="What the rules deny and flows all the same went another way, or the rules that were "
        "read are not those that run.",
        references=(
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("IEC 62443-3-3", "SR 7.6", "Network and security configuration settings"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
        ),
        cause="A machine with a foot in both zones, a cable or modem past the firewall, a firewall "
        "that nobody declared, or a rule set that was read long ago.",
        consequence="The boundary is not where the plant declares it, and what is denied there "
        "passes.",
        response="Read the rule set again; if it still denies this, follow the traffic by MAC "
        "address and switch port to where it crosses.",
        time_to_respond=timedelta(days=2),
        harmless_if="a rule set read anew that permits it, or a firewall declared on the way",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        network, observed = seen.network, seen.observed
        if network is None:
            return no_network(self.rule)
        if observed is None:
            return missing(self.rule, "no traffic was recorded")
        found: list[Verdict] = []
        for zones, records in Records(plant, observed).between.items():
            ends = [network.zones[zone] for zone in zones]
            answered = [one for one in records if one.path.answered and one.is_of(*ends)]
            if answered and network.routes(*zones):
                found += self._pair(network, zones, answered, at)
        return found or [
            stands(
                self.rule,
                Subject("plant", "firewalls"),
                Answer.HOLDS,
                "nothing that was answered crossed a declared firewall",
                plant=plant,
                at=at,
            )
        ]

    def _pair(
        self, network: Network, zones: tuple[str, str], records: list[Recorded], at: datetime
    ) -> Iterator[Verdict]:
        denied: dict[str, list[Recorded]] = {}
        unclear: list[Recorded] = []
        for one in records:
            about = _about(network, zones, one)
            if silent_firewalls(network, about):
                unclear.append(one)
            elif not _may_pass(network, about, one) and _is_after_reading(network, about, one):
                denied.setdefault(one.service_class, []).append(one)
        for name, together in sorted(denied.items()):
            yield self._denied(network, zones, name, together, at)
        if not denied:
            answer = Answer.CANNOT_TELL if unclear else Answer.HOLDS
            said = "may be permitted: not all rule sets on the way were read" if unclear else ""
            yield stands(
                self.rule,
                Subject("zone", zones[1]),
                answer,
                f"what was answered from {zones[0]} to {zones[1]} {said or 'may pass the rules'}",
                plant=network.plant,
                at=at,
                cause=f"{zones[0]} to {zones[1]}: not read",
                zone=zones[1],
            )

    def _denied(
        self,
        network: Network,
        zones: tuple[str, str],
        name: str,
        records: list[Recorded],
        at: datetime,
    ) -> Verdict:
        plant = network.plant
        about = _about(network, zones, records[0])
        firewalls = sorted({hop.firewall for way in about.routes for hop in way})
        ends = (
            plant.asset_at(end)
            for one in records
            for end in (one.path.source, one.path.destination)
        )
        return stands(
            self.rule,
            Subject("zone", zones[1]),
            Answer.BROKEN,
            f"{listed(records)} was answered, and {', '.join(firewalls)} between {zones[0]} and "
            f"{zones[1]} denies it: it went another way, or another rule set runs",
            plant=plant,
            at=at,
            cause=f"{zones[0]} to {zones[1]}: {name}",
            evidence=(
                *(
                    Evidence(f"answered: {one}", expected="denied", actual="seen", at=one.path.last)
                    for one in records[:4]
                ),
                *shown("a line that denies it", tuple(_denying(network, about, records))),
            ),
            assets=tuple(dict.fromkeys(one.id for one in ends if one is not None)),
            zone=zones[1],
        )


def _about(network: Network, zones: tuple[str, str], one: Recorded) -> Between:
    return network.between(*zones, Service(one.protocol), one.family)


def _may_pass(network: Network, about: Between, one: Recorded) -> bool:
    """Whether it may; where its opening was not seen, either end may have opened it."""
    if any(one.is_in(box) for box in about.may):
        return True
    if one.path.opened:
        return False
    back = network.between(about.destination, about.source, about.service, about.family)
    return any(one.answers(box) for box in back.may)


def _is_after_reading(network: Network, about: Between, one: Recorded) -> bool:
    """Whether it was seen since the rule sets on the way were read, as far as that is known."""
    firewalls = (network.plant.firewalls[hop.firewall] for way in about.routes for hop in way)
    read = [firewall.retrieved_at for firewall in firewalls if firewall.retrieved_at is not None]
    return not read or one.path.last >= min(read)


def _denying(network: Network, about: Between, records: Iterable[Recorded]) -> Iterator[Ref]:
    kept = list(records)
    boxes = network.denied(about)
    yield from dict.fromkeys(
        ref for box in boxes if any(one.is_in(box) for one in kept) for ref in box.by
    )
