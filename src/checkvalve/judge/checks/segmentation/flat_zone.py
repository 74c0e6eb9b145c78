"""Zones in which controllers share the network with what should stand apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.governance.ai_hosts import all_hosts
from checkvalve.judge.checks.places import is_high, is_low
from checkvalve.judge.checks.segmentation.ranges import Ranges
from checkvalve.judge.checks.segmentation.role_levels import controls, level_of_role
from checkvalve.judge.checks.wording import some
from checkvalve.plant import Plant
from checkvalve.plant.assets import Asset
from checkvalve.plant.zones import Zone
from checkvalve.rules import Reference, Rule

#: Machines that a skid with its own historian may have.
_SMALL: Final = 6
#: Kinds of zone that no controller belongs in.
_APART: Final = frozenset({"enterprise", "ai", "dmz", "remote", "temporary"})
#: The level that servers of a site stand at.
_SITE: Final = 3
#: What makes the finding, the sentence, and the machines to move.
_Mixture = tuple[str, str, tuple[str, ...]]


class FlatZone(StandingCheck):
    """Controllers must not share a zone with machines of other levels.

    Why it matters: inside a zone nothing stands between two machines. Whoever takes the
    office computer or the model server there speaks to the controller as its neighbour.

    Known limits: what a machine is comes from its declared role; workstations and gateways
    stand at any level and are not held against a zone. AI that is declared for level 2 or
    below may stand beside controllers. A zone with no more than six machines may have its own
    historian. What switches and host firewalls part inside a zone is not seen.

    Example: a plant network from before the firewall: controllers, a historian, a jump host
    and office computers in one /16.

    References: IEC 62443-3-2 ZCR 3.1, ZCR 3.2; IEC 62443-3-3 SR 5.1; NIST SP 800-82r3,
    5.2.3.1; ATT&CK mitigation M0930.
    """

    rule: ClassVar[Rule] = Rule(
        id="flat-zone",
        title="Controllers share a zone with machines of other levels",
        why="Inside a zone nothing stands between two machines: whoever takes one of them is the "
        "controller's neighbour.",
        references=(
            Reference("IEC 62443-3-2", "ZCR 3.1", "Establish zones and conduits"),
            Reference("IEC 62443-3-2", "ZCR 3.2", "Separate business and control system assets"),
            Reference("IEC 62443-3-3", "SR 5.1", "Network segmentation"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
        ),
        cause="The network grew before it was parted, a server was put where a port was free, "
        "or a zone was declared as wide as a subnet.",
        consequence="One machine taken is every controller of the zone reached, and no rule set "
        "or conduit has a say.",
        response="Give the controllers a zone and a subnet of their own, and let what must "
        "reach them pass a firewall.",
        time_to_respond=timedelta(days=90),
        harmless_if="a declared level and kind that fit what stands in the zone, or AI declared "
        "for the level that it runs at",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        by_zone: dict[str, list[Asset]] = {}
        for asset in plant.assets.values():
            by_zone.setdefault(asset.zone, []).append(asset)
        carriers = frozenset(_carriers(plant))
        shared = _shared_ranges(plant)
        found: list[Verdict] = []
        for zone in plant.zones.values():
            assets = by_zone.get(zone.id, [])
            wrong = [
                self._broken(plant, zone, mixture, at)
                for mixture in chain(_mixtures(zone, assets, carriers), shared.get(zone.id, ()))
            ]
            if wrong or assets:
                found += wrong or [self._fine(plant, zone, assets, at)]
        return found

    def _broken(self, plant: Plant, zone: Zone, mixture: _Mixture, at: datetime) -> Verdict:
        cause, because, assets = mixture
        return stands(
            self.rule,
            Subject("zone", zone.id),
            Answer.BROKEN,
            because,
            plant=plant,
            at=at,
            cause=cause,
            evidence=(
                Evidence(
                    f"the declaration of zone {zone.id}",
                    expected="machines of one level",
                    actual=f"level {zone.level}, kind {zone.kind}, {', '.join(zone.cidrs)}",
                ),
                Evidence("a change that mends it", actual=_parted(zone, assets)),
            ),
            assets=assets,
            zone=zone.id,
        )

    def _fine(self, plant: Plant, zone: Zone, assets: list[Asset], at: datetime) -> Verdict:
        nameless = [asset.id for asset in assets if asset.role is None]
        subject = Subject("zone", zone.id)
        if nameless and len(assets) > 1:
            because = f"whether {zone.id} is flat can't be told: {some(nameless)} has no role"
            return stands(
                self.rule, subject, Answer.CANNOT_TELL, because,
                plant=plant, at=at, cause="no role", assets=tuple(nameless), zone=zone.id,
            )  # fmt: skip
        because = f"no controller in {zone.id} stands beside what belongs elsewhere"
        return Verdict(self.rule.id, subject, Answer.HOLDS, because)


def _mixtures(zone: Zone, assets: list[Asset], carriers: frozenset[str]) -> Iterator[_Mixture]:
    """Each way in which the machines of a zone do not belong together."""
    controllers = [asset.id for asset in assets if controls(asset.role)]
    if not controllers:
        return
    names = some(controllers)
    if zone.kind in _APART or is_high(zone.level):
        kind = f"of kind {zone.kind}" if zone.kind in _APART else f"at level {zone.level}"
        because = f"{names} stands in {zone.id}, which is {kind}"
        yield "controllers above control", because, tuple(controllers)
    models = [asset.id for asset in assets if asset.id in carriers and not controls(asset.role)]
    if models:
        because = f"{names} shares zone {zone.id} with {some(models)}, which runs AI"
        yield "controllers beside AI", because, tuple(models)
    servers = [asset.id for asset in assets if (level_of_role(asset.role) or 0) >= _SITE]
    if servers and len(assets) > _SMALL:
        because = f"{names} shares zone {zone.id} with {some(servers)} of a higher level"
        yield "controllers beside servers", because, tuple(servers)


def _carriers(plant: Plant) -> Iterator[str]:
    """Machines that run AI which is not declared for the level of controllers."""
    for asset in all_hosts(plant):
        components = plant.component_on(asset)
        if not components or not all(is_low(one.level) for one in components):
            yield asset


def _shared_ranges(plant: Plant) -> dict[str, list[_Mixture]]:
    """Ranges in which machines of zones below and above control have addresses."""
    ranges = Ranges(plant)
    strangers: dict[tuple[str, str], dict[str, None]] = {}
    for asset in plant.assets.values():
        home = plant.zones[asset.zone]
        for ip in asset.ips:
            found = ranges.holding(ip, home.realm)
            if (
                found is not None
                and found.zone != home.id
                and _apart(plant.zones[found.zone], home)
            ):
                strangers.setdefault((found.zone, found.cidr), {})[asset.id] = None
    shared: dict[str, list[_Mixture]] = {}
    for (zone, cidr), assets in strangers.items():
        homes = some(sorted({plant.assets[asset].zone for asset in assets}))
        because = f"{some(list(assets))} of {homes} has addresses in {cidr}, the range of {zone}"
        shared.setdefault(zone, []).append((f"shared range {cidr}", because, tuple(assets)))
    return shared


def _apart(one: Zone, other: Zone) -> bool:
    """Whether one stands at the level of controllers and the other above it."""
    return (is_low(one.level) and is_high(other.level)) or (
        is_high(one.level) and is_low(other.level)
    )


def _parted(zone: Zone, assets: Sequence[str]) -> str:
    """The zone of their own that these machines should get, as YAML."""
    return "\n".join(
        (
            "zones:",
            f"  - id: {zone.id}-2",
            "    cidrs: []  # a subnet of its own, behind the firewall",
            "assets:",
            *(f"  - {{id: {asset}, zone: {zone.id}-2}}" for asset in assets),
        )
    )
