"""Who tries many targets, briefly and mostly in vain: what a scan looks like in one window.

A probe is a path that was opened a few times and carried next to nothing, or a function of a
device that was asked a few times. A master that keeps asking stations which are switched off
is no scan: it asks each of them again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from checkvalve.judge.detectors.network.keyed import Remembered
from checkvalve.judge.window import Breach, Edge, End, Path, Window

Array = np.ndarray[Any, Any]

#: From so many distinct targets on, most of them in vain, it is a scan.
TARGETS: Final = 10
IN_VAIN: Final = 0.6
#: A probe is at most so many openings (or requests), of so many packets each.
MOST_TRIES: Final = 3
MOST_PACKETS: Final = 24


@dataclass(frozen=True, slots=True)
class Probes:
    """What one source tried in one window.

    Attributes:
        source: who tried.
        flows: rows of ``window.flows``.
        groups: rows of ``window.groups``.
        in_vain: of all these, how many brought nothing.
    """

    source: End
    flows: Array
    groups: Array
    in_vain: int

    @property
    def count(self) -> int:
        """Distinct targets tried."""
        return len(self.flows) + len(self.groups)


class Prober:
    """Finds probes; remembers who is who from window to window.

    Args:
        targets: from so many distinct targets on it is a scan.
    """

    def __init__(self, targets: int = TARGETS) -> None:
        self._targets = targets
        self._numbers: dict[str, int] = {}
        self._path_source: Remembered[Path] = Remembered(lambda path: self._number(path.source))
        self._edge_source: Remembered[Edge] = Remembered(lambda edge: self._number(edge.source))
        self._paths: object = None

    def scans(
        self, window: Window, flows: Array | None = None, groups: Array | None = None
    ) -> dict[str, Probes]:
        """What each scanning source tried, by its name.

        Args:
            window: the window.
            flows: mask of the rows of ``window.flows`` that may be probes; all when left out.
            groups: the same for ``window.groups``.
        """
        if window.paths is not self._paths:
            self._paths = window.paths
            self._numbers.clear()
            self._path_source.forget()
            self._edge_source.forget()
        tried, vain_flows = _tried_paths(window.flows)
        asked, vain_groups = _asked_devices(window.groups)
        tried &= flows if flows is not None else True
        asked &= groups if groups is not None else True
        by_path = self._path_source.of(window.paths)[window.flows["path"]]
        by_edge = self._edge_source.of(window.edges)[window.groups["edge"]]
        suspects = np.union1d(
            self._many(by_path, tried, vain_flows), self._many(by_edge, asked, vain_groups)
        )
        found = {}
        for number in suspects.tolist():
            mine_flows = np.flatnonzero(tried & (by_path == number))
            mine_groups = np.flatnonzero(asked & (by_edge == number))
            in_vain = int(vain_flows[mine_flows].sum() + vain_groups[mine_groups].sum())
            source = (
                window.paths[int(window.flows["path"][mine_flows[0]])].source
                if len(mine_flows)
                else window.edges[int(window.groups["edge"][mine_groups[0]])].source
            )
            found[source.name] = Probes(source, mine_flows, mine_groups, in_vain)
        return found

    def breach(self, window: Window) -> Breach:
        """The probes of a window, whatever was learnt: what is a scan is never learnt."""
        edges: set[int] = set()
        paths: set[int] = set()
        for probes in self.scans(window).values():
            edges.update(window.groups["edge"][probes.groups].tolist())
            paths.update(window.flows["path"][probes.flows].tolist())
        return Breach(frozenset(edges), frozenset(paths))

    def _many(self, sources: Array, tried: Array, in_vain: Array) -> Array:
        """Numbers of the sources that tried enough, mostly in vain."""
        size = len(self._numbers)
        if not tried.any():
            return np.zeros(0, np.int64)
        all_of_it = np.bincount(sources[tried], minlength=size)
        vain = np.bincount(sources[tried & in_vain], minlength=size)
        return np.flatnonzero((all_of_it >= self._targets) & (vain >= IN_VAIN * all_of_it))

    def _number(self, end: End) -> int:
        return self._numbers.setdefault(end.name, len(self._numbers))


def _tried_paths(flows: Array) -> tuple[Array, Array]:
    """Masks of the rows that are probes, and of those that brought nothing."""
    tries = np.maximum(flows["opened"], 1)
    tried = (tries <= MOST_TRIES) & (flows["packets"] <= MOST_PACKETS * tries)
    return tried, (flows["answered"] == 0) | (flows["received"] == 0)


def _asked_devices(groups: Array) -> tuple[Array, Array]:
    failed = groups["errors"] + groups["no_reply"] + groups["malformed"]
    return groups["count"] <= MOST_TRIES, failed >= groups["count"]
