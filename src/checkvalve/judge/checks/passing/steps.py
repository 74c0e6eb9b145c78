"""Ways over zones, step by step: whoever takes a machine in one opens sessions to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from checkvalve.judge.checks.passing.reach import Opening, Passing, openings
from checkvalve.judge.checks.passing.rule_lines import everything, silent_firewalls, zone_pairs
from checkvalve.judge.segmentation.network import Network
from checkvalve.observe.firewalls.base import ICMP, ICMPV6
from checkvalve.plant import COMPUTED_ZONES


@dataclass(frozen=True, slots=True)
class Step:
    """What may be opened from one zone to another.

    Attributes:
        source: the zone.
        destination: the other zone.
        must: what passes in any case; ICMP opens nothing.
        may: what passes if all that is not understood lets it.
        silent: firewalls on the way that were not read, or say nothing of an address family.
    """

    source: str
    destination: str
    must: tuple[Passing, ...]
    may: tuple[Passing, ...]
    silent: frozenset[str]

    @property
    def openings(self) -> tuple[Opening, ...]:
        """By class of service: what passes, else what may."""
        return openings(self.must or self.may)

    def __str__(self) -> str:
        services = ", ".join(sorted(opening.service for opening in self.openings))
        return f"{self.source} to {self.destination} ({services})"


Steps = tuple[Step, ...]


def steps_of(network: Network) -> dict[str, list[Step]]:
    """Every step by the zone that it starts from; there is none where nothing may be opened."""
    found: dict[str, list[Step]] = {}
    for source, destination in zone_pairs(network):
        step = _step(network, source, destination)
        if step.may:
            found.setdefault(source, []).append(step)
    return found


def _step(network: Network, source: str, destination: str) -> Step:
    must: list[Passing] = []
    may: list[Passing] = []
    silent: set[str] = set()
    for answer in everything(network, source, destination):
        protocol = answer.service.protocol
        if protocol not in (ICMP, ICMPV6):
            must += (Passing(answer.family, protocol, box) for box in answer.must)
            may += (Passing(answer.family, protocol, box) for box in answer.may)
            silent |= silent_firewalls(network, answer)
    return Step(source, destination, tuple(must), tuple(may), frozenset(silent))


def shortest(
    steps: dict[str, list[Step]], start: str, counts: Callable[[Step], bool]
) -> dict[str, Steps]:
    """The shortest way from a zone to each other; nobody steps on from a computed zone.

    Args:
        steps: all of them.
        start: where it begins.
        counts: whether a step may be taken.
    """
    ways: dict[str, Steps] = {}
    waiting: list[tuple[str, Steps]] = [(start, ())]
    for zone, way in waiting:
        if way and zone in COMPUTED_ZONES:
            continue
        for step in steps.get(zone, ()):
            if counts(step) and step.destination not in ways and step.destination != start:
                ways[step.destination] = (*way, step)
                waiting.append((step.destination, ways[step.destination]))
    return ways
