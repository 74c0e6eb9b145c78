from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise, product
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkvalve.observe.firewalls.base import FirewallError, Permit, RuleSet, State
from checkvalve.observe.firewalls.netfilter.nftables import Nftables
from checkvalve.observe.firewalls.spans import ANYWHERE, Addresses
from checkvalve.testing.firewalls import Packet, may, must, outcomes

ACCEPT, DENY, EITHER = {"accept"}, {"deny"}, {"accept", "deny"}
HOST, SERVER = "10.1.0.7", "10.2.0.9"
HOST6, SERVER6 = "2001:db8:1::7", "2001:db8:2::9"


def read(text: str) -> RuleSet:
    text = dedent(text)
    rule_set, coverage = Nftables().read(text, file="rules.nft")
    filled = sum(bool(line.strip()) for line in text.splitlines())
    assert coverage.lines == filled
    assert coverage.understood + coverage.harmless + len(coverage.missed) == filled
    return rule_set


def missed(text: str) -> list[int]:
    return [one.ref.line for one in Nftables().read(dedent(text), file="rules.nft")[1].missed]


def table(*rules: str, more: str = "", family: str = "inet", policy: str = "drop") -> str:
    body = "\n".join(rules)
    head = f"type filter hook forward priority filter; policy {policy};"
    return f"table {family} t {{\n{more}\nchain forward {{\n{head}\n{body}\n}}\n}}\n"


def forward(*rules: str, more: str = "", family: str = "inet") -> RuleSet:
    return read(table(*rules, more=more, family=family))


def packet(port: int = 443, src: str = HOST, dst: str = SERVER, **more: object) -> Packet:
    where = {"in_if": "eth0", "out_if": "eth1"}
    return Packet(src, dst, dst_port=port, **where | more)  # type: ignore[arg-type]


def packet6(port: int = 443, **more: object) -> Packet:
    return packet(port, HOST6, SERVER6, **more)


def test_tables_and_json_are_recognised_and_other_texts_are_not() -> None:
    assert Nftables().recognises(table("accept"))
    assert Nftables().recognises('{"nftables": [{"metainfo": {}}]}')
    assert Nftables().recognises("#!/usr/sbin/nft -f\nflush ruleset\n\ntable ip x\n{\n}\n")
    for other in ("", "*filter\nCOMMIT\n", "table <bad> persist\nblock in\n", '{"rules": []}'):
        assert not Nftables().recognises(other)


def test_what_is_nothing_of_nftables_is_refused_with_a_hint() -> None:
    with pytest.raises(FirewallError, match=r"rules\.nft is nothing that nft prints") as caught:
        Nftables().read("*filter\n-A FORWARD -j ACCEPT\n", file="rules.nft")
    assert "nft -j list ruleset" in caught.value.hint


def test_a_field_of_a_protocol_implies_it_also_where_it_is_negated() -> None:
    rules = forward("tcp dport != 22 accept", "ip saddr != 10.0.0.0/8 accept")
    assert outcomes(rules, packet()) == ACCEPT
    assert outcomes(rules, packet(22)) == DENY
    assert outcomes(rules, packet(protocol=17)) == DENY
    assert outcomes(rules, packet6(protocol=17)) == DENY
    assert outcomes(rules, packet(protocol=17, src="11.0.0.0")) == ACCEPT


def test_a_table_of_one_family_says_nothing_of_the_other() -> None:
    rules = forward("tcp dport 22 accept", family="ip")
    assert outcomes(rules, packet()) == DENY
    assert outcomes(rules, packet6()) == ACCEPT


def test_drop_ends_all_base_chains_and_accept_only_one() -> None:
    text = """
        table inet a {
            chain late { type filter hook forward priority 10; policy drop; tcp dport 1-2 accept; }
        }
        table inet b {
            chain early { type filter hook forward priority -10; tcp dport 2 drop; accept; }
        }
    """
    rules = read(text)
    assert [stage.chain for stage in rules.forward] == ["inet b early", "inet a late"]
    assert [outcomes(rules, packet(port)) for port in (1, 2, 3)] == [ACCEPT, DENY, DENY]


