"""What rule sets permit between two zones, parted by what conduits declare."""

from __future__ import annotations

from collections.abc import Iterable

from checkvalve.judge.checks.declared import Conduits
from checkvalve.judge.checks.passing.reach import Passing
from checkvalve.judge.checks.passing.rule_lines import declared_ports, everything, silent_firewalls
from checkvalve.judge.segmentation.boxes import beyond_ports, difference, within_ports
from checkvalve.judge.segmentation.network import Between, Network
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.observe.firewalls.base import UDP
from checkvalve.observe.firewalls.spans import NOTHING, Spans, complement


class Permissions:
    """What may be opened from one zone to another, held against its conduits.

    Args:
        network: what rule sets let pass.
        conduits: what is declared.
        source: the zone that opens.
        destination: the other zone.

    Attributes:
        nearest: what the plant declares instead, in words.
        silent: answers of firewalls that were not read, or say nothing of the family.
        undeclared: what passes in any case, and no conduit lists it.
        declared: what passes in any case, and one does.
        unclear: what may pass, undeclared, and nobody can tell.
        unsure: the answers that ``unclear`` is of.
    """

    def __init__(self, network: Network, conduits: Conduits, source: str, destination: str) -> None:
        self.network = network
        self.source, self.destination = source, destination
        forward = conduits.opening(source, destination)
        backward = conduits.opening(destination, source)
        self._ports = declared_ports(forward, network.protocols)
        self._answers = declared_ports(backward, network.protocols).get(UDP, NOTHING)
        self.nearest = (
            f"conduit '{forward[0].id}' does not list it"
            if forward
            else f"no conduit leads from {source} to {destination}"
        )
        self.silent: list[Between] = []
        self.undeclared: list[Passing] = []
        self.declared: list[Passing] = []
        self.unclear: list[Passing] = []
        self.unsure: list[Between] = []
        for answer in everything(network, source, destination):
            if silent_firewalls(network, answer):
                self.silent.append(answer)
            else:
                self._hold(answer)

    def _hold(self, answer: Between) -> None:
        ports = self._ports.get(answer.service.protocol, NOTHING)
        for box in answer.must:
            self.undeclared += self._beyond(answer, box, ports)
            self.declared += _passing(answer, within_ports(box, ports))
        for rest in difference(answer.may, answer.must):
            unclear = self._beyond(answer, rest, ports)
            self.unclear += unclear
            self.unsure += [answer] * bool(unclear)

    def _beyond(self, answer: Between, box: Box, ports: Spans) -> list[Passing]:
        if self._answers and answer.service.protocol == UDP and self._is_reply(answer, box):
            return []
        return _passing(answer, beyond_ports(box, ports))

    def _is_reply(self, answer: Between, box: Box) -> bool:
        """Whether it comes from a port that is declared the other way, and no session is kept."""
        stateless = not any(
            self.network.rule_sets[hop.firewall].stateful for way in answer.routes for hop in way
        )
        return stateless and not complement(self._answers, (box.src_ports,))


def _passing(answer: Between, boxes: Iterable[Box]) -> list[Passing]:
    return [Passing(answer.family, answer.service.protocol, box) for box in boxes]
