"""Addresses, address ranges and ports, in one canonical spelling each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)

from checkvalve.plant.base import complaint

_MAC: Final = re.compile(r"[0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){5}", re.IGNORECASE)
_PORTS: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
LAST_PORT: Final = 65_535


@lru_cache(maxsize=65_536)
def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that the text spells, an IPv4-mapped one as IPv4; ``None`` if it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _address(text: str) -> str:
    address = parse_address(text)
    if address is None:
        raise complaint(f"{text!r:.64} is not an IP address")
    return str(address)


def _cidr(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        pass
    try:
        meant = str(ip_network(text, strict=False))
    except ValueError as error:
        raise complaint(
            f"{text!r:.64} is not an address range", "write it as 192.168.10.0/24"
        ) from error
    raise complaint(f"{text!r:.64} has bits beyond its prefix", f"did you mean '{meant}'?")


def _mac(text: str) -> str:
    if not _MAC.fullmatch(text):
        raise complaint(f"{text!r:.64} is not a MAC address", "write it as 00:1b:1b:0a:0b:0c")
    digits = re.sub(r"[:-]", "", text).lower()
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


Address = Annotated[str, AfterValidator(_address)]
Cidr = Annotated[str, AfterValidator(_cidr)]
Mac = Annotated[str, AfterValidator(_mac)]
HostName = Annotated[
    str,
    StringConstraints(pattern=r"^(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})$", to_lower=True),
]

#: ``tcp``, ``udp``, ``icmp``, ``any``, or the number of an IP protocol as text.
Proto = Annotated[str, StringConstraints(pattern=r"^(?:tcp|udp|icmp|any|[0-9]{1,3})$")]


@dataclass(frozen=True, slots=True)
class Ports:
    """A range of ports, both ends included; ``502 in Ports(502, 503)``."""

    low: int
    high: int

    def __contains__(self, port: object) -> bool:
        return isinstance(port, int) and self.low <= port <= self.high

    def __str__(self) -> str:
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


def parse_ports(value: Any) -> Ports:
    """Ports from ``502``, ``"502"`` or ``"8000-8010"``.

    Raises:
        PydanticCustomError: when it is none of these.
    """
    if isinstance(value, Ports):
        return value
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    match = _PORTS.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise complaint(f"{value!r:.64} is not a port", 'write 502 or "8000-8010"')
    low = int(match[1])
    high = int(match[2] or low)
    if not low <= high <= LAST_PORT:
        raise complaint(f"{value!r:.64} is not a range of ports from 0 to {LAST_PORT}")
    return Ports(low, high)


def _spelled(ports: Ports) -> int | str:
    return ports.low if ports.low == ports.high else str(ports)


PortRange = Annotated[
    Ports,
    PlainValidator(parse_ports),
    PlainSerializer(_spelled),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": LAST_PORT},
                {"type": "string", "pattern": "^[0-9]{1,5}(?:-[0-9]{1,5})?$"},
            ]
        }
    ),
]
