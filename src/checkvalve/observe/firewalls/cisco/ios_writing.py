"""IOS access lists written from permits, replies in the other direction besides.

A list knows no sessions. Replies of TCP are packets with ACK or RST; those of UDP and SCTP come
from the ports that were permitted, so that a sender at such a port reaches any port of the other
side, as it does with every list that lets these replies pass; those of ICMP are echo replies.
What has no ports can't be told from its replies, and is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from typing import Final

from checkvalve.observe.firewalls.base import (
    ICMP,
    ICMPV6,
    SCTP,
    TCP,
    UDP,
    FirewallError,
    Permit,
)
from checkvalve.observe.firewalls.cisco.cisco_writing import (
    check,
    interfaces,
    is_everything,
    needs_outbound,
    networks,
    port_texts,
    protocol_text,
    remark_text,
    v6_text,
)
from checkvalve.observe.firewalls.spans import ALL_PORTS, Addresses

_V4_BITS: Final = 32
_ALL_BITS: Final = 2**32 - 1
_WHOLE: Final = {4: "ip", 6: "ipv6"}


def write(permits: Sequence[Permit]) -> str:
    """Access lists of both families for all interfaces that are named, and their bindings.

    Raises:
        FirewallError: a list can't say one of the permits, or can't tell its replies.
    """
    names = interfaces(permits)
    if len({_name(name, "in", 4) for name in names}) < len(names):
        raise FirewallError("two interfaces have names that differ in punctuation alone")
    check(permits, "Cisco IOS")
    for one in permits:
        _check_replies(one)
    lines: list[str] = []
    bindings: list[str] = []
    for name in names:
        directions = ["in"]
        both_ways = [*permits, *map(_turned, permits)]
        if needs_outbound(name, both_ways):
            directions.append("out")
        bindings.append(f"interface {name}")
        for direction in directions:
            for family in (4, 6):
                lines += _list(name, direction, family, permits)
                bindings.append(_binding(name, direction, family))
    return "".join(f"{line}\n" for line in (*lines, *bindings))


def _check_replies(permit: Permit) -> None:
    told = permit.protocol in (TCP, ICMP, ICMPV6)
    if told or (permit.protocol in (UDP, SCTP) and permit.dst_ports not in (None, ALL_PORTS)):
        return
    what = "any protocol" if permit.protocol is None else f"protocol {permit.protocol}"
    raise FirewallError(
        f"a list without sessions can't tell {what} from {permit.in_if} to {permit.out_if} from "
        "its replies",
        hint="name TCP, ICMP, or the ports of UDP",
    )


def _turned(permit: Permit) -> Permit:
    return Permit(permit.out_if, permit.in_if, permit.dst, permit.src)


def _name(interface: str, direction: str, family: int) -> str:
    plain = "".join(c if c.isalnum() else "-" for c in interface)
    return f"{plain}-{direction}" + ("" if family == 4 else "-v6")  # noqa: PLR2004  # IPv4


def _binding(interface: str, direction: str, family: int) -> str:
    command = "ip access-group" if family == 4 else "ipv6 traffic-filter"  # noqa: PLR2004  # IPv4
    return f" {command} {_name(interface, direction, family)} {direction}"


def _list(interface: str, direction: str, family: int, permits: Sequence[Permit]) -> Iterator[str]:
    kind = "ip access-list extended" if family == 4 else "ipv6 access-list"  # noqa: PLR2004  # IPv4
    yield f"{kind} {_name(interface, direction, family)}"
    for one in permits:
        way_in, way_out = (one.in_if, one.out_if)[:: 1 if direction == "in" else -1]
        entries = list(_entries(one, family)) if way_in == interface else []
        if way_out == interface:
            entries += _replies(one, family)
        remark = remark_text(one.remark)
        if entries and remark:
            yield f" remark {remark}"
        yield from (f" permit {entry}" for entry in dict.fromkeys(entries))
    if family == 6:  # noqa: PLR2004  # IPv6
        yield " permit icmp any any nd-na"
        yield " permit icmp any any nd-ns"
    yield f" deny {_WHOLE[family]} any any"


def _entries(permit: Permit, family: int) -> Iterator[str]:
    protocol = protocol_text(permit.protocol, _WHOLE[family], "icmp" if family == 6 else "58")  # noqa: PLR2004  # IPv6
    if permit.protocol == ICMP and family == 6:  # noqa: PLR2004  # "icmp" is ICMPv6 there
        protocol = "1"
    for source in _side(permit.src, family):
        for target in _side(permit.dst, family):
            for ports in port_texts(permit.dst_ports):
                yield f"{protocol} {source} {target}{ports}"


def _replies(permit: Permit, family: int) -> Iterator[str]:
    is_icmp = permit.protocol in (ICMP, ICMPV6)
    if is_icmp and permit.protocol != (ICMP if family == 4 else ICMPV6):  # noqa: PLR2004  # IPv4
        return
    protocol = protocol_text(permit.protocol, _WHOLE[family], "icmp")
    ending = {TCP: " established", ICMP: " echo-reply", ICMPV6: " echo-reply"}
    for source in _side(permit.dst, family):
        for target in _side(permit.src, family):
            for ports in port_texts(permit.dst_ports):
                end = ending.get(permit.protocol or 0, "")
                yield f"{protocol} {source}{ports} {target}{end}"


def _side(addresses: Addresses, family: int) -> tuple[str, ...]:
    spans = addresses.of_family(family)
    if is_everything(spans):
        return ("any",)
    if family == 6:  # noqa: PLR2004  # IPv6
        return tuple(v6_text(first, length) for first, length in networks(spans, 6))
    return tuple(_text(first, length) for first, length in networks(spans, 4))


def _text(first: int, length: int) -> str:
    if length == _V4_BITS:
        return f"host {IPv4Address(first)}"
    return f"{IPv4Address(first)} {IPv4Address(_ALL_BITS >> length)}"
