"""Access lists written for interfaces: what ASA and IOS have in common.

An access list knows the interface at which it is asked, not the other one. So each interface has
a list of what may come in by it and, where that says too little, one of what may go out by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, summarize_address_range
from typing import Final

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, SCTP, TCP, UDP, FirewallError, Permit
from checkvalve.observe.firewalls.spans import (
    ALL_PORTS,
    ALL_V4,
    ALL_V6,
    Spans,
    intersection,
)

NAMES: Final = {ICMP: "icmp", TCP: "tcp", UDP: "udp", SCTP: "sctp"}
_LONGEST_REMARK: Final = 96
_HOST_BITS: Final = {4: 32, 6: 128}


def interfaces(permits: Sequence[Permit]) -> tuple[str, ...]:
    """All interfaces that are named, each once.

    Raises:
        FirewallError: a name can't stand on a command line.
    """
    found = dict.fromkeys(name for one in permits for name in (one.in_if, one.out_if))
    for name in found:
        if not name or not name.isprintable() or name.split() != [name]:
            raise FirewallError(f"the interface {name!r} can't stand on a command line")
    return tuple(found)


def check(permits: Sequence[Permit], title: str) -> None:
    """Refuse what access lists can't say.

    Raises:
        FirewallError: ports of a protocol for which the grammar has none, or the same packets
            between two pairs of interfaces, so that the lists would open a third pair.
    """
    for one in permits:
        if one.dst_ports is not None and one.protocol not in (TCP, UDP, SCTP):
            raise FirewallError(
                f"ports of {_protocol(one)} can't be written for {title}",
                hint="name tcp, udp or sctp, or leave the ports out",
            )
    for one in permits:
        for other in permits:
            if one.in_if == other.in_if or one.out_if == other.out_if:
                continue
            if _overlap(one, other) and not _covered(one, other, permits):
                raise FirewallError(
                    f"the same packets from {one.in_if} to {one.out_if} and from {other.in_if} to "
                    f"{other.out_if} can't be told from those from {one.in_if} to {other.out_if} "
                    f"by {title}'s access lists",
                    hint="name the sources and destinations that are behind each interface",
                )


def _protocol(permit: Permit) -> str:
    return "any protocol" if permit.protocol is None else f"protocol {permit.protocol}"


def _overlap(one: Permit, other: Permit) -> bool:
    protocols = one.protocol == other.protocol or None in (one.protocol, other.protocol)
    ports = intersection(one.dst_ports or ALL_PORTS, other.dst_ports or ALL_PORTS)
    src, dst = one.src & other.src, one.dst & other.dst
    return protocols and bool(ports) and bool((src.v4 and dst.v4) or (src.v6 and dst.v6))


def _covered(one: Permit, other: Permit, permits: Sequence[Permit]) -> bool:
    """Whether what both have in common may pass from the first's way in to the second's way out."""
    src, dst = one.src & other.src, one.dst & other.dst
    ports = intersection(one.dst_ports or ALL_PORTS, other.dst_ports or ALL_PORTS)
    protocol = other.protocol if one.protocol is None else one.protocol
    return any(
        (each.in_if, each.out_if) == (one.in_if, other.out_if)
        and each.protocol in (None, protocol)
        and not src - each.src
        and not dst - each.dst
        and intersection(ports, each.dst_ports or ALL_PORTS) == ports
        for each in permits
    )


def needs_outbound(name: str, permits: Sequence[Permit]) -> bool:
    """Whether what may come in by other interfaces says too little of what may go out here."""
    return any(name not in (one.in_if, one.out_if) for one in permits)


def networks(spans_of_it: Spans, family: int) -> Iterator[tuple[int, int]]:
    """The prefixes of a set: first address and length."""
    address = IPv4Address if family == 4 else IPv6Address  # noqa: PLR2004  # IPv4
    for low, high in spans_of_it:
        for network in summarize_address_range(address(low), address(high)):
            yield int(network.network_address), network.prefixlen


def v6_text(first: int, length: int) -> str:
    """An IPv6 prefix as both command lines take it."""
    if (first, length) == (0, 0):
        return "any"
    if length == _HOST_BITS[6]:
        return f"host {IPv6Address(first)}"
    return str(IPv6Network((first, length)))


def port_texts(ports: Spans | None) -> tuple[str, ...]:
    """Ports behind an address, each with a space before it; one empty text for all."""
    if ports is None or ports == ALL_PORTS:
        return ("",)
    return tuple(f" eq {low}" if low == high else f" range {low} {high}" for low, high in ports)


def protocol_text(protocol: int | None, whole: str, icmp_of_v6: str) -> str:
    """A protocol by name, or number."""
    if protocol is None:
        return whole
    return icmp_of_v6 if protocol == ICMPV6 else NAMES.get(protocol, str(protocol))


def remark_text(remark: str) -> str:
    """A remark as one printable line of bounded length; empty if there is none."""
    plain = "".join(c if c.isascii() and c.isprintable() and c != "?" else " " for c in remark)
    return " ".join(plain.split())[:_LONGEST_REMARK].rstrip()


def is_everything(addresses: Spans) -> bool:
    """Whether these are all addresses of a family."""
    return addresses in (ALL_V4, ALL_V6)
