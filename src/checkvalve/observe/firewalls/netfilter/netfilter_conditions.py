"""What a netfilter rule asks of a packet: the conditions that iptables and nftables share.

A rule is a list of alternatives, each of them one ``Conditions``: all its fields must fit.

TCP flags have no field in the neutral form; they are told by the session's state. A packet that
opens a session (``NEW``; ``RELATED`` likewise) is a SYN and nothing else. In a session
(``ESTABLISHED``) are the combinations that the kernel's connection tracking takes for valid
(``tcp_valid_flags`` in ``nf_conntrack_proto_tcp.c``), but no lone SYN, and PSH only with ACK.
Whatever else arrives is ``INVALID``, and may be anything.

Known limits: a packet in mid-stream that connection tracking picks up as a new session
(``nf_conntrack_tcp_loose``) is not told from a SYN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from checkvalve.observe.firewalls.base import TCP, Action, FilterRule, Names, Ref, State
from checkvalve.observe.firewalls.spans import (
    ANYWHERE,
    NOTHING,
    Addresses,
    Spans,
    intersection,
)

#: Alternatives that one rule may have; beyond it the rule is not understood.
MOST_ALTERNATIVES: Final = 20_000

FLAGS: Final = {
    name: 1 << bit
    for bit, name in enumerate(("fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"))
}
FLAGS_IN_DOUBT: Final = "the flags of TCP"
_SYN: Final = FLAGS["syn"]
_OPENING: Final = frozenset({_SYN})
_ACK: Final = FLAGS["ack"]
_WITH_DATA: Final = (_ACK, _ACK | FLAGS["fin"])
_EXTRAS: Final = [
    push | congestion
    for push in (0, FLAGS["psh"])
    for congestion in (0, FLAGS["ecn"], FLAGS["cwr"], FLAGS["ecn"] | FLAGS["cwr"])
]
_IN_SESSION: Final = frozenset(
    {FLAGS["rst"]}
    | {
        kind | extra
        for kind in (*_WITH_DATA, _ACK | _SYN, _ACK | FLAGS["rst"])
        for extra in _EXTRAS
    }
    | {kind | FLAGS["urg"] | extra for kind in _WITH_DATA for extra in _EXTRAS}
)
_ANY_FLAGS: Final = frozenset(range(256))
_FLAGS_OF_STATE: Final = {
    State.NEW: _OPENING,
    State.RELATED: _OPENING,
    State.ESTABLISHED: _IN_SESSION,
    State.INVALID: _ANY_FLAGS,
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """All of these must fit; the fields are those of ``FilterRule``.

    Attributes:
        unknown: reasons why it may not match although the other fields fit.
        rates: ``below`` and ``above``: rates that it depends on.
    """

    src: Addresses = ANYWHERE
    dst: Addresses = ANYWHERE
    protocols: Spans | None = None
    src_ports: Spans | None = None
    dst_ports: Spans | None = None
    icmp: Spans | None = None
    in_if: Names | None = None
    out_if: Names | None = None
    states: frozenset[State] | None = None
    unknown: tuple[str, ...] = ()
    rates: frozenset[str] = frozenset()

    def __and__(self, other: Conditions) -> Conditions:
        """Both at once."""
        in_if, in_doubt = both_names(self.in_if, other.in_if)
        out_if, out_doubt = both_names(self.out_if, other.out_if)
        doubts = [doubt for doubt in (in_doubt, out_doubt) if doubt]
        return Conditions(
            src=self.src if other.src is ANYWHERE else self.src & other.src,
            dst=self.dst if other.dst is ANYWHERE else self.dst & other.dst,
            protocols=_both(self.protocols, other.protocols),
            src_ports=_both(self.src_ports, other.src_ports),
            dst_ports=_both(self.dst_ports, other.dst_ports),
            icmp=_both(self.icmp, other.icmp),
            in_if=in_if,
            out_if=out_if,
            states=_both_states(self.states, other.states),
            unknown=(*self.unknown, *other.unknown, *doubts),
            rates=self.rates | other.rates,
        )

    def rule(self, action: Action, ref: Ref, *, to: str = "") -> FilterRule:
        """The rule that does something with the packets that fit."""
        rate = next(iter(self.rates)) if len(self.rates) == 1 and not self.unknown else ""
        reasons = [*dict.fromkeys(self.unknown), *(f"a rate {one} a limit" for one in self.rates)]
        return FilterRule(
            action,
            ref,
            src=self.src,
            dst=self.dst,
            protocols=self.protocols,
            src_ports=self.src_ports,
            dst_ports=self.dst_ports,
            icmp=self.icmp,
            in_if=self.in_if,
            out_if=self.out_if,
            states=self.states,
            to=to,
            unknown="; ".join(reasons),
            rate="below" if rate == "below" else "above" if rate == "above" else "",
        )

    @property
    def is_possible(self) -> bool:
        """Whether any packet fits."""
        left = (self.src, self.dst, self.protocols, self.src_ports, self.dst_ports, self.icmp)
        return all(one is None or bool(one) for one in (*left, self.states))


Alternatives = tuple[Conditions, ...]
ALWAYS: Final[Alternatives] = (Conditions(),)
NEVER: Final[Alternatives] = (Conditions(protocols=NOTHING),)


def all_of(parts: Iterable[Sequence[Conditions]]) -> Alternatives:
    """The alternatives that are left when each part must fit.

    Raises:
        ValueError: there are more than ``MOST_ALTERNATIVES``.
    """
    left: Alternatives = ALWAYS
    for part in parts:
        if len(left) * len(part) > MOST_ALTERNATIVES:
            raise ValueError("it has too many alternatives")
        both = (one & other for one in left for other in part)
        left = tuple(one for one in both if one.is_possible)
    return left or NEVER


def perhaps(reason: str) -> Alternatives:
    """A condition that is not understood."""
    return (Conditions(unknown=(reason,)),)


def in_doubt(rule: FilterRule) -> str:
    """Why a rule is not understood; a rate, or flags outside sessions, are no reason."""
    broken = rule.unknown == FLAGS_IN_DOUBT and rule.states == frozenset({State.INVALID})
    return "" if rule.rate or broken else rule.unknown


def tcp_flags(fits: Callable[[int], bool]) -> Alternatives:
    """A condition on TCP's flags, told by the session's state.

    Args:
        fits: whether an octet of flags is meant.
    """
    certain, possible = set[State](), set[State]()
    for state, flags in _FLAGS_OF_STATE.items():
        hits = sum(map(fits, flags))
        if hits == len(flags):
            certain.add(state)
        elif hits:
            possible.add(state)
    tcp = Conditions(protocols=((TCP, TCP),))
    found = []
    if certain:
        found.append(replace(tcp, states=frozenset(certain)))
    if possible:
        found.append(replace(tcp, states=frozenset(possible), unknown=(FLAGS_IN_DOUBT,)))
    return tuple(found) or NEVER


def _both(a: Spans | None, b: Spans | None) -> Spans | None:
    if a is None or b is None:
        return b if a is None else a
    return intersection(a, b)


def _both_states(a: frozenset[State] | None, b: frozenset[State] | None) -> frozenset[State] | None:
    if a is None or b is None:
        return b if a is None else a
    return a & b


def both_names(a: Names | None, b: Names | None) -> tuple[Names | None, str]:
    """Interfaces that fit both, and why that can't be said exactly (then it is too wide)."""
    if a is None or b is None:
        return (b if a is None else a), ""
    if a.negated and b.negated:
        return Names(a.names | b.names, negated=True), ""
    if not a.negated and not b.negated:
        inside = {one for one in a.names if any(_within(one, other) for other in b.names)}
        inside |= {one for one in b.names if any(_within(one, other) for other in a.names)}
        return Names(frozenset(inside)), ""
    meant, not_meant = (b, a) if a.negated else (a, b)
    left = {one for one in meant.names if not any(_within(one, no) for no in not_meant.names)}
    partly = any(_within(no, one) for no in not_meant.names for one in left)
    return Names(frozenset(left)), "interfaces named and taken away again" if partly else ""


def _within(name: str, wider: str) -> bool:
    """Whether all interfaces of one name (perhaps with ``*``) are of the other."""
    if wider.endswith("*"):
        return name.removesuffix("*").startswith(wider[:-1])
    return name == wider
