"""PAN-OS: zones, applications, objects, default rules, translations; both of its forms."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.observe.firewalls.base import FirewallError, Permit, RuleSet
from checkvalve.observe.firewalls.paloalto.panos import Panos
from checkvalve.observe.firewalls.spans import Addresses, Spans
from checkvalve.testing.firewalls import Packet, outcomes

PLC = Packet("10.1.0.5", "10.2.0.5", 6, dst_port=502, in_if="ethernet1/1", out_if="ethernet1/2")
ZONES = """set zone it network layer3 [ ethernet1/1 ethernet1/3 ]
set zone ot network layer3 ethernet1/2
set zone wan network layer3 ethernet1/9
"""


def read(text: str) -> RuleSet:
    rule_set, coverage = Panos().read(text, file="fw.txt")
    assert coverage.understood + coverage.harmless + len(coverage.missed) == coverage.lines
    return rule_set


def verdict(text: str, packet: Packet = PLC, **changes: Any) -> set[str]:
    return set(outcomes(read(text), replace(packet, **changes)))


def rule(name: str = "r", base: str = "rulebase", **fields: str) -> str:
    said = {
        "from": "it", "to": "ot", "source": "any", "destination": "any", "application": "any",
        "service": "any", "action": "allow",
    } | {key.replace("_", "-").removesuffix("-"): text for key, text in fields.items()}  # fmt: skip
    return "".join(
        f"set {base} security rules {name} {field} {text}\n" for field, text in said.items()
    )


# Which rule decides.


def test_between_zones_nothing_passes_and_within_one_all_does() -> None:
    empty = ZONES + "set rulebase security rules\n"
    assert verdict(empty) == {"deny"}
    assert verdict(empty, out_if="ethernet1/3") == {"accept"}
    assert verdict(empty, in_if="ethernet1/7") == {"deny"}


def test_the_default_rules_may_be_changed() -> None:
    default = "set rulebase default-security-rules rules {} action {}\n"
    within = ZONES + default.format("intrazone-default", "deny")
    assert verdict(within, out_if="ethernet1/3") == {"deny"}
    assert verdict(ZONES + default.format("interzone-default", "allow")) == {"accept"}
    only_logged = (
        ZONES + "set rulebase default-security-rules rules interzone-default log-end yes\n"
    )
    assert verdict(ZONES + only_logged) == {"deny"}


def test_the_first_match_decides_and_a_disabled_rule_does_not() -> None:
    assert verdict(ZONES + rule("a", action="deny") + rule("b")) == {"deny"}
    assert verdict(ZONES + rule("a", action="drop", disabled="yes") + rule("b")) == {"accept"}


def test_rules_of_panorama_stand_before_and_behind_the_local_ones() -> None:
    dg = "set device-group OT parent-dg ALL\nset device-group ALL description top\n"
    before = rule("a", "device-group OT pre-rulebase", action="deny")
    behind = rule("b", "device-group OT post-rulebase", action="deny")
    top = rule("c", "shared pre-rulebase", action="allow")
    higher = rule("d", "device-group ALL pre-rulebase", action="allow")
    local = rule("e")
    assert verdict(ZONES + dg + local + before) == {"deny"}
    assert verdict(ZONES + dg + behind + local) == {"accept"}
    assert verdict(ZONES + dg + before + top) == {"accept"}
    assert verdict(ZONES + dg + before + higher) == {"accept"}


def test_device_groups_side_by_side_leave_nothing_certain() -> None:
    text = rule("a", "device-group A pre-rulebase") + rule("b", "device-group B pre-rulebase")
    assert verdict(text) >= {"accept", "deny"}
    assert "side by side" in read(text).problems[0].sentence


def test_several_virtual_systems_leave_nothing_certain() -> None:
    text = rule("a", "vsys vsys1 rulebase") + rule("b", "vsys vsys2 rulebase")
    assert verdict(text) >= {"accept", "deny"}
    assert "vsys" in read(text).problems[0].sentence


def test_rule_types() -> None:
    both = {"from": "any", "to": "any"}
    for kind, across, within in (
        ("universal", "accept", "accept"), ("interzone", "accept", "deny"),
        ("intrazone", "deny", "accept"),
    ):  # fmt: skip
        text = ZONES + rule("a", rule_type=kind, **both)
        text += "set rulebase default-security-rules rules intrazone-default action deny\n"
        assert verdict(text) == {across}, kind
        assert verdict(text, out_if="ethernet1/3") == {within}, kind


# What a rule matches.


def test_zones_have_interfaces_and_any_means_no_interface_without_one() -> None:
    text = ZONES + rule(from_="any", to="any")
    assert verdict(text) == {"accept"}
    assert verdict(text, in_if="it", out_if="ot") == {"accept"}
    assert verdict(text, in_if="ethernet1/7") == {"deny"}
    assert verdict(ZONES + rule(), in_if="ethernet1/9") == {"deny"}


def test_address_objects_and_groups() -> None:
    objects = """set address plc1 ip-netmask 10.2.0.5
