"""Security groups: a union, without order, at each interface."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.observe.firewalls.base import FirewallError, RuleSet
from checkvalve.observe.firewalls.clouds.aws import Aws
from checkvalve.testing.firewalls import Packet, outcomes

PLC = Packet("10.1.0.5", "10.2.0.5", 6, dst_port=502)


def permission(protocol: str = "tcp", ports: tuple[int, int] = (502, 502), **far: Any) -> Any:
    found: dict[str, Any] = {"IpProtocol": protocol, "FromPort": ports[0], "ToPort": ports[1]}
    if "cidr" in far:
        found["IpRanges"] = [{"CidrIp": far["cidr"]}]
    if "v6" in far:
        found["Ipv6Ranges"] = [{"CidrIpv6": far["v6"]}]
    if "group" in far:
        found["UserIdGroupPairs"] = [{"GroupId": far["group"], "UserId": "1"}]
    if "prefixes" in far:
        found["PrefixListIds"] = [{"PrefixListId": far["prefixes"]}]
    return found


ALL_OUT = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


def group(name: str, *inward: Any, outward: Any = ALL_OUT) -> Any:
    return {
        "GroupId": name, "GroupName": name, "VpcId": "vpc-1", "IpPermissions": list(inward),
        "IpPermissionsEgress": outward,
    }  # fmt: skip


def interface(address: str, *groups: str) -> Any:
    return {"PrivateIpAddress": address, "Groups": [{"GroupId": one} for one in groups]}


HOSTS = [interface("10.1.0.5", "sg-office"), interface("10.2.0.5", "sg-plc", "sg-more")]


def export(*groups: Any, hosts: Any = HOSTS) -> str:
    found = {"SecurityGroups": [group("sg-office"), *groups]}
    if hosts is not None:
        found["NetworkInterfaces"] = hosts
    return json.dumps(found, indent=2)


def read(text: str) -> RuleSet:
    rule_set, coverage = Aws().read(text, file="aws.json")
    assert coverage.understood + coverage.harmless + len(coverage.missed) == coverage.lines
    assert rule_set.at_hosts
    return rule_set


def verdict(text: str, packet: Packet = PLC, **changes: Any) -> set[str]:
    return set(outcomes(read(text), replace(packet, **changes)))


def test_what_no_group_permits_is_denied() -> None:
    assert verdict(export(group("sg-plc"))) == {"deny"}
    assert verdict(export(group("sg-plc", permission(cidr="10.1.0.0/16")))) == {"accept"}
    assert verdict(export(group("sg-plc", permission(cidr="10.3.0.0/16")))) == {"deny"}


def test_all_groups_of_an_interface_count_together() -> None:
    text = export(group("sg-plc"), group("sg-more", permission(cidr="10.1.0.0/16")))
    assert verdict(text) == {"accept"}
    other = export(group("sg-plc"), group("sg-other", permission(cidr="10.1.0.0/16")))
    assert verdict(other) == {"deny"}


def test_the_way_out_of_the_source_counts_too() -> None:
    closed = group("sg-office", outward=[])
    text = json.dumps({
        "SecurityGroups": [closed, group("sg-plc", permission(cidr="0.0.0.0/0"))],
        "NetworkInterfaces": HOSTS,
    })  # fmt: skip
    assert verdict(text) == {"deny"}
    assert verdict(text, src="192.0.2.1") == {"accept"}


def test_a_group_stands_for_its_members() -> None:
    text = export(group("sg-plc", permission(group="sg-office")))
    assert verdict(text) == {"accept"}
    assert verdict(text, src="10.1.0.6") == {"deny"}
    stranger = export(group("sg-plc", permission(group="sg-elsewhere")))
    assert verdict(stranger) == {"accept", "deny"}
    listed = export(group("sg-plc", permission(prefixes="pl-1")))
    assert verdict(listed) == {"accept", "deny"}


def test_protocols_ports_and_families() -> None:
    text = export(group("sg-plc", permission(ports=(500, 510), cidr="0.0.0.0/0")))
    assert verdict(text, dst_port=510) == {"accept"}
    assert verdict(text, dst_port=511) == {"deny"}
    assert verdict(text, protocol=17) == {"deny"}
    ping = export(group("sg-plc", permission("icmp", (8, -1), cidr="0.0.0.0/0")))
    assert verdict(ping, protocol=1) == {"accept"}
    assert verdict(ping, protocol=1, icmp=0) == {"deny"}
    every = export(group("sg-plc", permission("-1", (-1, -1), cidr="0.0.0.0/0")))
    assert verdict(every, protocol=47) == {"accept"}
    strange = export(group("sg-plc", permission("frob", cidr="0.0.0.0/0")))
    assert verdict(strange) == {"accept", "deny"}


def test_hosts_of_no_interface_are_not_controlled() -> None:
    assert verdict(export(group("sg-plc")), dst="192.0.2.1") == {"accept"}


def test_without_interfaces_nobody_knows_whose_groups_they_are() -> None:
    text = export(group("sg-plc", permission(cidr="10.1.0.0/16")), hosts=None)
    assert verdict(text) == {"accept", "deny"}
    assert "NetworkInterfaces" in read(text).problems[0].sentence


def test_a_cut_export_decides_nothing() -> None:
    text = export(group("sg-plc", permission(cidr="10.1.0.0/16")))
    assert verdict(text[:-2]) == {"accept", "deny"}


def test_only_its_own_files_are_recognised() -> None:
    assert Aws().recognises(export())
    for other in ("", "{}", "[]", "block all", '{"a": 1}'):
        assert not Aws().recognises(other)
        with pytest.raises(FirewallError):
            Aws().read(other, file="x")


WHOLE = export(group("sg-plc", permission(cidr="10.1.0.0/16", group="x", prefixes="y")))


@given(st.integers(0, len(WHOLE)), st.integers(0, 40), st.text(max_size=6))
def test_any_text_is_counted_once_or_refused(at: int, cut: int, more: str) -> None:
    with suppress(FirewallError):
        read(WHOLE[:at] + more + WHOLE[at + cut :])
