"""Watching: captures to recorded findings and incidents, step by step.

A step ends where all its windows are handed on; it is recorded as a whole or not at all. A
capture that was watched before is read again up to where that run ended, so that all running
state is as it was, and what was recorded then is passed over: nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa

from checkvalve.chain import Entry
from checkvalve.findings import Finding
from checkvalve.judge.baseline import Baseline
from checkvalve.judge.window import End, Window
from checkvalve.keep.facts import Mark
from checkvalve.keep.facts import Progress as Place
from checkvalve.keep.keeper import Keeper
from checkvalve.keep.step import PROGRAM, Step
from checkvalve.observe.captures.files import STANDARD_INPUT, Capture
from checkvalve.plant import COMPUTED_ZONES, Plant
from checkvalve.run.judging import Judge, add_up
from checkvalve.run.observing import Observed, Observer
from checkvalve.run.progress import Progress, silent

#: While a capture grows, what it showed is judged and recorded so often, and not only by the
#: hour. Shorter parts would show less of what is slow.
LIVE_PART: Final = timedelta(minutes=1)


@dataclass(slots=True)
class Summary:
    """What a run saw, in figures.

    Attributes:
        packets: packets read, those of an earlier run included.
        exchanges: operations recorded in this run.
        findings: sightings in this run.
        new: findings whose cause was not known before.
        passed_over: packets that an earlier run had recorded.
        crashed: rule id to what happened, of members that crashed.
        undecided: rule id to how often it could not tell.
        gaps: what could not be seen, by kind: events or octets.
        octets: payload octets of all flows, and of those with neither end in a declared zone.
        outside: see ``octets``.
        asides: what people handed in meanwhile and could not be done, one sentence each.
    """

    packets: int = 0
    exchanges: int = 0
    findings: int = 0
    new: int = 0
    passed_over: int = 0
    crashed: dict[str, str] = field(default_factory=dict)
    undecided: dict[str, int] = field(default_factory=dict)
    gaps: dict[str, int] = field(default_factory=dict)
    octets: int = 0
    outside: int = 0
    asides: list[str] = field(default_factory=list)


class Watch:
    """One run of watching.

    Args:
        plant: what is declared.
        site: the site's id.
        baseline: what was learnt; ``None``: only checks judge.
        keeper: where all is recorded.
        now: the clock.
        told: given the new findings of each step.
    """

    def __init__(
        self,
        plant: Plant,
        site: str,
        baseline: Baseline | None,
        keeper: Keeper,
        now: Callable[[], datetime],
        *,
        told: Callable[[tuple[Finding, ...]], None] | None = None,
    ) -> None:
        self._observer = Observer(plant, site)
        self._judge = Judge(plant, baseline)
        self._keeper = keeper
        self._now = now
        self._told = told
        self._handed_on = datetime.min.replace(tzinfo=UTC)
        self._noted: frozenset[str] = frozenset()  # members whose crash is in the ledger
        self.summary = Summary()

    def run(
        self,
        paths: Iterable[str],
        *,
        follow: Callable[[], bool] | None = None,
        progress: Progress = silent,
    ) -> Summary:
        """Watch captures in their order, and record what they show.

        Args:
            paths: files, or ``-``.
            follow: asked at the end of the last file; as long as it answers ``True`` that
                file is expected to grow.
            progress: told how far each capture is read.

        Raises:
            CaptureError: one is no capture.
            StorageError: something can't be read or recorded; what was recorded stays.
        """
        names = list(paths)
        steps: _Steps | None = None
        for place, path in enumerate(names):
            known = self._place(path)
            boundary = known.packet if known is not None else 0
            steps = _Steps(self, path, boundary)
            is_last = place == len(names) - 1
            wait = partial(self._wait, steps, follow) if follow is not None and is_last else None
            capture = Capture(path, follow=wait, boundary=boundary)
            with progress(capture.name, capture.octets()) as tick:
                for observed in self._observer.read(capture, tick):
                    steps.take(observed)
            self.summary.packets += steps.packets
            self.summary.passed_over += min(boundary, steps.packets)
        if steps is not None:
            steps.finish(self._observer.finish())
        self.summary.crashed = self._judge.crashed
        self.summary.undecided = self._judge.undecided
        return self.summary

    def _wait(self, steps: _Steps, follow: Callable[[], bool]) -> bool:
        """Use the time in which a capture does not grow; whether to wait on."""
        now = self._now()
        if now - self._handed_on >= LIVE_PART:
            steps.take(self._observer.pause())
            self._handed_on = now
        self.summary.asides += map(str, self._keeper.fold().asides)
        return follow()

    def _place(self, path: str) -> Place | None:
        """How far an earlier run came in this very file."""
        if path == STANDARD_INPUT:
            return None
        known = self._keeper.store.progress().get(_name(path))
        found = _fingerprint(path)
        same = known is not None and known.inode == found.inode and known.size <= found.size
        return known if same else None

    def judge(self, observed: Observed) -> list[Finding]:
        """All findings of what was observed."""
        for window in observed.windows:
            self._count_outside(window)
        return [finding for window in observed.windows for finding in self._judge.judge(window)]

    def record(
        self,
        path: str,
        packets: int,
        records: list[pa.RecordBatch],
        findings: list[Finding],
        *,
        last: bool,
    ) -> None:
        """Record one step.

        Args:
            path: the capture.
            packets: packets of it that are done with.
            records: the step's record batches.
            findings: its sightings.
            last: it is what was still open when the captures ended.
        """
        now = self._now()
        place = () if path == STANDARD_INPUT else (_fingerprint(path, packets),)
        stream = f"{_name(path)} {place[0].inode}" if place else f"stdin {now.isoformat()}"
        crashed = self._judge.crashed.keys() - self._noted
        committed = self._keeper.commit(
            Step(
                mark=Mark(stream, 2 * packets + last),
                at=now,
                records=records,
                findings=tuple(add_up(findings)),
                progress=place,
                decisions=self._crashes(now, crashed),
            )
        )
        if not committed.recorded:
            return
        self._noted |= crashed
        self.summary.findings += len(findings)
        self.summary.new += len(committed.new)
        self.summary.exchanges += sum(
            batch.num_rows for batch in records if "request_octets" in batch.schema.names
        )
        for batch in records:
            if "sensor" in batch.schema.names:
                self._count_gaps(batch)
        if self._told is not None and committed.new:
            self._told(committed.new)

    def _crashes(self, now: datetime, rules: Iterable[str]) -> tuple[Entry, ...]:
        return tuple(
            Entry(now, "part crashed", PROGRAM, {"rule": rule, "error": self._judge.crashed[rule]})
            for rule in sorted(rules)
        )

    def _count_outside(self, window: Window) -> None:
        octets = window.flows["sent"] + window.flows["received"]
        self.summary.octets += int(octets.sum())
        self.summary.outside += sum(
            int(count)
            for place, count in zip(window.flows["path"].tolist(), octets.tolist(), strict=True)
            if _is_outside(window.paths[place].source, window.paths[place].destination)
        )

    def _count_gaps(self, batch: pa.RecordBatch) -> None:
        columns = batch.select(["kind", "count", "octets"]).to_pylist()
        for row in columns:
            kind = row["kind"]
            self.summary.gaps[kind] = self.summary.gaps.get(kind, 0) + (
                row["octets"] or row["count"]
            )


class _Steps:
    """Gathers what was observed of one capture into steps, and records them."""

    def __init__(self, watch: Watch, path: str, boundary: int) -> None:
        self._watch = watch
        self._path = path
        self._boundary = boundary
        self._records: list[pa.RecordBatch] = []
        self._findings: list[Finding] = []
        self.packets = 0

    def take(self, observed: Observed) -> None:
        """Judge what was observed; record it when a step ends with it."""
        self.packets = observed.packets
        self._findings += self._watch.judge(observed)
        if observed.packets <= self._boundary:
            self._findings.clear()
            return
        self._records += observed.records
        if observed.complete and (self._records or self._findings):
            self._record(observed.packets)

    def finish(self, rest: Iterator[Observed]) -> None:
        """Judge and record what was open when the last capture ended."""
        passed_over = self.packets <= self._boundary
        for observed in rest:
            findings = self._watch.judge(observed)
            if not passed_over:
                self._records += observed.records
                self._findings += findings
        if not passed_over and (self._records or self._findings):
            # Its own mark: the packets are those of the step before.
            self._record(self.packets, last=True)

    def _record(self, packets: int, *, last: bool = False) -> None:
        self._watch.record(self._path, packets, self._records, self._findings, last=last)
        self._records = []
        self._findings = []


def _is_outside(source: End, destination: End) -> bool:
    """Whether neither end is in a declared zone."""
    return source.zone in COMPUTED_ZONES and destination.zone in COMPUTED_ZONES


def _name(path: str) -> str:
    return str(Path(path).resolve())


def _fingerprint(path: str, packets: int = 0) -> Place:
    found = Path(path).stat()
    return Place(_name(path), found.st_size, found.st_mtime_ns, found.st_ino, 0, packets)
