"""Learning: captures to a baseline, less what policy forbids."""

from __future__ import annotations

from collections.abc import Iterable

from checkvalve.judge.baseline import Baseline
from checkvalve.judge.checks import members
from checkvalve.judge.checks.base import Check, Seen
from checkvalve.judge.window import Breach, Window, moment
from checkvalve.observe.captures.files import Capture
from checkvalve.plant import Plant
from checkvalve.run.observing import Observer
from checkvalve.run.progress import Progress, silent


def learn(
    plant: Plant,
    baseline: Baseline,
    captures: Iterable[Capture],
    *,
    progress: Progress = silent,
) -> Baseline:
    """Teach a baseline what captures show, in their order.

    What a check forbids, and what no detector may take for normal, is left out.

    Args:
        plant: what is declared.
        baseline: taught in place, and returned.
        captures: each read once.
        progress: told how far each capture is read.
    """
    checks = tuple(check() for check in members())
    observer = Observer(plant, baseline.site)
    for capture in captures:
        packets = 0
        with progress(capture.name, capture.octets()) as tick:
            for observed in observer.read(capture, tick):
                packets = observed.packets
                _teach(plant, baseline, checks, observed.windows)
        baseline.sources.append((capture.name, packets))
    for observed in observer.finish():
        _teach(plant, baseline, checks, observed.windows)
    return baseline


def _teach(
    plant: Plant, baseline: Baseline, checks: tuple[Check, ...], windows: Iterable[Window]
) -> None:
    for window in windows:
        breach = Breach()
        seen = Seen(window)
        for check in checks:
            for _, named in check.check(plant, seen, moment(window.end)):
                breach |= named
        baseline.learn(window, breach)
