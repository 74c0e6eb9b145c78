"""A periodic conversation that stopped while the sensor still sees other traffic."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

import numpy as np

from checkvalve.findings import Evidence, Finding
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.detectors.network.folding import Folded, Pair, fold
from checkvalve.judge.detectors.network.intervals import (
    by_time,
    dense,
    nanoseconds,
    quantile,
    sparse,
)
from checkvalve.judge.detectors.network.keyed import Keyed, device_key, edge_key
from checkvalve.judge.detectors.network.reporting import (
    WATCHING,
    called,
    duration,
    finding,
    listed,
    minutes,
    mode_words,
    technique,
)
from checkvalve.judge.detectors.network.silence import Silence
from checkvalve.judge.detectors.network.traits import is_blind
from checkvalve.judge.window import BINS, Edge, End, Window
from checkvalve.plant import Plant
from checkvalve.records import Intent
from checkvalve.rules import Rule

Array = np.ndarray[Any, Any]

#: Lost after so many usual gaps, and after twice a long one, and not within a minute.
PERIODS: Final = 5
GAPS: Final = 2
LEAST_NS: Final = 60_000_000_000
#: Learnt intervals without which nothing is called periodic.
INTERVALS: Final = 20
#: Periodic: 95 % of the time passes in gaps at most so many bins (two octaves) above the one
#: below which half of it passes.
TAIL_BINS: Final = 3.0
#: Normally active in a mode: seen in this share of the time that the mode was seen.
ACTIVE: Final = 0.5
_UNKNOWN_MODE: Final = ""
_PRESENT, _TAIL = 0, 1


class LostConversation(Detector):
    """A poll that stopped: source, destination, protocol and device.

    Silence counts only in modes in which the conversation is normally active, only while
    traffic from or to one of its two zones is seen, and only while the sensor is not blind.
    It is reported when it is longer than five usual gaps, than twice a long one, and than all
    the time that learning saw it absent in such modes.

    Why it matters:
        An operator's screen that stopped reading shows the last good values: nobody sees the
        process any more, and nothing on the screen says so.

    Known limits:
        What was absent for long while learning has to be absent for longer to be reported.
        A poll slower than the windows that it is learnt from is not found. What had stopped
        before watching began is found after the same time.

    Example:
        The operator panel read the filler every 2 s; for 12 minutes it has not.

    References:
        ATT&CK for ICS T0815, T0829.
    """

    rule: ClassVar[Rule] = Rule(
        id="lost-conversation",
        title="A poll that stopped",
        why="A screen or a loop that stopped reading goes on with its last values, and nothing "
        "on it says so.",
        references=(
            technique("T0815", "Denial of View"),
            technique("T0829", "Loss of View"),
            *WATCHING,
        ),
        cause="A program that crashed or was stopped, a machine or a link that is down.",
        consequence="Operators or programs are blind to the process and act on old values.",
        response="Look at the source's screen or program, and at the process itself on the "
        "spot; call its owner.",
        time_to_respond=minutes(10),
        harmless_if="a planned stop of the source or the destination under an open change order",
    )

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self._intervals: Keyed[Edge] = Keyed(edge_key, (np.add,) * BINS)
        # Mode to: ns in which it was seen with the conversation, and the longest silence
        # from its last exchange to a window's end.
        self._present: dict[str, Keyed[Edge]] = {}
        self._seen_ns: dict[str, int] = {}
        self._silence = Silence(plant)

    def learn(self, window: Window) -> None:
        """Add intervals, and the time in which each conversation was there."""
        groups = window.groups
        self._silence.forget()
        self._intervals.learn(window.edges, groups["edge"], window.histograms)
        if is_blind(window) or not len(groups):
            return
        mode = window.mode or _UNKNOWN_MODE
        end, span = _extent(window)
        self._seen_ns[mode] = self._seen_ns.get(mode, 0) + span
        present = self._present.setdefault(mode, Keyed(device_key, (np.add, np.maximum)))
        numbers = present.numbers(window.edges)[groups["edge"]]
        _, where, inverse = np.unique(numbers, return_index=True, return_inverse=True)
        last = np.zeros(len(where), np.int64)
        np.maximum.at(last, inverse, groups["last"])
        values = np.stack([np.full(len(where), span), end - last], axis=1)
        present.learn(window.edges, groups["edge"][where], values)

    def judge(self, window: Window) -> list[Finding]:
        """One finding for each conversation that is gone, or for an end that lost many."""
        if not len(self._intervals) or not len(window.groups):
            return []
        silence = self._silence
        if not silence.ready:
            self._expect()
        if is_blind(window):
            silence.excuse(window)
            return []
        silence.watch(window)
        pairs: dict[tuple[str, str, str], Pair] = {}
        for row in silence.lost().tolist():
            source, destination, protocol, _ = silence.keys[row].split(" ")
            pair = pairs.setdefault(
                (source, destination, protocol), Pair(self._end(source), self._end(destination))
            )
            pair.rows.append(row)
        return [self._finding(window, folded) for folded in fold(pairs)]

    def _expect(self) -> None:
        """Say from which silence on each learnt conversation is lost."""
        histograms = self._intervals.values
        weights = by_time(histograms)
        usual, long = quantile(weights, 0.5), quantile(weights, 0.95)
        wait = np.maximum(PERIODS * nanoseconds(usual), GAPS * nanoseconds(long))
        enough = histograms.sum(axis=1) >= INTERVALS
        wait[~enough | (long - usual > TAIL_BINS)] = np.inf
        waits: dict[str, float] = {}
        periods: dict[str, float] = {}
        rhythms = sorted(zip(self._intervals.keys, wait, nanoseconds(usual), strict=True))
        for key, edge_wait, period in rhythms:
            device = " ".join(key.split(" ", 4)[:4])
            if edge_wait < waits.get(device, np.inf):
                waits[device], periods[device] = float(edge_wait), float(period)
        active: dict[str, frozenset[str]] = {}
        absences = dict.fromkeys(waits, 0)
        for mode, present in self._present.items():
            seen = self._seen_ns[mode]
            active[mode] = frozenset(
                key for key in waits if key in present and present[key][_PRESENT] >= ACTIVE * seen
            )
            for key in active[mode]:
                absences[key] += seen - int(present[key][_PRESENT])
        for key, absence in absences.items():
            tails = [int(p[key][_TAIL]) for p in self._present.values() if key in p]
            waits[key] = max(waits[key], LEAST_NS, absence + max(tails, default=0))
        self._silence.expect(waits, periods, active)

    def _finding(self, window: Window, folded: Folded) -> Finding:
        silence = self._silence
        rows = [row for pair in folded.pairs for row in pair.rows]
        row = max(rows, key=lambda one: silence.silent[one])
        first, one = folded.pairs[0], len(folded.pairs) == 1
        sources = listed(called(pair.source) for pair in folded.pairs)
        targets = listed(called(pair.destination) for pair in folded.pairs)
        protocols = listed(silence.keys[each].split(" ")[2] for each in rows)
        return finding(
            self.rule,
            window,
            subject=folded.subject,
            cause=folded.cause,
            because=f"{sources} stopped asking {targets} ({protocols}): nothing for "
            f"{duration(silence.silent[row])}{mode_words(window.mode)}, where it asked about every "
            f"{duration(silence.periods[row])}, while other traffic is still seen.",
            evidence=self._evidence(window, rows),
            span=(min(silence.first_missed(each) for each in rows), _extent(window)[0]),
            source=first.source if one else None,
            target=first.destination if one else None,
            others=[end.name for pair in folded.pairs for end in (pair.source, pair.destination)],
            intent=Intent.READ,
            zone=first.destination.zone,
        )

    def _evidence(self, window: Window, rows: list[int]) -> tuple[Evidence, ...]:
        shown = tuple(
            item for row in rows[:4] if (item := self._silence.last_sight(window, row)) is not None
        )
        busiest = window.groups[int(np.argmax(window.groups["count"]))]
        edge = window.edges[int(busiest["edge"])]
        other = f"still seen: {edge}, {busiest['count']} times"
        return (*shown, window.evidence(busiest, other))

    def _end(self, name: str) -> End:
        asset = self.plant.assets.get(name)
        if asset is None:
            return End(name, name, declared=False, zone=self.plant.zone_name_at(name), role="")
        address = asset.ips[0] if asset.ips else name
        return End(name, address, declared=True, zone=asset.zone, role=asset.role or "")

    def merge(self, other: Self) -> None:
        """Add what another learnt."""
        self._silence.forget()
        self._intervals.merge(other._intervals)
        for mode, present in other._present.items():
            mine = self._present.setdefault(mode, Keyed(device_key, (np.add, np.maximum)))
            mine.merge(present)
        for mode, seen in other._seen_ns.items():
            self._seen_ns[mode] = self._seen_ns.get(mode, 0) + seen

    def state(self) -> dict[str, Any]:
        """Interval histograms by edge; by mode, how long it was seen, and with whom."""
        return {
            "intervals": {
                key: sparse(histogram)
                for key, histogram in sorted(
                    zip(self._intervals.keys, self._intervals.values, strict=True),
                    key=lambda pair: pair[0],
                )
            },
            "modes": {
                mode: {"present": present.state(), "seen_ns": self._seen_ns[mode]}
                for mode, present in sorted(self._present.items())
            },
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state."""
        self._silence.forget()
        self._intervals.restore(
            {key: dense(counts, BINS) for key, counts in state["intervals"].items()}
        )
        self._present, self._seen_ns = {}, {}
        for mode, learnt in state["modes"].items():
            self._present[mode] = Keyed(device_key, (np.add, np.maximum))
            self._present[mode].restore(learnt["present"])
            self._seen_ns[mode] = learnt["seen_ns"]


def _extent(window: Window) -> tuple[int, int]:
    """The last exchange of a window, and how long after the first it was, in ns."""
    first, last = int(window.groups["first"].min()), int(window.groups["last"].max())
    return last, last - first