def test_priorities_are_names_with_a_number() -> None:
    names = ("raw", "mangle - 5", "filter+1", "-3", "security", "dstnat + 10")
    chains = "\n".join(
        f"chain c{n} {{ type filter hook forward priority {name}; policy drop; accept; }}"
        for n, name in enumerate(names)
    )
    order = [stage.chain for stage in read(f"table ip t {{\n{chains}\n}}\n").forward]
    assert order == [f"ip t c{n}" for n in (0, 1, 5, 3, 2, 4)]


def test_sets_maps_concatenations_and_variables_are_resolved() -> None:
    text = """
        define web = { 80, 443 }
        define more = { $web, 8080-8081 }
        table inet t {
            set hosts {
                type ipv4_addr
                flags interval
                elements = { 10.1.0.0/29, # the cell
                             10.1.1.1-10.1.1.3 }
            }
            map doors {
                typeof ip daddr . tcp dport : verdict
                elements = { 10.2.0.9 . 22 : accept, 10.2.0.9 . 23 : goto no }
            }
            chain no { drop }
            chain forward {
                type filter hook forward priority 0; policy accept
                ip daddr . tcp dport vmap @doors
                ip saddr @hosts tcp dport $more accept
                drop
            }
        }
    """
    rules = read(text)
    assert missed(text) == []
    found = {port: outcomes(rules, packet(port)) for port in (22, 23, 80, 8081, 8082)}
    assert found == {22: ACCEPT, 23: DENY, 80: ACCEPT, 8081: ACCEPT, 8082: DENY}
    assert outcomes(rules, packet(80, src="10.1.0.8")) == DENY
    assert outcomes(rules, packet(80, src="10.1.1.3")) == ACCEPT


def test_elements_may_be_added_behind_a_set() -> None:
    text = """
        add table ip t
        add set ip t s { type inet_service; }
        add element ip t s { 22, 23 }
        add chain ip t f { type filter hook forward priority 0; policy drop; }
        add rule ip t f tcp dport @s accept
        insert rule ip t f tcp dport 23 drop
    """
    assert missed(text) == []
    assert [outcomes(read(text), packet(port)) for port in (22, 23, 24)] == [ACCEPT, DENY, DENY]


def test_an_empty_set_holds_nothing_and_its_opposite_everything() -> None:
    more = "set s { type ipv4_addr; }"
    assert outcomes(forward("ip saddr @s accept", more=more), packet()) == DENY
    assert outcomes(forward("ip saddr != @s accept", more=more), packet()) == ACCEPT


@pytest.mark.parametrize(
    "more",
    [
        "set s { type ipv4_addr; timeout 1h; }",
        "set s { type ipv4_addr; flags dynamic; }",
        "set s { type ipv4_addr; elements = { 10.9.0.1 timeout 1h expires 5m } }",
        "set s { type ipv4_addr; }\nchain other { add @s { ip daddr } }",
    ],
)
def test_a_set_that_changes_by_itself_may_hold_anything(more: str) -> None:
    rules = forward("ip saddr @s tcp dport 1 accept", more=more)
    assert outcomes(rules, packet(1)) == EITHER
    assert outcomes(rules, packet(2)) == DENY


def test_an_undefined_set_or_variable_is_a_problem_and_may_hold_anything() -> None:
    rules = forward("ip saddr @lost accept", "tcp dport $gone drop", "accept")
    assert outcomes(rules, packet()) == EITHER
    assert outcomes(rules, packet6(protocol=17)) == EITHER
    assert len(rules.problems) == 2


def test_a_verdict_map_with_a_catch_all_gives_it_what_is_left() -> None:
    rules = forward("tcp dport vmap { 22 : accept, 23 : drop, * : accept }", "udp dport 1 accept")
    assert [outcomes(rules, packet(port)) for port in (22, 23, 24)] == [ACCEPT, DENY, ACCEPT]
    assert outcomes(rules, packet(1, protocol=17)) == ACCEPT


def test_ports_of_any_transport_are_in_doubt_where_a_protocol_has_none() -> None:
    rules = forward("th dport 53 accept")
    assert outcomes(rules, packet(53, protocol=17)) == ACCEPT
    assert outcomes(rules, packet(54, protocol=17)) == DENY
    assert outcomes(rules, packet(protocol=47)) == EITHER
    both = forward("meta l4proto { tcp, udp } th dport 53 accept")
    assert outcomes(both, packet(protocol=47)) == DENY


