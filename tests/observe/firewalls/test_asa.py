"""ASA: what a configuration lets pass, by the plain walk; nothing raised; written and read back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.observe.firewalls.cisco import edges, mangled, meant, opens, sides

from checkvalve.observe.firewalls.base import FirewallError, Permit, RuleSet
from checkvalve.observe.firewalls.cisco.asa import Asa
from checkvalve.observe.firewalls.spans import Addresses
from checkvalve.testing.firewalls import Packet, must, outcomes

INTERFACES = """\
ASA Version 9.9(2)
interface GigabitEthernet0/0
 nameif inside
 security-level 100
 ip address 10.0.0.1 255.255.255.0
interface GigabitEthernet0/1
 nameif dmz
 security-level 50
interface GigabitEthernet0/2
 nameif outside
 security-level 0
 ip address 203.0.113.1 255.255.255.0 standby 203.0.113.2
"""
BOUND = "access-group acl in interface outside\n"


def read(text: str, *, base: str = INTERFACES) -> RuleSet:
    found, coverage = Asa().read(base + text, file="fw.cfg")
    lines = sum(1 for line in (base + text).splitlines() if line.strip())
    assert coverage.lines == lines
    assert coverage.understood + coverage.harmless + len(coverage.missed) == lines
    return found


def packet(src: str = "192.0.2.9", dst: str = "10.0.0.5", port: int = 80, **more: object) -> Packet:
    fields = {"in_if": "outside", "out_if": "inside", "dst_port": port, **more}
    return Packet(src, dst, **fields)  # type: ignore[arg-type]


def test_what_no_entry_permits_is_denied_by_a_line_of_its_own() -> None:
    found = read("access-list acl extended permit tcp any any eq www\n" + BOUND)
    assert opens(found, packet()) is True
    assert opens(found, packet(port=81)) is False
    policy = found.chains["acl"].policy
    assert policy is not None
    assert policy.ref.line == 0


def test_without_a_list_levels_decide_pair_by_pair() -> None:
    found = read("")
    assert opens(found, packet(in_if="inside", out_if="outside")) is True
    assert opens(found, packet(in_if="dmz", out_if="outside")) is True
    assert opens(found, packet(in_if="dmz", out_if="inside")) is False
    assert opens(found, packet(in_if="outside", out_if="inside")) is False
    rules = found.chains["security levels from dmz"].rules
    assert "security level 50 to 100, from dmz to inside: denies" in {r.ref.text for r in rules}


def test_an_access_list_takes_the_place_of_the_levels_on_its_interface_alone() -> None:
    found = read(
        "access-list acl extended permit tcp any any eq 22\naccess-group acl in interface inside\n"
    )
    assert opens(found, packet(in_if="inside", out_if="outside", port=80)) is False
    assert opens(found, packet(in_if="inside", out_if="outside", port=22)) is True
    assert opens(found, packet(in_if="dmz", out_if="outside", port=80)) is True


@pytest.mark.parametrize("command", ["", "same-security-traffic permit inter-interface\n"])
def test_equal_levels_talk_only_if_the_file_says_so_whatever_a_list_permits(command: str) -> None:
    base = "interface A\n nameif a\n security-level 7\ninterface B\n nameif b\n security-level 7\n"
    bound = "access-list acl permit ip any any\naccess-group acl in interface a\n"
    for extra in ("", bound):
        found = read(command + extra, base=base)
        assert opens(found, packet(in_if="a", out_if="b")) is bool(command)
        assert opens(found, packet(in_if="a", out_if="a")) is False


def test_nothing_leaves_by_the_way_it_came_without_intra_interface() -> None:
    one = packet(in_if="inside", out_if="inside")
    assert opens(read(""), one) is False
    assert opens(read("same-security-traffic permit intra-interface\n"), one) is True


def test_an_interface_named_inside_is_at_level_100_and_others_at_0() -> None:
    found = read("", base="interface A\n nameif inside\ninterface B\n nameif wan\n")
    assert opens(found, packet(in_if="inside", out_if="wan")) is True
    assert opens(found, packet(in_if="wan", out_if="inside")) is False


def test_an_interface_whose_lines_lost_their_depth_is_read_all_the_same() -> None:
    base = "interface A\nnameif a\nsecurity-level 7\nip address 10.0.0.1 255.0.0.0\n"
    found = read(
        "interface B\nsecurity-level 9\nnameif b\nobject network H\n host 10.0.0.5\n"
        "ip local pool P 10.9.0.1-10.9.0.9\n"
        "access-list acl permit tcp any object H eq 80\naccess-group acl in interface a\n",
        base=base,
    )
    assert opens(found, packet(in_if="a", out_if="b")) is True
    assert opens(found, packet(in_if="b", out_if="a")) is True
    assert opens(found, packet(in_if="a", out_if="b", port=81)) is False


def test_nothing_passes_through_a_management_only_interface() -> None:
    found = read("interface M\n nameif mgmt\n security-level 100\n management-only\n")
    assert opens(found, packet(in_if="mgmt", out_if="outside")) is False
    assert opens(found, packet(in_if="outside", out_if="mgmt")) is False


def test_the_global_list_is_asked_behind_the_interface_list_and_levels_no_more() -> None:
    found = read(
        "access-list acl extended deny tcp any any eq 22\n"
        "access-list all extended permit tcp any any eq 22\n"
        "access-list all extended permit tcp any any eq 80\n"
        "access-group acl in interface outside\naccess-group all global\n"
    )
    assert opens(found, packet(port=22)) is False
    assert opens(found, packet(port=80)) is True
    assert opens(found, packet(port=81)) is False
    assert opens(found, packet(in_if="dmz", port=22)) is True
    assert opens(found, packet(in_if="inside", out_if="outside", port=443)) is False


def test_an_outbound_list_is_asked_besides() -> None:
    found = read(
        "access-list o extended permit tcp any any eq 443\naccess-group o out interface outside\n"
    )
    assert opens(found, packet(in_if="inside", out_if="outside", port=443)) is True
    assert opens(found, packet(in_if="inside", out_if="outside", port=80)) is False
    assert opens(found, packet(in_if="inside", out_if="dmz", port=80)) is True


def test_a_control_plane_list_and_an_ethertype_list_decide_nothing_here() -> None:
    found = read(
        "access-list cp extended deny ip any any\n"
        "access-group cp in interface inside control-plane\n"
        "access-list et ethertype deny any\naccess-group et in interface inside\n"
    )
    assert opens(found, packet(in_if="inside", out_if="outside")) is True


def test_ports_behind_a_protocol_group_are_kept() -> None:
    found = read(
        "object-group protocol TU\n protocol-object tcp\n protocol-object udp\n"
        "access-list acl extended permit object-group TU any any eq domain\n" + BOUND
    )
    for protocol in (6, 17):
        assert opens(found, packet(port=53, protocol=protocol)) is True
        assert opens(found, packet(port=54, protocol=protocol)) is False
    assert opens(found, packet(protocol=47)) is False


def test_ports_behind_a_group_with_other_protocols_leave_those_in_doubt_alone() -> None:
    found = read(
        "object-group protocol G\n protocol-object tcp\n protocol-object gre\n"
        "access-list acl extended permit object-group G any any eq 80\n" + BOUND
    )
    assert opens(found, packet(port=80)) is True
    assert opens(found, packet(port=81)) is False
    assert opens(found, packet(protocol=47)) is None


def test_a_service_group_says_protocols_ports_and_types_of_its_own() -> None:
    found = read(
        "object service WEB\n service tcp source gt 1023 destination range 80 81\n"
        "object-group service BASE\n service-object icmp echo\n service-object esp\n"
        "object-group service ALL\n service-object object WEB\n"
        " service-object udp destination eq snmp\n service-object tcp-udp eq 53\n"
        " group-object BASE\n"
        "access-list acl extended permit object-group ALL any host 10.0.0.5\n" + BOUND
    )
    assert opens(found, packet(port=80)) is True
    assert opens(found, packet(port=80, src_port=1023)) is False
    assert opens(found, packet(port=82)) is False
    assert opens(found, packet(port=161, protocol=17)) is True
    assert opens(found, packet(port=161)) is False
    assert opens(found, packet(port=53)) is True
    assert opens(found, packet(protocol=1, icmp=8 << 8)) is True
    assert opens(found, packet(protocol=1, icmp=13 << 8)) is False
    assert opens(found, packet(protocol=50)) is True


def test_groups_of_ports_stand_at_both_sides() -> None:
    found = read(
        "object-group service SRC tcp\n port-object gt 1023\n"
        "object-group service DST tcp\n port-object eq https\n port-object range 8000 8010\n"
        "access-list acl extended permit tcp any object-group SRC any object-group DST\n" + BOUND
    )
    assert opens(found, packet(port=8010)) is True
    assert opens(found, packet(port=8011)) is False
    assert opens(found, packet(port=443, src_port=1023)) is False


def test_networks_come_from_hosts_subnets_ranges_names_and_groups_in_groups() -> None:
    found = read(
        "name 10.0.0.77 plc\n"
        "object network H\n host plc\n nat (inside,outside) static 203.0.113.77\n"
        "object network R\n range 10.0.0.10 10.0.0.20\n"
        "object-group network IN\n network-object object H\n network-object object R\n"
        "object-group network ALL\n group-object IN\n network-object 10.9.0.0 255.255.0.0\n"
        " network-object 2001:db8::/32\n"
        "access-list acl extended permit tcp any object-group ALL eq 80\n" + BOUND
    )
    for dst in ("10.0.0.77", "10.0.0.10", "10.0.0.20", "10.9.255.255"):
        assert opens(found, packet(dst=dst)) is True
    for dst in ("10.0.0.76", "10.0.0.9", "10.0.0.21", "10.10.0.0", "203.0.113.77"):
        assert opens(found, packet(dst=dst)) is False
    assert opens(found, packet("2001:db8::1", "2001:db8:ffff::1")) is True


def test_any_is_both_families_and_any4_and_any6_are_one() -> None:
    found = read(
        "access-list acl extended permit tcp any any eq 1\n"
        "access-list acl extended permit tcp any4 any4 eq 2\n"
        "access-list acl extended permit tcp any6 any6 eq 3\n" + BOUND
    )
    v6 = {"src": "2001:db8::9", "dst": "2001:db8::1"}
    assert [opens(found, packet(port=p)) for p in (1, 2, 3)] == [True, True, False]
    assert [opens(found, packet(port=p, **v6)) for p in (1, 2, 3)] == [True, False, True]


@pytest.mark.parametrize(
    ("words", "inside", "outside"),
    [
        ("eq 80", (80,), (79, 81)),
        ("neq 80", (79, 81, 0, 65535), (80,)),
        ("lt 80", (0, 79), (80,)),
        ("gt 80", (81, 65535), (80,)),
        ("range 80 90", (80, 90), (79, 91)),
    ],
)
def test_every_operator_stops_at_its_port(
    words: str, inside: tuple[int, ...], outside: tuple[int, ...]
) -> None:
    found = read(f"access-list acl extended permit tcp any any {words}\n" + BOUND)
    assert all(opens(found, packet(port=port)) is True for port in inside)
    assert all(opens(found, packet(port=port)) is False for port in outside)


def test_icmp_types_come_by_name_number_and_group() -> None:
    found = read(
        "object-group icmp-type T\n icmp-object echo\n icmp-object 11\n"
        "access-list acl extended permit icmp any any object-group T\n"
        "access-list acl extended permit icmp any any unreachable 4 log\n"
        "access-list acl extended permit icmp6 any6 any6 echo\n" + BOUND
    )
    for icmp, passes in ((8 << 8, True), (11 << 8 | 1, True), (3 << 8 | 4, True), (3 << 8, False)):
        assert opens(found, packet(protocol=1, icmp=icmp)) is passes
    v6 = packet("2001:db8::9", "2001:db8::1", protocol=58, icmp=128 << 8)
    assert opens(found, v6) is True


def test_an_inactive_entry_does_nothing_and_a_remark_neither() -> None:
    found = read(
        "access-list acl remark permit ip any any\n"
        "access-list acl extended permit ip any any inactive\n"
        "access-list acl extended permit tcp any any eq 80 log warnings interval 30\n" + BOUND
    )
    assert opens(found, packet(port=80)) is True
    assert opens(found, packet(port=81)) is False


def test_an_undefined_group_is_a_problem_and_in_doubt_not_any_and_not_none() -> None:
    found = read(
        "access-list acl extended permit tcp object-group GONE any eq 80\n"
        "access-list acl extended deny tcp any object GONE eq 81\n"
        "access-list acl extended permit tcp any any eq 81\n" + BOUND
    )
    assert opens(found, packet(port=80)) is None
    assert opens(found, packet(port=81)) is None
    assert opens(found, packet(port=82)) is False
    assert {problem.sentence for problem in found.problems} == {
        "object-group GONE is not defined",
        "object GONE is not defined",
    }


def test_an_undefined_group_of_ports_is_a_problem_and_leaves_the_protocol_in_doubt() -> None:
    found = read("access-list acl extended permit tcp any any object-group GONE\n" + BOUND)
    assert opens(found, packet()) is None
    assert opens(found, packet(protocol=17)) is False
    assert found.problems[0].sentence.startswith("object-group GONE is not defined")


def test_what_is_known_of_a_group_counts_beside_what_is_not() -> None:
    found = read(
        "object network WWW\n fqdn v4 www.example.com\n"
        "object-group network G\n network-object host 192.0.2.9\n network-object object WWW\n"
        "access-list acl extended permit tcp object-group G any eq 80\n" + BOUND
    )
    assert opens(found, packet("192.0.2.9")) is True
    assert opens(found, packet("192.0.2.10")) is None
    assert opens(found, packet("192.0.2.10", port=81)) is False


def test_a_cycle_and_a_thousand_levels_end() -> None:
    cycle = (
        "object-group network A\n network-object host 192.0.2.9\n group-object B\n"
        "object-group network B\n group-object A\n"
    )
    deep = "".join(f"object-group network G{n}\n group-object G{n + 1}\n" for n in range(1000))
    deep += "object-group network G1000\n network-object host 192.0.2.7\n"
    found = read(
        cycle
        + deep
        + "access-list acl extended permit tcp object-group A any eq 80\n"
        + "access-list acl extended permit tcp object-group G0 any eq 81\n"
        + BOUND
    )
    assert opens(found, packet("192.0.2.10")) is None
    assert any("contains itself" in problem.sentence for problem in found.problems)
    assert opens(found, packet("192.0.2.7", port=81)) is True
    assert opens(found, packet("192.0.2.8", port=81)) is False


def test_a_list_that_nobody_defines_leaves_all_in_doubt() -> None:
    found = read(BOUND)
    assert opens(found, packet()) is None
    assert found.problems[0].sentence == "access-list acl is not defined"


@pytest.mark.parametrize(
    "entry",
    [
        "permit tcp any any eq nonsense",
        "permit tcp user CORP\\joe any any eq 80",
        "permit tcp security-group name HMI any any eq 80",
        "permit tcp any any eq 80 dscp ef",
        "permit tcp any interface dmz eq 80",
        "allow tcp any any eq 80",
        "permit tcp any",
    ],
)
def test_an_entry_that_is_not_understood_is_in_doubt_as_wide_as_it_could_match(entry: str) -> None:
    found = read(f"access-list acl extended {entry}\n" + BOUND)
    assert opens(found, packet(port=80)) is None


def test_a_deny_that_is_not_understood_never_permits_and_never_vanishes() -> None:
    found = read(
        "access-list acl extended deny tcp any any frobnicate\n"
        "access-list acl extended permit ip any any\n" + BOUND
    )
    assert opens(found, packet()) is None
    assert opens(found, packet(protocol=17)) is True


def test_the_address_of_an_interface_is_one_host() -> None:
    found = read("access-list acl extended permit tcp any interface outside eq 443\n" + BOUND)
    assert opens(found, packet(dst="203.0.113.1", port=443)) is True
    assert opens(found, packet(dst="203.0.113.2", port=443)) is False


@pytest.mark.parametrize(
    ("body", "inside", "outside"),
    [
        (
            "periodic daily 22:00 to 6:00",
            ("2024-03-06 23:30", "2024-03-07 06:00"),
            ("2024-03-06 12:00",),
        ),
        ("periodic weekdays 8:00 to 17:00", ("2024-03-08 17:00",), ("2024-03-09 12:00",)),
        ("periodic weekend 0:00 to 23:59", ("2024-03-10 23:59",), ("2024-03-11 00:00",)),
        (
            "periodic Friday 20:00 to Monday 6:00",
            ("2024-03-09 03:00", "2024-03-11 06:00"),
            ("2024-03-11 06:01",),
        ),
        ("periodic Monday Wednesday 8:00 to 9:00", ("2024-03-06 08:30",), ("2024-03-05 08:30",)),
        (
            "absolute start 00:00 01 March 2024 end 12:00 06 March 2024",
            ("2024-03-06 12:00", "2024-03-01 00:00"),
            ("2024-03-06 12:01", "2024-02-29 23:59"),
        ),
    ],
)
def test_a_time_range_counts_on_the_firewalls_own_clock(
    body: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    found = read(
        f"access-list acl extended permit tcp any any time-range T\ntime-range T\n {body}\n" + BOUND
    )
    for texts, passes in ((inside, True), (outside, False)):
        for text in texts:
            at = datetime.fromisoformat(text).replace(tzinfo=UTC)
            assert must(found, packet(), at=at, clock=ZoneInfo("UTC")) is passes


def test_a_time_range_that_is_not_defined_leaves_its_entry_in_doubt() -> None:
    found = read("access-list acl extended permit tcp any any time-range T\n" + BOUND)
    assert opens(found, packet()) is None
    assert opens(found, packet(protocol=17)) is False


OLD = INTERFACES.replace("9.9(2)", "8.2(5)")


def test_before_8_3_a_mapped_destination_is_the_real_host() -> None:
    found = read(
        "static (inside,outside) 203.0.113.5 10.0.0.5 netmask 255.255.255.255\n"
        "static (inside,outside) tcp interface 8080 10.0.0.6 www netmask 255.255.255.255\n"
        "access-list acl extended permit tcp any host 203.0.113.5 eq 80\n"
        "access-list acl extended permit tcp any interface outside eq 8080\n" + BOUND,
        base=OLD,
    )
    assert opens(found, packet(dst="10.0.0.5")) is True
    assert opens(found, packet(dst="203.0.113.5")) is False
    assert opens(found, packet(dst="10.0.0.6", port=80)) is True
    assert opens(found, packet(dst="10.0.0.6", port=8080)) is False


def test_since_8_3_lists_say_real_addresses_already() -> None:
    found = read(
        "object network H\n host 10.0.0.5\n nat (inside,outside) static 203.0.113.5\n"
        "nat (inside,outside) source static H H\n"
        "access-list acl extended permit tcp any host 10.0.0.5 eq 80\n" + BOUND
    )
    assert opens(found, packet(dst="10.0.0.5")) is True
    assert opens(found, packet(dst="203.0.113.5")) is False


def test_before_9_0_each_family_has_a_list_of_its_own() -> None:
    found = read(
        "access-list acl extended permit ip any any\n"
        "ipv6 access-list six permit tcp any any eq 22\n"
        "access-group six in interface outside\n" + BOUND,
        base=OLD,
    )
    v6 = {"src": "2001:db8::9", "dst": "2001:db8::1"}
    assert opens(found, packet()) is True
    assert opens(found, packet(port=22, **v6)) is True
    assert opens(found, packet(port=23, **v6)) is False


def test_commands_that_are_not_read_but_let_pass_leave_doubt() -> None:
    found = read("established tcp 0 0\n")
    assert opens(found, packet()) is None


def test_what_comes_by_an_interface_that_the_file_does_not_have_nobody_can_tell() -> None:
    assert opens(read(""), packet(in_if="lab")) is None
    assert opens(read(""), packet(in_if="inside", out_if="lab")) is None


def test_other_texts_are_not_taken_for_an_asa() -> None:
    for text in (
        "",
        "hello\n",
        "*filter\n:INPUT DROP\n",
        "ip access-list extended A\n permit ip any any\n",
    ):
        assert not Asa().recognises(text)
        with pytest.raises(FirewallError) as caught:
            Asa().read(text, file="x")
        assert caught.value.hint


def test_every_asa_of_the_shared_data_is_read_with_no_line_missed(shared: Path) -> None:
    folder = shared / "firewalls" / "batfish"
    files = [*folder.glob("cisco_asa/*"), *folder.glob("configs/*")]
    found = {}
    for path in files:
        text = path.read_text("utf-8", errors="replace")
        if Asa().recognises(text):
            found[path.name], coverage = Asa().read(text, file=path.name)
            assert not coverage.missed
    assert len(found) >= 25
    levels = found["asa-security-level"]
    assert opens(levels, packet(in_if="some-trust", out_if="outside")) is True
    assert opens(levels, packet(in_if="outside", out_if="some-trust")) is False
    assert opens(levels, packet(in_if="all-trust", out_if="inside")) is False
    both = found["asa-security-level-permit-both"]
    assert opens(both, packet(in_if="name1", out_if="name2")) is True
    assert opens(both, packet(in_if="name1", out_if="name1")) is True
    intra = found["asa-security-level-permit-intra"]
    assert opens(intra, packet(in_if="name1", out_if="name2")) is False
    assert opens(intra, packet(in_if="name1", out_if="name1")) is True
    globally = found["asa-filters-global"]
    assert opens(globally, packet(in_if="name2", out_if="name1", port=123)) is True
    assert opens(globally, packet(in_if="name1", out_if="name2", port=124)) is False
    assert opens(found["asa-session"], packet(in_if="inside", out_if="outside")) is True
    assert opens(found["asa-session"], packet(in_if="outside", out_if="inside")) is False
    outside = found["asa_acl"].chains["outside_in"].rules[0]
    assert outside.protocols == ((17, 17),)
    assert outside.dst_ports == ((69, 69),)
    sentences = {problem.sentence for problem in found["asa-service-object"].problems}
    assert sentences == {
        "object OS_UNDEFINED is not defined",
        "object-group OGS_UNDEFINED is not defined",
    }


def test_a_rendered_list_of_the_shared_data_says_what_its_policy_says(shared: Path) -> None:
    folder = shared / "firewalls" / "aerleon" / "tests" / "regression" / "demo"
    text = next(folder.glob("*sample_multitarget.asa.ref")).read_text("utf-8")
    found = read(text + "\naccess-group asa_in in interface outside\n")
    assert opens(found, packet("8.8.8.8", "200.1.1.4", 25)) is True
    assert opens(found, packet("8.8.8.8", "200.1.1.6", 25)) is False
    assert opens(found, packet("10.1.1.1", "200.1.1.4", 25)) is False
    assert opens(found, packet("8.8.8.8", "200.1.1.2", 443, protocol=17, src_port=1023)) is False


LINES = (
    *(INTERFACES + BOUND).splitlines(),
    "object-group network G",
    " network-object host 10.0.0.1",
    " group-object G",
    "object-group service S",
    " service-object tcp destination eq",
    "object service O",
    " service icmp echo",
    "access-list acl extended permit object-group S any object-group G",
    "access-list acl extended permit tcp any range 1 any eq 80 time-range T inactive",
    "access-list acl line x",
    "access-list acl standard permit 10.0.0.0 255.0.0.0",
    "static (inside,outside) tcp interface 80 10.0.0.1 80",
    "ASA Version 8.2",
    "time-range T",
    " periodic Monday 8:00 to 25:00",
    " absolute end 10:00 31 February 2024",
    "name 10.0.0.1 a",
    "no access-list acl",
    "clear configure access-list acl",
    "no access-list acl extended permit ip any any",
    "nameif ethernet0 outside security0",
    "ip address outside 1.2.3.4 255.0.0.0",
    "access-group acl",
    "config firewall policy",
    "pass in quick on em0",
    "-A FORWARD -j ACCEPT",
)


@given(st.one_of(mangled(LINES), st.text()))
@settings(max_examples=200)
def test_any_text_is_read_or_refused_and_every_line_counts_once(text: str) -> None:
    Asa().recognises(text)
    try:
        found, coverage = Asa().read(text, file="x")
    except FirewallError:
        return
    assert coverage.lines == sum(1 for line in text.splitlines() if line.strip())
    assert coverage.understood + coverage.harmless + len(coverage.missed) == coverage.lines
    assert outcomes(found, packet())


NAMES = ("inside", "outside", "dmz")


@st.composite
def permits(draw: st.DrawFn) -> Permit:
    way_in, way_out = draw(st.sampled_from([(a, b) for a in NAMES for b in NAMES if a != b]))
    protocol = draw(st.sampled_from([None, 1, 6, 17, 47, 58]))
    low, high = sorted(draw(st.tuples(st.integers(0, 65535), st.integers(0, 65535))))
    ports = ((low, high),) if protocol in (6, 17) and draw(st.booleans()) else None
    remark = draw(st.sampled_from(["", "historian\npull", "ask é?"]))
    return Permit(way_in, way_out, draw(sides()), draw(sides()), protocol, ports, remark)


@given(st.lists(permits(), min_size=1, max_size=3), st.data())
@settings(max_examples=60)
def test_what_is_written_permits_exactly_what_was_asked(
    wanted: list[Permit], data: st.DataObject
) -> None:
    try:
        text = Asa().render(wanted)
    except FirewallError:
        assert len(wanted) > 1
        return
    found = read(text, base="")
    assert Asa().recognises(text)
    named = sorted({name for one in wanted for name in (one.in_if, one.out_if)})
    for one in wanted:
        family = data.draw(st.sampled_from((4, 6)))
        for src, dst in edges(one, family):
            low, high = (one.dst_ports or ((80, 80),))[0]
            port = data.draw(st.sampled_from([max(low - 1, 0), low, high, min(high + 1, 65_535)]))
            way = data.draw(st.tuples(st.sampled_from(named), st.sampled_from(named)))
            for in_if, out_if in {(one.in_if, one.out_if), way}:
                for protocol in (one.protocol or 6, 50):
                    each = Packet(src, dst, protocol, dst_port=port, in_if=in_if, out_if=out_if)
                    assert opens(found, each) is meant(wanted, each), (text, each)


def test_what_the_lists_cannot_tell_apart_is_refused() -> None:
    everywhere = Addresses.of("0.0.0.0/0")
    wanted = [Permit("a", "b", everywhere, everywhere, 6), Permit("c", "d", everywhere, everywhere)]
    with pytest.raises(FirewallError, match="can't be told from"):
        Asa().render(wanted)
    with pytest.raises(FirewallError, match="ports of protocol 47"):
        Asa().render([Permit("a", "b", everywhere, everywhere, 47, ((1, 2),))])


def test_a_global_list_of_8_4_is_of_its_family_alone() -> None:
    found = read(
        "access-list all extended permit tcp any any eq 80\naccess-group all global\n",
        base=INTERFACES.replace("9.9(2)", "8.4(2)"),
    )
    assert opens(found, packet()) is True
    assert opens(found, packet(in_if="inside", out_if="outside", port=81)) is False
    v6 = packet("2001:db8::9", "2001:db8::1", 81, in_if="inside", out_if="outside")
    assert opens(found, v6) is True
