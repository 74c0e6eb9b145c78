"""The modules of iptables, as ``-m`` names them: what their options ask of a packet.

Grammar: iptables-extensions(8), version 1.8. A module that is not here, or an option of one, is
not understood: the rule matches at most what its other options say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Final

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, PORTED, State
from checkvalve.observe.firewalls.netfilter.iptables_lines import Option
from checkvalve.observe.firewalls.netfilter.netfilter_conditions import (
    ALWAYS,
    FLAGS,
    NEVER,
    Alternatives,
    Conditions,
    all_of,
    perhaps,
    tcp_flags,
)
from checkvalve.observe.firewalls.netfilter.netfilter_names import (
    ICMP_TYPES,
    ICMPV6_TYPES,
    PROTOCOLS,
    SERVICES,
    icmp_type,
    number,
)
from checkvalve.observe.firewalls.spans import (
    ALL_PORTS,
    ANY_V4,
    ANY_V6,
    IPV4,
    Addresses,
    Spans,
    complement,
    spans,
)

_ANY_ICMP: Final = 255
_CONNTRACK_STATES: Final = {
    "NEW": State.NEW,
    "ESTABLISHED": State.ESTABLISHED,
    "RELATED": State.RELATED,
    "INVALID": State.INVALID,
}
_UNTRACKED: Final = "UNTRACKED"
_ALL_STATES: Final = frozenset(State)


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule's options mean depends on.

    Attributes:
        family: 4 or 6: which of the two tables it is in.
        untracking: some lines of the file switch tracking off.
        denies: all that the rule's target does is to deny.
        protocols: of ``-p``.
    """

    family: int
    untracking: bool = False
    denies: bool = False
    protocols: Spans | None = None

    @property
    def anywhere(self) -> Addresses:
        """All addresses of the family."""
        return ANY_V4 if self.family == IPV4 else ANY_V6


_Module = Callable[[list[Option], Context], Alternatives]


def read_module(name: str, own: list[Option], context: Context) -> Alternatives:
    """What a module asks, from its name and options; raises ``ValueError`` if it is not read."""
    reader = _MODULES.get(name.casefold())
    if reader is None:
        return perhaps(f"'{module_text(name, own)}' is not understood") if own else _bare(name)
    return reader(own, context)


def _bare(name: str) -> Alternatives:
    """A module without options: nothing beyond ``-p`` if it is a protocol's."""
    try:
        number(name, PROTOCOLS, 255)
    except ValueError:
        return ALWAYS if name in ("", "all", "any") else perhaps(f"'-m {name}' is not understood")
    return ALWAYS


def checked(text: str, read: Callable[[], Alternatives]) -> Alternatives:
    """What is read, or a condition that is not understood."""
    try:
        return read()
    except ValueError:
        return perhaps(f"{text!r} is not understood")


def module_text(name: str, own: Iterable[Option]) -> str:
    """A module as it stands in a rule."""
    return " ".join((f"-m {name}", *map(str, own)))


def or_not(found: Spans, whole: Spans, option: Option) -> Spans:
    """The numbers that an option means, negated or not."""
    return complement(found, whole) if option.negated else found


def _each(read: Callable[[Option, Context], Alternatives]) -> _Module:
    """A module whose options stand for themselves, and must all fit."""

    def module(own: list[Option], context: Context) -> Alternatives:
        return all_of(checked(str(one), partial(read, one, context)) for one in own)

    return module


def _transport(option: Option, context: Context) -> Alternatives:
    """``-m tcp``, ``-m udp`` and others with ports."""
    match option.name:
        case "--sport" | "--source-port" | "--sports":
            return _ports(option, context, source=True)
        case "--dport" | "--destination-port" | "--dports":
            return _ports(option, context, source=False)
        case "--syn":
            return _flags("FIN,SYN,RST,ACK", "SYN", negated=option.negated)
        case "--tcp-flags":
            mask, wanted = option.values
            return _flags(mask, wanted, negated=option.negated)
        case _:
            raise ValueError(option.name)


@cache
def _flags(mask: str, wanted: str, *, negated: bool) -> Alternatives:
    looked_at, on = _flag_bits(mask), _flag_bits(wanted)
    return tcp_flags(lambda flags: (flags & looked_at == on) != negated)


def _flag_bits(text: str) -> int:
    if text in ("ALL", "NONE"):
        return 0 if text == "NONE" else _flag_bits("FIN,SYN,RST,PSH,ACK,URG")
    try:
        return sum({FLAGS[name.casefold()] for name in text.split(",")})
    except KeyError as error:
        raise ValueError(text) from error


def _ports(option: Option, context: Context, *, source: bool) -> Alternatives:
    found = or_not(_port_spans(option.value), ALL_PORTS, option)
    protocols = _ported(context)
    if source:
        return (Conditions(protocols=protocols, src_ports=found),)
    return (Conditions(protocols=protocols, dst_ports=found),)


def _ported(context: Context) -> Spans:
    """The protocols of ``-p``, if they have ports."""
    found = context.protocols
    if found is None or any(low != high or low not in PORTED for low, high in found):
        raise ValueError("ports without a protocol that has them")
    return found


def _port_spans(text: str) -> Spans:
    pairs = []
    for part in text.split(","):
        low, colon, high = part.partition(":")
        first = number(low, SERVICES, 65_535) if low or not colon else 0
        pairs.append(
            (first, number(high, SERVICES, 65_535) if high else 65_535 if colon else first)
        )
    return spans(pairs)


