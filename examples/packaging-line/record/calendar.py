"""When it happens: ten quiet days, then a day and a half."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_BERLIN = ZoneInfo("Europe/Berlin")
#: A Monday at the change of shifts; twenty cycles later it is Thursday.
START = datetime(2026, 3, 2, 6, 0, tzinfo=_BERLIN)
INCIDENT = datetime(2026, 3, 12, 6, 0, tzinfo=_BERLIN)
END = datetime(2026, 3, 13, 15, 50, tzinfo=_BERLIN)


def thursday(hour: int, minute: int) -> datetime:
    """A time of the incident's first day, on the plant's clock."""
    return INCIDENT.replace(hour=hour, minute=minute)


def friday(hour: int, minute: int) -> datetime:
    """A time of its second day."""
    return END.replace(hour=hour, minute=minute)
