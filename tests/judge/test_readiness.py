from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkvalve.judge.readiness import CYCLES_NEEDED, READY_AT, Coverage, Observations, Readiness
from checkvalve.judge.window import Window
from checkvalve.testing.detectors import MODES, SITE, Spell, spells, three_cells, windows_of
from checkvalve.testing.windows import WindowBuilder

HOUR_S, DAY_S = 3_600.0, 86_400.0
#: The builder's clock starts at six in the morning, UTC.
MIDNIGHT_S = -6 * HOUR_S
PLANT = three_cells()
READS = ("Read Coils", "Read Holding Registers", "Read Input Registers")


def seen(days: Iterable[Iterable[int]], mode: str | None = "production") -> Observations:
    """Edges seen in so many hours of each day: one row a day, one column an edge."""
    observations = Observations()
    builder = WindowBuilder(PLANT, SITE)
    for day, edges in enumerate(days):
        for function, hours in zip(READS, edges, strict=False):
            for hour in range(hours):
                at = MIDNIGHT_S + day * DAY_S + hour * HOUR_S
                builder.exchange("hmi-1", "plc-1a", function=function, at=at, every_s=1, count=50)
    for window in builder.windows(mode):
        observations.add(window)
    return observations


def coverage(observations: Observations) -> Coverage:
    (one,) = observations.readiness(MODES).coverage
    return one


def stretch(hours: Iterable[tuple[int, str | None]]) -> Observations:
    """An exchange in each of the hours named, in the mode named."""
    observations = Observations()
    builder = WindowBuilder(PLANT, SITE)
    for hour, mode in hours:
        builder.exchange("hmi-1", "plc-1a", at=hour * HOUR_S)
        observations.add(builder.build(mode))
    return observations


def cycles(observations: Observations) -> int:
    return observations.readiness(MODES).cycles


def test_the_unseen_mass_is_edges_seen_once_by_edge_hours() -> None:
    one = coverage(seen([(10, 1, 1)]))
    assert (one.edges, one.observations, one.days) == (3, 12, 1)
    assert one.unseen == 2 / 12


def test_an_edge_counts_once_an_hour_however_often_it_is_polled() -> None:
    assert coverage(seen([(3, 3)])).observations == 6


def test_one_day_says_nothing_of_another() -> None:
    one = coverage(seen([(20, 20, 20)]))
    assert (one.unseen, one.bound) == (0, 1)
    assert not one.ready


def test_the_bound_is_the_95_percent_quantile_over_resampled_days() -> None:
    # Of two days drawn from two, half the draws have both: then B was seen once in 11 edge hours.
    two = coverage(seen([(5, 1), (5, 0)]))
    assert two.unseen == two.bound == 1 / 11
    # Of three days drawn from three, B was seen once in 2 draws of 9: 16 edge hours each. More
    # often it was seen twice, or not at all: so the estimate is nothing, and its bound is not.
    three = coverage(seen([(5, 1), (5, 1), (5, 0)]))
    assert (three.unseen, three.bound) == (0, 1 / 16)


def test_what_every_day_shows_in_several_hours_is_known() -> None:
    one = coverage(seen([(4, 4, 4)] * 3))
    assert (one.unseen, one.bound) == (0, 0)
    assert one.ready


def test_ready_begins_at_half_a_percent() -> None:
    at = Coverage("cell-1", "production", 3, 1_000, 5, 0.0, READY_AT)
    above = Coverage("cell-1", "production", 3, 1_000, 5, 0.0, READY_AT * 1.01)
    assert at.ready
    assert not above.ready


def test_zones_and_modes_are_counted_apart() -> None:
    observations = Observations()
    builder = WindowBuilder(PLANT, SITE)
    builder.exchange("hmi-1", "plc-1a").exchange("hmi-2", "plc-2a").exchange("hmi-1", "plc-2a")
    observations.add(builder.build("production"))
    builder.exchange("hmi-1", "plc-1a", at=HOUR_S)
    observations.add(builder.build("stop"))
    found = observations.readiness(MODES).coverage
    assert [(c.zone, c.mode, c.edges) for c in found] == [
        ("cell-1", "production", 1),
        ("cell-1", "stop", 1),
        ("cell-2", "production", 2),
    ]


def test_nothing_learnt_says_so() -> None:
    readiness = Observations().readiness(MODES)
    assert not readiness.ready
    assert "no exchange was learnt at all" in readiness.missing


def test_a_cycle_ends_when_production_comes_back() -> None:
    assert cycles(stretch([(0, "production"), (1, "production")])) == 0
    assert cycles(stretch([(0, "production"), (1, "stop")])) == 0
    assert cycles(stretch([(0, "production"), (1, "stop"), (2, "production")])) == 1
    assert cycles(stretch([(0, "stop"), (1, "production"), (2, "stop"), (3, "production")])) == 1


def test_an_unknown_mode_in_between_ends_no_cycle() -> None:
    assert cycles(stretch([(0, "production"), (1, None), (2, "production")])) == 0


def test_pieces_of_one_stretch_that_are_learnt_apart_are_no_cycles() -> None:
    whole = stretch([(0, "production")])
    for hour in range(1, 6):
        whole.merge(stretch([(hour, "production")]))
        again = Observations()
        again.restore(whole.state())
        whole = again
    assert cycles(whole) == 0


def test_what_is_missing_is_said_one_sentence_each() -> None:
    missing = stretch([(0, "production")]).readiness(MODES).missing
    assert f"0 of {CYCLES_NEEDED} full production cycles" in missing[0]
    assert "mode 'stop' was never seen" in missing
    assert "mode 'maintenance' was never seen" in missing
    assert any(s.startswith("zone 'cell-1' in mode 'production': up to 100.0%") for s in missing)


def test_a_site_without_modes_is_told_that_cycles_can_not_be_counted() -> None:
    readiness = stretch([(0, None)]).readiness(())
    assert readiness.cycles == 0
    assert "the site declares no process modes, so cycles can't be counted" in readiness.missing


def test_the_beginning_in_which_no_mode_is_known_yet_is_not_held_against_it() -> None:
    known = [(hour, "production") for hour in range(5, 200)]
    assert not unknown(stretch([(0, None), *known]).readiness(MODES))
    assert unknown(stretch([*((hour, None) for hour in range(5)), *known]).readiness(MODES))


def unknown(readiness: Readiness) -> list[str]:
    return [sentence for sentence in readiness.missing if "an unknown mode" in sentence]


def learnt(windows: Iterable[Window]) -> Observations:
    observations = Observations()
    for window in windows:
        observations.add(window)
    return observations


@settings(max_examples=25)
@given(st.lists(spells(), min_size=2, max_size=4), st.integers(0, 4))
def test_merged_halves_equal_the_whole_and_the_state_survives(
    parts: list[list[Spell]], cut: int
) -> None:
    windows = [
        window
        for place, part in enumerate(parts)
        for window in windows_of(PLANT, part, from_hour=8 * place)
    ]
    whole, half = learnt(windows), learnt(windows[:cut])
    half.merge(learnt(windows[cut:]))
    assert half.state() == whole.state()
    assert half.readiness(MODES) == whole.readiness(MODES)
    again = Observations()
    again.restore(json.loads(json.dumps(whole.state())))
    assert again.state() == whole.state()
    assert again.readiness(MODES) == whole.readiness(MODES)


@pytest.mark.parametrize("days", [1, 2, 5])
def test_the_same_days_in_another_order_are_as_ready(days: int) -> None:
    rows = [(day % 3 + 1, day % 2) for day in range(days)]
    assert coverage(seen(rows)).bound == coverage(seen(rows[::-1])).bound
