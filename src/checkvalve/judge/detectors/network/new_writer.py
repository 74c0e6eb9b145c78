"""The first write, control or program exchange on a conversation that only read."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np

from checkvalve.findings import Finding
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.detectors.network.keyed import Keyed, conversation_key, device_key
from checkvalve.judge.detectors.network.reporting import (
    WATCHING,
    called,
    evidence_of,
    finding,
    listed,
    minutes,
    mode_words,
    strongest,
    subject_of,
    technique,
)
from checkvalve.judge.detectors.network.traits import Changing
from checkvalve.judge.window import Edge, Window
from checkvalve.plant import Plant
from checkvalve.rules import Rule

_READS, _COMMANDS = 0, 1


class NewWriter(Detector):
    """A reader that writes: same source, same destination, same protocol and device.

    Why it matters:
        Whoever reads a controller can often write it too: nothing in most protocols keeps
        one from the other. That a reader begins to write is the shortest way from a machine
        that was taken over to the process.

    Known limits:
        A write on a conversation that is new itself is told by ``new_conversation``, with
        the write in its words. A function that reads and writes at once counts as a write.

    Example:
        The quality system read the filler's level for ten days; now it writes a setpoint.

    References:
        ATT&CK for ICS T0855, T0836.
    """

    rule: ClassVar[Rule] = Rule(
        id="new-writer",
        title="A reader that writes",
        why="A machine that only read a controller now changes it: the shortest way from a "
        "machine that was taken over to the process.",
        references=(
            technique("T0855", "Unauthorized Command Message"),
            technique("T0836", "Modify Parameter"),
            *WATCHING,
        ),
        cause="A machine was taken over, a program was changed, or a person uses the wrong one.",
        consequence="The process runs on someone else's values.",
        response="Ask the shift lead whether anyone changed this on purpose, and compare the "
        "setpoints with the recipe.",
        time_to_respond=minutes(10),
        harmless_if="an open change order that lets this source write this destination",
    )

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self._learnt: Keyed[Edge] = Keyed(device_key, (np.add, np.add))
        self._changing = Changing()

    def learn(self, window: Window) -> None:
        """Count what reads and what changes, for each conversation and device."""
        changing = self._changing.of(window.edges)[window.groups["edge"]]
        counts = window.groups["count"]
        values = np.stack([counts * ~changing, counts * changing], axis=1)
        self._learnt.learn(window.edges, window.groups["edge"], values)

    def judge(self, window: Window) -> list[Finding]:
        """One finding for each conversation that began to write."""
        places = window.groups["edge"]
        rows = self._learnt.rows(window.edges)[places]
        known = self._learnt.values[rows] if len(self._learnt) else np.zeros((len(rows), 2), int)
        changing = self._changing.of(window.edges)[places]
        only_read = (rows >= 0) & (known[:, _COMMANDS] == 0)
        by_conversation: dict[str, list[int]] = {}
        for row in np.flatnonzero(changing & only_read).tolist():
            key = conversation_key(window.edges[int(places[row])])
            by_conversation.setdefault(key, []).append(row)
        return [self._finding(window, key, rows) for key, rows in by_conversation.items()]

    def _finding(self, window: Window, key: str, rows: list[int]) -> Finding:
        groups = window.groups[rows]
        edges = [window.edges[int(place)] for place in groups["edge"]]
        learnt = {device_key(edge): self._learnt[device_key(edge)] for edge in edges}
        reads = sum(int(values[_READS]) for values in learnt.values())
        count = int(groups["count"].sum())
        failed = int((groups["errors"] + groups["no_reply"] + groups["malformed"]).sum())
        end = "; all failed" if failed == count else ""
        first = edges[0]
        return finding(
            self.rule,
            window,
            subject=subject_of(first.destination),
            cause=key,
            because=f"{called(first.source)} sent {listed(edge.function for edge in edges)} to "
            f"{called(first.destination)} {count}x{mode_words(window.mode)}, after {reads} "
            f"reads and never a write{end}.",
            evidence=evidence_of(
                window,
                list(groups),
                [f"{edge}, {row['count']} times" for edge, row in zip(edges, groups, strict=True)],
            ),
            span=(int(groups["first"].min()), int(groups["last"].max())),
            count=count,
            source=first.source,
            target=first.destination,
            intent=strongest(edge.intent for edge in edges),
        )

    def merge(self, other: Self) -> None:
        """Add what another learnt."""
        self._learnt.merge(other._learnt)

    def state(self) -> dict[str, Any]:
        """Reads and commands by conversation and device."""
        return {"conversations": self._learnt.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state."""
        self._learnt.restore(state["conversations"])
