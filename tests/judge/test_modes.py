from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.judge.modes import REMEMBERED, ModeClock
from checkvalve.plant import Asset, Plant, ProcessMode, Site, Tag, Zone
from checkvalve.plant.site import ScheduledMode
from checkvalve.records import SAMPLE

SECOND, MINUTE = 1_000_000_000, 60_000_000_000
#: Monday, 2 March 2026, 00:00 UTC: 01:00 in Berlin.
MONDAY = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * SECOND
VALUES = {"1": "production", "2": "stop"}


def plant(
    *, tag: bool = False, schedule: tuple[ScheduledMode, ...] = (), values: dict[str, str] = VALUES
) -> Plant:
    """A site whose mode stands in a register, or in a schedule on Berlin's clock, or nowhere."""
    site = Site(
        id="mill",
        time_zone="Europe/Berlin",
        modes=("production", "stop"),
        mode_tag="mode" if tag else None,
        mode_values=values if tag else {},
        schedule=schedule,
    )
    return Plant.of(
        site,
        ProcessMode(id="production"),
        ProcessMode(id="stop"),
        Zone(id="cell", cidrs=("10.1.1.0/24",)),
        Asset(id="plc", zone="cell", ips=("10.1.1.10",)),
        Tag(id="mode", asset="plc", protocol="modbus", space="holding register", address=0),
    )


def samples(*shown: tuple[int, float], tag: str = "mode") -> pa.RecordBatch:
    """Samples of a tag: seconds after Monday began, and value."""
    fields = {"site": "mill", "tag": tag, "quality": "good", "source": "10.1.1.20", "capture": "a"}
    columns = []
    for field in SAMPLE:
        if field.name == "time":
            times = np.array([MONDAY + at * SECOND for at, _ in shown], np.int64)
            columns.append(pa.array(times).view(field.type))
        elif field.name == "value":
            columns.append(pa.array([value for _, value in shown], field.type))
        elif field.name in fields:
            words = pa.array([fields[field.name]] * len(shown), pa.string())
            columns.append(words.dictionary_encode())
        else:
            zero = False if field.name == "written" else 0
            columns.append(pa.array([zero] * len(shown), field.type))
    return pa.RecordBatch.from_arrays(columns, schema=SAMPLE)


def at(clock: ModeClock, *seconds: int) -> list[str | None]:
    return [clock.mode_at(MONDAY + second * SECOND) for second in seconds]


def spans(clock: ModeClock, seconds: Iterable[int]) -> list[tuple[str | None, list[int]]]:
    """The mode of each stretch, and which of the times lie in it."""
    times = np.array([MONDAY + second * SECOND for second in seconds], np.int64)
    return [
        (mode, list(range(len(times))) if mask is None else np.flatnonzero(mask).tolist())
        for _, mode, mask in clock.split(times)
    ]


def test_a_tag_holds_until_it_shows_another_value() -> None:
    clock = ModeClock(plant(tag=True), "mill")
    clock.show(samples((10, 1), (20, 1), (30, 2)))
    assert at(clock, 10, 29, 30, 999_999) == ["production", "production", "stop", "stop"]


def test_before_the_tag_was_first_seen_the_mode_is_unknown() -> None:
    clock = ModeClock(plant(tag=True), "mill")
    assert at(clock, 10) == [None]
    clock.show(samples((10, 1)))
    assert at(clock, 9, 10) == [None, "production"]


def test_a_value_that_is_not_translated_makes_the_mode_unknown() -> None:
    clock = ModeClock(plant(tag=True), "mill")
    clock.show(samples((10, 1), (20, 7), (30, 2)))
    assert at(clock, 10, 20, 30) == ["production", None, "stop"]


def test_samples_of_other_tags_say_nothing() -> None:
    clock = ModeClock(plant(tag=True), "mill")
    clock.show(samples((10, 1), tag="level"))
    assert at(clock, 10) == [None]


def test_a_sample_from_before_the_last_change_is_ignored() -> None:
    clock = ModeClock(plant(tag=True), "mill")
    clock.show(samples((30, 1)))
    clock.show(samples((20, 2), (31, 1)))
    clock.show(samples((40, 2)))
    assert at(clock, 20, 30, 39, 40) == [None, "production", "production", "stop"]


