"""``ip nat`` of IOS: what an access list at an outside interface means by its addresses.

A list that is asked at an outside interface says inside hosts by their global addresses, in both
directions. One at an inside interface says real ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from checkvalve.observe.firewalls.base import FilterRule
from checkvalve.observe.firewalls.cisco.cisco_entries import netmasked, prefix
from checkvalve.observe.firewalls.cisco.cisco_lines import WordError, Words
from checkvalve.observe.firewalls.cisco.cisco_names import port, protocol
from checkvalve.observe.firewalls.cisco.cisco_statics import Static, translated
from checkvalve.observe.firewalls.spans import Addresses, Spans

#: Options that do not change what a translation means.
_WITHOUT_EFFECT: Final = frozenset(("extendable", "no-alias", "no-payload", "forced", "add-route"))
_ONE: Final = "255.255.255.255"


@dataclass(slots=True)
class Translations:
    """The translations of a configuration.

    Attributes:
        outside: interfaces with ``ip nat outside``.
        own: addresses of interfaces.
        hides: inside hosts are translated dynamically besides.
    """

    outside: set[str] = field(default_factory=set)
    own: dict[str, Addresses] = field(default_factory=dict)
    hides: bool = False
    _statics: list[tuple[Static, str]] = field(default_factory=list)

    def read(self, words: Words) -> bool:
        """A command behind ``ip nat``; ``False`` if it says nothing about addresses.

        Raises:
            WordError: it is a translation that is not understood.
        """
        if words.peek() not in ("inside", "outside"):
            return False
        if not words.took("inside") or not words.took("source"):
            raise WordError("this translation is not understood")
        if words.took("static"):
            self._statics.append(_static(words))
        else:
            self.hides = True
        return True

    def at(
        self, interface: str, rules: tuple[FilterRule, ...], *, is_out: bool
    ) -> tuple[FilterRule, ...] | None:
        """The rules of a list at an interface in real addresses; ``None``: they are already."""
        if interface not in self.outside or not (self._statics or self.hides):
            return None
        statics = tuple(self._placed(static, name) for static, name in self._statics)
        return translated(rules, statics, is_out=is_out, hides=self.hides)

    def _placed(self, static: Static, interface: str) -> Static:
        if static.mapped or not interface:
            return static
        mapped = self.own.get(interface, Addresses()).v4[:1]
        return Static(
            mapped,
            static.real,
            static.protocol,
            static.mapped_port,
            static.real_port,
        )


def _static(words: Words) -> tuple[Static, str]:
    """``[tcp] 10.0.0.5 [80] 203.0.113.5 [80]``, and the interface whose address is meant."""
    number = protocol(words.take()) if words.peek() in ("tcp", "udp") else None
    is_network = words.took("network")
    real = words.take()
    real_port = port(words.take()) if number is not None else 0
    interface = words.take() if words.took("interface") else ""
    mapped = "" if interface else words.take()
    mapped_port = port(words.take()) if number is not None else 0
    mask = words.take() if is_network else _ONE
    if any(word not in _WITHOUT_EFFECT for word in words.rest()):
        raise WordError("an option of this translation is not understood")
    seen = _network(mapped, mask) if mapped else ()
    return Static(seen, _network(real, mask), number, mapped_port, real_port), interface


def _network(address: str, mask: str) -> Spans:
    found = prefix(address + mask) if mask.startswith("/") else netmasked(address, mask)
    if len(found.v4) != 1:
        raise WordError("a translation's mask has holes")
    return found.v4
