"""Which addresses a zone stands for, the computed zones included."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from ipaddress import ip_network
from operator import or_
from typing import Final

from checkvalve.observe.firewalls.spans import (
    ANY_V4,
    NOWHERE,
    Addresses,
)
from checkvalve.plant import INTERNET, PRIVATE_UNUSED, Plant

#: What is not globally reachable (IANA's special-purpose registries, RFC 6890), and multicast.
_SPECIAL: Final = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
)  # fmt: skip
_PUBLIC_V6: Final = ("2000::/3",)
_SPECIAL_V6: Final = ("2001:db8::/32", "2001::/23", "3fff::/20")
_PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")


def zone_addresses(plant: Plant) -> Mapping[str, Addresses]:
    """The addresses of every zone.

    A zone's are its ranges and those of its assets, less what belongs to an asset of another
    zone or to a longer range of another. ``internet`` and ``private-unused`` are what is left
    of public and of private space.
    """
    own = {name: _together(asset_ips(plant, name)) for name in plant.zones}
    ranges = [
        (ip_network(cidr), zone.id, zone.realm)
        for zone in plant.zones.values()
        for cidr in zone.cidrs
    ]
    found: dict[str, Addresses] = {}
    for zone in plant.zones.values():
        inside = _together(zone.cidrs)
        for network, other, realm in ranges:
            if other != zone.id and realm == zone.realm and _is_within(network, zone.cidrs):
                inside -= Addresses.of(str(network))
        for other, hosts in own.items():
            if other != zone.id and plant.zones[other].realm == zone.realm:
                inside -= hosts
        found[zone.id] = inside | own[zone.id]
    taken = reduce(or_, found.values(), NOWHERE)
    special = _together(_SPECIAL)
    public = (ANY_V4 - special) | (_together(_PUBLIC_V6) - _together(_SPECIAL_V6))
    found[INTERNET] = public - taken
    found[PRIVATE_UNUSED] = _together(_PRIVATE) - taken
    return found


def asset_ips(plant: Plant, zone: str) -> tuple[str, ...]:
    """The addresses of the assets that are declared in a zone."""
    return tuple(ip for asset in plant.assets.values() if asset.zone == zone for ip in asset.ips)


def _together(texts: tuple[str, ...]) -> Addresses:
    return reduce(or_, (Addresses.of(text) for text in texts), NOWHERE)


def _is_within(network: object, cidrs: tuple[str, ...]) -> bool:
    """Whether a range is a proper part of one of some others."""
    return any(
        network != other and other.version == network.version and network.subnet_of(other)  # type: ignore[attr-defined]
        for other in map(ip_network, cidrs)
    )
