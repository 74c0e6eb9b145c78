from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkvalve.observe.firewalls.base import FirewallError, Permit, RuleSet
from checkvalve.observe.firewalls.juniper.junos import Junos
from checkvalve.observe.firewalls.spans import ANY_V4, ANYWHERE, Addresses, spans
from checkvalve.testing.firewalls import Packet, may, must, outcomes

ZONES = """
set security zones security-zone plant interfaces ge-0/0/1.0
set security zones security-zone plant interfaces ge-0/0/2
set security zones security-zone office interfaces ge-0/0/3.0
set security address-book global address hosts 10.1.0.0/24
set security address-book global address servers range-address 10.2.0.10 to 10.2.0.19
set security address-book global address vendor dns-name support.example.com
"""
HOST, SERVER = "10.1.0.7", "10.2.0.12"
PAIR = "set security policies from-zone plant to-zone office policy"


def read(text: str) -> RuleSet:
    text = dedent(text)
    rule_set, coverage = Junos().read(text, file="srx.conf")
    filled = sum(bool(line.strip()) for line in text.splitlines())
    assert coverage.lines == filled
    assert coverage.understood + coverage.harmless + len(coverage.missed) == filled
    return rule_set


def policy(
    name: str = "p",
    src: str = "hosts",
    dst: str = "servers",
    application: str = "junos-https",
    action: str = "permit",
    start: str = PAIR,
) -> str:
    return (
        f"{start} {name} match source-address {src}\n"
        f"{start} {name} match destination-address {dst}\n"
        f"{start} {name} match application {application}\n"
        f"{start} {name} then {action}\n"
    )


def rules(*parts: str) -> RuleSet:
    return read(ZONES + "\n".join(dedent(part) for part in parts))


def packet(port: int = 443, src: str = HOST, dst: str = SERVER, **more: object) -> Packet:
    where = {"in_if": "ge-0/0/1.0", "out_if": "ge-0/0/3.0"}
    return Packet(src, dst, dst_port=port, **where | more)  # type: ignore[arg-type]


def decided(rule_set: RuleSet, one: Packet) -> str:
    return {(True, True): "yes", (True, False): "unknown", (False, False): "no"}[
        may(rule_set, one), must(rule_set, one)
    ]


def test_a_policy_permits_its_addresses_application_and_zones_and_nothing_else() -> None:
    rule_set = rules(policy())
    assert decided(rule_set, packet()) == "yes"
    assert decided(rule_set, packet(in_if="ge-0/0/2.0")) == "yes"
    assert decided(rule_set, packet(in_if="plant", out_if="office")) == "yes"
    for other in (
        packet(444),
        packet(protocol=17),
        packet(src="10.1.1.0"),
        packet(dst="10.2.0.9"),
        packet(dst="10.2.0.20"),
        packet(in_if="ge-0/0/3.0", out_if="ge-0/0/1.0"),
        packet(in_if="ge-0/0/9.0"),
    ):
        assert decided(rule_set, other) == "no"


BRACES = """
## Last commit: 2026-01-01 00:00:00 UTC by operator
version 21.4R3;
system { host-name "srx {1}"; }
security {
    address-book {
        global {
            address hosts 10.1.0.0/24;
            address servers {
                description "the servers";
                range-address 10.2.0.10 {
                    to {
                        10.2.0.19;
                    }
                }
            }
            address spare 10.3.0.0/24;
        }
    }
    policies {
        from-zone plant to-zone office {
            policy web {
                match {
                    source-address [ hosts spare ];
                    destination-address servers; /* not a
                    destination-address any; */
                    application junos-https;
                }
                then {
                    permit;
                    log { session-close; }
                }
            }
            inactive: policy all {
                match {
                    source-address any;
                    destination-address any;
                    application any;
                }
                then { permit; }
            }
        }
        default-policy {
            deny-all;
        }
    }
    zones {
        security-zone plant { interfaces { ge-0/0/1.0; } }
        security-zone office {
            interfaces { ge-0/0/3.0 { host-inbound-traffic { system-services { ssh; } } } }
        }
    }
}
"""


def test_braces_and_set_lines_say_the_same() -> None:
    rule_set = read(BRACES)
    assert not rule_set.problems
    for src in (HOST, "10.3.0.1"):
        assert decided(rule_set, packet(src=src)) == "yes"
    assert decided(rule_set, packet(80)) == "no"
    assert decided(rule_set, packet(dst="10.2.0.20")) == "no"
    assert decided(rule_set, packet(src="10.1.1.0")) == "no"


