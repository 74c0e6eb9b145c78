"""What an asset does that no other of its role does, in any other cell or line."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar, Final, Self

import numpy as np

from checkvalve.findings import Finding
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.detectors.network.fan_out import Prober
from checkvalve.judge.detectors.network.keyed import Known, conversation_key, edge_key, texts_state
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

#: Peers without which there is nothing to compare with.
PEERS: Final = 2


class UnlikePeers(Detector):
    """A new exchange that no peer makes: same roles and protocol, other zones.

    A peer is another source of the same role, in another zone, that talks to the same
    role in the same protocol. When two peers or more are known and none of any zone uses
    this function, the source does what its kind does not.

    Why it matters:
        The second cell tells what is normal in the first. A robot that talks as no other
        robot does has been changed, whatever its own past says.

    Known limits:
        Only what was not learnt of the asset itself is compared: what was taught is not
        reported, though all peers differ. Without roles in the plant there are no peers.

    Example:
        Four panels read and write their controllers; the fifth downloads a program.

    References:
        ATT&CK for ICS T0855, T0843.
    """

    rule: ClassVar[Rule] = Rule(
        id="unlike-peers",
        title="Unlike its peers",
        why="The second cell tells what is normal in the first: who talks as none of its kind "
        "does has been changed.",
        references=(
            technique("T0855", "Unauthorized Command Message"),
            technique("T0888", "Remote System Information Discovery"),
            *WATCHING,
        ),
        cause="A changed or taken-over machine, or a role that is declared wrongly.",
        consequence="A machine does what its kind is not made for.",
        response="Compare its program and settings with those of a peer.",
        time_to_respond=minutes(120),
        harmless_if="a role of its own in the plant, where the machine does differ",
    )

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self._kept: set[str] = set()
        self._edges: Known[Edge] = Known(lambda edge: (edge_key(edge),), self._kept)
        # Roles and protocol, or these with function and intent, to source, to its zone.
        self._peers: dict[str, dict[str, str]] = {}
        self._prober = Prober()
        self._changing = Changing()

    def learn(self, window: Window) -> None:
        """Keep what each role does with each role, and who does it."""
        places = window.groups["edge"]
        fresh = places[self._edges.unknown(window.edges, places)]
        for place in fresh.tolist():
            edge = window.edges[place]
            if _compares(edge):
                for key in (_pair(edge), _deed(edge)):
                    self._peers.setdefault(key, {})[edge.source.name] = edge.source.zone
        self._edges.learn(window.edges, fresh)

    def judge(self, window: Window) -> list[Finding]:
        """One finding for each conversation with something that no peer does."""
        if not self._peers:
            return []
        new = self._edges.unknown(window.edges, window.groups["edge"])
        if not new.any():
            return []
        changing = self._changing.of(window.edges)[window.groups["edge"]]
        no_flows = np.zeros(len(window.flows), bool)
        for probes in self._prober.scans(window, no_flows, new & ~changing).values():
            new[probes.groups] = False
        unlike: defaultdict[str, list[int]] = defaultdict(list)
        for place in np.flatnonzero(new).tolist():
            edge = window.edges[int(window.groups["edge"][place])]
            if _compares(edge) and self._is_unlike(edge):
                unlike[conversation_key(edge)].append(place)
        return [self._finding(window, key, rows) for key, rows in unlike.items()]

    def _is_unlike(self, edge: Edge) -> bool:
        others = set(self._peers.get(_deed(edge), ())) - {edge.source.name}
        return not others and len(self._peers_of(edge)) >= PEERS

    def _peers_of(self, edge: Edge) -> list[str]:
        return sorted(
            name
            for name, zone in self._peers.get(_pair(edge), {}).items()
            if name != edge.source.name and zone != edge.source.zone
        )

    def _finding(self, window: Window, key: str, rows: list[int]) -> Finding:
        groups = window.groups[rows]
        edges = [window.edges[int(place)] for place in groups["edge"]]
        first, peers = edges[0], self._peers_of(edges[0])
        return finding(
            self.rule,
            window,
            subject=subject_of(first.source),
            cause=key,
            because=f"{called(first.source)} sent {listed(edge.function for edge in edges)} to "
            f"{called(first.destination)}{mode_words(window.mode)}; none of its {len(peers)} "
            f"peers ({listed(peers)}; role {first.source.role}) does that with a "
            f"{first.destination.role}.",
            evidence=evidence_of(
                window,
                list(groups),
                [f"{edge}, {row['count']} times" for edge, row in zip(edges, groups, strict=True)],
            ),
            span=(int(groups["first"].min()), int(groups["last"].max())),
            count=int(groups["count"].sum()),
            source=first.source,
            target=first.destination,
            intent=strongest(edge.intent for edge in edges),
        )

    def merge(self, other: Self) -> None:
        """Add what another learnt."""
        self._kept |= other._kept
        for key, peers in other._peers.items():
            self._peers.setdefault(key, {}).update(peers)

    def state(self) -> dict[str, Any]:
        """Edges that are known; who does what, by role."""
        return {
            "edges": texts_state(self._kept),
            "peers": {
                key: dict(sorted(peers.items())) for key, peers in sorted(self._peers.items())
            },
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state."""
        self._kept.clear()
        self._kept.update(state["edges"])
        self._edges.forget()
        self._peers = {key: dict(peers) for key, peers in state["peers"].items()}


def _compares(edge: Edge) -> bool:
    return bool(edge.source.role and edge.destination.role)


def _pair(edge: Edge) -> str:
    return f"{edge.source.role} → {edge.destination.role} {edge.protocol}"


def _deed(edge: Edge) -> str:
    return f"{_pair(edge)}: {edge.function} ({edge.intent})"
