"""What the expressions of nftables look at in a packet: the fields that decide who may pass.

Documentation: nft(8), *Payload expressions*, *Meta expressions*, *Conntrack expressions*. A field
of a protocol implies the protocol, and of an address its family, also where it is negated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import Final

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, PORTED, TCP, Names, State
from checkvalve.observe.firewalls.netfilter.netfilter_conditions import (
    FLAGS,
    NEVER,
    Alternatives,
    Conditions,
    perhaps,
)
from checkvalve.observe.firewalls.netfilter.netfilter_names import (
    ICMP_CODES,
    ICMP_TYPES,
    ICMPV6_CODES,
    ICMPV6_TYPES,
    PROTOCOLS,
    SERVICES,
    icmp_type,
    number,
)
from checkvalve.observe.firewalls.netfilter.nft_entries import Json
from checkvalve.observe.firewalls.spans import (
    ALL_PORTS,
    ALL_PROTOCOLS,
    ALL_V4,
    ALL_V6,
    ANY_V4,
    ANY_V6,
    Addresses,
    Span,
    Spans,
    complement,
    spans,
)

_PORTS_OF: Final = {"tcp": TCP, "udp": 17, "udplite": 136, "sctp": 132, "dccp": 33}
_WITH_PORTS: Final = spans((one, one) for one in PORTED)
_OCTET: Final = ((0, 255),)
_NFPROTO: Final = {"ipv4": 2, "ipv6": 10}
_ETHERTYPE: Final = {"ip": 0x0800, "ip6": 0x86DD, "arp": 0x0806, "vlan": 0x8100}
_STATES: Final = {
    "new": State.NEW,
    "established": State.ESTABLISHED,
    "related": State.RELATED,
    "invalid": State.INVALID,
}


@dataclass(frozen=True, slots=True)
class NumberField:
    """A field with numbers.

    Attributes:
        whole: what it may hold.
        span: the numbers that one value of JSON means; raises ``ValueError``.
        put: the packets whose field is among some numbers.
    """

    whole: Spans
    span: Callable[[Json], Span]
    put: Callable[[Spans], Alternatives]

    def values(self, found: Iterable[Json]) -> Spans:
        """The numbers that values of JSON mean."""
        return spans(self.span(one) for one in found)


@dataclass(frozen=True, slots=True)
class InterfaceField:
    """``iifname`` and ``oifname``, ``iif`` and ``oif``."""

    comes_in: bool

    def put(self, found: Iterable[Json], *, negated: bool) -> Alternatives:
        """The packets that come in, or go out, by interfaces of some names."""
        names = frozenset(map(_interface, found))
        if not names:
            return (Conditions(),) if negated else NEVER
        meant = Names(names, negated=negated)
        return (Conditions(in_if=meant) if self.comes_in else Conditions(out_if=meant),)


def _interface(value: Json) -> str:
    if not isinstance(value, str) or not value or value.startswith(("@", "$")):
        raise ValueError("an interface that has no name")
    return value


@dataclass(frozen=True, slots=True)
class StateField:
    """``ct state``."""

    untracking: bool

    def put(self, found: Iterable[Json], *, negated: bool) -> Alternatives:
        """The packets of sessions in some states."""
        names = {str(one) for one in found}
        if names - {*_STATES, "untracked"}:
            raise ValueError("a state that is not known")
        states = frozenset(_STATES[name] for name in names - {"untracked"})
        tracked = Conditions(states=frozenset(State) - states if negated else states)
        if self.untracking and ("untracked" in names) != negated:
            return (tracked, *perhaps("packets that are not tracked"))
        return (tracked,)


@dataclass(frozen=True, slots=True)
class FlagsField:
    """``tcp flags``."""

    def bits(self, value: Json) -> int:
        """The flags that a value of JSON means."""
        match value:
            case int() if 0 <= value <= 255:  # noqa: PLR2004  # an octet
                return value
            case str() if value.casefold() in FLAGS:
                return FLAGS[value.casefold()]
            case list() | {"|": list()}:
                parts = value if isinstance(value, list) else value["|"]
                found = 0
                for part in parts:
                    found |= self.bits(part)
                return found
            case _:
                raise ValueError("flags that are not known")


Field = NumberField | InterfaceField | StateField | FlagsField


def field_of(left: Json, *, untracking: bool) -> Field:
    """The field that an expression looks at.

    Raises:
        ValueError: it is none that is read here.
    """
    match left:
        case {"payload": {"protocol": str() as protocol, "field": str() as name}}:
            return _payload(protocol, name)
        case {"meta": {"key": "iifname" | "iif"}}:
            return InterfaceField(comes_in=True)
        case {"meta": {"key": "oifname" | "oif"}}:
            return InterfaceField(comes_in=False)
        case {"meta": {"key": str() as key}} if key in _META:
            return _META[key]
        case {"ct": {"key": "state", **more}} if not more:
            return StateField(untracking)
        case _:
            raise ValueError("it looks at something that is not read")


def _payload(protocol: str, name: str) -> Field:
    if (protocol, name) in _PAYLOADS:
        return _PAYLOADS[protocol, name]
    if protocol in _PORTS_OF and name in ("sport", "dport"):
        of = Conditions(protocols=((_PORTS_OF[protocol],) * 2,))
        return NumberField(ALL_PORTS, _port, lambda found: (_with_ports(of, name, found),))
    if protocol == "th" and name in ("sport", "dport"):
        return NumberField(ALL_PORTS, _port, lambda found: _any_ports(name, found))
    if (protocol, name) == ("tcp", "flags"):
        return FlagsField()
    raise ValueError(f"{protocol} {name} is not read")


def _with_ports(of: Conditions, name: str, found: Spans) -> Conditions:
    return replace(of, src_ports=found) if name == "sport" else replace(of, dst_ports=found)


def _any_ports(name: str, found: Spans) -> Alternatives:
    """``th`` reads the same octets in protocols that have no ports there."""
    others = complement(_WITH_PORTS, ALL_PROTOCOLS)
    without = Conditions(protocols=others, unknown=("ports in a protocol that has none",))
    return (_with_ports(Conditions(protocols=_WITH_PORTS), name, found), without)


def _span(read: Callable[[Json], int], value: Json) -> Span:
    match value:
        case {"range": [low, high]}:
            return read(low), read(high)
        case _:
            single = read(value)
            return single, single


def _word(value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("it is no number and no name")
    return str(value)


def _port(value: Json) -> Span:
    return _span(lambda one: number(_word(one), SERVICES, 65_535), value)


def _protocol(value: Json) -> Span:
    return _span(lambda one: number(_word(one), PROTOCOLS, 255), value)


def _named(names: dict[str, int], most: int) -> Callable[[Json], Span]:
    return lambda value: _span(lambda one: number(_word(one), names, most), value)


def _icmp_types(names: dict[str, tuple[int, ...]]) -> Callable[[Json], Span]:
    whole_types = {name: kind for name, kind in names.items() if len(kind) == 1}
    return lambda value: _span(lambda one: icmp_type(_word(one), whole_types)[0] >> 8, value)


def address_span(version: int) -> Callable[[Json], Span]:
    """Addresses of one family: ``10.0.0.1``, a range, a prefix."""

    def span(value: Json) -> Span:
        match value:
            case {"prefix": {"addr": str() as address, "len": int() as length}}:
                network = ip_network(f"{address}/{length}", strict=False)
                found = int(network.network_address), int(network.broadcast_address)
                same = network.version == version
            case {"range": [str() as low, str() as high]}:
                first, last = ip_address(low), ip_address(high)
                found = int(first), int(last)
                same = first.version == last.version == version
            case str():
                single = ip_address(value)
                found, same = (int(single), int(single)), single.version == version
            case _:
                raise ValueError("it is no address")
        if not same:
            raise ValueError("an address of the other family")
        return found

    return span


def _addresses(version: int, *, source: bool) -> NumberField:
    def put(found: Spans) -> Alternatives:
        meant = Addresses(v4=found) if version == 4 else Addresses(v6=found)  # noqa: PLR2004  # IP
        other = ANY_V4 if version == 4 else ANY_V6  # noqa: PLR2004  # IP
        if source:
            return (Conditions(src=meant, dst=other),)
        return (Conditions(src=other, dst=meant),)

    whole = ALL_V4 if version == 4 else ALL_V6  # noqa: PLR2004  # IP
    return NumberField(whole, address_span(version), put)


def _of_family(wanted: Addresses) -> Conditions:
    return Conditions(src=wanted, dst=wanted)


def _families(numbers: dict[int, Addresses]) -> Callable[[Spans], Alternatives]:
    """The packets of the families whose numbers are among some."""

    def put(found: Spans) -> Alternatives:
        meant = [
            addresses
            for value, addresses in numbers.items()
            if any(low <= value <= high for low, high in found)
        ]
        return tuple(map(_of_family, meant)) or NEVER

    return put


def _icmp_field(protocol: int, read: Callable[[Json], Span], *, code: bool) -> NumberField:
    def put(found: Spans) -> Alternatives:
        if code:
            pairs = [(kind << 8 | a, kind << 8 | b) for kind in range(256) for a, b in found]
        else:
            pairs = [(a << 8, b << 8 | 255) for a, b in found]
        family = ANY_V4 if protocol == ICMP else ANY_V6
        of = _of_family(family)
        return (replace(of, protocols=((protocol, protocol),), icmp=spans(pairs)),)

    return NumberField(_OCTET, read, put)


def _protocols(family: Addresses | None) -> NumberField:
    of = Conditions() if family is None else _of_family(family)
    return NumberField(_OCTET, _protocol, lambda found: (replace(of, protocols=found),))


_PAYLOADS: Final[dict[tuple[str, str], NumberField]] = {
    ("ip", "saddr"): _addresses(4, source=True),
    ("ip", "daddr"): _addresses(4, source=False),
    ("ip6", "saddr"): _addresses(6, source=True),
    ("ip6", "daddr"): _addresses(6, source=False),
    ("ip", "protocol"): _protocols(ANY_V4),
    ("ip6", "nexthdr"): _protocols(ANY_V6),
    ("icmp", "type"): _icmp_field(ICMP, _icmp_types(ICMP_TYPES), code=False),
    ("icmp", "code"): _icmp_field(ICMP, _named(ICMP_CODES, 255), code=True),
    ("icmpv6", "type"): _icmp_field(ICMPV6, _icmp_types(ICMPV6_TYPES), code=False),
    ("icmpv6", "code"): _icmp_field(ICMPV6, _named(ICMPV6_CODES, 255), code=True),
}
_META: Final[dict[str, NumberField]] = {
    "l4proto": _protocols(None),
    "nfproto": NumberField(_OCTET, _named(_NFPROTO, 255), _families({2: ANY_V4, 10: ANY_V6})),
    "protocol": NumberField(
        ALL_PORTS, _named(_ETHERTYPE, 65_535), _families({0x0800: ANY_V4, 0x86DD: ANY_V6})
    ),
}
