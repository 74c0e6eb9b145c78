from __future__ import annotations

from pathlib import Path

import pytest

from checkvalve.errors import UsageError
from checkvalve.judge.window import HOUR_NS
from checkvalve.observe.captures.files import Capture
from checkvalve.plant import Plant, Site, load
from checkvalve.run.observing import Observed, Observer, site_of


@pytest.fixture(scope="module")
def example(root: Path) -> Path:
    return root / "examples" / "packaging-line"


@pytest.fixture(scope="module")
def plant(example: Path) -> Plant:
    return load(example / "plant")


@pytest.fixture(scope="module")
def whole(example: Path, plant: Plant) -> list[Observed]:
    """The incident's capture, observed to its end."""
    return observed(plant, Capture(example / "captures" / "incident.pcap"))


def observed(plant: Plant, capture: Capture) -> list[Observed]:
    observer = Observer(plant, "line1")
    return [*observer.read(capture), *observer.finish()]


def rows(seen: list[Observed], column: str) -> int:
    """How many records have a column."""
    batches = [batch for each in seen for batch in each.records]
    return sum(batch.num_rows for batch in batches if column in batch.schema.names)


def test_a_window_is_of_one_hour_and_one_mode_and_comes_in_order(whole: list[Observed]) -> None:
    windows = [window for each in whole for window in each.windows]
    assert len(windows) > 36
    assert [window.start for window in windows] == sorted(window.start for window in windows)
    assert all(window.start // HOUR_NS == window.hour for window in windows)
    assert {window.mode for window in windows} >= {"production", "changeover", "maintenance"}
    # Before the panel has read the mode for the first time.
    assert windows[0].mode in {None, "production"}


def test_all_exchanges_are_in_windows_and_in_records(whole: list[Observed]) -> None:
    grouped = sum(int(w.groups["count"].sum()) for each in whole for w in each.windows)
    assert grouped == rows(whole, "request_octets") == 2_109


def test_packets_are_counted_up_and_the_end_completes_a_step(whole: list[Observed]) -> None:
    packets = [each.packets for each in whole[:-1]]
    assert packets == sorted(packets)
    assert packets[-1] == 9_283
    assert whole[-2].complete
    assert whole[-1].complete


def test_a_boundary_of_an_earlier_run_ends_a_step_there_again(
    example: Path, plant: Plant, whole: list[Observed]
) -> None:
    boundary = 5_003
    capture = Capture(example / "captures" / "incident.pcap", boundary=boundary)
    seen = observed(plant, capture)
    (ends,) = [each for each in seen if each.packets == boundary and each.complete]
    assert ends.complete
    for column in ("request_octets", "tag"):
        assert rows(seen, column) == rows(whole, column)


def test_what_is_in_hand_can_be_handed_on_before_the_hour_is_over(
    example: Path, plant: Plant
) -> None:
    observer = Observer(plant, "line1")
    reading = observer.read(Capture(example / "captures" / "incident.pcap"))
    first = next(reading)
    assert not first.complete
    paused = observer.pause()
    assert paused.complete
    assert paused.packets == first.packets
    assert len(paused.windows) == 1
    assert observer.pause().windows == ()


def test_the_site_need_not_be_named_where_there_is_one() -> None:
    one, two = Site(id="mill"), Site(id="works")
    assert site_of(Plant.of(one), None) == "mill"
    assert site_of(Plant.of(one, two), "works") == "works"
    assert site_of(Plant.of(), None) == ""
    with pytest.raises(UsageError, match="several sites") as several:
        site_of(Plant.of(one, two), None)
    assert "mill, works" in several.value.hint
    with pytest.raises(UsageError, match="no site 'wrks'") as unknown:
        site_of(Plant.of(one, two), "wrks")
    assert "mill, works" in unknown.value.hint
