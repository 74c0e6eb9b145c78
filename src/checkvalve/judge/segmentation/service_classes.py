"""Classes of services: what a person would call what passes, stable when a port is added.

Port numbers are those of IANA's service name registry, and of the vendors' manuals where a
control protocol has none there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, TCP, UDP
from checkvalve.observe.firewalls.spans import Spans, spans

ANY_SERVICE: Final = "any service"
CONTROL: Final = "control protocols"
REMOTE_ACCESS: Final = "remote access"
#: More ports than this is nobody's list of services.
MANY_PORTS: Final = 1_024


def _ports(*ports: int | tuple[int, int]) -> Spans:
    return spans(one if isinstance(one, tuple) else (one, one) for one in ports)


#: Name of the class to the ports that are known for it, of TCP and UDP alike.
CLASSES: Final[dict[str, Spans]] = {
    CONTROL: _ports(
        102, 502, 789, (1089, 1091), 1217, 1911, 1962, 2222, 2404, 2455, 4000, 4840, 4843, 4911,
        5006, 5007, 5094, 9600, 11740, 18245, 18246, 19999, 20000, 20547, (34962, 34964), 34980,
        44818, 47808,
    ),
    REMOTE_ACCESS: _ports(22, 23, (512, 513), 3389, (5900, 5910), 5938, (5985, 5986), 7070),
    "file transfer": _ports((20, 21), 69, 111, (137, 139), 445, 873, 989, 990, 2049),
    "web": _ports(80, 443, 8000, 8080, 8443),
    "databases": _ports(1433, 1434, 1521, 3306, 5432, 6379, 9200, 27017),
    "message brokers": _ports(1883, 4222, 5671, 5672, 8883, 9092),
    "names, time and accounts": _ports(53, 67, 68, 88, 123, 135, 389, 464, 636, 853, 1812, 1813),
    "management": _ports(161, 162, 514, 623, 6514),
}  # fmt: skip


def service_class(protocol: int, port: int) -> str:
    """The class of a service at one port."""
    if protocol in (ICMP, ICMPV6):
        return "icmp"
    if protocol not in (TCP, UDP):
        return "other protocols"
    for name, ports in CLASSES.items():
        if any(low <= port <= high for low, high in ports):
            return name
    return f"other {'tcp' if protocol == TCP else 'udp'}"


@lru_cache(maxsize=4_096)
def classes_of(protocol: int, ports: Spans) -> frozenset[str]:
    """The classes of what passes in one protocol.

    Args:
        protocol: IP protocol number.
        ports: destination ports.

    Returns:
        ``any tcp`` or ``any udp`` where there are more ports than anybody lists.
    """
    if protocol not in (TCP, UDP):
        return frozenset({service_class(protocol, 0)})
    if sum(high - low + 1 for low, high in ports) > MANY_PORTS:
        return frozenset({"any tcp" if protocol == TCP else "any udp"})
    return frozenset(
        service_class(protocol, port) for low, high in ports for port in range(low, high + 1)
    )
