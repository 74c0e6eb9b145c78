"""How long each learnt conversation has been silent, counted only when that says something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from checkvalve.findings import Evidence
from checkvalve.judge.detectors.network.keyed import Remembered, device_key
from checkvalve.judge.window import Edge, Window, moment
from checkvalve.plant import Plant

Array = np.ndarray[Any, Any]


class Silence:
    """Running clocks, one for each learnt conversation; bounded by what was learnt.

    Args:
        plant: tells zones.

    Attributes:
        ready: it was told what to expect.
        keys: source, destination, protocol and device of each.
        periods: the usual interval of each, ns.
        silent: how long each has been silent, ns.
        since: when each was last seen, or when watching it began, ns since 1970.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self.forget()

    def forget(self) -> None:
        """Stop watching until told again what to expect."""
        self.ready = False
        self.keys: tuple[str, ...] = ()
        self.periods = np.zeros(0)
        self.silent = np.zeros(0, np.int64)
        self.since = np.zeros(0, np.int64)
        self._waits = np.zeros(0)
        self._ends = np.zeros((0, 2), np.int64)
        self._active: Mapping[str, Array] = {}
        self._packets = np.zeros(0, np.int64)
        self._begun = np.zeros(0, np.int64)
        self._captures: list[str] = []
        self._rows: dict[str, int] = {}
        self._row_of: Remembered[Edge] = Remembered(
            lambda edge: self._rows.get(device_key(edge), -1)
        )
        self._zone_numbers: dict[str, int] = {}
        self._from: Remembered[Edge] = Remembered(lambda edge: self._zone(edge.source.zone))
        self._to: Remembered[Edge] = Remembered(lambda edge: self._zone(edge.destination.zone))

    def expect(
        self,
        waits: Mapping[str, float],
        periods: Mapping[str, float],
        active: Mapping[str, frozenset[str]],
    ) -> None:
        """Begin to watch.

        Args:
            waits: by conversation, the silence from which on it is lost, ns.
            periods: by conversation, its usual interval, ns.
            active: by mode, the conversations that are normally active in it.
        """
        self.forget()
        self.keys = tuple(waits)
        self._rows = {key: row for row, key in enumerate(self.keys)}
        self._waits = np.array([waits[key] for key in self.keys])
        self.periods = np.array([periods[key] for key in self.keys])
        self._active = {
            mode: np.array([key in keys for key in self.keys], bool)
            for mode, keys in active.items()
        }
        ends = [key.split(" ")[:2] for key in self.keys]
        zones = np.array([[self._zone_of(name) for name in pair] for pair in ends], np.int64)
        self._ends = zones.reshape(-1, 2)
        self.silent = np.zeros(len(self.keys), np.int64)
        self.since = np.zeros(len(self.keys), np.int64)
        self._packets = np.zeros(len(self.keys), np.int64)
        self._begun = np.zeros(len(self.keys), np.int64)
        self._captures = [""] * len(self.keys)
        self.ready = True

    def watch(self, window: Window) -> None:
        """Let the clocks run on, and set back those of what was seen."""
        groups = window.groups
        first, end = int(groups["first"].min()), int(groups["last"].max())
        rows = self._row_of.of(window.edges)[groups["edge"]]
        self.since[self.since == 0] = first
        active = self._active.get(window.mode or "")
        if active is not None:
            origins = self._from.of(window.edges)[groups["edge"]]
            targets = self._to.of(window.edges)[groups["edge"]]
            busy = np.zeros(len(self._zone_numbers), bool)
            busy[origins] = busy[targets] = True
            self.silent[active & busy[self._ends].any(axis=1)] += end - first
        self._seen(window, rows, end)

    def excuse(self, window: Window) -> None:
        """Take a window in which the sensor was blind: what was seen is back, no more."""
        rows = self._row_of.of(window.edges)[window.groups["edge"]]
        self._seen(window, rows, 0)

    def lost(self) -> Array:
        """Rows of those that have been silent for longer than they should."""
        return np.flatnonzero(self.silent > self._waits)

    def first_missed(self, row: int) -> int:
        """When the first exchange was due that did not come, ns since 1970."""
        return int(self.since[row] + self.periods[row])

    def last_sight(self, window: Window, row: int) -> Evidence | None:
        """Where a conversation was last seen; ``None`` when it was not since watching began."""
        if not self._captures[row]:
            return None
        source, destination, protocol, _ = self.keys[row].split(" ")
        return Evidence(
            what=f"the last stretch of {source} → {destination} {protocol} begins",
            expected="goes on",
            actual=f"its last exchange was at {moment(int(self.since[row])):%Y-%m-%d %H:%M:%S} UTC",
            capture=self._captures[row],
            packet=int(self._packets[row]),
            at=moment(int(self._begun[row])),
        )

    def _seen(self, window: Window, rows: Array, end: int) -> None:
        known = np.flatnonzero(rows >= 0)
        if not len(known):
            return
        groups = window.groups[known]
        last = np.zeros(len(self.keys), np.int64)
        np.maximum.at(last, rows[known], groups["last"])
        seen = np.flatnonzero(last)
        self.silent[seen] = np.maximum(end - last[seen], 0)
        self.since[seen] = last[seen]
        self._packets[rows[known]] = groups["packet"]
        self._begun[rows[known]] = groups["first"]
        for row, capture in zip(rows[known].tolist(), groups["capture"].tolist(), strict=True):
            self._captures[row] = window.captures[capture]

    def _zone_of(self, name: str) -> int:
        asset = self._plant.assets.get(name)
        return self._zone(asset.zone if asset is not None else self._plant.zone_name_at(name))

    def _zone(self, zone: str) -> int:
        return self._zone_numbers.setdefault(zone, len(self._zone_numbers))
