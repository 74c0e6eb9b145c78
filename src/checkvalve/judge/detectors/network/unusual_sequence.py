"""A succession of commands that was never seen in this process mode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np

from checkvalve.findings import Finding
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.detectors.network.keyed import Remembered
from checkvalve.judge.detectors.network.reporting import (
    WATCHING,
    called,
    evidence_of,
    finding,
    minutes,
    subject_of,
    technique,
)
from checkvalve.judge.detectors.network.succession import Counts
from checkvalve.judge.window import Edge, Window
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule

Array = np.ndarray[Any, Any]

#: A command this long after another does not follow it.
PAUSE_NS: Final = 600_000_000_000
#: Commands to a device without which its successions are not judged in a mode.
ENOUGH: Final = 20
#: A mode must have been seen so long before *never in this mode* means anything.
MODE_ENOUGH_NS: Final = 3_600_000_000_000
#: Which commands a window holds: no other before it.
_ANY: Final = ""


@dataclass(frozen=True, slots=True)
class _Step:
    """Commands of one kind to one device, after commands of one kind.

    Attributes:
        device: destination, protocol and device.
        before: the function before; empty: whatever it was.
        after: the function that followed.
        count: how often.
        row: of the first in ``window.commands``.
        earlier: row of the command before it; -1: none within the pause.
    """

    device: str
    before: str
    after: str
    count: int
    row: int
    earlier: int


class UnusualSequence(Detector):
    """Transitions between write, control and program exchanges, per device and process mode.

    A function that never came in this mode is reported alone; one that did, when it follows
    one that it never followed in this mode.

    Why it matters:
        Machines are commanded in fixed orders: select before operate, stop before download.
        An order that was never seen is a person at a keyboard, or a program that is not the
        plant's.

    Known limits:
        An unknown process mode makes no finding: one cannot tell. Successions within a
        window alone: what follows across its end is not seen. Functions, not values: a
        setpoint out of its limits is another detector's.

    Example:
        Stop, then program: 0 of 4,812 in production, 31 in maintenance.

    References:
        ATT&CK for ICS T0855, T0858, T0843. IEEE 1815-2012, clause 4.4.4 (select before
        operate).
    """

    rule: ClassVar[Rule] = Rule(
        id="unusual-sequence",
        title="Unusual command sequence",
        why="Machines are commanded in fixed orders; one that was never seen in this process "
        "mode is a person at a keyboard, or a program that is not the plant's.",
        references=(
            technique("T0855", "Unauthorized Command Message"),
            technique("T0858", "Change Operating Mode"),
            technique("T0843", "Program Download"),
            Reference("IEC 62443-3-3", "SR 3.5", "Input validation"),
            *WATCHING,
        ),
        cause="Work that belongs into another mode, a faulty program, or an attack's commands.",
        consequence="The machine may do what the process is not ready for.",
        response="Ask the shift lead who commands the machine; be ready to stop it by hand.",
        time_to_respond=minutes(10),
        harmless_if="an open change order for these commands in this process mode",
    )

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self._counts = Counts()
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._device: Remembered[Edge] = Remembered(lambda edge: self._number(_device(edge)))
        self._function: Remembered[Edge] = Remembered(lambda edge: self._number(edge.function))
        self._run: object = None

    def learn(self, window: Window) -> None:
        """Count which command follows which; nothing while the mode is unknown."""
        if window.mode is None or not len(window.groups):
            return
        span = int(window.groups["last"].max() - window.groups["first"].min())
        self._counts.see(window.mode, span)
        for step in self._steps(window):
            self._counts.add(window.mode, step.device, step.before, step.after, step.count)

    def judge(self, window: Window) -> list[Finding]:
        """One finding for each new succession, or for a function new in this mode."""
        if window.mode is None or not self._counts or not len(window.commands):
            return []
        steps = list(self._steps(window))
        mode = window.mode
        never = {
            (step.device, step.after)
            for step in steps
            if step.before == _ANY and self._is_new_in_mode(mode, step)
        }
        found = []
        for step in steps:
            if step.before == _ANY:
                if (step.device, step.after) in never:
                    found.append(self._finding(window, mode, step))
            elif (step.device, step.after) not in never and self._is_new_order(mode, step):
                found.append(self._finding(window, mode, step))
        return found

    def _is_new_in_mode(self, mode: str, step: _Step) -> bool:
        counts = self._counts
        return (
            counts.seen_ns(mode) >= MODE_ENOUGH_NS
            and counts.commands(step.device) >= ENOUGH
            and counts.after(mode, step.device, _ANY, step.after) == 0
        )

    def _is_new_order(self, mode: str, step: _Step) -> bool:
        counts = self._counts
        return (
            counts.commands(step.device, mode) >= ENOUGH
            and counts.after(mode, step.device, step.before, step.after) == 0
        )

    def _steps(self, window: Window) -> Iterator[_Step]:
        """The successions of a window, each kind once."""
        if window.edges is not self._run:
            self._run, self._names = window.edges, []
            self._numbers.clear()
            self._device.forget()
            self._function.forget()
        commands = window.commands
        if not len(commands):
            return
        device = self._device.of(window.edges)[commands["edge"]]
        function = self._function.of(window.edges)[commands["edge"]]
        narrow = device.astype(np.min_scalar_type(len(self._names)))  # sorts three times as fast
        order = np.argsort(narrow, kind="stable")
        device, function, time = device[order], function[order], commands["time"][order]
        follows = (device[1:] == device[:-1]) & (np.diff(time) <= PAUSE_NS)
        yield from self._each(order, device, np.full(len(order), -1), function, order * 0 - 1)
        after = np.flatnonzero(follows) + 1
        yield from self._each(
            order[after], device[after], function[after - 1], function[after], order[after - 1]
        )

    def _each(
        self, rows: Array, device: Array, before: Array, after: Array, earlier: Array
    ) -> Iterator[_Step]:
        if not len(rows):
            return
        size = len(self._names)
        codes = (device * (size + 1) + before + 1) * size + after
        kinds, where, counts = np.unique(codes, return_index=True, return_counts=True)
        for code, at, count in zip(kinds.tolist(), where.tolist(), counts.tolist(), strict=True):
            rest, last = divmod(code, size)
            machine, first = divmod(rest, size + 1)
            yield _Step(
                self._names[machine],
                self._names[first - 1] if first else _ANY,
                self._names[last],
                count,
                int(rows[at]),
                int(earlier[at]),
            )

    def _finding(self, window: Window, mode: str, step: _Step) -> Finding:
        row = window.commands[step.row]
        edge = window.edges[int(row["edge"])]
        rows, words = [row], [str(edge)]
        if step.earlier >= 0:
            rows.insert(0, window.commands[step.earlier])
            words.insert(0, str(window.edges[int(rows[0]["edge"])]))
        name = f"{step.before} then {step.after}" if step.before else step.after
        return finding(
            self.rule,
            window,
            subject=subject_of(edge.destination),
            cause=f"{step.device} {name} {mode}",
            because=f"{called(edge.destination)} was commanded {name} by "
            f"{called(edge.source)} {step.count}x in {mode}; "
            f"{self._counts.told(mode, step.device, step.before, step.after)}.",
            evidence=evidence_of(window, rows, words),
            span=(int(row["time"]), int(row["time"])),
            count=step.count,
            source=edge.source,
            target=edge.destination,
            intent=edge.intent,
        )

    def _number(self, name: str) -> int:
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self._names)
            self._names.append(name)
        return number

    def merge(self, other: Self) -> None:
        """Add what another learnt."""
        self._counts.merge(other._counts)

    def state(self) -> dict[str, Any]:
        """Counts by mode, device and succession."""
        return self._counts.state()

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state."""
        self._counts.restore(state)


def _device(edge: Edge) -> str:
    device = str(edge.device) if edge.device >= 0 else "-"
    return f"{edge.destination.name} {edge.protocol} {device}"
