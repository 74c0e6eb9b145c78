"""Machines with addresses in two zones."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import ClassVar

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.segmentation.ranges import Ranges
from checkvalve.judge.checks.segmentation.role_levels import joins_zones
from checkvalve.judge.checks.wording import some
from checkvalve.plant import Plant
from checkvalve.plant.assets import Asset
from checkvalve.rules import Reference, Rule


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where the addresses of a machine are.

    Attributes:
        inside: those in its own zone.
        outside: others, with where they are.
        unsaid: those of which its zone declares no range.
    """

    inside: list[str] = field(default_factory=list)
    outside: dict[str, str] = field(default_factory=dict)
    unsaid: list[str] = field(default_factory=list)


class DualHomedHost(StandingCheck):
    """A machine must have its addresses in its own zone and in no other.

    Why it matters: a machine with a foot in two zones is a way around the firewall between
    them. Whoever takes it stands in both.

    Known limits: firewalls, routers, switches and VPN servers, by their role or because a
    firewall of that id is declared, stand in several zones by their nature. Link-local
    addresses say nothing. A second network card whose address nobody declared is not seen.

    Example: a historian with one card in the office and one in the cell.

    References: IEC 62443-3-3 SR 5.1, SR 5.2; IEC 62443-3-2 ZCR 3.2; NIST SP 800-82r3,
    5.2.3.1; ATT&CK mitigation M0930.
    """

    rule: ClassVar[Rule] = Rule(
        id="dual-homed-host",
        title="A machine with addresses outside its zone",
        why="A machine with a foot in two zones is a way around the firewall between them: "
        "whoever takes it stands in both.",
        references=(
            Reference("IEC 62443-3-3", "SR 5.1", "Network segmentation"),
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("IEC 62443-3-2", "ZCR 3.2", "Separate business and control system assets"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
        ),
        cause="A second network card spared somebody a firewall rule, a machine was moved and "
        "kept its address, or the zone's ranges were not declared in full.",
        consequence="Traffic between the two zones passes no firewall, and what the rule sets "
        "deny is permitted here.",
        response="Take the second connection out and let the traffic pass the firewall; where "
        "only the declaration is wrong, mend it.",
        time_to_respond=timedelta(days=30),
        harmless_if="ranges that are declared in full, or a machine declared as the firewall "
        "that it is",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        ranges = Ranges(plant)
        return [
            self._of(plant, ranges, asset, at)
            for asset in plant.assets.values()
            if asset.ips and not joins_zones(asset.role) and asset.id not in plant.firewalls
        ]

    def _of(self, plant: Plant, ranges: Ranges, asset: Asset, at: datetime) -> Verdict:
        zone = plant.zones[asset.zone]
        subject, placed = Subject("asset", asset.id), _placed(ranges, asset, zone.realm)
        if placed.outside:
            ip, other = next(iter(placed.outside.items()))
            also = f" and {placed.inside[0]} in {zone.id}" if placed.inside else ""
            because = f"{asset.id} of {zone.id} has {ip} in {other}{also}"
            answer = Answer.BROKEN
        elif placed.unsaid:
            because = (
                f"whether {some(placed.unsaid)} of {asset.id} is in {zone.id} can't be told: the "
                "zone declares no range of that kind"
            )
            answer = Answer.CANNOT_TELL
        else:
            because = f"{asset.id} has addresses in {zone.id} alone"
            return Verdict(self.rule.id, subject, Answer.HOLDS, because)
        return stands(
            self.rule,
            subject,
            answer,
            because,
            plant=plant,
            at=at,
            cause=" ".join(sorted({*placed.outside, *placed.unsaid})),
            evidence=(
                Evidence(
                    f"the addresses of asset {asset.id}",
                    expected=f"in {', '.join(zone.cidrs) or 'a declared range'}",
                    actual=", ".join(asset.ips),
                ),
            ),
            assets=(asset.id,),
            zone=zone.id,
        )


def _placed(ranges: Ranges, asset: Asset, realm: str) -> _Placed:
    placed = _Placed()
    for ip in asset.ips:
        address = ip_address(ip)
        if address.is_link_local:
            continue
        found = ranges.holding(ip, realm)
        if found is not None and found.zone == asset.zone:
            placed.inside.append(ip)
        elif found is not None:
            placed.outside[ip] = found.zone
        elif ranges.has(asset.zone, realm, address.version):
            placed.outside[ip] = "no zone's range"
        else:
            placed.unsaid.append(ip)
    return placed
