"""The one clock of the command line, and times as people type them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from checkvalve.errors import UsageError

_SPAN: Final = re.compile(r"([1-9][0-9]{0,4})([mhdw])")
_UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def now() -> datetime:
    """This instant, to the second, in UTC; everything else is told the time."""
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - the clock itself


def spell_moment(moment: datetime) -> str:
    """An instant for a table, to the minute."""
    return moment.isoformat(sep=" ", timespec="minutes")


def read_moment(text: str, start: datetime) -> datetime:
    """An instant from ISO 8601 with an offset, or from a span after ``start`` such as ``4h``.

    Raises:
        UsageError: it is neither.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        return start + int(span[1]) * _UNITS[span[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"'{text}' is not a time", hint="write 2026-03-01T06:00:00+01:00, or a span such as 4h"
        ) from error
    if moment.utcoffset() is None:
        raise UsageError(
            f"'{text}' has no offset from UTC", hint=f"add one: {moment.isoformat()}+01:00, or Z"
        )
    return moment


def read_day(text: str, start: datetime, *, back: bool = False) -> date:
    """A day from ``YYYY-MM-DD``, or from a span after ``start`` such as ``30d``.

    Args:
        text: the day or the span.
        start: where a span begins.
        back: a span leads into the past.

    Raises:
        UsageError: it is neither.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        steps = -int(span[1]) if back else int(span[1])
        return (start + steps * _UNITS[span[2]]).astimezone(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"'{text}' is not a day", hint="write 2026-12-31, or a span such as 30d"
        ) from error


def read_time_zone(text: str) -> ZoneInfo | None:
    """A time zone by its IANA name; ``None`` where nothing is written.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return ZoneInfo(text) if text else None
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise UsageError(
            f"'{text}' is no time zone", hint="write an IANA name, such as Europe/Berlin"
        ) from error
