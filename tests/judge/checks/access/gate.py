"""A plant whose vendors come in over one firewall, and what its rule set permits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from checkvalve.findings import Answer, Finding, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck
from checkvalve.judge.segmentation.asking import asked_ports, asked_sets
from checkvalve.judge.segmentation.network import Network
from checkvalve.observe.firewalls.base import RuleSet
from checkvalve.plant import Plant
from checkvalve.testing.segmentation import NOON, plant_of, rule_set_of

PLANT = """
    sites: [{id: mill}]
    zones:
      - {id: remote, kind: remote, cidrs: [10.9.0.0/24, "2001:db8:9::/64"]}
      - {id: dmz, kind: dmz, level: 3.5, cidrs: [10.3.0.0/24]}
      - {id: cell, kind: process, level: 1, cidrs: [10.1.0.0/24, "2001:db8:1::/64"]}
      - {id: office, kind: enterprise, level: 4, cidrs: [10.4.0.0/24]}
    assets:
      - {id: plc, zone: cell, ips: [10.1.0.5, "2001:db8:1::5"]}
      - {id: hmi, zone: cell, ips: [10.1.0.6]}
      - {id: bare, zone: cell}
      - {id: jump, zone: dmz, ips: [10.3.0.7]}
    vendors: [{id: acme}, {id: other}]
    identities:
      - {id: anna, kind: vendor, vendor: acme, name: Anna Berg, accounts: [aberg],
         mail: anna@acme.example}
      - {id: ben, kind: engineer, name: Ben Kurz, accounts: [bkurz], mail: ben@mill.example}
    firewalls:
      - {id: fw, vendor: nftables, interfaces: {wan: remote, dmz: dmz, plc: cell, lan: office}}
"""
#: A grant that is active at noon of 2026-03-02.
GRANT: dict[str, Any] = {
    "id": "service",
    "holder": "acme",
    "source": ["10.9.0.0/28"],
    "targets": ["plc"],
    "services": [{"proto": "tcp", "dst_ports": [502]}],
    "not_before": "2026-02-01T00:00:00Z",
    "not_after": "2026-04-01T00:00:00Z",
}


def gate(*grants: dict[str, Any], more: str = "") -> Plant:
    """The plant with some grants, each what differs from ``GRANT``.

    Args:
        grants: fields; ``None`` leaves one out.
        more: further YAML.
    """
    whole = [
        {key: value for key, value in {**GRANT, **fields}.items() if value is not None}
        for fields in grants
    ]
    return plant_of(PLANT + f"    grants: {_flow(whole)}\n" + more)


def seen_at(
    plant: Plant, rules: str | RuleSet | None = None, at: datetime = NOON, **more: Any
) -> Seen:
    """What is seen: the rule set of the one firewall, and other tables."""
    if rules is None:
        return Seen(**more)
    rule_set = rule_set_of(rules, file="fw.rules") if isinstance(rules, str) else rules
    network = Network(
        plant, {"fw": rule_set}, at, asked=asked_sets(plant), ports=asked_ports(plant)
    )
    return Seen(network=network, **more)


def verdicts(
    kind: type[StandingCheck],
    plant: Plant,
    rules: str | RuleSet | None = None,
    at: datetime = NOON,
    **more: Any,
) -> list[Verdict]:
    """What a check says of a plant and its rule set."""
    return kind().verdicts(plant, seen_at(plant, rules, at, **more), at)


def only(
    kind: type[StandingCheck],
    plant: Plant,
    rules: str | RuleSet | None = None,
    at: datetime = NOON,
    **more: Any,
) -> Finding:
    """The finding of the one verdict that is broken."""
    (broken,) = [
        one for one in verdicts(kind, plant, rules, at, **more) if one.answer is Answer.BROKEN
    ]
    assert broken.finding is not None
    return broken.finding


def said(
    kind: type[StandingCheck],
    plant: Plant,
    rules: str | RuleSet | None = None,
    at: datetime = NOON,
    **more: Any,
) -> set[Answer]:
    """The answers of a check."""
    return {one.answer for one in verdicts(kind, plant, rules, at, **more)}


def mend(finding: Finding) -> str:
    """The change that a finding proposes."""
    (change,) = [one.actual for one in finding.evidence if one.what.startswith("a change that")]
    return change


def _flow(value: Any) -> str:
    """A value as YAML in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