def test_the_schedule_is_asked_until_the_wire_says_more() -> None:
    always = (ScheduledMode(mode="stop", from_="00:00", to="24:00"),)
    clock = ModeClock(plant(tag=True, schedule=always), "mill")
    assert at(clock, 10) == ["stop"]
    clock.show(samples((10, 1)))
    assert at(clock, 10) == ["production"]


def test_a_schedule_is_read_on_the_site_s_clock() -> None:
    shift = (ScheduledMode(mode="production", from_="06:00", to="14:00", days=("mon",)),)
    clock = ModeClock(plant(schedule=shift), "mill")
    hour = 3_600
    assert at(clock, 5 * hour - 1, 5 * hour) == [None, "production"]
    assert at(clock, 13 * hour - 1, 13 * hour) == ["production", None]
    assert at(clock, 29 * hour) == [None]


def test_neither_tag_nor_schedule_nor_site_is_an_unknown_mode() -> None:
    assert at(ModeClock(plant(), "mill"), 0, 10) == [None, None]
    assert at(ModeClock(plant(tag=True), "elsewhere"), 0) == [None]
    assert spans(ModeClock(plant(), "mill"), [1, 2]) == [(None, [0, 1])]
    assert spans(ModeClock(plant(tag=True), "mill"), []) == []


def test_times_are_split_where_the_tag_changes() -> None:
    clock = ModeClock(plant(tag=True), "mill")
    clock.show(samples((10, 1), (20, 2), (30, 1)))
    assert spans(clock, [12, 15]) == [("production", [0, 1])]
    assert spans(clock, [5, 25, 10, 19, 30, 20]) == [
        (None, [0]),
        ("production", [2, 3]),
        ("stop", [1, 5]),
        ("production", [4]),
    ]


def test_times_are_split_where_the_schedule_changes() -> None:
    shift = (ScheduledMode(mode="production", from_="01:00", to="01:02"),)
    clock = ModeClock(plant(schedule=shift), "mill")
    assert spans(clock, [10, 20]) == [("production", [0, 1])]
    assert spans(clock, [10, 125, 65]) == [("production", [0]), ("production", [2]), (None, [1])]


def test_a_stretch_has_the_same_number_whichever_rows_are_asked_for() -> None:
    clock = ModeClock(plant(tag=True), "mill")
    clock.show(samples((10, 1), (20, 2)))
    numbers = [stretch[0] for stretch in clock.split(np.array([MONDAY + 25 * SECOND]))]
    both = clock.split(np.array([MONDAY + 15 * SECOND, MONDAY + 26 * SECOND]))
    assert numbers == [both[1][0]]


def test_only_the_latest_changes_are_remembered_and_their_numbers_stay() -> None:
    clock = ModeClock(plant(tag=True), "mill")
    last = np.array([MONDAY + 2 * REMEMBERED * SECOND])
    clock.show(samples(*((k, 1 + k % 2) for k in range(1, 2 * REMEMBERED + 1))))
    before = clock.split(last)
    clock.show(samples((2 * REMEMBERED + 1, 2)))
    assert clock.split(last) == before
    assert at(clock, 1, 2 * REMEMBERED + 1) == [None, "stop"]
    assert len(clock._times) <= 2 * REMEMBERED


@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from([1, 2, 7])), max_size=12),
    st.lists(st.integers(0, 60), min_size=1, max_size=20),
)
def test_every_time_is_in_one_stretch_and_has_its_mode(
    shown: list[tuple[int, float]], seconds: list[int]
) -> None:
    clock = ModeClock(plant(tag=True), "mill")
    clock.show(samples(*shown))
    found = spans(clock, seconds)
    assert sorted(place for _, places in found for place in places) == list(range(len(seconds)))
    for mode, places in found:
        assert {clock.mode_at(MONDAY + seconds[place] * SECOND) for place in places} == {mode}


@pytest.mark.parametrize(
    "values", [{"1": "production", "2.0": "stop"}, {"01": "production", "2": "stop"}]
)
def test_raw_values_are_numbers_however_they_are_written(values: dict[str, str]) -> None:
    clock = ModeClock(plant(tag=True, values=values), "mill")
    clock.show(samples((10, 1.0), (20, 2.0)))
    assert at(clock, 10, 20) == ["production", "stop"]
