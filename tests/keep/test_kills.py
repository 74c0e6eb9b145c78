"""A watch that is killed at any moment loses nothing it reported, and doubles nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.keep.making import finding, packets
from tests.keep.watcher import STEPS

from checkvalve import chain
from checkvalve.chain import Entry
from checkvalve.findings import Finding
from checkvalve.keep import ledger
from checkvalve.keep.acts import IncidentAct
from checkvalve.keep.archive import Archive
from checkvalve.keep.facts import Link, Mark, Notified, Progress
from checkvalve.keep.keeper import LEDGER, RECORDS, STAGES, STORE
from checkvalve.keep.reading import Reader

KILLED = -signal.SIGKILL

#: Runs a watch in a folder: (folder, stage, hit, seconds until it is killed) -> exit status.
Run = Callable[[Path, str, int, float], int]


@pytest.fixture(scope="module")
def run(root: Path) -> Iterator[Run]:
    paths = os.pathsep.join([str(root), str(root / "src")])
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(root / "tests" / "keep" / "watcher.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": paths},
        text=True,
    ) as watcher:
        assert watcher.stdin is not None
        assert watcher.stdout is not None
        questions, answers = watcher.stdin, watcher.stdout

        def ask(folder: Path, stage: str = "", hit: int = 0, after_s: float = 0) -> int:
            words = {"folder": str(folder), "stage": stage, "hit": hit, "after_s": after_s}
            questions.write(json.dumps(words) + "\n")
            questions.flush()
            return int(answers.readline())

        yield ask
        questions.close()


@dataclass(frozen=True, slots=True)
class Kept:
    """All that a state folder holds, in an order that kills don't change."""

    findings: list[Finding]
    links: list[Link]
    acts: list[IncidentAct]
    notified: list[Notified]
    progress: dict[str, Progress]
    entries: list[Entry]
    packets: list[int]
    gaps: int


def kept(folder: Path) -> Kept:
    with Reader.open(folder / STORE) as store:
        pinned, waiting = store.pinned()
        head = ledger.verify(folder / LEDGER, pinned=pinned, waiting=waiting).head
        archive = Archive(folder / RECORDS)
        entries = ledger.tail(folder / LEDGER, head.count)
        return Kept(
            store.findings(),
            store.links(),
            sorted(store.acts(), key=lambda act: act.at),
            store.notified(),
            store.progress(),
            sorted(entries, key=lambda entry: chain.canonical(entry.body)),
            packets(archive),
            archive.query("SELECT count(*) FROM gap").column(0)[0].as_py(),
        )


def nothing_reported_is_lost(folder: Path) -> None:
    report = folder.parent / "reported"
    if not report.exists() or not report.read_text():
        return
    numbers = {int(line) for line in report.read_text().split()}
    with Reader.open(folder / STORE) as store:
        assert store.recorded(Mark("n.pcap", max(numbers)))
        known = {each.id: each for each in store.findings()}
        assert known.keys() >= {finding(number + 1).id for number in numbers}
        assert known[finding(0).id].count >= max(numbers) + 1
    entries = ledger.tail(folder / LEDGER, ledger.verify(folder / LEDGER).head.count)
    written = {entry.body.get("id") for entry in entries}
    assert written >= {finding(number + 1).id for number in numbers}
    rows = packets(Archive(folder / RECORDS))
    assert set(rows) >= set(range(40 * (max(numbers) + 1)))


@pytest.fixture(scope="module")
def whole(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """What a run that nobody kills leaves behind."""
    folder = tmp_path_factory.mktemp("whole") / "var"
    assert run(folder, "", 0, 0) == 0
    found = kept(folder)
    assert found.packets == list(range(40 * STEPS))
    assert [each.count for each in found.findings if each.id == finding(0).id] == [STEPS]
    assert len(found.acts) == 3
    assert len(found.entries) == STEPS + 1 + 3
    assert found.gaps == 2 * STEPS
    return found


def finished(run: Run, folder: Path) -> Kept:
    assert run(folder, "", 0, 0) == 0
    leftovers = [path for path in folder.rglob("*") if path.name.endswith(".unfinished")]
    assert leftovers == []
    assert list((folder / "inbox").glob("*.json")) == []
    return kept(folder)


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_at_this_stage_loses_and_doubles_nothing(
    run: Run, whole: Kept, tmp_path: Path, stage: str
) -> None:
    folder = tmp_path / "var"
    hits = (1, 1) if stage == "archive merged" else (1, 1, 3, 2)
    for hit in hits:
        assert run(folder, stage, hit, 0) == KILLED
        nothing_reported_is_lost(folder)
    assert finished(run, folder) == whole


def test_kills_at_random_moments_lose_and_double_nothing(
    run: Run, whole: Kept, tmp_path: Path
) -> None:
    moments = np.random.default_rng(7)
    kills = plant = 0
    folder = tmp_path
    while kills < 15:
        folder = tmp_path / str(plant) / "var"
        folder.parent.mkdir(exist_ok=True)
        # Longer each time, so that a slow machine gets further and a fast one is caught early.
        if run(folder, "", 0, float(moments.uniform(0.001, 0.02 * (2 + kills)))) == KILLED:
            kills += 1
            nothing_reported_is_lost(folder)
        else:
            assert kept(folder) == whole
            plant += 1
    assert finished(run, folder) == whole
