"""pf: macros, tables, lists, quick and the last match, and what is never guessed."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.observe.firewalls.base import FirewallError, Permit, RuleSet, State
from checkvalve.observe.firewalls.packetfilter.pf import Pf
from checkvalve.observe.firewalls.spans import Addresses, Spans
from checkvalve.testing.firewalls import Packet, outcomes

PLC = Packet("10.1.0.5", "10.2.0.5", 6, dst_port=502, in_if="em0", out_if="em1")


def read(text: str) -> RuleSet:
    rule_set, coverage = Pf().read(text, file="pf.conf")
    assert coverage.understood + coverage.harmless + len(coverage.missed) == coverage.lines
    return rule_set


def verdict(text: str, packet: Packet = PLC, **changes: Any) -> set[str]:
    return set(outcomes(read(text), replace(packet, **changes)))


# Which rule decides.


def test_what_no_rule_matches_passes() -> None:
    assert verdict("block in on em7 all") == {"accept"}


def test_the_last_match_wins() -> None:
    assert verdict("block all\npass all") == {"accept"}
    assert verdict("pass all\nblock all") == {"deny"}


def test_quick_decides_at_once() -> None:
    assert verdict("block quick proto tcp\npass quick all\npass all") == {"deny"}
    assert verdict("pass all\npass quick proto tcp\nblock all") == {"accept"}


def test_a_packet_is_judged_on_its_way_in_and_on_its_way_out() -> None:
    assert verdict("block all\npass in on em0") == {"deny"}
    assert verdict("block all\npass in on em0\npass out on em1") == {"accept"}
    assert verdict("block all\npass on em0") == {"deny"}
    assert verdict("block all\npass out on em1 received-on em0\npass in") == {"accept"}
    assert verdict("block all\npass out on em1 received-on em2\npass in") == {"deny"}


def test_match_decides_nothing() -> None:
    assert verdict("block all\nmatch in all scrub (no-df)") == {"deny"}


def test_a_skipped_interface_is_not_judged() -> None:
    assert verdict("set skip on { lo, em0 }\nblock quick in all") == {"accept"}
    assert verdict("set skip on lo\nblock all") == {"deny"}
    assert verdict("set skip on lo\nblock all", in_if="lo0", out_if="lo1") == {"accept"}


@st.composite
def rules(draw: st.DrawFn) -> tuple[str, bool, bool, str, str]:
    """Action, whether it is quick, direction and what it matches."""
    return (
        draw(st.sampled_from(("pass", "block"))),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from(("10.1.0.0/24", "10.1.0.4/31", "10.1.0.5", "any"))),
        draw(st.sampled_from(("502", "500:510", "> 502", "!= 502", "1 >< 502", "502 <> 503"))),
    )


def last_match(chosen: list[tuple[str, bool, bool, str, str]], packet: Packet, way_in: bool) -> str:
    """What pf does, rule by rule, as its manual says it."""
    found = "pass"
    for action, quick, of_way_in, source, port in chosen:
        inside = source == "any" or any(
            low <= int(ip_address(packet.src)) <= high for low, high in Addresses.of(source).v4
        )
        number = packet.dst_port
        hit = {
            "502": number == 502,
            "500:510": 500 <= number <= 510,
            "> 502": number > 502,
            "!= 502": number != 502,
            "1 >< 502": 1 < number < 502,
            "502 <> 503": number < 502 or number > 503,
        }[port]
        if of_way_in == way_in and inside and hit:
            found = action
            if quick:
                break
    return found


@given(
    st.lists(rules(), max_size=8),
    st.sampled_from(("10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.1.0")),
    st.sampled_from((1, 2, 499, 501, 502, 503, 504, 511)),
)
def test_first_match_order_is_what_a_walk_to_the_last_match_finds(
    chosen: list[tuple[str, bool, bool, str, str]], src: str, port: int
) -> None:
    text = "block in on em9\n" + "\n".join(
        f"{action} {'in' if way_in else 'out'} {'quick ' * quick}proto tcp from {source} "
        f"to any port {ports}"
        for action, quick, way_in, source, ports in chosen
    )
    packet = replace(PLC, src=src, dst_port=port)
    both = {last_match(chosen, packet, True), last_match(chosen, packet, False)}
    assert verdict(text, packet) == ({"accept"} if both == {"pass"} else {"deny"})


# What a rule matches.


def test_macros_and_lists_are_put_in() -> None:
    text = (
        'plc = "10.2.0.5"\nports = "{ 502, 102 }"\nall = "{" $plc 10.2.0.6 "}"\n'
        "block all\npass proto tcp to $all port $ports"
    )
    assert verdict(text) == {"accept"}
    assert verdict(text, dst="10.2.0.6", dst_port=102) == {"accept"}
    assert verdict(text, dst="10.2.0.7") == {"deny"}
    assert verdict(text, dst_port=503) == {"deny"}


def test_a_list_goes_on_over_lines_and_a_backslash_joins_comments_too() -> None:
    assert verdict("block all\npass proto tcp to {\n 10.2.0.5 # the PLC\n 10.2.0.6 }") == {"accept"}
    assert verdict("block all\npass \\\n proto tcp") == {"accept"}
    assert verdict("block all\n# old: \\\npass all") == {"deny"}
    assert verdict('block all label "# no comment"\npass all') == {"accept"}


def test_macros_in_a_circle_or_without_an_end_are_unknown() -> None:
    assert verdict('a = "$a"\nblock all\npass to $a') == {"accept", "deny"}
    bomb = 'x0 = "1 1 1 1 1 1 1 1"\n' + "".join(
        f'x{n + 1} = "{f"$x{n} " * 8}"\n' for n in range(30)
    )
    assert verdict(bomb + "block all\npass to { $x30 }") == {"accept", "deny"}
    assert "deny" in verdict("block all\npass to $nobody")


def test_the_longest_entry_of_a_table_decides() -> None:
    table = "table <plcs> const { 10.2/16, !10.2.0.0/24, 10.2.0.5 }\n"
    text = table + "block all\npass proto tcp to <plcs>"
    assert verdict(text) == {"accept"}
    assert verdict(text, dst="10.2.0.6") == {"deny"}
    assert verdict(text, dst="10.2.1.6") == {"accept"}


def test_a_table_that_is_filled_elsewhere_is_unknown() -> None:
    for table in ("persist", 'persist file "/etc/bad"', '{ 10.9.9.9 } file "/etc/bad"'):
        assert verdict(f"table <bad> {table}\nblock all\npass from <bad>") == {"accept", "deny"}
    rule_set = read("block all\npass from <nobody>")
    assert "<nobody> is not defined" in rule_set.problems[0].sentence
    assert verdict("pass all\nblock quick from <nobody>") == {"accept", "deny"}


def test_a_negated_address_is_of_its_own_family() -> None:
    text = "block all\npass from ! 10.9.0.0/16 to any"
    assert verdict(text) == {"accept"}
    assert verdict(text, src="fd00::1", dst="fd00::2") == {"deny"}
    assert verdict(text, src="10.9.0.1") == {"deny"}


def test_each_negated_entry_of_a_list_is_a_rule_of_its_own() -> None:
    text = "block all\npass from { !10.1.0.5, !10.1.0.6 } to any"
    assert verdict(text) == {"accept"}
    assert verdict("block all\npass in on { !em0, !em1 }\npass out") == {"accept"}


def test_a_family_restricts() -> None:
    assert verdict("block all\npass inet6") == {"deny"}
    assert verdict("block all\npass inet6 proto tcp", src="fd00::1", dst="fd00::2") == {"accept"}


def test_addresses_of_the_firewall_are_unknown() -> None:
    for own in ("self", "em0", "(em0)", "(em0:network)", "em0:network", "www.example.com"):
        assert verdict(f"block all\npass to {own}") == {"accept", "deny"}
        assert verdict(f"block all\npass to {{ {own} 10.2.0.5 }}") == {"accept"}


def test_a_group_of_interfaces_is_unknown() -> None:
    assert verdict("block all\npass in on egress\npass out") == {"accept", "deny"}
    assert verdict("block all\npass in on em\npass out") == {"accept"}
    assert verdict("block all\npass in on ! em\npass out") == {"deny"}


def test_ports_have_operators() -> None:
    for port, passes in (
        ("= 502", True), ("!= 502", False), ("502:600", True), ("503:600", False),
        ("502 >< 600", False), ("501 >< 503", True), ("502 <> 600", False), ("503 <> 600", True),
        (">= 502", True), ("> 502", False), ("<= 502", True), ("< 502", False),
        ("{ 80 502 }", True), ("{ http, https }", False), (":502", True),
    ):  # fmt: skip
        text = f"block all\npass proto tcp to any port {port}"
        assert verdict(text) == ({"accept"} if passes else {"deny"}), port
    assert verdict("block all\npass proto tcp to any port modbus-x") == {"accept", "deny"}
    assert verdict("block all\npass proto tcp to port 502") == {"accept"}


def test_icmp_types_and_codes() -> None:
    ping = replace(PLC, protocol=1, icmp=8 << 8)
    assert verdict("block all\npass inet proto icmp icmp-type echoreq code 0", ping) == {"accept"}
    assert verdict("block all\npass inet proto icmp icmp-type { 0, unreach }", ping) == {"deny"}
    assert verdict("block all\npass inet proto icmp all icmp-type 8", ping) == {"accept"}


def test_tcp_flags_say_whether_a_session_opens() -> None:
    text = "pass all\nblock proto tcp flags {}"
    assert verdict(text.format("S/SA")) == {"deny"}
    assert verdict(text.format("S/SA"), state=State.ESTABLISHED) == {"accept"}
    assert verdict(text.format("A/A")) == {"accept"}
    assert verdict("block all\npass proto tcp flags A/A no state") == {"deny"}
    assert verdict("block all\npass proto tcp flags S/SA keep state") == {"accept"}


def test_a_limit_holds_only_below_its_rate() -> None:
    text = "block all\npass proto tcp keep state (max-src-conn-rate 5/3, overload <bad> flush)"
    assert verdict(text) == {"accept", "deny"}
    assert outcomes(read(text), PLC, rates_hold=True) == {"accept"}


def test_what_is_not_understood_may_match_or_not() -> None:
    for option in ("tagged TRUST", "! tagged TRUST", "user root", "probability 50%", "os OpenBSD"):
        assert verdict(f"block all\npass proto tcp from any to any {option}") == {"accept", "deny"}
        assert verdict(f"pass all\nblock proto udp from any to any {option}") == {"accept"}


def test_words_that_are_no_rule_widen_it_to_everything() -> None:
    assert verdict("block all\npass proto udp to nowhere what is this") == {"accept", "deny"}
    assert verdict("pass all\nblock proto udp blah") == {"accept", "deny"}
    assert verdict("pass all\nnonsense here") == {"accept", "deny"}


def test_an_anchor_may_decide_anything_that_it_is_asked() -> None:
    for rest in ("block all", "pass all"):
        assert verdict(f'{rest}\nanchor "f2b/*"') == {"accept", "deny"}
    assert verdict('block all\nanchor "f2b/*" in on em5') == {"deny"}
    assert verdict('block all\nanchor "x" {\n pass all\n}') == {"accept", "deny"}
    assert verdict('block all\ninclude "/etc/more.conf"') == {"accept", "deny"}


def test_antispoof_of_loopback_is_known_and_of_others_is_not() -> None:
    assert verdict("antispoof quick for lo0\npass all") == {"accept"}
    assert verdict("antispoof quick for lo0\npass all", src="127.0.0.1") == {"deny"}
    assert verdict("antispoof quick for em1\npass all") == {"accept", "deny"}


def test_fragments_decide_nothing_about_whole_packets() -> None:
    assert verdict("pass all\nblock quick all fragment") == {"accept"}


# Translations.


def test_a_redirection_leads_to_the_address_behind_the_firewall() -> None:
    text = (
        "block all\npass out\n"
        "pass in on em0 proto tcp from any to 203.0.113.7 port 5020 rdr-to 10.2.0.5 port 502"
    )
    assert verdict(text) == {"accept"}
    assert verdict(text, dst="203.0.113.7", dst_port=5020) == {"deny"}
    assert verdict(text.replace("10.2.0.5", "{ 10.2.0.5, 10.2.0.6 }")) == {"accept", "deny"}


def test_a_rule_that_names_the_outer_address_may_mean_the_inner_one() -> None:
    text = (
        "pass in on em0 proto tcp to 203.0.113.7 port 80 rdr-to 10.2.0.5 port 502\n"
        "block in to 203.0.113.7"
    )
    assert verdict(text) == {"accept", "deny"}


def test_old_redirections_come_before_the_rules() -> None:
    rdr = "rdr {}on em0 proto tcp from any to 203.0.113.7 port 5020 -> 10.2.0.5 port 502\n"
    assert verdict(rdr.format("") + "block in all") == {"deny"}
    assert verdict(rdr.format("pass ") + "block in all") == {"accept"}
    assert verdict(rdr.format("") + "block in all\npass in proto tcp to 10.2.0.5") == {"accept"}


def test_sources_that_were_translated_are_unknown_on_the_way_out() -> None:
    nat = "nat on em1 from 10.1.0.0/16 to any -> (em1)\n"
    text = "block out all\npass out on {} from 10.1.0.0/16 to any"
    assert verdict(nat + text.format("em1")) == {"accept", "deny"}
    assert verdict(text.format("em1")) == {"accept"}
    late = "block out all\npass out on em1 from 10.1.0.0/16 to any nat-to (em1)"
    assert verdict(late) == {"accept"}
    assert verdict("match out on em1 nat-to (em1)\n" + text.format("em1")) == {"accept", "deny"}


# What pfctl prints.


def test_the_output_of_pfctl_is_read() -> None:
    text = """
