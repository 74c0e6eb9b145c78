"""A rule set made ready for questions: every rule as boxes of ranks, for one family.

A box is a product of four spans: source, destination, destination port (or ICMP type and code),
source port. A rule is one or more disjoint boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import Any, Final, Generic, TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from checkvalve.judge.segmentation.axes import Ranks
from checkvalve.observe.firewalls.base import (
    ICMP,
    ICMPV6,
    PORTED,
    Action,
    FilterRule,
    RuleSet,
    Stage,
    State,
    is_active,
)
from checkvalve.observe.firewalls.spans import (
    ALL_PORTS,
    ALL_PROTOCOLS,
    ALL_V4,
    ALL_V6,
    IPV4,
    Addresses,
    Spans,
)

Array = np.ndarray[Any, Any]
Value = TypeVar("Value")

#: What a rule does to a question: nothing, perhaps something, certainly something.
NEVER: Final = 0
PERHAPS: Final = 1
ALWAYS: Final = 2
_ONE_CELL: Final[Spans] = ((0, 0),)
_TERMINAL: Final = frozenset({Action.ACCEPT, Action.DENY})


@dataclass(frozen=True, slots=True)
class Boxes:
    """The boxes of one chain, in the order of its rules.

    Attributes:
        rule: place of each box's rule in ``Compiled.rules``.
        low: where each box begins in the four dimensions, ranks, int64 of shape ``[boxes, 4]``.
        high: where it ends, not included.
    """

    rule: Array
    low: Array
    high: Array


@dataclass(frozen=True, slots=True)
class CompiledChain:
    """A chain with its boxes by kind of protocol.

    Attributes:
        ported: boxes for protocols with ports.
        icmp: boxes for ICMP, whose third dimension is type and code.
        other: boxes for protocols with neither.
        policy: place of the policy's rule; -1 where there is none.
        flat: it has nothing but accept and deny.
    """

    ported: Boxes
    icmp: Boxes
    other: Boxes
    policy: int
    flat: bool

    def boxes(self, protocol: int) -> Boxes:
        """Those that count for a protocol."""
        if protocol in PORTED:
            return self.ported
        return self.icmp if protocol in (ICMP, ICMPV6) else self.other


class _Fields(Generic[Value]):
    """One field of all rules; equal values are asked once.

    Args:
        values: one a rule.
    """

    def __init__(self, values: Iterable[Value]) -> None:
        places: dict[Value, int] = {}
        self._places = np.array([places.setdefault(one, len(places)) for one in values], np.int64)
        self._values = tuple(places)

    def fit(self, fits: Callable[[Value], bool]) -> Array:
        """Bool, one a rule: whether its value fits."""
        found: Array = np.array([fits(one) for one in self._values], bool)[self._places]
        return found


class Compiled:
    """One rule set, one address family, one instant.

    Args:
        rule_set: the rule set.
        family: 4 or 6.
        asked: all address sets that will be asked about.
        at: the instant that counts.
        clock: the time zone of the firewall's clock; ``None``: timed lines are unknown.
        rates_hold: it is declared that rate limits are not exceeded.
        ports: all port sets that will be asked about.
    """

    def __init__(
        self,
        rule_set: RuleSet,
        family: int,
        asked: Iterable[Addresses],
        at: datetime,
        *,
        clock: ZoneInfo | None = None,
        rates_hold: bool = False,
        ports: Iterable[Spans] = (),
    ) -> None:
        self.rule_set = rule_set
        self.family = family
        self.known = family in rule_set.families
        self.rules: list[FilterRule] = list(rule_set.rules())
        whole = ALL_V4 if family == IPV4 else ALL_V6
        sets = [whole, *(one.of_family(family) for one in asked)]
        for rule in self.rules:
            sets += [rule.src.of_family(family), rule.dst.of_family(family)]
        self.addresses = Ranks(dict.fromkeys(sets))
        third = [ALL_PORTS, _ONE_CELL, *ports]
        for rule in self.rules:
            third += [rule.src_ports or ALL_PORTS, rule.dst_ports or ALL_PORTS]
            third.append(rule.icmp or ALL_PORTS)
        self.numbers = Ranks(dict.fromkeys(third))
        self._ranges: dict[tuple[bool, Spans], list[tuple[int, int]]] = {}
        self._effects = np.array(
            [self._effect(rule, at, clock, rates_hold) for rule in self.rules], np.int8
        )
        self._protocols = _Fields(rule.protocols or ALL_PROTOCOLS for rule in self.rules)
        self._states = _Fields(rule.states for rule in self.rules)
        self._in_if = _Fields(rule.in_if for rule in self.rules)
        self._out_if = _Fields(rule.out_if for rule in self.rules)
        #: Whether each rule accepts; the last one, at -1, is for where no rule decides.
        self.accepts = np.array([rule.action is Action.ACCEPT for rule in self.rules] + [True])
        self._leads_to = {
            name: tuple({rule.to: None for rule in chain.rules if rule.to})
            for name, chain in rule_set.chains.items()
        }
        self.chains: dict[str, CompiledChain] = {}
        place = 0
        for name, chain in rule_set.chains.items():
            places = range(place, place + len(chain.rules))
            place += len(chain.rules)
            policy = -1
            if chain.policy is not None:
                policy, place = place, place + 1
            self.chains[name] = CompiledChain(
                self._boxes(places, "ported"),
                self._boxes(places, "icmp"),
                self._boxes(places, "other"),
                policy,
                all(rule.action in _TERMINAL for rule in chain.rules),
            )
        self.effects = lru_cache(maxsize=4_096)(self._effects_of)

    def _effect(
        self,
        rule: FilterRule,
        at: datetime,
        clock: ZoneInfo | None,
        rates_hold: bool,  # noqa: FBT001  # private
    ) -> int:
        """Whether a rule counts at all, whatever it matches."""
        active = is_active(rule, at, clock)
        if active is False:
            return NEVER
        if rule.rate and rates_hold:
            return ALWAYS if rule.rate == "below" and active else NEVER
        return PERHAPS if rule.unknown or rule.rate or active is None else ALWAYS

    def _effects_of(self, protocol: int, in_if: str, out_if: str, state: State) -> Array:
        """What each rule does to packets of a protocol and state between two interfaces."""
        groups = self.rule_set.groups
        fits = (
            self._protocols.fit(lambda one: any(low <= protocol <= high for low, high in one))
            & self._states.fit(lambda one: one is None or state in one)
            & self._in_if.fit(lambda one: one is None or one.fits(in_if, groups))
            & self._out_if.fit(lambda one: one is None or one.fits(out_if, groups))
        )
        found: Array = np.where(fits, self._effects, np.int8(NEVER))
        return found

    def reached(self, stages: tuple[Stage, ...]) -> tuple[str, ...]:
        """The chains that stages may lead to, those that are not there left out."""
        found: dict[str, None] = {}
        waiting = [stage.chain for stage in stages]
        while waiting:
            name = waiting.pop()
            if name not in found and name in self.chains:
                found[name] = None
                waiting += self._leads_to[name]
        return tuple(found)

    def _boxes(self, places: range, kind: str) -> Boxes:
        rules: list[int] = []
        corners: list[tuple[tuple[int, int], ...]] = []
        for place in places:
            rule = self.rules[place]
            source = self._ranks(rule.src.of_family(self.family))
            destination = self._ranks(rule.dst.of_family(self.family))
            if kind == "ported":
                third, fourth = rule.dst_ports or ALL_PORTS, rule.src_ports or ALL_PORTS
            elif kind == "icmp":
                third, fourth = rule.icmp or ALL_PORTS, _ONE_CELL
            else:
                third, fourth = _ONE_CELL, _ONE_CELL
            for corner in product(source, destination, self._ports(third), self._ports(fourth)):
                rules.append(place)
                corners.append(corner)
        bounds = np.array(corners, np.int64).reshape(-1, 4, 2)
        return Boxes(np.array(rules, np.int64), bounds[:, :, 0], bounds[:, :, 1])

    def _ranks(self, spans: Spans) -> list[tuple[int, int]]:
        key = (True, spans)
        if key not in self._ranges:
            self._ranges[key] = self.addresses.of(spans)
        return self._ranges[key]

    def _ports(self, spans: Spans) -> list[tuple[int, int]]:
        key = (False, spans)
        if key not in self._ranges:
            self._ranges[key] = self.numbers.of(spans)
        return self._ranges[key]
