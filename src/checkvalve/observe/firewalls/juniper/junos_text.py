"""Writes Junos security policies as ``set`` lines: addresses, applications, policies.

Private to the Junos writer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from typing import Final

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, SCTP, TCP, UDP, FirewallError, Permit
from checkvalve.observe.firewalls.spans import (
    ALL_V4,
    ALL_V6,
    ANYWHERE,
    IPV4,
    IPV6,
    Addresses,
    Span,
)

_WORDS: Final = {ICMP: "icmp", TCP: "tcp", UDP: "udp", ICMPV6: "icmp6", SCTP: "sctp"}
_PORTED: Final = frozenset({TCP, UDP, SCTP})
_ZONE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,62}")
_RESERVED: Final = frozenset({"any", "junos-host"})
_LONGEST_DESCRIPTION: Final = 900


def write(permits: Sequence[Permit]) -> str:
    """A fragment that permits exactly these.

    Raises:
        FirewallError: one of them can't be said.
    """
    numbered = [(number, one) for number, one in enumerate(permits, start=1) if _permits(one)]
    lines = [line for number, one in numbered for line in _addresses(number, one)]
    lines += [line for number, one in numbered for line in _application(number, one)]
    lines += [line for number, one in numbered for line in _policy(number, one)]
    return "\n".join([*lines, "set security policies default-policy deny-all"]) + "\n"


def _families(permit: Permit) -> list[int]:
    return [f for f in (4, 6) if permit.src.of_family(f) and permit.dst.of_family(f)]


def _permits(permit: Permit) -> bool:
    """Whether it permits anything at all."""
    return bool(_families(permit)) and permit.dst_ports != ()


def _named(number: int, side: str, permit: Permit) -> list[tuple[str, Span | None, int]]:
    """Names of one side's addresses; those that need an object with its span and family."""
    addresses: Addresses = permit.src if side == "source" else permit.dst
    families = _families(permit)
    if addresses == ANYWHERE and families == [IPV4, IPV6]:
        return [("any", None, 0)]
    found: list[tuple[str, Span | None, int]] = []
    for family in families:
        spans = addresses.of_family(family)
        if spans == (ALL_V4 if family == IPV4 else ALL_V6):
            found.append((f"any-ipv{family}", None, family))
            continue
        for at, span in enumerate(spans, start=1):
            found.append((f"permit-{number}-{side}-ipv{family}-{at}", span, family))
    return found


def _addresses(number: int, permit: Permit) -> Iterator[str]:
    for side in ("source", "destination"):
        for name, span, family in _named(number, side, permit):
            if span is not None:
                yield f"set security address-book global address {name} {_object(span, family)}"


def _object(span: Span, family: int) -> str:
    low, high = (IPv4Address(end) if family == IPV4 else IPv6Address(end) for end in span)
    first, *more = summarize_address_range(low, high)
    return f"range-address {low} to {high}" if more else str(first)


def _application(number: int, permit: Permit) -> Iterator[str]:
    protocol, dst_ports = permit.protocol, permit.dst_ports
    if protocol is None:
        return
    if dst_ports is not None and protocol not in _PORTED:
        raise FirewallError(
            f"a Junos application can't say protocol {protocol} with ports",
            hint="permit the protocol as a whole",
        )
    start = f"set applications application permit-{number}"
    word = _WORDS.get(protocol, str(protocol))
    if dst_ports is None:
        yield f"{start} protocol {word}"
        return
    for at, (low, high) in enumerate(dst_ports, start=1):
        port = f"{low}" if low == high else f"{low}-{high}"
        yield f"{start} term t{at} protocol {word}"
        yield f"{start} term t{at} destination-port {port}"


def _policy(number: int, permit: Permit) -> Iterator[str]:
    pair = f"from-zone {_zone(permit.in_if)} to-zone {_zone(permit.out_if)}"
    start = f"set security policies {pair} policy permit-{number}"
    remark = _plain(permit.remark)[:_LONGEST_DESCRIPTION]
    if remark:
        yield f"{start} description {_quoted(remark)}"
    for side in ("source", "destination"):
        for name, *_ in _named(number, side, permit):
            yield f"{start} match {side}-address {name}"
    application = "any" if permit.protocol is None else f"permit-{number}"
    yield f"{start} match application {application}"
    yield f"{start} then permit"


def _zone(name: str) -> str:
    if not _ZONE.fullmatch(name) or name in _RESERVED:
        raise FirewallError(
            f"Junos can't name the zone {name!r}",
            hint="name one security zone; policies of Junos are between zones",
        )
    return name


def _plain(text: str) -> str:
    """One line of printable text."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
