"""What a zone is, by its level and kind."""

from __future__ import annotations

from typing import Final

from checkvalve.plant.zones import Zone

#: The highest level at which machines are controlled; above it they are supervised.
_CONTROL: Final = 2.0
#: The highest level that is operational technology; 3.5 is the DMZ before it.
OT_LEVEL: Final = 3.0


def is_cell(zone: Zone) -> bool:
    """Whether a zone controls machines: a safety zone, or a process zone at level 2 or below.

    A zone of neither kind counts by its level, a process zone without a level as a cell.
    """
    if zone.kind == "safety":
        return True
    if zone.kind not in (None, "process", "wireless"):
        return False
    if zone.level is None:
        return zone.kind == "process"
    return is_low(zone.level)


def is_low(level: float | str | None) -> bool:
    """Whether a level is one at which machines are controlled."""
    return isinstance(level, float) and level <= _CONTROL


def is_high(level: float | str | None) -> bool:
    """Whether a level is one above control; an undeclared one is neither."""
    return level is not None and not is_low(level)


def is_ot(zone: Zone) -> bool:
    """Whether a zone is operational technology: at level 3 or below, process, or safety."""
    if zone.kind in ("remote", "dmz"):
        return False
    by_level = isinstance(zone.level, float) and zone.level <= OT_LEVEL
    return by_level or zone.kind in ("process", "safety")
