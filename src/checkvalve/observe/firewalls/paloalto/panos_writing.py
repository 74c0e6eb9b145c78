"""Permits as ``set`` commands of PAN-OS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
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
from checkvalve.observe.firewalls.spans import ALL_V4, ALL_V6, Addresses, Span
from checkvalve.plant.words import printable

_PORTED: Final = {TCP: "tcp", UDP: "udp", SCTP: "sctp"}
#: Applications that are a protocol and nothing else.
_APPLICATIONS: Final = {
    ICMP: "icmp", 2: "igmp", 47: "gre", 50: "ipsec-esp", 51: "ipsec-ah", ICMPV6: "ipv6-icmp",
    89: "ospfigp", 112: "vrrp",
}  # fmt: skip
_LONGEST: Final = 200
_LONGEST_ZONE: Final = 31
_LONGEST_SERVICE: Final = 60


def written(permits: Sequence[Permit]) -> str:
    """Services, rules that permit, and the denial of all else, inside zones too."""
    services: dict[str, str] = {}
    rules: list[str] = []
    for number, permit in enumerate(permits, start=1):
        if not permit.src or not permit.dst or permit.dst_ports == ():
            continue
        rules += _rule(f"permit-{number}", permit, services)
    rules += [
        f"set rulebase default-security-rules rules {name} action deny"
        for name in ("intrazone-default", "interzone-default")
    ]
    return "\n".join([*services.values(), *rules]) + "\n"


def _rule(name: str, permit: Permit, services: dict[str, str]) -> Iterator[str]:
    application, service = _what(permit, services)
    fields = {
        "description": f'"{_plain(permit.remark)}"' if permit.remark else "",
        "from": _zone(permit.in_if),
        "to": _zone(permit.out_if),
        "source": _addresses(permit.src),
        "destination": _addresses(permit.dst),
        "application": application,
        "service": service,
        "action": "allow",
    }
    for field, text in fields.items():
        if text:
            yield f"set rulebase security rules {name} {field} {text}"


def _what(permit: Permit, services: dict[str, str]) -> tuple[str, str]:
    """Application and service."""
    if permit.protocol is None:
        return "any", "any"
    if permit.protocol in _APPLICATIONS:
        return _APPLICATIONS[permit.protocol], "any"
    if permit.protocol not in _PORTED:
        raise FirewallError(
            f"PAN-OS has no service for IP protocol {permit.protocol}",
            hint="permit the application that uses it by hand",
        )
    word = _PORTED[permit.protocol]
    ports = ",".join(
        str(low) if low == high else f"{low}-{high}"
        for low, high in permit.dst_ports or ((0, 65_535),)
    )
    text = f"{word}-{ports.replace(',', '_')}"
    name = text if len(text) <= _LONGEST_SERVICE else f"{word}-{len(services) + 1}-ports"
    services.setdefault(f"{word} {ports}", f"set service {name} protocol {word} port {ports}")
    return "any", services[f"{word} {ports}"].split()[2]


def _addresses(found: Addresses) -> str:
    if found.v4 == ALL_V4 and found.v6 == ALL_V6:
        return "any"
    words = [_span(span, IPv4Address, 32) for span in found.v4]
    words += [_span(span, IPv6Address, 128) for span in found.v6]
    return words[0] if len(words) == 1 else "[ " + " ".join(words) + " ]"


def _span(span: Span, kind: type[IPv4Address | IPv6Address], bits: int) -> str:
    """An address, a network, or a range that is no network."""
    low, high = span
    size = high - low + 1
    if size & (size - 1) or low % size:
        return f"{kind(low)}-{kind(high)}"
    return f"{kind(low)}/{bits - size.bit_length() + 1}"


def _zone(name: str) -> str:
    if not name or not name.isprintable() or '"' in name or len(name) > _LONGEST_ZONE:
        raise FirewallError(
            f"PAN-OS takes no zone named {printable(name)!r}",
            hint="name the firewall's zones as it does, with 31 letters at the most",
        )
    return f'"{name}"' if not name.replace("-", "").replace("_", "").isalnum() else name


def _plain(text: str) -> str:
    """A remark that ends no quotes and no line."""
    return printable(text, _LONGEST).replace('"', "'").replace("\\", "/")