set address line ip-range 10.2.1.1-10.2.1.9
set address odd ip-wildcard 10.2.0.7/0.0.255.0
set shared address plc1 ip-netmask 10.9.9.9
set address-group plcs static [ plc1 line inner ]
set address-group inner static odd
"""
    text = ZONES + objects + rule(destination="plcs")
    assert verdict(text) == {"accept"}
    assert verdict(text, dst="10.2.1.9") == {"accept"}
    assert verdict(text, dst="10.2.1.10") == {"deny"}
    assert verdict(text, dst="10.2.33.7") == {"accept"}
    assert verdict(text, dst="10.9.9.9") == {"deny"}
    literal = ZONES + rule(destination="[ 10.2.0.0/24 10.3.0.1-10.3.0.4 fd00::/64 ]")
    assert verdict(literal) == {"accept"}
    assert verdict(literal, src="fd01::1", dst="fd00::1") == {"accept"}


def test_what_does_not_stand_in_the_text_is_unknown() -> None:
    for line in (
        "set address x fqdn plc.example.com", "set address-group x dynamic filter \"'plc'\"",
        "set external-list x type ip url https://example.com", "set address-group x static x",
    ):  # fmt: skip
        assert verdict(f"{ZONES}{line}\n{rule(destination='x')}") == {"accept", "deny"}, line
        closed = rule("a", destination="x", action="deny") + rule("b")
        assert verdict(f"{ZONES}{line}\n{closed}") == {"accept", "deny"}, line
    lost = ZONES + rule(destination="nobody")
    assert verdict(lost) == {"accept", "deny"}
    assert "nobody is not defined" in read(lost).problems[0].sentence


def test_groups_nested_a_thousand_deep_are_unknown() -> None:
    deep = "".join(f"set address-group g{n} static g{n + 1}\n" for n in range(1000))
    assert verdict(ZONES + deep + rule(destination="g0")) == {"accept", "deny"}
    deep = deep.replace("address-group", "service-group").replace("static", "members")
    assert verdict(ZONES + deep + rule(service="g0")) == {"accept", "deny"}


def test_negated_sides() -> None:
    text = ZONES + rule(destination="10.2.0.0/24", negate_destination="yes")
    assert verdict(text) == {"deny"}
    assert verdict(text, dst="10.3.0.1") == {"accept"}
    fqdn = ZONES + "set address x fqdn a.example\n" + rule(source="x", negate_source="yes")
    assert verdict(fqdn) == {"accept", "deny"}


def test_services_and_their_groups() -> None:
    objects = """set service modbus protocol tcp port 502
