"""The process mode of a site: from a declared tag on the wire, else a schedule, else unknown."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, Final

import numpy as np
import pyarrow as pa

from checkvalve.judge.window import moment
from checkvalve.plant import Plant

Array = np.ndarray[Any, Any]


#: Changes of the mode that are surely remembered.
REMEMBERED: Final = 2_048


class ModeClock:
    """Tells the process mode at a time, as far as it has been shown.

    A tag holds until it shows another value; its schedule is asked only until the tag was
    first read, since a wrong schedule must not speak against the wire. A value that the tag
    does not translate makes the mode unknown.

    Args:
        plant: the site's mode tag and schedule.
        site: the site's id; one that is not declared has no mode.
    """

    def __init__(self, plant: Plant, site: str) -> None:
        self._plant = plant
        self._site = site
        declared = plant.sites.get(site)
        self._tag = plant.mode_tag(site) if declared is not None else None
        self._schedule = declared is not None and bool(declared.schedule)
        self._values: dict[float, str] = {}
        if self._tag is not None and declared is not None:
            words = {**declared.mode_values, **self._tag.values}
            self._values = {float(raw): mode for raw, mode in words.items()}
        self._times: list[int] = []
        self._modes: list[str | None] = []
        self._dropped = 0

    def show(self, samples: pa.RecordBatch) -> None:
        """Take the samples of a batch; times that went by before the last are ignored."""
        if self._tag is None or not samples.num_rows:
            return
        chosen = [
            (time, value)
            for time, tag, value in zip(
                samples.column("time").cast(pa.int64()).to_pylist(),
                samples.column("tag").to_pylist(),
                samples.column("value").to_pylist(),
                strict=True,
            )
            if tag == self._tag.id
        ]
        for time, value in chosen:
            mode = self._values.get(value)
            known = bool(self._times)
            if (not known or mode != self._modes[-1]) and (not known or time >= self._times[-1]):
                self._times.append(time)
                self._modes.append(mode)
        if len(self._times) > 2 * REMEMBERED:
            del self._times[:REMEMBERED], self._modes[:REMEMBERED]
            self._dropped += REMEMBERED

    def mode_at(self, time: int) -> str | None:
        """The mode at a time in ns since 1970; ``None`` is unknown."""
        place = bisect_right(self._times, time)
        if place:
            return self._modes[place - 1]
        if self._schedule and not self._dropped:
            return self._plant.scheduled_mode(self._site, moment(time))
        return None

    def split(self, times: Array) -> list[tuple[int, str | None, Array | None]]:
        """The stretches of one mode in which these times lie.

        Args:
            times: ns since 1970, shape ``[rows]``.

        Returns:
            In order of time: a number that the same stretch always has, its mode, and the
            mask of its times; ``None`` when all lie in it.
        """
        if not len(times):
            return []
        low, high = int(times.min()), int(times.max())
        if self._tag is None:
            return self._by_minute(times, low, high) if self._schedule else [(0, None, None)]
        begin, end = bisect_right(self._times, low), bisect_right(self._times, high)
        if begin == end:
            return [(self._dropped + begin, self.mode_at(low), None)]
        place = np.searchsorted(np.array(self._times[begin:end], np.int64), times, side="right")
        found: list[tuple[int, str | None, Array | None]] = []
        for k in range(end - begin + 1):
            mask = place == k
            if mask.any():
                at = begin + k
                mode = self._modes[at - 1] if at else self.mode_at(low)
                found.append((self._dropped + at, mode, mask))
        return found

    def _by_minute(
        self, times: Array, low: int, high: int
    ) -> list[tuple[int, str | None, Array | None]]:
        """Schedules change on the minute: ask once a minute."""
        minute = 60_000_000_000
        if low // minute == high // minute:
            return [(low // minute, self.mode_at(low), None)]
        minutes = times // minute
        return [
            (int(each), self.mode_at(int(each) * minute), minutes == each)
            for each in np.unique(minutes)
        ]
