"""Objects of PAN-OS by name: addresses, services, applications, schedules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, reduce
from importlib.resources import files
from ipaddress import AddressValueError, IPv4Address
from typing import Any, Final

from checkvalve.observe.firewalls.base import SCTP, TCP, UDP, When
from checkvalve.observe.firewalls.meant import Meant, unknown
from checkvalve.observe.firewalls.paloalto.panos_tree import Node
from checkvalve.observe.firewalls.spans import Addresses, Span, Spans, masked, spans

#: Groups in groups, beyond which they are not understood.
_DEEPEST: Final = 40
_PORTED: Final = {"tcp": TCP, "udp": UDP, "sctp": SCTP}
_PREDEFINED: Final = {"service-http": "80,8080", "service-https": "443"}
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS: Final = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DATES: Final = re.compile(r"(\d{4}/\d{2}/\d{2}@\d{2}:\d{2})-(\d{4}/\d{2}/\d{2}@\d{2}:\d{2})")
_HIGHEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Service:
    """What a service or application stands for.

    Attributes:
        protocols: ``None``: any.
        src_ports: ``None``: any.
        dst_ports: ``None``: any.
        icmp: types and codes; ``None``: any.
        why: why it may be less than that; empty: it is this.
    """

    protocols: Spans | None = None
    src_ports: Spans | None = None
    dst_ports: Spans | None = None
    icmp: Spans | None = None
    why: str = ""


def literal(word: str) -> Addresses | None:
    """An address, network or range; ``None`` if it is a name."""
    try:
        return Addresses.of(word)
    except ValueError:
        return None


def port_spans(text: str) -> Spans | None:
    """Ports as PAN-OS writes them: ``80,8080,1000-2000``."""
    found: list[Span] = []
    for word in text.replace(" ", "").split(","):
        low, dash, high = word.partition("-")
        if not (low + (high or low)).isdecimal() or len(word) > len("65535-65535"):
            return None
        found.append((int(low), int(high) if dash else int(low)))
    return spans(found) if all(high <= _HIGHEST_PORT for _, high in found) else None


@cache
def _applications() -> dict[str, dict[str, Any]]:
    """Applications by name, and the ports or protocol that each has by default."""
    table = files(__package__) / "panos_applications.json"
    found: dict[str, dict[str, Any]] = json.loads(table.read_text())
    return found


class Objects:
    """What names mean in the scopes of a rule.

    Args:
        scopes: nearest first: a name means what the nearest scope says.
    """

    def __init__(self, scopes: Sequence[Node]) -> None:
        self._scopes = scopes
        self._addresses: dict[str, Meant] = {}
        self.undefined: dict[str, str] = {}

    def _object(self, kind: str, name: str) -> Node | None:
        """An object; ``None`` if no scope has it."""
        found = (scope.at(kind).children.get(name) for scope in self._scopes)
        return next((one for one in found if one is not None), None)

    def _lost(self, kind: str, name: str) -> str:
        sentence = f"the {kind} {name} is not defined"
        self.undefined.setdefault(name, sentence)
        return sentence

    # Addresses.

    def addresses(self, words: Iterable[str], open_: tuple[str, ...] = ()) -> Meant:
        """The addresses of any of the names."""
        return reduce(Meant.__or__, (self._address(word, open_) for word in words), Meant())

    def _address(self, name: str, open_: tuple[str, ...]) -> Meant:
        if name in open_ or len(open_) > _DEEPEST:
            why = f"the address group {name} holds itself, or too many others"
            self.undefined.setdefault(name, why)
            return unknown(why)
        if name not in self._addresses:
            self._addresses[name] = self._looked_up(name, (*open_, name))
        return self._addresses[name]

    def _looked_up(self, name: str, open_: tuple[str, ...]) -> Meant:
        single, group = self._object("address", name), self._object("address-group", name)
        if single is not None:
            return _address(name, single)
        if group is not None and "static" in group.children:
            return self.addresses(group.words("static"), open_)
        found = literal(name)
        if found is not None:
            return Meant(found)
        if group is not None or self._object("external-list", name) or self._object("region", name):
            return unknown(f"the addresses of {name} do not stand in the text")
        if re.fullmatch(r"[A-Z]{2}", name):
            return unknown(f"the addresses of the region {name} do not stand in the text")
        return unknown(self._lost("address", name))

    # Services.

    def services(self, words: Iterable[str], open_: tuple[str, ...] = ()) -> list[Service]:
        """The services of any of the names; one whose ``why`` is not empty is uncertain."""
        return [one for word in words for one in self._service(word, open_)]

    def _service(self, name: str, open_: tuple[str, ...]) -> list[Service]:
        if name in open_ or len(open_) > _DEEPEST:
            why = f"the service group {name} holds itself, or too many others"
            self.undefined.setdefault(name, why)
            return [Service(why=why)]
        single, group = self._object("service", name), self._object("service-group", name)
        if single is not None:
            return _service(name, single)
        if group is not None:
            return self.services(group.words("members") or group.words(), (*open_, name))
        if name in _PREDEFINED:
            return [Service(((TCP, TCP),), None, port_spans(_PREDEFINED[name]))]
        return [Service(why=self._lost("service", name))]

    def applications(self, words: Iterable[str], open_: tuple[str, ...] = ()) -> list[Service]:
        """Applications by the ports or protocols that they have by default."""
        return [one for word in words for one in self._application(word, open_)]

    def _application(self, name: str, open_: tuple[str, ...]) -> list[Service]:
        if name in open_ or len(open_) > _DEEPEST:
            return [Service(why=f"the application group {name} holds itself, or too many others")]
        own, group = self._object("application", name), self._object("application-group", name)
        if own is not None:
            return _own_application(name, own)
        if group is not None:
            return self.applications(group.words("members") or group.words(), (*open_, name))
        if name in _applications():
            return list(_known_application(_applications()[name]))
        return [Service(why=f"the default ports of the application {name} are not known")]

    # Times.

    def schedule(self, name: str) -> list[When] | str:
        """When a schedule holds, any of them; or why that is unknown."""
        found = self._object("schedule", name)
        if found is None:
            return self._lost("schedule", name)
        kind = found.at("schedule-type") if "schedule-type" in found.children else found
        dates = [_dates(word) for word in kind.words("non-recurring")]
        recurring = kind.at("recurring") if "recurring" in kind.children else kind
        weekly = [*_weekly(recurring.words("daily"), frozenset(range(7)))]
        for day, word in enumerate(_DAYS):
            weekly += _weekly(recurring.words("weekly", word), frozenset((day,)))
        whens = dates + ([When(weekly=tuple(one for one in weekly if one))] if weekly else [])
        if not whens or None in whens or None in weekly:
            return f"the times of the schedule {name} are not understood"
        return [one for one in whens if one is not None]


def _address(name: str, node: Node) -> Meant:
    for kind in ("ip-netmask", "ip-range"):
        if kind in node.children:
            found = literal(node.word(kind))
            if found is not None:
                return Meant(found)
    if "ip-wildcard" in node.children:
        found = _wildcard(node.word("ip-wildcard"))
        if found is not None:
            return Meant(found)
    return unknown(f"the addresses of {name} do not stand in the text")


def _wildcard(text: str) -> Addresses | None:
    address, _, mask = text.partition("/")
    try:
        found = masked(int(IPv4Address(address)), int(IPv4Address(mask)), 32)
    except AddressValueError:
        return None
    return None if found is None else Addresses(found)


def _service(name: str, node: Node) -> list[Service]:
    found: list[Service] = []
    for word, fields in node.at("protocol").children.items():
        number = _PORTED.get(word)
        own, source = fields.word("port"), fields.word("source-port")
        dst, src = port_spans(own) if own else None, port_spans(source) if source else None
        if number is None or dst is None or (source and src is None):
            found.append(Service(why=f"the service {name} is not understood"))
        else:
            found.append(Service(((number, number),), src, dst))
    return found or [Service(why=f"the service {name} is not understood")]


def _known_application(entry: dict[str, Any]) -> Iterable[Service]:
    if "ip" in entry:
        icmp = spans((kind << 8, kind << 8 | 255) for kind in entry.get("icmp", ()))
        yield Service(((entry["ip"], entry["ip"]),), icmp=icmp or None)
    for word, number in _PORTED.items():
        if word in entry:
            yield Service(((number, number),), None, port_spans(entry[word]))


def _own_application(name: str, node: Node) -> list[Service]:
    """An application that people define, by ``default port [ tcp/502 ]``."""
    found: list[Service] = []
    for word in node.words("default", "port"):
        protocol, _, text = word.partition("/")
        ports = port_spans(text)
        if protocol in _PORTED and ports is not None:
            number = _PORTED[protocol]
            found.append(Service(((number, number),), None, ports))
        else:
            found.append(Service(why=f"the ports of the application {name} are not understood"))
    return found or [Service(why=f"the application {name} has no default ports")]


def _weekly(
    words: Iterable[str], days: frozenset[int]
) -> Iterable[tuple[frozenset[int], int, int] | None]:
    for word in words:
        match = _HOURS.fullmatch(word)
        if match is None:
            yield None
            continue
        first, last = (int(match[n]) * 60 + int(match[n + 1]) for n in (1, 3))
        if first <= last:
            yield days, first, last
        else:
            yield days, first, 24 * 60 - 1
            yield frozenset((day + 1) % 7 for day in days), 0, last


def _dates(word: str) -> When | None:
    match = _DATES.fullmatch(word)
    try:
        start, end = (_instant(one) for one in match.groups()) if match else (None, None)
    except ValueError:
        return None
    return When(start, end) if start and end else None


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y/%m/%d@%H:%M")  # noqa: DTZ007  # the firewall's own clock
