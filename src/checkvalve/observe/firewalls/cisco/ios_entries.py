"""Entries of access lists of IOS, IOS XR and NX-OS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, TCP, FilterRule, Ref, State
from checkvalve.observe.firewalls.cisco.cisco_entries import (
    ACTIONS,
    Entry,
    either,
    host,
    prefix,
    times,
    wildcard,
)
from checkvalve.observe.firewalls.cisco.cisco_groups import Part, Service, services
from checkvalve.observe.firewalls.cisco.cisco_lines import Tally, WordError, Words
from checkvalve.observe.firewalls.cisco.cisco_names import OPERATORS, icmp, is_icmp, ports, protocol
from checkvalve.observe.firewalls.cisco.cisco_times import TimeRange
from checkvalve.observe.firewalls.cisco.ios_objects import Objects
from checkvalve.observe.firewalls.spans import ANY_V6, NOWHERE, Addresses, Spans

#: Packets with ACK or RST: all of a TCP session but its first, and those of no session at all.
_ESTABLISHED: Final = frozenset((State.ESTABLISHED, State.INVALID))
#: Packets that cannot open anything: later fragments, replies that a reflexive list lets in.
_LATER: Final = frozenset((State.ESTABLISHED, State.RELATED, State.INVALID))
_GROUP_OF_NETWORKS: Final = ("object-group", "addrgroup", "net-group")
_GROUP_OF_PORTS: Final = ("portgroup", "port-group")
#: Options that do not restrict: logging, counting, the way on.
_WITHOUT_EFFECT: Final = frozenset(("log", "log-input", "capture", "counter", "count"))
_WITH_A_WORD: Final = frozenset(("capture", "counter"))
#: Options that are one word.
_ALONE: Final = frozenset(("established", "fragments", *_WITHOUT_EFFECT))
_NEXT_HOPS: Final = frozenset(("nexthop1", "nexthop2", "nexthop3"))


class EntryReader:
    """Reads entries against the object groups of one configuration."""

    def __init__(self, objects: Objects, ranges: Mapping[str, TimeRange], tally: Tally) -> None:
        self._objects = objects
        self._ranges = ranges
        self._tally = tally

    def read(
        self,
        words: Words,
        ref: Ref,
        everywhere: Addresses,
        *,
        is_standard: bool,
    ) -> tuple[tuple[FilterRule, ...], str]:
        """An entry from its action on: its rules, and what of it is not understood."""
        if words.took("evaluate"):
            return _evaluated(words, ref, everywhere)
        action = ACTIONS.get(words.peek())
        if action is None:
            why = f"'{words.peek()}' is not understood in an access list"
            return either(ref, why, everywhere), why
        words.take()
        entry = Entry(action, ref, everywhere)
        try:
            if is_standard:
                entry.src = self._side(words, entry)
            else:
                self._fill(entry, words)
            self._options(entry, words)
        except WordError as error:
            entry.doubt = str(error)
        return tuple(entry.rules()), entry.doubt

    def _fill(self, entry: Entry, words: Words) -> None:
        is_v6 = entry.everywhere == ANY_V6
        protocols, service = self._protocol(words, entry.ref, is_v6=is_v6)
        entry.services = service or Part((Service(protocols),))
        entry.src = self._side(words, entry)
        src_ports = self._ports(words, entry.ref)
        entry.dst = self._side(words, entry)
        dst_ports = self._ports(words, entry.ref)
        types: Part[Spans | None] = Part(None)
        number = _icmp(protocols)
        if number is not None and is_icmp(words.peek(), number):
            types = Part(icmp(words, number))
        if service is None:
            entry.services = services(Part(protocols), src_ports, dst_ports, types)
        elif src_ports.known is not None or dst_ports.known is not None:
            raise WordError("ports behind a group that says its own")

    def _protocol(
        self, words: Words, ref: Ref, *, is_v6: bool
    ) -> tuple[Spans | None, Part[tuple[Service, ...]] | None]:
        """Protocols, or else services that say their own ports."""
        head = words.take()
        if head == "object-group":
            name = f"object-group {words.take()}"
            if name not in self._objects.services:
                self._tally.problem(ref, f"{name} is not defined")
            return None, self._objects.members[name]
        if head in ("ip", "ipv4", "ipv6"):
            return None, None
        number = ICMPV6 if head == "icmp" and is_v6 else protocol(head)
        return ((number, number),), None

    def _side(self, words: Words, entry: Entry) -> Part[Addresses]:
        word = words.take()
        if word == "any":
            return Part(entry.everywhere)
        if word in _GROUP_OF_NETWORKS:
            name = f"object-group {words.take()}"
            if name not in self._objects.networks:
                self._tally.problem(entry.ref, f"{name} is not defined")
            part = self._objects.addresses[name]
            return Part(part.known & entry.everywhere, part.doubt)
        found = self._addresses(word, words)
        if found & entry.everywhere == NOWHERE:
            raise WordError(f"'{word}' is not of the list's family")
        return Part(found)

    @staticmethod
    def _addresses(word: str, words: Words) -> Addresses:
        if word == "host":
            return host(words.take())
        if "/" in word:
            return prefix(word)
        following = words.peek()
        if ("." in following and "." in word) or (":" in following and ":" in word):
            return wildcard(word, words.take())
        return host(word)

    def _ports(self, words: Words, ref: Ref) -> Part[Spans | None]:
        if words.peek() in OPERATORS:
            return Part(ports(words, several=True))
        if not words.took(*_GROUP_OF_PORTS):
            return Part(None)
        name = f"object-group {words.take()}"
        if name not in self._objects.ports:
            self._tally.problem(ref, f"{name} is not defined")
        part = self._objects.numbers[name]
        return Part(part.known, part.doubt)

    def _options(self, entry: Entry, words: Words) -> None:
        while words:
            option = words.take()
            if option == "established":
                _only_tcp(entry)
                entry.states = _ESTABLISHED
            elif option == "fragments":
                entry.states = _LATER
                raise WordError("which packets are later fragments is not known")
            elif option == "time-range":
                self._time(entry, words.take())
            elif option.startswith("("):  # matches, as "show access-lists" prints them
                words.rest()
            elif not _without_restriction(option, words):
                raise WordError(f"'{option}' is not understood in an access list")

    def _time(self, entry: Entry, name: str) -> None:
        when = times(self._ranges, name)
        entry.whens = when.known
        if when.doubt:
            self._tally.problem(entry.ref, when.doubt)
            raise WordError(when.doubt)


def _without_restriction(option: str, words: Words) -> bool:
    """Read an option that matches no less, with what belongs to it; ``False`` if it is none."""
    if option in _WITHOUT_EFFECT:
        if option in _WITH_A_WORD:
            words.take()
        elif words and not words.peek(1) and words.peek() not in _ALONE:
            words.take()  # a word of one's own behind "log", to find the entry by
    elif option == "reflect":
        words.take()
        if words.took("timeout"):
            words.take()
    elif option in _NEXT_HOPS:
        words.took("ipv4", "ipv6")
        words.take()
    else:
        return False
    return True


def _only_tcp(entry: Entry) -> None:
    tcp = ((TCP, TCP),)
    if any(one.protocols != tcp for one in entry.services.known):
        raise WordError("'established' is for TCP alone")


def _evaluated(words: Words, ref: Ref, everywhere: Addresses) -> tuple[tuple[FilterRule, ...], str]:
    """Replies of what a ``reflect`` entry let pass; they open nothing."""
    why = f"which sessions {words.peek() or 'it'} holds is not known from the file"
    entry = Entry(ACTIONS["permit"], ref, everywhere, doubt=why, states=_LATER)
    return tuple(entry.rules()), ""


def _icmp(protocols: Spans | None) -> int | None:
    """ICMP or ICMPv6, if that alone is meant."""
    if protocols == ((ICMP, ICMP),):
        return ICMP
    return ICMPV6 if protocols == ((ICMPV6, ICMPV6),) else None
