"""Configurations of IOS, IOS XR and NX-OS, line by line: what decides about forwarded packets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

from checkvalve.observe.firewalls.base import Action, FilterRule, Names, State
from checkvalve.observe.firewalls.cisco.asa_objects import Body
from checkvalve.observe.firewalls.cisco.cisco_entries import either, host
from checkvalve.observe.firewalls.cisco.cisco_lines import (
    Line,
    Tally,
    WordError,
    Words,
    read_lines,
    without_banners,
)
from checkvalve.observe.firewalls.cisco.cisco_names import number
from checkvalve.observe.firewalls.cisco.cisco_times import TimeRange
from checkvalve.observe.firewalls.cisco.ios_config import Binding, Configuration, IosList
from checkvalve.observe.firewalls.cisco.ios_entries import EntryReader
from checkvalve.observe.firewalls.cisco.ios_objects import Objects
from checkvalve.observe.firewalls.spans import ANY_V4, ANY_V6

#: Numbers of standard and of extended lists; others are of other protocols than IP.
_STANDARD: Final = (range(1, 100), range(1300, 2000))
_EXTENDED: Final = (range(100, 200), range(2000, 2700))
_LAST_SEQUENCE: Final = 2**32 - 1
_DIRECTIONS: Final = {"in": "in", "ingress": "in", "out": "out", "egress": "out"}
#: What an entry may begin with, wherever it stands.
_ENTRY_WORDS: Final = frozenset(("permit", "deny", "remark", "evaluate", "dynamic"))
#: Lines within a list that are no entries.
_NO_ENTRY: Final = frozenset(("remark", "exit", "statistics", "fragments", "no", "description"))
_BODY_WORDS: Final = frozenset(("absolute", "periodic", "group-object"))
_BINDINGS: Final = (
    *(("ip", "access-group"), ("ipv4", "access-group"), ("ipv6", "access-group")),
    ("ipv6", "traffic-filter"),
)
#: Lines that stand within a list, or between its entries.
_WITHIN: Final = frozenset(("permit", "deny", "remark", "exit", "end", "no", "ip", "ipv4", "ipv6"))
#: Commands that open a section of another kind, whose lines are no entries.
_SECTIONS: Final = frozenset(
    (
        *("route-map", "class-map", "policy-map", "router", "line", "vlan", "vrf", "crypto"),
        *(
            "control-plane",
            "mac",
            "arp",
            "role",
            "key",
            "aaa",
            "event",
            "prefix-set",
            "exit",
            "end",
        ),
        *("route-policy", "community-set", "as-path-set", "ip-prefix-list", "flow", "monitor"),
    )
)
_SPEAKS_OF_PASSING: Final = frozenset(("permit", "deny"))
#: Commands with ``permit`` or ``deny`` in them that decide about other things than packets.
_ELSEWHERE: Final = frozenset(
    (
        *("route-map", "prefix-list", "ip", "ipv6", "community-list", "as-path", "banner", "no"),
        *("aaa", "snmp-server", "clear", "route-policy", "mac", "rule", "role", "ntp", "event"),
    )
)
_REPLIES: Final = frozenset((State.ESTABLISHED, State.RELATED))


def read_configuration(text: str, file: str) -> Configuration:
    """Read all lines."""
    lines = read_lines(text)
    found = Configuration(Tally(file, lines))
    _Reader(found).read(lines)
    return found


class _Reader:
    def __init__(self, found: Configuration) -> None:
        self._found = found
        self._tally = found.tally
        self._objects = Objects(found.tally)
        self._ranges: dict[str, TimeRange] = {}
        self._entries: list[tuple[Line, IosList, int]] = []
        self._unsure: set[int] = set()
        self._is_sure = True
        self._open: Callable[[Line], None] | None = None
        self._last: IosList | None = None
        self._at = ""
        self._commands = self._table()

    def read(self, lines: list[Line]) -> None:
        """All lines; entries last, as they may name groups that are defined behind them."""
        for line in without_banners(lines):
            try:
                self._line(line)
            except WordError as error:
                self._tally.missed(line, str(error))
        reader = EntryReader(self._objects, self._ranges, self._tally)
        for line, acl, start in self._entries:
            self._entry(line, acl, start, reader)
        self._objects.tell_problems()

    def _line(self, line: Line) -> None:
        if self._open is not None and (line.depth or line.first in _BODY_WORDS):
            self._open(line)
            return
        if self._last is not None and _is_entry(line):
            if not self._is_sure:
                self._unsure.add(line.number)
            self._in_list(self._last, line)
            return
        self._open = None
        self._command(line)

    def _command(self, line: Line) -> None:
        words = line.words
        command = self._commands.get(words[:2]) or self._commands.get(words[:1])
        if command is not None:
            command(line)
        elif words[0] == "no" and "access-list" in words[1:3]:
            self._removal(line)
        elif words[0] in _SECTIONS or (words[0] not in _WITHIN and "access-list" in words[1:2]):
            self._last, self._at = None, ""
            self._open = _of_another_kind
        elif _SPEAKS_OF_PASSING.intersection(words) and words[0] not in _ELSEWHERE:
            raise WordError(f"the command '{words[0]}' is not understood")
        elif words[0] not in _WITHIN:
            self._is_sure = False

    def _table(self) -> dict[tuple[str, ...], Callable[[Line], None]]:
        return {
            ("ip", "access-list"): self._named,
            ("ipv4", "access-list"): self._named,
            ("ipv6", "access-list"): self._named,
            ("ip", "nat"): self._nat,
            **dict.fromkeys(_BINDINGS, self._stray),
            ("access-list",): self._numbered,
            ("object-group",): self._group,
            ("time-range",): self._range,
            ("interface",): self._interface,
            ("version",): self._version,
            ("vlan", "filter"): self._not_read,
            ("zone-pair",): self._not_read,
        }

    def _group(self, line: Line) -> None:
        self._last = None
        body = self._objects.define(line)
        self._found.is_its_own = True
        self._tally.understood(line)
        self._open = lambda below: self._member(body, below)

    def _version(self, line: Line) -> None:
        if re.match(r"1[125-7]\.\d", " ".join(line.words[1:2])):
            self._found.is_ios = True

    def _stray(self, line: Line) -> None:
        """A binding that lost its depth belongs to the interface before it."""
        if self._at:
            self._setting(self._at, line)
        else:
            self._unread(line, "a list is bound to no interface", Action.DENY)

    def _nat(self, line: Line) -> None:
        try:
            if self._found.nat.read(Words(line.words, 2)):
                self._tally.understood(line)
        except WordError as error:
            self._found.unread.extend(either(self._tally.ref(line), str(error), ANY_V4))
            raise

    def _not_read(self, line: Line) -> None:
        self._unread(line, f"the command '{line.first}' is not read", Action.DENY)

    def _unread(
        self, line: Line, why: str, *actions: Action, interface: str = "", to: bool = False
    ) -> None:
        names = Names(frozenset((interface,))) if interface else None
        for action in actions:
            self._found.unread.append(
                FilterRule(
                    action,
                    self._tally.ref(line),
                    in_if=None if to else names,
                    out_if=names if to else None,
                    states=_REPLIES if action is Action.ACCEPT else None,
                    unknown=why,
                )
            )
        self._tally.missed(line, why)

    def _member(self, body: Body, line: Line) -> None:
        body.read(line, self._tally)

    def _range(self, line: Line) -> None:
        words = Words(line.words, 1)
        found = self._ranges.setdefault(words.take(), TimeRange(self._tally.ref(line)))
        self._tally.understood(line)
        self._open = lambda below: self._time(found, below)

    def _time(self, found: TimeRange, line: Line) -> None:
        try:
            found.read(Words(line.words))
        except WordError as error:
            found.doubt = f"line {line.number}: {error}"
            raise
        self._tally.understood(line)

    def _list(self, line: Line, family: Literal[4, 6], name: str) -> IosList:
        if (family, name) not in self._found.lists:
            everywhere = ANY_V4 if family == 4 else ANY_V6  # noqa: PLR2004  # IPv4
            self._found.lists[family, name] = IosList(name, self._tally.ref(line), everywhere)
        return self._found.lists[family, name]

    def _named(self, line: Line) -> None:
        words = Words(line.words)
        family: Literal[4, 6] = 6 if words.take() == "ipv6" else 4
        words.take()
        kind = words.take() if words.peek() in ("extended", "standard") else ""
        name = words.take()
        if name in ("resequence", "role-based", "log-update", "logging", "match-local-traffic"):
            self._last, self._open = None, _of_another_kind
            return
        acl = self._list(line, family, name)
        if kind:
            self._found.is_ios = True
            acl.passes_if_empty = True
        elif family == 4:  # noqa: PLR2004  # NX-OS and IOS XR write no kind
            acl.passes_if_empty = False
        acl.is_standard = kind == "standard"
        self._is_sure = True
        self._tally.understood(line)
        self._found.is_its_own = True
        self._last = acl
        self._open = lambda below: self._in_list(acl, below)

    def _in_list(self, acl: IosList, line: Line) -> None:
        at = 1 if number(line.first, _LAST_SEQUENCE) is not None else 0
        if line.words[at : at + 1] and line.words[at] not in _NO_ENTRY:
            self._entries.append((line, acl, at))

    def _numbered(self, line: Line) -> None:
        words = Words(line.words, 1)
        which = number(words.take(), _LAST_SEQUENCE)
        is_standard = which is not None and any(which in one for one in _STANDARD)
        if which is None or not (is_standard or any(which in one for one in _EXTENDED)):
            if which is None:
                raise WordError("an access list without a number is not understood")
            return
        acl = self._list(line, 4, str(which))
        acl.is_standard, acl.passes_if_empty = is_standard, True
        self._found.is_its_own = self._found.is_ios = True
        self._last, self._open = None, None
        if words.peek() in ("permit", "deny", "dynamic"):
            self._entries.append((line, acl, 2))
        elif words.peek() != "remark":
            acl.add(either(self._tally.ref(line), "an entry without an action", acl.everywhere))
            raise WordError(f"'{words.peek()}' is not understood in an access list")

    def _removal(self, line: Line) -> None:
        """``no ip access-list NAME``: what was said of the list before counts no more."""
        self._last = None
        if line.words[1] not in ("ip", "ipv4", "ipv6", "access-list"):
            return
        family: Literal[4, 6] = 6 if line.words[1] == "ipv6" else 4
        if self._found.lists.pop((family, line.words[-1]), None) is not None:
            self._tally.understood(line)

    def _interface(self, line: Line) -> None:
        name = " ".join(line.words[1:])
        self._last, self._at = None, name
        self._found.interfaces[name] = None
        self._open = lambda below: self._setting(name, below)

    def _setting(self, interface: str, line: Line) -> None:
        words = Words(line.words)
        head = words.take()
        family: Literal[4, 6] = 6 if head == "ipv6" else 4
        if head in ("ip", "ipv4", "ipv6"):
            words.took("port")
            if words.took("access-group", "traffic-filter"):
                self._binding(interface, family, words, line)
            elif words.took("inspect"):
                self._unread(line, "what inspection lets in is not read", Action.ACCEPT)
            elif words.took("nat") and words.took("outside"):
                self._found.nat.outside.add(interface)
                self._tally.understood(line)
            elif head == "ip" and words.took("address") and "." in words.peek():
                own = self._found.nat.own
                own[interface] = own.get(interface) or host(words.take())
        elif head == "zone-member" and words.took("security"):
            why = "zone-based policies are not read"
            self._unread(line, why, Action.DENY, interface=interface)
            self._unread(line, why, Action.DENY, interface=interface, to=True)

    def _binding(self, interface: str, family: Literal[4, 6], words: Words, line: Line) -> None:
        self._found.is_its_own = True
        acl = words.take()
        direction = _DIRECTIONS.get(words.peek())
        if direction is None:
            why = "to what the list is bound is not understood"
            self._unread(line, why, Action.DENY, interface=interface)
            self._unread(line, why, Action.DENY, interface=interface, to=True)
            return
        binding = Binding(self._tally.ref(line), acl, direction, interface, family)
        self._found.bindings[interface, direction, family] = binding
        self._tally.understood(line)

    def _entry(self, line: Line, acl: IosList, start: int, reader: EntryReader) -> None:
        words = Words(line.words, start)
        sequence = number(line.first, _LAST_SEQUENCE) if start == 1 else None
        ref = self._tally.ref(line, acl.name)
        rules, doubt = reader.read(words, ref, acl.everywhere, is_standard=acl.is_standard)
        if line.number in self._unsure:
            doubt = doubt or f"it may belong to access list {acl.name}, or to something else"
            rules = tuple(replace(rule, unknown=doubt) for rule in rules)
        acl.add(rules, sequence)
        if doubt:
            self._tally.missed(line, doubt)
        else:
            self._tally.understood(line)


def _of_another_kind(line: Line) -> None:
    """A line of a section that decides nothing about packets that pass through."""


def _is_entry(line: Line) -> bool:
    """Whether a line that lost its depth is an entry all the same."""
    at = 1 if number(line.first, _LAST_SEQUENCE) is not None else 0
    return bool(_ENTRY_WORDS.intersection(line.words[at : at + 1]))
