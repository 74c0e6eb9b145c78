"""Permits as a ``pf.conf``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from typing import Final

from checkvalve.observe.firewalls.base import PORTED, FirewallError, Permit
from checkvalve.observe.firewalls.spans import ALL_V4, ALL_V6, IPV4, Spans
from checkvalve.plant.words import printable

_LONGEST_REMARK: Final = 200


def written(permits: Sequence[Permit]) -> str:
    """A whole file: nothing passes but the permits, each on its way in and on its way out."""
    lines = ["block drop all"]
    for permit in permits:
        if permit.remark:
            lines.append("# " + printable(permit.remark, _LONGEST_REMARK).rstrip("\\"))
        lines += _rules(permit)
    return "\n".join(lines) + "\n"


def _rules(permit: Permit) -> Iterable[str]:
    """Two rules for each family: going out, the packet must have come in by the right interface."""
    entry, leave = _interface(permit.in_if), _interface(permit.out_if)
    for family, word in ((4, "inet"), (6, "inet6")):
        src, dst = permit.src.of_family(family), permit.dst.of_family(family)
        ports = permit.dst_ports if permit.protocol in PORTED else None
        if not src or not dst or ports == ():
            continue
        what = [word]
        if permit.protocol is not None:
            what.append(f"proto {permit.protocol}")
        what.append(f"from {_hosts(src, family)} to {_hosts(dst, family)}")
        if ports is not None:
            what.append(f"port {_listed(_port(span) for span in ports)}")
        match = " ".join(what)
        yield f"pass in quick on {entry} {match}"
        yield f"pass out quick on {leave} {match} received-on {entry}"


def _interface(name: str) -> str:
    if not name[-1:].isdigit() or not name.replace(".", "").replace("_", "").isalnum():
        raise FirewallError(
            f"pf takes {printable(name)!r} for no interface, because it ends in no digit",
            hint="name the firewall's interfaces as ifconfig does, em0 for example",
        )
    return name


def _hosts(spans: Spans, family: int) -> str:
    if spans == (ALL_V4 if family == IPV4 else ALL_V6):
        return "any"
    return _listed(network for span in spans for network in _networks(span, family))


def _networks(span: tuple[int, int], family: int) -> Iterable[str]:
    low, high = span
    found: Iterable[object]
    if family == IPV4:
        found = summarize_address_range(IPv4Address(low), IPv4Address(high))
    else:
        found = summarize_address_range(IPv6Address(low), IPv6Address(high))
    return map(str, found)


def _port(span: tuple[int, int]) -> str:
    low, high = span
    return str(low) if low == high else f"{low}:{high}"


def _listed(words: Iterable[str]) -> str:
    found = list(words)
    return found[0] if len(found) == 1 else "{ " + ", ".join(found) + " }"
