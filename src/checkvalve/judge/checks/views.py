"""A window as checks look at it: its paths, and what was asked over each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from checkvalve.judge.checks.declared import family
from checkvalve.judge.checks.tagged import Commands
from checkvalve.judge.window import Edge, Path, Window

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class SeenEdge:
    """An edge that a window saw.

    Attributes:
        edge: who asked whom for what.
        place: its place in ``window.edges``.
        row: its row in ``window.groups``.
    """

    edge: Edge
    place: int
    row: int


@dataclass(frozen=True, slots=True)
class SeenPath:
    """A path that a window saw.

    Attributes:
        path: who opened what to whom.
        place: its place in ``window.paths``.
        row: its row in ``window.flows``.
        answered: whether the other end answered.
    """

    path: Path
    place: int
    row: int
    answered: bool


@dataclass(frozen=True)
class Traffic:
    """Paths and edges of a window beside each other; made once for all checks.

    Attributes:
        window: what it shows.
    """

    window: Window

    @cached_property
    def paths(self) -> tuple[SeenPath, ...]:
        """All paths."""
        flows, known = self.window.flows, self.window.paths
        return tuple(
            SeenPath(known[place], place, row, answered)
            for row, (place, answered) in enumerate(
                zip(flows["path"].tolist(), (flows["answered"] > 0).tolist(), strict=True)
            )
        )

    @cached_property
    def edges(self) -> tuple[SeenEdge, ...]:
        """All edges."""
        known = self.window.edges
        return tuple(
            SeenEdge(known[place], place, row)
            for row, place in enumerate(self.window.groups["edge"].tolist())
        )

    @cached_property
    def paths_between_zones(self) -> tuple[SeenPath, ...]:
        """The paths whose ends are in different zones."""
        return tuple(
            seen for seen in self.paths if seen.path.source.zone != seen.path.destination.zone
        )

    @cached_property
    def edges_between_zones(self) -> tuple[SeenEdge, ...]:
        """The edges whose ends are in different zones."""
        return tuple(
            seen for seen in self.edges if seen.edge.source.zone != seen.edge.destination.zone
        )

    @cached_property
    def commands(self) -> Commands:
        """The commands, by edge and by tag."""
        return Commands(self.window)

    def over(self, path: Path) -> tuple[SeenEdge, ...]:
        """What was asked between a path's ends in the protocol that it speaks."""
        key = (path.source.name, path.destination.name, family(path.protocol))
        return tuple(self._conversations.get(key, ()))

    def answers(self, path: Path) -> bool:
        """Whether it is ICMP towards one that opened something itself: an error message."""
        ends = (path.destination.name, path.source.name)
        return path.transport.startswith("icmp") and ends in self._openings

    def spaces(self, place: int) -> tuple[str, ...]:
        """The object spaces that an edge used, in order of appearance.

        Args:
            place: in ``window.edges``.
        """
        ranges = self._ranges
        begin, end = np.searchsorted(ranges["edge"], (place, place + 1))
        return tuple(self.window.spaces[space] for space in ranges["space"][begin:end].tolist())

    @cached_property
    def _openings(self) -> frozenset[tuple[str, str]]:
        return frozenset(
            (seen.path.source.name, seen.path.destination.name)
            for seen in self.paths
            if not seen.path.transport.startswith("icmp")
        )

    @cached_property
    def _ranges(self) -> Array:
        return self.window.ranges[np.argsort(self.window.ranges["edge"], kind="stable")]

    @cached_property
    def _conversations(self) -> dict[tuple[str, str, str], list[SeenEdge]]:
        found: dict[tuple[str, str, str], list[SeenEdge]] = {}
        for seen in self.edges:
            source, destination, protocol = seen.edge.conversation
            found.setdefault((source, destination, family(protocol)), []).append(seen)
        return found
