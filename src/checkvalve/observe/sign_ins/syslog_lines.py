"""Lines of syslog: time, host, program, process and message, whatever wrote them.

Forms: RFC 3164 as ``rsyslog``, ``syslog-ng`` and ``journalctl`` (``-o short``) write it, without
a year; the same with an ISO 8601 time (``rsyslog``'s own file format, ``journalctl -o
short-iso`` and ``short-iso-precise``); RFC 5424. A priority may stand before.

A time without a year takes the latest year that lets the newest line be written before the log
was fetched; where months run from December to January, a year passes. A line that came late
over New Year belongs to the old one.

Known limits: a log without years that is silent for more than half a year between two lines.
``journalctl -o short-full`` and the formats with JSON are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as clock_time
from typing import Final

from checkvalve.errors import InputError, Problem
from checkvalve.observe.sign_ins.local_time import in_utc, instants

_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_ISO_TIME: Final = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_PRIORITY: Final = r"(?:<\d{1,3}>)?"
_BSD: Final = re.compile(
    rf"{_PRIORITY}({'|'.join(_MONTHS)}) {{1,2}}(\d{{1,2}}) (\d\d):(\d\d):(\d\d) (\S+) (.*)"
)
_ISO: Final = re.compile(rf"{_PRIORITY}({_ISO_TIME}) (\S+) (.*)")
_RFC_5424: Final = re.compile(
    rf"<\d{{1,3}}>1 ({_ISO_TIME}) (\S+) (\S+) (\S+) \S+ "
    r'(?:-|(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+)(?: (.*))?'
)
_TAG: Final = re.compile(r"([^\s\[:]+)(?:\[(\d+)\])?: (.*)")
_REPEATED: Final = re.compile(r"message repeated (\d{1,9}) times: \[ ?(.*)\]")
_LAST_REPEATED: Final = re.compile(r"(?:--- )?last message repeated (\d{1,9}) times?(?: ---)?")
#: What ``journalctl`` says about itself.
_OWN_WORDS: Final = "-- "

#: More days apart than this, and two lines that follow each other are of two years.
_HALF_A_YEAR: Final = 186
#: A clock may be ahead, and its zone's offset is up to fourteen hours.
_AHEAD: Final = timedelta(days=1)
#: How many years back a log without years may be; every eight have a leap year.
_YEARS_BACK: Final = 8
#: A line this much earlier than the one before it was written in the second of two equal hours.
_BACK: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Entry:
    """One message.

    Attributes:
        line: from 1.
        time: in UTC.
        host: that wrote it.
        program: with what stands in parentheses behind it.
        pid: process id; empty when there is none.
        message: the rest.
        times: how often it was said; more than once where the writer counted.
    """

    line: int
    time: datetime
    host: str
    program: str
    pid: str
    message: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class _Raw:
    """A line whose time is not an instant yet: ISO text, or year from the first, month, ..."""

    line: int
    stamp: str | tuple[int, int, int, int, int, int]
    host: str
    program: str
    pid: str
    message: str


def read_entries(
    text: str, *, file: str, time_zone: tzinfo | None, at: datetime
) -> tuple[list[Entry], list[Problem]]:
    """Every message of a log, and the lines that are none or whose time is not an instant.

    Args:
        text: the log.
        file: its name.
        time_zone: of its clock; ``None`` when nobody declared it.
        at: when it was fetched.

    Raises:
        InputError: no line is one of syslog.
    """
    raws: list[_Raw] = []
    problems: list[Problem] = []
    years = _Years()
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        said = line.rstrip()
        if not said or said.startswith(_OWN_WORDS):
            continue
        raw = _raw(number, said, years)
        if raw is None:
            problems.append(Problem(file, number, "", "this is no line of syslog"))
        else:
            raws.append(raw)
    if not raws:
        raise InputError(
            f"{file} holds no line of syslog", hint="export it with 'journalctl -o short-iso'"
        )
    entries = []
    clock = _Clock(years.first(at), time_zone)
    for raw in raws:
        time = clock.instant(raw.stamp)
        if isinstance(time, str):
            problems.append(Problem(file, raw.line, "", time, clock.hint))
        else:
            entry = Entry(raw.line, time, raw.host, raw.program, raw.pid, raw.message)
            entries.append(entry)
    return list(_counted(entries)), problems


def _raw(number: int, line: str, years: _Years) -> _Raw | None:
    if new := _RFC_5424.fullmatch(line):
        time, host, program, pid, message = new.groups(default="")
        bare = message.removeprefix("\ufeff")
        return _Raw(number, time, host, program, "" if pid == "-" else pid, bare)
    if iso := _ISO.fullmatch(line):
        time, host, rest = iso.groups()
        return _Raw(number, time, host, *_tagged(rest))
    if old := _BSD.fullmatch(line):
        month, *clock, host, rest = old.groups()
        day, hour, minute, second = map(int, clock)
        when = (_MONTHS.index(month) + 1, day, hour, minute, second)
        return _Raw(number, (years.of(*when), *when), host, *_tagged(rest))
    return None


def _tagged(rest: str) -> tuple[str, str, str]:
    """Program, process id and message."""
    if tag := _TAG.fullmatch(rest):
        program, pid, message = tag.groups(default="")
        return program, pid, message
    return "", "", rest


class _Years:
    """Counts years from the first line's as lines come by."""

    def __init__(self) -> None:
        self._year = 0
        self._day: int | None = None
        self._newest = (0, 0, 0, 0, 0, 0)
        self._leap: set[int] = set()

    def of(self, month: int, day: int, *clock: int) -> int:
        """The year of the next line, from 0 for the first line's."""
        of_year = month * 31 + day
        if self._day is not None and of_year - self._day < -_HALF_A_YEAR:
            self._year += 1
        elif self._day is not None and of_year - self._day > _HALF_A_YEAR:
            self._year -= 1
        self._day = of_year
        hour, minute, second = clock
        self._newest = max(self._newest, (self._year, month, day, hour, minute, second))
        if (month, day) == (2, 29):
            self._leap.add(self._year)
        return self._year

    def first(self, at: datetime) -> int:
        """What year the first line's is."""
        until = (at.astimezone(UTC) + _AHEAD).timetuple()[:6]
        newest, *rest = self._newest
        for year in range(at.year + 1, at.year - _YEARS_BACK, -1):
            first = year - newest
            if (year, *rest) <= until and all(_is_leap(first + one) for one in self._leap):
                return first
        return at.year - newest


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


