from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.e2e.pieces import piece

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
def incident(example: Path) -> Path:
    return example / "captures" / "incident.pcap"


@pytest.fixture(scope="module")
def learnt(incident: Path, plant: Plant) -> Baseline:
    """What the incident's capture teaches."""
    capture = Capture(incident)
    return learn(plant, Baseline.empty(plant, "line1"), [capture])


def test_what_policy_forbids_is_not_learnt(learnt: Baseline, plant: Plant, incident: Path) -> None:
    assert "hmi" in learnt.text()
    assert not [name for name in STRANGE if name in learnt.text()]
    everything = Baseline.empty(plant, "line1")
    observer = Observer(plant, "line1")
    for seen in observer.read(Capture(incident)):
        for window in seen.windows:
            everything.learn(window, Breach())
    assert [name for name in STRANGE if name in everything.text()] == [*STRANGE]


def test_what_is_left_out_is_counted_by_rule(plant: Plant, incident: Path) -> None:
    left_out: Counter[str] = Counter()
    capture = Capture(incident)
    learn(plant, Baseline.empty(plant, "line1", []), [capture], left_out=left_out)
    assert left_out["command-outside-mode"] > 0
    assert left_out["undeclared-conduit"] > 0
    assert left_out.total() < 100


def test_a_request_given_up_after_its_flow_is_learnt_only_if_it_was_before(
    plant: Plant, incident: Path, tmp_path: Path
) -> None:
    # The office's computer stops the line; the capture ends before the answer comes.
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(piece(incident, 0, 1_914))
    baseline = learn(plant, Baseline.empty(plant, "line1"), [Capture(cut)])
    assert "hmi → line-plc" in baseline.text()
    assert not [name for name in STRANGE if name in baseline.text()]


def test_it_remembers_what_it_was_learnt_from(learnt: Baseline, plant: Plant) -> None:
    assert learnt.sources == [("incident.pcap", 9_283)]
    assert learnt.plant_digest == plant.digest
    assert 0 < learnt.first < learnt.last


def test_the_same_capture_teaches_the_same(learnt: Baseline, plant: Plant, incident: Path) -> None:
    capture = Capture(incident)
    assert learn(plant, Baseline.empty(plant, "line1"), [capture]).digest == learnt.digest


def test_progress_is_told_capture_by_capture_up_to_its_size(plant: Plant, incident: Path) -> None:
    told: list[tuple[str, int, list[int]]] = []

    @contextmanager
    def show(what: str, total: int) -> Iterator[Tick]:
        told.append((what, total, []))
        yield told[-1][2].append

    path = incident
    learn(plant, Baseline.empty(plant, "line1", []), [Capture(path)], progress=show)
    ((what, total, ticks),) = told
    assert (what, total) == ("incident.pcap", path.stat().st_size)
    assert ticks == sorted(ticks)
    assert ticks[-1] == total


def test_silence_takes_ticks_and_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with silent("a capture", 10) as tick:
        tick(5)
    assert capsys.readouterr() == ("", "")
