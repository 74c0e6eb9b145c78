"""Firewall rules of Google Cloud: priorities, ties, targets and what is implied."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.observe.firewalls.base import FirewallError, RuleSet
from checkvalve.observe.firewalls.clouds.gcp import Gcp
from checkvalve.testing.firewalls import Packet, outcomes

PLC = Packet("10.1.0.5", "10.2.0.5", 6, dst_port=502)


def rule(kind: str = "allowed", *, priority: int = 1000, **fields: Any) -> Any:
    direction = fields.get("direction", "INGRESS")
    ranges = "sourceRanges" if direction == "INGRESS" else "destinationRanges"
    said: dict[str, Any] = {"name": "r", "priority": priority, "direction": direction}
    if "sourceTags" not in fields:
        said[ranges] = ["0.0.0.0/0"]
    return {**said, kind: [{"IPProtocol": "tcp", "ports": ["502"]}], **fields}


def instance(address: str, *tags: str, account: str = "") -> Any:
    return {
        "networkInterfaces": [{"network": "x/default", "networkIP": address}],
        "tags": {"items": list(tags)},
        "serviceAccounts": [{"email": account}],
    }


INSTANCES = [instance("10.1.0.5", "office"), instance("10.2.0.5", "plc", account="plc@x")]


def export(*rules: Any, instances: Any = INSTANCES) -> str:
    found = list(rules) if instances is None else {"firewallRules": rules, "instances": instances}
    return json.dumps(found, indent=2)


def read(text: str) -> RuleSet:
    rule_set, coverage = Gcp().read(text, file="gcp.json")
    assert coverage.understood + coverage.harmless + len(coverage.missed) == coverage.lines
    return rule_set


def verdict(text: str, packet: Packet = PLC, **changes: Any) -> set[str]:
    return set(outcomes(read(text), replace(packet, **changes)))


def test_nothing_comes_in_and_everything_goes_out() -> None:
    text = export(rule())
    assert verdict(text) == {"accept"}
    assert verdict(text, dst_port=503) == {"deny"}
    assert verdict(text, dst="192.0.2.1", dst_port=503) == {"accept"}


def test_the_lowest_priority_decides_and_a_denial_wins_a_tie() -> None:
    assert verdict(export(rule(priority=900), rule("denied", priority=1000))) == {"accept"}
    assert verdict(export(rule(priority=1000), rule("denied", priority=900))) == {"deny"}
    assert verdict(export(rule(priority=1000), rule("denied", priority=1000))) == {"deny"}


def test_a_denial_of_the_way_out_counts() -> None:
    out = rule("denied", direction="EGRESS", destinationRanges=["10.2.0.0/16"])
    assert verdict(export(rule(), out)) == {"deny"}
    assert verdict(export(rule(), out), src="192.0.2.1") == {"accept"}


def test_a_disabled_rule_is_not_in_force() -> None:
    assert verdict(export(rule(disabled=True))) == {"deny"}
    assert verdict(export(rule(disabled=False))) == {"accept"}


def test_targets_and_sources_by_tag_and_account() -> None:
    assert verdict(export(rule(targetTags=["plc"]))) == {"accept"}
    assert verdict(export(rule(targetTags=["office"]))) == {"deny"}
    assert verdict(export(rule(targetServiceAccounts=["plc@x"]))) == {"accept"}
    assert verdict(export(rule(sourceTags=["office"]))) == {"accept"}
    assert verdict(export(rule(sourceTags=["nobody"]))) == {"deny"}
    assert verdict(export(rule(network="a/other"))) == {"deny"}


def test_without_instances_targets_and_denials_are_uncertain() -> None:
    assert verdict(export(rule(), instances=None)) == {"accept"}
    assert verdict(export(rule(targetTags=["plc"]), instances=None)) == {"accept", "deny"}
    assert verdict(export(rule(sourceTags=["x"]), instances=None)) == {"accept", "deny"}
    assert verdict(export(rule(), instances=None), dst_port=503) == {"accept", "deny"}


def test_protocols_and_ports() -> None:
    entry = [{"IPProtocol": "tcp", "ports": ["80", "500-510"]}, {"IPProtocol": "icmp"}]
    text = export(rule(allowed=entry))
    assert verdict(text, dst_port=510) == {"accept"}
    assert verdict(text, dst_port=511) == {"deny"}
    assert verdict(text, protocol=1) == {"accept"}
    assert verdict(export(rule(allowed=[{"IPProtocol": "all"}])), protocol=47) == {"accept"}
    strange = export(rule(allowed=[{"IPProtocol": "frob"}]))
    assert verdict(strange) == {"accept", "deny"}
    own_side = export(rule(destinationRanges=["10.9.0.0/16"]))
    assert verdict(own_side) == {"accept", "deny"}


def test_a_cut_export_decides_nothing() -> None:
    assert verdict(export(rule())[:-2]) == {"accept", "deny"}


def test_only_its_own_files_are_recognised() -> None:
    assert Gcp().recognises(export(rule()))
    for other in ("", "{}", "[]", "block all", '{"SecurityGroups": []}'):
        assert not Gcp().recognises(other)
        with pytest.raises(FirewallError):
            Gcp().read(other, file="x")


WHOLE = export(rule(targetTags=["plc"]), rule("denied", sourceTags=["x"]))


@given(st.integers(0, len(WHOLE)), st.integers(0, 40), st.text(max_size=6))
def test_any_text_is_counted_once_or_refused(at: int, cut: int, more: str) -> None:
    with suppress(FirewallError):
        read(WHOLE[:at] + more + WHOLE[at + cut :])
