from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkvalve.observe.firewalls.base import FirewallError, Permit, RuleSet
from checkvalve.observe.firewalls.fortinet.fortios import Fortios
from checkvalve.observe.firewalls.spans import ANY_V4, ANYWHERE, Addresses, spans
from checkvalve.testing.firewalls import Packet, may, must, outcomes

OBJECTS = """
config firewall address
    edit "hosts"
        set subnet 10.1.0.0 255.255.255.0
    next
    edit "servers"
        set type iprange
        set start-ip 10.2.0.10
        set end-ip 10.2.0.19
    next
    edit "vendor"
        set type fqdn
        set fqdn "support.example.com"
    next
end
"""
HOST, SERVER = "10.1.0.7", "10.2.0.12"


def read(text: str) -> RuleSet:
    text = dedent(text)
    rule_set, coverage = Fortios().read(text, file="fgt.conf")
    filled = sum(bool(line.strip()) for line in text.splitlines())
    assert coverage.lines == filled
    assert coverage.understood + coverage.harmless + len(coverage.missed) == filled
    return rule_set


def policies(*bodies: str, before: str = "", after: str = "") -> RuleSet:
    entries = "".join(
        f"edit {number}\n{dedent(body).strip()}\nnext\n" for number, body in enumerate(bodies, 1)
    )
    return read(f"{OBJECTS}{dedent(before)}\nconfig firewall policy\n{entries}end\n{dedent(after)}")


def policy(
    src: str = "hosts",
    dst: str = "servers",
    service: str = "HTTPS",
    *more: str,
    action: str = "accept",
    ports: tuple[str, str] = ("in", "out"),
) -> str:
    lines = [
        f'set srcintf "{ports[0]}"',
        f'set dstintf "{ports[1]}"',
        f"set action {action}",
        f'set srcaddr "{src}"',
        f'set dstaddr "{dst}"',
        'set schedule "always"',
        f'set service "{service}"',
    ]
    return "\n".join([*lines, *more])


def packet(port: int = 443, src: str = HOST, dst: str = SERVER, **more: object) -> Packet:
    return Packet(src, dst, dst_port=port, **more)  # type: ignore[arg-type]


def decided(rule_set: RuleSet, one: Packet) -> str:
    return {(True, True): "yes", (True, False): "unknown", (False, False): "no"}[
        may(rule_set, one), must(rule_set, one)
    ]


def test_a_policy_permits_its_addresses_service_and_interfaces_and_nothing_else() -> None:
    rule_set = policies(policy())
    assert decided(rule_set, packet()) == "yes"
    for other in (
        packet(444),
        packet(442),
        packet(protocol=17),
        packet(src="10.1.1.0"),
        packet(dst="10.2.0.9"),
        packet(dst="10.2.0.20"),
        packet(in_if="out", out_if="in"),
        packet(src="2001:db8::1", dst="2001:db8::2"),
    ):
        assert decided(rule_set, other) == "no"


def test_policies_are_asked_in_the_order_of_the_text() -> None:
    denied = policies(policy("all", "all", "ALL", action="deny"), policy())
    assert decided(denied, packet()) == "no"
    assert decided(policies(policy(), policy(action="deny")), packet()) == "yes"


def test_a_policy_without_an_action_denies() -> None:
    without = policy().replace("set action accept\n", "")
    assert decided(policies(without, policy()), packet()) == "no"


def test_a_disabled_policy_is_not_asked() -> None:
    off = policy("hosts", "servers", "HTTPS", "set status disable", action="deny")
    assert decided(policies(off, policy()), packet()) == "yes"


@pytest.mark.parametrize("key", ["srcaddr-negate", "dstaddr-negate"])
def test_negated_addresses_match_all_others(key: str) -> None:
    rule_set = policies(policy("hosts", "servers", "HTTPS", f"set {key} enable"))
    assert decided(rule_set, packet()) == "no"
    other = packet(src="10.9.0.1") if key.startswith("src") else packet(dst="10.9.0.1")
    assert decided(rule_set, other) == "yes"