scrub in all fragment reassemble
@0 block drop in log all label "default deny" ridentifier 1000000103
  [ Evaluations: 9   Packets: 0   Bytes: 0   States: 0 ]
@1 pass in quick on em0 inet proto tcp from 10.1.0.0/16 to <plc:2> port = 502 flags S/SA keep state
@2 pass in quick on em0 route-to (em1 10.2.0.1) inet from any to 8.8.8.8 flags S/SA keep state
"""
    table = "table <plc> { 10.2.0.5 10.2.0.6 }\n"
    assert verdict(table + text) == {"accept"}
    assert verdict(table + text, dst_port=503) == {"deny"}
    assert verdict(table + text, dst="8.8.8.8") == {"accept", "deny"}


def test_only_pf_is_recognised() -> None:
    assert Pf().recognises("set skip on lo\nblock all")
    for other in ("", "access-list a permit ip any any", "<pfsense></pfsense>", "pass me the salt"):
        assert not Pf().recognises(other)
    with pytest.raises(FirewallError):
        Pf().read("set security policies from-zone a", file="x")


# Any text.

WORDS = """
pass block quick in out on em0 { } ( ) ! , = "a" <t> table 10.0.0.0/8 from to port 1:2 $a a anchor
rdr -> rdr-to nat-to antispoof for set skip proto tcp flags S/SA \\ # no match icmp-type code tagged
user received-on keep state (max 5) include <x> any all inet
"""
LINES = st.lists(st.sampled_from(re.findall(r"\S+", WORDS)), max_size=12).map(" ".join)


@given(st.lists(LINES, max_size=12).map("\n".join) | st.text())
def test_any_text_is_counted_once_or_refused(text: str) -> None:
    Pf().recognises(text)
    with suppress(FirewallError):
        read(text)


# Writing.

SPANS = st.sampled_from((((502, 502),), ((1, 5), (7, 9)), ((0, 65_535),), None))
SOURCES = st.sampled_from(
    (
        Addresses.of("10.1.0.3-10.1.0.9") | Addresses.of("fd00::5"),
        Addresses.of("0.0.0.0/0"),
        Addresses.of("fd00::/126"),
        Addresses.of("10.1.0.5"),
    )
)


@st.composite
def permits(draw: st.DrawFn) -> Permit:
    protocol = draw(st.sampled_from((6, 17, 1, 47, None)))
    ports: Spans | None = draw(SPANS) if protocol in (6, 17) else None
    pair = draw(st.sampled_from((("em0", "em1"), ("em1", "em0"), ("em0", "em2"))))
    return Permit(*pair, draw(SOURCES), draw(SOURCES), protocol, ports, "why\nnot \\")


def meant(permit: Permit, packet: Packet) -> bool:
    def has(spans: Spans, number: int) -> bool:
        return any(low <= number <= high for low, high in spans)

    family = packet.family
    return (
        (packet.in_if, packet.out_if) == (permit.in_if, permit.out_if)
        and has(permit.src.of_family(family), int(ip_address(packet.src)))
        and has(permit.dst.of_family(family), int(ip_address(packet.dst)))
        and permit.protocol in (None, packet.protocol)
        and (permit.dst_ports is None or has(permit.dst_ports, packet.dst_port))
    )


V4 = st.sampled_from(("10.1.0.2", "10.1.0.3", "10.1.0.5", "10.1.0.9", "10.1.0.10"))
V6 = st.sampled_from(("fd00::", "fd00::3", "fd00::4", "fd00::5", "fd00::6"))


@given(
    st.lists(permits(), max_size=4),
    st.lists(
        st.builds(
            lambda ends, protocol, port, way: Packet(
                ends[0], ends[1], protocol, dst_port=port, in_if=way[0], out_if=way[1]
            ),
            st.tuples(V4, V4) | st.tuples(V6, V6),
            st.sampled_from((6, 17, 1, 47, 50)),
            st.sampled_from((0, 1, 5, 6, 7, 9, 10, 501, 502, 503, 65_535)),
            st.sampled_from((("em0", "em1"), ("em1", "em0"), ("em0", "em2"), ("em2", "em1"))),
        ),
        min_size=10,
        max_size=40,
    ),
)
def test_what_is_written_permits_what_was_meant_and_nothing_else(
    wanted: list[Permit], packets: list[Packet]
) -> None:
    rule_set = read(Pf().render(wanted))
    for packet in packets:
        expected = any(meant(permit, packet) for permit in wanted)
        assert outcomes(rule_set, packet) == ({"accept"} if expected else {"deny"})


def test_an_interface_that_pf_takes_for_a_group_is_refused() -> None:
    any_v4 = Addresses.of("0.0.0.0/0")
    with pytest.raises(FirewallError, match="digit"):
        Pf().render([Permit("lan", "em1", any_v4, any_v4)])
