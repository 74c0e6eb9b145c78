"""Permitted sets: each cell is what the plain walk says of each packet in it."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkvalve.judge.segmentation import permitted as permitted_module
from checkvalve.judge.segmentation.compiled import Compiled
from checkvalve.judge.segmentation.permitted import Block, Box, Permitted, permitted
from checkvalve.observe.firewalls.base import (
    Action,
    Chain,
    FilterRule,
    Names,
    Ref,
    RuleSet,
    Stage,
    State,
)
from checkvalve.observe.firewalls.spans import ANYWHERE, Addresses, Spans, spans
from checkvalve.testing.firewalls import Packet, outcomes

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
SIDE = 24  # addresses 10.0.0.0 to 10.0.0.23 are asked about
BASE = int(ip_address("10.0.0.0"))
PORTS = (0, 1, 2, 3)


def small_spans(top: int, base: int = 0) -> st.SearchStrategy[Spans]:
    pair = st.tuples(st.integers(0, top), st.integers(0, top)).map(
        lambda p: (base + min(p), base + max(p))
    )
    return st.lists(pair, min_size=1, max_size=2).map(spans)


addresses = st.one_of(st.just(ANYWHERE), small_spans(SIDE - 1, BASE).map(lambda s: Addresses(v4=s)))
ports = st.one_of(st.none(), small_spans(3))


@st.composite
def filter_rules(draw: Any, chains: tuple[str, ...]) -> FilterRule:
    action = draw(st.sampled_from(list(Action) if chains else [Action.ACCEPT, Action.DENY]))
    to = ""
    if action in (Action.JUMP, Action.GOTO):
        to = draw(st.sampled_from(chains))
    return FilterRule(
        action,
        Ref("file", draw(st.integers(1, 999)), "line"),
        src=draw(addresses),
        dst=draw(addresses),
        protocols=draw(st.sampled_from([None, ((6, 6),), ((6, 17),), ((17, 17),)])),
        dst_ports=draw(ports),
        src_ports=draw(st.one_of(st.none(), st.just(((2, 3),)))),
        in_if=draw(
            st.sampled_from(
                [None, Names(frozenset({"in"})), Names(frozenset({"i*"}), negated=True)]
            )
        ),
        states=draw(
            st.sampled_from([None, frozenset({State.NEW}), frozenset({State.ESTABLISHED})])
        ),
        to=to,
        unknown=draw(st.sampled_from(["", "", "why"])),
        rate=draw(st.sampled_from(["", "", "", "below", "above"])),
    )


@st.composite
def rule_sets(draw: Any, *, flat: bool = False) -> RuleSet:
    names = () if flat else ("a", "b")
    chains = {}
    for at, name in enumerate(("main", "second", *names)):
        later = names if at < 2 else names[at - 1 :]
        rules = draw(st.lists(filter_rules(later), max_size=6))
        policy = draw(st.sampled_from([None, Action.ACCEPT, Action.DENY] if at < 2 else [None]))
        chains[name] = Chain(
            tuple(rules), None if policy is None else FilterRule(policy, Ref("file", 0, "policy"))
        )
    return RuleSet(
        "test", "file", chains, (Stage("main"), Stage("second", out_if=Names(frozenset({"out"}))))
    )


def holds(
    boxes: tuple[Box, ...], source: int, destination: int, port: int, src_port: int
) -> list[Box]:
    wanted = (source, destination, port, src_port)
    return [
        box
        for box in boxes
        if all(low <= one <= high for one, (low, high) in zip(wanted, box.sides, strict=True))
    ]


def asked(rule_set: RuleSet, *, rates: bool, state: State = State.NEW) -> Permitted:
    side = Addresses(v4=((BASE, BASE + SIDE - 1),))
    compiled = Compiled(rule_set, 4, [side], AT, rates_hold=rates)
    return permitted(compiled, Block("in", "out", side.v4, side.v4, 6, state=state))


def assert_like_the_walk(
    rule_set: RuleSet, packets: list[tuple[int, int, int, int]], *, rates: bool, state: State
) -> None:
    found = asked(rule_set, rates=rates, state=state)
    for source, destination, port, src_port in packets:
        packet = Packet(
            str(ip_address(BASE + source)), str(ip_address(BASE + destination)),
            6, src_port, port, state=state,
        )  # fmt: skip
        become = outcomes(rule_set, packet, at=AT, rates_hold=rates)
        where = (BASE + source, BASE + destination, port, src_port)
        assert len(holds(found.may, *where)) == ("accept" in become)
        assert len(holds(found.must, *where)) == (become == {"accept"})
        assert len(holds(found.denied, *where)) == (become == {"deny"})


PACKETS = st.lists(
    st.tuples(
        st.integers(0, SIDE - 1), st.integers(0, SIDE - 1), st.sampled_from((*PORTS, 4, 65_535)),
        st.sampled_from((0, 2, 3, 4)),
    ),
    min_size=20, max_size=40,
)  # fmt: skip
STATES = st.sampled_from([State.NEW, State.ESTABLISHED])


@settings(max_examples=150, deadline=None)
@given(rule_sets(), PACKETS, st.booleans(), STATES)
def test_chains_with_jumps_and_unknown_lines_decide_as_the_walk_does(
    rule_set: RuleSet, packets: list[tuple[int, int, int, int]], rates: bool, state: State
) -> None:
    assert_like_the_walk(rule_set, packets, rates=rates, state=state)


@settings(max_examples=150, deadline=None)
@given(rule_sets(flat=True), PACKETS, st.booleans(), STATES)
def test_painting_decides_as_the_walk_does(
    rule_set: RuleSet, packets: list[tuple[int, int, int, int]], rates: bool, state: State
) -> None:
    assert_like_the_walk(rule_set, packets, rates=rates, state=state)


@settings(max_examples=30, deadline=None)
@given(rule_sets(), PACKETS)
def test_a_block_that_is_cut_gives_the_same(
    rule_set: RuleSet, packets: list[tuple[int, int, int, int]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(permitted_module, "MOST_CELLS", 50)
        assert_like_the_walk(rule_set, packets, rates=False, state=State.NEW)


@settings(max_examples=60, deadline=None)
@given(rule_sets(flat=True), filter_rules(()))
def test_a_deny_put_first_never_enlarges(rule_set: RuleSet, rule: FilterRule) -> None:
    chain = rule_set.chains["main"]
    first = FilterRule(
        Action.DENY, Ref("file", 1_000, "new"), rule.src, rule.dst, unknown=rule.unknown
    )
    more = {**rule_set.chains, "main": Chain((first, *chain.rules), chain.policy)}
    narrower = RuleSet("test", "file", more, rule_set.forward)
    before, after = asked(rule_set, rates=False), asked(narrower, rates=False)
    for corner in (box for box in after.may + after.must):
        low = tuple(side[0] for side in corner.sides)
        assert not holds(after.may, *low) or holds(before.may, *low)
        assert not holds(after.must, *low) or holds(before.must, *low)
