"""Why something passes between two ends, or does not: the exact answer with its lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from checkvalve.judge.segmentation.asking import is_of_family
from checkvalve.judge.segmentation.boxes import difference, volume
from checkvalve.judge.segmentation.ends import End
from checkvalve.judge.segmentation.network import FAMILIES, Between, Network, Route, Service
from checkvalve.judge.segmentation.permitted import Block, permitted
from checkvalve.judge.segmentation.protocols import run_of
from checkvalve.judge.segmentation.regions import Region, merged
from checkvalve.observe.firewalls.base import PORTED, Ref
from checkvalve.observe.firewalls.spans import ALL_PORTS, Span, Spans

Said = Literal["permitted", "permitted in part", "denied", "cannot tell"]

#: What is said first.
_ORDER: Final = ("permitted", "permitted in part", "cannot tell", "denied")


@dataclass(frozen=True, slots=True)
class Explained:
    """The answer for some protocols of one family, which is the same for all of them.

    Attributes:
        family: 4 or 6.
        protocols: IP protocol numbers.
        answer: of the question as a whole.
        permitted: what passes whatever is not understood.
        unknown: what passes perhaps.
        denied_by: the lines that deny, where nothing passes.
        unread: firewalls on the way whose rule sets were not read.
    """

    family: int
    protocols: tuple[Span, ...]
    answer: Said
    permitted: tuple[Region, ...]
    unknown: tuple[Region, ...]
    denied_by: tuple[Ref, ...]
    unread: tuple[str, ...]


def routes(network: Network, source: End, destination: End) -> tuple[Route, ...]:
    """The ways from one end to the other; none: no declared firewall joins their zones."""
    return network.routes(source.zone, destination.zone)


def explain(
    network: Network, source: End, destination: End, services: Iterable[Service]
) -> tuple[Explained, ...]:
    """What may pass from one end to the other, protocols with the same answer together.

    Args:
        network: was told of the ends' addresses and the services' ports at the start.
        source: who opens.
        destination: the other end.
        services: one for each of ``network.protocols`` that is asked about.

    Returns:
        Nothing for a family of which an end has no address.
    """
    found: dict[Explained, list[Span]] = {}
    for family in FAMILIES:
        for service in services:
            if not is_of_family(service, family):
                continue
            one = _explained(network, source, destination, service, family)
            if one is not None:
                run = run_of(service.protocol, network.protocols)
                found.setdefault(one, []).append(run)
    answers = [replace(one, protocols=tuple(runs)) for one, runs in found.items()]
    return tuple(sorted(answers, key=lambda one: (one.family, _ORDER.index(one.answer))))


def _explained(
    network: Network, source: End, destination: End, service: Service, family: int
) -> Explained | None:
    sides = [
        (network.zones[end.zone] if end.addresses is None else end.addresses).of_family(family)
        for end in (source, destination)
    ]
    if not all(sides):
        return None
    between = network.between(
        source.zone,
        destination.zone,
        service,
        family,
        src=source.addresses,
        dst=destination.addresses,
    )
    unknown = difference(between.may, between.must)
    answer: Said = between.answer  # type: ignore[assignment]  # its three words
    if between.must and volume(between.must) < _size(service, sides):
        answer = "permitted in part"
    denied = answer == "denied"
    return Explained(
        family,
        (),
        answer,
        merged(between.must),
        merged(unknown),
        _denying(network, between, sides[0], sides[1]) if denied else (),
        between.unread,
    )


def _size(service: Service, sides: list[Spans]) -> int:
    """All packets of the question, each port counted."""
    size = 1
    for spans in (*sides, service.ports if service.protocol in PORTED else ALL_PORTS, ALL_PORTS):
        size *= sum(high - low + 1 for low, high in spans)
    return size


def _denying(network: Network, between: Between, src: Spans, dst: Spans) -> tuple[Ref, ...]:
    """The lines that deny on the way."""
    service = between.service
    lines: dict[Ref, None] = {}
    for hop in dict.fromkeys(hop for route in between.routes for hop in route):
        block = Block(hop.in_if, hop.out_if, src, dst, service.protocol, service.ports)
        answer = permitted(network.compiled(hop.firewall, between.family), block)
        lines |= {ref: None for box in answer.denied for ref in box.by}
    return tuple(sorted(lines, key=lambda ref: (ref.file, ref.line == 0, ref.line)))
