"""When it happens: eight quiet days, then a day and a half."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_MADRID = ZoneInfo("Europe/Madrid")
#: A Tuesday at midnight; twenty-four cycles later it is Wednesday.
START = datetime(2026, 5, 5, 0, 0, tzinfo=_MADRID)
INCIDENT = datetime(2026, 5, 13, 0, 0, tzinfo=_MADRID)
END = datetime(2026, 5, 14, 14, 50, tzinfo=_MADRID)


def wednesday(hour: int, minute: int) -> datetime:
    """A time of the incident's first day, on the plant's clock."""
    return INCIDENT.replace(hour=hour, minute=minute)


def thursday(hour: int, minute: int) -> datetime:
    """A time of its second day."""
    return END.replace(hour=hour, minute=minute)
