"""Where a data source answers: in which zone, at which addresses, on which ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from checkvalve.judge.checks.passing.reach import Passing
from checkvalve.judge.segmentation.asking import asset_set
from checkvalve.judge.segmentation.network import Service
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.observe.firewalls.base import TCP, UDP
from checkvalve.observe.firewalls.spans import ALL_PORTS, ALL_V4, ALL_V6, IPV4, Addresses
from checkvalve.plant import Plant
from checkvalve.plant.addresses import parse_address
from checkvalve.plant.data_sources import DataSource

#: Ports of schemes, as IANA registers them; of those without one, what the product's manual says.
_PORTS: Final = {
    "amqp": 5672, "amqps": 5671, "ftp": 21, "ftps": 990, "http": 80, "https": 443,
    "influxdb": 8086, "kafka": 9092, "modbus": 502, "mongodb": 27017, "mqtt": 1883,
    "mqtts": 8883, "mysql": 3306, "opc.https": 443, "opc.tcp": 4840, "oracle": 1521,
    "postgres": 5432, "postgresql": 5432, "redis": 6379, "rediss": 6379, "rtsp": 554,
    "sftp": 22, "smb": 445, "sqlserver": 1433, "ws": 80, "wss": 443,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where something answers.

    Attributes:
        zone: the zone, a computed one included.
        addresses: its addresses.
        services: what it answers on; ``None``: not said, so anything.
    """

    zone: str
    addresses: Addresses
    services: tuple[Service, ...] | None = None

    def boxes(self, family: int, protocol: int) -> list[Box]:
        """All packets of a protocol to it, from anywhere."""
        services = (Service(protocol),) if self.services is None else self.services
        return [
            Box((ALL_V4 if family == IPV4 else ALL_V6)[0], dst, ports, ALL_PORTS[0])
            for dst in self.addresses.of_family(family)
            for service in services
            if service.protocol == protocol
            for ports in service.ports
        ]

    def is_met_by(self, passing: Passing) -> bool:
        """Whether some of what passes goes to it."""
        boxes = self.boxes(passing.family, passing.protocol)
        return any(passing.box.meets(box) is not None for box in boxes)


def place_of(plant: Plant, source: DataSource) -> Place | None:
    """Where a source answers; ``None`` where neither an asset nor an address is declared."""
    url = url_of(source)
    port = None if url is None else _port(url)
    services = None if port is None else tuple(Service(one, ((port, port),)) for one in (TCP, UDP))
    address = None if url is None else parse_address(url.hostname or "")
    if address is not None:
        ip = str(address)
        return Place(plant.zone_name_at(ip), Addresses.of(ip), services)
    if source.asset is None or not plant.assets[source.asset].ips:
        return None
    return Place(plant.assets[source.asset].zone, asset_set(plant, source.asset), services)


def url_of(source: DataSource) -> SplitResult | None:
    """A source's endpoint in its parts; ``None`` where it has none, or it is no URL."""
    try:
        url = urlsplit((source.endpoint or "").removeprefix("jdbc:"))
    except ValueError:  # brackets that hold no address
        return None
    return url if url.netloc else None


def _port(url: SplitResult) -> int | None:
    try:
        declared = url.port
    except ValueError:  # not a number, or too large
        return None
    return declared or _PORTS.get(url.scheme)
