"""Recorded traffic held against boxes of packets: which pair of zones, and who is inside."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address

from checkvalve.judge.checks.wording import some
from checkvalve.judge.observed import Observed, ObservedPath
from checkvalve.judge.segmentation.network import protocol_number
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.judge.segmentation.service_classes import service_class
from checkvalve.observe.firewalls.base import ICMP, ICMPV6, PORTED
from checkvalve.observe.firewalls.spans import IPV6, Addresses
from checkvalve.plant import Plant


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded path as numbers.

    Attributes:
        path: the path.
        family: 4 or 6.
        protocol: IP protocol number.
        source: address of who opened.
        destination: the other address.
    """

    path: ObservedPath
    family: int
    protocol: int
    source: int
    destination: int

    @property
    def service(self) -> str:
        """Its transport and port."""
        return f"{self.path.transport}/{self.path.port}" if self.path.port else self.path.transport

    @property
    def service_class(self) -> str:
        """The class of its service."""
        return service_class(self.protocol, self.path.port)

    def is_in(self, box: Box) -> bool:
        """Whether a box has such packets, from whatever port; of ICMP no type was recorded."""
        return (
            box.src[0] <= self.source <= box.src[1]
            and box.dst[0] <= self.destination <= box.dst[1]
            and (self.protocol not in PORTED or box.ports[0] <= self.path.port <= box.ports[1])
        )

    def answers(self, box: Box) -> bool:
        """Whether a box, the other way round, has such packets as its opening."""
        return (
            box.src[0] <= self.destination <= box.src[1] and box.dst[0] <= self.source <= box.dst[1]
        )

    def is_of(self, source: Addresses, destination: Addresses) -> bool:
        """Whether its ends are in these sets: a group's address is in no zone's."""
        return all(
            any(low <= number <= high for low, high in addresses.of_family(self.family))
            for number, addresses in ((self.source, source), (self.destination, destination))
        )

    def __str__(self) -> str:
        return f"{self.path.source} to {self.path.destination} {self.service}"


class Records:
    """Everything that was recorded between zones.

    Args:
        plant: tells the zone of an address.
        observed: the paths.
    """

    def __init__(self, plant: Plant, observed: Observed) -> None:
        self._plant = plant
        self._observed = observed

    @cached_property
    def between(self) -> dict[tuple[str, str], list[Recorded]]:
        """By the zones that they lead from and to; those inside one zone are left out."""
        found: dict[tuple[str, str], list[Recorded]] = {}
        for path in self._observed.paths:
            zones = self._zones(path)
            one = _recorded(path)
            if one is not None and zones[0] != zones[1]:
                found.setdefault(zones, []).append(one)
        return found

    @cached_property
    def zones(self) -> frozenset[str]:
        """The zones of which anything was recorded."""
        return frozenset(zone for path in self._observed.paths for zone in self._zones(path))

    def _zones(self, path: ObservedPath) -> tuple[str, str]:
        name_at = self._plant.zone_name_at
        return name_at(path.source), name_at(path.destination)


def listed(records: list[Recorded]) -> str:
    """The first few of them."""
    return some(sorted({str(one) for one in records}))


def _recorded(path: ObservedPath) -> Recorded | None:
    try:
        source, destination = ip_address(path.source), ip_address(path.destination)
    except ValueError:
        return None
    protocol = protocol_number(path.transport)
    if protocol is None:
        return None
    family = destination.version
    if protocol == ICMP and family == IPV6:
        protocol = ICMPV6
    return Recorded(path, family, protocol, int(source), int(destination))
