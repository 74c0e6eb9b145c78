"""A watch that is killed at any moment, and run again, leaves what an undisturbed one leaves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.e2e.kept import kept
from tests.e2e.pieces import piece, records
from tests.e2e.story import Told

#: Kills that hit a run; and at most so many runs for them.
KILLS, RUNS = 8, 40
#: The incident's capture in so many files: each ends a step.
PARTS = 12
KILLED = -signal.SIGKILL

#: Runs a watch on a state folder: (state, seconds until it is killed, 0: never) -> exit status.
Run = Callable[[Path, float], int]


@pytest.fixture
def captures(line: Told, tmp_path: Path) -> list[str]:
    """The capture as a sniffer writes it that begins a new file from time to time."""
    incident = line.example / "captures" / "incident.pcap"
    cuts = np.linspace(0, len(records(incident)), PARTS + 1).astype(int).tolist()
    words = []
    for number in range(PARTS):
        path = tmp_path / f"part-{number:02}.pcap"
        path.write_bytes(piece(incident, cuts[number], cuts[number + 1]))
        words += ["--captures", str(path)]
    return words


@pytest.fixture
def run(line: Told, captures: list[str], tmp_path: Path, root: Path) -> Iterator[Run]:
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(root / "tests" / "e2e" / "killable.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(root / "src")},
        text=True,
    ) as killable:
        assert killable.stdin is not None
        assert killable.stdout is not None
        questions, answers = killable.stdin, killable.stdout

        def ask(state: Path, after_s: float) -> int:
            at = ["--state", str(state), "--format", "json"]
            words = ["watch", str(line.example / "plant"), *captures, *at]
            asked = {"words": words, "folder": str(tmp_path), "after_s": after_s}
            questions.write(json.dumps(asked) + "\n")
            questions.flush()
            return int(answers.readline())

        yield ask
        questions.close()


def incidents(folder: Path) -> list[str]:
    """The incidents that the last run printed."""
    return [incident["id"] for incident in json.loads((folder / "out").read_text())]


def test_kills_at_random_moments_lose_and_double_nothing(
    run: Run, quiet: Path, tmp_path: Path
) -> None:
    fresh, state = (Path(shutil.copytree(quiet, tmp_path / name)) for name in ("fresh", "state"))
    assert run(quiet, 0) == 0
    whole, told = kept(quiet), incidents(tmp_path)
    assert len(whole.findings) > 10
    begun = time.monotonic()
    assert run(Path(shutil.copytree(fresh, tmp_path / "timed")), 0) == 0
    lasts_s = time.monotonic() - begun
    moments = np.random.default_rng(1953)
    kills, in_the_middle = 0, 0
    for _ in range(RUNS):
        hit = run(state, float(moments.uniform(0.05, 1.0)) * lasts_s) == KILLED
        kills += hit
        now = kept(state)
        assert set(now.rows["exchange"]) <= set(whole.rows["exchange"])
        in_the_middle += 0 < len(now.rows["exchange"]) < len(whole.rows["exchange"])
        if not hit or now == whole:
            assert now == whole
            shutil.rmtree(state)
            shutil.copytree(fresh, state)
        if kills >= KILLS and in_the_middle:
            break
    assert kills >= KILLS
    assert in_the_middle
    assert run(state, 0) == 0
    assert kept(state) == whole
    assert incidents(tmp_path) == told
