"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from checkvalve.errors import UsageError
from checkvalve.show.cli.clock import now, read_day, read_moment, read_time_zone, spell_moment

START = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", timedelta(minutes=30)),
        ("4h", timedelta(hours=4)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_a_span_counts_from_the_start(text: str, span: timedelta) -> None:
    assert read_moment(text, START) == START + span


def test_an_instant_is_taken_as_it_is() -> None:
    assert read_moment("2026-03-02T14:00:00+01:00", START) == START + timedelta(hours=1)
    assert read_moment("2026-03-02T14:00Z", START) == START + timedelta(hours=2)


@pytest.mark.parametrize("text", ["", "4", "h", "-4h", "4 h", "0d", "1e9d", "999999d", "monday"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        read_moment(text, START)


@pytest.mark.parametrize("text", ["2026-03-02", "2026-03-02T14:00:00"])
def test_an_instant_without_an_offset_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="has no offset from UTC"):
        read_moment(text, START)


def test_a_day_is_a_date_or_a_span() -> None:
    assert read_day("2026-12-31", START).isoformat() == "2026-12-31"
    assert read_day("30d", START).isoformat() == "2026-04-01"
    with pytest.raises(UsageError, match="is not a day"):
        read_day("soon", START)


def test_the_clock_tells_utc_to_the_second() -> None:
    assert now().tzinfo is UTC
    assert now().microsecond == 0
    assert spell_moment(START) == "2026-03-02 12:00+00:00"


def test_a_time_zone_is_an_iana_name() -> None:
    assert str(read_time_zone("Europe/Berlin")) == "Europe/Berlin"
    assert read_time_zone("") is None
    for text in ("Mars/Olympus", "../etc", "Europe"):
        with pytest.raises(UsageError, match="is no time zone"):
            read_time_zone(text)
