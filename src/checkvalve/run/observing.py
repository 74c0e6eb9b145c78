"""Captures to windows and records: what learning and watching have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from checkvalve.errors import UsageError
from checkvalve.judge.grouping import Grouper
from checkvalve.judge.modes import ModeClock
from checkvalve.judge.window import Window
from checkvalve.observe.captures.files import Capture
from checkvalve.observe.dissector import Dissector, Limits, Seen
from checkvalve.observe.samples import Samples
from checkvalve.plant import Plant

Array = np.ndarray[Any, Any]

#: Packets after which a part of an hour is handed on, so that findings do not wait for it.
PART_PACKETS: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Observed:
    """What some packets showed.

    Attributes:
        windows: in order of time.
        records: exchange, flow, sample and gap batches.
        packets: packets of the capture that are done with.
        until: the latest time seen so far, ns since 1970.
        complete: all the windows so far are handed on, so that a step may end here.
    """

    windows: tuple[Window, ...]
    records: tuple[pa.RecordBatch, ...]
    packets: int
    until: int
    complete: bool


class Observer:
    """Turns the captures of one site into windows.

    Args:
        plant: tags, process modes and addresses.
        site: the site's id.
        limits: what the dissector may hold.
    """

    def __init__(self, plant: Plant, site: str, *, limits: Limits | None = None) -> None:
        self.site = site
        self.dissector = Dissector(site, limits=limits)
        self._samples = Samples(plant, site)
        self._modes = ModeClock(plant, site)
        self._grouper = Grouper(plant, site)
        self._packets, self._until = 0, 0

    def read(
        self, capture: Capture, tick: Callable[[int], None] | None = None
    ) -> Iterator[Observed]:
        """Observe one capture.

        Args:
            capture: read once.
            tick: told the octets of the file that were read, for progress.
        """
        begun = 0
        self._packets = 0
        for seen in self.dissector.read(capture):
            self._packets, self._until = seen.packets, seen.until
            windows, samples = self._windows(seen)
            if tick is not None:
                tick(capture.octets_read)
            if seen.packets - begun >= PART_PACKETS or capture.ends_part(seen.packets):
                begun = seen.packets
                windows += self._flush()
                yield self._observed(seen, windows, samples, complete=True)
            else:
                yield self._observed(seen, windows, samples, complete=False)
        yield self.pause()

    def pause(self) -> Observed:
        """Hand on what is in hand: a capture ended, or may go on some time."""
        return Observed(tuple(self._flush()), (), self._packets, self._until, complete=True)

    def finish(self) -> Iterator[Observed]:
        """Observe what was still open after the last capture."""
        for seen in self.dissector.finish():
            windows, samples = self._windows(seen)
            yield self._observed(seen, windows + self._flush(), samples, complete=True)

    @staticmethod
    def _observed(
        seen: Seen, windows: list[Window], samples: pa.RecordBatch, *, complete: bool
    ) -> Observed:
        batches = (seen.exchanges, seen.flows, samples, seen.gaps)
        records = tuple(batch for batch in batches if batch.num_rows)
        return Observed(tuple(windows), records, seen.packets, seen.until, complete)

    def _flush(self) -> list[Window]:
        window = self._grouper.flush()
        return [window] if window is not None else []

    def _windows(self, seen: Seen) -> tuple[list[Window], pa.RecordBatch]:
        """Group one batch, mode by mode."""
        samples = self._samples.of(seen)
        self._modes.show(samples)
        exchanges = self._by_mode(seen.exchanges)
        flows = self._by_mode(seen.flows)
        nothing = seen.gaps.slice(0, 0)
        found: list[Window] = []
        stretches = sorted(exchanges.keys() | flows.keys(), key=lambda stretch: stretch[0])
        for place, stretch in enumerate(stretches):
            found += self._grouper.add(
                exchanges.get(stretch, seen.exchanges.slice(0, 0)),
                flows.get(stretch, seen.flows.slice(0, 0)),
                seen.gaps if place == 0 else nothing,
                stretch[1],
            )
        return found, samples

    def _by_mode(self, rows: pa.RecordBatch) -> dict[tuple[int, str | None], pa.RecordBatch]:
        """The rows of each stretch in one mode, in order of time."""
        if not rows.num_rows:
            return {}
        times = np.ascontiguousarray(rows.column("time").cast(pa.int64()).to_numpy())
        return {
            (start, mode): rows if mask is None else rows.filter(pa.array(mask))
            for start, mode, mask in self._modes.split(times)
        }


def site_of(plant: Plant, named: str | None) -> str:
    """The site that is meant.

    Raises:
        UsageError: it is not declared, or several are and none was named.
    """
    known = ", ".join(sorted(plant.sites)) or "none"
    if named is not None:
        if named not in plant.sites:
            raise UsageError(f"there is no site '{named}'", hint=f"declared: {known}")
        return named
    if len(plant.sites) == 1:
        return next(iter(plant.sites))
    if not plant.sites:
        return ""
    raise UsageError("the plant has several sites", hint=f"name one with --site: {known}")
