"""Sets of whole numbers as sorted, disjoint spans: addresses, ports, protocols.

A span is a pair ``(low, high)``, both ends included. All functions take and give the canonical
form: sorted, disjoint, no two spans adjacent. Python integers, so IPv6 costs no more thought
than IPv4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final, Self

Span = tuple[int, int]
Spans = tuple[Span, ...]

NOTHING: Final[Spans] = ()
ALL_V4: Final[Spans] = ((0, 2**32 - 1),)
ALL_V6: Final[Spans] = ((0, 2**128 - 1),)
ALL_PORTS: Final[Spans] = ((0, 65_535),)
ALL_PROTOCOLS: Final[Spans] = ((0, 255),)

#: The number of an address family, as IP calls it.
IPV4: Final = 4
IPV6: Final = 6

#: Spans that a wildcard mask with holes may need; beyond it the mask is not understood.
MOST_SPANS: Final = 4_096


def spans(pairs: Iterable[Span]) -> Spans:
    """The canonical form of any spans; one whose ends are swapped is empty."""
    merged: list[Span] = []
    for low, high in sorted(pair for pair in pairs if pair[0] <= pair[1]):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def union(*sets: Spans) -> Spans:
    """What is in any of them."""
    return spans(pair for one in sets for pair in one)


def intersection(a: Spans, b: Spans) -> Spans:
    """What is in both."""
    found: list[Span] = []
    i = j = 0
    while i < len(a) and j < len(b):
        low, high = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if low <= high:
            found.append((low, high))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def complement(a: Spans, whole: Spans) -> Spans:
    """What is in ``whole`` and not in ``a``."""
    found: list[Span] = []
    for low, high in whole:
        at = low
        for first, last in a:
            if last < at or first > high:
                continue
            if first > at:
                found.append((at, first - 1))
            at = last + 1
        if at <= high:
            found.append((at, high))
    return tuple(found)


def masked(address: int, wildcard: int, bits: int) -> Spans | None:
    """Addresses that agree with ``address`` wherever ``wildcard`` has a 0 (Cisco's form).

    Args:
        address: the pattern.
        wildcard: a 1 for each bit that does not matter; it may have holes.
        bits: 32 or 128.

    Returns:
        The spans; ``None`` where there are more than ``MOST_SPANS``.
    """
    whole = (1 << bits) - 1
    wildcard &= whole
    low = (wildcard ^ (wildcard + 1)) >> 1 & whole  # the trailing ones: one span each
    free = wildcard & ~low
    holes = [1 << k for k in range(bits) if free >> k & 1]
    if 1 << len(holes) > MOST_SPANS:
        return None
    starts = [address & ~wildcard & whole]
    for hole in holes:
        starts += [start | hole for start in starts]
    return spans((start, start + low) for start in starts)


@dataclass(frozen=True, slots=True)
class Addresses:
    """A set of addresses of both families.

    Attributes:
        v4: IPv4 addresses as numbers.
        v6: IPv6 addresses as numbers; never IPv4-mapped ones, which are IPv4.
    """

    v4: Spans = NOTHING
    v6: Spans = NOTHING

    @classmethod
    def of(cls, text: str) -> Self:
        """Addresses from ``10.0.0.1``, ``10.0.0.0/8``, ``10.0.0.1-10.0.0.9``, v6 alike.

        Raises:
            ValueError: it is none of these.
        """
        first, dash, last = text.partition("-")
        if dash:
            low, high = ip_address(first.strip()), ip_address(last.strip())
            if low.version != high.version or int(low) > int(high):
                raise ValueError(f"{text!r} is not an address range")
            pair, version = ((int(low), int(high)),), low.version
        else:
            network = ip_network(text, strict=False)
            pair = ((int(network.network_address), int(network.broadcast_address)),)
            version = network.version
        return cls(v4=pair) if version == IPV4 else cls(v6=pair)

    def of_family(self, family: int) -> Spans:
        """The spans of family 4 or 6."""
        return self.v4 if family == IPV4 else self.v6

    def __or__(self, other: Self) -> Self:
        """What is in either."""
        return type(self)(union(self.v4, other.v4), union(self.v6, other.v6))

    def __and__(self, other: Self) -> Self:
        """What is in both."""
        return type(self)(intersection(self.v4, other.v4), intersection(self.v6, other.v6))

    def __sub__(self, other: Self) -> Self:
        """What is in the first alone."""
        return type(self)(complement(other.v4, self.v4), complement(other.v6, self.v6))

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)


NOWHERE: Final = Addresses()
ANYWHERE: Final = Addresses(ALL_V4, ALL_V6)
ANY_V4: Final = Addresses(ALL_V4)
ANY_V6: Final = Addresses(v6=ALL_V6)