class _Clock:
    """Turns the stamps of one log, in its order, into instants."""

    def __init__(self, first_year: int, zone: tzinfo | None) -> None:
        self._first_year = first_year
        self._zone = zone
        self._before: datetime | None = None
        self.hint = "" if zone is not None else "declare the time zone of the clock that wrote it"

    def instant(self, stamp: str | tuple[int, int, int, int, int, int]) -> datetime | str:
        """The instant in UTC, or why it is none."""
        try:
            if isinstance(stamp, str):
                time = datetime.fromisoformat(stamp)
            else:
                year, month, day, hour, minute, second = stamp
                day_of = date(self._first_year + year, month, day)
                time = datetime.combine(day_of, clock_time(hour, minute, second))
        except ValueError:
            return "this time is in no calendar"
        if time.tzinfo is not None:
            return in_utc(time) or "this time is in no calendar"
        if self._zone is None:
            return "this time has no offset from UTC"
        found = instants(time, self._zone)
        if not found:
            return "this time does not exist: clocks were put forward over it"
        chosen = found[0]
        if self._before is not None and self._before - chosen > _BACK:
            chosen = found[-1]
        self._before = chosen
        return chosen


def _counted(entries: list[Entry]) -> Iterator[Entry]:
    """The entries, those that only count another in that one's words."""
    last: dict[str, Entry] = {}
    for entry in entries:
        if again := _LAST_REPEATED.fullmatch(entry.message):
            before = last.get(entry.host)
            if before is not None:
                times = int(again[1])
                yield replace(before, line=entry.line, time=entry.time, times=times)
            continue
        said = entry
        if counted := _REPEATED.fullmatch(entry.message):
            said = replace(entry, times=int(counted[1]), message=counted[2])
        last[entry.host] = replace(said, times=1)
        yield said
