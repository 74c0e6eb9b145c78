"""IOS, NX-OS, IOS XR: what lists at interfaces let pass; written with replies and read back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.observe.firewalls.cisco import edges, mangled, meant, opens, sides

from checkvalve.observe.firewalls.base import FirewallError, Permit, RuleSet, State
from checkvalve.observe.firewalls.cisco.ios import Ios
from checkvalve.observe.firewalls.spans import Addresses
from checkvalve.testing.firewalls import Packet, must, outcomes

BOUND = "interface Gi0/0\n ip access-group A in\n"
BOUND_V6 = "interface Gi0/0\n ipv6 traffic-filter A in\n"


def read(text: str) -> RuleSet:
    found, coverage = Ios().read(text, file="r1.cfg")
    lines = sum(1 for line in text.splitlines() if line.strip())
    assert coverage.lines == lines
    assert coverage.understood + coverage.harmless + len(coverage.missed) == lines
    return found


def packet(src: str = "192.0.2.9", dst: str = "10.0.0.5", port: int = 80, **more: object) -> Packet:
    fields = {"in_if": "Gi0/0", "out_if": "Gi0/1", "dst_port": port, **more}
    return Packet(src, dst, **fields)  # type: ignore[arg-type]


def v6(port: int = 80, **more: object) -> Packet:
    return packet("2001:db8::9", "2001:db8:1::1", port, **more)


def test_a_list_ends_in_a_deny_of_its_own_and_counts_where_it_is_bound() -> None:
    found = read("ip access-list extended A\n permit tcp any any eq www\n" + BOUND)
    assert opens(found, packet()) is True
    assert opens(found, packet(port=81)) is False
    assert opens(found, packet(port=81, in_if="Gi0/1", out_if="Gi0/0")) is True
    assert not found.stateful
    policy = found.chains["A"].policy
    assert policy is not None
    assert policy.ref.line == 0


def test_an_outbound_list_is_asked_of_what_goes_out() -> None:
    found = read(
        "access-list 101 permit tcp any any eq 22\ninterface Gi0/1\n ip access-group 101 out\n"
    )
    assert opens(found, packet(port=22)) is True
    assert opens(found, packet()) is False
    assert opens(found, packet(out_if="Gi0/2")) is True


def test_a_standard_list_says_sources_alone() -> None:
    found = read(
        "access-list 10 remark permit any\naccess-list 10 deny 192.0.2.9\n"
        "access-list 10 permit 192.0.2.0 0.0.0.255 log\ninterface Gi0/0\n ip access-group 10 in\n"
    )
    assert opens(found, packet("192.0.2.9")) is False
    assert opens(found, packet("192.0.2.8", protocol=50)) is True
    assert opens(found, packet("192.0.3.8")) is False


def test_sequence_numbers_decide_the_order() -> None:
    found = read(
        "ip access-list extended A\n 20 permit tcp any any\n 10 deny tcp any any eq 80\n" + BOUND
    )
    assert opens(found, packet(port=80)) is False
    assert opens(found, packet(port=81)) is True


def test_a_wildcard_with_holes_is_followed() -> None:
    found = read("ip access-list extended A\n permit ip any 10.0.0.1 0.0.255.2\n" + BOUND)
    for dst, passes in (
        ("10.0.7.1", True),
        ("10.0.7.3", True),
        ("10.0.7.2", False),
        ("10.0.7.0", False),
        ("10.1.7.1", False),
    ):
        assert opens(found, packet(dst=dst)) is passes


def test_a_wildcard_with_too_many_holes_is_in_doubt() -> None:
    found = read("ip access-list extended A\n permit ip any 10.0.0.1 85.85.85.85\n" + BOUND)
    assert opens(found, packet()) is None


def test_a_word_behind_log_restricts_nothing() -> None:
    found = read("ip access-list extended A\n permit tcp any any eq 80 log plant-7\n" + BOUND)
    assert opens(found, packet()) is True


def test_eq_takes_several_ports() -> None:
    found = read("ip access-list extended A\n permit tcp any any eq www 443 8080 log\n" + BOUND)
    assert [opens(found, packet(port=p)) for p in (80, 443, 8080, 81)] == [True, True, True, False]


def test_established_opens_nothing_and_lets_answers_pass() -> None:
    found = read("ip access-list extended A\n permit tcp any any established\n" + BOUND)
    assert opens(found, packet()) is False
    assert opens(found, packet(state=State.ESTABLISHED)) is True
    assert opens(found, packet(state=State.ESTABLISHED, protocol=17)) is False


def test_fragments_open_nothing_and_leave_running_sessions_in_doubt() -> None:
    found = read(
        "ip access-list extended A\n deny ip any any fragments\n permit tcp any any eq 80\n" + BOUND
    )
    assert opens(found, packet()) is True
    assert opens(found, packet(state=State.ESTABLISHED)) is None


def test_evaluate_lets_in_replies_of_which_nobody_can_tell() -> None:
    found = read(
        "ip access-list extended A\n evaluate OUT\n"
        "ip access-list extended B\n permit udp any any eq 53 reflect OUT timeout 20\n"
        + BOUND
        + " ip access-group B out\n"
    )
    assert opens(found, packet()) is False
    assert opens(found, packet(state=State.ESTABLISHED)) is None
    out = packet(port=53, protocol=17, in_if="Gi0/1", out_if="Gi0/0")
    assert opens(found, out) is True


def test_both_families_have_lists_of_their_own() -> None:
    found = read("ipv6 access-list A\n permit tcp any 2001:db8:1::/48 eq 22\n" + BOUND_V6)
    assert opens(found, packet()) is True
    found = read("ipv6 access-list A\n permit tcp any 2001:db8:1::/48 eq 22\n" + BOUND_V6)
    assert opens(found, v6(22)) is True
    assert opens(found, v6(23)) is False


def test_neighbour_discovery_passes_before_the_final_deny_of_an_ipv6_list() -> None:
    found = read("ipv6 access-list A\n permit tcp any any eq 22\n" + BOUND_V6)
    assert opens(found, v6(protocol=58, icmp=135 << 8)) is True
    assert opens(found, v6(protocol=58, icmp=128 << 8)) is False


def test_icmp_in_an_ipv6_list_is_icmpv6() -> None:
    found = read("ipv6 access-list A\n permit icmp any any echo-request\n" + BOUND_V6)
    assert opens(found, v6(protocol=58, icmp=128 << 8)) is True
    assert opens(found, v6(protocol=1, icmp=8 << 8)) is False


def test_a_name_of_icmp_with_a_code_is_that_code() -> None:
    found = read("ip access-list extended A\n permit icmp any any port-unreachable\n" + BOUND)
    assert opens(found, packet(protocol=1, icmp=3 << 8 | 3)) is True
    assert opens(found, packet(protocol=1, icmp=3 << 8 | 4)) is False


def test_object_groups_of_ios_take_masks_and_services_their_ports() -> None:
    found = read(
        "object-group network SRV\n host 10.0.0.5\n 10.1.0.0 255.255.0.0\n"
        " range 10.2.0.1 10.2.0.3\n"
        "object-group service SVC\n tcp eq 443\n tcp source gt 1023 range 8000 8001\n"
        " udp 53\n tcp-udp eq 5060\n icmp echo\n"
        "ip access-list extended A\n permit object-group SVC any object-group SRV\n" + BOUND
    )
    assert opens(found, packet(port=443)) is True
    assert opens(found, packet(dst="10.1.255.255", port=8001)) is True
    assert opens(found, packet(port=8001, src_port=1023)) is False
    assert opens(found, packet(dst="10.2.0.4", port=443)) is False
    assert opens(found, packet(port=53, protocol=17)) is True
    assert opens(found, packet(port=53)) is False
    assert opens(found, packet(protocol=1)) is True


def test_groups_of_nexus_take_wildcards_and_prefixes() -> None:
    found = read(
        "object-group ip address SRV\n 10 10.0.0.0/24\n 20 host 10.3.0.1\n 30 10.4.0.0 0.0.0.255\n"
        "object-group ip port WEB\n 10 eq 80\n 20 range 8000 8010\n"
        "ip access-list A\n statistics per-entry\n"
        " 10 permit tcp any addrgroup SRV portgroup WEB\n 20 permit udp 192.0.2.0/24 any eq 53\n"
        + BOUND
    )
    assert opens(found, packet(port=8010)) is True
    assert opens(found, packet(dst="10.4.0.255")) is True
    assert opens(found, packet(dst="10.4.1.0")) is False
    assert opens(found, packet(port=53, protocol=17)) is True


def test_lists_of_ios_xr_are_bound_at_ingress_and_egress() -> None:
    found = read(
        "object-group network ipv4 SRV\n 10.0.0.0/24\n!\nobject-group port WEB\n eq 80\n!\n"
        "ipv4 access-list A\n 10 permit tcp any net-group SRV port-group WEB\n"
        " 20 deny ipv4 any any\n"
        "interface Gi0/0\n ipv4 access-group A ingress\n"
    )
    assert opens(found, packet()) is True
    assert opens(found, packet(port=81)) is False


@pytest.mark.parametrize(
    "entry",
    [
        "permit tcp any any dscp ef",
        "permit tcp any any eq nonsense",
        "permit tcp any object-group GONE eq 80",
        "permit object-group GONE any any",
        "permit tcp any any portgroup GONE",
        "permit tcp any any time-range GONE",
        "permit tcp any any ack",
        "dynamic X permit tcp any any",
        "frobnicate",
    ],
)
def test_what_is_not_understood_is_in_doubt(entry: str) -> None:
    found = read(f"ip access-list extended A\n {entry}\n" + BOUND)
    assert opens(found, packet()) is None


def test_doubt_about_ports_stays_with_the_protocol() -> None:
    found = read("ip access-list A\n permit tcp any any portgroup GONE\n" + BOUND)
    assert opens(found, packet()) is None
    assert opens(found, packet(protocol=17)) is False


def test_an_entry_that_lost_its_depth_belongs_to_the_list_before_it() -> None:
    found = read("ip access-list extended A\ndeny tcp any any eq 80\npermit ip any any\n" + BOUND)
    assert opens(found, packet()) is False
    assert opens(found, packet(port=81)) is True


def test_on_ios_an_undefined_or_empty_list_lets_all_pass_and_is_a_problem() -> None:
    for text in ("version 15.2\n", "ip access-list extended A\n remark nothing yet\n"):
        found = read(text + BOUND)
        assert opens(found, packet()) is True
        assert len(found.problems) == 1
    assert opens(read(BOUND), packet()) is None


def test_a_list_that_is_removed_and_written_anew_is_the_new_one() -> None:
    found = read(
        "ip access-list extended A\n permit ip any any\nno ip access-list extended A\n"
        "ip access-list extended A\n permit tcp any any eq 22\n" + BOUND
    )
    assert opens(found, packet()) is False


def test_zones_and_inspection_are_in_doubt() -> None:
    found = read(
        "ip access-list extended A\n permit ip any any\n" + BOUND + " zone-member security IN\n"
    )
    assert opens(found, packet()) is None
    found = read(
        "ip access-list extended A\n permit udp any any eq 53\n" + BOUND + " ip inspect FW out\n"
    )
    assert opens(found, packet()) is False
    assert opens(found, packet(state=State.ESTABLISHED)) is None


def test_a_time_range_of_nexus_has_seconds_and_numbers() -> None:
    found = read(
        "time-range T\n 10 periodic daily 8:00:00 to 17:00:00\n"
        "ip access-list A\n 10 permit tcp any any time-range T\n" + BOUND
    )
    for hour, passes in ((8, True), (17, True), (18, False)):
        at = datetime(2024, 3, 6, hour, tzinfo=UTC)
        assert must(found, packet(), at=at, clock=ZoneInfo("UTC")) is passes


def test_other_texts_are_not_taken_for_ios() -> None:
    asa = "ASA Version 9.1\naccess-list 101 extended permit ip any any\n"
    for text in ("", "hello\n", "*filter\n:INPUT DROP\n", asa):
        assert not Ios().recognises(text)
    for text in ("", "hello\n", "*filter\n:INPUT DROP\n", "interface Gi0/0\n shutdown\n"):
        with pytest.raises(FirewallError) as caught:
            Ios().read(text, file="x")
        assert caught.value.hint


def test_rendered_lists_of_the_shared_data_are_read(shared: Path) -> None:
    folder = shared / "firewalls" / "aerleon" / "tests" / "regression"
    found, missed = {}, {}
    for path in [*folder.glob("cisco*/*.ref"), *folder.glob("demo/*.acl.ref")]:
        text = path.read_text("utf-8", errors="replace")
        if not Ios().recognises(text):
            continue
        name = path.name.split(".")[1 if path.name.startswith("Cisco") else 2]
        found[name], coverage = Ios().read(text, file=path.name)
        missed[name] = [problem.ref.text for problem in coverage.missed]
    assert len(found) >= 40
    known = {"testDSCP", "testFragments01", "testFragments02", "testVerbatimObjectGroup"}
    assert {name for name, lines in missed.items() if lines} <= known
    group = found["testObjectGroup"].chains["objgroupheader"].rules[0]
    assert group.src_ports == ((80, 80),)
    assert group.dst_ports == ((1024, 65535),)
    assert group.dst == Addresses.of("10.0.0.0/8")
    assert len(found["testDsmo"].chains["dsmo_acl"].rules[0].dst.v4) == 256


def test_a_rendered_policy_of_the_shared_data_permits_what_it_says(shared: Path) -> None:
    folder = shared / "firewalls" / "aerleon" / "tests" / "regression" / "demo"
    text = next(folder.glob("*testSmokeTest.sample_cisco_lab.acl.ref")).read_text("utf-8")
    found = read(text + "\ninterface Gi0/0\n ip access-group allowtointernet in\n")
    assert opens(found, packet(dst="10.0.0.5", port=67, protocol=17)) is True
    assert opens(found, packet(dst="10.0.0.5")) is False
    assert opens(found, packet(dst="10.0.0.5", state=State.ESTABLISHED)) is True
    assert opens(found, packet(dst="200.1.1.4")) is False
    assert opens(found, packet(dst="200.1.1.3")) is True


LINES = (
    "version 15.2",
    "ip access-list extended A",
    " 10 permit tcp any any eq 80 443",
    " permit object-group G any object-group H time-range T",
    " evaluate X",
    " remark permit ip any any",
    "ipv6 access-list A",
    " permit tcp 2001:db8::/32 any",
    "access-list 101 permit tcp any host 10.0.0.1 established",
    "access-list 10 permit any",
    "object-group network G",
    " 10.0.0.0 255.0.0.0",
    " group-object G",
    "object-group service H",
    " tcp source eq 1 eq 2",
    "object-group ip address I",
    " 10 10.0.0.0/8",
    "time-range T",
    " periodic weekdays 8:00 to 17:00",
    "interface Gi0/0",
    " ip access-group A in",
    " ipv6 traffic-filter A out",
    " zone-member security Z",
    "no ip access-list extended A",
    "mary had a little lamb",
    "access-list outside_in extended permit ip any any",
    "set firewall family inet filter f term t then accept",
)


@given(st.one_of(mangled(LINES), st.text()))
@settings(max_examples=200)
def test_any_text_is_read_or_refused_and_every_line_counts_once(text: str) -> None:
    Ios().recognises(text)
    try:
        found, coverage = Ios().read(text, file="x")
    except FirewallError:
        return
    assert coverage.lines == sum(1 for line in text.splitlines() if line.strip())
    assert coverage.understood + coverage.harmless + len(coverage.missed) == coverage.lines
    assert outcomes(found, packet())


NAMES = ("Gi0/0", "Gi0/1", "Vlan10")


@st.composite
def permits(draw: st.DrawFn) -> Permit:
    way_in, way_out = draw(st.sampled_from([(a, b) for a in NAMES for b in NAMES if a != b]))
    protocol = draw(st.sampled_from([1, 6, 17, 58]))
    low, high = sorted(draw(st.tuples(st.integers(1, 30_000), st.integers(1, 30_000))))
    ports = ((low, high),) if protocol == 17 or (protocol == 6 and draw(st.booleans())) else None
    return Permit(way_in, way_out, draw(sides()), draw(sides()), protocol, ports, "who wants\nit")


@given(st.lists(permits(), min_size=1, max_size=3), st.data())
@settings(max_examples=60)
def test_what_is_written_opens_exactly_what_was_asked(
    wanted: list[Permit], data: st.DataObject
) -> None:
    try:
        text = Ios().render(wanted)
    except FirewallError:
        assert len(wanted) > 1
        return
    found = read(text)
    assert Ios().recognises(text)
    named = sorted({name for one in wanted for name in (one.in_if, one.out_if)})
    ways = [(a, b) for a in named for b in named if a != b]
    for one in wanted:
        family = data.draw(st.sampled_from((4, 6)))
        for src, dst in edges(one, family):
            low, high = (one.dst_ports or ((80, 80),))[0]
            port = data.draw(st.sampled_from([low - 1, low, high, high + 1]))
            way = data.draw(st.sampled_from(ways))
            for in_if, out_if in {(one.in_if, one.out_if), way}:
                for protocol in (one.protocol or 6, 50):
                    each = Packet(
                        src, dst, protocol, dst_port=port, in_if=in_if, out_if=out_if, icmp=9 << 8
                    )
                    assert opens(found, each) is meant(wanted, each), (text, each)


@pytest.mark.parametrize("protocol", [1, 6, 17])
def test_replies_of_what_is_written_pass(protocol: int) -> None:
    src, dst = Addresses.of("10.1.0.0/16"), Addresses.of("10.2.0.1")
    ports = None if protocol == 1 else ((53, 53),)
    found = read(Ios().render([Permit("Gi0/0", "Gi0/1", src, dst, protocol, ports)]))
    reply = Packet(
        *("10.2.0.1", "10.1.2.3", protocol),
        src_port=53,
        dst_port=40_000,
        icmp=0,
        in_if="Gi0/1",
        out_if="Gi0/0",
        state=State.ESTABLISHED,
    )
    assert opens(found, reply) is True


def test_what_cannot_be_told_from_its_replies_is_refused() -> None:
    everywhere = Addresses.of("0.0.0.0/0")
    for protocol, ports in ((None, None), (17, None), (47, None)):
        with pytest.raises(FirewallError, match="from its replies") as caught:
            Ios().render([Permit("a", "b", everywhere, everywhere, protocol, ports)])
        assert caught.value.hint


def test_a_list_at_an_outside_interface_says_global_addresses() -> None:
    found = read(
        "interface Gi0/0\n ip address 203.0.113.1 255.255.255.0\n ip nat outside\n"
        " ip access-group A in\n ip access-group B out\n"
        "ip nat inside source static 10.0.0.5 203.0.113.5\n"
        "ip nat inside source static tcp 10.0.0.6 80 interface Gi0/0 8080\n"
        "ip access-list extended A\n permit tcp any host 203.0.113.5 eq 80\n"
        " permit tcp any host 203.0.113.1 eq 8080\n"
        "ip access-list extended B\n permit tcp host 203.0.113.5 any\n"
    )
    assert opens(found, packet(dst="10.0.0.5")) is True
    assert opens(found, packet(dst="203.0.113.5")) is False
    assert opens(found, packet(dst="10.0.0.6")) is True
    assert opens(found, packet(dst="10.0.0.6", port=8080)) is False
    out = {"in_if": "Gi0/1", "out_if": "Gi0/0", "dst": "192.0.2.9"}
    assert opens(found, packet("10.0.0.5", **out)) is True  # type: ignore[arg-type]
    assert opens(found, packet("10.0.0.7", **out)) is False  # type: ignore[arg-type]


def test_senders_that_are_translated_dynamically_are_in_doubt_at_the_outside() -> None:
    found = read(
        "interface Gi0/0\n ip nat outside\n ip access-group B out\n"
        "ip nat inside source list 1 interface Gi0/0 overload\n"
        "ip access-list extended B\n permit tcp host 203.0.113.5 any\n permit udp any any\n"
    )
    out = {"in_if": "Gi0/1", "out_if": "Gi0/0", "dst": "192.0.2.9"}
    assert opens(found, packet("10.0.0.5", **out)) is None  # type: ignore[arg-type]
    assert opens(found, packet("10.0.0.5", protocol=17, **out)) is True  # type: ignore[arg-type]


def test_a_translation_that_is_not_understood_leaves_doubt() -> None:
    found = read(
        "ip nat outside source static 1.1.1.1 2.2.2.2\n"
        "ip access-list extended A\n permit tcp any any eq 80\n" + BOUND
    )
    assert opens(found, packet()) is None


def test_a_banner_is_no_list_and_a_binding_without_depth_is_one() -> None:
    found = read(
        "version 15.2\nbanner motd ^C\naccess-list 101 permit ip any any\n^C\n"
        "access-list 101 permit tcp any any eq 22\n"
        "interface Gi0/0\nip access-group 101 in\n"
    )
    assert opens(found, packet(port=22)) is True
    assert opens(found, packet()) is False


def test_a_banner_that_never_ends_hides_no_list() -> None:
    found = read(
        "banner motd #\naccess-list 101 deny ip any any\ninterface Gi0/0\n ip access-group 101 in\n"
    )
    assert opens(found, packet()) is False


def test_entries_of_another_kind_of_list_are_not_taken_for_entries() -> None:
    found = read(
        "ip access-list A\n 10 permit tcp any any eq 80\nmac access-list M\n 10 permit any any\n"
        "ip access-list role-based R\n permit ip\n" + BOUND
    )
    assert opens(found, packet()) is True
    assert opens(found, packet(port=81)) is False


def test_entries_behind_a_line_that_nobody_understands_are_in_doubt_and_not_lost() -> None:
    found = read(
        "ip access-list extended A\n permit tcp any any eq 80\nmary had a little lamb\n"
        " deny tcp any any eq 81\n permit tcp any any range 81 82\n" + BOUND
    )
    assert opens(found, packet()) is True
    assert opens(found, packet(port=81)) is None
    assert opens(found, packet(port=83)) is False