set service wide protocol udp port 1000-2000,3000
set service both protocol tcp port 102
set service both protocol udp port 102
set service-group plc members [ modbus wide both ]
"""
    text = ZONES + objects + rule(service="plc")
    assert verdict(text) == {"accept"}
    assert verdict(text, dst_port=503) == {"deny"}
    assert verdict(text, protocol=17, dst_port=3000) == {"accept"}
    assert verdict(text, protocol=17, dst_port=102) == {"accept"}
    assert verdict(text, dst_port=3000) == {"deny"}
    web = ZONES + rule(service="[ service-http service-https ]")
    for port, found in ((80, "accept"), (8080, "accept"), (443, "accept"), (8443, "deny")):
        assert verdict(web, dst_port=port) == {found}


def test_default_ports_of_applications() -> None:
    text = ZONES + rule(application="modbus", service="application-default")
    assert verdict(text) == {"accept"}
    assert verdict(text, dst_port=503) == {"deny"}
    strange = ZONES + rule(application="frobnicator", service="application-default")
    assert verdict(strange) == {"accept", "deny"}
    assert verdict(ZONES + rule(service="application-default")) == {"accept", "deny"}
    group = "set application-group plcs members [ modbus siemens-s7 ]\n"
    both = ZONES + group + rule(application="plcs", service="application-default")
    assert verdict(both, dst_port=102) == {"accept"}
    own = "set application mine default port tcp/7000\n"
    text = ZONES + own + rule(application="mine", service="application-default")
    assert verdict(text, dst_port=7000) == {"accept"}


def test_content_decides_about_applications_on_any_port_and_about_denials() -> None:
    assert verdict(ZONES + rule(application="modbus")) == {"accept", "deny"}
    ping = replace(PLC, protocol=1)
    assert verdict(ZONES + rule(application="ping"), ping) == {"accept"}
    assert verdict(ZONES + rule(application="ping")) == {"deny"}
    denied = rule("a", application="modbus", service="application-default", action="deny")
    assert verdict(ZONES + denied + rule("b")) == {"accept", "deny"}
    service = "set service m protocol tcp port 502\n"
    assert verdict(ZONES + service + rule(application="modbus", service="m")) == {"accept"}


def test_users_and_categories_are_unknown() -> None:
    assert verdict(ZONES + rule(source_user="any", category="any")) == {"accept"}
    for field in ("source_user", "category", "source_hip", "frobnicate"):
        assert verdict(ZONES + rule(**{field: "x"})) == {"accept", "deny"}


def test_a_rule_that_was_cut_is_unknown() -> None:
    text = ZONES + rule().replace("set rulebase security rules r destination any\n", "")
    assert verdict(text) == {"accept", "deny"}
    assert verdict(ZONES + rule(action="perhaps")) == {"accept", "deny"}


def test_schedules_count_on_the_firewalls_clock() -> None:
    times = {
        "daily": "set schedule s schedule-type recurring daily 22:00-06:00\n",
        "weekly": "set schedule s schedule-type recurring weekly tuesday [ 08:00-09:00 ]\n",
        "once": "set schedule s schedule-type non-recurring 2026/03/03@08:00-2026/03/04@09:00\n",
    }
    for kind, inside, outside in (
        ("daily", (2026, 3, 3, 23), (2026, 3, 3, 12)), ("daily", (2026, 3, 3, 5), (2026, 3, 3, 7)),
        ("weekly", (2026, 3, 3, 8), (2026, 3, 4, 8)), ("once", (2026, 3, 3, 9), (2027, 3, 3, 9)),
    ):  # fmt: skip
        rule_set = read(ZONES + times[kind] + rule(schedule="s"))
        clock = ZoneInfo("UTC")
        assert outcomes(rule_set, PLC, at=datetime(*inside, tzinfo=UTC), clock=clock) == {"accept"}
        assert outcomes(rule_set, PLC, at=datetime(*outside, tzinfo=UTC), clock=clock) == {"deny"}
    assert verdict(ZONES + rule(schedule="none")) == {"accept", "deny"}


# Translations.

NAT = """set rulebase nat rules n from {zone}
set rulebase nat rules n to wan
set rulebase nat rules n source {source}
set rulebase nat rules n destination 203.0.113.7
set rulebase nat rules n service {service}
set rulebase nat rules n destination-translation translated-address 10.2.0.5
"""
ALL = {"zone": "it", "source": "any", "service": "any"}


def test_a_rule_about_the_outer_address_is_about_the_real_one() -> None:
    text = ZONES + NAT.format(**ALL) + rule(destination="203.0.113.7")
    assert verdict(text) == {"accept"}
    assert verdict(text, dst="10.2.0.6") == {"deny"}
    denied = rule("a", destination="203.0.113.7", action="deny")
    assert verdict(ZONES + NAT.format(**ALL) + denied + rule("b")) == {"accept", "deny"}
    real = rule("a", destination="10.2.0.5", action="deny") + rule("b", destination="203.0.113.7")
    assert verdict(ZONES + NAT.format(**ALL) + real) == {"accept", "deny"}
    assert verdict(ZONES + NAT.format(**ALL) + rule(action="deny") + rule("b")) == {"deny"}


def test_a_translation_for_some_is_uncertain() -> None:
    some = ZONES + NAT.format(**ALL | {"source": "10.1.0.9"}) + rule(destination="203.0.113.7")
    assert verdict(some) == {"accept", "deny"}
    other = ZONES + NAT.format(**ALL | {"zone": "wan"}) + rule(destination="203.0.113.7")
    assert verdict(other) == {"deny"}


def test_a_port_is_translated_with_the_address() -> None:
    nat = NAT.format(**ALL | {"service": "s"}) + (
        "set rulebase nat rules n destination-translation translated-port 502\n"
        "set service s protocol tcp port 5020\n"
    )
    assert verdict(ZONES + nat + rule(destination="203.0.113.7")) == {"accept"}
    assert verdict(ZONES + nat + rule(destination="203.0.113.7"), dst_port=5020) == {"deny"}
    assert verdict(ZONES + nat + rule(destination="203.0.113.7", service="s")) == {"accept"}
    other = rule(destination="203.0.113.7", service="service-http")
    assert verdict(ZONES + nat + other) == {"deny"}


def test_a_translation_of_many_keeps_their_order() -> None:
    nat = NAT.format(**ALL).replace("203.0.113.7", "203.0.113.0/30").replace(
        "10.2.0.5", "10.2.0.4/30")  # fmt: skip
    text = ZONES + nat + rule(destination="203.0.113.1")
    assert verdict(text) == {"accept"}
    assert verdict(text, dst="10.2.0.6") == {"deny"}
    both_ways = """set rulebase nat rules n source 10.2.0.5
