"""Why nobody can tell: the lines that are not understood, and what they touch."""

from __future__ import annotations

from collections.abc import Iterable

from checkvalve.judge.checks.reach import Passing
from checkvalve.judge.segmentation.network import Between, Network
from checkvalve.observe.firewalls.base import FilterRule, Ref
from checkvalve.observe.firewalls.spans import ALL_PORTS, ALL_PROTOCOLS, intersection


class Doubts:
    """The lines of a network's rule sets that may match or not.

    Args:
        network: the rule sets.
    """

    def __init__(self, network: Network) -> None:
        self._rules = {
            name: [rule for rule in rule_set.rules() if _doubt(rule)]
            for name, rule_set in network.rule_sets.items()
        }

    def about(self, passing: Iterable[Passing], answer: Between) -> dict[Ref, str]:
        """The lines on the way that may decide some packets, each with why nobody can tell."""
        firewalls = dict.fromkeys(hop.firewall for way in answer.routes for hop in way)
        boxes = list(passing)
        return {
            rule.ref: _doubt(rule)
            for name in firewalls
            for rule in self._rules.get(name, ())
            if any(_touches(rule, one) for one in boxes)
        }

    def sentence(self, passing: Iterable[Passing], answer: Between) -> str:
        """The same for people."""
        doubts = self.about(passing, answer)
        if not doubts:
            return "it passes on some of the ways and not on others"
        ref, why = next(iter(doubts.items()))
        where = f"line {ref.line} of {ref.file}" if ref.line else ref.file
        more = f", and {len(doubts) - 1} more such lines" if len(doubts) > 1 else ""
        return f"{where} is not certain ({why}){more}"


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