def test_zone_pairs_come_before_global_policies_and_these_before_the_default() -> None:
    start = "set security policies global policy"
    everywhere = policy("g", "any", "any", "any", start=start)
    denied = policy("d", action="deny")
    rule_set = rules(everywhere, denied)
    assert decided(rule_set, packet()) == "no"
    assert decided(rule_set, packet(80)) == "yes"
    assert decided(rule_set, packet(80, in_if="ge-0/0/9.0")) == "no"
    default = "set security policies default-policy permit-all"
    rule_set = rules(denied, default)
    assert decided(rule_set, packet()) == "no"
    assert decided(rule_set, packet(80)) == "yes"
    assert decided(rule_set, packet(80, out_if="ge-0/0/9.0")) == "no"


def test_a_global_policy_may_name_its_zones() -> None:
    start = "set security policies global policy"
    rule_set = rules(
        policy("g", "any", "any", "any", start=start),
        f"{start} g match from-zone plant",
        f"{start} g match to-zone any",
    )
    assert decided(rule_set, packet()) == "yes"
    assert decided(rule_set, packet(out_if="ge-0/0/2.0")) == "yes"
    assert decided(rule_set, packet(in_if="ge-0/0/3.0", out_if="ge-0/0/1.0")) == "no"


def test_traffic_inside_a_zone_needs_a_policy_too() -> None:
    inside = packet(in_if="ge-0/0/1.0", out_if="ge-0/0/2.0")
    assert decided(rules(policy()), inside) == "no"
    start = "set security policies from-zone plant to-zone plant policy"
    assert decided(rules(policy(start=start)), inside) == "yes"


def test_policies_of_a_pair_are_asked_in_the_order_of_the_text() -> None:
    first = policy("a", "any", "any", "any", "deny")
    assert decided(rules(first, policy("b")), packet()) == "no"
    assert decided(rules(policy("b"), first), packet()) == "yes"


@pytest.mark.parametrize("line", [f"{PAIR} a", f"{PAIR} a match source-address hosts"])
def test_what_is_deactivated_does_not_count(line: str) -> None:
    off = line.replace("set ", "deactivate ", 1)
    rule_set = rules(policy("a", action="deny"), policy("b"), off)
    assert decided(rule_set, packet()) == ("yes" if line.endswith(" a") else "unknown")


@pytest.mark.parametrize("side", ["source", "destination"])
def test_excluded_addresses_match_all_others(side: str) -> None:
    rule_set = rules(policy(), f"{PAIR} p match {side}-address-excluded")
    other = packet(src="10.9.0.1") if side == "source" else packet(dst="10.9.0.1")
    assert decided(rule_set, packet()) == "no"
    assert decided(rule_set, other) == "yes"


def test_host_names_and_dynamic_lists_are_unknown_beside_what_is_known() -> None:
    rule_set = rules(policy(), f"{PAIR} p match destination-address vendor")
    assert decided(rule_set, packet()) == "yes"
    assert decided(rule_set, packet(dst="192.0.2.1")) == "unknown"
    assert decided(rule_set, packet(80, dst="192.0.2.1")) == "no"
    feed = "set security dynamic-address address-name feed profile feed-name x"
    rule_set = rules(policy(dst="feed"), feed)
    assert decided(rule_set, packet()) == "unknown"
    assert not rule_set.problems


def test_undefined_names_are_problems_and_neither_any_nor_none() -> None:
    for text in (policy(src="nobody"), policy(application="nobody")):
        rule_set = rules(text)
        assert decided(rule_set, packet()) == "unknown"
        assert "nobody" in rule_set.problems[0].sentence
    rule_set = rules(policy(start=PAIR.replace("office", "nowhere")))
    assert decided(rule_set, packet()) == "unknown"
    rule_set = rules(policy(), f"{PAIR} p scheduler-name never-said")
    assert decided(rule_set, packet()) == "unknown"


