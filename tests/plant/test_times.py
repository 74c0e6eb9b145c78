"""Moments, days and weekly hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from checkvalve.plant.times import (
    WEEKDAYS,
    Day,
    Moment,
    WeeklyHours,
    Window,
    lasts,
    zone_info,
)

MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
DAY: TypeAdapter[date] = TypeAdapter(Day)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def night_shift(*days: str) -> Window:
    return Window.model_validate_json(
        f'{{"days": {list(days)}, "from": "22:00", "to": "06:00", '
        '"time_zone": "Europe/Berlin"}'.replace("'", '"')
    )


def test_a_moment_keeps_its_offset() -> None:
    moment = MOMENT.validate_json('"2026-03-01T06:00:00+01:00"')
    assert moment.utcoffset() == timedelta(hours=1)
    assert MOMENT.dump_json(moment) == b'"2026-03-01T06:00:00+01:00"'


def test_a_moment_without_an_offset_is_refused_with_a_hint() -> None:
    with pytest.raises(ValidationError) as caught:
        MOMENT.validate_json('"2026-03-01T06:00:00"')
    (error,) = caught.value.errors()
    assert error["ctx"]["sentence"] == "2026-03-01T06:00:00 has no offset from UTC"
    assert "Z for UTC" in error["ctx"]["hint"]


@pytest.mark.parametrize("text", ['"yesterday"', "1767225600", '""', "true", "null", "[]"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_json(text)


@pytest.mark.parametrize("text", ['"2026-02-30"', "20260101", '"2026-03-01T06:00:00Z"', "null"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_json(text)


def test_a_day_lasts_to_its_end_in_utc() -> None:
    assert lasts(date(2026, 12, 31), at("2026-12-31T23:59:59+00:00"))
    assert lasts(date(2026, 12, 31), at("2027-01-01T00:59:59+01:00"))
    assert not lasts(date(2026, 12, 31), at("2027-01-01T00:00:00+00:00"))
    assert lasts(None, at("2999-01-01T00:00:00+00:00"))


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    friday_night = night_shift("fri")
    assert friday_night.covers(at("2026-03-06T22:00:00+01:00"))
    assert friday_night.covers(at("2026-03-07T05:59:59+01:00"))
    assert not friday_night.covers(at("2026-03-07T06:00:00+01:00"))
    assert not friday_night.covers(at("2026-03-07T22:00:00+01:00"))
    assert not friday_night.covers(at("2026-03-06T05:00:00+01:00"))


def test_the_last_night_of_the_week_runs_into_the_next() -> None:
    assert night_shift("sun").covers(at("2026-03-09T01:00:00+01:00"))


def test_the_clock_is_that_of_the_named_zone() -> None:
    window = Window(from_="16:00", to="18:00", time_zone="Europe/Berlin")
    assert window.covers(at("2026-03-12T15:30:00+00:00"))
    assert window.covers(at("2026-07-12T14:30:00+00:00"))
    assert not window.covers(at("2026-07-12T16:30:00+00:00"))


def test_the_hour_that_comes_twice_is_covered_twice() -> None:
    window = Window(from_="02:00", to="03:00", time_zone="Europe/Berlin")
    covered = [
        minutes
        for minutes in range(0, 24 * 60, 10)
        if window.covers(at("2026-10-24T22:00:00+00:00") + timedelta(minutes=minutes))
    ]
    assert len(covered) == 12


def test_the_hour_that_is_skipped_never_comes() -> None:
    window = Window(from_="02:00", to="03:00", time_zone="Europe/Berlin")
    start = at("2026-03-28T23:00:00+00:00")
    assert not any(window.covers(start + timedelta(minutes=m)) for m in range(23 * 60))


def test_a_whole_day_ends_at_24_00() -> None:
    window = Window(days=("mon",), from_="00:00", to="24:00", time_zone="UTC")
    assert window.covers(at("2026-03-02T23:59:59+00:00"))
    assert not window.covers(at("2026-03-03T00:00:00+00:00"))


@pytest.mark.parametrize(("start", "end"), [("06:00", "06:00"), ("24:00", "06:00")])
def test_hours_without_a_length_are_refused(start: str, end: str) -> None:
    with pytest.raises(ValidationError, match="have no length"):
        WeeklyHours(from_=start, to=end)


@pytest.mark.parametrize("clock", ["6:00", "25:00", "06:60", "24:01", "noon", "\uff10\uff16:00"])
def test_what_is_no_time_of_day_is_refused(clock: str) -> None:
    with pytest.raises(ValidationError, match="is not a time of day"):
        WeeklyHours(from_=clock, to="07:00")


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "/etc/localtime", "a" * 400])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="is not a time zone"):
        Window(from_="06:00", to="07:00", time_zone=name)


_CLOCKS = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
_INSTANTS = st.integers(1_577_836_800, 2_051_222_400).map(lambda s: datetime.fromtimestamp(s, UTC))
_ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])


@given(_CLOCKS, _CLOCKS, st.sets(st.sampled_from(WEEKDAYS)), _INSTANTS, _ZONES)
def test_every_instant_is_in_the_hours_or_in_the_rest_of_the_week(
    start: str, end: str, days: set[str], instant: datetime, zone: str
) -> None:
    if start == end:
        return
    chosen = tuple(day for day in WEEKDAYS if day in days)
    others = tuple(day for day in WEEKDAYS if day not in days)
    parts = [
        WeeklyHours(days=chosen, from_=start, to=end),
        WeeklyHours(days=others, from_=start, to=end),
        WeeklyHours(from_=end, to=start),
    ]
    assert sum(part.cover(instant, zone) for part in parts) == 1
    assert zone_info(zone) is zone_info(zone)
