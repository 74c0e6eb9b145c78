"""What single lines of rule sets let be opened into the zones of operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from checkvalve.judge.checks.passing.reach import Passing
from checkvalve.judge.checks.passing.rule_lines import everything, silent_firewalls, zone_pairs
from checkvalve.judge.checks.places import OT_LEVEL
from checkvalve.judge.segmentation.network import Network
from checkvalve.observe.firewalls.base import ICMP, ICMPV6, FilterRule, Ref
from checkvalve.plant import Plant
from checkvalve.plant.zones import Zone

#: What a zone without a level is of operations by.
_KINDS: Final = frozenset({"process", "safety"})


@dataclass
class Opened:
    """What one line lets be opened.

    Attributes:
        ref: the line.
        firewall: the id of its firewall.
        rules: what it says; one line may be several rules, and what a platform does by itself
            where no rule applies is none.
        pairs: from which zone to which, and what passes there.
    """

    ref: Ref
    firewall: str
    rules: list[FilterRule] = field(default_factory=list)
    pairs: dict[tuple[str, str], list[Passing]] = field(default_factory=dict)

    @property
    def zones(self) -> str:
        """Its pairs of zones in words, the first few."""
        words = [f"{source} to {destination}" for source, destination in self.pairs]
        more = f" and {len(words) - 3} more pairs" if len(words) > 3 else ""  # noqa: PLR2004  # a few
        return ", ".join(words[:3]) + more


def opened_by_line(network: Network) -> Mapping[Ref, Opened]:
    """Every line that certainly lets something be opened into a zone of operations."""
    homes: dict[str, str] = {}
    rules: dict[Ref, list[FilterRule]] = {}
    for name, rule_set in network.rule_sets.items():
        homes[rule_set.file] = name
        for rule in rule_set.rules():
            homes.setdefault(rule.ref.file, name)
            rules.setdefault(rule.ref, []).append(rule)
    inside = {zone.id for zone in network.plant.zones.values() if is_of_operations(zone)}
    found: dict[Ref, Opened] = {}
    for pair in zone_pairs(network):
        if pair[1] in inside:
            for one in _passing(network, pair):
                for ref in one.box.by:
                    if ref not in found:
                        found[ref] = Opened(ref, homes[ref.file], rules.get(ref, []))
                    found[ref].pairs.setdefault(pair, []).append(one)
    return found


def is_of_operations(zone: Zone) -> bool:
    """Whether a zone is at level 3 or below, or of a process or its safety."""
    if isinstance(zone.level, float):
        return zone.level <= OT_LEVEL
    return zone.kind in _KINDS


def first_zone(plant: Plant, opened: Opened) -> str:
    """The first zone that a line opens into."""
    return next((zone for _, zone in opened.pairs if zone in plant.zones), "")


def _passing(network: Network, pair: tuple[str, str]) -> list[Passing]:
    return [
        Passing(answer.family, answer.service.protocol, box)
        for answer in everything(network, *pair)
        if answer.service.protocol not in (ICMP, ICMPV6) and not silent_firewalls(network, answer)
        for box in answer.must
    ]
