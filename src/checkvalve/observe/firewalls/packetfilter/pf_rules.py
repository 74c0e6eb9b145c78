"""One rule of pf: its words to what it matches, and that to neutral rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from checkvalve.observe.firewalls.base import (
    ICMP,
    ICMPV6,
    PORTED,
    Names,
    Ref,
)
from checkvalve.observe.firewalls.packetfilter.pf_cursor import PfSyntaxError, Words
from checkvalve.observe.firewalls.packetfilter.pf_neutral import PfRule
from checkvalve.observe.firewalls.packetfilter.pf_words import (
    Hosts,
    addresses,
    host,
    icmp,
    interface,
    port,
    ports,
    protocol,
    union_of,
)
from checkvalve.observe.firewalls.spans import (
    NOTHING,
    Addresses,
    Spans,
    intersection,
    union,
)

ACTIONS: Final = frozenset({"pass", "block", "match", "anchor"})
_OPERATORS: Final = frozenset({"=", "!=", "<", "<=", ">", ">="})
_LIMITS: Final = frozenset(
    ("max", "max-src-nodes", "max-src-states", "max-src-conn", "max-src-conn-rate")
)
_POOLS: Final = frozenset(
    ("bitmask", "random", "round-robin", "source-hash", "static-port", "sticky-address",
     "least-states")
)  # fmt: skip

#: Options that take no value, or one word, and do not decide what passes.
_BARE: Final = frozenset(
    ("allow-opts", "drop", "return", "return-rst", "return-icmp", "return-icmp6", "all", "log",
     "scrub")
)  # fmt: skip
_ONE_WORD: Final = frozenset(
    ("label", "tag", "queue", "prio", "ridentifier", "rtable", "dnpipe", "dnqueue", "set")
)

#: Options that are not understood, with the words behind them.
_UNKNOWN_WORDS: Final = {
    "os": 1, "user": 2, "group": 2, "tagged": 1, "tos": 1, "probability": 1, "once": 0,
    "divert-to": 3, "divert-packet": 2, "route-to": 1, "dup-to": 1, "binat-to": 1, "af-to": 1,
}  # fmt: skip

_KEYWORDS: Final = frozenset(
    ("in", "out", "quick", "inet", "inet6", "fragment", *_BARE, *_ONE_WORD, *_UNKNOWN_WORDS)
)


class Reader(Words):
    """Reads the words of one rule from left to right.

    Args:
        words: all of them.
        tables: by name.
        ref: where the rule stands.
    """

    def __init__(self, words: Sequence[str], tables: Mapping[str, Hosts], ref: Ref) -> None:
        super().__init__(words)
        self._tables = tables
        self._rule = PfRule("", ref)
        self._side = ""
        self._readers: dict[str, Callable[[], None]] = {
            "on": self._on, "proto": self._proto, "from": self._from, "to": self._to,
            "port": self._port, "flags": self._flags, "icmp-type": self._icmp4,
            "icmp6-type": self._icmp6, "keep": self._state, "modulate": self._state,
            "synproxy": self._state, "no": self._no, "nat-to": self._nat_to,
            "received-on": self._received_on, "max-pkt-rate": self._packet_rate,
            "rdr-to": self._rdr_to, "->": self._arrow, "!": self._not, "reply-to": self._reply_to,
        }  # fmt: skip

    def read(self) -> PfRule:
        """The rule.

        Raises:
            PfSyntaxError: its words are no rule.
        """
        rule = self._rule
        rule.action = self.next()
        if rule.action == "no":
            rule.no, rule.action = True, self.next()
        if rule.action in {"rdr", "nat", "binat"} and self.take("pass"):
            rule.passes = True
        if rule.action == "anchor":
            rule.unknown.append("what an anchor holds does not stand in the text")
            if self.peek() not in {"in", "out", "on", "quick", "inet", "inet6", "proto", "from"}:
                self.at += 1
        while self.at < len(self.words):
            self._option(self.next())
        self._check()
        return rule

    def _check(self) -> None:
        """What pf itself would refuse, or matches less than it seems to."""
        rule = self._rule
        if rule.src_ports is not None or rule.dst_ports is not None:
            ported = tuple((one, one) for one in sorted(PORTED))
            if rule.protocols is None or rule.protocols != intersection(rule.protocols, ported):
                rule.unknown.append("ports without a protocol that has them")
                rule.src_ports = rule.dst_ports = None
        if rule.icmp is not None and rule.protocols not in (((ICMP, ICMP),), ((ICMPV6, ICMPV6),)):
            rule.unknown.append("ICMP types without their protocol")
            rule.icmp = None

    def _option(self, word: str) -> None:
        rule = self._rule
        if word in {"in", "out"}:
            rule.direction = word
        elif word == "quick":
            rule.quick = True
        elif word in {"inet", "inet6"}:
            rule.family = 4 if word == "inet" else 6
        elif word == "fragment":
            rule.fragment = True
        elif word in _BARE or word in _POOLS:
            self.brackets()
        elif word in _ONE_WORD:
            if word == "set" and self.peek() != "(":
                self.next()
            self.value()
        elif word in _UNKNOWN_WORDS:
            self._not_understood(word)
        elif word in self._readers:
            self._readers[word]()
        else:
            raise PfSyntaxError(f"'{word}' has no place here")

    def _not_understood(self, word: str) -> None:
        self._rule.unknown.append(f"'{word}' is not understood")
        if word.endswith("-to"):
            self._rule.translates = word
        for _ in range(_UNKNOWN_WORDS[word]):
            following = self.peek()
            if not following or following in self._readers or following in _KEYWORDS:
                return
            self.value()

    # Matches.

    def _on(self) -> None:
        self._rule.interfaces = self._interfaces()

    def _interfaces(self) -> list[Names | None]:
        found: list[Names | None] = []

        def read() -> None:
            negated = self.take("!")
            word = self.next()
            if word == "rdomain":
                word = f"rdomain {self.next()}x"
            names = interface(word, negated=negated)
            if names is None:
                self._rule.unknown.append(f"which interfaces are in {word} is not said")
            found.append(names)

        self.each(read)
        return _merged(found)

    def _received_on(self) -> None:
        names = self._interfaces()
        self._rule.received_on = names[0] if len(names) == 1 else None
        if len(names) != 1:
            self._rule.unknown.append("several interfaces in received-on")
        elif self._rule.received_on is None:
            self._rule.received_on = Names(frozenset({"*"}))

    def _proto(self) -> None:
        found: list[int | None] = []
        self.each(lambda: found.append(protocol(self.next())))
        known = union(*(((number, number),) for number in found if number is not None))
        if len(known) and None not in found:
            self._rule.protocols = known
        else:
            self._rule.unknown.append("a protocol is not known by its name")

    def _from(self) -> None:
        self._side = "src"
        if self.peek() != "port":
            self._rule.src = self._hosts()

    def _to(self) -> None:
        self._side = "dst"
        if self.peek() != "port":
            self._rule.dst = self._hosts()

    def _hosts(self) -> Hosts:
        found: list[Hosts] = []

        def read() -> None:
            negated = self.take("!")
            word = "".join(self.brackets()) if self.peek() == "(" else self.next()
            if word == "route":
                word = f"route {self.next()}"
            last = self.next() if self.take("-") else ""
            found.append(host(word, last, self._tables, negated=negated))

        self.each(read)
        return union_of(found)

    def _port(self) -> None:
        found: list[Spans | None] = []

        def read() -> None:
            operator = self.next() if self.peek() in _OPERATORS else ""
            word, other = self.next(), ""
            if self.peek() in {"><", "<>"}:
                operator, other = self.next(), self.next()
            found.append(ports(operator, word, other))

        self.each(read)
        if None in found:
            self._rule.unknown.append("a port is not known by its name")
        elif self._side == "src":
            self._rule.src_ports = union(*(one or NOTHING for one in found))
        elif self._side == "dst":
            self._rule.dst_ports = union(*(one or NOTHING for one in found))
        else:
            raise PfSyntaxError("a port stands before 'from' and 'to'")

    def _icmp4(self) -> None:
        self._icmp(ICMP)

    def _icmp6(self) -> None:
        self._icmp(ICMPV6)

    def _icmp(self, number: int) -> None:
        found: list[Spans | None] = []

        def read() -> None:
            kind = self.next()
            found.append(icmp(number, kind, self.next() if self.take("code") else ""))

        self.each(read)
        if None in found:
            self._rule.unknown.append("an ICMP type is not known by its name")
        else:
            self._rule.icmp = union(*(one or NOTHING for one in found))

    def _flags(self) -> None:
        self._rule.flags = self.next()
        if not re.fullmatch(r"any|[FSRPAUEW]*/[FSRPAUEW]+", self._rule.flags):
            raise PfSyntaxError(f"'{self._rule.flags}' are no TCP flags")

    # States, rates, translations.

    def _state(self) -> None:
        if not self.take("state"):
            raise PfSyntaxError("'state' is missing")
        if _LIMITS & set(self.brackets()):
            self._rule.rate = "drops"

    def _no(self) -> None:
        if not self.take("state"):
            raise PfSyntaxError("'state' is missing")
        self._rule.keeps_state = False

    def _packet_rate(self) -> None:
        self.next()
        self._rule.rate = self._rule.rate or "stops"

    def _not(self) -> None:
        if not self.take("tagged"):
            raise PfSyntaxError("'!' has no place here")
        self._not_understood("tagged")

    def _reply_to(self) -> None:
        self.value()
        self.take("@")

    def _rdr_to(self) -> None:
        self._rule.translates = "rdr-to"
        self._target()

    def _nat_to(self) -> None:
        self._rule.translates = "nat-to"
        self.value()
        if self.take("port"):
            self.next()
        self._pool()

    def _pool(self) -> None:
        while self.peek() in _POOLS:
            self.at += 1

    def _arrow(self) -> None:
        self._rule.translates = "rdr-to" if self._rule.action == "rdr" else "nat-to"
        if self._rule.action != "rdr":
            self.at = len(self.words)
            return
        self._target()

    def _target(self) -> None:
        rule = self._rule
        word = "".join(self.brackets()) or self.next()
        found = addresses(word)
        single = found is not None and sum(high - low + 1 for low, high in found.v4 + found.v6) == 1
        if word == "{" or not single or found is None:
            rule.target = Hosts(Addresses(), "where it redirects to does not stand in the text")
            self.at = len(self.words)
            return
        rule.target = Hosts(found)
        rule.target_ports = rule.dst_ports
        if self.take("port"):
            rule.target_ports = self._target_port(self.next())
        self._pool()

    def _target_port(self, word: str) -> Spans | None:
        """The ports there: one, or as many as were asked for from there on (``8000:*``)."""
        first, colon, last = word.partition(":")
        low = port(first)
        asked = self._rule.dst_ports
        if low is not None and not colon:
            return ((low, low),)
        if low is not None and last == "*" and asked and len(asked) == 1:
            return ((low, min(low + asked[0][1] - asked[0][0], 65_535)),)
        self._rule.unknown.append("the ports that it redirects to are not understood")
        return None


def _merged(names: list[Names | None]) -> list[Names | None]:
    """The same interfaces with as few entries as can be: plain ones are one set."""
    plain = [one.names for one in names if one is not None and not one.negated]
    rest = [one for one in names if one is None or one.negated]
    return [Names(frozenset().union(*plain)), *rest] if plain else rest
