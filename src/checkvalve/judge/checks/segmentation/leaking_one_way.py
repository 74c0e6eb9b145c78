"""One-way conduits whose way back is open, by the rules or by what was seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.declared import Conduits
from checkvalve.judge.checks.passing.doubts import doubts_about, in_words
from checkvalve.judge.checks.passing.reach import Passing
from checkvalve.judge.checks.passing.rule_lines import (
    cause_of,
    declared_ports,
    everything,
    lines_of,
    no_network,
    shown,
    silent_firewalls,
)
from checkvalve.judge.observed import ObservedPath
from checkvalve.judge.segmentation.boxes import beyond_ports
from checkvalve.judge.segmentation.network import Between, Network
from checkvalve.observe.firewalls.base import Ref, State
from checkvalve.observe.firewalls.spans import NOTHING, Spans
from checkvalve.plant import Plant
from checkvalve.plant.times import lasts
from checkvalve.plant.zones import Conduit
from checkvalve.rules import JOINT_GUIDANCE, Reference, Rule

#: States of packets that belong to a session, or to an error about one.
_OF_SESSIONS: Final = (State.ESTABLISHED, State.RELATED)


class LeakingOneWay(StandingCheck):
    """Nothing may come back through a strict one-way conduit, and only answers through another.

    Why it matters: data flows out and nothing comes back: that is the promise under which the
    conduit was opened. What can come back can command.

    Known limits: a strict conduit is a promise about its two zones, so another conduit that
    opens the way back breaks it. A stateful firewall is not a diode: it lets the answers of
    every session that it permits come back, and so never makes a conduit strict. Rules alone
    prove no strict conduit: it holds once nothing came back in recorded traffic either. Where
    firewalls of both kinds stand behind each other, whether answers pass is not told. Payload
    is counted without headers and bare acknowledgements.

    Example: the historian's conduit is declared one-way and strict; the firewall permits TCP
    out of the cell, and so every answer back into it.

    References: IEC 62443-3-3 SR 5.2; NIST SP 800-82r3, 5.2.3.1 (unidirectional gateways); the
    joint guidance, principle 4 (push out of OT, no standing way in).
    """

    rule: ClassVar[Rule] = Rule(
        id="leaking-one-way",
        title="A one-way conduit with a way back",
        why="Data flows out and nothing comes back: that is the promise under which the conduit "
        "was opened. What can come back can command.",
        references=(
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference(JOINT_GUIDANCE, "Principle 4", "Embed safety and security practices"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
        ),
        cause="A firewall stands where a data diode was meant, a rule opens the way back, or a "
        "poller was set up where a push was meant.",
        consequence="The outer zone can reach, and perhaps command, what was to be out of its "
        "reach.",
        response="Close the way back or put a diode in its place; if answers are needed, declare "
        "the conduit as what it is.",
        time_to_respond=timedelta(days=7),
        harmless_if="a conduit declared one_way_initiated or two_way, or a higher limit for what "
        "comes back",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        if seen.network is None and seen.observed is None:
            return no_network(self.rule)
        promised = [
            conduit
            for conduit in plant.conduits.values()
            if conduit.direction != "two_way" and lasts(conduit.valid_until, at)
        ]
        return [
            self._stands(plant, conduit, leak, at)
            for conduit in promised
            for leak in _told(_Way(plant, seen, conduit, at))
        ]

    def _stands(self, plant: Plant, conduit: Conduit, leak: _Leak, at: datetime) -> Verdict:
        return stands(
            self.rule,
            Subject("conduit", conduit.id),
            leak.answer,
            f"conduit '{conduit.id}' is {conduit.direction}, {leak.sentence}",
            plant=plant,
            at=at,
            cause=leak.cause,
            evidence=leak.evidence,
            assets=leak.assets,
            zone=conduit.from_,
        )


@dataclass(frozen=True)
class _Leak:
    """What is to be said of one conduit.

    Attributes:
        answer: broken, cannot tell, or holds.
        sentence: the rest of the sentence that begins with the conduit.
        cause: stable.
        evidence: what to look at.
        assets: what takes part.
    """

    answer: Answer
    sentence: str
    cause: str
    evidence: tuple[Evidence, ...] = ()
    assets: tuple[str, ...] = ()


class _Way:
    """One conduit, and the tables that tell of its way back."""

    def __init__(self, plant: Plant, seen: Seen, conduit: Conduit, at: datetime) -> None:
        self.plant, self.conduit = plant, conduit
        self.network, self.observed = seen.network, seen.observed
        self.inner, self.outer = conduit.from_, conduit.to
        self.strict = conduit.direction == "one_way_strict"
        others = [
            one
            for one in Conduits(plant, at).opening(self.outer, self.inner)
            if one.id != conduit.id
        ]
        self.others = tuple(others)

    def declared_back(self, protocols: tuple[int, ...]) -> dict[int, Spans]:
        """What other conduits open the other way; a strict conduit bears none of it."""
        return {} if self.strict else declared_ports(self.others, protocols)


def _told(way: _Way) -> list[_Leak]:
    """Everything that breaks the promise; else why nobody can tell; else that it holds."""
    found = [*_designed(way), *_by_rules(way), *_seen(way)]
    broken = [one for one in found if one.answer is Answer.BROKEN]
    if broken:
        return broken
    if found:
        return found
    if way.observed is None and way.strict:
        why = "and no traffic was recorded that shows that nothing comes back"
        return [_Leak(Answer.CANNOT_TELL, why, "nothing recorded")]
    kept = "nothing" if way.strict else "nothing but answers"
    return [_Leak(Answer.HOLDS, f"and {kept} can come back", "")]


def _designed(way: _Way) -> Iterator[_Leak]:
    if way.conduit.initiates != "from":
        yield _Leak(
            Answer.BROKEN,
            f"and {way.outer} may open it by its own declaration: what is polled from outside is "
            "not one-way",
            "declared to be opened from outside",
            (Evidence("who may open it", expected="from", actual=way.conduit.initiates),),
        )


def _by_rules(way: _Way) -> Iterator[_Leak]:
    network = way.network
    if network is None:
        yield _Leak(Answer.CANNOT_TELL, "and no rule set was read", "no rule sets")
        return
    if not network.routes(way.outer, way.inner):
        attested = ": whether a diode stands there is for a person to attest" if way.strict else ""
        because = f"and no declared firewall joins its zones{attested}"
        yield _Leak(Answer.CANNOT_TELL, because, "no firewall")
        return
    yield from _passes(way, network, State.NEW, "a session can be opened back")
    if way.strict:
        for state in _OF_SESSIONS:
            yield from _passes(way, network, state, f"{state} packets pass back")
        yield from _answered(way, network)


def _passes(way: _Way, network: Network, state: State, what: str) -> Iterator[_Leak]:
    """What rules let pass against the conduit."""
    answers = list(everything(network, way.outer, way.inner, state))
    declared = way.declared_back(network.protocols)
    must = [one for answer in answers for one in _beyond(answer, declared, must=True)]
    if must:
        lines = lines_of(one.box for one in must)
        yield _Leak(
            Answer.BROKEN,
            f"and {what}, such as {must[0].witness}",
            cause_of(what, lines),
            shown("the line that lets it come back", lines, expected="nothing comes back"),
        )
        return
    for answer in answers:
        may = _beyond(answer, declared, must=False)
        silent = sorted(silent_firewalls(network, answer))
        if may:
            uncertain = in_words(doubts_about(network, may, answer, state))
            why = f"{silent[0]} was not read" if silent else uncertain
            yield _Leak(
                Answer.CANNOT_TELL,
                f"and whether {what}, such as {may[0].witness}, can't be told: {why}",
                cause_of(f"{what}: cannot tell", lines_of(one.box for one in may)),
                shown("a line that may let it come back", lines_of(one.box for one in may)),
            )
            return


def _beyond(answer: Between, declared: dict[int, Spans], *, must: bool) -> list[Passing]:
    ports = declared.get(answer.service.protocol, NOTHING)
    return [
        Passing(answer.family, answer.service.protocol, rest)
        for box in (answer.must if must else answer.may)
        for rest in beyond_ports(box, ports)
    ]


def _answered(way: _Way, network: Network) -> Iterator[_Leak]:
    """Answers of what is permitted forward: a stateful firewall lets them pass by itself."""
    for answer in everything(network, way.inner, way.outer):
        keeping = [
            {hop.firewall for hop in route if _keeps_sessions(network, hop.firewall)}
            for route in answer.routes
        ]
        lines = tuple(dict.fromkeys(ref for box in answer.must for ref in box.by))
        if lines and all(keeping):
            whole = all(
                len(names) == len({hop.firewall for hop in route})
                for names, route in zip(keeping, answer.routes, strict=True)
            )
            names = ", ".join(sorted(set().union(*keeping)))
            yield _through(answer, names, lines, whole=whole)
            return


def _through(answer: Between, names: str, lines: tuple[Ref, ...], *, whole: bool) -> _Leak:
    said = "a stateful firewall is not a diode"
    if not whole:
        said = "whether the other firewalls on the way do too can't be told"
    one = Passing(answer.family, answer.service.protocol, answer.must[0])
    return _Leak(
        Answer.BROKEN if whole else Answer.CANNOT_TELL,
        f"and {names} lets the answers of what it permits come back, such as those of "
        f"{one.witness}: {said}",
        f"answers pass {names}",
        (
            *shown("a line whose sessions are answered", lines, expected="nothing comes back"),
            Evidence(
                "the declaration, if answers are meant", actual="direction: one_way_initiated"
            ),
        ),
    )


def _keeps_sessions(network: Network, firewall: str) -> bool:
    rule_set = network.rule_sets.get(firewall)
    return rule_set is not None and rule_set.stateful


def _seen(way: _Way) -> Iterator[_Leak]:
    """What recorded traffic says of the way back."""
    if way.observed is None:
        return
    for path in way.observed.paths:
        ends = tuple(way.plant.zone_name_at(one) for one in (path.source, path.destination))
        if ends == (way.outer, way.inner):
            if way.strict or (path.answered and not _is_declared(way.others, path)):
                yield _Leak(
                    Answer.BROKEN,
                    f"and {path.source} opened {_service(path)} to {path.destination} against it",
                    f"seen {path.source} {path.destination} {_service(path)}",
                    (_observed(path, expected=f"opened from {way.inner} alone"),),
                    _names(way.plant, path),
                )
        elif ends == (way.inner, way.outer):
            yield from _returned(way, path)


def _returned(way: _Way, path: ObservedPath) -> Iterator[_Leak]:
    limit = 0 if way.strict else way.conduit.reverse_payload_max
    if not way.strict and not _is_declared((way.conduit,), path):
        return
    if path.most_received > limit or (way.strict and path.answered):
        came = f"{path.most_received:,} octets" if path.most_received else "an answer"
        allowed = f"{limit:,} octets a session" if limit else "nothing"
        yield _Leak(
            Answer.BROKEN,
            f"and {path.destination} sent {path.source} {came} back over {_service(path)}; "
            f"{allowed} may come back",
            f"returned {path.source} {path.destination} {_service(path)}",
            (_observed(path, expected=allowed),),
            _names(way.plant, path),
        )


def _is_declared(conduits: tuple[Conduit, ...], path: ObservedPath) -> bool:
    return any(
        not conduit.flows or any(flow.allows(path.transport, path.port) for flow in conduit.flows)
        for conduit in conduits
    )


def _service(path: ObservedPath) -> str:
    return f"{path.transport}/{path.port}" if path.port else path.transport


def _observed(path: ObservedPath, *, expected: str) -> Evidence:
    return Evidence(
        f"recorded from {path.source} to {path.destination} over {_service(path)}",
        expected=expected,
        actual=f"{path.most_received:,} octets came back in one conversation",
        at=path.last,
    )


def _names(plant: Plant, path: ObservedPath) -> tuple[str, ...]:
    assets = (plant.asset_at(one) for one in (path.source, path.destination))
    return tuple(asset.id for asset in assets if asset is not None)
