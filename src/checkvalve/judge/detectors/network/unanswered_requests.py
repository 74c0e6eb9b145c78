"""Requests that stay without a reply far more often than was learnt."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

import numpy as np

from checkvalve.findings import Evidence, Finding, Subject
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.detectors.network.folding import Pair, fold
from checkvalve.judge.detectors.network.keyed import Keyed, device_key
from checkvalve.judge.detectors.network.reporting import (
    MOST_EVIDENCE,
    WATCHING,
    called,
    finding,
    listed,
    minutes,
    mode_words,
    strongest,
    technique,
)
from checkvalve.judge.detectors.network.traits import is_blind
from checkvalve.judge.window import Edge, Window, moment
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule

Array = np.ndarray[Any, Any]

#: Unanswered requests that a judgement needs, in one window or in several on end.
ENOUGH: Final = 5
#: Requests that several windows on end are judged by; then the count begins anew.
MOST: Final = 200
#: Learnt requests without which a conversation is not judged.
LEARNT_ENOUGH: Final = 20
#: Reported when so many unanswered are less likely than e to the minus this: one in a million.
SURPRISE: Final = 13.8
#: A share below this is a lossy network; people are not called for it.
LEAST_SHARE: Final = 0.1
_MILLION: Final = 1_000_000
_REQUESTS, _UNANSWERED, _WORST, _WORST_SHARE = range(4)


class UnansweredRequests(Detector):
    """The share of requests without a reply, against the learnt share.

    The Chernoff bound of the binomial tail decides: with a learnt share p, k of n unanswered
    are at most as likely as exp(-n KL(k/n || p)).

    Why it matters:
        Who asks and gets no answer works on old values: a screen that stands still, a loop
        without its input. Answers are lost when a controller is overloaded or stopped, or
        when someone stands between.

    Known limits:
        What was lost in the worst learnt window is not reported, so that a bad day in
        learning hides the same bad day later. Windows in which the sensor itself lost much
        are not judged. A conversation that never was answered (a broadcast, a tap that sees
        one direction) is not judged.

    Example:
        The edge node's reads of the line PLC: 3 of 40,000 unanswered, then 512 of 512.

    References:
        ATT&CK for ICS T0814, T0804. Arratia and Gordon 1989, *Tutorial on large deviations
        for the binomial distribution*.
    """

    rule: ClassVar[Rule] = Rule(
        id="unanswered-requests",
        title="Requests without replies",
        why="Who asks and gets no answer works on old values: a screen that stands still, a "
        "loop without its input.",
        references=(
            technique("T0814", "Denial of Service"),
            technique("T0804", "Block Reporting Message"),
            Reference("IEC 62443-3-3", "SR 7.1", "Denial of service protection"),
            *WATCHING,
        ),
        cause="A controller that is overloaded or stopped, a broken link, or someone between.",
        consequence="Operators and programs act on values that are no longer true.",
        response="Look at the destination's state on the spot; trust no screen that it feeds.",
        time_to_respond=minutes(15),
        harmless_if="an open change order on the destination, or a planned stop of it",
    )

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self._learnt: Keyed[Edge] = Keyed(device_key, (np.add, np.add, np.maximum, np.maximum))
        self._waiting = np.zeros((0, 3), np.int64)  # requests, unanswered, windows

    def learn(self, window: Window) -> None:
        """Count requests and those without reply; keep the worst window."""
        places, counts = _sums(self._learnt, window)
        share = counts[:, 1] * _MILLION // np.maximum(counts[:, 0], 1)
        values = np.stack([counts[:, 0], counts[:, 1], counts[:, 1], share], axis=1)
        self._learnt.learn(window.edges, places, values)

    def judge(self, window: Window) -> list[Finding]:
        """One finding for each pair, or for an end that many lose."""
        if not len(self._learnt) or is_blind(window):
            return []
        lost = self._lost(window)
        if not len(lost):
            return []
        rows = self._learnt.rows(window.edges)[window.groups["edge"]]
        pairs: dict[tuple[str, str, str], Pair] = {}
        for place in np.flatnonzero(np.isin(rows, lost) & (window.groups["no_reply"] > 0)).tolist():
            edge = window.edges[int(window.groups["edge"][place])]
            pair = pairs.setdefault(edge.conversation, Pair(edge.source, edge.destination))
            pair.rows.append(place)
        return [
            self._finding(window, folded.subject, folded.cause, folded.pairs)
            for folded in fold(pairs)
        ]

    def _lost(self, window: Window) -> Array:
        """Rows of what was learnt whose replies are missing."""
        learnt = self._learnt.values
        if len(self._waiting) != len(learnt):
            self._waiting = np.zeros((len(learnt), 3), np.int64)
        places, counts = _sums(self._learnt, window)
        rows = self._learnt.rows(window.edges)[places]
        known = rows >= 0
        rows, counts = rows[known], counts[known]
        self._waiting[rows[counts[:, 1] == 0]] = 0
        rows, counts = rows[counts[:, 1] > 0], counts[counts[:, 1] > 0]
        np.add.at(self._waiting, rows, np.insert(counts, 2, 1, axis=1))
        rows = np.unique(rows[self._waiting[rows, 1] >= ENOUGH])
        requests, unanswered, windows = self._waiting[rows].T
        self._waiting[rows[requests >= MOST]] = 0
        was = learnt[rows]
        usual = (was[:, _UNANSWERED] + 1) / (was[:, _REQUESTS] + 2)
        share = unanswered / np.maximum(requests, 1)
        surprising = requests * _divergence(share, usual) > SURPRISE
        worse = (unanswered > was[:, _WORST] * windows) | (
            share * _MILLION > was[:, _WORST_SHARE] + 1
        )
        enough = (was[:, _REQUESTS] >= LEARNT_ENOUGH) & (share >= np.maximum(LEAST_SHARE, usual))
        found: Array = rows[surprising & worse & enough]
        return found

    def _finding(self, window: Window, subject: Subject, cause: str, pairs: list[Pair]) -> Finding:
        places = [place for pair in pairs for place in pair.rows]
        groups = window.groups[places]
        edges = [window.edges[int(place)] for place in groups["edge"]]
        was = [self._learnt[key] for key in dict.fromkeys(device_key(edge) for edge in edges)]
        requests = sum(int(values[_REQUESTS]) for values in was)
        before = sum(int(values[_UNANSWERED]) for values in was)
        lost, asked = int(groups["no_reply"].sum()), int(groups["count"].sum())
        sources = list(dict.fromkeys(called(pair.source) for pair in pairs))
        targets = list(dict.fromkeys(called(pair.destination) for pair in pairs))
        one = pairs[0] if len(pairs) == 1 else None
        return finding(
            self.rule,
            window,
            subject=subject,
            cause=cause,
            because=f"{listed(targets)} left {lost} of {asked} requests of {listed(sources)} "
            f"without a reply{mode_words(window.mode)}; before it was {before} of {requests}.",
            evidence=tuple(
                Evidence(
                    f"{edge}, {row['no_reply']} of {row['count']} without reply",
                    capture=window.captures[int(row["lost_capture"])],
                    packet=int(row["lost_packet"]),
                    at=moment(int(row["lost"])),
                )
                for edge, row in zip(edges[:MOST_EVIDENCE], groups, strict=False)
            ),
            span=(int(groups["lost"].min()), int(groups["last"].max())),
            count=lost,
            source=one.source if one is not None else None,
            target=one.destination if one is not None else None,
            others=[end.name for pair in pairs for end in (pair.destination, pair.source)],
            intent=strongest(edge.intent for edge in edges),
            zone=pairs[0].destination.zone,
        )

    def merge(self, other: Self) -> None:
        """Add what another learnt."""
        self._learnt.merge(other._learnt)

    def state(self) -> dict[str, Any]:
        """Requests, unanswered, and of the worst window the count and the share (ppm)."""
        return {"conversations": self._learnt.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state."""
        self._learnt.restore(state["conversations"])
        self._waiting = np.zeros((0, 3), np.int64)


def _sums(learnt: Keyed[Edge], window: Window) -> tuple[Array, Array]:
    """Requests and unanswered of each conversation and device of a window.

    Returns:
        One place in ``window.edges`` for each, and int64 of shape ``[each, 2]``.
    """
    places = window.groups["edge"]
    numbers = learnt.numbers(window.edges)[places]
    _, where, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    sums = np.zeros((len(where), 2), np.int64)
    np.add.at(sums[:, 0], inverse, window.groups["count"])
    np.add.at(sums[:, 1], inverse, window.groups["no_reply"])
    return places[where], sums


def _divergence(share: Array, usual: Array) -> Array:
    """Kullback and Leibler's of two shares, in nats."""
    rest, usual_rest = 1 - share, 1 - usual
    hit = share * np.log(np.maximum(share, 1e-12) / usual)
    miss = rest * np.log(np.maximum(rest, 1e-12) / usual_rest)
    result: Array = np.where(share > usual, hit + miss, 0.0)
    return result
