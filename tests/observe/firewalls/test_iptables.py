from __future__ import annotations

from contextlib import suppress
from itertools import pairwise, product
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.observe.firewalls.fffuu import as_parsed, as_saved, matrices

from checkvalve.observe.firewalls.base import FirewallError, Permit, RuleSet, State
from checkvalve.observe.firewalls.netfilter.iptables import Iptables
from checkvalve.observe.firewalls.spans import ANYWHERE, Addresses
from checkvalve.testing.firewalls import Packet, may, must, outcomes

ACCEPT, DENY, EITHER = {"accept"}, {"deny"}, {"accept", "deny"}
HOST, SERVER = "10.1.0.7", "10.2.0.9"


def read(text: str) -> RuleSet:
    text = dedent(text)
    rule_set, coverage = Iptables().read(text, file="rules.v4")
    filled = sum(bool(line.strip()) for line in text.splitlines())
    assert coverage.lines == filled
    assert coverage.understood + coverage.harmless + len(coverage.missed) == filled
    return rule_set


def missed(text: str) -> list[int]:
    return [one.ref.line for one in Iptables().read(dedent(text), file="rules.v4")[1].missed]


def filtering(*rules: str, policy: str = "DROP", chains: tuple[str, ...] = ()) -> str:
    head = ("*filter", ":INPUT ACCEPT [0:0]", f":FORWARD {policy} [0:0]", ":OUTPUT ACCEPT [0:0]")
    return "\n".join((*head, *(f":{name} - [0:0]" for name in chains), *rules, "COMMIT", ""))


def forward(*rules: str, policy: str = "DROP") -> RuleSet:
    return read(filtering(*(f"-A FORWARD {rule}" for rule in rules), policy=policy))


def packet(port: int = 443, src: str = HOST, dst: str = SERVER, **more: object) -> Packet:
    where = {"in_if": "eth0", "out_if": "eth1"}
    return Packet(src, dst, dst_port=port, **where | more)  # type: ignore[arg-type]


def test_a_table_of_iptables_is_recognised_and_other_texts_are_not() -> None:
    assert Iptables().recognises(filtering("-A FORWARD -j ACCEPT"))
    assert Iptables().recognises("-P INPUT DROP\n-P FORWARD DROP\n-N x\n-A FORWARD -j x\n")
    for other in ("", "table inet x {\n}\n", "access-list x permit ip any any", "# *filter\n"):
        assert not Iptables().recognises(other)


def test_what_is_nothing_of_iptables_is_refused_with_a_hint() -> None:
    with pytest.raises(FirewallError, match=r"rules\.v4 is nothing that iptables-save") as caught:
        Iptables().read("Chain FORWARD (policy ACCEPT)\n", file="rules.v4")
    assert "iptables-save" in caught.value.hint


def test_the_first_rule_that_fits_decides_and_the_policy_the_rest() -> None:
    rules = forward("-s 10.1.0.0/24 -p tcp -m tcp --dport 443 -j ACCEPT", "-p tcp -j REJECT")
    assert outcomes(rules, packet()) == ACCEPT
    assert outcomes(rules, packet(444)) == DENY
    assert outcomes(rules, packet(protocol=17)) == DENY
    assert outcomes(forward(policy="ACCEPT"), packet()) == ACCEPT


