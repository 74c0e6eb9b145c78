"""Remote, wireless and temporary zones next to a cell, with no DMZ between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.declared import Conduits
from checkvalve.judge.checks.passing.reach import Reach, reach
from checkvalve.judge.checks.passing.rule_lines import no_network
from checkvalve.judge.checks.places import is_cell, is_low
from checkvalve.judge.segmentation.network import Network, Route
from checkvalve.plant import Plant
from checkvalve.plant.zones import Conduit, Zone
from checkvalve.rules import Reference, Rule

_KINDS: Final = frozenset({"remote", "wireless", "temporary"})
_DMZ_LEVEL: Final = 3.5


class RemoteNextToCell(StandingCheck):
    """Between what comes from outside and a cell there must be a DMZ.

    Why it matters: a supplier's laptop, a radio link and a remote desktop are all somebody
    else's network for part of the day. Straight behind them must not stand a controller.

    Known limits: one hop is a declared conduit from the one zone to the other, or a way over
    firewalls on which no zone of kind dmz or level 3.5 lies. A wireless zone at level 2 or
    below is a field network and is left out. That a machine in the DMZ ends the session, and
    does not pass it on, is not seen here.

    Example: a conduit from the vendors' VPN straight to a line.

    References: IEC 62443-3-2 ZCR 3.4, ZCR 3.5, ZCR 3.6; IEC 62443-3-3 SR 1.13, SR 5.2; NIST
    SP 800-82r3, 5.2.3.1; ATT&CK mitigation M0930.
    """

    rule: ClassVar[Rule] = Rule(
        id="remote-next-to-cell",
        title="A remote, wireless or temporary zone next to a cell",
        why="A supplier's laptop, a radio link and a remote desktop are somebody else's network "
        "for part of the day. Straight behind them must not stand a controller.",
        references=(
            Reference("IEC 62443-3-2", "ZCR 3.4", "Separate temporarily connected devices"),
            Reference("IEC 62443-3-2", "ZCR 3.5", "Separate wireless devices"),
            Reference(
                "IEC 62443-3-2", "ZCR 3.6", "Separate devices connected via external networks"
            ),
            Reference("IEC 62443-3-3", "SR 1.13", "Access via untrusted networks"),
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
        ),
        cause="A way in for commissioning that stayed, or a machine's supplier who asked for a "
        "tunnel of its own.",
        consequence="Whatever comes with the outside machine is one hop from the controllers.",
        response="End the session on a jump host in a DMZ, and let only that reach the cell.",
        time_to_respond=timedelta(days=30),
        harmless_if="a DMZ that the way leads over, or a field network declared at its level",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        conduits = Conduits(plant, at)
        found: list[Verdict] = [] if seen.network is not None else no_network(self.rule)
        cells = [zone.id for zone in plant.zones.values() if is_cell(zone)]
        for zone in plant.zones.values():
            if not _comes_from_outside(zone):
                continue
            wrong = [
                verdict
                for cell in cells
                if cell != zone.id
                for verdict in self._between(plant, seen.network, conduits, zone.id, cell, at)
            ]
            if not wrong and seen.network is not None:
                because = f"no cell is one hop from {zone.id}"
                subject = Subject("zone", zone.id)
                wrong = [Verdict(self.rule.id, subject, Answer.HOLDS, because)]
            found += wrong
        return found

    def _between(  # a pair of zones and what is known of it
        self,
        plant: Plant,
        network: Network | None,
        conduits: Conduits,
        zone: str,
        cell: str,
        at: datetime,
    ) -> Iterator[Verdict]:
        declared = conduits.opening(zone, cell)
        permitted = None if network is None else _direct(network, zone, cell)
        if permitted is not None and permitted.must:
            yield from self._open(plant, permitted, at)
        elif declared:
            yield self._declared(plant, declared[0], zone, cell, at)
        elif permitted is not None and permitted.answer is Answer.CANNOT_TELL:
            yield self._untold(plant, permitted, at)

    def _open(self, plant: Plant, found: Reach, at: datetime) -> Iterator[Verdict]:
        zone, cell = found.source, found.destination
        for opening in found.must:
            yield stands(
                self.rule,
                Subject("zone", zone),
                Answer.BROKEN,
                f"{_kind(plant, zone)} may open {opening.ports} to cell {cell} with no DMZ "
                f"between, such as {opening.passing[0].witness}",
                plant=plant,
                at=at,
                cause=opening.cause(zone, cell),
                evidence=opening.evidence(),
                zone=cell,
            )

    def _declared(
        self, plant: Plant, conduit: Conduit, zone: str, cell: str, at: datetime
    ) -> Verdict:
        mended = (
            "conduits:\n"
            f"  - {{id: {conduit.id}-in, from: {zone}, to: DMZ, initiates: from}}\n"
            f"  - {{id: {conduit.id}-on, from: DMZ, to: {cell}, initiates: from}}"
        )
        return stands(
            self.rule,
            Subject("conduit", conduit.id),
            Answer.BROKEN,
            f"conduit '{conduit.id}' leads from {_kind(plant, zone)} straight to cell {cell}",
            plant=plant,
            at=at,
            cause=f"{zone} to {cell}: declared",
            evidence=(
                Evidence(f"the declaration of conduit {conduit.id}", expected="a DMZ between"),
                Evidence("a change that mends it", actual=mended),
            ),
            zone=cell,
        )

    def _untold(self, plant: Plant, found: Reach, at: datetime) -> Verdict:
        zone, cell = found.source, found.destination
        return stands(
            self.rule,
            Subject("zone", zone),
            Answer.CANNOT_TELL,
            f"whether cell {cell} is one hop from {_kind(plant, zone)} can't be told: "
            f"{found.reasons[0]}",
            plant=plant,
            at=at,
            cause=f"{zone} to {cell}: cannot tell",
            evidence=found.doubt(),
            zone=cell,
        )


def _comes_from_outside(zone: Zone) -> bool:
    is_field = zone.kind == "wireless" and is_low(zone.level)
    return zone.kind in _KINDS and not is_field


def _kind(plant: Plant, zone: str) -> str:
    return f"{plant.zones[zone].kind} zone {zone}"


def _direct(network: Network, zone: str, cell: str) -> Reach | None:
    """What may be opened straight into a cell; ``None`` where every way leads over a DMZ."""
    routes = network.routes(zone, cell)
    if routes and all(_has_dmz(network.plant, route) for route in routes):
        return None
    return reach(network, zone, cell)


def _has_dmz(plant: Plant, route: Route) -> bool:
    """Whether a DMZ lies between the first and the last firewall of a way."""
    between = (plant.firewalls[hop.firewall].interfaces.get(hop.out_if, "") for hop in route[:-1])
    zones = [plant.zones[name] for name in between if name in plant.zones]
    return any(zone.kind == "dmz" or zone.level == _DMZ_LEVEL for zone in zones)
