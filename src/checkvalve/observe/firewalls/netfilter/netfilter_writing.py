"""What the writers of iptables and nftables share: one permit, line by line."""

from __future__ import annotations

from ipaddress import ip_address, summarize_address_range
from typing import Final

from checkvalve.observe.firewalls.base import PORTED, FirewallError, Permit
from checkvalve.observe.firewalls.spans import ALL_PORTS, IPV4, Addresses, Spans

_LONGEST_REMARK: Final = 120
_NAME_OCTETS: Final = 15  # IFNAMSIZ, less the end


def plain_remark(permit: Permit) -> str:
    """A remark that fits a comment: one line, printable, no quote and no backslash."""
    kept = (one if one.isprintable() and one not in '"\\' else " " for one in permit.remark)
    return " ".join("".join(kept).split())[:_LONGEST_REMARK]


def checked(permit: Permit, title: str) -> Permit:
    """The permit, if netfilter can say it.

    Raises:
        FirewallError: it can't; the sentence names the permit.
    """
    for name in (permit.in_if, permit.out_if):
        named = name.isascii() and name.isprintable() and 0 < len(name) <= _NAME_OCTETS
        if not named or set(name) & set(" \"'\\*+!/:;{}#,$@"):
            raise refusal(permit, title, f"{name!r} is no name of an interface")
    if permit.dst_ports is not None and permit.protocol not in PORTED:
        raise refusal(permit, title, "it has ports, and a protocol without them")
    return permit


def refusal(permit: Permit, title: str, why: str) -> FirewallError:
    """The error that names a permit."""
    what = permit.remark or f"{permit.in_if} to {permit.out_if}"
    return FirewallError(f"the permit '{what}' can't be written for {title}: {why}")


def networks(found: Addresses, family: int) -> list[str]:
    """The prefixes of one family's addresses."""
    kind = ip_address("0.0.0.0" if family == IPV4 else "::").__class__  # noqa: S104  # no socket
    return [
        str(network)
        for low, high in found.of_family(family)
        for network in summarize_address_range(kind(low), kind(high))
    ]


def ports_of(permit: Permit) -> Spans | None:
    """Its ports; ``None`` if all."""
    return None if permit.dst_ports == ALL_PORTS else permit.dst_ports
