"""Random rule lists that look like a plant's: zones, hosts, services, and some lines for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np

from checkvalve.observe.firewalls.base import (
    ICMP,
    TCP,
    UDP,
    Action,
    Chain,
    FilterRule,
    Ref,
    RuleSet,
    Stage,
)
from checkvalve.observe.firewalls.spans import ANY_V4, Addresses, Spans

_PORTS: Final = (22, 80, 443, 502, 102, 20_000, 44_818, 4_840)
_ZONE: Final = 1 << 16

Choice = TypeVar("Choice")


def zones(count: int) -> tuple[Addresses, ...]:
    """Zones of 65,536 addresses each, from 10.0.0.0 on."""
    return tuple(_from((10 << 24) + number * _ZONE, _ZONE) for number in range(count))


def rule_list(rng: np.random.Generator, rules: int, zone_count: int) -> RuleSet:
    """One flat list of rules between zones; what none matches is denied.

    Args:
        rng: seeded, so that a run can be repeated.
        rules: how many lines.
        zone_count: how many zones they speak of.
    """
    lines = tuple(_line(rng, number + 1, zone_count) for number in range(rules))
    last = FilterRule(Action.DENY, Ref("list", 0, "implicit deny"))
    return RuleSet("list", "list", {"list": Chain(lines, last)}, (Stage("list"),))


def _line(rng: np.random.Generator, number: int, zone_count: int) -> FilterRule:
    protocol = _one_of(rng, (TCP, TCP, UDP, ICMP))
    return FilterRule(
        Action.ACCEPT if rng.random() < 0.8 else Action.DENY,  # noqa: PLR2004  # as in plants
        Ref("list", number, f"line {number}"),
        _addresses(rng, zone_count),
        _addresses(rng, zone_count),
        ((protocol, protocol),),
        dst_ports=None if protocol == ICMP else _ports(rng),
    )


def _addresses(rng: np.random.Generator, zone_count: int) -> Addresses:
    """Anybody, a zone, a subnet of it, or a host."""
    size = _one_of(rng, (0, *[_ZONE] * 3, *[256] * 6, *[1] * 10))
    if not size:
        return ANY_V4
    base = (10 << 24) + int(rng.integers(zone_count)) * _ZONE
    return _from(base + int(rng.integers(_ZONE)) // size * size, size)


def _ports(rng: np.random.Generator) -> Spans | None:
    low = _one_of(rng, (*_PORTS, int(rng.integers(1 << 16)), -1))
    if low < 0:
        return None
    return ((low, min(low + _one_of(rng, (*[0] * 9, 50)), (1 << 16) - 1)),)


def _from(first: int, size: int) -> Addresses:
    return Addresses(v4=((first, first + size - 1),))


def _one_of(rng: np.random.Generator, choices: Sequence[Choice]) -> Choice:
    return choices[int(rng.integers(len(choices)))]
