"""What a configuration of IOS, IOS XR or NX-OS says about packets that are forwarded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from checkvalve.observe.firewalls.base import FilterRule, Ref
from checkvalve.observe.firewalls.cisco.cisco_entries import AccessList
from checkvalve.observe.firewalls.cisco.cisco_lines import Tally
from checkvalve.observe.firewalls.cisco.ios_nat import Translations


@dataclass(slots=True)
class IosList(AccessList):
    """An access list of IOS, with what its header says.

    Attributes:
        is_standard: it says sources alone.
        passes_if_empty: without an entry it lets all pass; ``None``: that depends on the product.
    """

    is_standard: bool = False
    passes_if_empty: bool | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """An access list at an interface."""

    ref: Ref
    acl: str
    direction: str
    interface: str
    family: Literal[4, 6]


@dataclass(slots=True)
class Configuration:
    """What a configuration says, once all its lines are read.

    Attributes:
        tally: what became of each line.
        lists: access lists, by family and name.
        bindings: of lists to interfaces; the last of a kind wins.
        interfaces: all that have a section.
        unread: rules for commands that are not read.
        nat: translations.
        is_ios: it is IOS or IOS XE for sure.
        is_its_own: there is a line that decides what passes.
    """

    tally: Tally
    lists: dict[tuple[int, str], IosList] = field(default_factory=dict)
    bindings: dict[tuple[str, str, int], Binding] = field(default_factory=dict)
    interfaces: dict[str, None] = field(default_factory=dict)
    unread: list[FilterRule] = field(default_factory=list)
    nat: Translations = field(default_factory=Translations)
    is_ios: bool = False
    is_its_own: bool = False
