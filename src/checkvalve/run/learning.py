"""Learning: captures to a baseline, less what policy forbids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from checkvalve.judge.baseline import Baseline
from checkvalve.judge.checks import members
from checkvalve.judge.checks.base import Seen
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
    left_out: Counter[str] | None = None,
) -> Baseline:
    """Teach a baseline what captures show, in their order.

    What a check forbids, and what no detector may take for normal, is left out.

    Args:
        plant: what is declared.
        baseline: taught in place, and returned.
        captures: each read once.
        progress: told how far each capture is read.
        left_out: counts, by rule id, the operations that a check kept out.
    """
    teacher = _Teacher(plant, baseline, Counter() if left_out is None else left_out)
    observer = Observer(plant, baseline.site)
    for capture in captures:
        packets = 0
        with progress(capture.name, capture.octets()) as tick:
            for observed in observer.read(capture, tick):
                packets = observed.packets
                teacher.teach(observed.windows)
        baseline.sources.append((capture.name, packets))
    for observed in observer.finish():
        teacher.teach(observed.windows)
    return baseline


class _Teacher:
    """Teaches a baseline the windows of one run, less what is forbidden.

    A request that was given up comes with a later window than the flow that carried it. Checks
    look at flows, so it is learnt only if the same was learnt beside its flow before.
    """

    def __init__(self, plant: Plant, baseline: Baseline, left_out: Counter[str]) -> None:
        self._plant = plant
        self._baseline = baseline
        self._left_out = left_out
        self._checks = tuple(check() for check in members())
        self._carried: set[int] = set()  # places of edges that were learnt beside their flow

    def teach(self, windows: Iterable[Window]) -> None:
        """Teach windows in their order."""
        for window in windows:
            breach = self._forbidden(window)
            alone = self._alone(window)
            self._carried.update(set(window.groups["edge"].tolist()) - breach.edges - alone)
            self._baseline.learn(window, breach | Breach(frozenset(alone - self._carried)))

    def _forbidden(self, window: Window) -> Breach:
        """What checks name, counted by rule."""
        breach = Breach()
        seen = Seen(window)
        for check in self._checks:
            named = Breach()
            for _, part in check.check(self._plant, seen, moment(window.end)):
                named |= part
            bad = np.isin(window.groups["edge"], np.array([*named.edges], np.int32))
            self._left_out[check.rule.id] += int(window.groups["count"][bad].sum())
            breach |= named
        return breach

    @staticmethod
    def _alone(window: Window) -> set[int]:
        """The edges of a window between whose ends it has no flow."""
        paths = (window.paths[place] for place in window.flows["path"].tolist())
        carried = {frozenset((path.source.name, path.destination.name)) for path in paths}
        edges = window.edges
        return {
            place
            for place in window.groups["edge"].tolist()
            if frozenset((edges[place].source.name, edges[place].destination.name)) not in carried
        }
