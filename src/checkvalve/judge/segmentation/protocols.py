"""Runs of IP protocols that rule sets treat alike, and how people call them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from checkvalve.judge.segmentation.network import LAST_PROTOCOL, protocol_name
from checkvalve.observe.firewalls.spans import Span, spans


def run_of(number: int, told_apart: tuple[int, ...]) -> Span:
    """All protocols that are treated as one of ``protocols_told_apart`` is."""
    place = bisect_right(told_apart, number)
    return (number, told_apart[place] - 1 if place < len(told_apart) else LAST_PROTOCOL)


def in_words(runs: Iterable[Span]) -> str:
    """Protocols as people say them: ``tcp, udp, protocols 47, 50-51``."""
    named: list[str] = []
    others: list[Span] = []
    for low, high in sorted(runs):
        name = protocol_name(low)
        if low == high and not name.startswith("protocol"):
            named.append(name)
        else:
            others.append((low, high))
    listed = [str(low) if low == high else f"{low}-{high}" for low, high in spans(others)]
    if listed:
        alone = listed[0].isdecimal() and len(listed) == 1
        named.append(f"protocol{'' if alone else 's'} {', '.join(listed)}")
    return ", ".join(named)