def test_families_interfaces_and_icmp_are_matched_by_name() -> None:
    rules = forward(
        'iifname "eth*" oifname != { "eth2", "eth3" } meta nfproto ipv6 accept',
        "icmp type { echo-request, 13 } icmp code 0 accept",
        "icmpv6 type nd-neighbor-solicit accept",
    )
    assert outcomes(rules, packet6()) == ACCEPT
    assert outcomes(rules, packet6(out_if="eth2")) == DENY
    assert outcomes(rules, packet6(in_if="wlan0")) == DENY
    assert outcomes(rules, packet()) == DENY
    assert outcomes(rules, packet(protocol=1, icmp=8 << 8)) == ACCEPT
    assert outcomes(rules, packet(protocol=1, icmp=8 << 8 | 1)) == DENY
    assert outcomes(rules, packet6(protocol=58, icmp=135 << 8, in_if="x")) == ACCEPT


def test_states_are_lists_sets_and_negated() -> None:
    for text in ("established,related", "{ established, related }", "!= { new, invalid }"):
        rules = forward(f"ct state {text} accept")
        assert not rules.stateful
        found = {state: outcomes(rules, packet(state=state)) for state in State}
        assert found[State.ESTABLISHED] == found[State.RELATED] == ACCEPT
        assert found[State.NEW] == found[State.INVALID] == DENY


def test_a_return_in_a_base_chain_and_the_end_of_a_goto_are_its_policy() -> None:
    rules = forward(
        "tcp dport 1 return", "tcp dport 2 goto c", "accept", more="chain c { tcp dport 9 accept; }"
    )
    assert [outcomes(rules, packet(port)) for port in (1, 2, 3)] == [DENY, DENY, ACCEPT]


def test_chains_in_a_circle_or_not_there_may_do_anything() -> None:
    more = "chain a { jump b; }\nchain b { goto a; }"
    assert outcomes(forward("tcp dport 1 jump a", "accept", more=more), packet(1)) == EITHER
    rules = forward("tcp dport 1 jump lost")
    assert outcomes(rules, packet(1)) == EITHER
    assert outcomes(rules, packet(2)) == DENY
    assert len(rules.problems) == 1


def test_a_thousand_chains_and_braces_one_in_another_are_read() -> None:
    chains = "\n".join(f"chain c{a} {{ jump c{b}; }}" for a, b in pairwise(range(1000)))
    rules = forward("jump c0", more=f"{chains}\nchain c999 {{ accept; }}")
    assert rules.problems == ()
    deep = "{" * 2000 + "1" + "}" * 2000
    assert outcomes(forward(f"tcp dport {deep} accept"), packet()) == EITHER
    nested = '{"set": [' * 3000 + "]}" * 3000
    text = f'{{"nftables": [{{"table": {{"family": "ip", "name": "t"}}}}, {nested}]}}'
    assert Nftables().read(text, file="x")[1].missed


def test_a_flow_table_takes_sessions_past_later_drops() -> None:
    text = """
        table inet a {
            flowtable f { hook ingress priority 0; devices = { eth0, eth1 }; }
            chain early { type filter hook forward priority 0; tcp dport 1 flow add @f; }
        }
        table inet b {
            chain late { type filter hook forward priority 10; policy drop; }
        }
    """
    rules = read(text)
    assert outcomes(rules, packet(1, state=State.ESTABLISHED)) == EITHER
    assert outcomes(rules, packet(2, state=State.ESTABLISHED)) == DENY
    assert outcomes(rules, packet(1)) == DENY


def test_before_translation_a_destination_that_is_translated_to_is_in_doubt() -> None:
    text = """
        table ip nat {
            chain pre {
                type nat hook prerouting priority dstnat;
                tcp dport 80 dnat to 10.2.0.9:8080
            }
        }
        table ip raw {
            chain pre { type filter hook prerouting priority raw; ip daddr 10.2.0.0/24 drop; }
        }
    """
    rules = read(text)
    assert outcomes(rules, packet()) == EITHER
    assert outcomes(rules, packet(dst="10.2.0.8")) == DENY
    assert outcomes(rules, packet(dst="10.3.0.8")) == ACCEPT


