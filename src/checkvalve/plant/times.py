"""Moments, days and weekly hours, as people write them in the plant's files.

A moment carries its offset from UTC: ``2026-03-01T06:00:00+01:00``. One without is refused,
because it means another instant on another machine. A day (``2026-12-31``) counts in UTC and
is included to its end. Weekly hours are wall-clock hours: on the night when clocks go back,
the hour that comes twice is covered twice; in spring, the hour that is skipped never comes.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from checkvalve.plant.base import Part, complaint

_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_moment(value: Any) -> datetime:
    """An instant from ISO 8601 text with an offset, or from an aware ``datetime``.

    Raises:
        PydanticCustomError: when it is none, or has no offset.
    """
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if not isinstance(moment, datetime):
        raise complaint(
            f"{value!r:.64} is not a date with a time",
            "write it as 2026-03-01T06:00:00+01:00",
        )
    if moment.utcoffset() is None:
        raise complaint(
            f"{value!s} has no offset from UTC",
            f"add one, such as {moment.isoformat()}+01:00, or Z for UTC",
        )
    return moment


def parse_day(value: Any) -> date:
    """A calendar day from ``YYYY-MM-DD``, or a ``date``.

    Raises:
        PydanticCustomError: when it is none.
    """
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise complaint(f"{value!r:.64} is not a day", "write it as 2026-12-31")
    return day


@cache
def zone_info(name: str) -> ZoneInfo:
    """The IANA time zone of that name.

    Raises:
        ValueError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(name) from error


def _time_zone(name: str) -> str:
    try:
        zone_info(name)
    except ValueError as error:
        raise complaint(
            f"{name!r:.64} is not a time zone", "use an IANA name, such as Europe/Berlin"
        ) from error
    return name


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise complaint(f"{text!r:.64} is not a time of day", "write it as 06:00; 24:00 ends a day")
    return text


Moment = Annotated[
    datetime,
    PlainValidator(parse_moment),
    PlainSerializer(lambda moment: moment.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Day = Annotated[
    date,
    PlainValidator(parse_day),
    PlainSerializer(lambda day: day.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "format": "date"}),
]
TimeZoneName = Annotated[str, AfterValidator(_time_zone)]
Clock = Annotated[
    str,
    AfterValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": f"^(?:{_CLOCK.pattern})$"}),
]


def lasts(until: date | None, at: datetime) -> bool:
    """Whether something valid through that day is still valid; ``None`` never ends.

    Args:
        until: the last day, in UTC, included.
        at: an aware instant.
    """
    return until is None or at.astimezone(UTC).date() <= until


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


class WeeklyHours(Part):
    """Hours that come back every week, on the wall clock of a zone named elsewhere.

    Hours that end before they begin run over midnight and belong to the day they begin on.

    Attributes:
        days: the days on which they begin; all seven when left out.
        from_: in the file ``from``: when they begin, ``HH:MM``, included.
        to: when they end, ``HH:MM``, not included; ``24:00`` is the end of the day.
    """

    days: tuple[Weekday, ...] = WEEKDAYS
    from_: Clock = Field(validation_alias="from", serialization_alias="from")
    to: Clock

    @model_validator(mode="after")
    def _have_a_length(self) -> Self:
        if self.from_ in (self.to, "24:00"):
            raise complaint(
                f"hours from {self.from_} to {self.to} have no length",
                "a whole day is from 00:00 to 24:00",
            )
        return self

    def cover(self, at: datetime, time_zone: str) -> bool:
        """Whether the instant falls into these hours on that zone's wall clock."""
        local = at.astimezone(zone_info(time_zone))
        minute = local.hour * 60 + local.minute
        start, end = _minutes(self.from_), _minutes(self.to)
        today = WEEKDAYS[local.weekday()] in self.days
        if start < end:
            return today and start <= minute < end
        yesterday = WEEKDAYS[(local.weekday() - 1) % 7] in self.days
        return (today and minute >= start) or (yesterday and minute < end)


class Window(WeeklyHours):
    """Weekly hours with their own time zone.

    Attributes:
        time_zone: an IANA name.
    """

    time_zone: TimeZoneName

    def covers(self, at: datetime) -> bool:
        """Whether the instant falls into the window."""
        return self.cover(at, self.time_zone)
