"""Entries of access lists: what ASA and IOS have in common, and their neutral form.

An entry is read as far as it is understood. What is known of it becomes a rule; what is in doubt
becomes an unknown rule behind it, as wide as the doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address, NetmaskValueError, ip_network
from typing import Final, Generic, TypeVar

from checkvalve.observe.firewalls.base import Action, FilterRule, Ref, State, When
from checkvalve.observe.firewalls.cisco.cisco_groups import Groups, Part, Service
from checkvalve.observe.firewalls.cisco.cisco_lines import WordError
from checkvalve.observe.firewalls.cisco.cisco_times import TimeRange
from checkvalve.observe.firewalls.spans import ALL_V4, ANYWHERE, Addresses, Spans, masked

T = TypeVar("T")
R = TypeVar("R")

_V4_BITS: Final = 32
_V6_BITS: Final = 128
_ALL_OF_V4: Final = 2**32 - 1
#: Spellings whose addresses are remembered: long lists say the same ones again and again.
_REMEMBERED: Final = 16_384
ACTIONS: Final[Mapping[str, Action]] = {"permit": Action.ACCEPT, "deny": Action.DENY}


@dataclass(slots=True)
class Entry:
    """One entry while it is read: what is not read yet is everything.

    Attributes:
        action: permit or deny.
        ref: where it stands.
        everywhere: all addresses that its list decides about.
        src: sources.
        dst: destinations.
        services: protocols, ports and ICMP types.
        states: of the session; ``None``: any.
        whens: times at which it counts, any of them; empty: always.
        doubt: why it may match less than it says.
    """

    action: Action
    ref: Ref
    everywhere: Addresses = ANYWHERE
    src: Part[Addresses] = field(default_factory=lambda: Part(ANYWHERE))
    dst: Part[Addresses] = field(default_factory=lambda: Part(ANYWHERE))
    services: Part[tuple[Service, ...]] = field(default_factory=lambda: Part((Service(),)))
    states: frozenset[State] | None = None
    whens: tuple[When, ...] = ()
    doubt: str = ""

    def __post_init__(self) -> None:
        self.src = self.dst = Part(self.everywhere)

    def rules(self) -> Iterator[FilterRule]:
        """The entry in neutral form."""
        if not self.doubt:
            yield from self._rules(self.src.known, self.dst.known, self.services.known, "")
        doubts = (self.doubt, self.src.doubt, self.dst.doubt, self.services.doubt)
        if any(doubts):
            yield from self._rules(
                _widest(self.src, self.everywhere),
                _widest(self.dst, self.everywhere),
                _widest(self.services, (Service(),)),
                "; ".join(dict.fromkeys(filter(None, doubts))),
            )

    def _rules(
        self, src: Addresses, dst: Addresses, services: tuple[Service, ...], unknown: str
    ) -> Iterator[FilterRule]:
        if not src or not dst:
            return
        for service in services:
            for when in self.whens or (None,):
                yield FilterRule(
                    self.action,
                    self.ref,
                    src,
                    dst,
                    service.protocols,
                    service.src_ports,
                    service.dst_ports,
                    service.icmp,
                    states=self.states,
                    when=when,
                    unknown=unknown,
                )


def _widest(part: Part[T], everything: T) -> T:
    if not part.doubt:
        return part.known
    return everything if part.wide is None else part.wide


def either(ref: Ref, why: str, everywhere: Addresses = ANYWHERE) -> tuple[FilterRule, ...]:
    """A line of which not even the action is known: it may let pass, and it may stop."""
    return tuple(
        FilterRule(action, ref, src=everywhere, dst=everywhere, unknown=why)
        for action in (Action.ACCEPT, Action.DENY)
    )


@dataclass(slots=True)
class AccessList:
    """An access list and its entries.

    Attributes:
        name: as it is called.
        ref: where it begins.
        everywhere: all addresses that it decides about.
        entries: sequence number (``None``: behind all before it) and rules of each.
    """

    name: str
    ref: Ref
    everywhere: Addresses = ANYWHERE
    entries: list[tuple[int | None, tuple[FilterRule, ...]]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether it has no entry at all, not even one that matches nothing."""
        return not self.entries

    def add(self, rules: tuple[FilterRule, ...], sequence: int | None = None) -> None:
        """Add an entry."""
        self.entries.append((sequence, rules))

    def rules(self) -> tuple[FilterRule, ...]:
        """The rules in order: by sequence number, an entry without one ten behind the last."""
        last = 0
        numbered = []
        for sequence, rules in self.entries:
            at = last + 10 if sequence is None else sequence
            last = max(last, at)
            numbered.append((at, rules))
        numbered.sort(key=lambda entry: entry[0])
        return tuple(rule for _, rules in numbered for rule in rules)


