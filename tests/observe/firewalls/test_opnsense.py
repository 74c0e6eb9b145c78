"""OPNsense and pfSense: order, quick, aliases, interfaces, schedules and translations."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.observe.firewalls.base import FirewallError, RuleSet
from checkvalve.observe.firewalls.packetfilter.opnsense import Opnsense
from checkvalve.testing.firewalls import Packet, outcomes

PLC = Packet("10.1.0.5", "10.2.0.5", 6, dst_port=502, in_if="em1", out_if="em2")
INTERFACES = """
<interfaces>
 <wan><if>em0</if><ipaddr>dhcp</ipaddr></wan>
 <lan><if>em1</if><descr>OFFICE</descr><ipaddr>10.1.0.1</ipaddr><subnet>24</subnet></lan>
 <opt1><if>em2</if><ipaddr>10.2.0.1</ipaddr><subnet>24</subnet><ipaddrv6>fd02::1</ipaddrv6>
  <subnetv6>64</subnetv6></opt1>
</interfaces>
<ifgroups><ifgroupentry><ifname>OT</ifname><members>opt1 lan</members></ifgroupentry></ifgroups>
"""


def config(*rules: str, more: str = "", root: str = "opnsense") -> str:
    filled = "\n".join(f"<rule>{rule}</rule>" for rule in rules)
    return (
        f'<?xml version="1.0"?>\n<{root}>\n<system><ipv6allow>1</ipv6allow></system>{INTERFACES}'
        f"<filter>\n{filled}\n</filter>\n{more}\n</{root}>\n"
    )


def read(text: str) -> RuleSet:
    rule_set, coverage = Opnsense().read(text, file="config.xml")
    assert coverage.understood + coverage.harmless + len(coverage.missed) == coverage.lines
    return rule_set


def verdict(text: str, packet: Packet = PLC, **changes: Any) -> set[str]:
    return set(outcomes(read(text), replace(packet, **changes)))


def rule(kind: str = "pass", interface: str = "lan", **fields: str) -> str:
    tags = "".join(f"<{tag.replace('_', '-')}>{text}</{tag.replace('_', '-')}>"
                   for tag, text in fields.items())  # fmt: skip
    family = "" if "ipprotocol" in fields else "<ipprotocol>inet</ipprotocol>"
    return f"<type>{kind}</type><interface>{interface}</interface>{family}{tags}"


def new(action: str, interface: str, more: str = "", sequence: int = 1, net: str = "any") -> str:
    return (
        f"<rule><enabled>1</enabled><sequence>{sequence}</sequence><action>{action}</action>"
        f"<quick>1</quick><interface>{interface}</interface><direction>in</direction>"
        f"<ipprotocol>inet</ipprotocol><protocol>any</protocol><source_net>any</source_net>"
        f"<destination_net>{net}</destination_net>{more}</rule>"
    )


def automation(*rules: str) -> str:
    body = "\n".join(rules)
    return f"<OPNsense><Firewall><Filter><rules>{body}</rules></Filter></Firewall></OPNsense>"


# Which rule decides.


def test_nothing_comes_in_that_no_rule_passes() -> None:
    assert verdict(config()) == {"deny"}
    assert verdict(config(rule())) == {"accept"}
    assert verdict(config(rule(interface="opt1"))) == {"deny"}


def test_the_first_rule_of_an_interface_decides() -> None:
    assert verdict(config(rule("block"), rule())) == {"deny"}
    assert verdict(config(rule(), rule("reject"))) == {"accept"}


def test_floating_rules_come_first_then_groups_then_interfaces() -> None:
    floating = rule("block", "lan,wan", floating="yes", quick="yes", direction="in")
    assert verdict(config(rule(), floating)) == {"deny"}
    assert verdict(config(rule(), rule("block", "OT"))) == {"deny"}
    assert verdict(config(rule("block", "OT"), floating.replace("block", "pass"))) == {"accept"}


def test_a_floating_rule_without_quick_is_asked_last_and_the_last_of_them_first() -> None:
    one = rule("block", "lan", floating="yes", direction="in")
    other = one.replace("block", "pass")
    assert verdict(config(one, rule())) == {"accept"}
    assert verdict(config(one, other)) == {"accept"}
    assert verdict(config(other, one)) == {"deny"}


def test_a_floating_rule_may_block_the_way_out() -> None:
    out = rule("block", "opt1", floating="yes", quick="yes", direction="out")
    assert verdict(config(rule(), out)) == {"deny"}
    assert verdict(config(rule(), out), out_if="em0") == {"accept"}


def test_a_disabled_rule_is_not_in_force() -> None:
    assert verdict(config(rule() + "<disabled/>")) == {"deny"}
    assert verdict(config(rule(disabled="1"))) == {"deny"}
    assert verdict(config(rule(disabled="0"))) == {"accept"}


def test_new_rules_come_by_their_sequence_and_before_old_ones() -> None:
    block, accept = new("block", "lan", sequence=2), new("pass", "lan", sequence=10)
    assert verdict(config(rule(), more=automation(accept, block))) == {"deny"}
    assert verdict(config(rule("block"), more=automation(accept))) == {"accept"}
    floating = new("block", "", sequence=99)
    assert verdict(config(more=automation(accept, floating))) == {"deny"}
    off = block.replace("<enabled>1", "<enabled>0")
    assert verdict(config(more=automation(off, accept))) == {"accept"}
    elsewhere = accept.replace("<interface>", "<interfacenot>1</interfacenot><interface>")
    assert verdict(config(more=automation(elsewhere))) == {"deny"}


# What a rule matches.


def test_interfaces_have_the_names_of_their_device_and_of_people() -> None:
    for name in ("lan", "em1", "OFFICE"):
        assert verdict(config(rule()), in_if=name) == {"accept"}
    assert verdict(config(rule(interface="opt9"))) == {"accept", "deny"}


def test_the_network_of_an_interface() -> None:
    source = "<source><network>lan</network></source>"
    assert verdict(config(rule() + source)) == {"accept"}
    assert verdict(config(rule() + source), src="10.1.1.5") == {"deny"}
    assert verdict(config(rule() + source.replace("lan<", "lanip<"))) == {"deny"}
    assert verdict(config(rule() + source.replace("lan<", "wan<"))) == {"accept", "deny"}
    vip = (
        "<virtualip><vip><mode>ipalias</mode><interface>lan</interface><subnet>10.1.1.1</subnet>"
        "<subnet_bits>24</subnet_bits></vip></virtualip>"
    )
    assert verdict(config(rule() + source, more=vip), src="10.1.1.5") == {"accept"}


def test_not_means_all_the_others() -> None:
    other = "<destination><network>opt1</network><not/></destination>"
    assert verdict(config(rule() + other)) == {"deny"}
    assert verdict(config(rule() + other), dst="10.3.0.1") == {"accept"}
    own = "<destination><network>(self)</network><not>1</not></destination>"
    assert verdict(config(rule() + own)) == {"accept"}


def test_families() -> None:
    v6 = replace(PLC, src="fd01::5", dst="fd02::5")
    assert verdict(config(rule(ipprotocol="inet46")), v6) == {"accept"}
    assert verdict(config(rule(ipprotocol="inet6"))) == {"deny"}
    assert verdict(config(rule()), v6) == {"deny"}
    assert verdict(config(rule(ipprotocol=""))) == {"accept"}
    assert verdict(config(rule(ipprotocol="")), v6) == {"accept", "deny"}
    ping = replace(v6, protocol=58, icmp=128 << 8)
    assert verdict(config(rule(ipprotocol="inet46", protocol="icmp")), ping) == {"accept"}


def test_ipv6_is_blocked_where_it_is_not_allowed() -> None:
    text = config(rule(ipprotocol="inet46")).replace("<ipv6allow>1</ipv6allow>", "")
    assert verdict(text, src="fd01::5", dst="fd02::5") == {"deny"}
    assert verdict(text) == {"accept"}


def test_protocols_and_ports() -> None:
    side = "<destination><any/><port>{}</port></destination>"
    for port, passes in (("502", True), ("500-510", True), ("503-510", False)):
        expected = {"accept"} if passes else {"deny"}
        assert verdict(config(rule(protocol="tcp") + side.format(port))) == expected
    assert verdict(config(rule(protocol="tcp/udp") + side.format("502")), protocol=17) == {"accept"}
    assert verdict(config(rule(protocol="udp") + side.format("502"))) == {"deny"}
    assert verdict(config(rule() + side.format("502"))) == {"accept", "deny"}
    ping = replace(PLC, protocol=1)
    assert verdict(config(rule(protocol="icmp", icmptype="echorep")), ping) == {"deny"}
    assert verdict(config(rule(protocol="icmp", icmptype="echorep,echoreq")), ping) == {"accept"}


def alias(name: str, kind: str, content: str) -> str:
    return (
        f"<alias><enabled>1</enabled><name>{name}</name><type>{kind}</type>"
        f"<content>{content}</content></alias>"
    )


def aliases(*found: str) -> str:
    body = "".join(found)
    return f"<OPNsense><Firewall><Alias><aliases>{body}</aliases></Alias></Firewall></OPNsense>"


def test_aliases_hold_addresses_ports_and_each_other() -> None:
    to = rule(protocol="tcp") + (
        "<destination><address>PLCS</address><port>OTPORTS</port></destination>"
    )
    more = aliases(
        alias("PLCS", "networkgroup", "LINE1\nLINE2"),
        alias("LINE1", "host", "10.2.0.5"),
        alias("LINE2", "network", "10.2.1.0/24\n!10.2.1.7"),
        alias("OTPORTS", "port", "102\nMODBUS"),
        alias("MODBUS", "port", "502:503"),
    )
    assert verdict(config(to, more=more)) == {"accept"}
    assert verdict(config(to, more=more), dst="10.2.1.6", dst_port=102) == {"accept"}
    assert verdict(config(to, more=more), dst="10.2.1.7") == {"deny"}
    assert verdict(config(to, more=more), dst_port=504) == {"deny"}


def test_pfsense_separates_entries_by_spaces() -> None:
    more = (
        "<aliases><alias><name>PLCS</name><type>host</type><address>10.2.0.4 10.2.0.5</address>"
        "</alias></aliases>"
    )
    to = rule() + "<destination><address>PLCS</address></destination>"
    assert verdict(config(to, more=more, root="pfsense")) == {"accept"}


def test_what_an_alias_fetches_or_does_not_say_is_unknown() -> None:
    to = rule() + "<destination><address>BAD</address></destination>"
    for found in (
        alias("BAD", "urltable", "https://example.com/list"),
        alias("BAD", "host", "plc.example.com"),
        alias("BAD", "host", "BAD"),
        alias("BAD", "geoip", "NL"),
    ):
        assert verdict(config(to, more=aliases(found))) == {"accept", "deny"}
    mixed = aliases(alias("BAD", "host", "10.2.0.5\nplc.example.com"))
    assert verdict(config(to, more=mixed)) == {"accept"}
    assert verdict(config(to)) == {"accept", "deny"}
    assert any("BAD is not defined" in one.sentence for one in read(config(to)).problems)
    assert any("holds itself" in one.sentence for one in
               read(config(to, more=aliases(alias("BAD", "host", "BAD")))).problems)  # fmt: skip


def test_aliases_nested_a_thousand_deep_are_unknown() -> None:
    chain = [alias(f"A{n}", "host", f"A{n + 1}") for n in range(1000)]
    more = aliases(*chain, alias("A1000", "host", "10.2.0.5"))
    to = rule() + "<destination><address>A0</address></destination>"
    assert verdict(config(to, more=more)) == {"accept", "deny"}


def test_a_schedule_counts_on_the_firewalls_clock() -> None:
    more = (
        "<schedules><schedule><name>WORK</name><timerange><position>1,2,3,4,5</position>"
        "<hour>8:00-16:59</hour></timerange></schedule></schedules>"
    )
    rule_set = read(config(rule(sched="WORK"), more=more))
    tuesday, sunday = datetime(2026, 3, 3, 9, tzinfo=UTC), datetime(2026, 3, 8, 9, tzinfo=UTC)
    assert outcomes(rule_set, PLC, at=tuesday, clock=ZoneInfo("UTC")) == {"accept"}
    assert outcomes(rule_set, PLC, at=sunday, clock=ZoneInfo("UTC")) == {"deny"}
    assert verdict(config(rule(sched="NONE"))) == {"accept", "deny"}


def test_a_gateway_leads_elsewhere_and_a_limit_drops() -> None:
    assert verdict(config(rule(gateway="WAN2"), rule())) == {"accept", "deny"}
    limited = config(rule(max_src_conn="5"))
    assert verdict(limited) == {"accept", "deny"}
    assert outcomes(read(limited), PLC, rates_hold=True) == {"accept"}


def test_an_element_that_is_not_known_is_unknown() -> None:
    assert verdict(config(rule(tagged="X"))) == {"accept", "deny"}
    assert verdict(config(rule(tagged=""))) == {"accept"}
    assert verdict(config(rule("frobnicate"))) == {"accept", "deny"}


# Rules that the product adds, and translations.


def test_private_networks_are_blocked_on_an_interface_to_the_internet() -> None:
    text = config(rule(interface="wan")).replace("<if>em0</if>", "<if>em0</if><blockpriv/>")
    assert verdict(text, in_if="em0") == {"deny"}
    assert verdict(text, in_if="em0", src="192.0.2.1") == {"accept"}
    assert verdict(text.replace("<blockpriv/>", "<blockpriv>0</blockpriv>"), in_if="em0") == {
        "accept"
    }


def test_the_list_of_bogons_is_unknown() -> None:
    text = config(rule(interface="wan")).replace("<if>em0</if>", "<if>em0</if><blockbogons/>")
    assert verdict(text, in_if="em0", src="192.0.2.1") == {"accept", "deny"}
    assert verdict(text) == {"deny"}


def test_a_port_forward_that_passes_needs_no_rule() -> None:
    forward = (
        "<nat><rule><interface>lan</interface><protocol>tcp</protocol><source><any/></source>"
        "<destination><network>lanip</network><port>5020</port></destination>"
        "<target>{}</target><local-port>502</local-port>"
        "<associated-rule-id>{}</associated-rule-id></rule></nat>"
    )
    assert verdict(config(more=forward.format("10.2.0.5", "pass"))) == {"accept"}
    assert verdict(config(more=forward.format("10.2.0.5", "pass")), dst_port=503) == {"deny"}
    assert verdict(config(more=forward.format("10.2.0.5", "nat_1"))) == {"deny"}
    assert verdict(config(more=forward.format("PLC", "pass"))) == {"accept", "deny"}


def test_sources_may_be_translated_on_the_way_out() -> None:
    out = rule("block", "opt1", floating="yes", quick="yes", direction="out")
    out += "<source><network>lan</network></source>"
    assert verdict(config(rule(), out)) == {"accept", "deny"}
    off = "<nat><outbound><mode>disabled</mode></outbound></nat>"
    assert verdict(config(rule(), out, more=off)) == {"deny"}


# Whole files.


def test_the_sample_configuration_passes_lan_to_anywhere(shared: Path) -> None:
    text = (shared / "firewalls/opnsense/src/etc/config.xml.sample").read_text()
    assert Opnsense().recognises(text)
    lan = replace(PLC, src="192.168.1.5", in_if="lan", out_if="wan", dst="198.51.100.1")
    assert verdict(text, lan) == {"accept"}
    assert verdict(text, lan, src="192.168.2.5") == {"deny"}
    assert verdict(text, lan, in_if="wan", out_if="lan") == {"deny"}
    v6 = replace(lan, src="fd00::1", dst="2001:db8::1")
    assert verdict(text, v6) == {"accept", "deny"}


def test_every_sample_configuration_is_read(shared: Path) -> None:
    files = sorted((shared / "firewalls/opnsense").rglob("*config.xml*"))
    assert len(files) == 3
    for path in files:
        read(path.read_text())


def test_a_file_that_was_cut_decides_nothing() -> None:
    text = config(rule())
    cut = text[: text.index("</filter>")]
    assert verdict(cut) == {"accept", "deny"}
    assert "no XML" in read(cut).problems[0].sentence
    bomb = text.replace("<opnsense>", '<!DOCTYPE a [<!ENTITY a "b">]>\n<opnsense>', 1)
    with pytest.raises(FirewallError):
        read(bomb)


def test_only_its_own_files_are_recognised() -> None:
    for root in ("opnsense", "pfsense"):
        assert Opnsense().recognises(config(root=root))
    for other in ("", "<config/>", "pass all", "{}", "not <pfsense>"):
        assert not Opnsense().recognises(other)
        with pytest.raises(FirewallError):
            Opnsense().read(other, file="x")


WHOLE = config(
    rule(protocol="tcp", sched="WORK", max_src_conn="5"),
    rule(floating="yes", gateway="X") + "<source><address>A</address><port>P</port></source>",
    more=aliases(alias("A", "host", "B\n10.0.0.1"), alias("B", "host", "A"))
    + automation(new("pass", "lan", net="A,opt1"))
    + "<nat><rule><associated-rule-id>pass</associated-rule-id></rule><onetoone/></nat>",
)
PIECES = st.sampled_from(re.findall(r"<[^>]*>|[^<]+", WHOLE))


@given(
    st.builds(
        lambda start, cut, extra, at: WHOLE[:at] + extra + WHOLE[min(at + cut, len(WHOLE)) : start],
        st.integers(len(WHOLE) // 2, len(WHOLE)),
        st.integers(0, 30),
        st.text(max_size=5) | PIECES,
        st.integers(30, len(WHOLE)),
    )
    | st.lists(PIECES, max_size=30).map(lambda some: "<opnsense>" + "".join(some))
    | st.text()
)
def test_any_text_is_counted_once_or_refused(text: str) -> None:
    Opnsense().recognises(text)
    with suppress(FirewallError):
        read(text)