set rulebase nat rules n source-translation static-ip translated-address 203.0.113.7
set rulebase nat rules n source-translation static-ip bi-directional yes
"""
    assert verdict(ZONES + both_ways + rule(destination="203.0.113.7")) == {"accept"}


# Both forms.

XML = """<?xml version="1.0"?>
<config version="10.1.0" urldb="paloaltonetworks">
  <shared><service>
    <entry name="m"><protocol><tcp><port>502</port></tcp></protocol></entry>
  </service></shared>
  <devices><entry name="localhost.localdomain">
    <network><interface/></network>
    <vsys><entry name="vsys1">
      <zone>
        <entry name="it"><network><layer3><member>ethernet1/1</member></layer3></network></entry>
        <entry name="ot"><network><layer3><member>ethernet1/2</member></layer3></network></entry>
      </zone>
      <address><entry name="plc"><ip-netmask>10.2.0.5/32</ip-netmask></entry></address>
      <rulebase><security><rules>
        <entry name="to plc">
          <from><member>it</member></from><to><member>ot</member></to>
          <source><member>any</member></source><destination><member>plc</member></destination>
          <application><member>any</member></application><service><member>m</member></service>
          <source-user><member>any</member></source-user>
          <action>allow</action>
        </entry>
      </rules></security></rulebase>
    </entry></vsys>
  </entry></devices>