def test_address_sets_nest_and_those_that_hold_themselves_are_a_problem() -> None:
    book = "set security address-book global address-set"
    rule_set = rules(
        policy(dst="outer"),
        f"{book} outer address-set inner\n{book} inner address servers",
    )
    assert decided(rule_set, packet()) == "yes"
    rule_set = rules(policy(dst="a"), f"{book} a address-set b\n{book} b address-set a")
    assert decided(rule_set, packet()) == "unknown"
    assert any("holds itself" in one.sentence for one in rule_set.problems)
    deep = "\n".join(f"{book} s{n} address-set s{n + 1}" for n in range(1_200))
    rule_set = rules(policy(dst="s0"), deep, f"{book} s1200 address servers")
    assert decided(rule_set, packet()) == "yes"


def test_a_zones_own_book_counts_before_the_global_one() -> None:
    own = """
    set security address-book office address servers 10.5.0.0/24
    set security address-book office attach zone office
    """
    rule_set = rules(policy(), own)
    assert decided(rule_set, packet(dst="10.5.0.1")) == "yes"
    assert decided(rule_set, packet()) == "no"
    start = "set security policies global policy"
    assert decided(rules(policy(start=start), own), packet()) == "yes"
    older = "set security zones security-zone office address-book address servers 10.6.0.0/24"
    assert decided(rules(policy(), older), packet(dst="10.6.0.1")) == "yes"


def test_wildcard_addresses_may_have_holes() -> None:
    wild = "set security address-book global address w wildcard-address 10.0.0.5/255.0.255.255"
    rule_set = rules(policy(dst="w"), wild)
    assert decided(rule_set, packet(dst="10.200.0.5")) == "yes"
    assert decided(rule_set, packet(dst="10.200.1.5")) == "no"


def test_applications_hold_terms_source_ports_icmp_types_and_sets() -> None:
    text = """
    set applications application one term a protocol tcp
    set applications application one term a destination-port 100-200
    set applications application one term a source-port 1024-65535
    set applications application one term b protocol udp destination-port domain
    set applications application echo protocol icmp
    set applications application echo icmp-type echo-request
    set applications application gre protocol gre
    set applications application-set inner application echo
    set applications application-set all application one
    set applications application-set all application-set inner
    set applications application-set all application gre
    """
    rule_set = rules(policy(application="all"), text)
    for one, answer in (
        (packet(100, src_port=1024), "yes"),
        (packet(100, src_port=1023), "no"),
        (packet(53, protocol=17), "yes"),
        (packet(53), "no"),
        (packet(protocol=1, icmp=8 << 8 | 3), "yes"),
        (packet(protocol=1, icmp=0), "no"),
        (packet(protocol=47), "yes"),
        (packet(protocol=50), "no"),
    ):
        assert decided(rule_set, one) == answer, one


def test_several_keywords_may_stand_in_one_line() -> None:
    line = f"{PAIR} p match source-address hosts destination-address servers application junos-ssh"
    rule_set = rules(line, f"{PAIR} p then permit")
    assert decided(rule_set, packet(22)) == "yes"
    assert decided(rule_set, packet(23)) == "no"


@pytest.mark.parametrize(
    "line",
    [
        f"{PAIR} p match dynamic-application junos:HTTP",
        f"{PAIR} p match source-identity operators",
        f"{PAIR} p match a-match-of-tomorrow x",
        f"{PAIR} p then permit tunnel ipsec-vpn v",
        f"{PAIR} p then a-deed-of-tomorrow",
        f"{PAIR} p a-part-of-tomorrow x",
        f"{PAIR} p then deny",
        "set applications application x rpc-program-number 100003",
    ],
)
def test_what_could_narrow_a_policy_makes_it_unknown(line: str) -> None:
    rule_set = rules(policy(application="x" if " x rpc" in line else "junos-https"), line)
    assert decided(rule_set, packet()) == "unknown"
    assert decided(rule_set, packet(dst="10.2.0.9")) == "no"


def test_matches_of_everything_and_services_do_not() -> None:
    rule_set = rules(
        policy(),
        f"{PAIR} p match dynamic-application any\n{PAIR} p match source-identity any",
        f"{PAIR} p then permit application-services idp\n{PAIR} p then count",
    )
    assert decided(rule_set, packet()) == "yes"


