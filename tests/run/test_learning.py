from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from checkvalve.judge.baseline import Baseline
from checkvalve.judge.window import Breach
from checkvalve.observe.captures.files import Capture
from checkvalve.plant import Plant, load
from checkvalve.run.learning import learn
from checkvalve.run.observing import Observer
from checkvalve.run.progress import Tick, silent

#: What no conduit declares in the incident's capture.
STRANGE = ("office-pc → line-plc", "office-pc line-plc", "162.159.140.245")


@pytest.fixture(scope="module")
def example(root: Path) -> Path:
    return root / "examples" / "packaging-line"


@pytest.fixture(scope="module")
def plant(example: Path) -> Plant:
    return load(example / "plant")


@pytest.fixture(scope="module")
def learnt(example: Path, plant: Plant) -> Baseline:
    """What the incident's capture teaches."""
    capture = Capture(example / "captures" / "incident.pcap")
    return learn(plant, Baseline.empty(plant, "line1"), [capture])


def test_what_policy_forbids_is_not_learnt(learnt: Baseline, plant: Plant, example: Path) -> None:
    assert "hmi" in learnt.text()
    assert not [name for name in STRANGE if name in learnt.text()]
    everything = Baseline.empty(plant, "line1")
    observer = Observer(plant, "line1")
    for seen in observer.read(Capture(example / "captures" / "incident.pcap")):
        for window in seen.windows:
            everything.learn(window, Breach())
    assert [name for name in STRANGE if name in everything.text()] == [*STRANGE]


def test_it_remembers_what_it_was_learnt_from(learnt: Baseline, plant: Plant) -> None:
    assert learnt.sources == [("incident.pcap", 9_283)]
    assert learnt.plant_digest == plant.digest
    assert 0 < learnt.first < learnt.last


def test_the_same_capture_teaches_the_same(learnt: Baseline, plant: Plant, example: Path) -> None:
    capture = Capture(example / "captures" / "incident.pcap")
    assert learn(plant, Baseline.empty(plant, "line1"), [capture]).digest == learnt.digest


def test_progress_is_told_capture_by_capture_up_to_its_size(plant: Plant, example: Path) -> None:
    told: list[tuple[str, int, list[int]]] = []

    @contextmanager
    def show(what: str, total: int) -> Iterator[Tick]:
        told.append((what, total, []))
        yield told[-1][2].append

    path = example / "captures" / "incident.pcap"
    learn(plant, Baseline.empty(plant, "line1", []), [Capture(path)], progress=show)
    ((what, total, ticks),) = told
    assert (what, total) == ("incident.pcap", path.stat().st_size)
    assert ticks == sorted(ticks)
    assert ticks[-1] == total


def test_silence_takes_ticks_and_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with silent("a capture", 10) as tick:
        tick(5)
    assert capsys.readouterr() == ("", "")