def v4(word: str) -> int:
    """An IPv4 address.

    Raises:
        WordError: it is none.
    """
    try:
        return int(IPv4Address(word))
    except AddressValueError as error:
        raise WordError(f"'{word}' is no address") from error


def v6(word: str) -> int:
    """An IPv6 address.

    Raises:
        WordError: it is none.
    """
    try:
        return int(IPv6Address(word))
    except AddressValueError as error:
        raise WordError(f"'{word}' is no address") from error


@lru_cache(maxsize=_REMEMBERED)
def host(word: str) -> Addresses:
    """One address of either family.

    Raises:
        WordError: it is none.
    """
    if ":" in word:
        one = v6(word)
        return Addresses(v6=((one, one),))
    one = v4(word)
    return Addresses(((one, one),))


def prefix(word: str) -> Addresses:
    """Addresses from ``10.0.0.0/8`` or ``2001:db8::/32``.

    Raises:
        WordError: it is none.
    """
    address, _, length = word.partition("/")
    if not length.isascii() or not length.isdecimal():
        raise WordError(f"'{word}' is no prefix")
    try:
        network = ip_network((address, int(length)), strict=False)
    except (ValueError, AddressValueError, NetmaskValueError) as error:
        raise WordError(f"'{word}' is no prefix") from error
    pair = ((int(network.network_address), int(network.broadcast_address)),)
    return Addresses(v6=pair) if ":" in address else Addresses(pair)


def interval(first: str, last: str) -> Addresses:
    """Addresses from one to another.

    Raises:
        WordError: they are no addresses of one family, or in the wrong order.
    """
    low, high = host(first), host(last)
    if bool(low.v4) != bool(high.v4) or (low.v4 or low.v6) > (high.v4 or high.v6):
        raise WordError(f"'{first} {last}' is no range of addresses")
    if low.v4:
        return Addresses(((low.v4[0][0], high.v4[0][0]),))
    return Addresses(v6=((low.v6[0][0], high.v6[0][0]),))


@lru_cache(maxsize=_REMEMBERED)
def netmasked(address: str, mask: str) -> Addresses:
    """IPv4 addresses from an address and a mask with a 1 for each bit that counts.

    Raises:
        WordError: they are none, or the mask has more holes than can be followed.
    """
    return Addresses(_pattern(v4(address), ~v4(mask), _V4_BITS))


@lru_cache(maxsize=_REMEMBERED)
def wildcard(address: str, mask: str) -> Addresses:
    """Addresses from an address and a mask with a 1 for each bit that does not count.

    Raises:
        WordError: they are none, or the mask has more holes than can be followed.
    """
    if ":" in address:
        return Addresses(v6=_pattern(v6(address), v6(mask), _V6_BITS))
    return Addresses(_pattern(v4(address), v4(mask), _V4_BITS))


def _pattern(address: int, mask: int, bits: int) -> Spans:
    if bits == _V4_BITS and (mask & _ALL_OF_V4) == _ALL_OF_V4:
        return ALL_V4
    found = masked(address, mask, bits)
    if found is None:
        raise WordError("the mask has more holes than can be followed")
    return found


def united(part: Part[tuple[Addresses, ...]]) -> Part[Addresses]:
    """A group's addresses as one set."""
    found = Addresses()
    for one in part.known:
        found = Addresses(found.v4 + one.v4, found.v6 + one.v6)
    return Part(found | Addresses(), part.doubt)


class Resolved(Generic[T, R]):
    """A group's members made into what an entry needs: once for each group."""

    def __init__(self, groups: Groups[T], make: Callable[[Part[tuple[T, ...]]], Part[R]]) -> None:
        self._groups = groups
        self._make = make
        self._made: dict[str, Part[R]] = {}

    def __getitem__(self, name: str) -> Part[R]:
        if name not in self._made:
            self._made[name] = self._make(self._groups.resolve(name))
        return self._made[name]


def times(ranges: Mapping[str, TimeRange], name: str) -> Part[tuple[When, ...]]:
    """When an entry with this ``time-range`` counts."""
    found = ranges.get(name)
    if found is None:
        return Part((), f"time-range {name} is not defined")
    whens = found.whens()
    if found.doubt or not whens:
        return Part((), found.doubt or f"time-range {name} says no time")
    return Part(whens)
