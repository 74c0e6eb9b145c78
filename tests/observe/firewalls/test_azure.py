"""Network security groups: priorities, default rules, tags, and the two places of a group."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.observe.firewalls.base import FirewallError, RuleSet
from checkvalve.observe.firewalls.clouds.azure import Azure
from checkvalve.testing.firewalls import Packet, outcomes

PLC = Packet("10.1.0.5", "10.2.0.5", 6, dst_port=502)


def rule(access: str = "Allow", priority: int = 100, **fields: Any) -> Any:
    return {
        "name": f"{access}{priority}", "priority": priority, "direction": "Inbound",
        "access": access, "protocol": "Tcp", "sourceAddressPrefix": "*", "sourcePortRange": "*",
        "destinationAddressPrefix": "*", "destinationPortRange": "502", **fields,
    }  # fmt: skip


def default(direction: str, access: str, priority: int, source: str, destination: str) -> Any:
    return rule(
        access, priority, direction=direction, protocol="*", destinationPortRange="*",
        sourceAddressPrefix=source, destinationAddressPrefix=destination,
    )  # fmt: skip


DEFAULTS = [
    default("Inbound", "Allow", 65000, "VirtualNetwork", "VirtualNetwork"),
    default("Inbound", "Allow", 65001, "AzureLoadBalancer", "*"),
    default("Inbound", "Deny", 65500, "*", "*"),
    default("Outbound", "Allow", 65000, "VirtualNetwork", "VirtualNetwork"),
    default("Outbound", "Allow", 65001, "*", "Internet"),
    default("Outbound", "Deny", 65500, "*", "*"),
]


def group(name: str, *rules: Any, defaults: Any = DEFAULTS) -> Any:
    return {"id": f"/nsg/{name}", "name": name, "securityRules": list(rules),
            "defaultSecurityRules": defaults}  # fmt: skip


def network(**subnets: str) -> Any:
    return {
        "addressSpace": {"addressPrefixes": ["10.1.0.0/16", "10.2.0.0/16"]},
        "subnets": [
            {"id": f"/subnet/{name}", "addressPrefix": prefix.split()[0],
             "networkSecurityGroup": {"id": f"/nsg/{prefix.split()[1]}"}}
            for name, prefix in subnets.items()
        ],
    }  # fmt: skip


def export(*groups: Any, nics: Any = (), **subnets: str) -> str:
    placed = subnets or {"plc": "10.2.0.0/24 plc"}
    return json.dumps(
        {
            "networkSecurityGroups": groups,
            "virtualNetworks": [network(**placed)],
            "networkInterfaces": list(nics),
        },
        indent=2,
    )


def read(text: str) -> RuleSet:
    rule_set, coverage = Azure().read(text, file="nsg.json")
    assert coverage.understood + coverage.harmless + len(coverage.missed) == coverage.lines
    return rule_set


def verdict(text: str, packet: Packet = PLC, **changes: Any) -> set[str]:
    return set(outcomes(read(text), replace(packet, **changes)))


def test_the_lowest_priority_decides() -> None:
    assert verdict(export(group("plc", rule("Deny", 200), rule("Allow", 100)))) == {"accept"}
    assert verdict(export(group("plc", rule("Allow", 200), rule("Deny", 100)))) == {"deny"}


def test_default_rules_open_the_virtual_network_and_nothing_else() -> None:
    text = export(group("plc"))
    assert verdict(text) == {"accept"}
    assert verdict(text, src="168.63.129.16") == {"accept"}
    assert verdict(export(group("plc", defaults=DEFAULTS[2:])), src="192.0.2.1") == {"deny"}
    assert verdict(text, src="203.0.113.9") == {"accept", "deny"}


def test_internet_is_certain_for_public_addresses_alone() -> None:
    text = export(group("plc"))
    out = replace(PLC, src="10.2.0.5", dst="198.51.100.1")
    assert verdict(text, out) == {"accept"}
    assert verdict(text, out, dst="10.9.0.1") == {"accept", "deny"}
    closed = export(group("plc", defaults=DEFAULTS[:3]))
    assert verdict(closed, out) == {"deny"}


def test_a_group_is_for_its_subnets_and_interfaces() -> None:
    text = export(group("plc", rule("Deny")))
    assert verdict(text) == {"deny"}
    assert verdict(text, dst="10.2.1.5") == {"accept"}
    nic = {
        "networkSecurityGroup": {"id": "/nsg/nic"},
        "ipConfigurations": [{"privateIPAddress": "10.2.0.5"}],
    }
    both = export(group("plc", rule()), group("nic", rule("Deny")), nics=[nic])
    assert verdict(both) == {"deny"}
    assert verdict(both, dst="10.2.0.6") == {"accept"}


def test_the_way_out_of_the_source_counts_too() -> None:
    out = rule("Deny", 100, direction="Outbound", protocol="*", destinationPortRange="*")
    text = export(group("plc"), group("it", out), plc="10.2.0.0/24 plc", it="10.1.0.0/24 it")
    assert verdict(text) == {"deny"}
    assert verdict(text, src="10.1.1.5") == {"accept"}


def test_lists_ranges_and_other_tags() -> None:
    several = rule(
        destinationPortRange=None, destinationPortRanges=["80", "500-510"],
        sourceAddressPrefix=None, sourceAddressPrefixes=["10.1.0.0/24", "10.3.0.0/24"],
    )  # fmt: skip
    text = export(group("plc", several, rule("Deny", 4000, destinationPortRange="*")))
    assert verdict(text) == {"accept"}
    assert verdict(text, dst_port=511) == {"deny"}
    assert verdict(text, src="10.1.1.5") == {"deny"}
    tag = rule(sourceAddressPrefix="Storage.WestEurope")
    text = export(group("plc", tag, rule("Deny", 4000)))
    assert verdict(text) == {"accept", "deny"}
    application = rule(sourceAddressPrefix="", sourceApplicationSecurityGroups=[{"id": "x"}])
    assert verdict(export(group("plc", application, rule("Deny", 4000)))) == {"accept", "deny"}


def test_what_is_not_understood_is_unknown() -> None:
    denial = [default("Inbound", "Deny", 65500, "*", "*")]
    strange: list[dict[str, Any]] = [
        {"protocol": "Frob"}, {"access": "Perhaps"}, {"destinationPortRange": "x"},
    ]  # fmt: skip
    for fields in strange:
        text = export(group("plc", rule(**fields), defaults=denial))
        assert verdict(text) == {"accept", "deny"}, fields


def test_without_subnets_denials_are_uncertain() -> None:
    alone = json.dumps(group("plc", rule(sourceAddressPrefix="10.1.0.0/16")))
    assert verdict(alone, src="10.9.0.1", dst_port=503) == {"accept", "deny"}
    opened = rule(direction="Outbound", priority=100)
    one = json.dumps(group("plc", rule(), opened))
    assert verdict(one) == {"accept"}
    several = json.dumps([group("plc", rule(), opened), group("other")])
    assert verdict(several) == {"accept", "deny"}


def test_a_cut_export_decides_nothing() -> None:
    assert verdict(export(group("plc", rule()))[:-2]) == {"accept", "deny"}


def test_only_its_own_files_are_recognised() -> None:
    assert Azure().recognises(export(group("plc", rule())))
    for other in ("", "{}", "[]", "block all", '{"SecurityGroups": []}'):
        assert not Azure().recognises(other)
        with pytest.raises(FirewallError):
            Azure().read(other, file="x")


WHOLE = export(group("plc", rule(), rule("Deny", 4000)))


@given(st.integers(0, len(WHOLE)), st.integers(0, 40), st.text(max_size=6))
def test_any_text_is_counted_once_or_refused(at: int, cut: int, more: str) -> None:
    with suppress(FirewallError):
        read(WHOLE[:at] + more + WHOLE[at + cut :])
