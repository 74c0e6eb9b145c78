"""Dead and undone lines: those that the plain walk never comes to, and no others."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from checkvalve.judge.segmentation.hygiene import Hygiene, hygiene
from checkvalve.observe.firewalls.base import RuleSet
from checkvalve.testing.firewalls import Packet, may
from checkvalve.testing.segmentation import network_of, plant_of, rule_set_of

PLANT = plant_of("""
    zones:
      - {id: office, cidrs: [10.9.0.0/24]}
      - {id: cell, cidrs: [10.1.0.0/24]}
    firewalls:
      - {id: fw, vendor: nftables, interfaces: {lan: office, plc: cell}}
""")


def of(rules: str | RuleSet) -> Hygiene:
    return hygiene(network_of(PLANT, fw=rules))["fw"]


def dead(rules: str) -> tuple[list[int], list[int]]:
    found = of(rules)
    return tuple(sorted(ref.line for ref in group) for group in (found.shadowed, found.redundant))  # type: ignore[return-value]


def undone(rules: str) -> dict[int, list[int]]:
    return {ref.line: [one.line for one in by] for ref, by in of(rules).undone.items()}


def test_a_line_below_a_wider_one_of_the_other_kind_is_shadowed() -> None:
    rules = "deny tcp any 10.1.0.0/24\naccept tcp 10.9.0.5 10.1.0.9 502"
    assert dead(rules) == ([2], [])
    assert [ref.line for ref in next(iter(of(rules).shadowed.values()))] == [1]


def test_a_line_below_a_wider_one_of_its_kind_is_redundant() -> None:
    assert dead("accept tcp any 10.1.0.0/24\naccept tcp 10.9.0.5 10.1.0.9 502") == ([], [2])


def test_several_lines_together_make_one_dead() -> None:
    halves = "accept tcp 10.9.0.0/25 any 1-500\naccept tcp 10.9.0.128/25 any 1-500"
    assert dead(f"{halves}\naccept tcp 10.9.0.0/24 any 22") == ([], [3])
    assert dead(f"{halves}\naccept tcp 10.9.0.0/24 any 22,501") == ([], [])
    mixed = halves.replace("accept", "deny", 1)
    assert dead(f"{mixed}\naccept tcp 10.9.0.0/24 any 22") == ([3], [])


def test_a_line_that_is_dead_in_one_family_or_protocol_alone_lives() -> None:
    assert dead("accept tcp 0.0.0.0/0 any\naccept tcp any any 22") == ([], [])
    assert dead("accept tcp any any\naccept tcp,udp any any 53") == ([], [])
    assert dead("accept tcp,udp any any\naccept tcp,udp any any 53") == ([], [2])


def test_a_line_on_other_interfaces_or_in_other_states_takes_nothing_away() -> None:
    below = "accept tcp 10.9.0.5 any 22"
    assert dead(f"deny tcp any any in=lan\n{below}") == ([], [])
    assert dead(f"deny tcp any any in=lan,plc\n{below} in=lan") == ([2], [])
    assert dead(f"accept tcp any any states=established\n{below}") == ([], [])


def test_what_is_not_certain_takes_nothing_away() -> None:
    below = "accept tcp 10.9.0.5 any 22"
    assert dead(f"deny tcp any any unknown=a user match\n{below}") == ([], [])
    assert dead(f"deny tcp any any rate=above\n{below}") == ([], [])


def test_a_final_deny_and_the_platforms_own_lines_are_healthy() -> None:
    rules = "accept tcp 10.9.0.5 10.1.0.9 502\ndeny any any any"
    assert dead(rules) == ([], [])
    assert undone(rules) == {}


def test_a_deny_is_undone_by_an_accept_above_that_is_more_than_its_exception() -> None:
    deny = "deny any any 10.1.0.0/24"
    assert undone(f"accept tcp 10.9.0.5 any 443\n{deny}") == {2: [1]}
    assert undone(f"accept tcp 10.9.0.5 10.1.0.9 443\n{deny}") == {}
    assert undone(f"accept any any any states=established,related\n{deny}") == {}


def test_an_accept_that_a_deny_above_it_stops_in_time_undoes_nothing() -> None:
    rules = (
        "deny tcp any 10.1.0.0/24 443\naccept tcp 10.9.0.5 any 443\ndeny tcp any 10.1.0.0/24 1-500"
    )
    assert undone(rules) == {}


line = st.builds(
    "{} {} 10.9.0.{} 10.1.0.{} {}".format,
    st.sampled_from(["accept", "deny"]),
    st.sampled_from(["tcp", "tcp,udp"]),
    st.sampled_from(["0/30", "0/31", "2/31", "1", "3"]),
    st.sampled_from(["0/30", "0/31", "2/31", "0"]),
    st.sampled_from(["1", "1-2", "2-3", "1-3"]),
)


@settings(max_examples=60)
@given(st.lists(line, min_size=1, max_size=6))
def test_a_dead_line_decides_no_packet_and_every_other_one_decides_some(lines: list[str]) -> None:
    found = of("\n".join(lines))
    gone = {ref.line for ref in (*found.shadowed, *found.redundant)}
    for number in range(1, len(lines) + 1):
        probe = [*(f"deny {one.split(' ', 1)[1]}" for one in lines[: number - 1])]
        text = "\n".join([*probe, f"accept {lines[number - 1].split(' ', 1)[1]}"])
        reached = any(may(rule_set_of(text), packet) for packet in PACKETS)
        assert reached == (number not in gone)


PACKETS = [
    Packet(f"10.9.0.{src}", f"10.1.0.{dst}", protocol, dst_port=port)
    for src in range(4)
    for dst in range(4)
    for protocol in (6, 17)
    for port in (1, 2, 3)
]
