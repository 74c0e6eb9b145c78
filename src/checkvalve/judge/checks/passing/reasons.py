"""Why nobody can tell what passes between two zones, in words, with the lines behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from checkvalve.judge.segmentation.compiled import PERHAPS
from checkvalve.judge.segmentation.network import Between, Hop, Network
from checkvalve.judge.segmentation.permitted import Block, permitted
from checkvalve.observe.firewalls.base import Action, FilterRule, Ref, State
from checkvalve.observe.firewalls.spans import ALL_PORTS, Spans, intersection

_DECIDING: Final = frozenset({Action.ACCEPT, Action.DENY})

#: A sentence, and the line it is about.
Reason = tuple[str, Ref | None]


def reasons_of(
    network: Network, whole: Between, src: Spans, dst: Spans, ports: Spans
) -> Iterator[Reason]:
    """Why nobody can tell of some packets between two zones.

    Args:
        network: was asked.
        whole: its answer for the two zones.
        src: the packets' sources.
        dst: their destinations.
        ports: their destination ports.
    """
    if not whole.routes:
        yield f"no declared firewall joins {whole.source} and {whole.destination}", None
        return
    told = False
    for hop in dict.fromkeys(hop for route in whole.routes for hop in route):
        for reason in _at(network, whole, hop, src, dst, ports):
            told = True
            yield reason
    if not told:
        yield "a chain is missing or calls itself, or not every way there lets it pass", None


def _at(  # some packets at one firewall
    network: Network, whole: Between, hop: Hop, src: Spans, dst: Spans, ports: Spans
) -> Iterator[Reason]:
    if hop.firewall in whole.unread:
        yield f"the rule set of {hop.firewall} was not read", None
        return
    compiled = network.compiled(hop.firewall, whole.family)
    if not compiled.known:
        yield f"{compiled.rule_set.file} says nothing about IPv{whole.family}", None
        return
    block = Block(
        hop.in_if,
        hop.out_if,
        network.zones[whole.source].of_family(whole.family),
        network.zones[whole.destination].of_family(whole.family),
        whole.service.protocol,
        whole.service.ports,
    )
    deciders = set(permitted(compiled, block).deciders())
    for rule, why in perhaps_counting(
        network, hop, whole.family, whole.service.protocol, block.state
    ):
        decides = rule.ref in deciders or rule.action not in _DECIDING
        if decides and touches(rule, whole.family, src, dst, ports):
            yield f"{rule.ref} is not understood: {why}", rule.ref


def perhaps_counting(
    network: Network, hop: Hop, family: int, protocol: int, state: State
) -> Iterator[tuple[FilterRule, str]]:
    """The lines of one firewall that may count for such packets or not, each with the reason.

    Args:
        network: the rule sets.
        hop: the firewall and its interfaces.
        family: 4 or 6.
        protocol: IP protocol number.
        state: of the session.
    """
    compiled = network.compiled(hop.firewall, family)
    effects = compiled.effects(protocol, hop.in_if, hop.out_if, state).tolist()
    if PERHAPS not in effects:
        return
    chains = compiled.reached(compiled.rule_set.forward)
    asked = {rule.ref for name in chains for rule in compiled.rule_set.chains[name].rules}
    for rule, effect in zip(compiled.rules, effects, strict=True):
        if effect == PERHAPS and rule.ref in asked:
            yield rule, _why(rule)


def _why(rule: FilterRule) -> str:
    if rule.unknown:
        return rule.unknown
    if rule.rate:
        return "whether its rate is exceeded"
    return "the time zone of the firewall's clock is not declared"


def touches(rule: FilterRule, family: int, src: Spans, dst: Spans, ports: Spans) -> bool:
    """Whether a line may match some of these packets."""
    return bool(
        intersection(rule.src.of_family(family), src)
        and intersection(rule.dst.of_family(family), dst)
        and intersection(rule.dst_ports or ALL_PORTS, ports)
    )
