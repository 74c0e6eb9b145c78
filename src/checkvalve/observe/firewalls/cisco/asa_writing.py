"""ASA access lists written from permits: 9.x, both families in one list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from checkvalve.observe.firewalls.base import Permit
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
from checkvalve.observe.firewalls.spans import Addresses

_V4_BITS: Final = 32
#: Prefixes of one side that are written line by line; more become an object group.
_MOST_LINES: Final = 4


def write(permits: Sequence[Permit]) -> str:
    """Access lists and their access-groups for all interfaces that are named.

    Raises:
        FirewallError: an access list can't say one of the permits.
    """
    names = interfaces(permits)
    check(permits, "Cisco ASA")
    groups = _Groups()
    intra = any(one.in_if == one.out_if for one in permits)
    lists: list[str] = []
    for name in names:
        lists += _list(f"{name}_in", [one for one in permits if one.in_if == name], groups)
        lists.append(f"access-group {name}_in in interface {name}")
        if needs_outbound(name, permits) or (intra and any(one.out_if != name for one in permits)):
            lists += _list(f"{name}_out", [one for one in permits if one.out_if == name], groups)
            lists.append(f"access-group {name}_out out interface {name}")
    if intra:
        lists.append("same-security-traffic permit intra-interface")
    return "".join(f"{line}\n" for line in (*groups.lines, *lists))


class _Groups:
    """Object groups for sides of many prefixes, each written once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[tuple[str, ...], str] = {}

    def side(self, addresses: Addresses, family: int) -> tuple[str, ...]:
        """What stands in an entry for these addresses, one text an entry."""
        spans = addresses.of_family(family)
        if is_everything(spans):
            return (f"any{family}",)
        prefixes = tuple(_text(first, length, family) for first, length in networks(spans, family))
        if len(prefixes) <= _MOST_LINES:
            return prefixes
        if prefixes not in self._names:
            name = f"CONDUIT_NET_{len(self._names) + 1}"
            self._names[prefixes] = name
            self.lines.append(f"object-group network {name}")
            self.lines += [f" network-object {prefix}" for prefix in prefixes]
        return (f"object-group {self._names[prefixes]}",)


def _text(first: int, length: int, family: int) -> str:
    if family == 6:  # noqa: PLR2004  # IPv6
        return v6_text(first, length)
    if length == _V4_BITS:
        return f"host {IPv4Address(first)}"
    return str(IPv4Network((first, length)).with_netmask).replace("/", " ")


def _list(name: str, permits: Sequence[Permit], groups: _Groups) -> Iterator[str]:
    for one in permits:
        remark = remark_text(one.remark)
        if remark:
            yield f"access-list {name} remark {remark}"
        for entry in _entries(one, groups):
            yield f"access-list {name} extended permit {entry}"
    yield f"access-list {name} extended deny ip any any"


def _entries(permit: Permit, groups: _Groups) -> Iterator[str]:
    protocol = protocol_text(permit.protocol, "ip", "icmp6")
    for family in (4, 6):
        targets = groups.side(permit.dst, family)
        for source in groups.side(permit.src, family):
            for target in targets:
                for ports in port_texts(permit.dst_ports):
                    yield f"{protocol} {source} {target}{ports}"