def test_a_negated_service_matches_every_other_port_and_protocol() -> None:
    rule_set = policies(policy("hosts", "servers", "HTTPS", "set service-negate enable"))
    assert decided(rule_set, packet(443)) == "no"
    assert decided(rule_set, packet(442)) == "yes"
    assert decided(rule_set, packet(443, protocol=17)) == "yes"
    assert decided(rule_set, packet(protocol=47)) == "yes"


def test_what_is_dynamic_is_unknown_and_the_rest_of_the_policy_is_not() -> None:
    rule_set = policies(policy().replace('"servers"', '"servers" "vendor"'))
    assert decided(rule_set, packet()) == "yes"
    assert decided(rule_set, packet(dst="192.0.2.1")) == "unknown"
    assert decided(rule_set, packet(80, dst="192.0.2.1")) == "no"


def test_a_negated_dynamic_address_is_never_surely_matched() -> None:
    rule_set = policies(policy("vendor", "servers", "HTTPS", "set srcaddr-negate enable"))
    assert decided(rule_set, packet()) == "unknown"


def test_an_undefined_address_is_a_problem_and_neither_any_nor_none() -> None:
    rule_set = policies(policy("nobody"))
    assert decided(rule_set, packet()) == "unknown"
    assert "nobody" in rule_set.problems[0].sentence
    assert rule_set.problems[0].ref.line > 0


def test_groups_nest_and_exclude_members() -> None:
    groups = """
    config firewall addrgrp
        edit "outer"
            set member "inner"
            set exclude enable
            set exclude-member "servers"
        next
        edit "inner"
            set member "hosts" "all"
        next
    end
    """
    rule_set = policies(policy(dst="outer"), before=groups)
    assert decided(rule_set, packet(dst="10.2.0.9")) == "yes"
    assert decided(rule_set, packet(dst=SERVER)) == "no"


def test_groups_that_hold_themselves_are_a_problem_and_deep_ones_are_not() -> None:
    pair = 'edit "a"\nset member "b"\nnext\nedit "b"\nset member "a"\nnext'
    ring = f"config firewall addrgrp\n{pair}\nend"
    rule_set = policies(policy(dst="a"), before=ring)
    assert decided(rule_set, packet()) == "unknown"
    assert any("holds itself" in one.sentence for one in rule_set.problems)
    chain = "".join(f'edit "g{n}"\nset member "g{n + 1}"\nnext\n' for n in range(1_500))
    deep = f'config firewall addrgrp\n{chain}edit "g1500"\nset member "servers"\nnext\nend'
    assert decided(policies(policy(dst="g0"), before=deep), packet()) == "yes"


def test_a_wildcard_mask_may_have_holes() -> None:
    wild = """
    config firewall address
        edit "wild"
            set type wildcard
            set wildcard 10.0.0.5 255.0.255.255
        next
    end
    """
    rule_set = policies(policy(dst="wild"), before=wild)
    assert decided(rule_set, packet(dst="10.200.0.5")) == "yes"
    assert decided(rule_set, packet(dst="10.200.1.5")) == "no"


def test_custom_services_hold_source_ports_icmp_types_and_protocols() -> None:
    services = """
    config firewall service custom
        edit "mix"
            set tcp-portrange 100-200:1024-65535 300
            set udp-portrange 53
        next
        edit "echo"
            set protocol ICMP
            set icmptype 8
            unset icmpcode
        next
        edit "tunnel"
            set protocol IP
            set protocol-number 47
        next
    end
    config firewall service group
        edit "all of them"
            set member "mix" "echo" "tunnel"
        next
    end
    """
    rule_set = policies(policy(service="all of them"), before=services)
    for one, answer in (
        (packet(100, src_port=1024), "yes"),
        (packet(100, src_port=1023), "no"),
        (packet(300, src_port=1), "yes"),
        (packet(53, protocol=17), "yes"),
        (packet(53), "no"),
        (packet(protocol=1, icmp=8 << 8 | 3), "yes"),
        (packet(protocol=1, icmp=0), "no"),
        (packet(protocol=47), "yes"),
        (packet(protocol=50), "no"),
    ):
        assert decided(rule_set, one) == answer, one


