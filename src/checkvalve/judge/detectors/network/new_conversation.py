"""Known ends, a new conversation: source, destination and service that were never together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

import numpy as np

from checkvalve.findings import Evidence, Finding, Subject
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.detectors.network.fan_out import Prober
from checkvalve.judge.detectors.network.keyed import Known, conversation_key, texts_state
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
from checkvalve.judge.detectors.network.services import (
    edge_texts,
    pair_text,
    path_texts,
    role_text,
    service_of,
    speaker_text,
    zone_text,
)
from checkvalve.judge.detectors.network.traits import Changing
from checkvalve.judge.window import Edge, End, Path, Window
from checkvalve.plant import Plant
from checkvalve.records import Intent
from checkvalve.rules import Reference, Rule

Array = np.ndarray[Any, Any]

#: From so many new partners in one window on, a source is one question.
MANY: Final = 5
#: What of the same kind is known already, from the nearest on.
_ROLE, _ZONE, _NOTHING = "role", "zone", "nothing"


@dataclass(slots=True)
class _New:
    """New traffic between two ends.

    Attributes:
        what: protocols, services or devices that are new, in words.
        intents: what was done.
        rows: rows that show it.
        backing: whether the role edge or only the zone edge was known.
    """

    source: End
    destination: End
    what: list[str] = field(default_factory=list)
    intents: set[Intent] = field(default_factory=set)
    evidence: list[Evidence] = field(default_factory=list)
    first: int = 0
    last: int = 0
    count: int = 0
    backing: str = _NOTHING


class NewConversation(Detector):
    """Someone who is known talks to someone, or about something, for the first time.

    Back-off: what the same roles in the same zones are known to do is told as such and
    folded, so that a replaced controller is one question and not forty; after that, whether
    the zones are known to talk so.

    Why it matters:
        Networks in operation talk in the same pairs for years. A new pair is a new program,
        a new connection, or someone who moves on from machine to machine.

    Known limits:
        A port from 32768 on counts as *dynamic*, whichever it is. An unrecognised path to
        such a port, against the direction of a known pair, is taken for an answer seen from
        its middle on, and so is a message that asks nothing. Sources that never spoke are
        told by ``new_talker``, many targets in vain by ``scan``.

    Example:
        The edge node opens tcp/445 to the engineering workstation, which it never did.

    References:
        ATT&CK for ICS T0886, T0855 where it commands.
    """

    rule: ClassVar[Rule] = Rule(
        id="new-conversation",
        title="New conversation",
        why="Networks in operation talk in the same pairs for years; a new pair is a new "
        "program, or someone who moves on from machine to machine.",
        references=(
            technique("T0886", "Remote Services"),
            technique("T0855", "Unauthorized Command Message"),
            Reference("IEC 62443-3-3", "SR 5.1", "Network segmentation"),
            *WATCHING,
        ),
        cause="A new or changed program, a replaced machine, or an intruder who moves on.",
        consequence="A way between two machines is in use that nobody has looked at.",
        response="Ask the source's owner what began to talk, and why.",
        time_to_respond=minutes(60),
        harmless_if="a declared conduit with this flow, and a baseline learnt with it",
    )

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant)
        self._kept: set[str] = set()
        self._paths: Known[Path] = Known(path_texts, self._kept)
        self._edges: Known[Edge] = Known(edge_texts, self._kept)
        self._answering: Known[Path] = Known(
            lambda path: (speaker_text(path.destination),), self._kept
        )
        self._replying: Known[Edge] = Known(
            lambda edge: (speaker_text(edge.destination),), self._kept
        )
        self._prober = Prober()
        self._changing = Changing()

    def learn(self, window: Window) -> None:
        """Keep who talks to whom about what, and which roles and zones that are."""
        flows, groups = window.flows, window.groups
        self._paths.learn(window.paths, flows["path"])
        self._edges.learn(window.edges, groups["edge"])
        self._answering.learn(window.paths, flows["path"][flows["answered"] > 0])
        replied = groups["count"] > groups["no_reply"]
        self._replying.learn(window.edges, groups["edge"][replied])

    def judge(self, window: Window) -> list[Finding]:
        """One finding for each new pair or service, those of one kind folded."""
        if not self._kept:
            return []
        flows = self._paths.unknown(window.paths, window.flows["path"])
        groups = self._edges.unknown(window.edges, window.groups["edge"])
        if not flows.any() and not groups.any():
            return []
        self._leave_scans(window, flows, groups)
        new: dict[tuple[str, ...], _New] = {}
        for place in np.flatnonzero(groups).tolist():
            self._take_edge(window, place, new)
        for place in np.flatnonzero(flows).tolist():
            self._take_path(window, place, new)
        return self._findings(window, new)

    def _leave_scans(self, window: Window, flows: Array, groups: Array) -> None:
        """Take probes out of the masks; a command is never only a probe."""
        changing = self._changing.of(window.edges)[window.groups["edge"]]
        for probes in self._prober.scans(window, flows, groups & ~changing).values():
            flows[probes.flows] = False
            groups[probes.groups] = False

    def _take_edge(self, window: Window, place: int, new: dict[tuple[str, ...], _New]) -> None:
        row = window.groups[place]
        edge = window.edges[int(row["edge"])]
        if speaker_text(edge.source) not in self._kept or self._is_answer(window, edge):
            return
        is_device = f"conversation {conversation_key(edge)}" in self._kept
        what = f"{edge.protocol} device {edge.device}" if is_device else edge.protocol
        item = self._item(new, edge.source, edge.destination, what)
        item.intents.add(edge.intent)
        _count(item, window, row, f"{edge}, {row['count']} times")
        item.count += int(row["count"])
        if not is_device:
            self._back(item, edge.protocol)

    def _is_answer(self, window: Window, edge: Edge) -> bool:
        """Whether a message that asks and commands nothing belongs to the way back."""
        back = (edge.destination.name, edge.source.name, edge.protocol)
        if edge.intent not in {Intent.SESSION, Intent.OTHER}:
            return False
        return f"conversation {' '.join(back)}" in self._kept or any(
            window.edges[place].conversation == back for place in window.groups["edge"].tolist()
        )

    def _take_path(self, window: Window, place: int, new: dict[tuple[str, ...], _New]) -> None:
        row = window.flows[place]
        path = window.paths[int(row["path"])]
        source, destination, service = path.source, path.destination, service_of(path)
        answer = service.endswith("dynamic") and not path.protocol
        if speaker_text(source) not in self._kept or (
            answer and pair_text(destination, source) in self._kept
        ):
            return
        item = self._item(new, source, destination, path.protocol or service)
        _count(item, window, row, f"{path}, {row['sent']} octets sent, {row['received']} back")
        item.count += max(int(row["opened"]), 1)
        self._back(item, service)

    def _item(
        self, new: dict[tuple[str, ...], _New], source: End, destination: End, what: str
    ) -> _New:
        """Where it belongs: to its pair when that is new, else to its service."""
        key: tuple[str, ...] = (source.name, destination.name)
        if pair_text(source, destination) in self._kept:
            key = (*key, what)
        item = new.setdefault(key, _New(source, destination))
        if what not in item.what:
            item.what.append(what)
        return item

    def _back(self, item: _New, service: str) -> None:
        ends = item.source, item.destination
        if role_text(*ends, service) in self._kept:
            item.backing = _ROLE
        elif zone_text(*ends, service) in self._kept and item.backing == _NOTHING:
            item.backing = _ZONE

    def _findings(self, window: Window, new: dict[tuple[str, ...], _New]) -> list[Finding]:
        partners: defaultdict[str, set[str]] = defaultdict(set)
        for item in new.values():
            partners[item.source.name].add(item.destination.name)
        folded: defaultdict[tuple[Subject, str], list[_New]] = defaultdict(list)
        for key, item in new.items():
            if item.backing == _ROLE:
                folded[self._in_role(item)].append(item)
            elif len(partners[item.source.name]) >= MANY and not _commands(item):
                folded[subject_of(item.source), "many"].append(item)
            else:
                folded[subject_of(item.destination), " ".join(key)].append(item)
        return [
            self._finding(window, subject, cause, items)
            for (subject, cause), items in folded.items()
        ]

    def _in_role(self, item: _New) -> tuple[Subject, str]:
        subject = subject_of(item.destination)
        if f"end {item.destination.name}" not in self._kept:
            return subject, "new in a known role"
        return subject, f"{item.source.zone} {item.source.role} {' '.join(sorted(item.what))}"

    def _finding(
        self, window: Window, subject: Subject, cause: str, items: Sequence[_New]
    ) -> Finding:
        sources = {item.source.name: item.source for item in items}
        targets = {item.destination.name: item.destination for item in items}
        source = items[0].source if len(sources) == 1 else None
        target = items[0].destination if len(targets) == 1 else None
        intent = strongest(intent for item in items for intent in item.intents)
        return finding(
            self.rule,
            window,
            subject=subject,
            cause=cause,
            because=f"{listed(called(end) for end in sources.values())} began to talk to "
            f"{listed(called(end) for end in targets.values())} "
            f"({listed(what for item in items for what in item.what)})"
            f"{mode_words(window.mode)}, which was never seen before"
            f"{_backing_words(items)}.",
            evidence=tuple(one for item in items for one in item.evidence)[:MOST_EVIDENCE],
            span=(min(item.first for item in items), max(item.last for item in items)),
            count=sum(item.count for item in items),
            source=source,
            target=target,
            others=(*sources, *targets),
            intent=intent,
            zone=items[0].destination.zone,
        )

    def merge(self, other: Self) -> None:
        """Add what another learnt."""
        self._kept |= other._kept

    def state(self) -> dict[str, Any]:
        """What was ever seen together."""
        return {"known": texts_state(self._kept)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state."""
        self._kept.clear()
        self._kept.update(state["known"])
        for known in (self._paths, self._edges, self._answering, self._replying):
            known.forget()


def _commands(item: _New) -> bool:
    return strongest(item.intents) in {Intent.WRITE, Intent.CONTROL, Intent.PROGRAM}


def _count(item: _New, window: Window, row: Any, what: str) -> None:  # noqa: ANN401  # a row
    first, last = int(row["first"]), int(row["last"])
    item.first = min(item.first or first, first)
    item.last = max(item.last, last)
    if len(item.evidence) < MOST_EVIDENCE:
        item.evidence.append(window.evidence(row, what))


def _backing_words(items: Sequence[_New]) -> str:
    backings = {item.backing for item in items}
    if backings == {_ROLE}:
        source, destination = items[0].source, items[0].destination
        return (
            f"; others of the same roles do ({source.role} in {source.zone} to "
            f"{destination.role} in {destination.zone})"
        )
    if _NOTHING not in backings:
        return f"; {items[0].source.zone} and {items[0].destination.zone} are known to talk so"
    return ""
