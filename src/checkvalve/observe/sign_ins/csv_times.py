"""Dates and times as exports spell them, and what can't be told from them.

Read: ISO 8601 (with ``T`` or a blank, with or without offset, seconds or fraction);
``2026/03/05``; ``05.03.2026`` (day first); ``05/03/2026`` and ``05-03-2026`` where the column
shows which of the two is the day; ``5 Mar 2026``, ``05-Mar-2026``, ``Mar 5, 2026``; 24 hours or AM
and PM; seconds or milliseconds since 1970. A zone may follow: ``Z``, ``UTC``, ``GMT``, an offset,
or the abbreviation that the declared zone itself has at that time.

Known limits: a day without a time of day is no time; months in English; years of four digits;
other abbreviations of zones are no zones, since several zones share them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as clock_time
from typing import Final

from checkvalve.observe.sign_ins.local_time import in_utc, instants

_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_CLOCK: Final = (
    r"[T ,]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)? ?(AM|PM|am|pm)?"
    r" ?(Z|[+-]\d\d:?\d\d|[A-Z]{2,5}(?:[+-]\d\d:?\d\d)?)?"
)
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_CLOCK}", re.ASCII)
_YEAR_LAST: Final = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_CLOCK}", re.ASCII)
_DAY_NAMED: Final = re.compile(
    rf"(?:[A-Z][a-z]+,? )?(\d{{1,2}})[ -]([A-Z][a-z]{{2}})[a-z]*\.?[ -](\d{{4}}){_CLOCK}", re.ASCII
)
_MONTH_NAMED: Final = re.compile(
    rf"(?:[A-Z][a-z]+,? )?([A-Z][a-z]{{2}})[a-z]*\.? (\d{{1,2}}),? (\d{{4}}){_CLOCK}", re.ASCII
)
_SINCE_1970: Final = re.compile(r"(\d{10}|\d{13})(?:\.\d+)?", re.ASCII)
_FIRST_INSTANT: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS_IN_A_YEAR: Final = 12
_NOON: Final = 12
_MILLISECONDS: Final = 13


@dataclass(frozen=True, slots=True)
class Told:
    """What a cell says.

    Attributes:
        time: in UTC; ``None`` when it says none.
        doubt: what was not told, or was assumed; empty when nothing.
        hint: what to do about it.
    """

    time: datetime | None
    doubt: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """How one export spells its times.

    Attributes:
        zone: of times without an offset; ``None`` when nobody declared it.
        day_first: in ``05/03/2026``; ``None`` when the export does not show it.
    """

    zone: tzinfo | None
    day_first: bool | None

    def read(self, text: str) -> Told:
        """The instant that a cell means."""
        said = " ".join(text.split())
        if since := _SINCE_1970.fullmatch(said):
            count = int(since[1])
            seconds = count / 1000 if len(since[1]) == _MILLISECONDS else count
            return Told(_FIRST_INSTANT + timedelta(seconds=seconds))
        try:
            found = self._calendar(said)
            if found is None:
                hint = "export times as 2026-03-01T06:00:00Z"
                return Told(None, f"'{said[:40]}' is no time", hint)
            return found if isinstance(found, Told) else self._placed(said, *found)
        except ValueError:
            return Told(None, f"'{said[:40]}' is in no calendar")

    def _calendar(self, said: str) -> tuple[datetime, str] | Told | None:
        """The time on the clock, with the zone as it stands there."""
        if first := _YEAR_FIRST.fullmatch(said):
            year, _, month, day, *clock = first.groups(default="")
            return _combined(year, int(month), day, clock)
        if named := _DAY_NAMED.fullmatch(said):
            day, month, year, *clock = named.groups(default="")
            return _combined(year, _month(month), day, clock)
        if named := _MONTH_NAMED.fullmatch(said):
            month, day, year, *clock = named.groups(default="")
            return _combined(year, _month(month), day, clock)
        if last := _YEAR_LAST.fullmatch(said):
            one, between, other, year, *clock = last.groups(default="")
            day_first = True if between == "." or one == other else self.day_first
            if day_first is None:
                sentence = f"in '{said[:40]}' the day can't be told from the month"
                return Told(None, sentence, "export times as 2026-03-01T06:00:00Z")
            day, month = (one, other) if day_first else (other, one)
            return _combined(year, int(month), day, clock)
        return None

    def _placed(self, said: str, local: datetime, zone: str) -> Told:
        universal = zone.removeprefix("UTC").removeprefix("GMT")
        if zone in ("Z", "UTC", "GMT"):
            return Told(local.replace(tzinfo=UTC))
        if universal[:1] in ("+", "-"):
            offset = datetime.strptime(universal.replace(":", ""), "%z").tzinfo
            time = in_utc(local.replace(tzinfo=offset))
            return Told(time, "" if time else f"'{said[:40]}' is in no calendar")
        if self.zone is None:
            hint = "declare the time zone of the clock that wrote it"
            return Told(None, f"'{said[:40]}' has no offset from UTC", hint)
        return _declared(said, local, zone, self.zone)


def _declared(said: str, local: datetime, zone: str, declared: tzinfo) -> Told:
    """The instant of a time on a declared zone's clock, which may name the zone."""
    found = instants(local, declared)
    named = [one for one in found if one.astimezone(declared).tzname() == zone]
    if zone and not named:
        return Told(None, f"'{zone}' is not what the declared time zone is called then")
    if not found:
        return Told(None, f"'{said[:40]}' does not exist: clocks were put forward over it")
    if len(found) > 1 and not named:
        return Told(found[0], f"'{said[:40]}' came twice: the first is assumed")
    return Told((named or found)[0])


def clock_for(cells: Iterable[str], zone: tzinfo | None) -> Clock:
    """How an export spells its times: the day comes first if once it can only be the day.

    Args:
        cells: all that hold times.
        zone: as declared.
    """
    seen = set()
    for cell in cells:
        last = _YEAR_LAST.fullmatch(" ".join(cell.split()))
        if last is not None and last[2] != ".":
            one, other = int(last[1]), int(last[3])
            if (one > _MONTHS_IN_A_YEAR) != (other > _MONTHS_IN_A_YEAR):
                seen.add(one > _MONTHS_IN_A_YEAR)
    return Clock(zone, seen.pop() if len(seen) == 1 else None)


def _month(name: str) -> int:
    return _MONTHS.index(name.casefold()) + 1


def _combined(year: str, month: int, day: str, clock: list[str]) -> tuple[datetime, str]:
    """A time on the clock and its zone.

    Raises:
        ValueError: there is no such day or time.
    """
    hour, minute, second, fraction, half, zone = clock
    hours = int(hour)
    if half:
        if not 1 <= hours <= _NOON:
            raise ValueError(hour)
        hours = hours % _NOON + (_NOON if half in ("PM", "pm") else 0)
    micro = int(f"{fraction:0<6}"[:6])
    time = clock_time(hours, int(minute), int(second or 0), micro)
    return datetime.combine(date(int(year), month, int(day)), time), zone
