"""Entries of ASA's extended access lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, FilterRule, Ref
from checkvalve.observe.firewalls.cisco.asa_objects import Objects, protocols_of
from checkvalve.observe.firewalls.cisco.cisco_entries import ACTIONS, Entry, either, times
from checkvalve.observe.firewalls.cisco.cisco_groups import Part, Service, services
from checkvalve.observe.firewalls.cisco.cisco_lines import Tally, WordError, Words
from checkvalve.observe.firewalls.cisco.cisco_names import OPERATORS, icmp, is_icmp, ports
from checkvalve.observe.firewalls.cisco.cisco_times import TimeRange
from checkvalve.observe.firewalls.spans import ANY_V4, ANY_V6, Addresses, Spans

_LEVELS: Final = frozenset(
    (
        *("emergencies", "alerts", "critical", "errors"),
        *("warnings", "notifications", "informational", "debugging"),
        *("disable", "default", *map(str, range(8))),
    )
)
#: Words in an entry that match by who sends, which no address says.
_BY_USER: Final = frozenset(("user", "user-group", "object-group-user"))
_BY_TAG: Final = frozenset(("security-group", "object-group-security"))


class EntryReader:
    """Reads entries against the objects and interfaces of one configuration.

    Args:
        objects: what ``object`` and ``object-group`` name.
        interfaces: own addresses of each interface, by its ``nameif``.
        ranges: time ranges.
        tally: where undefined names are told.
    """

    def __init__(
        self,
        objects: Objects,
        interfaces: Mapping[str, Addresses],
        ranges: Mapping[str, TimeRange],
        tally: Tally,
    ) -> None:
        self._objects = objects
        self._interfaces = interfaces
        self._ranges = ranges
        self._tally = tally

    def read(
        self, words: Words, ref: Ref, everywhere: Addresses
    ) -> tuple[tuple[FilterRule, ...], str]:
        """An entry from its action on: its rules, and what of it is not understood."""
        action = ACTIONS.get(words.peek())
        if action is None:
            why = f"'{words.peek()}' is not understood in an access list"
            return either(ref, why, everywhere), why
        words.take()
        entry = Entry(action, ref, everywhere)
        try:
            if not self._fill(entry, words):
                return (), ""
        except WordError as error:
            entry.doubt = str(error)
        return tuple(entry.rules()), entry.doubt

    def _fill(self, entry: Entry, words: Words) -> bool:
        """Read all behind the action; ``False`` if the entry is inactive."""
        protocols, service = self._protocol(words, entry.ref)
        whole = None if protocols.doubt else protocols.known
        entry.services = service or Part((Service(whole),))
        if words.peek() in _BY_USER:
            raise WordError("who the user is, no address says")
        entry.src = self._side(words, entry)
        src_ports = self._ports(words)
        entry.dst = self._side(words, entry)
        dst_ports = self._ports(words)
        types = self._types(words, protocols, entry.ref)
        if service is None:
            entry.services = services(protocols, src_ports, dst_ports, types)
        elif src_ports.known is not None or dst_ports.known is not None:
            raise WordError("ports behind a group that says its own")
        return self._options(entry, words)

    def _protocol(
        self, words: Words, ref: Ref
    ) -> tuple[Part[Spans | None], Part[tuple[Service, ...]] | None]:
        """Protocols, or else services that say their own ports."""
        head = words.take()
        if head not in ("object", "object-group"):
            return Part(protocols_of(head)), None
        name = f"{head} {words.take()}"
        if name in self._objects.protocols:
            return self._objects.kinds[name], None
        if name in self._objects.services:
            return Part(None), self._objects.members[name]
        built_in = self._objects.built_in(name.removeprefix("object "))
        if built_in is not None and head == "object":
            return Part(None), Part((built_in,))
        self._tally.problem(ref, f"{name} is not defined")
        return Part((), f"{name} is not defined"), None

    def _side(self, words: Words, entry: Entry) -> Part[Addresses]:
        if words.peek() in _BY_TAG:
            raise WordError("which security group a host is in, no address says")
        if words.took("any"):
            return Part(entry.everywhere)
        if words.took("any4"):
            return Part(ANY_V4)
        if words.took("any6"):
            return Part(ANY_V6)
        if words.took("interface"):
            return self._own(words.take())
        if words.peek() in ("object", "object-group"):
            name = f"{words.take()} {words.take()}"
            if name not in self._objects.networks:
                self._tally.problem(entry.ref, f"{name} is not defined")
            return self._objects.addresses[name]
        return Part(self._objects.network(words))

    def _own(self, name: str) -> Part[Addresses]:
        """The firewall's own addresses at an interface."""
        found = self._interfaces.get(name)
        if not found:
            return Part(Addresses(), f"the address of interface {name} is not known from the file")
        return Part(found)

    def _ports(self, words: Words) -> Part[Spans | None]:
        if words.peek() in OPERATORS:
            return Part(ports(words))
        name = f"object-group {words.peek(1)}"
        if words.peek() == "object-group" and name in self._objects.ports:
            words.take()
            words.take()
            part = self._objects.numbers[name]
            return Part(part.known, part.doubt)
        return Part(None)

    def _types(self, words: Words, protocols: Part[Spans | None], ref: Ref) -> Part[Spans | None]:
        """ICMP types; an ``object-group`` here that is neither of ports nor of types is a gap."""
        if words.peek() == "object-group" and protocols.known is not None:
            name = f"{words.take()} {words.take()}"
            number = _icmp(protocols.known)
            if number is None or not self._objects.is_icmp_group(name):
                why = f"{name} is not defined for this protocol"
                self._tally.problem(ref, why)
                return Part((), why)
            part = self._objects.icmp_types(name, number)
            return Part(part.known, part.doubt)
        number = _icmp(protocols.known)
        if number is not None and is_icmp(words.peek(), number):
            return Part(icmp(words, number))
        return Part(None)

    def _options(self, entry: Entry, words: Words) -> bool:
        active = True
        while words:
            option = words.take()
            if option == "inactive":
                active = False
            elif option == "log":
                words.took(*_LEVELS)
                if words.took("interval"):
                    words.take()
            elif option == "time-range":
                when = times(self._ranges, words.take())
                entry.whens, entry.doubt = when.known, when.doubt
                if when.doubt:
                    self._tally.problem(entry.ref, when.doubt)
            elif option.startswith("(hitcnt="):  # as "show access-list" prints it
                words.rest()
            else:
                raise WordError(f"'{option}' is not understood in an access list")
        return active


def _icmp(protocols: Spans | None) -> int | None:
    """ICMP or ICMPv6, if that alone is meant."""
    if protocols == ((ICMP, ICMP),):
        return ICMP
    return ICMPV6 if protocols == ((ICMPV6, ICMPV6),) else None
