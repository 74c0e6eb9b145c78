"""AI that may open connections into a cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.declared import Conduits
from checkvalve.judge.checks.governance.ai_hosts import addresses_of, all_hosts, by_zone
from checkvalve.judge.checks.passing.reach import Reach, reach
from checkvalve.judge.checks.passing.rule_lines import no_network
from checkvalve.judge.checks.places import is_cell
from checkvalve.judge.checks.wording import some
from checkvalve.judge.segmentation.network import Network
from checkvalve.observe.firewalls.spans import Addresses
from checkvalve.plant import Plant
from checkvalve.rules import JOINT_GUIDANCE, Reference, Rule


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where AI stands.

    Attributes:
        zone: the zone.
        assets: the machines that carry AI there.
        src: their addresses; ``None``: all of the zone counts.
        unsure: machines of which no address is declared.
    """

    zone: str
    assets: tuple[str, ...]
    src: Addresses | None
    unsure: tuple[str, ...] = ()


class InboundToCell(StandingCheck):
    """AI must not be able to open connections into a cell.

    Why it matters: whoever takes the AI, its supplier's update or its cloud then stands before
    the controllers. Data that the cell pushes out needs no way in.

    Known limits: of a zone that is not AI's or a cloud's own, only the machines count on which
    a component, its connector or an edge node is declared. AI inside a cell meets no firewall
    on its way to that cell. ICMP is left out. A path over a broker or jump host in between is
    not followed: each of its legs is judged for itself.

    Example: a model server in the DMZ may open OPC UA to the controllers of a line, to poll
    them.

    References: Principles for the Secure Integration of AI in OT, principle 4 (push out, no
    standing way in); IEC 62443-3-3 SR 5.1, SR 5.2; NIST SP 800-82r3, 5.2.3.1; ATT&CK
    mitigations M0930, M0807.
    """

    rule: ClassVar[Rule] = Rule(
        id="inbound-to-cell",
        title="AI may open connections into a cell",
        why="Whoever takes the AI, its supplier's update or its cloud then stands before the "
        "controllers. Data that the cell pushes out needs no way in.",
        references=(
            Reference(JOINT_GUIDANCE, "Principle 4", "Embed safety and security practices"),
            Reference("IEC 62443-3-3", "SR 5.1", "Network segmentation"),
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
            Reference("ATT&CK mitigations", "M0807", "Network Allowlists"),
        ),
        cause="A component polls controllers instead of being fed, a rule was made for a pilot "
        "and stayed, or a rule for people covers the AI's machine too.",
        consequence="A component that is changed or taken over reaches controllers, and can "
        "command them past its guard.",
        response="Let the cell push to a broker or historian in a DMZ, and take the rule out; "
        "until then narrow it to one machine and one service.",
        time_to_respond=timedelta(days=7),
        harmless_if="a gateway at the end of the path that only answers reads, under a waiver "
        "that names it",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        network = seen.network
        if network is None:
            return no_network(self.rule)
        origins = tuple(_origins(plant))
        found: list[Verdict] = []
        for cell in plant.zones.values():
            if not is_cell(cell):
                continue
            wrong = [
                verdict
                for origin in origins
                if origin.zone != cell.id
                for verdict in self._from(plant, network, origin, cell.id, at)
            ]
            because = f"no AI may open connections into {cell.id}"
            fine = Verdict(self.rule.id, Subject("zone", cell.id), Answer.HOLDS, because)
            found += wrong or [fine]
        return found

    def _from(
        self, plant: Plant, network: Network, origin: _Origin, cell: str, at: datetime
    ) -> Iterator[Verdict]:
        found = reach(network, origin.zone, cell, src=origin.src)
        if found.answer is Answer.BROKEN:
            yield from self._open(plant, origin, found, at)
        elif found.answer is Answer.CANNOT_TELL:
            yield self._untold(plant, origin, found, found.reasons[0], at)
        elif origin.unsure:
            whole = reach(network, origin.zone, cell)
            if whole.answer is not Answer.HOLDS:
                because = f"{some(origin.unsure)} has no declared address"
                yield self._untold(plant, origin, whole, because, at)

    def _open(self, plant: Plant, origin: _Origin, found: Reach, at: datetime) -> Iterator[Verdict]:
        cell = found.destination
        forward = Conduits(plant, at).opening(origin.zone, cell)
        declared = f"conduit '{forward[0].id}' even declares such a path" if forward else ""
        for opening in found.must:
            yield stands(
                self.rule,
                Subject("zone", cell),
                Answer.BROKEN,
                f"{_named(origin)} may open {opening.ports} to {cell}, such as "
                f"{opening.passing[0].witness}" + (f"; {declared}" if declared else ""),
                plant=plant,
                at=at,
                cause=opening.cause(origin.zone, cell),
                evidence=opening.evidence(),
                assets=origin.assets,
                zone=cell,
            )

    def _untold(
        self, plant: Plant, origin: _Origin, found: Reach, reason: str, at: datetime
    ) -> Verdict:
        return stands(
            self.rule,
            Subject("zone", found.destination),
            Answer.CANNOT_TELL,
            f"whether {_named(origin)} may open anything to {found.destination} can't be told: "
            f"{reason}",
            plant=plant,
            at=at,
            cause=f"{origin.zone} to {found.destination}: cannot tell",
            evidence=found.doubt(),
            assets=origin.assets,
            zone=found.destination,
        )


def _origins(plant: Plant) -> Iterator[_Origin]:
    """Zones of AI or a cloud as a whole, and machines that carry AI in other zones."""
    hosts = by_zone(plant, all_hosts(plant))
    for zone in plant.zones.values():
        assets = hosts.get(zone.id, ())
        if zone.kind == "ai" or zone.level == "cloud":
            yield _Origin(zone.id, assets, None)
        elif assets:
            unsure = tuple(asset for asset in assets if not plant.assets[asset].ips)
            yield _Origin(zone.id, assets, addresses_of(plant, assets), unsure)


def _named(origin: _Origin) -> str:
    """Who it is about, in words."""
    if origin.src is None or not origin.assets:
        return f"zone {origin.zone}"
    return f"{some(origin.assets)} ({origin.zone})"
