"""A rule of nftables, from its statements in JSON to rules of the neutral form.

Documentation: nft(8), *Statements* and *Verdict statements*; libnftables-json(5). A statement that
is not understood may do anything with the packets that come to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from checkvalve.observe.firewalls.base import TCP, Action, FilterRule, Ref, State
from checkvalve.observe.firewalls.netfilter.netfilter_chains import either
from checkvalve.observe.firewalls.netfilter.netfilter_conditions import (
    Alternatives,
    Conditions,
    all_of,
    perhaps,
)
from checkvalve.observe.firewalls.netfilter.nft_entries import Json
from checkvalve.observe.firewalls.netfilter.nft_fields import address_span
from checkvalve.observe.firewalls.netfilter.nft_matches import Matches
from checkvalve.observe.firewalls.spans import (
    ANY_V4,
    ANY_V6,
    ANYWHERE,
    NOWHERE,
    Addresses,
    Spans,
)

#: They do something to the packet or about it, and decide nothing.
_PASSING_ON: Final = frozenset(
    {"counter", "log", "notrack", "dup", "last", "ct helper", "ct timeout", "ct expectation"}
    | {"secmark", "continue"}
)
#: What may be written to without a change of who may pass.
_MARKS: Final = frozenset({"meta", "ct", "tcp option", "exthdr"})
_HARMLESS_FIELDS: Final = frozenset({"dscp", "ecn", "ttl", "hoplimit", "priority", "flowlabel"})
_UDP: Final = 17
_VERDICTS: Final = {
    "accept": Action.ACCEPT,
    "drop": Action.DENY,
    "reject": Action.DENY,
    "return": Action.RETURN,
    "jump": Action.JUMP,
    "goto": Action.GOTO,
}
_OF_NAT: Final = frozenset({"snat", "dnat", "masquerade", "redirect"})
_FAMILIES: Final = {"ip": ANY_V4, "ip6": ANY_V6}


@dataclass(slots=True)
class RuleReader:
    """Reads the rules of one table.

    Attributes:
        matches: reads its comparisons.
        prefix: what stands before a chain's name in its key.
        translated: destinations that others are translated to are added.
        untracked: packets that are not tracked are added.
        offloaded: packets whose sessions a flow table takes over are added.
    """

    matches: Matches
    prefix: str
    translated: Addresses = NOWHERE
    untracked: list[FilterRule] = field(default_factory=list)
    offloaded: list[FilterRule] = field(default_factory=list)

    def rules(self, ref: Ref, statements: Sequence[Json]) -> list[FilterRule]:
        """The neutral rules of one rule, in their order."""
        anywhere = _FAMILIES.get(self.matches.family, ANYWHERE)
        found: Alternatives = (Conditions(src=anywhere, dst=anywhere),)
        made: list[FilterRule] = []
        for statement in statements:
            if statement is None:
                continue
            kind, body = _only(statement)
            if kind == "match":
                found = self._narrowed(ref, found, statement, body)
            elif kind in _VERDICTS:
                return made + self._verdict(ref, found, kind, body)
            elif kind == "vmap":
                return made + self._vmap(ref, found, statement)
            elif kind in _OF_NAT:
                self._translate(kind, body)
                return made + [one.rule(Action.ACCEPT, ref) for one in found]
            else:
                rate = self._rate(kind, body)
                if rate is not None:
                    found = all_of((found, rate))
                elif not self._passes_on(ref, found, kind, body):
                    made += _unsure(ref, found, f"{_shown(statement)} is not understood")
        return made

    def _narrowed(self, ref: Ref, found: Alternatives, statement: Json, body: Json) -> Alternatives:
        """Those that fit a comparison too; perhaps those, if it is not understood."""
        try:
            return all_of((found, self.matches.matched(ref, body)))
        except (ValueError, RecursionError) as error:
            return all_of((found, perhaps(f"{_shown(statement)}: {error}")))

    def _verdict(self, ref: Ref, found: Alternatives, kind: str, body: Json) -> list[FilterRule]:
        to = body.get("target") if isinstance(body, dict) else None
        if kind in ("jump", "goto"):
            if not isinstance(to, str):
                return _unsure(ref, found, "a jump to no chain")
            return [one.rule(_VERDICTS[kind], ref, to=self.prefix + to) for one in found]
        return [one.rule(_VERDICTS[kind], ref) for one in found]

    def _rate(self, kind: str, body: Json) -> Alternatives | None:
        """A statement that holds below, or above, a rate."""
        match kind, body:
            case (("limit" | "ct count"), dict()):
                return _rated(above=body.get("inv") is True)
            case "set" | "meter", {"stmt": list() as inner} | {"stmt": dict() as inner}:
                rates = [
                    self._rate(*_only(one))
                    for one in (inner if isinstance(inner, list) else [inner])
                ]
                known = [rate for rate in rates if rate is not None]
                return all_of(known) if len(known) == len(rates) else perhaps("a meter")
            case "quota", _:
                return perhaps("a quota")
            case "unread", str():
                return perhaps(f"{body!r} is not understood")
            case "xt", {"type": "match"}:
                return perhaps("a match of xtables")
            case _:
                return None

    def _passes_on(self, ref: Ref, found: Alternatives, kind: str, body: Json) -> bool:
        """Whether a statement decides nothing; what it changes is noted."""
        if kind == "notrack":
            self.untracked += [one.rule(Action.RETURN, ref) for one in found]
        if kind == "flow":
            sessions = Conditions(
                states=frozenset({State.ESTABLISHED}),
                protocols=((TCP, TCP), (_UDP, _UDP), (47, 47)),
                unknown=("its session may be offloaded to a flow table",),
            )
            self.offloaded += [one.rule(Action.ACCEPT, ref) for one in all_of((found, (sessions,)))]
            return True
        if kind == "mangle":
            return _is_harmless(body)
        return kind in _PASSING_ON or kind == "set"

    def _translate(self, kind: str, body: Json) -> None:
        if kind != "dnat":
            return
        address = body.get("addr") if isinstance(body, dict) else None
        for version in (4, 6):
            try:
                found: Spans = (address_span(version)(address),)
            except ValueError:
                continue
            self.translated |= Addresses(v4=found) if version == 4 else Addresses(v6=found)  # noqa: PLR2004  # IP
            return
        self.translated = ANYWHERE

    def _vmap(self, ref: Ref, found: Alternatives, statement: Json) -> list[FilterRule]:
        match statement:
            case {"vmap": {"key": key, "data": data}}:
                pass
            case _:
                return _unsure(ref, found, "a map without a key")
        try:
            pairs = [_pair(one) for one in self.matches.elements(ref, data)]
        except ValueError as error:
            return _unsure(ref, found, f"{_shown(statement)}: {error}")
        others = [verdict for value, verdict in pairs if value == "*"]
        named = [(value, verdict) for value, verdict in pairs if value != "*"]
        made: list[FilterRule] = []
        for value, verdict in named:
            body = {"op": "==", "left": key, "right": value}
            fitting = self._narrowed(ref, found, statement, body)
            made += self._of_map(ref, fitting, verdict)
        for verdict in others:
            if any(rule.action not in (Action.ACCEPT, Action.DENY, Action.GOTO) for rule in made):
                found = all_of((found, perhaps("what a map has no verdict for")))
            made += self._of_map(ref, found, verdict)
        return made

    def _of_map(self, ref: Ref, found: Alternatives, verdict: Json) -> list[FilterRule]:
        kind, body = _only(verdict)
        if kind == "continue":
            return []
        if kind not in _VERDICTS:
            return _unsure(ref, found, f"{_shown(verdict)} is not understood")
        return self._verdict(ref, found, kind, body)


def _rated(*, above: bool) -> Alternatives:
    return (Conditions(rates=frozenset({"above" if above else "below"})),)


def _is_harmless(body: Json) -> bool:
    """Whether what is written to decides nothing."""
    match body:
        case {"key": {"payload": {"field": str() as name}}}:
            return name in _HARMLESS_FIELDS
        case {"key": dict() as key}:
            return not key.keys() - _MARKS
        case _:
            return False


def _pair(element: Json) -> tuple[Json, Json]:
    match element:
        case [{"elem": {"val": value}}, verdict]:
            return value, verdict
        case [value, verdict]:
            return value, verdict
        case _:
            raise ValueError("an element without a verdict")


def _only(statement: Json) -> tuple[str, Json]:
    """The one key of a statement, and what it holds."""
    if isinstance(statement, str):
        return statement, None
    if isinstance(statement, dict) and len(statement) == 1:
        ((kind, body),) = statement.items()
        return str(kind), body
    return "", None


def _unsure(ref: Ref, found: Alternatives, reason: str) -> list[FilterRule]:
    return [rule for one in found for rule in either(one.rule(Action.ACCEPT, ref), reason)]


def _shown(statement: Json) -> str:
    return json.dumps(statement)[:120]


def parts_of(statements: Sequence[Json]) -> Iterator[tuple[str, Json]]:
    """The kind and the body of each statement."""
    return map(_only, statements)
