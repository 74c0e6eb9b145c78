"""What checks of rule sets share: pairs of zones, deciding lines as evidence and as a cause."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import at_line
from checkvalve.judge.segmentation.asking import is_of_family, services_of
from checkvalve.judge.segmentation.network import FAMILIES, Between, Network, Service
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.observe.firewalls.base import TCP, UDP, Ref, State
from checkvalve.observe.firewalls.spans import NOTHING, Spans, union
from checkvalve.plant import COMPUTED_ZONES
from checkvalve.plant.zones import Conduit
from checkvalve.rules import Rule

#: Lines that one finding shows.
MOST_LINES: Final = 8
#: Letters of a cause that are kept as they are.
_LONGEST_CAUSE: Final = 240


def no_network(rule: Rule) -> list[Verdict]:
    """The answer of a check of rule sets when there are none."""
    return missing(rule, "no rule set was read")


def missing(rule: Rule, because: str) -> list[Verdict]:
    """The answer of a check when the table that it looks at is not there."""
    return [Verdict(rule.id, Subject("plant", "rule sets"), Answer.CANNOT_TELL, because)]


def zone_pairs(network: Network) -> Iterator[tuple[str, str]]:
    """Ordered pairs of zones that firewalls join; not two computed ones."""
    zones = [zone for zone, addresses in network.zones.items() if addresses]
    for source, destination in permutations(zones, 2):
        computed = source in COMPUTED_ZONES and destination in COMPUTED_ZONES
        if not computed and network.routes(source, destination):
            yield source, destination


def everything(
    network: Network, source: str, destination: str, state: State = State.NEW
) -> Iterator[Between]:
    """The answers for one pair of zones, for each protocol and family that both have."""
    for family in FAMILIES:
        ends = (network.zones[zone].of_family(family) for zone in (source, destination))
        if not all(ends):
            continue
        for protocol in sorted(network.protocols, key=_usual_first):
            if is_of_family(Service(protocol), family):
                yield network.between(source, destination, Service(protocol), family, state=state)


def _usual_first(protocol: int) -> tuple[bool, int]:
    """TCP and UDP before all others: a packet of them is what a person can try."""
    return (protocol not in (TCP, UDP), protocol)


def declared_ports(conduits: Iterable[Conduit], protocols: tuple[int, ...]) -> dict[int, Spans]:
    """What conduits let be opened, by protocol; a conduit that lists no flow declares all."""
    found: dict[int, Spans] = {}
    for conduit in conduits:
        for service in services_of(conduit.flows, protocols):
            ports = found.get(service.protocol, NOTHING)
            found[service.protocol] = union(ports, service.ports)
    return found


def silent_firewalls(network: Network, answer: Between) -> frozenset[str]:
    """The firewalls on the way that were not read, or say nothing of the address family."""
    return frozenset(
        hop.firewall
        for way in answer.routes
        for hop in way
        if answer.family not in network.compiled(hop.firewall, answer.family).rule_set.families
    )


def lines_of(boxes: Iterable[Box]) -> tuple[Ref, ...]:
    """The lines that decide, each once, as they stand in their files."""
    refs = dict.fromkeys(ref for box in boxes for ref in box.by)
    return tuple(sorted(refs, key=lambda ref: (ref.file, ref.line, ref.text)))


def shown(what: str, refs: tuple[Ref, ...], *, expected: str = "") -> tuple[Evidence, ...]:
    """The first lines as evidence, and how many more there are."""
    evidence = [at_line(what, ref, expected=expected) for ref in refs[:MOST_LINES]]
    if len(refs) > MOST_LINES:
        evidence.append(Evidence(f"and {len(refs) - MOST_LINES} more lines"))
    return tuple(evidence)


def cause_of(about: str, refs: Iterable[Ref]) -> str:
    """A cause that names lines by their texts: it outlives a line inserted above them.

    Another line is another cause, so that a waiver of this one does not cover it.
    """
    texts = sorted({ref.text for ref in refs})
    cause = " | ".join((about, *texts))
    if len(cause) <= _LONGEST_CAUSE:
        return cause
    digest = hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:16]
    return f"{about} | {len(texts)} lines {digest}"