@pytest.mark.parametrize(
    ("rule", "held"),
    [
        ("limit rate 10/second burst 5 packets accept", ACCEPT),
        ("limit rate over 10/second accept", DENY),
        ("ct count over 5 accept", DENY),
        ("add @m { ip saddr limit rate over 3/second } accept", DENY),
    ],
)
def test_rates_leave_both_answers_unless_none_is_exceeded(rule: str, held: set[str]) -> None:
    rules = forward(rule, more="set m { type ipv4_addr; flags dynamic; }")
    assert outcomes(rules, packet()) == EITHER
    assert outcomes(rules, packet(), rates_hold=True) == held


@pytest.mark.parametrize(
    "rule",
    ["ether saddr 00:11:22:33:44:55", "fib saddr . iif oif missing", "meta mark 1", "@th,0,16 1"],
)
def test_an_unknown_match_leaves_both_answers_where_the_rest_fits(rule: str) -> None:
    rules = forward(f"tcp dport 1 {rule} accept")
    assert outcomes(rules, packet(1)) == EITHER
    assert outcomes(rules, packet(2)) == DENY
    drops = forward(f"{rule} drop", "accept")
    assert outcomes(drops, packet()) == EITHER


@pytest.mark.parametrize(
    "rule", ["queue num 1", "ip daddr set 10.0.0.1", "what is this", "tproxy to :1"]
)
def test_an_unknown_statement_may_do_anything(rule: str) -> None:
    assert outcomes(forward(f"tcp dport 1 {rule}"), packet(1)) == EITHER
    assert outcomes(forward(f"tcp dport 1 {rule}"), packet(2)) == DENY


def test_what_nft_can_print_only_as_a_comment_may_do_anything() -> None:
    text = table("tcp dport 1 # recent: UPDATE counter drop", "accept", family="ip")
    assert outcomes(read(text.replace("table ip t", "table ip filter")), packet(1)) == EITHER
    assert outcomes(read(text), packet(1)) == ACCEPT


def test_counting_logging_and_marking_decide_nothing() -> None:
    rules = forward(
        "counter packets 1 bytes 2 "
        'log prefix "drop; {" level info meta mark set 0x1 accept comment "}"'
    )
    assert outcomes(rules, packet()) == ACCEPT


@pytest.mark.parametrize(
    "text",
    [
        "delete rule inet t forward handle 5\n",
        'include "/etc/nftables.d/*.nft"\n',
        "}\n",
        "table inet u {\n",
    ],
)
def test_a_command_that_could_be_any_rule_leaves_both_answers(text: str) -> None:
    whole = table("tcp dport 1 accept") + text
    assert missed(whole) == [8]
    assert outcomes(read(whole), packet(1)) == EITHER


def test_a_dormant_or_flushed_table_does_nothing() -> None:
    assert outcomes(forward("drop", more="flags dormant;"), packet()) == ACCEPT
    assert outcomes(read(table("drop") + "flush ruleset\n" + table("accept")), packet()) == ACCEPT


def test_json_that_is_cut_off_leaves_both_answers() -> None:
    objects = [
        {"table": {"family": "inet", "name": "t"}},
        {"chain": {"family": "inet", "table": "t", "name": "f", "type": "filter",
                   "hook": "forward", "prio": 0, "policy": "drop"}},
        {"rule": {"family": "inet", "table": "t", "chain": "f", "handle": 7,
                  "expr": [{"accept": None}]}},
    ]  # fmt: skip
    text = json.dumps({"nftables": objects}, indent=1)
    whole = read(text)
    assert outcomes(whole, packet()) == ACCEPT
    assert whole.chains["inet t f"].rules[0].ref.name == "handle 7"
    cut = read(text[: text.rindex('"rule"')])
    assert outcomes(cut, packet()) == EITHER


PERMITS = st.builds(
    Permit,
    in_if=st.sampled_from(["eth0", "eth1"]),
    out_if=st.sampled_from(["eth1", "eth2.10"]),
    src=st.sampled_from(
        [ANYWHERE, Addresses.of("10.1.0.3-10.1.0.9"), Addresses.of("2001:db8:1::/64")]
    ),
    dst=st.sampled_from(
        [ANYWHERE, Addresses.of("10.2.0.1") | Addresses.of("2001:db8:2::1-2001:db8:2::4")]
    ),
    protocol=st.sampled_from([None, 6, 17]),
    remark=st.text(max_size=40),
) | st.builds(
    Permit,
    in_if=st.just("eth0"),
    out_if=st.just("eth1"),
    src=st.just(ANYWHERE),
    dst=st.just(Addresses.of("10.2.0.0/29")),
    protocol=st.sampled_from([6, 17]),
    dst_ports=st.sampled_from([((502, 502),), ((1, 9), (80, 80), (65_535, 65_535))]),
)


