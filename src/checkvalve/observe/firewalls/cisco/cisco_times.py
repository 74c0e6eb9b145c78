"""``time-range`` of ASA, IOS and NX-OS, to times on the firewall's own clock.

The last minute that a range names belongs to it: ``periodic daily 8:00 to 17:59`` ends as the
clock shows 18:00.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from checkvalve.observe.firewalls.base import Ref, When
from checkvalve.observe.firewalls.cisco.cisco_lines import WordError, Words
from checkvalve.observe.firewalls.cisco.cisco_names import number

Weekly = tuple[frozenset[int], int, int]

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SETS: Final = {
    "daily": frozenset(range(7)),
    "weekdays": frozenset(range(5)),
    "weekend": frozenset((5, 6)),
}
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_LAST_MINUTE: Final = 24 * 60 - 1
_SHORTEST_NAME: Final = 3


@dataclass(slots=True)
class TimeRange:
    """A named time range.

    Attributes:
        ref: where it is defined.
        absolute: spans of dates.
        weekly: spans within the week.
        doubt: what of it is not understood.
    """

    ref: Ref
    absolute: list[tuple[datetime | None, datetime | None]] = field(default_factory=list)
    weekly: list[Weekly] = field(default_factory=list)
    doubt: str = ""

    def whens(self) -> tuple[When, ...]:
        """The times at which it counts, any of them; none where it says nothing."""
        weekly = tuple(self.weekly)
        if not self.absolute:
            return (When(weekly=weekly),) if weekly else ()
        return tuple(When(start, end, weekly) for start, end in self.absolute)

    def read(self, words: Words) -> None:
        """Add a line of its body.

        Raises:
            WordError: the line is not understood.
        """
        if number(words.peek(), 2**31) is not None:  # NX-OS numbers its lines
            words.take()
        if words.took("absolute"):
            self.absolute.append(_absolute(words))
        elif words.took("periodic"):
            self.weekly.extend(_periodic(words))
        else:
            raise WordError(f"'{words.peek()}' is not understood in a time range")
        if words:
            raise WordError(f"'{words.peek()}' is not understood behind a time")


def _absolute(words: Words) -> tuple[datetime | None, datetime | None]:
    start = end = None
    if words.took("start"):
        start = _date(words)
    if words.took("end"):
        end = _date(words) + timedelta(seconds=59, microseconds=999_999)
    return start, end


def _date(words: Words) -> datetime:
    minute = _minute(words.take())
    day, month, year = words.take(), words.take(), words.take()
    if not day.isdecimal():  # "January 1 2024"
        day, month = month, day
    which = _index(month, _MONTHS)
    try:
        return datetime(int(year), which + 1, int(day), *divmod(minute, 60))  # noqa: DTZ001  # the firewall's own clock
    except (ValueError, OverflowError) as error:
        raise WordError(f"'{day} {month} {year}' is no date") from error


def _periodic(words: Words) -> list[Weekly]:
    if words.peek() in _SETS:
        return _within(_SETS[words.take()], _minute(words.take()), _end(words)[1])
    days = [_index(words.take(), _DAYS)]
    while words.peek().isalpha():
        days.append(_index(words.take(), _DAYS))
    first = _minute(words.take())
    last_day, last = _end(words)
    if last_day is None:
        return _within(frozenset(days), first, last)
    if len(days) > 1:
        raise WordError("several days with a last day are not understood")
    return _across(days[0], first, last_day, last)


def _end(words: Words) -> tuple[int | None, int]:
    """The day, if one is named, and the minute behind ``to``."""
    if not words.took("to"):
        raise WordError("a period has no end")
    day = _index(words.take(), _DAYS) if words.peek().isalpha() else None
    return day, _minute(words.take())


def _within(days: frozenset[int], first: int, last: int) -> list[Weekly]:
    """On each of these days; past midnight it goes on into the next."""
    if first <= last:
        return [(days, first, last)]
    following = frozenset((day + 1) % 7 for day in days)
    return [(days, first, _LAST_MINUTE), (following, 0, last)]


def _across(first_day: int, first: int, last_day: int, last: int) -> list[Weekly]:
    """From a day and minute to another day and minute of the week."""
    if first_day == last_day and first <= last:
        return [(frozenset((first_day,)), first, last)]
    length = (last_day - first_day) % 7 or 7
    between = frozenset((first_day + step) % 7 for step in range(1, length))
    whole = [(between, 0, _LAST_MINUTE)] if between else []
    return [
        (frozenset((first_day,)), first, _LAST_MINUTE),
        *whole,
        (frozenset((last_day,)), 0, last),
    ]


def _minute(word: str) -> int:
    """Minutes since midnight from ``8:00`` or NX-OS's ``8:00:00``."""
    hour, _, rest = word.partition(":")
    hours, minutes = number(hour, 24), number(rest.partition(":")[0], 59)
    if hours is None or minutes is None or hours * 60 + minutes > _LAST_MINUTE + 1:
        raise WordError(f"'{word}' is no time of day")
    return min(hours * 60 + minutes, _LAST_MINUTE)


def _index(word: str, names: tuple[str, ...]) -> int:
    """Which of these names a word is, or begins."""
    lower = word.casefold()
    for index, name in enumerate(names):
        if len(lower) >= _SHORTEST_NAME and name.startswith(lower):
            return index
    raise WordError(f"'{word}' is not understood as a day or month")
