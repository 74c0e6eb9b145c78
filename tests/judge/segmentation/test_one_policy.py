"""One policy rendered for many products by another tool, read back: the same packets pass.

The other tool is aerleon, which writes each product's grammar from one policy. Left out is what
it can't say alike for all of them: replies and logging.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pytest
from aerleon import api
from aerleon.lib import naming
from tests.judge.segmentation.opposites import inverted, renamed

from checkvalve.judge.segmentation.compiled import Compiled
from checkvalve.judge.segmentation.permitted import Block, permitted
from checkvalve.observe.firewalls import vendor_named
from checkvalve.observe.firewalls.base import (
    Action,
    Chain,
    FilterRule,
    Ref,
    RuleSet,
    Stage,
)
from checkvalve.observe.firewalls.spans import ALL_V4, ANY_V4, Addresses, spans

AT: Final = datetime(2026, 3, 2, tzinfo=UTC)
NETWORKS: Final = {
    "CELL": ("10.1.0.0/24",),
    "OFFICE": ("10.9.0.0/16",),
    "HISTORIANS": ("10.2.0.10/32", "10.2.0.20/32"),
    "EDGE": ("10.1.0.128/25", "10.3.0.0/30"),
    "EVERYBODY": ("0.0.0.0/0",),
}
SERVICES: Final = {
    "MODBUS": ("tcp", ((502, 502),)),
    "OPCUA": ("tcp", ((4_840, 4_843),)),
    "HIGH": ("tcp", ((1_024, 65_535),)),
    "SYSLOG": ("udp", ((514, 514),)),
    "TIME": ("udp", ((123, 123),)),
}
NUMBERS: Final = {"tcp": 6, "udp": 17}
ASA: Final = """\
interface Ethernet0/0
 nameif in
 security-level 10
interface Ethernet0/1
 nameif out
 security-level 50
{}
access-group acl-x in interface in
"""
IOS: Final = """\
{}
interface in
 ip access-group acl-x in
"""
#: The tool's target, its options, the vendor that reads it, and what binds it to interfaces.
TARGETS: Final = (
    ("nftables", "inet forward", "nftables", "{}"),
    ("speedway", "FORWARD DROP", "iptables", "{}"),
    ("ciscoasa", "acl-x", "asa", ASA),
    ("cisco", "acl-x extended", "ios", IOS),
    ("cisconx", "acl-x extended", "ios", IOS),
    ("srx", "from-zone in to-zone out", "junos", "{}"),
    ("packetfilter", "acl-x out", "pf", "{}"),
    ("fortigate", "from-zone in to-zone out", "fortios", "{}"),
    ("paloalto", "from-zone in to-zone out", "panos", "{}"),
)

Term = dict[str, str]

HAND_MADE: Final[tuple[Term, ...]] = (
    {"src": "OFFICE", "dst": "HISTORIANS", "service": "MODBUS", "action": "deny"},
    {"src": "HISTORIANS", "dst": "CELL", "service": "OPCUA", "action": "accept"},
    {"src": "CELL", "dst": "HISTORIANS", "service": "SYSLOG", "action": "accept"},
    {"src": "OFFICE", "dst": "HISTORIANS", "service": "HIGH", "action": "accept"},
)


def drawn(seed: int, count: int) -> tuple[Term, ...]:
    rng = np.random.default_rng(seed)

    def one_of(choices: Sequence[str]) -> str:
        return choices[int(rng.integers(len(choices)))]

    names, services = tuple(NETWORKS), tuple(SERVICES)
    return tuple(
        {
            "src": one_of(names),
            "dst": one_of(names),
            "service": one_of(services),
            "action": one_of(("accept", "accept", "deny")),
        }
        for _ in range(count)
    )


def rendered(terms: Sequence[Term], target: str, options: str) -> str:
    """The policy in one product's grammar."""
    known = naming.Naming()
    known.ParseDefinitionsObject(
        {
            "networks": {
                name: {"values": [{"address": cidr} for cidr in cidrs]}
                for name, cidrs in NETWORKS.items()
            },
            "services": {
                name: [
                    {"protocol": proto, "port": str(low) if low == high else f"{low}-{high}"}
                    for low, high in ports
                ]
                for name, (proto, ports) in SERVICES.items()
            },
        },
        "names",
    )
    written: list[dict[str, Any]] = [
        {
            "name": f"term-{number}",
            "source-address": term["src"],
            "destination-address": term["dst"],
            "protocol": SERVICES[term["service"]][0],
            "destination-port": term["service"],
            "action": term["action"],
        }
        for number, term in enumerate(terms)
    ]
    written.append({"name": "rest", "action": "deny"})
    policy: Any = {
        "filename": "policy",
        "filters": [{"header": {"targets": {target: options}, "comment": "x"}, "terms": written}],
    }
    (text,) = (api.Generate([policy], known) or {}).values()
    return str(text)


def meant(terms: Sequence[Term]) -> RuleSet:
    """The policy in neutral form, by its own meaning."""

    def addresses(name: str) -> Addresses:
        return Addresses(
            v4=spans(pair for cidr in NETWORKS[name] for pair in Addresses.of(cidr).v4)
        )

    rules = []
    for number, term in enumerate(terms):
        proto, ports = SERVICES[term["service"]]
        rules.append(
            FilterRule(
                Action(term["action"]),
                Ref("policy", number + 1, "term"),
                addresses(term["src"]),
                addresses(term["dst"]),
                ((NUMBERS[proto], NUMBERS[proto]),),
                dst_ports=ports,
            )
        )
    last = FilterRule(Action.DENY, Ref("policy", 0, "rest"))
    return RuleSet("policy", "policy", {"terms": Chain(tuple(rules), last)}, (Stage("terms"),))


def assert_inside(inner: RuleSet, outer: RuleSet) -> None:
    """What one may let pass, the other lets pass, every packet of it."""
    asked = {stage.chain for stage in outer.forward}
    turned = {name: inverted(chain, stage=name in asked) for name, chain in outer.chains.items()}
    chains = renamed(inner.chains, "inner") | renamed(turned, "outer")
    for outside in outer.forward:
        names = ((outside.in_if, "in"), (outside.out_if, "out"))
        if not all(wanted is None or wanted.fits(one, outer.groups) for wanted, one in names):
            continue
        stages = (
            *(replace(stage, chain=f"inner {stage.chain}") for stage in inner.forward),
            replace(outside, chain=f"outer {outside.chain}"),
        )
        both = RuleSet("both", "both", chains, stages, groups={**inner.groups, **outer.groups})
        compiled = Compiled(both, 4, [ANY_V4], AT)
        for protocol in (6, 17, 1, 47):
            found = permitted(compiled, Block("in", "out", ALL_V4, ALL_V4, protocol))
            assert not found.may, found.may[:3]


@pytest.mark.parametrize("policy", [HAND_MADE, drawn(1, 12), drawn(2, 25), drawn(3, 40)])
@pytest.mark.parametrize(("target", "options", "vendor", "frame"), TARGETS)
def test_the_same_packets_pass_whatever_product_it_was_written_for(
    policy: tuple[Term, ...], target: str, options: str, vendor: str, frame: str
) -> None:
    reader = vendor_named(vendor)
    assert reader is not None
    text = frame.replace("{}", rendered(policy, target, options).replace("replace: ", ""))
    rule_set, coverage = reader.read(text, file=target)
    assert not coverage.missed
    assert not rule_set.problems
    assert_inside(rule_set, meant(policy))
    assert_inside(meant(policy), rule_set)