def test_schedulers_count_on_the_firewalls_clock_and_days_before_daily() -> None:
    text = """
    set schedulers scheduler work daily start-time 08:00:00 stop-time 17:00:00
    set schedulers scheduler work friday start-time 08:00 stop-time 12:00
    set schedulers scheduler work sunday exclude
    set schedulers scheduler work start-date 2026-01-01.00:00 stop-date 2026-02-01.00:00
    """
    rule_set = rules(policy(), f"{PAIR} p scheduler-name work", text)
    clock = ZoneInfo("Europe/Berlin")

    def open_at(*when: int) -> bool:
        at = datetime(*when, tzinfo=clock).astimezone(UTC)  # type: ignore[misc, arg-type]
        return must(rule_set, packet(), at=at, clock=clock)

    assert open_at(2026, 1, 5, 8, 0)
    assert open_at(2026, 1, 5, 16, 59)
    assert not open_at(2026, 1, 5, 17, 0)
    assert not open_at(2026, 1, 9, 12, 0)
    assert not open_at(2026, 1, 4, 9, 0)
    assert not open_at(2026, 2, 2, 9, 0)
    odd = "set schedulers scheduler work daily start-time noon stop-time 17:00"
    rule_set = rules(policy(), f"{PAIR} p scheduler-name work", odd)
    assert decided(rule_set, packet()) == "unknown"


def test_groups_are_applied_at_their_place_and_own_values_count_first() -> None:
    pairs = "set groups g security policies from-zone <*> to-zone <*> policy"
    text = (
        policy("own", application="any", action="deny")
        + policy("last", "any", "any", "junos-ssh", start=pairs)
        + f"{pairs} <o*> then permit\n"
    )
    without = rules(text)
    assert decided(without, packet(22, dst="10.9.0.1")) == "no"
    for line in ("set apply-groups g", "set security policies apply-groups g"):
        rule_set = rules(text, line)
        assert decided(rule_set, packet(22, dst="10.9.0.1")) == "yes"
        assert decided(rule_set, packet(22)) == "no"
        assert decided(rule_set, packet(23, dst="10.9.0.1")) == "no"
    spared = "set security policies from-zone plant to-zone office apply-groups-except g"
    assert decided(rules(text, "set apply-groups g", spared), packet(22, dst="10.9.0.1")) == "no"


def test_a_group_that_nobody_defines_makes_all_unknown_but_a_nodes_own_does_not() -> None:
    assert decided(rules(policy(), "set apply-groups g"), packet(80)) == "unknown"
    node = 'set groups node0 system host-name a\nset apply-groups "${node}"'
    assert decided(rules(policy(), node), packet(80)) == "no"


@pytest.mark.parametrize(
    "line",
    [
        "set logical-systems one security policies default-policy permit-all",
        "set security forwarding-options family mpls mode packet-based",
        "delete security policies from-zone plant to-zone office policy p",
        "insert security policies from-zone plant to-zone office policy p before policy q",
        'set system login message "open',
        "set scurity policies default-policy permit-all",
        "et security policies default-policy permit-all",
        "set security polices default-policy permit-all",
        "set security zones security-zone plant interface ge-0/0/7.0",
        "set security policies from-zone plant too-zone office policy x then permit",
    ],
)
def test_what_decides_and_is_not_read_makes_all_unknown(line: str) -> None:
    rule_set = rules(policy(), line)
    assert decided(rule_set, packet(80)) == "unknown"
    assert rule_set.problems


@pytest.mark.parametrize("cut", ["    }\n}\n", "deny-all;\n        }\n"])
def test_braces_that_do_not_match_make_all_unknown(cut: str) -> None:
    assert cut in BRACES
    assert decided(read(BRACES.replace(cut, "")), packet(80)) == "unknown"


def test_screens_are_a_rate() -> None:
    screen = """
    set security screen ids-option s tcp syn-flood attack-threshold 200
    set security zones security-zone plant screen s
    """
    rule_set = rules(policy(), screen)
    assert decided(rule_set, packet()) == "unknown"
    assert must(rule_set, packet(), rates_hold=True)


GUARD = "set interfaces ge-0/0/1 unit 0 family inet filter input guard"
TERM = "set firewall family inet filter guard term"


