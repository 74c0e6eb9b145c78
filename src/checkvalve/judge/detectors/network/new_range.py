"""Addresses or objects outside those that a known function used before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self

import numpy as np

from checkvalve.findings import Finding
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.detectors.network.keyed import Keyed, edge_key
from checkvalve.judge.detectors.network.reporting import (
    WATCHING,
    called,
    evidence_of,
    finding,
    listed,
    minutes,
    mode_words,
    subject_of,
    technique,
)
from checkvalve.judge.window import Edge, Window
from checkvalve.plant import Plant
from checkvalve.records import COMMANDS
from checkvalve.rules import Rule

Array = np.ndarray[Any, Any]
_Object = tuple[Edge, str]

#: Learnt observations of an edge, and of its object space, without which it is not judged.
ENOUGH: Final = 20
#: An edge of whose observations more than this share were objects seen once still finds
#: new ones all the time (Good-Turing), so that another says nothing.
STILL_GROWING: Final = 0.01
_COUNT, _LOW_MIN, _LOW_MAX, _HIGH_MIN, _HIGH_MAX = range(5)


class NewRange(Detector):
    """Per edge and object space: the lowest and the highest address ever used.

    Hysteresis: a read range whose bounds moved from window to window while learning may
    move as far again before it is reported. A command's range has none.

    Why it matters:
        Programs read and write the same tables for years. Addresses beyond them are how
        someone finds out what a controller holds, or changes what no screen shows.

    Known limits:
        A range is one interval: a hole in it is not seen. Objects by name (symbols, data
        blocks) are told apart only while their number no longer grows.

    Example:
        The panel wrote holding registers 50 to 51; now it writes 200 to 207.

    References:
        ATT&CK for ICS T0836, T0861, T0801. Good 1953, Biometrika 40.
    """

    rule: ClassVar[Rule] = Rule(
        id="new-range",
        title="Addresses outside the usual range",
        why="Programs use the same tables for years; addresses beyond them are how someone "
        "finds out what a controller holds, or changes what no screen shows.",
        references=(
            technique("T0836", "Modify Parameter"),
            technique("T0861", "Point & Tag Identification"),
            technique("T0801", "Monitor Process State"),
            *WATCHING,
        ),
        cause="A changed program or recipe, an engineer's tool, or someone who looks around.",
        consequence="Parameters are read or changed that this source never touched.",
        response="Look up what lies at these addresses; when they were written, compare them "
        "with the last backup.",
        time_to_respond=minutes(60),
        harmless_if="an open change order for it, and a baseline learnt with it",
    )

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        bounds = (np.minimum, np.maximum, np.minimum, np.maximum)
        self._edges: Keyed[Edge] = Keyed(edge_key, (np.add,))
        self._objects: Keyed[_Object] = Keyed(_object_key, (np.add, *bounds))
        self._run: Sequence[Edge] | None = None
        self._things: list[_Object] = []
        self._places: dict[int, int] = {}
        self._growing: dict[str, bool] | None = None

    def learn(self, window: Window) -> None:
        """Count observations, and widen what is usual."""
        ranges = window.ranges
        places = self._places_of(window)
        bounds = ranges["low"], ranges["low"], ranges["high"], ranges["high"]
        self._objects.learn(self._things, places, np.stack([ranges["count"], *bounds], axis=1))
        self._edges.learn(window.edges, window.groups["edge"], window.groups["count"][:, None])
        self._growing = None

    def judge(self, window: Window) -> list[Finding]:
        """One finding for each edge that left its ranges."""
        if not len(self._objects) or not len(window.ranges):
            return []
        edge_rows = self._edges.rows(window.edges)[window.ranges["edge"]]
        enough = self._edges.values[np.maximum(edge_rows, 0), 0] >= ENOUGH
        judged = np.flatnonzero((edge_rows >= 0) & enough)
        rows = self._object_rows(window)[judged]
        outside: defaultdict[int, list[int]] = defaultdict(list)
        for k in np.flatnonzero(self._suspects(window, judged, rows)).tolist():
            place = int(judged[k])
            edge = window.edges[int(window.ranges["edge"][place])]
            if rows[k] >= 0 or not self._still_grows(edge):
                outside[int(window.ranges["edge"][place])].append(place)
        return [self._finding(window, edge, places) for edge, places in outside.items()]

    def _object_rows(self, window: Window) -> Array:
        places = self._places_of(window)
        rows: Array = self._objects.rows(self._things)[places]
        return rows

    def _suspects(self, window: Window, judged: Array, rows: Array) -> Array:
        """Mask: a new object, or addresses beyond the usual ones and their play."""
        ranges = window.ranges[judged]
        changes = np.array(
            [window.edges[place].intent in COMMANDS for place in ranges["edge"].tolist()], bool
        )
        known = rows >= 0
        learnt = self._objects.values[np.maximum(rows, 0)]
        play_low = np.where(changes, 0, learnt[:, _LOW_MAX] - learnt[:, _LOW_MIN])
        play_high = np.where(changes, 0, learnt[:, _HIGH_MAX] - learnt[:, _HIGH_MIN])
        below = ranges["low"] < learnt[:, _LOW_MIN] - play_low
        above = ranges["high"] > learnt[:, _HIGH_MAX] + play_high
        moved = (learnt[:, _COUNT] >= ENOUGH) & (ranges["low"] >= 0) & (below | above)
        mask: Array = ~known | (known & moved)
        return mask

    def _still_grows(self, edge: Edge) -> bool:
        """Whether an edge used so many objects only once that more were to be expected."""
        if self._growing is None:
            once: defaultdict[str, int] = defaultdict(int)
            for key, values in zip(self._objects.keys, self._objects.values, strict=True):
                once[key.split(_AT, 1)[0]] += int(values[_COUNT] == 1)
            self._growing = {
                key: once[key] > STILL_GROWING * int(values[0])
                for key, values in zip(self._edges.keys, self._edges.values, strict=True)
            }
        return self._growing[edge_key(edge)]

    def _finding(self, window: Window, place: int, rows: list[int]) -> Finding:
        edge = window.edges[place]
        ranges = window.ranges[rows]
        spaces = [window.spaces[int(space)] for space in ranges["space"]]
        seen = [_words(space, row) for space, row in zip(spaces, ranges, strict=True)]
        usual = [self._usual(edge, space) for space in spaces]
        count = int(ranges["count"].sum())
        return finding(
            self.rule,
            window,
            subject=subject_of(edge.destination),
            cause=edge_key(edge),
            because=f"{called(edge.source)} sent {edge.function} to {called(edge.destination)} "
            f"for {listed(seen)}{mode_words(window.mode)}; before it used "
            f"{listed(usual)}.",
            evidence=evidence_of(window, list(ranges), [f"{edge}, {words}" for words in seen]),
            span=(int(ranges["first"].min()), int(ranges["first"].max())),
            count=count,
            source=edge.source,
            target=edge.destination,
            intent=edge.intent,
        )

    def _usual(self, edge: Edge, space: str) -> str:
        key = _object_key((edge, space))
        if key not in self._objects:
            return f"no {space}"
        values = self._objects[key]
        return f"{space} {values[_LOW_MIN]} to {values[_HIGH_MAX]}"

    def _places_of(self, window: Window) -> Array:
        """A place in ``_things`` for each range of a window; another run begins anew."""
        if window.edges is not self._run:
            self._run, self._things, self._places = window.edges, [], {}
        codes = window.ranges["edge"].astype(np.int64) << 32 | window.ranges["space"]
        places = []
        for code in codes.tolist():
            place = self._places.get(code)
            if place is None:
                place = self._places[code] = len(self._things)
                edge, space = window.edges[code >> 32], window.spaces[code & 0xFFFFFFFF]
                self._things.append((edge, space))
            places.append(place)
        return np.array(places, np.int64)

    def merge(self, other: Self) -> None:
        """Add what another learnt."""
        self._edges.merge(other._edges)
        self._objects.merge(other._objects)
        self._growing = None

    def state(self) -> dict[str, Any]:
        """Observations by edge; by object also the bounds of each window's bounds."""
        return {"edges": self._edges.state(), "objects": self._objects.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state."""
        self._edges.restore(state["edges"])
        self._objects.restore(state["objects"])
        self._growing = None


_AT: Final = " @ "


def _object_key(thing: _Object) -> str:
    edge, space = thing
    return f"{edge_key(edge)}{_AT}{space}"


def _words(space: str, row: Any) -> str:  # noqa: ANN401  # a row of a structured array has no type
    if row["low"] < 0:
        return space
    if row["low"] == row["high"]:
        return f"{space} {row['low']}"
    return f"{space} {row['low']} to {row['high']}"
