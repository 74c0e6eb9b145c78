"""Schedulers of a Junos configuration: when policies count.

Private to the Junos reader. What a day of the week says counts before what ``daily`` says. A
span's last minute is the one before its stop time, unless that has seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from checkvalve.observe.firewalls.base import When
from checkvalve.observe.firewalls.juniper.junos_tree import Node
from checkvalve.observe.firewalls.tally import Tally

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LAST_MINUTE: Final = 24 * 60 - 1
_ALL_DAY: Final = (0, _LAST_MINUTE)

#: When a policy counts: any of these; an empty tuple: never; ``None`` in it: always.
Times = tuple[When | None, ...]
_Span = tuple[int, int]


def read_schedulers(root: Node, tally: Tally) -> dict[str, Times | str]:
    """Each scheduler's times; a sentence where they are not understood."""
    found: dict[str, Times | str] = {}
    for node in root.at("schedulers", "scheduler").active():
        try:
            found[node.word] = _times([words for words, _ in node.sentences()])
        except ValueError as error:
            tally.missed(node.line, f"the scheduler {node.word!r} is not understood: {error}")
            found[node.word] = f"the scheduler {node.word!r} is not understood"
    return found


def _times(sentences: Iterable[tuple[str, ...]]) -> Times:
    dates: list[tuple[datetime | None, datetime | None]] = []
    days: dict[str, list[_Span]] = {}
    for words in sentences:
        match words:
            case ("start-date", start, "stop-date", stop):
                dates.append((_instant(start), _instant(stop)))
            case (day, *rest) if day in _DAYS or day == "daily":
                days.setdefault(day, []).extend(_spans(rest))
            case ("description", *_):
                pass
            case _:
                raise ValueError(" ".join(words))
    if not dates and not days:
        raise ValueError("it has no times")
    weekly = _weekly(days)
    if days and not weekly:
        return ()
    whole = not days or weekly == ((frozenset(range(7)), *_ALL_DAY),)
    if not dates:
        return (None,) if whole else (When(weekly=weekly),)
    return tuple(When(start, stop, () if whole else weekly) for start, stop in dates)


def _weekly(days: dict[str, list[_Span]]) -> tuple[tuple[frozenset[int], int, int], ...]:
    on: dict[_Span, set[int]] = {}
    for number, day in enumerate(_DAYS):
        for span in days.get(day, days.get("daily", [])):
            on.setdefault(span, set()).add(number)
    return tuple((frozenset(numbers), *span) for span, numbers in on.items())


def _spans(words: list[str]) -> list[_Span]:
    match words:
        case ["all-day"]:
            return [_ALL_DAY]
        case ["exclude"]:
            return []
        case ["start-time", start, "stop-time", stop]:
            first, last = _seconds(start) // 60, (_seconds(stop) - 1) // 60
            if first > last:
                raise ValueError(f"{start} is not before {stop}")
            return [(first, last)]
    raise ValueError(" ".join(words))


def _seconds(text: str) -> int:
    hour, minute, second = (*map(int, text.split(":")), 0)[:3]
    found = (hour * 60 + minute) * 60 + second
    if not 0 <= found <= 24 * 60 * 60:
        raise ValueError(f"{text!r} is no time of day")
    return found


def _instant(text: str) -> datetime:
    for form in ("%Y-%m-%d.%H:%M", "%Y-%m-%d.%H:%M:%S"):
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  # on the firewall's own clock
        except ValueError:
            continue
    raise ValueError(f"{text!r} is no date with a year")
