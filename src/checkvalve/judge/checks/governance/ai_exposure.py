"""What of the services around AI other zones may reach, and no conduit declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from checkvalve.findings import Evidence
from checkvalve.judge.checks.declared import Conduits
from checkvalve.judge.checks.governance.ai_hosts import addresses_of, all_hosts
from checkvalve.judge.checks.governance.ai_ports import Listener, ai_ports, kinds
from checkvalve.judge.checks.governance.source_places import Place
from checkvalve.judge.checks.passing.reach import Opening, Passing, passing_of, reach, uncovered
from checkvalve.judge.segmentation.asking import services_of
from checkvalve.judge.segmentation.network import Network, Service
from checkvalve.observe.firewalls.base import TCP, Ref
from checkvalve.observe.firewalls.spans import Spans, intersection, spans
from checkvalve.plant import INTERNET, PRIVATE_UNUSED, Plant

ANY_KIND: Final = "any AI service"
#: Lines that open more kinds of service than this have none in mind.
_MANY_KINDS: Final = 3


class Exposed:
    """What of one zone's AI services other zones may reach, and no conduit declares.

    Args:
        plant: zones and machines.
        network: what rule sets let pass.
        conduits: what is declared.
        zone: where the services are.
        groups: the ports that machines may listen on, with the machines.

    Attributes:
        assets: the machines.
        open: what passes undeclared, by the zone that it comes from.
    """

    def __init__(
        self,
        plant: Plant,
        network: Network,
        conduits: Conduits,
        zone: str,
        groups: Mapping[Spans, tuple[str, ...]],
    ) -> None:
        self.plant = plant
        self.zone = zone
        self.assets = tuple(asset for assets in groups.values() for asset in assets)
        self.open: dict[str, list[Passing]] = {}
        self._unjoined: dict[str, str] = {}
        self._unclear: dict[str, tuple[str, tuple[Evidence, ...]]] = {}
        for source in (*plant.zones, INTERNET, PRIVATE_UNUSED):
            if source == zone:
                continue
            declared = [
                Place(zone, network.zones[zone], services_of(one.flows, network.protocols))
                for one in conduits.opening(source, zone)
            ]
            for ports, assets in groups.items():
                dst, services = addresses_of(plant, assets), (Service(TCP, ports),)
                found = reach(network, source, zone, dst=dst, services=services)
                left = uncovered(passing_of(found.must), declared)
                if left:
                    self.open.setdefault(source, []).extend(left)
                elif uncovered(passing_of(found.unclear), declared):
                    self._unclear[source] = (found.reasons[0], found.doubt())
                elif found.is_unjoined and source != PRIVATE_UNUSED:
                    self._unjoined[source] = f"no declared firewall joins them to {zone}"

    def doubts(self) -> Iterator[tuple[list[str], str, tuple[Evidence, ...]]]:
        """The zones of which nobody can tell, why, and what to look at."""
        for source, (reason, evidence) in self._unclear.items():
            if source not in self.open:
                yield [source], reason, evidence
        if self._unjoined:
            yield list(self._unjoined), next(iter(self._unjoined.values())), ()


def listening(plant: Plant) -> dict[str, dict[Spans, tuple[str, ...]]]:
    """Zone to the ports that AI machines may listen on, with the machines."""
    postures = {node.asset: node.posture.listening_ports for node in plant.edge_nodes.values()}
    in_ai_zones = (
        asset.id for asset in plant.assets.values() if plant.zones[asset.zone].kind == "ai"
    )
    found: dict[str, dict[Spans, tuple[str, ...]]] = {}
    for asset in dict.fromkeys((*all_hosts(plant), *in_ai_zones)):
        listed, ports = postures.get(asset), ai_ports().all
        if listed is not None:
            ports = intersection(ports, spans((port, port) for port in listed))
        if plant.assets[asset].ips and ports:
            groups = found.setdefault(plant.assets[asset].zone, {})
            groups[ports] = (*groups.get(ports, ()), asset)
    return found


def by_kind(passing: Sequence[Passing]) -> Iterator[tuple[str, Opening]]:
    """What passes by kind of AI service; lines that open many kinds have none in mind."""
    by_lines: dict[tuple[Ref, ...], list[Passing]] = {}
    for one in passing:
        by_lines.setdefault(one.box.by, []).append(one)
    found: dict[str, list[Passing]] = {}
    for together in by_lines.values():
        known = kinds(listeners(Opening("", tuple(together))))
        if len(known) > _MANY_KINDS:
            found.setdefault(ANY_KIND, []).extend(together)
            continue
        for kind in known:
            of_kind = [one for one in together if kind in kinds(listeners(Opening("", (one,))))]
            found.setdefault(kind, []).extend(of_kind)
    for kind, of_kind in found.items():
        yield kind, Opening(kind, tuple(of_kind))


def listeners(opening: Opening) -> tuple[Listener, ...]:
    """The servers that listen by default on what an opening opens."""
    return ai_ports().at(spans(one.box.ports for one in opening.passing))