def test_replies_need_a_line_of_their_own() -> None:
    rules = forward("-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
    assert not rules.stateful
    assert outcomes(rules, packet(state=State.ESTABLISHED)) == ACCEPT
    assert outcomes(rules, packet()) == DENY


@pytest.mark.parametrize("rule", ["! -s 10.1.0.0/16", "-s ! 10.1.0.0/16"])
def test_an_exclamation_mark_stands_before_or_behind_the_option(rule: str) -> None:
    rules = forward(f"{rule} -j ACCEPT")
    assert outcomes(rules, packet()) == DENY
    assert outcomes(rules, packet(src="10.2.0.0")) == ACCEPT


@pytest.mark.parametrize(
    ("match", "fits", "does_not"),
    [
        ("-p tcp -m multiport --dports 22,80:90,443", [22, 80, 90, 443], [21, 79, 91, 442]),
        ("-p tcp -m multiport ! --dports 22,80:90", [21, 91], [22, 85]),
        ("-p tcp -m multiport --ports 22", [22], [23]),
        ("-p tcp -m tcp ! --dport 22:25", [21, 26], [22, 25]),
        ("-p tcp --dport 22", [22], [23]),
        ("-p tcp -m tcp --dport :22", [0, 22], [23]),
        ("-p tcp -m comment --comment x --dport 22", [22], [23]),
        ("-p 6 --dport ssh -m state --state NEW", [22], [23]),
    ],
)
def test_ports_are_single_ranges_lists_and_negated(
    match: str, fits: list[int], does_not: list[int]
) -> None:
    rules = forward(f"{match} -j ACCEPT")
    assert all(outcomes(rules, packet(port)) == ACCEPT for port in fits)
    assert all(outcomes(rules, packet(port)) == DENY for port in does_not)


def test_neither_port_may_be_one_of_negated_ports() -> None:
    rules = forward("-p udp -m multiport ! --ports 53 -j ACCEPT")
    assert outcomes(rules, packet(53, protocol=17)) == DENY
    assert outcomes(rules, packet(54, protocol=17, src_port=53)) == DENY
    assert outcomes(rules, packet(54, protocol=17)) == ACCEPT


def test_address_ranges_and_masks_are_exact_to_the_last_address() -> None:
    rules = forward(
        "-m iprange --src-range 10.1.0.3-10.1.0.7 ! --dst-range 10.2.0.0-10.2.0.8 -j ACCEPT"
    )
    assert outcomes(rules, packet()) == ACCEPT
    assert outcomes(rules, packet(src="10.1.0.8")) == DENY
    assert outcomes(rules, packet(dst="10.2.0.8")) == DENY
    holes = forward("-s 10.0.0.7/255.0.255.255 -j ACCEPT")
    assert outcomes(holes, packet(src="10.99.0.7")) == ACCEPT
    assert outcomes(holes, packet(src="10.99.0.8")) == DENY
    lowest = "0.0.0.0"  # noqa: S104  # no socket
    ends = forward(f"-s {lowest} -j ACCEPT", "-s 255.255.255.255/32 -j ACCEPT")
    assert outcomes(ends, packet(src=lowest)) == ACCEPT
    assert outcomes(ends, packet(src="255.255.255.255")) == ACCEPT
    assert outcomes(ends, packet(src="255.255.255.254")) == DENY


def test_a_plus_stands_for_all_interfaces_that_begin_so() -> None:
    rules = forward("-i eth+ ! -o eth1+ -j ACCEPT")
    assert outcomes(rules, packet(out_if="eth2")) == ACCEPT
    assert outcomes(rules, packet(out_if="eth10")) == DENY
    assert outcomes(rules, packet(in_if="wlan0", out_if="eth2")) == DENY


@pytest.mark.parametrize("kind", ["8", "8/0", "echo-request", "ping", "any", "255"])
def test_icmp_types_are_names_and_numbers(kind: str) -> None:
    rules = forward(f"-p icmp -m icmp --icmp-type {kind} -j ACCEPT")
    assert outcomes(rules, packet(protocol=1, icmp=8 << 8)) == ACCEPT
    assert (outcomes(rules, packet(protocol=1, icmp=3 << 8)) == ACCEPT) == (kind in ("any", "255"))
    assert outcomes(rules, packet()) == DENY


def test_quoted_comments_may_hold_anything() -> None:
    rules = forward(
        '-p tcp -m comment --comment "a \\"b\\" ! -j DROP --dport 1 # c" --dport 443 -j ACCEPT',
        '-p icmp -m comment --comment "!" -j ACCEPT',
    )
    assert outcomes(rules, packet()) == ACCEPT
    assert outcomes(rules, packet(1)) == DENY
    assert outcomes(rules, packet(protocol=1)) == ACCEPT


def test_a_chain_returns_and_a_goto_does_not() -> None:
    text = filtering(
        "-A FORWARD -p tcp -m tcp --dport 1:9 -j called",
        "-A FORWARD -p tcp -m tcp --dport 10:19 -g called",
        "-A FORWARD -p tcp -m tcp --dport 30 -j RETURN",
        "-A FORWARD -j ACCEPT",
        "-A called -p tcp -m tcp --dport 2 -j DROP",
        "-A called -p tcp -m tcp --dport 12 -j ACCEPT",
        "-A called -j RETURN",
        "-A called -j DROP",
        chains=("called",),
    )
    results = {port: outcomes(read(text), packet(port)) for port in (1, 2, 11, 12, 20, 30)}
    assert results == {1: ACCEPT, 2: DENY, 11: DENY, 12: ACCEPT, 20: ACCEPT, 30: DENY}


def test_a_jump_to_a_chain_that_is_not_there_or_in_a_circle_may_do_anything() -> None:
    lost = forward("-p tcp -j lost", "-p udp -j ACCEPT")
    assert outcomes(lost, packet()) == EITHER
    assert outcomes(lost, packet(protocol=17)) == ACCEPT
    assert [one.sentence for one in lost.problems] == ["the chain 'filter lost' is not defined"]
    circle = read(filtering("-A FORWARD -j a", "-A a -j b", "-A b -p tcp -j a", chains=("a", "b")))
    assert outcomes(circle, packet()) == EITHER
    assert outcomes(circle, packet(protocol=17)) == DENY
    assert len(circle.problems) == 1


def test_a_thousand_chains_one_in_another_are_read() -> None:
    names = [f"c{n}" for n in range(1000)]
    calls = [f"-A {one} -j {other}" for one, other in pairwise(names)]
    text = filtering("-A FORWARD -j c0", *calls, "-A c999 -j ACCEPT", chains=tuple(names))
    assert read(text).problems == ()


def test_an_unknown_match_leaves_both_answers_and_an_unknown_target_too() -> None:
    rules = forward(
        "-p tcp -m mac --mac-source 00:11:22:33:44:55 -j ACCEPT",
        "-p udp -m set ! --match-set good src -j DROP",
        "-p icmp -j SOMETHING --new",
        "-p udp -j ACCEPT",
    )
    assert outcomes(rules, packet()) == EITHER
    assert outcomes(rules, packet(protocol=17)) == EITHER
    assert outcomes(rules, packet(protocol=1)) == EITHER
    assert outcomes(rules, packet(protocol=47)) == DENY


@pytest.mark.parametrize(
    ("rule", "held"),
    [
        ("-m limit --limit 5/min -j ACCEPT", ACCEPT),
        ("-m hashlimit --hashlimit-upto 5/min --hashlimit-name x -j ACCEPT", ACCEPT),
        ("-m hashlimit --hashlimit-above 5/min --hashlimit-name x -j ACCEPT", DENY),
        ("-p tcp -m connlimit --connlimit-above 5 --connlimit-mask 32 -j ACCEPT", DENY),
        ("-p tcp -m connlimit ! --connlimit-above 5 -j ACCEPT", ACCEPT),
        ("-m recent --update --seconds 60 --hitcount 4 --name x --rsource -j ACCEPT", DENY),
        ("-m recent ! --rcheck --seconds 60 --hitcount 4 --name x -j ACCEPT", ACCEPT),
    ],
)
def test_rates_leave_both_answers_unless_none_is_exceeded(rule: str, held: set[str]) -> None:
    assert missed(filtering(f"-A FORWARD {rule}")) == []
    assert outcomes(forward(rule), packet()) == EITHER
    assert outcomes(forward(rule), packet(), rates_hold=True) == held


def test_a_list_that_opens_a_door_is_no_rate_and_one_that_only_denies_is() -> None:
    knock = forward("-m recent --rcheck --seconds 30 --name knock -j ACCEPT")
    assert outcomes(knock, packet(), rates_hold=True) == EITHER
    banned = forward("-m recent --update --seconds 60 --name bad -j DROP", "-j ACCEPT")
    assert outcomes(banned, packet(), rates_hold=True) == ACCEPT
    assert outcomes(forward("-m recent --set --name x -j ACCEPT"), packet()) == ACCEPT


def test_the_flags_of_tcp_are_told_by_the_state() -> None:
    rules = forward("-p tcp ! --syn -m state --state NEW -j DROP", "-p tcp -j ACCEPT")
    assert outcomes(rules, packet()) == ACCEPT
    scans = forward("-p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN -j DROP", "-j ACCEPT")
    for state, wanted in (("new", ACCEPT), ("established", ACCEPT), ("invalid", EITHER)):
        assert outcomes(scans, packet(state=State(state))) == wanted
    opening = forward("-p tcp --syn -j ACCEPT")
    assert outcomes(opening, packet()) == ACCEPT
    assert outcomes(opening, packet(state=State.ESTABLISHED)) == DENY


def test_logging_and_marking_decide_nothing() -> None:
    rules = forward(
        '-j LOG --log-prefix "-j ACCEPT "', "-j NFLOG", "-p tcp", "-j CT --helper ftp", "-j ACCEPT"
    )
    assert outcomes(rules, packet()) == ACCEPT


def test_tables_are_asked_in_the_order_of_their_hooks() -> None:
    text = """
        *filter
        :INPUT ACCEPT [0:0]
        :FORWARD ACCEPT [0:0]
        COMMIT
        *raw
        :PREROUTING ACCEPT [0:0]
        -A PREROUTING -s 10.1.0.7/32 -j DROP
        COMMIT
        *mangle
        :PREROUTING ACCEPT [0:0]
        :FORWARD ACCEPT [0:0]
        :POSTROUTING ACCEPT [0:0]
        -A FORWARD -d 10.2.0.8/32 -j DROP
        -A POSTROUTING -d 10.2.0.7/32 -j DROP
        COMMIT
    """
    rules = read(text)
    stages = [stage.chain for stage in rules.forward]
    assert stages == ["raw PREROUTING", "mangle FORWARD", "filter FORWARD", "mangle POSTROUTING"]
    assert [one.chain for one in rules.local_in] == ["raw PREROUTING", "filter INPUT"]
    assert outcomes(rules, packet()) == DENY
    assert outcomes(rules, packet(src="10.1.0.8")) == ACCEPT
    assert outcomes(rules, packet(src="10.1.0.8", dst="10.2.0.8")) == DENY
    assert outcomes(rules, packet(src="10.1.0.8", dst="10.2.0.7")) == DENY


def test_before_translation_a_destination_that_is_translated_to_is_in_doubt() -> None:
    text = """
        *raw
        :PREROUTING ACCEPT [0:0]
        -A PREROUTING -d 10.2.0.0/24 -j DROP
        COMMIT
        *nat
        :PREROUTING ACCEPT [0:0]
        -A PREROUTING -d 192.0.2.1/32 -p tcp --dport 80 -j DNAT --to-destination 10.2.0.9:8080
        COMMIT
        *filter
        :INPUT ACCEPT [0:0]
        :FORWARD DROP [0:0]
        -A FORWARD -d 10.2.0.0/24 -j ACCEPT
        COMMIT
    """
    rules = read(text)
    assert outcomes(rules, packet(dst="10.2.0.9")) == EITHER
    assert outcomes(rules, packet(dst="10.2.0.8")) == DENY


def test_packets_that_are_not_tracked_have_no_state() -> None:
    text = """
        *raw
        :PREROUTING ACCEPT [0:0]
        -A PREROUTING -p udp -m udp --dport 53 -j NOTRACK
        COMMIT
        *filter
        :INPUT ACCEPT [0:0]
        :FORWARD DROP [0:0]
        -A FORWARD -m state --state NEW -j ACCEPT
        COMMIT
    """
    rules = read(text)
    assert outcomes(rules, packet(53, protocol=17)) == EITHER
    assert outcomes(rules, packet(54, protocol=17)) == ACCEPT
    assert outcomes(rules, packet(54, protocol=17, state=State.ESTABLISHED)) == DENY


@pytest.mark.parametrize(
    ("text", "families"),
    [
        ("# Generated by ip6tables-save v1.8.9 on x\n" + filtering(), {6}),
        ("# Generated by iptables-nft-save v1.8.9 on x\n" + filtering(), {4}),
        (filtering(), {4}),
        (filtering("-A FORWARD -s 2001:db8::/32 -j ACCEPT"), {6}),
        (filtering("-A FORWARD -m mac --mac-source 00:11:22:33:44:55 -j ACCEPT"), {4}),
    ],
)
def test_the_header_or_the_addresses_say_which_family_it_is(text: str, families: set[int]) -> None:
    assert read(text).families == families


def test_both_families_may_stand_in_one_file() -> None:
    four = "# Generated by iptables-save v1.8\n" + filtering("-A FORWARD -j ACCEPT")
    six = "# Generated by ip6tables-save v1.8\n" + filtering(
        "-A FORWARD -s 2001:db8::/32 -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT"
    )
    rules = read(four + six)
    assert rules.families == {4, 6}
    assert outcomes(rules, packet()) == ACCEPT
    v6 = packet(src="2001:db8::1", dst="2001:db9::1", protocol=58, icmp=128 << 8)
    assert outcomes(rules, v6) == ACCEPT
    assert outcomes(rules, packet(src="2001:db8::1", dst="2001:db9::1")) == DENY
    assert outcomes(forward("-j ACCEPT"), v6) == EITHER


def test_counters_stand_before_a_rule_and_inserted_rules_come_first() -> None:
    rules = read(
        filtering(
            "[1:40] -A FORWARD -p tcp -c 1 40 -j ACCEPT",
            "-I FORWARD -p tcp -m tcp --dport 1 -j DROP",
            "-I FORWARD 2 -p tcp -m tcp --dport 2 -j DROP",
        )
    )
    assert [outcomes(rules, packet(port)) for port in (1, 2, 3)] == [DENY, DENY, ACCEPT]


@pytest.mark.parametrize(
    "broken",
    [
        "-A FORWARD -p tcp -j",
        '-A FORWARD -m comment --comment "no end -j ACCEPT',
        "-A FORWARD tcp",
        "-D FORWARD -j ACCEPT",
        "*fitler",
        "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them",
    ],
)
def test_a_line_that_could_be_any_rule_leaves_both_answers(broken: str) -> None:
    text = filtering(broken, "-A FORWARD -j ACCEPT")
    assert missed(text) == [5]
    assert outcomes(read(text), packet()) == EITHER


def test_the_lines_of_ipset_are_not_read_and_are_no_rules() -> None:
    text = "create bad hash:net family inet\nadd bad 10.9.0.0/16\n" + filtering(
        "-A FORWARD -p tcp -m set --match-set bad src -j DROP", "-A FORWARD -j ACCEPT"
    )
    assert missed(text) == [1, 2, 7]
    assert outcomes(read(text), packet()) == EITHER
    assert outcomes(read(text), packet(protocol=17)) == ACCEPT


def test_a_policy_or_table_that_is_cut_off_leaves_both_answers() -> None:
    assert outcomes(read("*filter\n:INPUT DROP [0:0]\n"), packet()) == EITHER
    assert outcomes(read("*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n"), packet()) == EITHER


REAL = (
    "config_home_user/typical_home_user_iptables-save",
    "configs_sqrl_shorewall/2014_sep_iptables-saveakachan",
    "configs_sqrl_shorewall/2015_aug_iptables-save-spoofing-protection",
    "configs_synology_diskstation_ds414/iptables-save_jun_2015_legacyifacerules",
    "docker_topos/iptables-save.topos4.1",
    "medium-sized-company/iptables-save",
    "tum_2013/iptables_20.10.2013",
    "worst_case/iptables-save",
)
#: What of real files is not understood: matches that are in no packet's header.
NOT_IN_HEADERS = (
    "mac",
    "recent",
    "addrtype",
    "owner",
    "rpfilter",
    "pkttype",
    "--ct",
    "TCP",
    "not tracked",
)


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_read_but_for_matches_outside_headers(shared: Path, name: str) -> None:
    text = (shared / "firewalls" / "iptables" / name).read_text(errors="replace")
    rules, coverage = Iptables().read(text, file=name)
    assert Iptables().recognises(text)
    assert rules.problems == ()
    assert all(any(word in one.sentence for word in NOT_IN_HEADERS) for one in coverage.missed)


def test_every_verified_closure_is_read_line_by_line(shared: Path) -> None:
    found = sorted((shared / "firewalls" / "iptables").rglob("*.Ln.*"))
    assert found
    for path in found:
        chain = "FORWARD" if ".FWD." in path.name else "INPUT"
        listing = path.read_text()
        text = as_saved(listing, chain)
        assert text.count("-A ") == listing.count("\nACCEPT") + listing.count("\nDROP")
        assert Iptables().read(text, file=path.name)[1].missed == ()


@pytest.mark.parametrize(
    ("name", "chain"),
    [("parser_test", "FORWARD"), ("synology_iptables-save_jun_2015_cleanup", "INPUT")],
)
def test_the_verified_service_matrices_agree_with_what_may_pass(
    shared: Path, name: str, chain: str
) -> None:
    output = (shared / "firewalls" / "iptables" / name).read_text()
    rules, coverage = Iptables().read(as_parsed(output), file=name)
    assert all(
        "--something-else" in one.sentence or "TCP" in one.sentence for one in coverage.missed
    )
    stages = rules.forward if chain == "FORWARD" else rules.local_in
    for matrix in matrices(output):
        for one, other in product(matrix.parts, repeat=2):
            reached = {
                any(
                    may(rules, _of_matrix(src, dst, matrix.port, in_if), stages=stages)
                    for in_if in ("lo" if src.startswith("127.") else "eth9", "wlan9")
                )
                for src in _ends(matrix.parts[one])
                for dst in _ends(matrix.parts[other])
            }
            assert reached == {(one, other) in matrix.reached}, (matrix.port, one, other)


def _ends(ranges: list[tuple[str, str]]) -> set[str]:
    return {end for pair in ranges for end in pair}


def _of_matrix(src: str, dst: str, port: int, in_if: str) -> Packet:
    return Packet(src, dst, src_port=10_000, dst_port=port, in_if=in_if, out_if="eth8")


PERMITS = st.builds(
    Permit,
    in_if=st.sampled_from(["eth0", "eth1"]),
    out_if=st.sampled_from(["eth1", "eth2.10"]),
    src=st.sampled_from([ANYWHERE, Addresses.of("10.1.0.3-10.1.0.9"), Addresses.of("10.1.0.0/24")]),
    dst=st.sampled_from([Addresses.of("10.2.0.1"), Addresses.of("10.2.0.1-10.2.0.6")]),
    protocol=st.sampled_from([6, 17]),
    dst_ports=st.sampled_from([None, ((502, 502),), ((1, 9), (80, 80), (65_535, 65_535))]),
    remark=st.text(max_size=40),
)


@given(st.lists(PERMITS, max_size=4))
@settings(max_examples=10)
def test_what_is_written_permits_exactly_the_permits(permits: list[Permit]) -> None:
    rules, coverage = Iptables().read(Iptables().render(permits), file="x")
    assert coverage.missed == ()
    for src, dst, protocol, port, in_if in product(
        ("10.1.0.2", "10.1.0.3", "10.1.0.9", "10.1.0.10", "10.1.1.0"),
        ("10.2.0.0", "10.2.0.1", "10.2.0.6", "10.2.0.7"),
        (6, 17, 1),
        (0, 1, 9, 10, 80, 502, 65_535),
        ("eth0", "eth1"),
    ):
        one = Packet(src, dst, protocol, dst_port=port, in_if=in_if, out_if="eth1")
        wanted = any(_permits(permit, one) for permit in permits)
        assert outcomes(rules, one) == (ACCEPT if wanted else DENY)
    assert must(rules, packet(state=State.ESTABLISHED))


def _permits(permit: Permit, one: Packet) -> bool:
    ports = permit.dst_ports or ((0, 65_535),)
    return (
        (permit.in_if, permit.out_if, permit.protocol) == (one.in_if, one.out_if, one.protocol)
        and bool(permit.src & Addresses.of(one.src))
        and bool(permit.dst & Addresses.of(one.dst))
        and any(low <= one.dst_port <= high for low, high in ports)
    )


@pytest.mark.parametrize(
    ("permit", "why"),
    [
        (Permit("a", "b", Addresses.of("2001:db8::1"), ANYWHERE, 6, remark="hist"), "'hist'.*IPv6"),
        (Permit("a b", "b", ANYWHERE, Addresses.of("10.0.0.1"), 6), "no name of an interface"),
        (Permit("a", "b", ANYWHERE, Addresses.of("10.0.0.1"), 1, ((1, 1),)), "without them"),
    ],
)
def test_a_permit_that_can_not_be_said_is_named(permit: Permit, why: str) -> None:
    with pytest.raises(FirewallError, match=why):
        Iptables().render([permit])


WORDS = st.sampled_from(
    (
        *("-A", "FORWARD", "INPUT", "x", "-j", "ACCEPT", "DROP", "RETURN", "-g", "!", "-p", "tcp"),
        *("icmp", "10.0.0.0/8", "2001:db8::/32", "-i", "eth+", "-m", "state", "--state", "NEW"),
        *("multiport", "--dports", "22,80:90", "--dport", "1:2", '"', "-I", "3", "-P", "-N", "#"),
        *("*filter", ":FORWARD", "COMMIT", "[0:0]", "-c", "recent", "--update", "--tcp-flags"),
        *("SYN,ACK", "--icmp-type", "8/0", "/33", "é", "--hitcount", "²", "-1", "99999999999"),
        *("nat", "-d", "-s", "\x0b"),
    )
)
LINES = st.lists(WORDS, max_size=9).map(" ".join)


@given(st.lists(LINES | st.text(max_size=30), max_size=12))
@settings(max_examples=100)
def test_any_text_is_read_with_each_line_once_or_refused(lines: list[str]) -> None:
    read(filtering(*lines))
    with suppress(FirewallError):
        read("\n".join(lines))
