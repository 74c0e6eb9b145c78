"""Real iptables files against closures that a formally verified tool computed of them.

The tool is fffuu (Diekmann et al. 2016, *Verified iptables firewall analysis*). Its upper closure
lets pass at least what the rule set may let pass, its lower closure at the most what it must.
It reads fewer matches than we do, so ours must lie between the two: for every packet, exactly.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import pytest
from tests.judge.segmentation.opposites import inverted, renamed

from checkvalve.judge.segmentation.compiled import Compiled
from checkvalve.judge.segmentation.permitted import Block, permitted
from checkvalve.observe.firewalls.base import (
    Action,
    Chain,
    FilterRule,
    Ref,
    RuleSet,
    Stage,
)
from checkvalve.observe.firewalls.netfilter.iptables import Iptables
from checkvalve.observe.firewalls.spans import ALL_V4, ANY_V4, Addresses, Spans

AT: Final = datetime(2026, 3, 2, tzinfo=UTC)
#: Files, their closures, and where the tool took each interface's senders to be: it replaces
#: interfaces by source addresses, so a packet from elsewhere comes in by another interface.
CLOSURES: Final[tuple[tuple[str, str, dict[str, str]], ...]] = (
    ("config_home_user/typical_home_user_iptables-save", "typical_home_user.Ln.FWD", {}),
    (
        "configs_sqrl_shorewall/2014_sep_iptables-saveakachan",
        "2014_sep_iptables-saveakachan.Ln.FWD",
        {},
    ),
    (
        "configs_sqrl_shorewall/2015_aug_iptables-save-spoofing-protection",
        "2015_aug_iptables-save-spoofing-protection.Ln.FWD",
        {},
    ),
    (
        "configs_sqrl_shorewall/2015_aug_iptables-save-spoofing-protection",
        "2015_aug_iptables-save-spoofing-protection.Ln.INP",
        {},
    ),
    (
        "configs_synology_diskstation_ds414/iptables-save_jun_2015_legacyifacerules",
        "iptables-save_jun_2015_legacyifacerules.Ln.INP",
        {"eth1": "192.168.1.0/24"},
    ),
    ("docker_topos/iptables-save.topos4.1", "iptables-save.Ln.FWD", {}),
    ("medium-sized-company/iptables-save", "iptables-save.Ln.FWD", {"eth0": "172.16.2.0/24"}),
    ("medium-sized-company/iptables-save", "iptables-save.Ln.INP", {"eth0": "172.16.2.0/24"}),
    ("tum_2013/iptables_20.10.2013", "iptables_20.10.2013.Ln.FWD", {}),
)
NUMBERS: Final = {"tcp": 6, "udp": 17, "icmp": 1, "esp": 50}
ASKED: Final = ((6, 22), (6, 80), (6, 443), (6, 3389), (17, 53), (1, 8 << 8), (50, 0))


def closure(path: Path, chain: str) -> Chain:
    """A closure as ``iptables -L -n`` prints it, in neutral form."""
    part = path.read_text().split(f"Chain {chain} (policy ")[1].split("\nChain ")[0]
    policy, _, *lines = part.splitlines()
    rules = tuple(listed(line, number) for number, line in enumerate(lines) if line.strip())
    last = Action.ACCEPT if policy.startswith("ACCEPT") else Action.DENY
    return Chain(rules, FilterRule(last, Ref(path.name, 0, "policy"), ANY_V4, ANY_V4))


def listed(line: str, number: int) -> FilterRule:
    target, protocol, _, source, destination, *extras = line.split()
    protocols = None if protocol == "all" else (NUMBERS.get(protocol) or int(protocol),)
    ports = dict(extra.split(":", 1) for extra in extras[1:])
    return FilterRule(
        Action.ACCEPT if target == "ACCEPT" else Action.DENY,
        Ref("closure", number, line),
        Addresses.of(source),
        Addresses.of(destination),
        None if protocols is None else tuple((one, one) for one in protocols),
        src_ports=span(ports.get("spt") or ports.get("spts")),
        dst_ports=span(ports.get("dpt") or ports.get("dpts")),
    )


def span(text: str | None) -> Spans | None:
    if text is None:
        return None
    low, _, high = text.partition(":")
    return ((int(low), int(high or low)),)


def filter_table(text: str) -> str:
    """The one table that the tool reads: what others untrack or drop, it does not know."""
    _, _, rest = text.partition("*filter\n")
    body, _, _ = rest.partition("COMMIT\n")
    return f"*filter\n{body}COMMIT\n"


def assert_nothing_passes(
    chains: dict[str, Chain], stages: tuple[Stage, ...], sender: tuple[str, Addresses], what: Block
) -> None:
    in_if, src = sender
    rule_set = RuleSet("iptables", "both", chains, stages)
    compiled = Compiled(rule_set, 4, [ANY_V4, src], AT, ports=[what.ports])
    found = permitted(compiled, replace(what, in_if=in_if, src=src.v4))
    assert not found.may, [
        (str(ip_address(box.src[0])), str(ip_address(box.dst[0])), box.by) for box in found.may[:3]
    ]


def senders(assigned: dict[str, str]) -> list[tuple[str, Addresses]]:
    """Each interface with where its packets come from, and one that no rule names."""
    known = {"lo": "127.0.0.0/8"} | assigned
    found = [(name, Addresses.of(cidr)) for name, cidr in known.items()]
    rest = ANY_V4
    for _, addresses in found:
        rest -= addresses
    return [*found, ("another", rest)]


@pytest.mark.parametrize(("file", "name", "assigned"), CLOSURES)
def test_what_may_pass_is_in_the_upper_closure_and_the_lower_one_in_what_must(
    shared: Path, file: str, name: str, assigned: dict[str, str]
) -> None:
    raw = shared / "firewalls" / "iptables" / file
    rule_set, _ = Iptables().read(filter_table(raw.read_text()), file=raw.name)
    chain = "INPUT" if name.endswith("INP") else "FORWARD"
    hook = rule_set.local_in if chain == "INPUT" else rule_set.forward
    (stage,) = (stage for stage in hook if stage.chain == f"filter {chain}")  # as it does
    above = {**rule_set.chains, "above": inverted(closure(raw.with_name(f"{name}.upper"), chain))}
    turned = {key: inverted(one) for key, one in rule_set.chains.items()}
    below = renamed(turned, "not")
    below["below"] = closure(raw.with_name(f"{name}.lower"), chain)
    denied = replace(stage, chain=f"not {stage.chain}")
    for sender in senders(assigned):
        for protocol, port in ASKED:
            what = Block("", "out", ALL_V4, ALL_V4, protocol, ((port, port),))
            assert_nothing_passes(above, (stage, Stage("above")), sender, what)
            assert_nothing_passes(below, (Stage("below"), denied), sender, what)