@given(st.lists(PERMITS, max_size=4))
@settings(max_examples=10)
def test_what_is_written_permits_exactly_the_permits(permits: list[Permit]) -> None:
    text = Nftables().render(permits)
    rules, coverage = Nftables().read(text, file="x")
    assert coverage.missed == ()
    ends = (
        *product(
            ("10.1.0.2", "10.1.0.3", "10.1.0.9", "10.1.0.10"), ("10.2.0.0", "10.2.0.1", "10.2.0.8")
        ),
        *product(("2001:db8:1::", "2001:db8:2::"), ("2001:db8:2::4", "2001:db8:2::5")),
    )
    for (src, dst), protocol, port, in_if in product(
        ends, (6, 17, 47), (0, 1, 9, 10, 80, 502, 65_535), ("eth0", "eth1")
    ):
        one = Packet(src, dst, protocol, dst_port=port, in_if=in_if, out_if="eth1")
        wanted = any(_permits(permit, one) for permit in permits)
        assert outcomes(rules, one) == (ACCEPT if wanted else DENY)
    assert must(rules, packet(state=State.ESTABLISHED))


def _permits(permit: Permit, one: Packet) -> bool:
    ports = permit.dst_ports or ((0, 65_535),)
    return (
        (permit.in_if, permit.out_if) == (one.in_if, one.out_if)
        and permit.protocol in (None, one.protocol)
        and bool(permit.src & Addresses.of(one.src))
        and bool(permit.dst & Addresses.of(one.dst))
        and any(low <= one.dst_port <= high for low, high in ports)
    )


def test_a_permit_that_can_not_be_said_is_named() -> None:
    with pytest.raises(FirewallError, match=r"'hist'.*no name of an interface"):
        Nftables().render([Permit('a"; accept', "b", ANYWHERE, ANYWHERE, remark="hist")])


WORDS = st.sampled_from(
    (
        *("table", "inet", "ip", "t", "{", "}", "chain", "forward", "type filter hook forward"),
        *("priority 0", ";", "policy drop", "accept", "drop", "jump", "c", "tcp dport", "22", "!="),
        *("{ 1, 2 }", "vmap { 1 : accept }", "@s", "set", "elements =", "define x =", "$x", ","),
        *("ip saddr", "10.0.0.0/33", "::/0", "1-2", "ct state", "new", "meta", "&", "(", ")", '"'),
        *(
            "#",
            "\\",
            ".",
            ":",
            "add rule",
            "flush",
            "limit rate",
            "²",
            "map",
            "\x0b",
            "/",
            "-",
            "<",
        ),
    )
)
LINES = st.lists(WORDS, max_size=9).map(" ".join)


@given(st.lists(LINES | st.text(max_size=30), max_size=12))
@settings(max_examples=100)
def test_any_text_is_read_with_each_line_once_or_refused(lines: list[str]) -> None:
    with suppress(FirewallError):
        read(table(*lines))
    with suppress(FirewallError):
        read("\n".join(lines))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 70_000)
    | st.sampled_from(["accept", "drop", "@s", "*", "10.0.0.1", "tcp", "dport", "==", "in", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    *(
                        "match",
                        "left",
                        "right",
                        "op",
                        "payload",
                        "protocol",
                        "field",
                        "meta",
                        "key",
                    ),
                    *(
                        "vmap",
                        "data",
                        "concat",
                        "&",
                        "range",
                        "prefix",
                        "elem",
                        "val",
                        "limit",
                        "set",
                    ),
                )
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=5))
@settings(max_examples=100)
def test_any_json_is_read_or_refused(statements: list[object]) -> None:
    of = {"family": "inet", "table": "t"}
    objects: list[object] = [
        {"table": {"family": "inet", "name": "t"}},
        {"set": {**of, "name": "s", "elem": statements}},
        {"rule": {**of, "chain": "f", "expr": statements}},
        *statements,
    ]
    rules = read(json.dumps({"nftables": objects}, indent=2))
    assert may(rules, packet())