def test_a_service_in_the_file_counts_before_the_one_that_the_product_brings() -> None:
    own = 'config firewall service custom\nedit "HTTPS"\nset tcp-portrange 8443\nnext\nend'
    rule_set = policies(policy(), before=own)
    assert decided(rule_set, packet(8443)) == "yes"
    assert decided(rule_set, packet(443)) == "no"


def test_a_zone_stands_for_its_interfaces_and_intrazone_may_be_open() -> None:
    zones = """
    config system zone
        edit "plant"
            set intrazone allow
            set interface "port1" "port2"
        next
        edit "office"
            set interface "port3" "port4"
        next
    end
    """
    rule_set = policies(policy(ports=("plant", "office")), before=zones)
    assert decided(rule_set, packet(in_if="port2", out_if="port3")) == "yes"
    assert decided(rule_set, packet(in_if="port5", out_if="port3")) == "no"
    assert decided(rule_set, packet(99, in_if="port1", out_if="port2")) == "yes"
    assert decided(rule_set, packet(99, in_if="port3", out_if="port4")) == "no"


def test_an_interface_that_nobody_defines_is_a_problem_where_interfaces_are_listed() -> None:
    listed = 'config system interface\nedit "in"\nset vdom "root"\nnext\nend'
    rule_set = policies(policy(), before=listed)
    assert decided(rule_set, packet()) == "unknown"
    assert "'out'" in rule_set.problems[0].sentence


@pytest.mark.parametrize(
    "line",
    [
        'set groups "vendors"',
        "set internet-service enable",
        'set internet-service-src-name "Botnet"',
        "set application 15832",
        "set a-setting-of-tomorrow 7",
        "set action maybe",
        "set schedule nobody",
        "not a statement at all",
    ],
)
def test_what_could_narrow_a_policy_makes_it_unknown(line: str) -> None:
    rule_set = policies(f"{policy()}\n{line}")
    assert decided(rule_set, packet()) == "unknown"
    assert decided(rule_set, packet(dst="10.2.0.9")) == "no"


def test_schedules_count_on_the_firewalls_clock() -> None:
    times = """
    config firewall schedule recurring
        edit "nights"
            set start 22:00
            set end 06:00
            set day friday
        next
    end
    config firewall schedule onetime
        edit "visit"
            set start 08:00 2026/03/02
            set end 17:00 2026/03/03
        next
    end
    config firewall schedule group
        edit "both"
            set member "nights" "visit"
        next
    end
    """
    rule_set = policies(policy().replace("always", "both"), before=times)
    clock = ZoneInfo("Europe/Berlin")

    def open_at(*when: int) -> bool:
        at = datetime(*when, tzinfo=clock).astimezone(UTC)  # type: ignore[misc, arg-type]
        assert outcomes(rule_set, packet(), at=at, clock=None) == {"accept", "deny"}
        return must(rule_set, packet(), at=at, clock=clock)

    assert open_at(2026, 1, 2, 22, 0)
    assert open_at(2026, 1, 3, 5, 59)
    assert not open_at(2026, 1, 3, 6, 0)
    assert not open_at(2026, 1, 2, 21, 59)
    assert open_at(2026, 3, 3, 17, 0)
    assert not open_at(2026, 3, 3, 17, 1)


VIPS = """
config firewall vip
    edit "web"
        set extip 203.0.113.7
        set mappedip "10.2.0.12"
        set extintf "in"
        set portforward enable
        set extport 8443
        set mappedport 443
    next
end
"""


def test_a_virtual_ip_as_destination_is_the_host_behind_it_at_its_own_port() -> None:
    rule_set = policies(policy("all", "web", "ALL", ports=("any", "out")), before=VIPS)
    assert decided(rule_set, packet(443)) == "yes"
    assert decided(rule_set, packet(8443)) == "no"
    assert decided(rule_set, packet(443, dst="203.0.113.7")) == "no"
    assert decided(rule_set, packet(443, in_if="elsewhere")) == "no"


