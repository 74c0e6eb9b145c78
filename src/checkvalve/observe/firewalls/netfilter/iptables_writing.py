"""Rules for iptables, as ``iptables-restore`` takes them; IPv4 alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from checkvalve.observe.firewalls.base import Permit
from checkvalve.observe.firewalls.netfilter.netfilter_writing import (
    checked,
    networks,
    plain_remark,
    ports_of,
    refusal,
)
from checkvalve.observe.firewalls.spans import ANY_V4, IPV4, NOWHERE, Addresses, Spans

_TITLE: Final = "iptables"
_PROTOCOLS: Final = {1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 132: "sctp", 136: "udplite"}
#: Ports that one ``multiport`` holds; a range counts twice.
_MOST_PORTS: Final = 15


def written(permits: Sequence[Permit]) -> str:
    """A filter table that lets these pass, and nothing else.

    Raises:
        FirewallError: a permit is of IPv6, or can't be said.
    """
    rules = [line for permit in permits for line in _lines(checked(permit, _TITLE))]
    return "\n".join(
        (
            "*filter",
            ":INPUT ACCEPT [0:0]",
            ":FORWARD DROP [0:0]",
            ":OUTPUT ACCEPT [0:0]",
            "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            *rules,
            "COMMIT",
            "",
        )
    )


def _lines(permit: Permit) -> Iterator[str]:
    if permit.src.v6 and permit.dst.v6:
        raise refusal(permit, _TITLE, "it is of IPv6, which ip6tables filters")
    remark = plain_remark(permit)
    if remark:
        yield f"# {remark}"
    comment = f' -m comment --comment "{remark}"' if remark else ""
    for src in _addresses("-s", permit.src):
        for dst in _addresses("-d", permit.dst):
            for service in _services(permit):
                yield (
                    f"-A FORWARD{src}{dst} -i {permit.in_if} -o {permit.out_if}{service}"
                    f"{comment} -j ACCEPT"
                )


def _addresses(option: str, found: Addresses) -> list[str]:
    if Addresses(found.v4) == ANY_V4:
        return [""]
    if found.v4 == NOWHERE.v4:
        return []
    return [f" {option} {network}" for network in networks(found, IPV4)]


def _services(permit: Permit) -> Iterator[str]:
    if permit.protocol is None:
        yield ""
        return
    protocol = f" -p {_PROTOCOLS.get(permit.protocol, permit.protocol)}"
    ports = ports_of(permit)
    if ports is None:
        yield protocol if permit.protocol else " -p ip"
        return
    for group in _groups(ports):
        yield f"{protocol} -m multiport --dports {','.join(group)}"


def _groups(ports: Spans) -> Iterator[list[str]]:
    group: list[str] = []
    used = 0
    for low, high in ports:
        size = 1 if low == high else 2
        if used + size > _MOST_PORTS:
            yield group
            group, used = [], 0
        group.append(str(low) if low == high else f"{low}:{high}")
        used += size
    if group:
        yield group
