"""Writes FortiOS policies: objects, services, one policy a permit, and a last one that denies.

Private to the FortiOS writer. For 6.4 and later, where one policy holds both families.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from typing import Final

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, SCTP, TCP, UDP, FirewallError, Permit
from checkvalve.observe.firewalls.spans import ALL_V4, ALL_V6, IPV4, Span, Spans

_PORTS: Final = {TCP: "tcp", UDP: "udp", SCTP: "sctp"}
_ICMP: Final = {ICMP: "ICMP", ICMPV6: "ICMP6"}
_LONGEST_COMMENT: Final = 1_023
_EVERYWHERE: Final = {4: ALL_V4, 6: ALL_V6}


def write(permits: Sequence[Permit]) -> str:
    """All sections of a fragment that permits exactly these.

    Raises:
        FirewallError: one of them can't be said.
    """
    numbered = [(number, one) for number, one in enumerate(permits, start=1) if _permits(one)]
    policies = [line for number, one in numbered for line in _policy(number, one)]
    policies += _denial(len(permits) + 1)
    sections = [
        _section("firewall address", (line for n, one in numbered for line in _objects(n, one, 4))),
        _section(
            "firewall address6", (line for n, one in numbered for line in _objects(n, one, 6))
        ),
        _section(
            "firewall service custom", (line for n, one in numbered for line in _service(n, one))
        ),
        _section("firewall policy", policies),
    ]
    return "\n".join(line for section in sections for line in section) + "\n"


def _section(path: str, lines: Iterable[str]) -> list[str]:
    found = [f"    {line}" for line in lines]
    return [f"config {path}", *found, "end"] if found else []


def _families(permit: Permit) -> tuple[int, ...]:
    return tuple(f for f in (4, 6) if permit.src.of_family(f) and permit.dst.of_family(f))


def _permits(permit: Permit) -> bool:
    """Whether it permits anything at all."""
    return bool(_families(permit)) and permit.dst_ports != ()


def _policy(number: int, permit: Permit) -> Iterator[str]:
    yield f"edit {number}"
    yield f"    set name {_quoted(f'permit-{number}')}"
    yield f"    set srcintf {_interface(permit.in_if)}"
    yield f"    set dstintf {_interface(permit.out_if)}"
    yield "    set action accept"
    for family in _families(permit):
        tail = "" if family == IPV4 else "6"
        for side, spans in (("src", permit.src), ("dst", permit.dst)):
            names = _names(number, side, spans.of_family(family), family)
            yield f"    set {side}addr{tail} {' '.join(map(_quoted, names))}"
    yield '    set schedule "always"'
    yield f"    set service {_quoted(_service_name(number, permit))}"
    yield "    set logtraffic all"
    remark = plain(permit.remark)[:_LONGEST_COMMENT]
    if remark:
        yield f"    set comments {_quoted(remark)}"
    yield "next"


def _denial(number: int) -> list[str]:
    return [
        f"edit {number}",
        '    set name "deny-the-rest"',
        '    set srcintf "any"',
        '    set dstintf "any"',
        "    set action deny",
        '    set srcaddr "all"',
        '    set dstaddr "all"',
        '    set srcaddr6 "all"',
        '    set dstaddr6 "all"',
        '    set schedule "always"',
        '    set service "ALL"',
        "    set logtraffic all",
        "next",
    ]


def _interface(name: str) -> str:
    if not name or name.endswith("*") or plain(name) != name:
        raise FirewallError(
            f"FortiOS can't name the interface {name!r}", hint="name one interface or zone"
        )
    return _quoted(name)


def _names(number: int, side: str, spans: Spans, family: int) -> list[str]:
    if spans == _EVERYWHERE[family]:
        return ["all"]
    return [f"permit-{number}-{side}-{at}" for at, _ in enumerate(spans, start=1)]


def _objects(number: int, permit: Permit, family: int) -> Iterator[str]:
    if family not in _families(permit):
        return
    for side, addresses in (("src", permit.src), ("dst", permit.dst)):
        spans = addresses.of_family(family)
        names = _names(number, side, spans, family)
        if names == ["all"]:
            continue
        for name, span in zip(names, spans, strict=True):
            yield f"edit {_quoted(name)}"
            yield from (f"    set {line}" for line in _object(span, family))
            yield "next"


def _object(span: Span, family: int) -> list[str]:
    low, high = (IPv4Address(end) if family == IPV4 else IPv6Address(end) for end in span)
    first, *more = summarize_address_range(low, high)
    if more:
        return ["type iprange", f"start-ip {low}", f"end-ip {high}"]
    if family == IPV4:
        return [f"subnet {first.network_address} {first.netmask}"]
    return [f"ip6 {first}"]


def _service_name(number: int, permit: Permit) -> str:
    return "ALL" if permit.protocol is None else f"permit-{number}-service"


def _service(number: int, permit: Permit) -> Iterator[str]:
    if permit.protocol is None:
        return
    yield f"edit {_quoted(_service_name(number, permit))}"
    yield from (f"    {line}" for line in _match(permit.protocol, permit.dst_ports))
    yield "next"


def _match(protocol: int, dst_ports: Spans | None) -> list[str]:
    if dst_ports is not None and protocol in _PORTS:
        words = (f"{low}" if low == high else f"{low}-{high}" for low, high in dst_ports)
        return [f"set {_PORTS[protocol]}-portrange {' '.join(words)}"]
    if dst_ports is not None or protocol == 0:
        raise FirewallError(
            f"a FortiOS service can't say protocol {protocol}"
            + (" with ports" if dst_ports is not None else ""),
            hint="permit the protocol as a whole, or all protocols",
        )
    if protocol in _ICMP:
        return [f"set protocol {_ICMP[protocol]}", "unset icmptype"]
    return ["set protocol IP", f"set protocol-number {protocol}"]


def plain(text: str) -> str:
    """One line of printable text."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