@pytest.mark.parametrize(
    ("version", "setting", "answer"),
    [
        ("7.0.5", "", "yes"),
        ("7.4.1", "", "no"),
        ("7.4.1", "set match-vip disable", "yes"),
        ("", "set match-vip enable", "no"),
        ("", "", "unknown"),
    ],
)
def test_a_deny_before_it_stops_a_virtual_ip_only_with_match_vip(
    version: str, setting: str, answer: str
) -> None:
    deny = policy("all", "all", "ALL", setting, action="deny", ports=("any", "any"))
    header = f"#config-version=FGT60F-{version}-FW-build0001-230101:opmode=0\n" if version else ""
    text = (
        f"{header}{OBJECTS}{VIPS}config firewall policy\nedit 1\n{deny}\nnext\n"
        f"edit 2\n{policy('all', 'web')}\nnext\nend\n"
    )
    assert decided(read(text), packet()) == answer


def test_a_load_balancer_is_unknown() -> None:
    vips = VIPS.replace('edit "web"', 'edit "web"\nset type server-load-balance')
    rule_set = policies(policy("all", "web"), before=vips)
    assert decided(rule_set, packet()) == "unknown"


def test_both_families_stand_in_one_policy_and_never_mix() -> None:
    v6 = """
    config firewall address6
        edit "six"
            set ip6 2001:db8:1::/48
        next
    end
    """
    more = ('set srcaddr6 "six"', 'set dstaddr6 "all"')
    rule_set = policies(policy("hosts", "servers", "HTTPS", *more), before=v6)
    assert decided(rule_set, packet()) == "yes"
    assert decided(rule_set, packet(src="2001:db8:1::1", dst="2001:db8:2::1")) == "yes"
    assert decided(rule_set, packet(src="2001:db8:2::1", dst="2001:db8:2::1")) == "no"


def test_the_older_policies_of_ipv6_stand_apart() -> None:
    older = f"config firewall policy6\nedit 1\n{policy('all', 'all', 'SSH')}\nnext\nend"
    rule_set = policies(policy(), after=older)
    assert decided(rule_set, packet(22, src="2001:db8::1", dst="2001:db8::2")) == "yes"
    assert decided(rule_set, packet(22)) == "no"
    assert decided(rule_set, packet()) == "yes"


def vdoms(*names: str) -> str:
    listed = "".join(f"edit {name}\nnext\n" for name in names)
    return (
        f"config vdom\n{listed}end\nconfig global\nconfig system global\nset hostname x\nend\nend\n"
    )


def test_the_one_virtual_domain_with_policies_is_read() -> None:
    own = f"{OBJECTS}config firewall policy\nedit 1\n{policy()}\nnext\nend\n"
    text = (
        f"{vdoms('root', 'plant')}config vdom\nedit root\nend\nconfig vdom\nedit plant\n{own}end\n"
    )
    rule_set = read(text)
    assert decided(rule_set, packet()) == "yes"
    assert decided(rule_set, packet(80)) == "no"


def test_several_virtual_domains_with_policies_are_unknown() -> None:
    own = f"{OBJECTS}config firewall policy\nedit 1\n{policy()}\nnext\nend\n"
    parts = "".join(f"config vdom\nedit {name}\n{own}end\n" for name in ("root", "plant"))
    rule_set = read(f"{vdoms('root', 'plant')}{parts}")
    assert decided(rule_set, packet(80)) == "unknown"
    assert "several virtual domains" in rule_set.problems[0].sentence


def test_a_comment_may_hold_quotes_and_lines() -> None:
    comment = 'set comments "says \\"no\\"\nand goes on"'
    assert decided(policies(f"{comment}\n{policy()}"), packet()) == "yes"


def test_a_quoted_text_that_is_not_closed_makes_all_unknown() -> None:
    rule_set = policies(f'set comments "open\n{policy()}')
    assert decided(rule_set, packet(80)) == "unknown"


