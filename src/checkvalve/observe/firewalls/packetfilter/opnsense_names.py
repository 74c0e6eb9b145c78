"""What names mean in an OPNsense or pfSense configuration: aliases, interfaces, schedules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Final

from checkvalve.observe.firewalls.base import Names, When
from checkvalve.observe.firewalls.meant import Meant, unknown
from checkvalve.observe.firewalls.packetfilter.pf_words import addresses, ports, table_of
from checkvalve.observe.firewalls.spans import (
    ANYWHERE,
    NOTHING,
    NOWHERE,
    Addresses,
    Spans,
    union,
)
from checkvalve.observe.firewalls.xml_lines import Element

#: Aliases in aliases, beyond which they are not understood.
_DEEPEST: Final = 40
#: Interfaces that a feature brings with it, by the name that rules have for them.
_BUILT_IN: Final = {
    "openvpn": frozenset(("openvpn", "ovpns*", "ovpnc*")),
    "wireguard": frozenset(("wireguard", "wg*", "tun_wg*")),
    "WireGuard": frozenset(("WireGuard", "wg*", "tun_wg*")),
    "enc0": frozenset(("enc0", "ipsec*")),
    "ipsec": frozenset(("enc0", "ipsec*")),
}
_DAYS: Final = 7
_HOURS: Final = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")


class Aliases:
    """Aliases by name.

    Args:
        elements: of both products, old and new.
    """

    def __init__(self, elements: Iterable[Element]) -> None:
        self._elements = {element.value("name"): element for element in elements}
        self._hosts: dict[str, Meant] = {}
        self._ports: dict[str, Spans | str] = {}
        self.undefined: set[str] = set()
        self.circular: set[str] = set()

    def hosts(self, word: str, open_: tuple[str, ...] = ()) -> Meant:
        """The addresses of an alias or literal."""
        literal = addresses(word)
        if literal is not None:
            return Meant(literal)
        if word not in self._elements:
            if re.fullmatch(r"\w+", word):
                self.undefined.add(word)
                return unknown(f"the alias {word} is not defined")
            return unknown(f"the addresses of {word} do not stand in the text")
        if word in open_ or len(open_) > _DEEPEST:
            self.circular.add(word)
            return unknown(f"the alias {word} holds itself, or too many others")
        if word not in self._hosts:
            self._hosts[word] = self._entries(self._elements[word], (*open_, word))
        return self._hosts[word]

    def _entries(self, element: Element, open_: tuple[str, ...]) -> Meant:
        kind, name = element.value("type"), element.value("name")
        if element.first("enabled") is not None and not element.flag("enabled"):
            return unknown(f"the alias {name} is disabled")
        if kind not in {"host", "network", "networkgroup"}:
            return unknown(f"what is in the alias {name} ({kind}) does not stand in the text")
        words = _contents(element)
        negated = [(word.lstrip("!"), word.startswith("!")) for word in words]
        if any(flag for _, flag in negated):
            table = table_of(negated)
            return Meant(table.known) if not table.unknown else unknown(table.unknown)
        return reduce(Meant.__or__, (self.hosts(word, open_) for word in words), Meant())

    def ports(self, word: str, open_: tuple[str, ...] = ()) -> Spans | str:
        """The ports of an alias or literal, or why they are unknown."""
        literal = ports("", word.replace("-", ":"))
        if literal is not None:
            return literal
        element = self._elements.get(word)
        if element is None:
            self.undefined.add(word)
            return f"the port alias {word} is not defined"
        if word in open_ or len(open_) > _DEEPEST:
            self.circular.add(word)
            return f"the alias {word} holds itself, or too many others"
        if element.value("type") != "port" or (
            element.first("enabled") is not None and not element.flag("enabled")
        ):
            return f"the ports of the alias {word} do not stand in the text"
        if word not in self._ports:
            self._ports[word] = _all_or_why(
                _contents(element), lambda one: self.ports(one, (*open_, word))
            )
        return self._ports[word]


def _all_or_why(words: Iterable[str], meaning: Callable[[str], Spans | str]) -> Spans | str:
    found: Spans = NOTHING
    for word in words:
        more = meaning(word)
        if isinstance(more, str):
            return more
        found = union(found, more)
    return found


def _contents(element: Element) -> list[str]:
    """The entries of an alias; OPNsense separates them by lines, pfSense by spaces."""
    return (element.value("content") or element.value("address")).replace(",", " ").split()


class Interfaces:
    """The firewall's interfaces by the names that rules have for them.

    Args:
        root: the configuration.
    """

    def __init__(self, root: Element) -> None:
        self.elements = {one.tag: one for part in root.all("interfaces") for one in part.children}
        self._virtual = list(root.all("virtualip", "vip"))
        self._groups = {
            one.value("ifname"): one.value("members").replace(",", " ").split()
            for part in root.children
            if part.tag == "ifgroups"
            for one in part.all("ifgroupentry")
        }

    def is_group(self, name: str) -> bool:
        """Whether a name is a group's."""
        return name in self._groups or name in _BUILT_IN

    def groups(self) -> Mapping[str, frozenset[str]]:
        """Devices and descriptions behind each name."""
        own = {name: self._own(name) for name in self.elements}
        for group, members in self._groups.items():
            own[group] = frozenset().union(*({one} | self._own(one) for one in members))
        return own

    def _own(self, name: str) -> frozenset[str]:
        element = self.elements.get(name)
        if element is None:
            return frozenset()
        return frozenset(filter(None, (element.value("if"), element.value("descr"))))

    def names(self, words: Iterable[str], *, negated: bool) -> tuple[Names | None, str]:
        """The interfaces of a rule, and why they are unknown."""
        found: set[str] = set()
        for word in words:
            if word in {"any", "floating"}:
                return None, ""
            if word in _BUILT_IN:
                found |= _BUILT_IN[word]
            elif word in self.elements or word in self._groups:
                found.add(word)
            else:
                return None, f"the interface {word} is not defined"
        return (Names(frozenset(found), negated), "") if found else (None, "")

    def network(self, name: str) -> Meant | None:
        """The networks behind an interface; ``None`` if it is none."""
        element = self.elements.get(name)
        if element is None:
            return None
        virtual = [one for one in self._virtual if one.value("interface") == name]
        found = (
            _network(element.value("ipaddr"), element.value("subnet"), ANYWHERE_OF[4]),
            _network(element.value("ipaddrv6"), element.value("subnetv6"), ANYWHERE_OF[6]),
            *(
                _network(one.value("subnet"), one.value("subnet_bits"), NOWHERE)
                for one in virtual
                if one.value("mode") in {"ipalias", "carp"}
            ),
        )
        return reduce(Meant.__or__, found, Meant())

    def own(self, name: str = "") -> Meant:
        """The firewall's own addresses, on one interface or all, as far as they stand there.

        A packet that passes through is not for the firewall, so an address that it gets from
        elsewhere restricts nothing.
        """
        own = [one for tag, one in self.elements.items() if name in ("", tag)]
        words = [one.value(field) for one in own for field in ("ipaddr", "ipaddrv6")]
        words += [
            one.value("subnet") for one in self._virtual if name in ("", one.value("interface"))
        ]
        known = [found for word in words if (found := addresses(word)) is not None]
        return Meant(reduce(Addresses.__or__, known, NOWHERE))


ANYWHERE_OF: Final = {4: Addresses(ANYWHERE.v4), 6: Addresses(v6=ANYWHERE.v6)}


def _network(address: str, length: str, family: Addresses) -> Meant:
    if not address:
        return Meant()
    found = addresses(f"{address}/{length}") if length else addresses(address)
    return Meant(found) if found is not None else unknown(f"the address is from {address}", family)


def schedule(element: Element) -> When | str:
    """When a schedule holds, or why that is unknown."""
    weekly: list[tuple[frozenset[int], int, int]] = []
    for part in element.all("timerange"):
        if part.value("month") or part.value("day"):
            return "a schedule names days without their year"
        days = [int(one) - 1 for one in part.value("position").split(",") if one.strip().isdigit()]
        hours = _HOURS.fullmatch(part.value("hour"))
        if hours is None or not days or not all(0 <= day < _DAYS for day in days):
            return "a schedule's hours or days are not understood"
        first = int(hours[1]) * 60 + int(hours[2])
        weekly.append((frozenset(days), first, int(hours[3]) * 60 + int(hours[4])))
    return When(weekly=tuple(weekly)) if weekly else "a schedule has no times"
