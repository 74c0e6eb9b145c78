"""Lines of a rule set that other lines above them make dead, or undo in part.

A line is **dead** when every packet that it could match is taken by lines above it in its
chain: *redundant* when they do the same with all of it, *shadowed* when they do not. A line
that denies is **undone** where a line above it, which is no exception inside it, already
accepted a part of what it denies.

Exact for chains of accepts and denies. Where a chain calls others, what those take away is not
counted, so that a dead line may be missed, and a living one is never called dead. The same goes
for lines that only together, over several interfaces or states, cover another, and for a line
whose rest falls into more than ``MOST_PIECES`` pieces. Lines with a time, a rate, or something
that is not understood take nothing away for certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np

from checkvalve.judge.segmentation.compiled import Compiled
from checkvalve.judge.segmentation.network import FAMILIES, Network
from checkvalve.observe.firewalls.base import Action, FilterRule, Names, Ref, State
from checkvalve.observe.firewalls.spans import ALL_PROTOCOLS

Array = np.ndarray[Any, Any]

#: Pieces that the rest of one line may fall into.
MOST_PIECES: Final = 1_024
#: Packets that such a line matches do not come to the lines below it.
_TAKING: Final = frozenset({Action.ACCEPT, Action.DENY, Action.RETURN, Action.GOTO})


@dataclass(frozen=True, slots=True)
class Hygiene:
    """What is wrong with the lines of one rule set.

    Attributes:
        lines: all that were looked at.
        shadowed: dead lines, of which lines above do something else with a part at least.
        redundant: dead lines, of which lines above do the same with all.
        undone: lines that deny, with those above that accept a part of it.
    """

    lines: int
    shadowed: Mapping[Ref, tuple[Ref, ...]]
    redundant: Mapping[Ref, tuple[Ref, ...]]
    undone: Mapping[Ref, tuple[Ref, ...]]


@lru_cache(maxsize=1)
def hygiene(network: Network) -> Mapping[str, Hygiene]:
    """What is wrong with each rule set that was read, by the firewall's id.

    Three checks ask this of one network, one after the other: the last answer is kept.
    """
    return {name: _of_firewall(network, name) for name in network.rule_sets}


def _of_firewall(network: Network, name: str) -> Hygiene:
    found = _Found()
    for family in FAMILIES:
        compiled = network.compiled(name, family)
        lines = _Lines(compiled)
        stages = (*compiled.rule_set.forward, *compiled.rule_set.local_in)
        for chain in compiled.reached(stages):
            seen: set[bytes] = set()
            for protocol in network.protocols:
                layer = _Layer(lines, chain, protocol)
                if layer.mark not in seen:  # else another protocol's lines are the same
                    seen.add(layer.mark)
                    layer.look(found)
    return found.hygiene()


@dataclass
class _Found:
    """What is known of the lines so far.

    Attributes:
        alive: lines of which something may still be matched.
        covered: lines of which some part is taken away, with those that take it.
        differs: those of them where another action takes it.
        undone: lines that deny, with those that accept a part.
    """

    alive: set[Ref] = field(default_factory=set)
    covered: dict[Ref, dict[Ref, None]] = field(default_factory=dict)
    differs: set[Ref] = field(default_factory=set)
    undone: dict[Ref, dict[Ref, None]] = field(default_factory=dict)

    def hygiene(self) -> Hygiene:
        dead = {ref: tuple(by) for ref, by in self.covered.items() if ref not in self.alive}
        return Hygiene(
            len(self.alive | self.covered.keys()),
            {ref: by for ref, by in dead.items() if ref in self.differs},
            {ref: by for ref, by in dead.items() if ref not in self.differs},
            {ref: tuple(by) for ref, by in self.undone.items() if ref not in dead},
        )


class _Lines:
    """What is the same for every chain of a rule set.

    Attributes:
        compiled: the rule set.
        kinds: each condition once.
        kind: place of each rule's condition among them.
        takes: whether packets that a rule matches certainly come no further.
    """

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        rules = compiled.rules
        places: dict[_Condition, int] = {}
        kinds = [places.setdefault(_Condition.of(rule), len(places)) for rule in rules]
        self.kind = np.array(kinds, np.int64)
        self.kinds = list(places)
        self.takes = np.array([_takes(rule) for rule in rules], bool)
        self._fits: dict[int, Array] = {}

    def fits(self, protocol: int) -> Array:
        """Bool, one a rule: whether it is of a protocol."""
        if protocol not in self._fits:
            rules = self.compiled.rules
            self._fits[protocol] = np.array([_is_of(rule, protocol) for rule in rules], bool)
        return self._fits[protocol]


class _Layer:
    """The lines of one chain as boxes of ranks, for one protocol of one family.

    Attributes:
        mark: equal for protocols whose lines are the same.
    """

    def __init__(self, lines: _Lines, chain: str, protocol: int) -> None:
        self.rules = lines.compiled.rules
        boxes = lines.compiled.chains[chain].boxes(protocol)
        kept = lines.fits(protocol)[boxes.rule]
        self.mark = kept.tobytes() + boxes.low.tobytes()
        self.rule, self.low, self.high = boxes.rule[kept], boxes.low[kept], boxes.high[kept]
        self._kinds = lines.kinds
        self._kind, self._takes = lines.kind[self.rule], lines.takes[self.rule]
        self._covers: dict[int, Array] = {}

    def look(self, found: _Found) -> None:
        """Hold every line against those above it."""
        starts = np.searchsorted(self.rule, self.rule)  # the first box of each box's line
        for at, place in enumerate(self.rule.tolist()):
            rule = self.rules[place]
            if not rule.ref.line or rule.action is Action.JUMP:
                continue
            if rule.ref in found.alive and rule.action is not Action.DENY:
                continue
            above = self._above(at, int(starts[at]), rule.ref)
            self._held(found, rule, at, above)

    def _above(self, at: int, end: int, ref: Ref) -> Array:
        """Boxes of other lines above that touch a box and take away what they match."""
        low, high = self.low[at], self.high[at]
        touching = np.flatnonzero(
            self._takes[:end]
            & (self.low[:end] < high).all(axis=1)
            & (self.high[:end] > low).all(axis=1)
        )
        covering = self._covering(int(self._kind[at]))[self._kind[touching]]
        chosen: Array = touching[covering]
        own = [k for k in chosen.tolist() if self.rules[self.rule[k]].ref == ref]
        return np.setdiff1d(chosen, own) if own else chosen

    def _covering(self, kind: int) -> Array:
        """Bool, one a kind of condition: whether it holds wherever another does."""
        if kind not in self._covers:
            wanted = self._kinds[kind]
            self._covers[kind] = np.array([one.covers(wanted) for one in self._kinds], bool)
        return self._covers[kind]

    def _held(self, found: _Found, rule: FilterRule, at: int, above: Array) -> None:
        if rule.action is Action.DENY:
            self._undone(found, rule, at, above)
        if rule.ref in found.alive:
            return
        takers = self._takers(at, above)
        if takers is None:
            found.alive.add(rule.ref)
            return
        for other in takers:
            found.covered.setdefault(rule.ref, {})[other.ref] = None
            if other.action is not rule.action or other.action is Action.GOTO:
                found.differs.add(rule.ref)

    def _takers(self, at: int, above: Array) -> list[FilterRule] | None:
        """The lines that take a box away between them; ``None`` where something is left."""
        low, high = self.low[at], self.high[at]
        whole = (self.low[above] <= low).all(axis=1) & (self.high[above] >= high).all(axis=1)
        if whole.any():
            above = above[: int(whole.argmax()) + 1]  # nothing comes further down
        parts = np.minimum(self.high[above], high) - np.maximum(self.low[above], low)
        if parts.prod(axis=1, dtype=np.float64).sum() < (high - low).prod(dtype=np.float64):
            return None
        left = [(tuple(low.tolist()), tuple(high.tolist()))]
        takers: dict[int, None] = {}
        for k in above.tolist():
            less = _less_all(left, tuple(self.low[k].tolist()), tuple(self.high[k].tolist()))
            if less != left:
                takers[int(self.rule[k])] = None
                left = less
            if not left:
                return [self.rules[place] for place in takers]
            if len(left) > MOST_PIECES:
                return None
        return None

    def _undone(self, found: _Found, rule: FilterRule, at: int, above: Array) -> None:
        """Lines above that accept a part of what a line denies, and more beside it."""
        if not _opens(rule):
            return
        low, high = self.low[at], self.high[at]
        beyond = (self.low[above] < low).any(axis=1) | (self.high[above] > high).any(axis=1)
        if not beyond.any():
            return
        own = np.flatnonzero(self.rule == self.rule[at])
        for k in above[beyond].tolist():
            other = self.rules[self.rule[k]]
            accepts = other.action is Action.ACCEPT and _opens(other)
            if accepts and not self._is_inside(k, own) and self._is_reached(k, at, above):
                found.undone.setdefault(rule.ref, {})[other.ref] = None

    def _is_inside(self, k: int, own: Array) -> bool:
        """Whether a box is inside some others together: an exception of their line."""
        left = [(tuple(self.low[k].tolist()), tuple(self.high[k].tolist()))]
        for one in own.tolist():
            left = _less_all(left, tuple(self.low[one].tolist()), tuple(self.high[one].tolist()))
        return not left

    def _is_reached(self, k: int, at: int, above: Array) -> bool:
        """Whether something of what two boxes share comes as far as the upper one."""
        low, high = np.maximum(self.low[k], self.low[at]), np.minimum(self.high[k], self.high[at])
        left = [(tuple(low.tolist()), tuple(high.tolist()))]
        for one in above[above < k].tolist():
            left = _less_all(left, tuple(self.low[one].tolist()), tuple(self.high[one].tolist()))
            if not left or len(left) > MOST_PIECES:
                break
        return bool(left)


_Corner = tuple[int, ...]
_Piece = tuple[_Corner, _Corner]


def _less_all(pieces: list[_Piece], low: _Corner, high: _Corner) -> list[_Piece]:
    """Boxes of ranks less one of them."""
    return [rest for piece in pieces for rest in _less(piece, low, high)]


def _less(piece: _Piece, low: _Corner, high: _Corner) -> Iterable[_Piece]:
    first, last = piece
    if any(a >= d or b <= c for a, b, c, d in zip(first, last, low, high, strict=True)):
        yield piece
        return
    for side in range(len(first)):
        if first[side] < low[side]:
            yield first, (*last[:side], low[side], *last[side + 1 :])
            first = (*first[:side], low[side], *first[side + 1 :])
        if last[side] > high[side]:
            yield (*first[:side], high[side], *first[side + 1 :]), last
            last = (*last[:side], high[side], *last[side + 1 :])


@dataclass(frozen=True, slots=True)
class _Condition:
    """What a rule asks besides addresses and services."""

    in_if: Names | None
    out_if: Names | None
    states: frozenset[State] | None

    @classmethod
    def of(cls, rule: FilterRule) -> _Condition:
        return cls(rule.in_if, rule.out_if, rule.states)

    def covers(self, other: _Condition) -> bool:
        """Whether it holds, for certain, wherever another does."""
        return (
            _names_cover(self.in_if, other.in_if)
            and _names_cover(self.out_if, other.out_if)
            and (self.states is None or (other.states is not None and self.states >= other.states))
        )


def _names_cover(one: Names | None, other: Names | None) -> bool:
    if one is None or one == other:
        return True
    if other is None or one.negated or other.negated:
        return False
    return one.names >= other.names


def _is_of(rule: FilterRule, protocol: int) -> bool:
    return any(low <= protocol <= high for low, high in rule.protocols or ALL_PROTOCOLS)


def _takes(rule: FilterRule) -> bool:
    return rule.action in _TAKING and not rule.unknown and not rule.rate and rule.when is None


def _opens(rule: FilterRule) -> bool:
    """Whether it speaks of packets that open a session."""
    return rule.states is None or State.NEW in rule.states