def test_a_filter_on_an_interface_must_accept_too() -> None:
    rule_set = rules(
        policy(application="any"),
        GUARD,
        f"{TERM} a from source-address 10.1.0.0/16",
        f"{TERM} a from source-address 10.1.0.0/29 except",
        f"{TERM} a from source-address 10.1.0.7/32",
        f"{TERM} a from protocol tcp",
        f"{TERM} a from destination-port [ https 8443 ]",
        f"{TERM} a then count c\n{TERM} b from protocol icmp icmp-type echo-request",
    )
    for one, answer in (
        (packet(443), "yes"),
        (packet(8443), "yes"),
        (packet(80), "no"),
        (packet(443, src="10.1.0.6"), "no"),
        (packet(443, src="10.1.0.8"), "yes"),
        (packet(protocol=1), "yes"),
        (packet(protocol=1, icmp=0), "no"),
        (packet(80, in_if="ge-0/0/2.0"), "yes"),
        (packet(80, in_if="plant", out_if="office"), "unknown"),
    ):
        assert decided(rule_set, one) == answer, one


def test_terms_pass_on_limit_or_are_not_understood() -> None:
    on = f"{TERM} a then next term\n{TERM} b then discard"
    assert decided(rules(policy(), GUARD, on), packet()) == "no"
    limited = rules(policy(), GUARD, f"{TERM} a then policer slow")
    assert decided(limited, packet()) == "unknown"
    assert must(limited, packet(), rates_hold=True)
    for odd in ("from tcp-established", "then routing-instance r", "from port 443"):
        assert decided(rules(policy(), GUARD, f"{TERM} a {odd}"), packet()) == "unknown"
    assert decided(rules(policy(), GUARD), packet()) == "unknown"


def test_a_filter_before_a_translation_does_not_know_the_host_behind_it() -> None:
    nat = "set security nat destination pool p address 10.2.0.12"
    term = f"{TERM} a from destination-address 203.0.113.7/32\n{TERM} a then accept"
    assert decided(rules(policy(), GUARD, term), packet()) == "no"
    assert decided(rules(policy(), GUARD, term, nat), packet()) == "unknown"


def test_ipv6_may_be_dropped_as_a_whole() -> None:
    drop = "set security forwarding-options family inet6 mode drop"
    six = packet(src="2001:db8::1", dst="2001:db8::2")
    assert decided(rules(policy("p", "any", "any")), six) == "yes"
    assert decided(rules(policy("p", "any-ipv4", "any")), six) == "no"
    assert decided(rules(policy("p", "any", "any"), drop), six) == "no"


def test_policies_to_the_firewall_itself_are_a_stage_of_their_own() -> None:
    start = "set security policies from-zone plant to-zone junos-host policy"
    rule_set = rules(policy("h", "any", "any", "junos-ssh", "deny", start=start))
    assert decided(rule_set, packet(22)) == "no"
    assert outcomes(rule_set, packet(22), stages=rule_set.local_in) == {"deny"}
    assert outcomes(rule_set, packet(80), stages=rule_set.local_in) == {"accept", "deny"}


def test_a_text_of_another_vendor_is_refused_and_not_recognised() -> None:
    for text in ("", "set interfaces ethernet eth0\n", "config firewall policy\nend\n"):
        assert not Junos().recognises(text)
        with pytest.raises(FirewallError, match="no security configuration") as refused:
            Junos().read(text, file="x")
        assert refused.value.hint
    assert Junos().recognises(ZONES)
    assert Junos().recognises(BRACES)


SAMPLES = (
    [*ZONES.splitlines(), *policy().splitlines(), "set apply-groups g", "set groups g system x"],
    BRACES.splitlines(),
)


@settings(max_examples=150)
@given(st.data())
def test_any_text_is_read_or_refused_and_every_line_counts_once(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(SAMPLES))
    lines = data.draw(st.lists(st.sampled_from(sample) | st.text(max_size=30), max_size=40))
    start = data.draw(st.integers(0, len(sample)))
    whole = sample[:start] + lines + sample[start:] if data.draw(st.booleans()) else lines
    text = "\n".join(whole)
    try:
        rule_set, coverage = Junos().read(text, file="x")
    except FirewallError:
        return
    filled = sum(bool(line.strip()) for line in text.splitlines())
    assert coverage.lines == filled
    assert coverage.understood + coverage.harmless + len(coverage.missed) == filled
    outcomes(rule_set, packet())


@settings(max_examples=150)
@given(st.sampled_from(SAMPLES), st.data())
def test_a_mutated_line_never_opens_surely_what_was_closed(
    sample: list[str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(sample) - 1))
    line = sample[at]
    cut = data.draw(st.integers(0, len(line)))
    mark = data.draw(st.sampled_from(["", "x", '"', "\\", "}", "{", ";", "["]))
    changed = line[:cut] + mark + line[cut + 1 :]
    text = "\n".join([*sample[:at], changed, *sample[at + 1 :]])
    try:
        rule_set, _ = Junos().read(text, file="x")
    except FirewallError:
        return
    assert not must(rule_set, packet(444, src="10.99.0.1", dst="10.98.0.1"))


