"""A function that a known conversation and device never used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, ClassVar, Final, Self

import numpy as np

from checkvalve.findings import Finding, Subject
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.detectors.network.fan_out import Prober
from checkvalve.judge.detectors.network.keyed import (
    Known,
    conversation_key,
    device_key,
    edge_key,
    texts_state,
)
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
from checkvalve.records import COMMANDS
from checkvalve.rules import Rule

#: From so many destinations in one window on, the source is one question.
MANY: Final = 4


class NewFunction(Detector):
    """Same source, same destination, same device: a function that was never used there.

    Why it matters:
        A screen reads, an engineering program also downloads. A function that was never
        used tells that another program, or another person, is at work.

    Known limits:
        Functions as the protocol names them: a rare but usual one (a yearly clock change)
        is new when learning did not see it. A first command on a conversation that only read
        is told by ``new_writer``; many functions refused are told by ``scan``.

    Example:
        The operator panel, which reads and writes registers, asks for device identification.

    References:
        ATT&CK for ICS T0855, T0888.
    """

    rule: ClassVar[Rule] = Rule(
        id="new-function",
        title="New function on a known conversation",
        why="A function that was never used between these two tells that another program, or "
        "another person, is at work.",
        references=(
            technique("T0855", "Unauthorized Command Message"),
            technique("T0888", "Remote System Information Discovery"),
            *WATCHING,
        ),
        cause="A changed program, an engineer's tool, or someone who tries what is possible.",
        consequence="Someone uses rights that this conversation never needed.",
        response="Ask the source's owner which program did it, and whether it was meant.",
        time_to_respond=minutes(60),
        harmless_if="an open change order for it, or a conduit that declares this function",
    )

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self._kept: set[str] = set()
        self._edges: Known[Edge] = Known(_texts, self._kept)
        self._prober = Prober()
        self._changing = Changing()

    def learn(self, window: Window) -> None:
        """Keep which functions each conversation and device uses."""
        self._edges.learn(window.edges, window.groups["edge"])

    def judge(self, window: Window) -> list[Finding]:
        """One finding for each conversation and function; of many alike, one for the source."""
        if not self._kept:
            return []
        new = self._edges.unknown(window.edges, window.groups["edge"])
        if not new.any():
            return []
        changing = self._changing.of(window.edges)[window.groups["edge"]]
        no_flows = np.zeros(len(window.flows), bool)
        for probes in self._prober.scans(window, no_flows, new & ~changing).values():
            new[probes.groups] = False
        rows: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for place in np.flatnonzero(new).tolist():
            edge = window.edges[int(window.groups["edge"][place])]
            if f"device {device_key(edge)}" not in self._kept:
                continue
            if edge.intent in COMMANDS and f"commands {device_key(edge)}" not in self._kept:
                continue
            rows[edge.source.name, edge.function].append(place)
        found = []
        for (_, function), places in rows.items():
            found += self._findings(window, function, places)
        return found

    def _findings(self, window: Window, function: str, places: list[int]) -> list[Finding]:
        by_conversation: defaultdict[str, list[int]] = defaultdict(list)
        for place in places:
            edge = window.edges[int(window.groups["edge"][place])]
            by_conversation[conversation_key(edge)].append(place)
        source = window.edges[int(window.groups["edge"][places[0]])].source
        if len(by_conversation) >= MANY:
            return [self._finding(window, subject_of(source), f"many {function}", places)]
        return [
            self._finding(
                window,
                subject_of(window.edges[int(window.groups["edge"][members[0]])].destination),
                f"{key} {function}",
                members,
            )
            for key, members in by_conversation.items()
        ]

    def _finding(self, window: Window, subject: Subject, cause: str, places: list[int]) -> Finding:
        groups = window.groups[places]
        edges = [window.edges[int(place)] for place in groups["edge"]]
        targets = {edge.destination.name: edge.destination for edge in edges}
        count, failed = int(groups["count"].sum()), int(groups["errors"].sum())
        refused = f"; refused {failed}x" if failed else ""
        return finding(
            self.rule,
            window,
            subject=subject,
            cause=cause,
            because=f"{called(edges[0].source)} sent {edges[0].function} to "
            f"{listed(called(end) for end in targets.values())} {count}x"
            f"{mode_words(window.mode)}, which it never did in a conversation that is known"
            f"{refused}.",
            evidence=evidence_of(
                window,
                list(groups),
                [f"{edge}, {row['count']} times" for edge, row in zip(edges, groups, strict=True)],
            ),
            span=(int(groups["first"].min()), int(groups["last"].max())),
            count=count,
            source=edges[0].source,
            target=edges[0].destination if len(targets) == 1 else None,
            others=targets,
            intent=strongest(edge.intent for edge in edges),
            zone=edges[0].destination.zone,
        )

    def merge(self, other: Self) -> None:
        """Add what another learnt."""
        self._kept |= other._kept

    def state(self) -> dict[str, Any]:
        """Functions and devices that are known."""
        return {"known": texts_state(self._kept)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state."""
        self._kept.clear()
        self._kept.update(state["known"])
        self._edges.forget()


def _texts(edge: Edge) -> Iterator[str]:
    yield f"function {edge_key(edge)}"
    yield f"device {device_key(edge)}"
    if edge.intent in COMMANDS:
        yield f"commands {device_key(edge)}"
