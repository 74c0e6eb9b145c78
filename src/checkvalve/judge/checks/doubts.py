"""Why nobody can tell: the lines that are not understood, and what they touch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from checkvalve.judge.checks.reach import Passing
from checkvalve.judge.segmentation.network import Between, Hop, Network
from checkvalve.observe.firewalls.base import FilterRule, Ref, RuleSet, State
from checkvalve.observe.firewalls.spans import ALL_PORTS, ALL_PROTOCOLS, intersection

#: Boxes of packets that are held against the lines.
_MOST: Final = 64


class Doubts:
    """The lines of a network's rule sets that may match or not.

    Args:
        network: the rule sets.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._rules: dict[Hop, list[FilterRule]] = {}

    def about(self, passing: Sequence[Passing], answer: Between) -> dict[Ref, str]:
        """The lines on the way that may decide some packets, each with why nobody can tell.

        Args:
            passing: the packets; of many the first are looked at.
            answer: tells the way.
        """
        hops = dict.fromkeys(hop for way in answer.routes for hop in way)
        return {
            rule.ref: _doubt(rule)
            for hop in hops
            for rule in self._of_hop(hop)
            if any(_touches(rule, one) for one in passing[:_MOST])
        }

    def _of_hop(self, hop: Hop) -> list[FilterRule]:
        """The uncertain lines that packets of new sessions through a firewall may come to."""
        if hop not in self._rules:
            rule_set = self._network.rule_sets.get(hop.firewall)
            self._rules[hop] = [] if rule_set is None else list(_uncertain(rule_set, hop))
        return self._rules[hop]

    def sentence(self, passing: Sequence[Passing], answer: Between) -> str:
        """The same for people."""
        doubts = self.about(passing, answer)
        if not doubts:
            return "it passes on some of the ways and not on others"
        ref, why = next(iter(doubts.items()))
        where = f"line {ref.line} of {ref.file}" if ref.line else ref.file
        more = f", and {len(doubts) - 1} more such lines" if len(doubts) > 1 else ""
        return f"{where} is not certain ({why}){more}"


def _uncertain(rule_set: RuleSet, hop: Hop) -> Iterator[FilterRule]:
    waiting, seen = [stage.chain for stage in rule_set.forward], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in rule_set.chains:
            continue
        seen.add(name)
        for rule in rule_set.chains[name].rules:
            if rule.to:
                waiting.append(rule.to)
            if _doubt(rule) and _is_of(rule, rule_set, hop):
                yield rule


def _is_of(rule: FilterRule, rule_set: RuleSet, hop: Hop) -> bool:
    groups = rule_set.groups
    return (
        (rule.states is None or State.NEW in rule.states)
        and (rule.in_if is None or rule.in_if.fits(hop.in_if, groups))
        and (rule.out_if is None or rule.out_if.fits(hop.out_if, groups))
    )


def _doubt(rule: FilterRule) -> str:
    if rule.unknown:
        return rule.unknown
    if rule.rate:
        return "it depends on a rate"
    return "it counts at some times only" if rule.when is not None else ""


def _touches(rule: FilterRule, one: Passing) -> bool:
    box, family = one.box, one.family
    protocol = ((one.protocol, one.protocol),)
    return bool(
        intersection(rule.src.of_family(family), (box.src,))
        and intersection(rule.dst.of_family(family), (box.dst,))
        and intersection(rule.protocols or ALL_PROTOCOLS, protocol)
        and intersection(rule.dst_ports or ALL_PORTS, (box.ports,))
    )
