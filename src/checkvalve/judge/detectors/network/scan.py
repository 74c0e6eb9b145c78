"""A source that tries many targets it never used, most of them in vain."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar, Final, Self

import numpy as np

from checkvalve.findings import Evidence, Finding
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.detectors.network.fan_out import TARGETS, Prober, Probes
from checkvalve.judge.detectors.network.keyed import Keyed, edge_key
from checkvalve.judge.detectors.network.reporting import (
    MOST_EVIDENCE,
    WATCHING,
    called,
    finding,
    listed,
    minutes,
    strongest,
    subject_of,
    technique,
)
from checkvalve.judge.detectors.network.traits import Changing
from checkvalve.judge.window import HOUR_NS, Breach, Edge, Path, Window
from checkvalve.plant import Plant
from checkvalve.rules import Rule

#: Sources whose few probes of the past hour are kept in mind; the longest ago goes first.
MOST_SOURCES: Final = 256
#: Assets that a finding names.
MOST_ASSETS: Final = 64
_COUNT: Final = (np.add,)


def path_key(path: Path) -> str:
    """Source, destination, transport and port."""
    return " ".join(str(part) for part in path.key)


class Scan(Detector):
    """Fan-out: one source, many addresses, ports, units or functions, few answers.

    Why it matters:
        Who does not know the plant must look for it first. A scan is often the first step
        that can be seen, and some controllers stop under one.

    Known limits:
        A scan that finds an answer at nearly every target looks like a client; its
        conversations are new, and are told as such. A source that tries fewer than ten
        targets an hour is not called a scan. What was learnt is no probe, and no command is.

    Example:
        A workstation opens tcp/502 on 254 addresses, of which 3 answer: one finding.

    References:
        ATT&CK for ICS T0846, T0888. Jung et al. 2004, *Fast Portscan Detection Using
        Sequential Hypothesis Testing*: that the share of failures tells a scan from a client.
    """

    rule: ClassVar[Rule] = Rule(
        id="scan",
        title="Scan of addresses, ports or devices",
        why="Whoever does not know the plant must look for it first; and old controllers stop "
        "under a scan.",
        references=(
            technique("T0846", "Remote System Discovery"),
            technique("T0888", "Remote System Information Discovery"),
            *WATCHING,
        ),
        cause="A scanner, malicious or not: an intruder, a worm, an inventory tool.",
        consequence="Someone learns what can be reached and what it is; sensitive devices may "
        "stop.",
        response="Find out who works at the source; if nobody does, take it off the network.",
        time_to_respond=minutes(30),
        harmless_if="an open change order that lets this source discover these assets",
    )

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self._paths: Keyed[Path] = Keyed(path_key, _COUNT)
        self._edges: Keyed[Edge] = Keyed(edge_key, _COUNT)
        self._prober = Prober()
        self._few = Prober(targets=1)
        self._changing = Changing()
        self._recent: dict[str, dict[str, int]] = {}

    def learn(self, window: Window) -> None:
        """Count paths and edges: what is learnt is no probe."""
        flows, groups = window.flows, window.groups
        self._paths.learn(window.paths, flows["path"], flows["opened"][:, None])
        self._edges.learn(window.edges, groups["edge"], groups["count"][:, None])

    def never_learn(self, window: Window) -> Breach:
        """The probes of every scan, whether or not they were learnt before."""
        return self._prober.breach(window)

    def judge(self, window: Window) -> list[Finding]:
        """One finding for each source that scans."""
        if not len(self._paths) and not len(self._edges):
            return []
        flows = self._paths.rows(window.paths)[window.flows["path"]] < 0
        groups = self._edges.rows(window.edges)[window.groups["edge"]] < 0
        groups &= ~self._changing.of(window.edges)[window.groups["edge"]]
        if not flows.any() and not groups.any():
            return []
        found = []
        for probes in self._few.scans(window, flows, groups).values():
            targets = max(len(probes.flows), len(probes.groups))
            if targets < TARGETS:
                targets = self._remember(probes.source.name, _targets(window, probes), window.end)
            if targets >= TARGETS:
                found.append(self._finding(window, probes, targets))
        return found

    def _remember(self, source: str, targets: list[str], now: int) -> int:
        """Keep in mind what a source tried; how much it tried within the past hour."""
        recent = self._recent.pop(source, {})
        recent = {target: at for target, at in recent.items() if now - at < HOUR_NS}
        if len(recent) < TARGETS:
            recent.update(dict.fromkeys(targets, now))
        self._recent[source] = recent
        while len(self._recent) > MOST_SOURCES:
            del self._recent[next(iter(self._recent))]
        return len(recent)

    def _finding(self, window: Window, probes: Probes, targets: int) -> Finding:
        flows, groups = window.flows[probes.flows], window.groups[probes.groups]
        paths = [window.paths[place] for place in flows["path"].tolist()]
        edges = [window.edges[place] for place in groups["edge"].tolist()]
        ends = [thing.destination for thing in (*edges, *paths)]
        names = list(dict.fromkeys(end.name for end in ends))
        known = sorted(names, key=lambda name: name not in self.plant.assets)
        what = dict.fromkeys([*(edge.function for edge in edges), *(p.service for p in paths)])
        return finding(
            self.rule,
            window,
            subject=subject_of(probes.source),
            cause="scan",
            because=f"{called(probes.source)} tried {targets} targets that it never used, "
            f"{probes.in_vain} of {probes.count} in vain: {listed(what)} "
            f"at {listed(known)}.",
            evidence=self._evidence(window, probes),
            span=(
                int(min(np.append(flows["first"], groups["first"]))),
                int(max(np.append(flows["last"], groups["last"]))),
            ),
            count=probes.count,
            source=probes.source,
            target=ends[0] if len(names) == 1 else None,
            others=known[:MOST_ASSETS],
            intent=strongest(edge.intent for edge in edges),
            zone=Counter(end.zone for end in ends).most_common(1)[0][0],
        )

    def _evidence(self, window: Window, probes: Probes) -> tuple[Evidence, ...]:
        shown = [
            window.evidence(row, str(window.paths[int(row["path"])]), actual=_outcome(row))
            for row in window.flows[probes.flows[:MOST_EVIDENCE]]
        ]
        shown += [
            window.evidence(
                row,
                str(window.edges[int(row["edge"])]),
                actual=f"{row['errors']} errors, {row['no_reply']} without reply "
                f"of {row['count']} requests",
            )
            for row in window.groups[probes.groups[:MOST_EVIDENCE]]
        ]
        return tuple(shown)

    def merge(self, other: Self) -> None:
        """Add what another learnt."""
        self._paths.merge(other._paths)
        self._edges.merge(other._edges)

    def state(self) -> dict[str, Any]:
        """Openings of each path, requests of each edge."""
        return {"edges": self._edges.state(), "paths": self._paths.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state."""
        self._paths.restore(state["paths"])
        self._edges.restore(state["edges"])


def _outcome(flow: Any) -> str:  # noqa: ANN401  # a row of a structured array has no type
    if not flow["answered"]:
        return "no answer"
    return f"{flow['received']} octets came back"


def _targets(window: Window, probes: Probes) -> list[str]:
    tried = [path_key(window.paths[place]) for place in window.flows["path"][probes.flows].tolist()]
    asked = [
        edge_key(window.edges[place]) for place in window.groups["edge"][probes.groups].tolist()
    ]
    return max(tried, asked, key=len)
