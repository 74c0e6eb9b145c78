"""One rule of pf as it stands, and what it is among neutral rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product

from checkvalve.observe.firewalls.base import TCP, Action, FilterRule, Names, Ref, State
from checkvalve.observe.firewalls.packetfilter.pf_words import Hosts, states
from checkvalve.observe.firewalls.spans import ANY_V4, ANY_V6, ANYWHERE, Addresses, Spans
from checkvalve.observe.firewalls.undecided import either


@dataclass(slots=True)
class PfRule:
    """A rule as it stands.

    Attributes:
        action: ``pass``, ``block``, ``match``, ``anchor``, ``nat``, ``rdr`` or ``binat``.
        ref: where.
        quick: it decides at once.
        direction: ``in``, ``out``; empty for both.
        interfaces: one of them; ``None`` in it is any.
        received_on: the interface that the packet came in by.
        family: 4, 6; 0 for both.
        protocols: ``None``: any.
        src: sources.
        dst: destinations.
        src_ports: ``None``: any.
        dst_ports: ``None``: any.
        icmp: types and codes.
        flags: TCP flags as they stand; empty: not said.
        keeps_state: sessions are remembered.
        rate: which kind of rate limits it: ``drops`` packets beyond, or ``stops`` matching.
        fragment: it matches fragments only.
        target: where a translation leads, and the port there.
        target_ports: ``None``: as they were.
        translates: the word that begins the translation: ``rdr-to``, ``nat-to``; empty: none.
        unknown: what is not understood of it.
        passes: a translation whose packets pass without a rule.
        no: a translation that is none.
    """

    action: str
    ref: Ref
    quick: bool = False
    direction: str = ""
    interfaces: list[Names | None] = field(default_factory=lambda: [None])
    received_on: Names | None = None
    family: int = 0
    protocols: Spans | None = None
    src: Hosts = field(default_factory=Hosts)
    dst: Hosts = field(default_factory=Hosts)
    src_ports: Spans | None = None
    dst_ports: Spans | None = None
    icmp: Spans | None = None
    flags: str = ""
    keeps_state: bool = True
    rate: str = ""
    fragment: bool = False
    target: Hosts | None = None
    target_ports: Spans | None = None
    translates: str = ""
    unknown: list[str] = field(default_factory=list)
    passes: bool = False
    no: bool = False

    def neutral(self, direction: str) -> tuple[FilterRule, ...]:
        """Its rules among those of a direction, in the order in which they are asked."""
        if self.direction not in ("", direction) or self.fragment:
            return ()
        found: list[FilterRule] = []
        for names, src, dst in product(self.interfaces, self.src.choices(), self._dst().choices()):
            found += self._one(direction, names, src, dst)
        return tuple(found)

    def _dst(self) -> Hosts:
        """The destinations behind the firewall; what an anchor translates is not said."""
        if self.action == "anchor" or self.translates in {"binat-to", "af-to"}:
            return Hosts()
        return self.target if self.translates == "rdr-to" and self.target else self.dst

    def _one(
        self,
        direction: str,
        names: Names | None,
        src: tuple[Addresses, str],
        dst: tuple[Addresses, str],
    ) -> tuple[FilterRule, ...]:
        family = {4: ANY_V4, 6: ANY_V6}.get(self.family, ANYWHERE)
        redirected = self.translates == "rdr-to"
        rule = FilterRule(
            Action.DENY if self.action == "block" else Action.ACCEPT,
            self.ref,
            src=src[0] & family,
            dst=dst[0] & family,
            protocols=self.protocols,
            src_ports=self.src_ports,
            dst_ports=self.target_ports if redirected else self.dst_ports,
            icmp=self.icmp,
            in_if=names if direction == "in" else self.received_on,
            out_if=names if direction == "out" else None,
            states=self._states(),
            unknown="; ".join(filter(None, (src[1], dst[1], *self.unknown))),
        )
        if direction == "in" and self.received_on is not None:
            return ()
        if self.action == "anchor" or self.translates in {"route-to", "dup-to", "divert-to"}:
            return either(rule, rule.unknown)
        return self._limited(rule)

    def _states(self) -> frozenset[State] | None:
        if self.protocols != ((TCP, TCP),) or not self.flags:
            return None
        return states(self.flags, keeps_state=self.action == "pass" and self.keeps_state)

    def _limited(self, rule: FilterRule) -> tuple[FilterRule, ...]:
        if not self.rate:
            return (rule,)
        limited = replace(rule, unknown=rule.unknown or "it limits a rate")
        if not rule.unknown:
            limited = replace(limited, rate="below")
        return (limited,) if self.rate == "stops" else (limited, replace(rule, action=Action.DENY))