</config>
"""
SET = """set shared service m protocol tcp port 502
set vsys vsys1 zone it network layer3 ethernet1/1
set vsys vsys1 zone ot network layer3 ethernet1/2
set vsys vsys1 address plc ip-netmask 10.2.0.5/32
set vsys vsys1 rulebase security rules "to plc" from it
set vsys vsys1 rulebase security rules "to plc" to ot
set vsys vsys1 rulebase security rules "to plc" source any
set vsys vsys1 rulebase security rules "to plc" destination plc
set vsys vsys1 rulebase security rules "to plc" application any
set vsys vsys1 rulebase security rules "to plc" service m
set vsys vsys1 rulebase security rules "to plc" description "for
the line"
set vsys vsys1 rulebase security rules "to plc" action allow
"""


def test_both_forms_say_the_same() -> None:
    for text in (XML, SET):
        assert Panos().recognises(text)
        assert verdict(text) == {"accept"}
        assert verdict(text, dst="10.2.0.6") == {"deny"}
        assert verdict(text, dst_port=503) == {"deny"}
        assert read(text).chains["security"].rules[0].ref.name == "to plc"


def test_a_file_that_was_cut_or_mixed_decides_nothing() -> None:
    assert verdict(XML[: XML.index("</rulebase>")]) == {"accept", "deny"}
    assert verdict(SET + "delete rulebase security rules x\n") == {"accept", "deny"}
    assert verdict("# exported\nadmin@fw# show\n" + SET + "[edit]\n") == {"accept"}


def test_only_its_own_files_are_recognised() -> None:
    for other in ("", "<opnsense/>", "set security policies global", "set address 10.0.0.1", "{}"):
        assert not Panos().recognises(other)
        with pytest.raises(FirewallError):
            Panos().read(other, file="x")


SOURCE = XML + SET + ZONES + NAT + rule(service="application-default", application="modbus")
PIECES = st.sampled_from(re.findall(r"<[^>]*>|[^\s<]+|\n", SOURCE))


@given(
    st.lists(st.sampled_from(SOURCE[len(XML) :].splitlines()), max_size=30).map("\n".join)
    | st.lists(PIECES, max_size=40).map(lambda some: "set rulebase security " + " ".join(some))
    | st.tuples(st.integers(200, len(XML)), st.lists(PIECES, max_size=3)).map(
        lambda cut: XML[: cut[0]] + " ".join(cut[1]) + XML[cut[0] + 3 :]
    )
    | st.text()
)
def test_any_text_is_counted_once_or_refused(text: str) -> None:
    Panos().recognises(text)
    with suppress(FirewallError):
        read(text)


# Writing.

SOURCES = st.sampled_from(
    (
        Addresses.of("10.1.0.3-10.1.0.9") | Addresses.of("fd00::5"),
        Addresses.of("0.0.0.0/0"),
        Addresses.of("0.0.0.0/0") | Addresses.of("::/0"),
        Addresses.of("fd00::/126"),
        Addresses.of("10.1.0.5"),
    )
)


@st.composite
def permits(draw: st.DrawFn) -> Permit:
    protocol = draw(st.sampled_from((6, 17, 1, 47, None)))
    ports: Spans | None = None
    if protocol in (6, 17):
        ports = draw(st.sampled_from((((502, 502),), ((1, 5), (7, 9)), None)))
    pair = draw(st.sampled_from((("a", "b"), ("b", "a"), ("a", "a"), ("a", "c d"))))
    return Permit(*pair, draw(SOURCES), draw(SOURCES), protocol, ports, 'why\n"not" \\')


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
PACKETS = st.builds(
    lambda ends, protocol, port, way: Packet(
        ends[0], ends[1], protocol, dst_port=port, in_if=way[0], out_if=way[1]
    ),
    st.tuples(V4, V4) | st.tuples(V6, V6),
    st.sampled_from((6, 17, 1, 47, 50)),
    st.sampled_from((0, 1, 5, 6, 7, 9, 10, 501, 502, 503, 65_535)),
    st.sampled_from((("a", "b"), ("b", "a"), ("a", "a"), ("a", "c d"), ("c d", "b"))),
)


@given(st.lists(permits(), max_size=4), st.lists(PACKETS, min_size=10, max_size=40))
def test_what_is_written_permits_what_was_meant_and_nothing_else(
    wanted: list[Permit], packets: list[Packet]
) -> None:
    rule_set = read(Panos().render(wanted))
    for packet in packets:
        expected = any(meant(permit, packet) for permit in wanted)
        assert outcomes(rule_set, packet) == ({"accept"} if expected else {"deny"})


def test_what_pan_os_cannot_say_is_refused() -> None:
    anywhere = Addresses.of("0.0.0.0/0")
    with pytest.raises(FirewallError, match="protocol 97"):
        Panos().render([Permit("a", "b", anywhere, anywhere, 97)])
    with pytest.raises(FirewallError, match="zone"):
        Panos().render([Permit('a"', "b", anywhere, anywhere)])
