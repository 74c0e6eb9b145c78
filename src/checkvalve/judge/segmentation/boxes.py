"""Boxes of packets as sets: what is left of one without others, and one packet of it in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from checkvalve.judge.segmentation.network import protocol_name
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.observe.firewalls.base import ICMP, ICMPV6, PORTED
from checkvalve.observe.firewalls.spans import IPV4, Span, Spans, complement, intersection

_SIDES: Final = ("src", "dst", "ports", "src_ports")


def within_ports(box: Box, ports: Spans) -> Iterator[Box]:
    """What of a box goes to some ports."""
    for span in intersection((box.ports,), ports):
        yield replace(box, ports=span)


def beyond_ports(box: Box, ports: Spans) -> Iterator[Box]:
    """What of a box goes to other ports."""
    for span in complement(ports, (box.ports,)):
        yield replace(box, ports=span)


def without(box: Box, others: Iterable[Box]) -> list[Box]:
    """What of a box is in none of some others; disjoint boxes, with the box's own lines."""
    left = [box]
    for other in others:
        if box.meets(other) is None:
            continue
        left = [piece for one in left for piece in _less(one, other)]
        if not left:
            break
    return left


def _less(box: Box, other: Box) -> Iterator[Box]:
    """One box less another: at most two pieces a side."""
    if box.meets(other) is None:
        yield box
        return
    rest = box
    for side in _SIDES:
        (low, high), (first, last) = getattr(rest, side), getattr(other, side)
        if low < first:
            yield replace(rest, **{side: (low, first - 1)})
        if last < high:
            yield replace(rest, **{side: (last + 1, high)})
        rest = replace(rest, **{side: (max(low, first), min(high, last))})


def address(number: int, family: int) -> str:
    """An address as text."""
    return str(IPv4Address(number) if family == IPV4 else IPv6Address(number))


def addresses(span: Span, family: int) -> str:
    """A span of addresses as text, one alone as itself."""
    low, high = (address(number, family) for number in span)
    return low if low == high else f"{low}-{high}"


def packet(box: Box, protocol: int, family: int) -> str:
    """The first packet of a box in words: ``10.1.0.5 to 10.2.0.9 tcp/502``."""
    ends = f"{address(box.src[0], family)} to {address(box.dst[0], family)}"
    name = protocol_name(protocol)
    if protocol in PORTED:
        came = "" if box.src_ports[0] == 0 else f" from port {box.src_ports[0]}"
        return f"{ends} {name}/{box.ports[0]}{came}"
    if protocol in (ICMP, ICMPV6):
        return f"{ends} {name} type {box.ports[0] >> 8} code {box.ports[0] & 0xFF}"
    return f"{ends} {name}"
