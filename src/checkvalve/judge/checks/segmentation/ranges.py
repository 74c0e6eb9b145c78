"""Which zone's range an address falls into, whatever asset has it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from checkvalve.plant import Plant


@dataclass(frozen=True, slots=True)
class Range:
    """A declared range.

    Attributes:
        zone: whose it is.
        cidr: the range.
    """

    zone: str
    cidr: str


class Ranges:
    """The ranges of a plant's zones. Ranges of two zones of a realm never overlap.

    Args:
        plant: declares them.
    """

    def __init__(self, plant: Plant) -> None:
        self._ranges: dict[str, list[tuple[IPv4Network | IPv6Network, Range]]] = {}
        for zone in plant.zones.values():
            for cidr in zone.cidrs:
                entry = (ip_network(cidr), Range(zone.id, cidr))
                self._ranges.setdefault(zone.realm, []).append(entry)

    def holding(self, ip: str, realm: str) -> Range | None:
        """The range that an address is in; ``None``: no zone's."""
        address = ip_address(ip)
        for network, found in self._ranges.get(realm, ()):
            if address in network:
                return found
        return None

    def has(self, zone: str, realm: str, version: int) -> bool:
        """Whether a zone declares any range of an IP version."""
        return any(
            found.zone == zone and network.version == version
            for network, found in self._ranges.get(realm, ())
        )
