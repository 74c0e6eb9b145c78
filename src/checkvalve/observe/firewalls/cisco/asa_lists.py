"""ASA's access lists, the translations that they mean, and the interfaces they are bound to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from checkvalve.observe.firewalls.cisco.asa_config import Binding, Configuration
from checkvalve.observe.firewalls.cisco.asa_entries import EntryReader
from checkvalve.observe.firewalls.cisco.asa_objects import Objects
from checkvalve.observe.firewalls.cisco.asa_statics import read_static
from checkvalve.observe.firewalls.cisco.cisco_entries import AccessList, either
from checkvalve.observe.firewalls.cisco.cisco_lines import Line, WordError, Words
from checkvalve.observe.firewalls.cisco.cisco_names import number
from checkvalve.observe.firewalls.cisco.cisco_times import TimeRange
from checkvalve.observe.firewalls.spans import ANY_V4, ANY_V6, ANYWHERE

#: Kinds of access list that decide nothing about IP that passes through.
_OTHER_LISTS: Final = frozenset(("remark", "webtype", "ethertype"))
#: Settings of the logging of access lists.
_LIST_SETTINGS: Final = frozenset(("alert-interval", "deny-flow-max"))


class ListReader:
    """Reads lists once all that they may name is known."""

    def __init__(
        self, found: Configuration, objects: Objects, ranges: Mapping[str, TimeRange]
    ) -> None:
        self._found = found
        self._tally = found.tally
        self._objects = objects
        self._ranges = ranges

    def read(self, lines: Sequence[Line]) -> None:
        """Entries in their order, then bindings."""
        self._objects.add_built_ins()
        own = {name: one.own for name, one in self._found.interfaces.items()}
        reader = EntryReader(self._objects, own, self._ranges, self._tally)
        groups = []
        for line in lines:
            try:
                if line.first == "access-group":
                    groups.append(line)
                elif line.first == "static":
                    self._read_static(line)
                elif line.first == "global":
                    self._found.translates.add(" ".join(line.words[1:2]).strip("()"))
                else:
                    self._read_entry(line, reader)
            except WordError as error:
                self._tally.missed(line, str(error))
        for line in groups:
            self._read_binding(line)
        self._objects.tell_problems()

    def _read_static(self, line: Line) -> None:
        if self._found.says_real_addresses:
            return
        try:
            self._found.statics.append(read_static(Words(line.words, 1), self._objects))
        except WordError as error:
            ref, why = self._tally.ref(line), str(error)
            self._found.unread.extend(either(ref, why, ANY_V4))
            raise
        self._tally.understood(line)

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
                self._found.ignored.add(name)
            return
        found = self._list(line, name, is_v6=is_v6)
        if words.took("standard"):
            self._read_standard(line, found)
            return
        words.took("extended")
        ref = self._tally.ref(line, name)
        rules, doubt = reader.read(words, ref, found.everywhere)
        found.add(rules, sequence)
        self._found.is_asa = True
        if doubt:
            self._tally.missed(line, doubt)
        else:
            self._tally.understood(line)

    def _list(self, line: Line, name: str, *, is_v6: bool) -> AccessList:
        if name not in self._found.lists:
            everywhere = ANY_V6 if is_v6 else ANYWHERE if self._found.is_unified else ANY_V4
            self._found.lists[name] = AccessList(name, self._tally.ref(line), everywhere)
        return self._found.lists[name]

    def _read_standard(self, line: Line, found: AccessList) -> None:
        """A standard list is for routes and tunnels; bound to an interface it says nothing."""
        found.add(either(self._tally.ref(line), "a standard list is not for interfaces"))
        self._found.is_asa = True

    def _remove(self, line: Line, words: Words) -> None:
        """A list that is removed says nothing more; one entry that is, leaves it in doubt."""
        words.took("configure")
        words.take()
        name = words.take()
        if not words:
            if self._found.lists.pop(name, None) is not None:
                self._tally.understood(line)
        elif name in self._found.lists:
            why = "an entry that is removed is not understood"
            doubt = either(self._tally.ref(line), why, self._found.lists[name].everywhere)
            self._found.lists[name].entries.insert(0, (None, doubt))
            self._tally.missed(line, why)

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
            self._tally.missed(line, str(error))
            self._found.unread.extend(either(self._tally.ref(line), str(error)))
            return
        self._found.is_asa = True
        if words.took("control-plane") or (
            acl in self._found.ignored and acl not in self._found.lists
        ):
            return  # packets to the firewall itself, or other protocols than IP
        found = self._found.lists.get(acl)
        family = 0
        if not self._found.is_unified:
            family = 6 if found is not None and found.everywhere == ANY_V6 else 4
        ref = self._tally.ref(line)
        if found is None:
            self._tally.problem(ref, f"access-list {acl} is not defined")
        self._found.bindings[direction, interface, family] = Binding(ref, acl, direction, interface)
        self._tally.understood(line)
