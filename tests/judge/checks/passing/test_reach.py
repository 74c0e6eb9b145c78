from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.findings import Answer
from checkvalve.judge.checks.passing.reach import Reach, reach
from checkvalve.judge.segmentation.network import Service
from checkvalve.observe.firewalls.base import (
    TCP,
    Action,
    Chain,
    FilterRule,
    Ref,
    RuleSet,
    Stage,
    When,
)
from checkvalve.observe.firewalls.spans import Addresses
from checkvalve.testing.firewalls import Packet, may, must
from checkvalve.testing.segmentation import network_of, plant_of, rule_set_of

PLANT = plant_of("""
zones:
  - {id: office, level: 4, cidrs: [10.9.0.0/24]}
  - {id: line, level: 1, cidrs: [10.1.0.0/24]}
  - {id: island, level: 1, cidrs: [10.4.0.0/24]}
firewalls:
  - {id: fw, vendor: test, interfaces: {lan: office, plc: line}}
""")


def asked(rules: str | RuleSet, src: str | None = None, port: int | None = None) -> Reach:
    services = None if port is None else (Service(TCP, ((port, port),)),)
    return reach(
        network_of(PLANT, fw=rules),
        "office",
        "line",
        src=None if src is None else Addresses.of(src),
        services=services,
    )


def test_a_part_of_a_zone_is_cut_from_what_the_zone_may_open() -> None:
    found = asked("accept tcp 10.9.0.0/24 10.1.0.0/24 500-510", "10.9.0.7", 502)
    (opening,) = found.must
    assert opening.ports == "tcp/502"
    assert opening.passing[0].witness == "10.9.0.7 to 10.1.0.1 tcp/502"
    assert asked("accept tcp 10.9.0.8 any 502", "10.9.0.7").answer is Answer.HOLDS


def test_zones_that_nothing_joins_can_not_be_told() -> None:
    found = reach(network_of(PLANT, fw=""), "office", "island")
    assert found.answer is Answer.CANNOT_TELL
    assert found.is_unjoined
    assert found.doubt()


def test_a_firewall_that_was_not_read_can_not_be_told() -> None:
    found = reach(network_of(PLANT), "office", "line")
    assert found.reasons == ("the rule set of fw was not read",)


def test_what_is_certain_is_not_among_what_is_unclear() -> None:
    found = asked("""
        accept tcp 10.9.0.7 10.1.0.1 502
        accept tcp 10.9.0.7 10.1.0.1 501-503 unknown=a user
    """)
    assert [one.ports for one in found.must] == ["tcp/502"]
    assert sorted(one.box.ports for group in found.unclear for one in group.passing) == [
        (501, 501),
        (503, 503),
    ]


def test_a_rate_and_a_clock_are_told_as_what_they_are() -> None:
    assert "its rate" in asked("accept tcp any any 502 rate=below").reasons[0]
    timed = rule_set_of("accept tcp any any 502")
    chain = timed.chains["forward"]
    night = When(start=datetime(2026, 1, 1))  # noqa: DTZ001  # a firewall's own wall clock
    rules = tuple(replace(rule, when=night) for rule in chain.rules)
    found = asked(replace(timed, chains={"forward": replace(chain, rules=rules)}))
    assert "clock is not declared" in found.reasons[0]


def test_a_jump_that_is_not_understood_is_told_as_the_reason() -> None:
    jump = FilterRule(Action.JUMP, Ref("fw", 1, "-j WEB"), to="WEB", unknown="a match on marks")
    accept = FilterRule(Action.ACCEPT, Ref("fw", 2, "-j ACCEPT"))
    deny = FilterRule(Action.DENY, Ref("fw", 0, "policy"))
    chains = {"FORWARD": Chain((jump,), deny), "WEB": Chain((accept,))}
    found = asked(RuleSet("test", "fw", chains, (Stage("FORWARD"),)))
    assert found.answer is Answer.CANNOT_TELL
    assert found.reasons == ("fw:1: -j WEB is not understood: a match on marks",)


LINES = st.lists(
    st.builds(
        "{} {} 10.9.0.{} 10.1.0.{} {}{}".format,
        st.sampled_from(["accept", "deny"]),
        st.sampled_from(["tcp", "udp", "tcp,udp"]),
        st.sampled_from(["0/24", "7", "4/30"]),
        st.sampled_from(["0/24", "1", "0/31"]),
        st.sampled_from(["502", "500-510", "0-65535"]),
        st.sampled_from(["", " unknown=?"]),
    ),
    max_size=6,
)


@given(LINES)
def test_a_part_is_answered_as_the_plain_walk_answers_it(lines: list[str]) -> None:
    rules = rule_set_of("\n".join(lines))
    packet = Packet("10.9.0.7", "10.1.0.1", TCP, dst_port=502, in_if="lan", out_if="plc")
    found = reach(
        network_of(PLANT, fw=rules),
        "office",
        "line",
        src=Addresses.of("10.9.0.7"),
        dst=Addresses.of("10.1.0.1"),
        services=(Service(TCP, ((502, 502),)),),
    )
    assert bool(found.must) == must(rules, packet)
    assert bool(found.may) == may(rules, packet)
    assert bool(found.unclear) == (may(rules, packet) and not must(rules, packet))
    assert bool(found.reasons) == bool(found.unclear)


@pytest.mark.parametrize("protocols", ["icmp", "icmpv6"])
def test_a_ping_opens_nothing(protocols: str) -> None:
    assert asked(f"accept {protocols} any any").answer is Answer.HOLDS
