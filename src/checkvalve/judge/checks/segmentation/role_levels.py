"""At which level of ISA-95 a machine of a role does its work, as far as the role tells."""

from __future__ import annotations

import re
from typing import Final

_LEVELS: Final = {
    "Field I/O": 0,
    "Distributed Control System (DCS) Controller": 1,
    "Intelligent Electronic Device (IED)": 1,
    "Programmable Automation Controller (PAC)": 1,
    "Programmable Logic Controller (PLC)": 1,
    "Remote Terminal Unit (RTU)": 1,
    "Safety Controller": 1,
    "Control Server": 2,
    "Human-Machine Interface (HMI)": 2,
    "Application Server": 3,
    "Data Historian": 3,
    "Jump Host": 3.5,
    "Virtual Private Network (VPN) Server": 3.5,
}
#: What stands between zones, by its role.
_JOINING: Final = frozenset(
    {"firewall", "router", "routers", "switch", "virtual private network server", "vpn server"}
)
_SHORT: Final = re.compile(r"\s*\((\w+)\)")
_SAFETY: Final = re.compile(r"\bsafety\b|\bsis\b|\besd\b", re.IGNORECASE)


def _spellings() -> dict[str, float]:
    """Every role in full, without its short form, and as that form."""
    found: dict[str, float] = {}
    for role, level in _LEVELS.items():
        found[role.casefold()] = level
        found[_SHORT.sub("", role).casefold()] = level
        short = _SHORT.search(role)
        if short is not None and short[1] != "DCS":
            found[short[1].casefold()] = level
    return found


_BY_SPELLING: Final = _spellings()


def level_of_role(role: str | None) -> float | None:
    """The level of a role; ``None`` where a role may stand at any, or is not known."""
    return None if role is None else _BY_SPELLING.get(role.casefold())


def controls(role: str | None) -> bool:
    """Whether it is a controller or field device."""
    level = level_of_role(role)
    return level is not None and level <= 1


def joins_zones(role: str | None) -> bool:
    """Whether a machine of this role stands in several zones by its nature."""
    return role is not None and _SHORT.sub("", role).casefold() in _JOINING


def is_for_safety(role: str | None) -> bool:
    """Whether a role is a safety instrumented system's."""
    return role is not None and _SAFETY.search(role) is not None
