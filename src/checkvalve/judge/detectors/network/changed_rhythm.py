"""An exchange that comes slower or faster than was learnt."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

import numpy as np

from checkvalve.findings import Finding
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.detectors.network.intervals import (
    dense,
    nanoseconds,
    quantile,
    sparse,
    spread,
)
from checkvalve.judge.detectors.network.keyed import Keyed, device_key, edge_key
from checkvalve.judge.detectors.network.reporting import (
    WATCHING,
    called,
    duration,
    finding,
    minutes,
    mode_words,
    subject_of,
    technique,
)
from checkvalve.judge.detectors.network.traits import is_blind
from checkvalve.judge.window import BINS, Edge, Window
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule

Array = np.ndarray[Any, Any]

#: Learnt intervals without which an edge is not judged, and those that a window needs.
LEARNT_ENOUGH: Final = 50
ENOUGH: Final = 3
#: A spread above so many bins (two octaves) is no rhythm.
WIDEST: Final = 3.0
#: CUSUM: what a window may stray (in spreads) before it counts, the sum that is reported,
#: and the most that one window adds.
ALLOWANCE: Final = 0.5
DECISION: Final = 5.0
MOST: Final = 10.0
#: So many intervals make a window count in full.
FULL: Final = 10
_SLOWEST, _FASTEST = BINS + 1, BINS
_THOUSAND: Final = 1_000
_NEVER: Final = np.iinfo(np.int64)


class ChangedRhythm(Detector):
    """CUSUM over the median interval of each edge, in a logarithmic scale.

    A window's median counts as far as it lies outside the medians of all learnt windows,
    in units of the learnt spread. Everything in a plant beacons, so that a period by itself
    says nothing; and what people drive has a wide spread, and is not judged.

    Why it matters:
        Cyclic programs keep their period for years. A slower one is an overloaded or failing
        machine or network; a faster one is a second program, or someone who floods.

    Known limits:
        Histograms resolve a factor of 1.6; smaller changes add up over windows only when
        they lie outside what was learnt. One strange hour in learning widens what is usual.
        Windows with fewer than three intervals, and those of a blind sensor, are not judged.

    Example:
        The panel read the filler every 2 s; since 14:00 it reads every 30 s.

    References:
        Page 1954, *Continuous inspection schemes*, Biometrika 41. ATT&CK for ICS T0806.
    """

    rule: ClassVar[Rule] = Rule(
        id="changed-rhythm",
        title="Changed rhythm",
        why="Cyclic programs keep their period for years: a slower one is a failing machine "
        "or network, a faster one a second program or a flood.",
        references=(
            technique("T0806", "Brute Force I/O"),
            technique("T0830", "Adversary-in-the-Middle"),
            Reference("IEC 62443-3-3", "SR 7.1", "Denial of service protection"),
            *WATCHING,
        ),
        cause="A changed program, an overloaded machine or network, or someone between.",
        consequence="Values come late, or a controller is kept busy.",
        response="Ask the source's owner what changed; look at its load and the network's.",
        time_to_respond=minutes(120),
        harmless_if="an open change order on the source, and a baseline learnt after it",
    )

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        columns = (*(np.add,) * BINS, np.minimum, np.maximum)
        self._learnt: Keyed[Edge] = Keyed(edge_key, columns)
        self._sums = np.zeros((0, 2))
        self._usual: tuple[Array, Array, Array] | None = None

    def learn(self, window: Window) -> None:
        """Add the histograms of intervals, and the bounds of the windows' medians."""
        histograms = window.histograms
        enough = histograms.sum(axis=1) >= ENOUGH
        middle = _thousandths(quantile(histograms, 0.5))
        values = np.empty((len(histograms), BINS + 2), np.int64)
        values[:, :BINS] = histograms
        values[:, _FASTEST] = np.where(enough, middle, _NEVER.max)
        values[:, _SLOWEST] = np.where(enough, middle, _NEVER.min)
        self._learnt.learn(window.edges, window.groups["edge"], values)
        self._usual = None

    def judge(self, window: Window) -> list[Finding]:
        """One finding for each conversation and device whose rhythm changed."""
        if not len(self._learnt) or is_blind(window):
            return []
        rows = self._learnt.rows(window.edges)[window.groups["edge"]]
        intervals = window.histograms.sum(axis=1)
        places = np.flatnonzero((rows >= 0) & (intervals >= ENOUGH))
        rows = rows[places]
        judged, _, scale = self._expected()
        places, rows = places[judged[rows]], rows[judged[rows]]
        learnt = self._learnt.values
        middle = _thousandths(quantile(window.histograms[places], 0.5))
        weight = np.minimum(intervals[places] / FULL, 1.0)
        unit = _THOUSAND * scale[rows]
        away = np.stack([middle - learnt[rows, _SLOWEST], learnt[rows, _FASTEST] - middle], axis=1)
        steps = np.clip(away / unit[:, None], 0.0, MOST) * weight[:, None] - ALLOWANCE
        self._sums[rows] = np.clip(self._sums[rows] + steps, 0.0, 2 * DECISION)
        changed = (self._sums[rows] > DECISION) & (away > 0)
        strongest: dict[str, tuple[float, int, int]] = {}
        for k in np.flatnonzero(changed.any(axis=1)).tolist():
            edge = window.edges[int(window.groups["edge"][places[k]])]
            size = float(away[k].max())
            if size > strongest.get(device_key(edge), (0.0, 0, 0))[0]:
                strongest[device_key(edge)] = (size, int(places[k]), int(rows[k]))
        return [
            self._finding(window, key, place, row) for key, (_, place, row) in strongest.items()
        ]

    def _expected(self) -> tuple[Array, Array, Array]:
        """Of each learnt edge: whether it is judged, its median and its spread, in bins."""
        if self._usual is None:
            histograms = self._learnt.values[:, :BINS]
            scale = spread(histograms)
            judged = (histograms.sum(axis=1) >= LEARNT_ENOUGH) & (scale <= WIDEST)
            judged &= self._learnt.values[:, _FASTEST] != _NEVER.max
            self._usual = judged, quantile(histograms, 0.5), scale
            self._sums = np.zeros((len(histograms), 2))
        return self._usual

    def _finding(self, window: Window, key: str, place: int, row: int) -> Finding:
        group = window.groups[place]
        edge = window.edges[int(group["edge"])]
        _, usual, _ = self._expected()
        now = float(nanoseconds(quantile(window.histograms[place : place + 1], 0.5))[0])
        was = float(nanoseconds(usual[row : row + 1])[0])
        way = "slower" if now > was else "faster"
        return finding(
            self.rule,
            window,
            subject=subject_of(edge.destination),
            cause=f"{key} {way}",
            because=f"{called(edge.source)} sends {edge.function} to {called(edge.destination)} "
            f"{way}{mode_words(window.mode)}: about every {duration(now)} instead of "
            f"every {duration(was)}.",
            evidence=(
                window.evidence(
                    group,
                    str(edge),
                    expected=f"about every {duration(was)}",
                    actual=f"about every {duration(now)}, {group['count']} times",
                ),
            ),
            span=(int(group["first"]), int(group["last"])),
            count=int(group["count"]),
            source=edge.source,
            target=edge.destination,
            intent=edge.intent,
        )

    def merge(self, other: Self) -> None:
        """Add what another learnt."""
        self._learnt.merge(other._learnt)
        self._usual = None

    def state(self) -> dict[str, Any]:
        """Intervals by bin, and the bounds of the windows' medians in thousandths of a bin."""
        state = {}
        for key in sorted(self._learnt.keys):
            values = self._learnt[key]
            fastest, slowest = int(values[_FASTEST]), int(values[_SLOWEST])
            state[key] = {
                "bins": sparse(values[:BINS]),
                "medians": [fastest, slowest] if fastest <= slowest else [],
            }
        return {"edges": state}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state."""
        never = [int(_NEVER.max), int(_NEVER.min)]
        self._learnt.restore(
            {
                key: [*dense(values["bins"], BINS), *(values["medians"] or never)]
                for key, values in state["edges"].items()
            }
        )
        self._usual = None


def _thousandths(bins: Array) -> Array:
    result: Array = np.rint(bins * _THOUSAND).astype(np.int64)
    return result
