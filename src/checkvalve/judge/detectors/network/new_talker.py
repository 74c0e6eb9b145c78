"""A source that never spoke at this site."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

import numpy as np

from checkvalve.findings import Evidence, Finding, Subject
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.detectors.network.fan_out import Prober
from checkvalve.judge.detectors.network.keyed import Known, texts_state
from checkvalve.judge.detectors.network.reporting import (
    MOST_EVIDENCE,
    WATCHING,
    called,
    finding,
    listed,
    minutes,
    mode_words,
    strongest,
    subject_of,
    technique,
)
from checkvalve.judge.detectors.network.services import service_of
from checkvalve.judge.detectors.network.traits import Changing
from checkvalve.judge.window import Edge, End, Path, Window
from checkvalve.plant import Plant
from checkvalve.records import Intent
from checkvalve.rules import Reference, Rule

#: From so many undeclared newcomers of one zone in one window on, the zone is one question.
MANY: Final = 8


@dataclass(slots=True)
class _Newcomer:
    """What a source that never spoke did."""

    end: End
    partners: dict[str, End] = field(default_factory=dict)
    what: list[str] = field(default_factory=list)
    intents: set[Intent] = field(default_factory=set)
    evidence: list[Evidence] = field(default_factory=list)
    first: int = 0
    last: int = 0


class NewTalker(Detector):
    """A source that neither asked nor answered anyone while learning.

    Why it matters:
        Machines in operation are few and known. A new one is a service laptop, a forgotten
        device, or an intruder's foothold.

    Known limits:
        Addresses that are handed out anew (DHCP) look like new machines; a declared asset
        is known by its id, whichever of its addresses it uses. A newcomer that scans is told
        by ``scan``. Newcomers are not folded by role: one that only speaks is one finding.

    Example:
        10.20.1.77, declared nowhere, reads the filler.

    References:
        ATT&CK for ICS T0848, T0864. IEC 62443-3-3 SR 5.1.
    """

    rule: ClassVar[Rule] = Rule(
        id="new-talker",
        title="A source that never spoke here",
        why="Machines in operation are few and known; a new one is a service laptop, a "
        "forgotten device, or a foothold.",
        references=(
            technique("T0848", "Rogue Master"),
            technique("T0864", "Transient Cyber Asset"),
            Reference("IEC 62443-3-3", "SR 5.1", "Network segmentation"),
            *WATCHING,
        ),
        cause="A device was connected, replaced or readdressed, or an intruder has a foothold.",
        consequence="Something that nobody answers for can reach the plant.",
        response="Find the device by its MAC address and switch port, and who connected it.",
        time_to_respond=minutes(30),
        harmless_if="a declared asset with this address, and a baseline learnt with it",
    )

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self._kept: set[str] = set()
        self._paths: Known[Path] = Known(lambda path: (path.source.name,), self._kept)
        self._edges: Known[Edge] = Known(lambda edge: (edge.source.name,), self._kept)
        self._answering: Known[Path] = Known(lambda path: (path.destination.name,), self._kept)
        self._replying: Known[Edge] = Known(lambda edge: (edge.destination.name,), self._kept)
        self._prober = Prober()
        self._changing = Changing()

    def learn(self, window: Window) -> None:
        """Keep who asks, and who answers."""
        flows, groups = window.flows, window.groups
        self._paths.learn(window.paths, flows["path"])
        self._edges.learn(window.edges, groups["edge"])
        self._answering.learn(window.paths, flows["path"][flows["answered"] > 0])
        replied = groups["count"] > groups["no_reply"]
        self._replying.learn(window.edges, groups["edge"][replied])

    def judge(self, window: Window) -> list[Finding]:
        """One finding for each newcomer; of many undeclared ones, one for their zone."""
        if not self._kept:
            return []
        flows = self._paths.unknown(window.paths, window.flows["path"])
        groups = self._edges.unknown(window.edges, window.groups["edge"])
        if not flows.any() and not groups.any():
            return []
        changing = self._changing.of(window.edges)[window.groups["edge"]]
        for probes in self._prober.scans(window, flows, groups & ~changing).values():
            flows[probes.flows] = False
            groups[probes.groups] = False
        newcomers: dict[str, _Newcomer] = {}
        for place in np.flatnonzero(groups).tolist():
            row = window.groups[place]
            edge = window.edges[int(row["edge"])]
            newcomer = _meet(newcomers, edge.source, edge.destination, edge.function)
            newcomer.intents.add(edge.intent)
            _note(newcomer, window, row, f"{edge}, {row['count']} times")
        for place in np.flatnonzero(flows).tolist():
            row = window.flows[place]
            path = window.paths[int(row["path"])]
            newcomer = _meet(newcomers, path.source, path.destination, service_of(path))
            _note(newcomer, window, row, str(path))
        return self._findings(window, list(newcomers.values()))

    def _findings(self, window: Window, newcomers: list[_Newcomer]) -> list[Finding]:
        by_zone: defaultdict[str, list[_Newcomer]] = defaultdict(list)
        for newcomer in newcomers:
            if not newcomer.end.declared:
                by_zone[newcomer.end.zone].append(newcomer)
        crowded = {zone: crowd for zone, crowd in by_zone.items() if len(crowd) >= MANY}
        found = [self._crowd(window, zone, crowd) for zone, crowd in sorted(crowded.items())]
        found += [
            self._newcomer(window, newcomer)
            for newcomer in newcomers
            if newcomer.end.declared or newcomer.end.zone not in crowded
        ]
        return found

    def _newcomer(self, window: Window, one: _Newcomer) -> Finding:
        partners = list(one.partners.values())
        return finding(
            self.rule,
            window,
            subject=subject_of(one.end),
            cause="never spoke here",
            because=f"{called(one.end)} never spoke at this site and now talks to "
            f"{listed(called(end) for end in partners)} ({listed(one.what)})"
            f"{mode_words(window.mode)}.",
            evidence=tuple(one.evidence),
            span=(one.first, one.last),
            source=one.end,
            target=partners[0] if len(partners) == 1 else None,
            others=list(one.partners)[:64],
            intent=strongest(one.intents),
            zone=partners[0].zone,
        )

    def _crowd(self, window: Window, zone: str, crowd: list[_Newcomer]) -> Finding:
        partners = {name: end for one in crowd for name, end in one.partners.items()}
        return finding(
            self.rule,
            window,
            subject=Subject("zone", zone),
            cause="many never spoke here",
            because=f"{len(crowd)} undeclared addresses of {zone} never spoke at this site and "
            f"now talk to {listed(partners)} ({listed(w for one in crowd for w in one.what)}).",
            evidence=tuple(item for one in crowd for item in one.evidence)[:MOST_EVIDENCE],
            span=(min(one.first for one in crowd), max(one.last for one in crowd)),
            count=len(crowd),
            others=[*list(partners)[:32], *(one.end.name for one in crowd[:32])],
            intent=strongest(intent for one in crowd for intent in one.intents),
            zone=next(iter(partners.values())).zone,
        )

    def merge(self, other: Self) -> None:
        """Add what another learnt."""
        self._kept |= other._kept

    def state(self) -> dict[str, Any]:
        """Who speaks."""
        return {"speakers": texts_state(self._kept)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state."""
        self._kept.clear()
        self._kept.update(state["speakers"])
        for known in (self._paths, self._edges, self._answering, self._replying):
            known.forget()


def _meet(newcomers: dict[str, _Newcomer], source: End, target: End, what: str) -> _Newcomer:
    newcomer = newcomers.setdefault(source.name, _Newcomer(source))
    newcomer.partners.setdefault(target.name, target)
    if what not in newcomer.what:
        newcomer.what.append(what)
    return newcomer


def _note(newcomer: _Newcomer, window: Window, row: Any, what: str) -> None:  # noqa: ANN401  # a row
    first = int(row["first"])
    newcomer.first = min(newcomer.first or first, first)
    newcomer.last = max(newcomer.last, int(row["last"]))
    if len(newcomer.evidence) < MOST_EVIDENCE:
        newcomer.evidence.append(window.evidence(row, what))
