"""Two rule sets held against each other: exact, and nothing between equals."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.judge.segmentation.test_permitted import BASE, PACKETS, rule_sets

from checkvalve.judge.segmentation.differential import ANY_OTHER, Change, differential
from checkvalve.observe.firewalls.base import Names, RuleSet, Stage, When
from checkvalve.testing.firewalls import Packet, outcomes
from checkvalve.testing.segmentation import NOON, rule_set_of

OLD = """
    accept tcp 10.9.0.0/24 10.1.0.0/24 502 in=lan
    accept icmp any any
"""


def compared(old: str | RuleSet, new: str | RuleSet) -> tuple[Change, ...]:
    before, after = (rule_set_of(one) if isinstance(one, str) else one for one in (old, new))
    return differential(before, after, NOON).changes


def state(rule_set: RuleSet, packet: Packet) -> str:
    become = outcomes(rule_set, packet, at=NOON)
    if become == {"accept"}:
        return "permitted"
    return "cannot tell" if "accept" in become else "denied"


def holds(change: Change, packet: Packet) -> bool:
    wanted = (
        int(ip_address(packet.src)), int(ip_address(packet.dst)), packet.dst_port, packet.src_port,
    )  # fmt: skip
    return (
        change.family == 4
        and any(low <= packet.protocol <= high for low, high in change.protocols)
        and (packet.in_if, packet.out_if) in change.pairs
        and any(
            all(low <= one <= high for one, (low, high) in zip(wanted, box.sides, strict=True))
            for box in change.region.boxes()
        )
    )


@settings(max_examples=25, deadline=None)
@given(rule_sets())
def test_between_equals_there_is_no_difference(rule_set: RuleSet) -> None:
    found = differential(rule_set, rule_set, NOON)
    assert (found.changes, found.doubts) == ((), ())
    assert not found.opens


@settings(max_examples=25, deadline=None)
@given(rule_sets(), rule_sets(), PACKETS, st.sampled_from([6, 17]))
def test_a_packet_is_in_a_change_exactly_if_the_walks_differ(
    old: RuleSet, new: RuleSet, packets: list[tuple[int, int, int, int]], protocol: int
) -> None:
    changes = differential(old, new, NOON).changes
    pairs = {pair for change in changes for pair in change.pairs}
    for source, destination, port, src_port in packets:
        packet = Packet(
            str(ip_address(BASE + source)), str(ip_address(BASE + destination)),
            protocol, src_port, port,
        )  # fmt: skip
        for in_if, out_if in pairs or {("in", "out")}:
            here = replace(packet, in_if=in_if, out_if=out_if)
            then, now = state(old, here), state(new, here)
            said = [(one.before, one.after) for one in changes if holds(one, here)]
            assert said == ([] if then == now else [(then, now)])


def test_what_is_newly_permitted_names_the_new_line() -> None:
    (change,) = compared(OLD, f"{OLD}    accept tcp 10.9.0.7 10.1.0.5 22 in=lan\n")
    assert (change.before, change.after, change.opens) == ("denied", "permitted", True)
    assert change.protocols == ((6, 6),)
    assert change.pairs == (("lan", "lan"), ("lan", ANY_OTHER))
    assert change.region.by[0].text == "accept tcp 10.9.0.7 10.1.0.5 22 in=lan"
    assert change.region.ports == ((22, 22),)


def test_what_is_newly_denied_names_the_old_line() -> None:
    (change,) = compared(OLD, "accept tcp 10.9.0.0/24 10.1.0.0/24 502 in=lan")
    assert (change.before, change.after, change.opens) == ("permitted", "denied", False)
    assert change.protocols == ((1, 1),)
    assert change.region.by[0].text == "accept icmp any any"


def test_another_order_or_another_spelling_is_no_change() -> None:
    new = """
        accept icmp any any
        accept tcp 10.9.0.0/25 10.1.0.0/24 502 in=lan
        accept tcp 10.9.0.128/25 10.1.0.0/24 502 in=lan
    """
    assert compared(OLD, new) == ()


def test_both_families_are_compared() -> None:
    (change,) = compared("accept tcp 10.0.0.1 any", "accept tcp 10.0.0.1,2001:db8::1 any")
    assert change.family == 6


def test_what_may_be_newly_permitted_opens_too() -> None:
    new = f"{OLD}    accept tcp any 10.1.0.5 22 unknown=a match that nobody knows\n"
    found = differential(rule_set_of(OLD), rule_set_of(new), NOON)
    assert {(one.before, one.after) for one in found.changes} == {("denied", "cannot tell")}
    assert found.opens
    assert [doubt.side for doubt in found.doubts] == ["new"]


def test_lines_that_are_not_understood_on_both_sides_are_doubts_if_they_differ() -> None:
    old, new = (f"accept tcp any any unknown=match {one}" for one in ("one", "two"))
    found = differential(rule_set_of(old), rule_set_of(new), NOON)
    assert found.changes == ()
    assert [(doubt.side, doubt.reason) for doubt in found.doubts] == [
        ("old", "match one"),
        ("new", "match two"),
    ]
    assert found.opens


def test_lines_that_count_at_other_times_are_doubts() -> None:
    sides = [rule_set_of("accept tcp any any 22") for _ in range(2)]
    timed = []
    for rule_set, hour in zip(sides, (6, 7), strict=True):
        chain = rule_set.chains["forward"]
        weekly = ((frozenset(range(7)), hour * 60, 1_000),)
        rules = tuple(replace(rule, when=When(weekly=weekly)) for rule in chain.rules)
        timed.append(replace(rule_set, chains={"forward": replace(chain, rules=rules)}))
    found = differential(timed[0], timed[1], NOON)
    assert len(found.doubts) == 2


@pytest.mark.parametrize("groups", [{"inside": frozenset({"e1", "e2"})}, {"inside": frozenset()}])
def test_a_firewalls_own_zone_stands_for_its_interfaces(groups: dict[str, frozenset[str]]) -> None:
    stage = (Stage("forward", in_if=Names(frozenset({"inside"}))),)
    old, new = (
        replace(rule_set_of(text), groups=groups, forward=stage)
        for text in ("deny any any any", "accept any any any")
    )
    found = compared(old, new)
    inside = "e1" if groups["inside"] else "inside"
    assert {pair[0] for change in found for pair in change.pairs} == {inside}