def test_braces_nested_without_end_are_read() -> None:
    start, end = "security { zones { security-zone z { interfaces { ", "} } } }"
    deep = start + "a { " * 3_000 + "} " * 3_000 + end
    rule_set, coverage = Junos().read(deep, file="x")
    assert coverage.lines == 1
    assert decided(rule_set, packet()) == "no"


ADDRESSES = st.sampled_from(
    [
        ANYWHERE,
        ANY_V4,
        Addresses.of("10.0.0.0/24"),
        Addresses.of("10.0.0.3-10.0.0.9") | Addresses.of("10.0.1.0/31"),
        Addresses.of("2001:db8::/64"),
        Addresses.of("2001:db8::5-2001:db8::9") | Addresses.of("10.0.0.255"),
    ]
)
PORTS = st.sampled_from(
    [None, spans([(80, 80)]), spans([(1, 9), (443, 500)]), spans([(65_535, 65_535)])]
)
SERVICES = st.one_of(
    st.tuples(st.sampled_from([6, 17, 132]), PORTS),
    st.tuples(st.sampled_from([None, 1, 47, 58, 33, 0]), st.none()),
)
PAIRS = st.sampled_from([("in", "out"), ("out", "in"), ("in", "dmz")])


@st.composite
def permits(draw: st.DrawFn) -> Permit:
    (into, out), (protocol, ports) = draw(PAIRS), draw(SERVICES)
    remark = 'who "and" why\\\n\u202e'
    return Permit(into, out, draw(ADDRESSES), draw(ADDRESSES), protocol, ports, remark)


@settings(max_examples=60)
@given(st.lists(permits(), max_size=3), st.data())
def test_what_is_written_permits_exactly_that_when_it_is_read(
    wanted: list[Permit], data: st.DataObject
) -> None:
    text = Junos().render(wanted)
    assert Junos().recognises(text)
    rule_set, coverage = Junos().read(text, file="written")
    assert not coverage.missed
    assert not rule_set.problems
    v4 = ["10.0.0.0", "10.0.0.2", "10.0.0.3", "10.0.0.9", "10.0.0.10", "10.0.0.255", "10.0.1.1"]
    v6 = ["2001:db8::4", "2001:db8::5", "2001:db8::9", "2001:db8::a", "2001:db8:0:1::"]
    for _ in range(25):
        family = data.draw(st.sampled_from([v4, v6]))
        one = Packet(
            data.draw(st.sampled_from(family)),
            data.draw(st.sampled_from([*family, family[0]])),
            data.draw(st.sampled_from([6, 17, 132, 1, 58, 47, 33, 50, 0])),
            dst_port=data.draw(st.sampled_from([0, 1, 9, 10, 79, 80, 81, 442, 443, 500, 65_535])),
            in_if=data.draw(st.sampled_from(["in", "out"])),
            out_if=data.draw(st.sampled_from(["in", "out", "dmz"])),
        )
        covered = any(_covers(permit, one) for permit in wanted)
        assert outcomes(rule_set, one) == ({"accept"} if covered else {"deny"})


def _covers(permit: Permit, one: Packet) -> bool:
    def within(pairs: tuple[tuple[int, int], ...] | None, number: int) -> bool:
        return pairs is None or any(low <= number <= high for low, high in pairs)

    return (
        (permit.in_if, permit.out_if) == (one.in_if, one.out_if)
        and bool(permit.src & Addresses.of(one.src))
        and bool(permit.dst & Addresses.of(one.dst))
        and permit.protocol in (None, one.protocol)
        and within(permit.dst_ports, one.dst_port)
    )


def test_what_the_grammar_cannot_say_is_refused_with_a_reason() -> None:
    for permit in (
        Permit("in", "out", ANYWHERE, ANYWHERE, 33, spans([(1, 2)])),
        Permit("eth*", "out", ANYWHERE, ANYWHERE),
        Permit("in", "junos-host", ANYWHERE, ANYWHERE),
    ):
        with pytest.raises(FirewallError) as refused:
            Junos().render([permit])
        assert refused.value.hint
