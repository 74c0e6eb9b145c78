"""What an asset's declared role says about joining and about reach.

Roles are by preference asset names of ATT&CK for ICS; a name, its short form, or both as in
*Programmable Logic Controller (PLC)* are understood, in any case.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

#: They act on their own equipment; nobody works on from them to other machines.
CONTROLLERS: Final = frozenset(
    {
        "dcs controller",
        "distributed control system controller",
        "field i/o",
        "ied",
        "intelligent electronic device",
        "pac",
        "plc",
        "programmable automation controller",
        "programmable logic controller",
        "remote i/o",
        "remote terminal unit",
        "rtu",
        "safety controller",
        "safety plc",
    }
)

#: Everyone meets there, so meeting there means nothing.
HUBS: Final = frozenset(
    {
        "broker",
        "data historian",
        "dns server",
        "domain controller",
        "firewall",
        "historian",
        "jump host",
        "jump server",
        "message broker",
        "mqtt broker",
        "router",
        "routers",
        "scanner",
        "switch",
        "time server",
        "virtual private network server",
        "vpn",
        "vpn server",
        "vulnerability scanner",
    }
)


def is_controller(role: str | None) -> bool:
    """Whether the role is that of a controller or its inputs and outputs."""
    return not CONTROLLERS.isdisjoint(_names(role))


def is_hub(role: str | None) -> bool:
    """Whether the role is one where everyone meets."""
    return not HUBS.isdisjoint(_names(role))


@lru_cache(maxsize=4096)
def _names(role: str | None) -> frozenset[str]:
    plain = (role or "").casefold().replace("-", " ").replace("_", " ").strip()
    name, _, short = plain.partition("(")
    return frozenset({plain, name.strip(), short.rstrip(") ")})
