from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from checkvalve.observe.firewalls.base import PORTED, Action, FilterRule, Ref
from checkvalve.observe.firewalls.objects import (
    ANY_SERVICE,
    Bounds,
    Ends,
    Service,
    bottom_up,
    boxes,
    merged,
    negated,
)
from checkvalve.observe.firewalls.spans import ANY_V4, ANYWHERE, NOWHERE, Addresses, Spans

SPECS = st.sampled_from(
    [
        "any",
        "tcp/80",
        "tcp/80-90:1000-2000",
        "tcp/85:1500-1600",
        "udp/53",
        "icmp",
        "icmp/8",
        "ip/47",
        "ip/6",
    ]
)
PACKETS = [
    (protocol, src, dst, icmp)
    for protocol in (1, 6, 17, 47, 58, 255)
    for src in ((0, 999, 1000, 1550, 2001) if protocol in PORTED else (0,))
    for dst in ((53, 79, 80, 85, 90, 91) if protocol in PORTED else (0,))
    for icmp in ((0, 8 << 8, 8 << 8 | 255, 128 << 8) if protocol in (1, 58) else (0,))
]


def holds(span: Spans | None, number: int) -> bool:
    return span is None or any(low <= number <= high for low, high in span)


def matches(box: Service, packet: tuple[int, int, int, int]) -> bool:
    protocol, src, dst, icmp = packet
    return (
        holds(box.protocols, protocol)
        and (protocol not in PORTED or (holds(box.src_ports, src) and holds(box.dst_ports, dst)))
        and (protocol not in (1, 58) or holds(box.icmp, icmp))
    )


@given(st.lists(SPECS, min_size=1, max_size=4))
def test_negated_services_match_exactly_what_none_of_them_does(specs: list[str]) -> None:
    every = [box for spec in specs for box in boxes([spec])]
    for packet in PACKETS:
        hit = any(matches(box, packet) for box in every)
        assert any(matches(box, packet) for box in merged(every)) == hit
        assert any(matches(box, packet) for box in negated(every)) != hit


def test_a_negated_unknown_service_surely_matches_only_what_it_could_not_be() -> None:
    unknown = Service(((6, 6),), None, ((80, 80),), unknown="who knows")
    found = negated([unknown])
    known = [box for box in found if not box.unknown]
    perhaps = [box for box in found if box.unknown]
    assert not any(matches(box, (6, 1, 80, 0)) for box in known)
    assert any(matches(box, (6, 1, 80, 0)) for box in perhaps)
    assert any(matches(box, (6, 1, 81, 0)) for box in known)


def test_bounds_keep_what_is_sure_and_what_is_possible() -> None:
    ten = Bounds.exactly(Addresses.of("10.0.0.0/8"))
    unknown = Bounds.unknown("a name", ANY_V4)
    either = ten | unknown
    assert (either.surely, either.perhaps) == (ten.surely, ANY_V4)
    rest = Bounds.exactly(ANY_V4).without(either)
    assert (rest.surely, rest.perhaps) == (NOWHERE, ANY_V4 - ten.surely)
    assert rest.why == "a name"


def test_a_policy_of_two_families_that_never_meet_has_no_rule() -> None:
    six = Bounds.exactly(Addresses.of("2001:db8::/32"))
    plain = FilterRule(Action.ACCEPT, Ref("x", 1, "p"))
    assert not list(Ends(Bounds.exactly(ANY_V4), six, (ANY_SERVICE,)).rules(plain))
    (rule,) = Ends(Bounds.exactly(ANYWHERE), six, (ANY_SERVICE,)).rules(plain)
    assert not rule.src.v4


def test_groups_come_behind_what_they_hold_and_rings_not_at_all() -> None:
    order, cyclic = bottom_up({"a": ["b", "x"], "b": [], "r": ["r"], "above": ["r", "a"]})
    assert order.index("b") < order.index("a")
    assert cyclic == {"r", "above"}