def test_a_text_that_is_cut_inside_its_policies_is_unknown() -> None:
    text = f"{OBJECTS}config firewall policy\nedit 1\n{policy()}\nnext\nedit 2\nset srcintf"
    assert decided(read(text), packet(80)) == "unknown"


def test_other_modes_and_earlier_stages_are_unknown() -> None:
    mode = "config system settings\nset ngfw-mode policy-based\nend"
    assert decided(policies(policy(), after=mode), packet()) == "unknown"
    floods = 'config firewall DoS-policy\nedit 1\nset interface "in"\nnext\nend'
    rule_set = policies(policy(), after=floods)
    assert decided(rule_set, packet()) == "unknown"
    assert must(rule_set, packet(), rates_hold=True)
    access = 'config firewall acl\nedit 1\nset interface "in"\nset srcaddr "all"\nnext\nend'
    assert decided(policies(policy(), after=access), packet()) == "unknown"
    many = 'config firewall multicast-policy\nedit 1\nset srcintf "in"\nnext\nend'
    rule_set = policies(policy(), after=many)
    assert decided(rule_set, packet()) == "yes"
    assert decided(rule_set, packet(dst="224.0.0.5")) == "unknown"


def test_a_table_that_could_decide_and_is_not_read_makes_all_unknown() -> None:
    other = "config firewall policy-of-tomorrow\nedit 1\nset action accept\nnext\nend"
    assert decided(policies(policy(), after=other), packet(80)) == "unknown"
    shaping = "config firewall shaping-policy\nedit 1\nset service ALL\nnext\nend"
    assert decided(policies(policy(), after=shaping), packet(80)) == "no"


def test_a_threat_feed_is_unknown_and_no_problem() -> None:
    feed = 'config system external-resource\nedit "feed"\nset type address\nnext\nend'
    rule_set = policies(policy(src="feed", action="deny"), policy(), after=feed)
    assert decided(rule_set, packet()) == "unknown"
    assert not rule_set.problems


def test_prompts_of_a_recorded_session_say_nothing_but_what_is_typed_there_does() -> None:
    shown = "FGT # show firewall policy\n"
    assert decided(policies(policy(), before=shown), packet(80)) == "no"
    typed = "FGT (policy) # edit 9\n"
    assert decided(policies(policy(), before=typed), packet(80)) == "unknown"


def test_a_vpn_tunnel_that_policies_choose_is_unknown_in_both_directions() -> None:
    tunnel = policy("hosts", "servers", "ALL", "set inbound enable", action="ipsec")
    back = packet(src=SERVER, dst=HOST, in_if="out", out_if="in")
    assert decided(policies(tunnel), packet()) == "unknown"
    assert decided(policies(tunnel), back) == "unknown"


def test_policies_about_the_firewall_itself_are_a_stage_of_their_own() -> None:
    local = """
    config firewall local-in-policy
        edit 1
            set intf "in"
            set srcaddr "hosts"
            set dstaddr "all"
            set service "HTTPS"
            set schedule "always"
        next
    end
    """
    rule_set = policies(policy(), after=local)
    assert outcomes(rule_set, packet(), stages=rule_set.local_in) == {"deny"}
    assert outcomes(rule_set, packet(22), stages=rule_set.local_in) == {"accept", "deny"}


def test_a_text_of_another_vendor_is_refused_and_not_recognised() -> None:
    for text in ("", "access-list a extended permit ip any any\n", "*filter\nCOMMIT\n"):
        assert not Fortios().recognises(text)
        with pytest.raises(FirewallError, match="no FortiOS") as refused:
            Fortios().read(text, file="x")
        assert refused.value.hint
    assert Fortios().recognises(f"{OBJECTS}config firewall policy\nend\n")


SAMPLE = (
    f"{OBJECTS}{VIPS}config firewall policy\nedit 1\n{policy()}\nnext\nedit 2\n"
    f"{policy('all', 'web', 'ALL')}\nnext\nend\nset security zones x\npermit tcp any any eq 80\n"
).splitlines()


