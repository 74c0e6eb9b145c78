"""Random access lists against binary decision diagrams: the same packets, every one of them.

The oracle is CUDD by way of ``dd``: it knows nothing of boxes, cells or cut points.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pytest

from checkvalve.judge.segmentation.compiled import Compiled
from checkvalve.judge.segmentation.permitted import Block, permitted
from checkvalve.observe.firewalls.base import Action, Chain, FilterRule, Ref, RuleSet, Stage
from checkvalve.observe.firewalls.spans import ALL_PORTS, Addresses, Span

cudd: Any = pytest.importorskip("dd.cudd", reason="dd was built without CUDD here")

AT: Final = datetime(2026, 3, 2, tzinfo=UTC)
BASE: Final = 10 << 24
BITS: Final = {"s": 12, "d": 12, "p": 16}
PROTOCOLS: Final = (6, 17)


class Diagram:
    """Sets of packets as one diagram over source, destination and port."""

    def __init__(self) -> None:
        self.manager: Any = cudd.BDD()
        self.manager.declare(
            *(f"{side}{bit}" for side, bits in BITS.items() for bit in range(bits))
        )

    def span(self, side: str, span: Span) -> Any:
        """Numbers from one to another, both included."""
        low, high = span
        return self._least(side, low, BITS[side] - 1) & ~self._least(side, high + 1, BITS[side] - 1)

    def _least(self, side: str, number: int, bit: int) -> Any:
        """Numbers that are not less than this one in their lowest bits."""
        if number >> (bit + 1):
            return self.manager.false
        found = self.manager.true
        for k in range(bit + 1):
            here = self.manager.var(f"{side}{k}")
            found = here & found if number >> k & 1 else here | found
        return found

    def box(self, *spans: Span) -> Any:
        """The packets in all of some spans."""
        found = self.manager.true
        for side, span in zip(BITS, spans, strict=True):
            found &= self.span(side, span)
        return found


def random_rules(rng: np.random.Generator, count: int) -> list[FilterRule]:
    def one_of(choices: Sequence[Any]) -> Any:
        return choices[int(rng.integers(len(choices)))]

    def addresses() -> Addresses:
        if rng.random() < 0.1:
            return Addresses(v4=((BASE, BASE + 4_095),))
        size = 1 << one_of((0, 0, 3, 6, 9))
        low = BASE + int(rng.integers(4_096)) // size * size
        return Addresses(v4=((low, low + size - 1),))

    def rule(number: int) -> FilterRule:
        low = one_of((0, 22, 80, 502, 65_535, int(rng.integers(65_536))))
        return FilterRule(
            one_of((Action.ACCEPT, Action.ACCEPT, Action.DENY)),
            Ref("list", number, "line"),
            addresses(),
            addresses(),
            one_of((None, ((6, 6),), ((17, 17),))),
            dst_ports=one_of((None, ((low, min(65_535, low + int(rng.integers(3)))),))),
        )

    return [rule(number) for number in range(1, count + 1)]


def accepted(diagram: Diagram, rules: list[FilterRule], protocol: int) -> Any:
    """What a list accepts, first match first, and denies at its end."""
    undecided, found = diagram.manager.true, diagram.manager.false
    for rule in rules:
        if rule.protocols not in (None, ((protocol, protocol),)):
            continue
        (source,), (destination,) = rule.src.v4, rule.dst.v4
        (ports,) = (rule.dst_ports or ALL_PORTS,)
        here = undecided & diagram.box(
            tuple(one - BASE for one in source),  # type: ignore[arg-type]  # two of them
            tuple(one - BASE for one in destination),  # type: ignore[arg-type]  # two of them
            ports[0],
        )
        undecided &= ~here
        if rule.action is Action.ACCEPT:
            found |= here
    return found


@pytest.mark.parametrize(("seed", "count"), [(1, 3), (2, 30), (3, 150), (4, 400)])
def test_boxes_are_the_packets_that_the_diagram_accepts(seed: int, count: int) -> None:
    rules = random_rules(np.random.default_rng(seed), count)
    last = FilterRule(Action.DENY, Ref("list", 0, "the rest"))
    rule_set = RuleSet("list", "list", {"list": Chain(tuple(rules), last)}, (Stage("list"),))
    side = Addresses(v4=((BASE, BASE + 4_095),))
    compiled = Compiled(rule_set, 4, [side], AT)
    diagram = Diagram()
    for protocol in PROTOCOLS:
        found = permitted(compiled, Block("in", "out", side.v4, side.v4, protocol))
        assert found.may == found.must
        oracle = accepted(diagram, rules, protocol)
        ours, packets = diagram.manager.false, 0
        for box in found.must:
            source, destination = ((low - BASE, high - BASE) for low, high in (box.src, box.dst))
            ours |= diagram.box(source, destination, box.ports)
            sizes = (high - low + 1 for low, high in (source, destination, box.ports))
            packets += next(sizes) * next(sizes) * next(sizes)
        assert ours == oracle
        assert packets == diagram.manager.count(oracle, sum(BITS.values()))
