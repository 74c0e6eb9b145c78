"""ASA's configuration, line by line: objects, interfaces, settings; access lists last."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from checkvalve.observe.firewalls.base import Action, FilterRule
from checkvalve.observe.firewalls.cisco.asa_config import Configuration
from checkvalve.observe.firewalls.cisco.asa_levels import Interface
from checkvalve.observe.firewalls.cisco.asa_lists import ListReader
from checkvalve.observe.firewalls.cisco.asa_objects import Body, Objects
from checkvalve.observe.firewalls.cisco.cisco_entries import host
from checkvalve.observe.firewalls.cisco.cisco_lines import Line, Tally, WordError, Words, read_lines
from checkvalve.observe.firewalls.cisco.cisco_names import number
from checkvalve.observe.firewalls.cisco.cisco_times import TimeRange
from checkvalve.observe.firewalls.spans import Addresses

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


def read_configuration(text: str, file: str) -> Configuration:
    """Read all lines; access lists last, as they may name what is defined behind them."""
    lines = read_lines(text)
    found = Configuration(Tally(file, lines))
    reader = _Reader(found)
    for line in lines:
        reader.read(line)
    reader.finish()
    return found


class _Reader:
    def __init__(self, found: Configuration) -> None:
        self._found = found
        self._tally = found.tally
        self._objects = Objects(found.tally)
        self._ranges: dict[str, TimeRange] = {}
        self._open: Callable[[Line], None] | None = None
        self._at: Interface | None = None
        self._later: list[Line] = []
        self._commands = self._table()

    def finish(self) -> None:
        """Read the access lists and what binds them."""
        ListReader(self._found, self._objects, self._ranges).read(self._later)

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

    def read(self, line: Line) -> None:
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
                self._tally.missed(line, f"the command '{line.first}' is not understood")
        except WordError as error:
            self._tally.missed(line, str(error))

    def _read_version(self, line: Line) -> None:
        found = re.fullmatch(r"(\d{1,3})\.(\d{1,3}).*", " ".join(line.words[2:3]))
        if line.words[1:2] != ("Version",) or found is None:
            return
        self._found.version = (int(found[1]), int(found[2]))
        self._found.is_asa = True
        self._tally.understood(line)

    def _read_name(self, line: Line) -> None:
        words = Words(line.words, 1)
        address, name = words.take(), words.take()
        host(address)
        self._objects.host_names[name] = address
        self._tally.understood(line)

    def _read_object(self, line: Line) -> None:
        body = self._objects.define(line)
        self._found.is_asa = True
        self._tally.understood(line)
        if body is not None:
            self._open = lambda below: self._read_member(body, below)

    def _read_member(self, body: Body, line: Line) -> None:
        body.read(line, self._tally)

    def _read_range(self, line: Line) -> None:
        words = Words(line.words, 1)
        found = self._ranges.setdefault(words.take(), TimeRange(self._tally.ref(line)))
        self._tally.understood(line)
        self._open = lambda below: self._read_time(found, below)

    def _read_time(self, found: TimeRange, line: Line) -> None:
        try:
            found.read(Words(line.words))
        except WordError as error:
            found.doubt = f"line {line.number}: {error}"
            self._tally.missed(line, str(error))
        else:
            self._tally.understood(line)

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
            self._tally.missed(line, str(error))
            found.level = None if line.first == "security-level" else found.level
        else:
            self._tally.understood(line)

    def _name(self, found: Interface, name: str) -> None:
        self._found.interfaces.pop(found.name, None)
        found.name = name
        if found.level is None:
            found.level = _TOP_LEVEL if name == "inside" else 0
        self._found.interfaces[name] = found
        self._found.is_asa = True

    def _read_nameif(self, line: Line) -> None:
        """``nameif ethernet0 outside security0`` of PIX 6, or a line that lost its depth."""
        words = Words(line.words, 1)
        words.take()
        if words and words.peek(1).startswith("security"):
            found = Interface()
            self._name(found, words.take())
            found.level = number(words.take().removeprefix("security"), _TOP_LEVEL)
            self._tally.understood(line)
        elif self._at is not None and not words:
            self._read_setting(self._at, line)
        else:
            raise WordError("an interface's name stands behind no interface")

    def _read_own_address(self, line: Line) -> None:
        """``ip address outside 203.0.113.1 255.255.255.0`` of PIX 6, or a line without depth."""
        if self._at is not None:
            self._read_setting(self._at, line)
        elif line.words[1:2] == ("address",) and line.words[2:3]:
            found = self._found.interfaces.get(line.words[2])
            if found is not None:
                _add_own(found, Words(("address", *line.words[3:])))

    def _read_same(self, line: Line) -> None:
        if line.words[1:] == ("permit", "inter-interface"):
            self._found.same.inter_interface = True
        elif line.words[1:] == ("permit", "intra-interface"):
            self._found.same.intra_interface = True
        else:
            raise WordError("what may pass between equal security levels is not understood")
        self._found.is_asa = True
        self._tally.understood(line)

    def _read_crypto(self, line: Line) -> None:
        if line.words[1:2] == ("map",) and line.words[-2:-1] == ("interface",):
            self._tally.problem(
                self._tally.ref(line),
                f"what leaves the tunnels of {line.words[-1]} is not asked of its access list "
                "unless 'no sysopt connection permit-vpn' is set",
            )

    def _read_removal(self, line: Line) -> None:
        """``no access-list NAME``, ``clear configure access-list NAME``."""
        if "access-list" in line.words[1:3]:
            self._later.append(line)

    def _read_unread(self, line: Line) -> None:
        why = f"the command '{line.first}' is not read"
        self._tally.missed(line, why)
        for action in _UNREAD[line.first]:
            self._found.unread.append(FilterRule(action, self._tally.ref(line), unknown=why))


def _add_own(found: Interface, words: Words) -> None:
    """The interface's own address; one that it is given from outside is not known."""
    if not words.took("address"):
        return
    try:
        found.own |= host(words.take().partition("/")[0])
    except WordError:
        found.own = Addresses()