@settings(max_examples=150)
@given(st.data())
def test_any_text_is_read_or_refused_and_every_line_counts_once(data: st.DataObject) -> None:
    lines = data.draw(st.lists(st.sampled_from(SAMPLE) | st.text(max_size=30), max_size=60))
    start = data.draw(st.integers(0, len(SAMPLE)))
    whole = SAMPLE[:start] + lines + SAMPLE[start:] if data.draw(st.booleans()) else lines
    text = "\n".join(whole)
    try:
        rule_set, coverage = Fortios().read(text, file="x")
    except FirewallError:
        return
    finally:
        Fortios().recognises(text)
    filled = sum(bool(line.strip()) for line in text.splitlines())
    assert coverage.understood + coverage.harmless + len(coverage.missed) == filled
    outcomes(rule_set, packet())


@settings(max_examples=150)
@given(st.integers(0, len(SAMPLE) - 1), st.data())
def test_a_mutated_or_lost_line_never_opens_surely_what_was_closed(
    at: int, data: st.DataObject
) -> None:
    line = SAMPLE[at]
    cut = data.draw(st.integers(0, len(line)))
    changed = line[:cut] + data.draw(st.sampled_from(["", "x", '"', "\\"])) + line[cut + 1 :]
    text = "\n".join([*SAMPLE[:at], changed, *SAMPLE[at + 1 :]])
    rule_set, _ = Fortios().read(text, file="x")
    assert not must(rule_set, packet(444, src="10.99.0.1", dst="10.98.0.1", in_if="elsewhere"))


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
    st.tuples(st.sampled_from([None, 1, 47, 58, 33]), st.none()),
)
PAIRS = st.sampled_from([("in", "out"), ("out", "in"), ("a b", "dmz")])


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
    text = Fortios().render(wanted)
    assert Fortios().recognises(text)
    rule_set, coverage = Fortios().read(text, file="written")
    assert not coverage.missed
    assert not rule_set.problems
    v4 = [
        "10.0.0.0",
        "10.0.0.2",
        "10.0.0.3",
        "10.0.0.9",
        "10.0.0.10",
        "10.0.0.255",
        "10.0.1.1",
        "10.0.1.2",
    ]
    v6 = ["2001:db8::4", "2001:db8::5", "2001:db8::9", "2001:db8::a", "2001:db8:0:1::"]
    for _ in range(25):
        family = data.draw(st.sampled_from([v4, v6]))
        one = Packet(
            data.draw(st.sampled_from(family)),
            data.draw(st.sampled_from(family)),
            data.draw(st.sampled_from([6, 17, 132, 1, 58, 47, 33, 50])),
            dst_port=data.draw(
                st.sampled_from([0, 1, 9, 10, 79, 80, 81, 442, 443, 500, 501, 65_535])
            ),
            in_if=data.draw(st.sampled_from(["in", "out", "a b"])),
            out_if=data.draw(st.sampled_from(["in", "out", "dmz"])),
        )
        covered = any(_covers(permit, one) for permit in wanted)
        assert outcomes(rule_set, one) == ({"accept"} if covered else {"deny"})


def _covers(permit: Permit, one: Packet) -> bool:
    def within(pairs: tuple[tuple[int, int], ...] | None, number: int) -> bool:
        return pairs is None or any(low <= number <= high for low, high in pairs)

    src, dst = Addresses.of(one.src), Addresses.of(one.dst)
    return (
        (permit.in_if, permit.out_if) == (one.in_if, one.out_if)
        and bool(permit.src & src)
        and bool(permit.dst & dst)
        and permit.protocol in (None, one.protocol)
        and within(permit.dst_ports, one.dst_port)
    )


def test_what_the_grammar_cannot_say_is_refused_with_a_reason() -> None:
    for permit in (
        Permit("in", "out", ANYWHERE, ANYWHERE, 33, spans([(1, 2)])),
        Permit("in", "out", ANYWHERE, ANYWHERE, 0),
        Permit("eth*", "out", ANYWHERE, ANYWHERE),
    ):
        with pytest.raises(FirewallError) as refused:
            Fortios().render([permit])
        assert refused.value.hint
