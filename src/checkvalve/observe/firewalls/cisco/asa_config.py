"""What an ASA's configuration says about packets that pass through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from checkvalve.observe.firewalls.base import FilterRule, Ref
from checkvalve.observe.firewalls.cisco.asa_levels import Interface, SameSecurity
from checkvalve.observe.firewalls.cisco.cisco_entries import AccessList
from checkvalve.observe.firewalls.cisco.cisco_lines import Tally
from checkvalve.observe.firewalls.cisco.cisco_statics import Static

_REAL_ADDRESSES: Final = (8, 3)
_UNIFIED: Final = (9, 0)


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


@dataclass(slots=True)
class Configuration:
    """What a configuration says, once all its lines are read.

    Attributes:
        tally: what became of each line.
        interfaces: by ``nameif``, in the file's order.
        same: whether equal security levels may talk.
        lists: access lists that decide about packets, by name.
        ignored: names of lists that decide about none.
        bindings: of lists, by direction, interface and family; the last one of a kind wins.
        statics: translations before 8.3, each with its mapped interface.
        unread: rules for commands that are not read.
        translates: senders are translated dynamically towards these interfaces (before 8.3).
        version: of the software; 9.x where the file does not say.
        is_asa: there is a line that decides what passes.
    """

    tally: Tally
    interfaces: dict[str, Interface] = field(default_factory=dict)
    same: SameSecurity = field(default_factory=SameSecurity)
    lists: dict[str, AccessList] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    bindings: dict[tuple[str, str, int], Binding] = field(default_factory=dict)
    statics: list[tuple[str, Static]] = field(default_factory=list)
    unread: list[FilterRule] = field(default_factory=list)
    translates: set[str] = field(default_factory=set)
    version: tuple[int, int] = _UNIFIED
    is_asa: bool = False

    @property
    def says_real_addresses(self) -> bool:
        """Whether access lists say real addresses."""
        return self.version >= _REAL_ADDRESSES

    @property
    def is_unified(self) -> bool:
        """Whether a list is of both families."""
        return self.version >= _UNIFIED
