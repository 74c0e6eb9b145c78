"""Schedules of a FortiOS configuration: one-time, recurring, and groups of them.

Private to the FortiOS reader. A recurring schedule's last minute is the one before its end.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from checkvalve.observe.firewalls.base import When
from checkvalve.observe.firewalls.fortinet.fortios_objects import Objects
from checkvalve.observe.firewalls.fortinet.fortios_tree import Node
from checkvalve.observe.firewalls.objects import bottom_up

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK: Final = frozenset(range(7))
_LAST_MINUTE: Final = 24 * 60 - 1
_KNOWN: Final = frozenset({"start", "end", "day", "member"})
_HARMLESS: Final = frozenset(
    {"color", "uuid", "expiration-days", "start-utc", "end-utc", "fabric-object", "label-day"}
)

#: When a policy counts: any of these; an empty tuple: never; ``None`` in it: always.
Times = tuple[When | None, ...]


class Schedules:
    """What the schedules of one virtual domain mean.

    Args:
        domain: the virtual domain.
        objects: where problems go.
    """

    def __init__(self, domain: Node, objects: Objects) -> None:
        self._objects = objects
        self._times: dict[str, Times | str] = {"always": (None,), "none": ()}
        for path, read in (("onetime", _onetime), ("recurring", _recurring)):
            table = domain.table(f"firewall schedule {path}")
            objects.tally.understood(table.lines)
            for name, node in table.entries.items():
                self._times[name] = self._one(node, read(node))
        self._groups(domain.table("firewall schedule group"))

    def times(self, name: str, line: int) -> Times | str:
        """When a schedule counts; a sentence where that is unknown."""
        if name not in self._times:
            return self._objects.problem(line, f"nobody defines the schedule {name!r}")
        return self._times[name]

    def _one(self, node: Node, times: Times | None) -> Times | str:
        why = self._objects.doubt(node, _KNOWN, _HARMLESS)
        if times is None:
            self._objects.tally.missed(node.line, "its times are not understood")
        if why or times is None:
            return f"the schedule {node.name!r} is not understood"
        return times

    def _groups(self, table: Node) -> None:
        self._objects.tally.understood(table.lines)
        entries = table.entries
        order, cyclic = bottom_up({name: one.values("member") for name, one in entries.items()})
        for name in order:
            node = entries[name]
            members = [self.times(one, node.line) for one in node.values("member")]
            whys = [one for one in members if isinstance(one, str)]
            times = tuple(when for one in members if not isinstance(one, str) for when in one)
            self._times[name] = whys[0] if whys else self._one(node, tuple(dict.fromkeys(times)))
        for name in sorted(cyclic):
            why = f"the schedule group {name!r} holds itself"
            self._times[name] = self._objects.problem(entries[name].line, why)


def _onetime(node: Node) -> Times | None:
    try:
        start = _instant(node.values("start"))
        end = _instant(node.values("end"))
    except ValueError:
        return None
    return (When(start=start, end=end),)


def _instant(words: tuple[str, ...]) -> datetime:
    return datetime.strptime(" ".join(words), "%H:%M %Y/%m/%d")  # noqa: DTZ007  # its own clock


def _recurring(node: Node) -> Times | None:
    days = node.values("day")
    try:
        start, end = _minute(node.word("start", "00:00")), _minute(node.word("end", "00:00"))
        on = frozenset(_DAYS.index(day) for day in days if day != "none")
    except ValueError:
        return None
    if not days:
        return None
    if not on:
        return ()
    if start < end:
        spans = ((on, start, end - 1),)
    elif start == end == 0:
        spans = ((on, 0, _LAST_MINUTE),)
    else:  # past midnight
        after = frozenset((day + 1) % 7 for day in on)
        spans = ((on, start, _LAST_MINUTE), *(((after, 0, end - 1),) if end else ()))
    return (None,) if spans == ((_WEEK, 0, _LAST_MINUTE),) else (When(weekly=spans),)


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    found = int(hour) * 60 + int(minute)
    if not 0 <= found <= _LAST_MINUTE:
        raise ValueError(f"{text!r} is no time of day")
    return found
