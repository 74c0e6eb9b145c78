"""Why nobody can tell: the lines that are not understood, and what they touch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from checkvalve.judge.checks.reach import Passing
from checkvalve.judge.segmentation.network import Between, Hop, Network
from checkvalve.observe.firewalls.base import FilterRule, Ref, RuleSet, State
from checkvalve.observe.firewalls.spans import ALL_PORTS, ALL_PROTOCOLS, intersection
from checkvalve.plant.firewalls import Firewall

#: Boxes of packets that are held against the lines.
_MOST: Final = 16


class Doubts:
    """The lines of a network's rule sets that may match or not.

    Args:
        network: the rule sets.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._rules: dict[Hop, list[tuple[FilterRule, str]]] = {}

    def about(
        self, passing: Sequence[Passing], answer: Between, state: State = State.NEW
    ) -> dict[Ref, str]:
        """The lines on the way that may decide some packets, each with why nobody can tell.

        Args:
            passing: the packets; of many the first are looked at.
            answer: tells the way.
            state: of their session.
        """
        hops = dict.fromkeys(hop for way in answer.routes for hop in way)
        return {
            rule.ref: why
            for hop in hops
            for rule, why in self._of_hop(hop)
            if (rule.states is None or state in rule.states)
            and any(_touches(rule, one) for one in passing[:_MOST])
        }

    def _of_hop(self, hop: Hop) -> list[tuple[FilterRule, str]]:
        """The uncertain lines that packets through a firewall may come to."""
        if hop not in self._rules:
            rule_set = self._network.rule_sets.get(hop.firewall)
            firewall = self._network.plant.firewalls[hop.firewall]
            found = [] if rule_set is None else list(_uncertain(rule_set, firewall, hop))
            self._rules[hop] = found
        return self._rules[hop]


def in_words(doubts: Mapping[Ref, str]) -> str:
    """What ``Doubts.about`` found, for people."""
    if not doubts:
        return "it passes on some of the ways and not on others"
    ref, why = next(iter(doubts.items()))
    where = f"line {ref.line} of {ref.file}" if ref.line else ref.file
    more = f", and {len(doubts) - 1} more such lines" if len(doubts) > 1 else ""
    return f"{where} is not certain ({why}){more}"


def _uncertain(rule_set: RuleSet, firewall: Firewall, hop: Hop) -> Iterator[tuple[FilterRule, str]]:
    waiting, seen = [stage.chain for stage in rule_set.forward], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in rule_set.chains:
            continue
        seen.add(name)
        for rule in rule_set.chains[name].rules:
            if rule.to:
                waiting.append(rule.to)
            why = _doubt(rule, firewall)
            if why and _is_of(rule, rule_set, hop):
                yield rule, why


def _is_of(rule: FilterRule, rule_set: RuleSet, hop: Hop) -> bool:
    groups = rule_set.groups
    return (rule.in_if is None or rule.in_if.fits(hop.in_if, groups)) and (
        rule.out_if is None or rule.out_if.fits(hop.out_if, groups)
    )


def _doubt(rule: FilterRule, firewall: Firewall) -> str:
    """Why a rule may count or not; empty where the plant declares what it depends on."""
    if rule.rate and firewall.rate_limits == "not_exceeded":
        return ""
    if rule.unknown:
        return rule.unknown
    if rule.rate:
        return "it depends on a rate"
    if rule.when is not None and firewall.clock_zone is None:
        return "it counts at some times, and the firewall's clock is not declared"
    return ""


def _touches(rule: FilterRule, one: Passing) -> bool:
    box, family = one.box, one.family
    protocol = ((one.protocol, one.protocol),)
    return bool(
        intersection(rule.src.of_family(family), (box.src,))
        and intersection(rule.dst.of_family(family), (box.dst,))
        and intersection(rule.protocols or ALL_PROTOCOLS, protocol)
        and intersection(rule.dst_ports or ALL_PORTS, (box.ports,))
    )
