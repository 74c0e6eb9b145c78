"""ASA's configuration, line by line: what decides about packets that pass through."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from checkvalve.observe.firewalls.asa_entries import EntryReader
from checkvalve.observe.firewalls.asa_levels import Interface, SameSecurity
from checkvalve.observe.firewalls.asa_objects import Body, Objects
from checkvalve.observe.firewalls.asa_statics import read_static
from checkvalve.observe.firewalls.base import Action, FilterRule, Ref
from checkvalve.observe.firewalls.cisco_entries import AccessList, either, host
from checkvalve.observe.firewalls.cisco_lines import Line, Tally, WordError, Words, read_lines
from checkvalve.observe.firewalls.cisco_names import number
from checkvalve.observe.firewalls.cisco_statics import Static
from checkvalve.observe.firewalls.cisco_times import TimeRange
from checkvalve.observe.firewalls.spans import ANY_V4, ANY_V6, ANYWHERE, Addresses

_REAL_ADDRESSES: Final = (8, 3)
_UNIFIED: Final = (9, 0)
_TOP_LEVEL: Final = 100
#: Lines of bodies, wherever they stand.
_BODY_WORDS: Final = frozenset(
    (
        *("host", "subnet", "range", "fqdn", "service", "network-object", "service-object"),
        *("port-object", "protocol-object", "icmp-object", "group-object", "description"),
        *("absolute", "periodic"),
    )
)
#: Lines of an interface, wherever they stand.
_SETTINGS: Final = frozenset(("security-level", "management-only", "description"))
#: Kinds of access list that decide nothing about IP that passes through.
_OTHER_LISTS: Final = frozenset(("remark", "webtype", "ethertype"))
#: Settings of the logging of access lists.
_LIST_SETTINGS: Final = frozenset(("alert-interval", "deny-flow-max"))
#: Commands that let pass, or stop, in ways that are not read.
_UNREAD: Final = {
    "established": (Action.ACCEPT,),
    "conduit": (Action.ACCEPT, Action.DENY),
    "outbound": (Action.DENY,),
    "nat-control": (Action.DENY,),
}
_SPEAKS_OF_PASSING: Final = frozenset(("permit", "deny"))
#: Commands with ``permit`` or ``deny`` in them that decide about other things than packets.
_ELSEWHERE: Final = frozenset(
    (
        *("route-map", "prefix-list", "ipv6", "community-list", "as-path", "policy-list", "banner"),
        *("aaa", "vpn-filter", "sysopt", "crypto", "webvpn", "icmp", "ssh", "no", "clear"),
        *("same-security-traffic", "dynamic-access-policy-record", "threat-detection", "mac-list"),
    )
)


@dataclass(frozen=True, slots=True)
class Binding:
    """An ``access-group``.

    Attributes:
        ref: where it stands.
        acl: the list's name.
        direction: ``in``, ``out`` or ``global``.
        interface: ``nameif``; empty if global.
    """

    ref: Ref
    acl: str
    direction: str
    interface: str = ""


class Configuration:
    """What a configuration says, once all its lines are read.

    Attributes:
        tally: what became of each line.
        interfaces: by ``nameif``, in the file's order.
        same: whether equal security levels may talk.
        lists: access lists that decide about packets, by name.
        ignored: names of lists that decide about none.
        bindings: of lists, the last one of a kind winning.
        statics: translations before 8.3, each with its mapped interface.
        unread: rules for commands that are not read.
        translates: senders are translated dynamically towards these interfaces (before 8.3).
    """

    def __init__(self, text: str, file: str) -> None:
        lines = read_lines(text)
        self.tally = Tally(file, lines)
        self.interfaces: dict[str, Interface] = {}
        self.same = SameSecurity()
        self.lists: dict[str, AccessList] = {}
        self.ignored: set[str] = set()
        self.bindings: dict[tuple[str, str, int], Binding] = {}
        self.statics: list[tuple[str, Static]] = []
        self.unread: list[FilterRule] = []
        self.translates: set[str] = set()
        self.is_asa = False
        self._version = _UNIFIED
        self._objects = Objects(self.tally)
        self._ranges: dict[str, TimeRange] = {}
        self._open: Callable[[Line], None] | None = None
        self._at: Interface | None = None
        self._later: list[Line] = []
        self._commands = self._table()
        for line in lines:
            self._first_pass(line)
        self._second_pass()

    @property
    def says_real_addresses(self) -> bool:
        """Whether access lists say real addresses."""
        return self._version >= _REAL_ADDRESSES

    @property
    def is_unified(self) -> bool:
        """Whether a list is of both families."""
        return self._version >= _UNIFIED

    def _table(self) -> dict[str, Callable[[Line], None]]:
        later = self._later.append
        return {
            "ASA": self._read_version,
            "PIX": self._read_version,
            "access-list": later,
            "access-group": later,
            "static": later,
            "global": later,
            "ipv6": later,
            "interface": self._read_interface,
            "nameif": self._read_nameif,
            "ip": self._read_own_address,
            "name": self._read_name,
            "object": self._read_object,
            "object-group": self._read_object,
            "time-range": self._read_range,
            "same-security-traffic": self._read_same,
            "crypto": self._read_crypto,
            "no": self._read_removal,
            "clear": self._read_removal,
            **dict.fromkeys(_UNREAD, self._read_unread),
        }

    def _first_pass(self, line: Line) -> None:
        """Read all but what names objects, which may be defined behind it."""
        if not line.words:
            return
        if self._open is not None and (line.depth or line.first in _BODY_WORDS):
            self._open(line)
            return
        if self._at is not None and line.first in _SETTINGS:
            self._read_setting(self._at, line)
            return
        command = self._commands.get(line.first)
        self._open = None
        if line.first not in ("nameif", "ip", "ipv6"):
            self._at = None
        try:
            if command is not None:
                command(line)
            elif _SPEAKS_OF_PASSING.intersection(line.words) and line.first not in _ELSEWHERE:
                self.tally.missed(line, f"the command '{line.first}' is not understood")
        except WordError as error:
            self.tally.missed(line, str(error))

    def _read_version(self, line: Line) -> None:
        found = re.fullmatch(r"(\d{1,3})\.(\d{1,3}).*", " ".join(line.words[2:3]))
        if line.words[1:2] != ("Version",) or found is None:
            return
        self._version = (int(found[1]), int(found[2]))
        self.is_asa = True
        self.tally.understood(line)

    def _read_name(self, line: Line) -> None:
        words = Words(line.words, 1)
        address, name = words.take(), words.take()
        host(address)
        self._objects.host_names[name] = address
        self.tally.understood(line)

    def _read_object(self, line: Line) -> None:
        body = self._objects.define(line)
        self.is_asa = True
        self.tally.understood(line)
        if body is not None:
            self._open = lambda below: self._read_member(body, below)

    def _read_member(self, body: Body, line: Line) -> None:
        body.read(line, self.tally)

    def _read_range(self, line: Line) -> None:
        words = Words(line.words, 1)
        found = self._ranges.setdefault(words.take(), TimeRange(self.tally.ref(line)))
        self.tally.understood(line)
        self._open = lambda below: self._read_time(found, below)

    def _read_time(self, found: TimeRange, line: Line) -> None:
        try:
            found.read(Words(line.words))
        except WordError as error:
            found.doubt = f"line {line.number}: {error}"
            self.tally.missed(line, str(error))
        else:
            self.tally.understood(line)

    def _read_interface(self, line: Line) -> None:
        found = self._at = Interface()
        self._open = lambda below: self._read_setting(found, below)

    def _read_setting(self, found: Interface, line: Line) -> None:
        words = Words(line.words)
        try:
            if words.took("nameif"):
                self._name(found, words.take())
            elif words.took("security-level"):
                level = number(words.take(), _TOP_LEVEL)
                if level is None:
                    raise WordError("a security level is 0 to 100")
                found.level = level
            elif words.took("management-only"):
                found.management_only = True
            elif words.took("ip", "ipv6"):
                _add_own(found, words)
                return
            else:
                return
        except WordError as error:
            self.tally.missed(line, str(error))
            found.level = None if line.first == "security-level" else found.level
        else:
            self.tally.understood(line)

    def _name(self, found: Interface, name: str) -> None:
        self.interfaces.pop(found.name, None)
        found.name = name
        if found.level is None:
            found.level = _TOP_LEVEL if name == "inside" else 0
        self.interfaces[name] = found
        self.is_asa = True

    def _read_nameif(self, line: Line) -> None:
        """``nameif ethernet0 outside security0`` of PIX 6, or a line that lost its depth."""
        words = Words(line.words, 1)
        words.take()
        if words and words.peek(1).startswith("security"):
            found = Interface()
            self._name(found, words.take())
            found.level = number(words.take().removeprefix("security"), _TOP_LEVEL)
            self.tally.understood(line)
        elif self._at is not None and not words:
            self._read_setting(self._at, line)
        else:
            raise WordError("an interface's name stands behind no interface")

    def _read_own_address(self, line: Line) -> None:
        """``ip address outside 203.0.113.1 255.255.255.0`` of PIX 6, or a line without depth."""
        if self._at is not None:
            self._read_setting(self._at, line)
        elif line.words[1:2] == ("address",) and line.words[2:3]:
            found = self.interfaces.get(line.words[2])
            if found is not None:
                _add_own(found, Words(("address", *line.words[3:])))

    def _read_same(self, line: Line) -> None:
        if line.words[1:] == ("permit", "inter-interface"):
            self.same.inter_interface = True
        elif line.words[1:] == ("permit", "intra-interface"):
            self.same.intra_interface = True
        else:
            raise WordError("what may pass between equal security levels is not understood")
        self.is_asa = True
        self.tally.understood(line)

    def _read_crypto(self, line: Line) -> None:
        if line.words[1:2] == ("map",) and line.words[-2:-1] == ("interface",):
            self.tally.problem(
                self.tally.ref(line),
                f"what leaves the tunnels of {line.words[-1]} is not asked of its access list "
                "unless 'no sysopt connection permit-vpn' is set",
            )

    def _read_removal(self, line: Line) -> None:
        """``no access-list NAME``, ``clear configure access-list NAME``."""
        if "access-list" in line.words[1:3]:
            self._later.append(line)

    def _read_unread(self, line: Line) -> None:
        why = f"the command '{line.first}' is not read"
        self.tally.missed(line, why)
        for action in _UNREAD[line.first]:
            self.unread.append(FilterRule(action, self.tally.ref(line), unknown=why))

    def _second_pass(self) -> None:
        self._objects.add_built_ins()
        own = {name: one.own for name, one in self.interfaces.items()}
        reader = EntryReader(self._objects, own, self._ranges, self.tally)
        groups = []
        for line in self._later:
            try:
                if line.first == "access-group":
                    groups.append(line)
                elif line.first == "static":
                    self._read_static(line)
                elif line.first == "global":
                    self.translates.add(" ".join(line.words[1:2]).strip("()"))
                else:
                    self._read_entry(line, reader)
            except WordError as error:
                self.tally.missed(line, str(error))
        for line in groups:
            self._read_binding(line)
        self._objects.tell_problems()

    def _read_static(self, line: Line) -> None:
        if self.says_real_addresses:
            return
        try:
            self.statics.append(read_static(Words(line.words, 1), self._objects))
        except WordError as error:
            ref, why = self.tally.ref(line), str(error)
            self.unread.extend(either(ref, why, ANY_V4))
            raise
        self.tally.understood(line)

    def _read_entry(self, line: Line, reader: EntryReader) -> None:
        words = Words(line.words)
        is_v6 = words.took("ipv6")
        if words.took("no", "clear"):
            self._remove(line, words)
            return
        if not words.took("access-list"):
            return
        name = words.take()
        if name in _LIST_SETTINGS or name.endswith(";"):
            return
        sequence = number(words.take(), 2**31) if words.took("line") else None
        if words.peek() in _OTHER_LISTS:
            if words.peek() != "remark":
                self.ignored.add(name)
            return
        found = self._list(line, name, is_v6=is_v6)
        if words.took("standard"):
            self._read_standard(line, found)
            return
        words.took("extended")
        ref = self.tally.ref(line, name)
        rules, doubt = reader.read(words, ref, found.everywhere)
        found.add(rules, sequence)
        self.is_asa = True
        if doubt:
            self.tally.missed(line, doubt)
        else:
            self.tally.understood(line)

    def _list(self, line: Line, name: str, *, is_v6: bool) -> AccessList:
        if name not in self.lists:
            everywhere = ANY_V6 if is_v6 else ANYWHERE if self.is_unified else ANY_V4
            self.lists[name] = AccessList(name, self.tally.ref(line), everywhere)
        return self.lists[name]

    def _read_standard(self, line: Line, found: AccessList) -> None:
        """A standard list is for routes and tunnels; bound to an interface it says nothing."""
        found.add(either(self.tally.ref(line), "a standard list is not for interfaces"))
        self.is_asa = True

    def _remove(self, line: Line, words: Words) -> None:
        """A list that is removed says nothing more; one entry that is, leaves it in doubt."""
        words.took("configure")
        words.take()
        name = words.take()
        if not words:
            if self.lists.pop(name, None) is not None:
                self.tally.understood(line)
        elif name in self.lists:
            why = "an entry that is removed is not understood"
            doubt = either(self.tally.ref(line), why, self.lists[name].everywhere)
            self.lists[name].entries.insert(0, (None, doubt))
            self.tally.missed(line, why)

    def _read_binding(self, line: Line) -> None:
        words = Words(line.words, 1)
        try:
            acl, direction = words.take(), words.take()
            interface = ""
            if direction in ("in", "out") and words.took("interface"):
                interface = words.take()
            elif direction != "global":
                raise WordError("to what the list is bound is not understood")
        except WordError as error:
            self.tally.missed(line, str(error))
            self.unread.extend(either(self.tally.ref(line), str(error)))
            return
        self.is_asa = True
        if words.took("control-plane") or (acl in self.ignored and acl not in self.lists):
            return  # packets to the firewall itself, or other protocols than IP
        found = self.lists.get(acl)
        family = 0
        if not self.is_unified:
            family = 6 if found is not None and found.everywhere == ANY_V6 else 4
        ref = self.tally.ref(line)
        if found is None:
            self.tally.problem(ref, f"access-list {acl} is not defined")
        self.bindings[direction, interface, family] = Binding(ref, acl, direction, interface)
        self.tally.understood(line)


def _add_own(found: Interface, words: Words) -> None:
    """The interface's own address; one that it is given from outside is not known."""
    if not words.took("address"):
        return
    try:
        found.own |= host(words.take().partition("/")[0])
    except WordError:
        found.own = Addresses()