def _multiport(option: Option, context: Context) -> Alternatives:
    if option.name not in ("--ports", "--port"):
        return _transport(option, context)
    source = _ports(option, context, source=True)
    destination = _ports(option, context, source=False)
    return all_of((source, destination)) if option.negated else (*source, *destination)


def _iprange(option: Option, context: Context) -> Alternatives:
    found = Addresses.of(option.value if "-" in option.value else f"{option.value}-{option.value}")
    if not found & context.anywhere:
        raise ValueError("a range of the other family")
    meant = context.anywhere - found if option.negated else found
    match option.name:
        case "--src-range":
            return (Conditions(src=meant),)
        case "--dst-range":
            return (Conditions(dst=meant),)
        case _:
            raise ValueError(option.name)


def _icmp(option: Option, _context: Context) -> Alternatives:
    names, protocol = (ICMP_TYPES, ICMP) if option.name == "--icmp-type" else (ICMPV6_TYPES, ICMPV6)
    if option.name not in ("--icmp-type", "--icmpv6-type"):
        raise ValueError(option.name)
    of_icmp = Conditions(protocols=((protocol, protocol),))
    if protocol == ICMP and option.value in ("any", str(_ANY_ICMP)):
        return NEVER if option.negated else (of_icmp,)
    found = or_not((icmp_type(option.value, names),), ALL_PORTS, option)
    return (replace(of_icmp, icmp=found),)


def _state(option: Option, context: Context) -> Alternatives:
    if option.name not in ("--state", "--ctstate"):
        raise ValueError(option.name)
    names = set(option.value.split(","))
    if names - {*_CONNTRACK_STATES, _UNTRACKED}:  # SNAT and DNAT say nothing about the session
        raise ValueError(option.value)
    states = frozenset(_CONNTRACK_STATES[name] for name in names - {_UNTRACKED})
    tracked = Conditions(states=_ALL_STATES - states if option.negated else states)
    if context.untracking and (_UNTRACKED in names) != option.negated:
        return (tracked, *perhaps("packets that are not tracked"))
    return (tracked,)


def _limit(own: list[Option], _context: Context) -> Alternatives:
    options = _named(own, "--limit", "--limit-burst")
    if any(one.negated for one in options.values()):
        raise ValueError("a negated limit")
    return _rate("below")


def _hashlimit(own: list[Option], _context: Context) -> Alternatives:
    more = ("mode", "burst", "name", "srcmask", "dstmask", "rate-match", "rate-interval")
    table = ("htable-size", "htable-max", "htable-expire", "htable-gcinterval")
    limits = ("--hashlimit-above", "--hashlimit-upto", "--hashlimit")
    return _limited(own, limits, *(f"--hashlimit-{name}" for name in more + table))


def _connlimit(own: list[Option], _context: Context) -> Alternatives:
    limits = ("--connlimit-above", "--connlimit-upto")
    return _limited(own, limits, *(f"--connlimit-{name}" for name in ("mask", "saddr", "daddr")))


def _limited(own: list[Option], limits: tuple[str, ...], *more: str) -> Alternatives:
    """One limit, of which the first name is *above*."""
    options = _named(own, *limits, *more)
    (limit,) = (options[name] for name in limits if name in options)
    return _rate("above" if (limit.name == limits[0]) != limit.negated else "below")


def _recent(own: list[Option], context: Context) -> Alternatives:
    """``--set`` only remembers. To be denied for what was seen before is to exceed a rate."""
    more = ("name", "rsource", "rdest", "mask", "seconds", "reap", "rttl", "hitcount")
    options = _named(own, "--set", "--update", "--rcheck", *(f"--{name}" for name in more))
    if "--set" in options:
        return NEVER if options["--set"].negated else ALWAYS
    asked = options.get("--update") or options.get("--rcheck")
    hits = options.get("--hitcount")
    several = hits is not None and int(hits.value) > 1
    if asked is None or not (several or (context.denies and "--seconds" in options)):
        raise ValueError("a list that fills while the firewall runs")
    return _rate("below" if asked.negated else "above")


def _addrtype(own: list[Option], context: Context) -> Alternatives:
    (option,) = own
    if option.name != "--dst-type" or option.value != "MULTICAST":
        raise ValueError("which addresses are the firewall's own is not in the file")
    found = Addresses.of("224.0.0.0/4") | Addresses.of("ff00::/8")
    return (Conditions(dst=context.anywhere - found if option.negated else found),)


def _comment(own: list[Option], _context: Context) -> Alternatives:
    _named(own, "--comment")
    return ALWAYS


def _named(own: list[Option], *names: str) -> dict[str, Option]:
    """The options by name, if there are no others."""
    found = {one.name: one for one in own}
    if found.keys() - set(names):
        raise ValueError("an option that is not known")
    return found


def _rate(kind: str) -> Alternatives:
    return (Conditions(rates=frozenset({kind})),)


_MODULES: Final[dict[str, _Module]] = {
    **dict.fromkeys(("tcp", "udp", "sctp", "dccp", "udplite"), _each(_transport)),
    **dict.fromkeys(("icmp", "icmp6", "icmpv6", "ipv6-icmp"), _each(_icmp)),
    **dict.fromkeys(("6", "17", "33", "132", "136"), _each(_transport)),
    "1": _each(_icmp),
    "58": _each(_icmp),
    "multiport": _each(_multiport),
    "iprange": _each(_iprange),
    "state": _each(_state),
    "conntrack": _each(_state),
    "comment": _comment,
    "limit": _limit,
    "hashlimit": _hashlimit,
    "connlimit": _connlimit,
    "recent": _recent,
    "addrtype": _addrtype,
}
