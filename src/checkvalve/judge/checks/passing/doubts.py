"""Why nobody can tell: the lines that are not understood, and what they touch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from checkvalve.judge.checks.passing.reach import Passing
from checkvalve.judge.checks.passing.reasons import perhaps_counting, touches
from checkvalve.judge.segmentation.network import Between, Network
from checkvalve.observe.firewalls.base import Ref, State

#: Boxes of packets that are held against the lines.
_MOST: Final = 16


def doubts_about(
    network: Network, passing: Sequence[Passing], answer: Between, state: State = State.NEW
) -> dict[Ref, str]:
    """The lines on the way that may decide some packets, each with why nobody can tell.

    Args:
        network: the rule sets.
        passing: the packets; of many the first are looked at.
        answer: tells the way.
        state: of their session.
    """
    hops = dict.fromkeys(hop for way in answer.routes for hop in way)
    return {
        rule.ref: why
        for hop in hops
        for one in passing[:_MOST]
        for rule, why in perhaps_counting(network, hop, one.family, one.protocol, state)
        if touches(rule, one.family, (one.box.src,), (one.box.dst,), (one.box.ports,))
    }


def in_words(doubts: Mapping[Ref, str]) -> str:
    """What ``doubts_about`` found, for people."""
    if not doubts:
        return "it passes on some of the ways and not on others"
    ref, why = next(iter(doubts.items()))
    where = f"line {ref.line} of {ref.file}" if ref.line else ref.file
    more = f", and {len(doubts) - 1} more such lines" if len(doubts) > 1 else ""
    return f"{where} is not certain ({why}){more}"
