"""Rules for nftables, as ``nft -f`` takes them: one table of both families."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, Permit
from checkvalve.observe.firewalls.netfilter.netfilter_writing import checked, plain_remark, ports_of
from checkvalve.observe.firewalls.spans import ANYWHERE, IPV4, Spans

_TITLE: Final = "nftables"
_PROTOCOLS: Final = {6: "tcp", 17: "udp", 33: "dccp", 132: "sctp", 136: "udplite"}
_OTHERS: Final = {ICMP: "icmp", ICMPV6: "ipv6-icmp"}
_INDENT: Final = "    "


def written(permits: Sequence[Permit]) -> str:
    """A table that lets these pass between interfaces, and nothing else.

    Raises:
        FirewallError: a permit can't be said.
    """
    rules = [line for permit in permits for line in _lines(checked(permit, _TITLE))]
    return "\n".join(
        (
            "table inet checkvalve {",
            f"{_INDENT}chain forward {{",
            *(
                _INDENT * 2 + line
                for line in (
                    "type filter hook forward priority filter; policy drop;",
                    "ct state established,related accept",
                    *rules,
                )
            ),
            f"{_INDENT}}}",
            "}",
            "",
        )
    )


def _lines(permit: Permit) -> Iterator[str]:
    remark = plain_remark(permit)
    if remark:
        yield f"# {remark}"
    comment = f' comment "{remark}"' if remark else ""
    for addresses in _addresses(permit):
        parts = (f'iifname "{permit.in_if}" oifname "{permit.out_if}"', addresses, _service(permit))
        yield " ".join(part for part in parts if part) + f" accept{comment}"


def _addresses(permit: Permit) -> Iterator[str]:
    """One expression for each family; one for both where neither end is said."""
    if permit.src == ANYWHERE and permit.dst == ANYWHERE:
        yield ""
        return
    for family, name in ((4, "ip"), (6, "ip6")):
        ends = [("saddr", permit.src), ("daddr", permit.dst)]
        if all(end.of_family(family) for _, end in ends):
            said = [
                f"{name} {side} {_values(_texts(end.of_family(family), family))}"
                for side, end in ends
                if end.of_family(family) != ANYWHERE.of_family(family)
            ]
            yield " ".join(said) or f"meta nfproto ipv{family}"


def _texts(found: Spans, family: int) -> list[str]:
    kind: type[IPv4Address | IPv6Address] = IPv4Address if family == IPV4 else IPv6Address
    return [_range(str(kind(low)), str(kind(high))) for low, high in found]


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low}-{high}"


def _values(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{{ {', '.join(texts)} }}"


def _service(permit: Permit) -> str:
    if permit.protocol is None:
        return ""
    name = _PROTOCOLS.get(permit.protocol)
    ports = ports_of(permit)
    if ports is None or name is None:
        return f"meta l4proto {name or _OTHERS.get(permit.protocol, permit.protocol)}"
    return f"{name} dport {_values([_range(str(low), str(high)) for low, high in ports])}"
