"""A story as plain text, for a terminal, a mail or a printed page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from textwrap import wrap
from typing import Final
from zoneinfo import ZoneInfo

from checkvalve.findings import Evidence
from checkvalve.respond.triage.events import Event
from checkvalve.respond.triage.places import Place
from checkvalve.respond.triage.story import PointLine, Story

WIDTH: Final = 100
_MOST_EVIDENCE: Final = 6
_MOST_NAMES: Final = 3
_MOST_PLACES: Final = 8
_AGED: Final = {
    "certainty": "seen {} ago",
    "stage": "seen {} ago",
    "safety": "reviewed {} ago",
    "production": "reviewed {} ago",
    "sanctioned": "open for {}",
}
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def text(story: Story) -> str:
    """The whole story; ends with a newline.

    Args:
        story: from ``story.tell``.
    """
    clock = _Clock(ZoneInfo(story.time_zone), story.first)
    parts = [
        _wrapped(f"{story.outcome}: {story.headline}", ""),
        [_status(story, clock)],
        *_sections(story, clock),
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def age(elapsed: timedelta) -> str:
    """A duration in its largest unit, such as ``3 minutes``.

    Args:
        elapsed: at least a second is told; less is ``0 seconds``.
    """
    seconds = int(max(elapsed, timedelta()).total_seconds())
    for size, unit in _UNITS:
        if seconds >= size:
            return _many(seconds // size, unit)
    return "0 seconds"


def printable(words: str) -> str:
    """The words with every character that a terminal would obey made visible.

    Names come from the wire; one may hold an escape sequence, or turn the reading order round.

    Args:
        words: text from anywhere.
    """
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in words)


class _Clock:
    """The site's wall clock; a day is named only when it is not the first one.

    Args:
        zone: the site's time zone.
        first: when the incident began.
    """

    def __init__(self, zone: ZoneInfo, first: datetime) -> None:
        self.zone = zone
        self.first_day = first.astimezone(zone).date()

    def time(self, at: datetime) -> str:
        local = at.astimezone(self.zone)
        if local.date() == self.first_day:
            return f"{local:%H:%M:%S}"
        return f"{local:%Y-%m-%d %H:%M:%S}"

    def full(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"


def _status(story: Story, clock: _Clock) -> str:
    span = clock.full(story.first)
    if story.last > story.first:
        span += f" to {clock.time(story.last)}"
    count = _many(story.findings, "finding")
    total = story.score.total
    return f"{story.incident}, {story.state}, score {total}, {count}, {span} {story.time_zone}"


def _sections(story: Story, clock: _Clock) -> Iterator[list[str]]:
    yield ["", "What happened", *_lines(_event(event, clock) for event in story.events)]
    if story.places:
        yield ["", "On what", *_lines(_places(story))]
    if story.matters:
        yield ["", "Why it matters", *_lines(iter(story.matters))]
    yield ["", f"Why {story.outcome}", *_row(story)]
    yield ["", "Evidence", *_lines(_proofs(story, clock))]
    if story.harmless_if:
        yield ["", "Harmless if", *_lines(iter(story.harmless_if))]
    if story.next_steps:
        within = "" if story.within is None else f", within {age(story.within)}"
        steps = (f"{number}. {step}" for number, step in enumerate(story.next_steps, start=1))
        yield ["", f"What to do{within}", *_lines(steps)]
    if story.remarks:
        yield ["", "What was done", *_lines(iter(story.remarks))]


def _event(event: Event, clock: _Clock) -> str:
    said = f"{event.joined}: {event.sentence}" if event.joined else event.sentence
    parts = [f"{clock.time(event.at)}  {said}"]
    if event.more:
        whom = f", on {_names(event.others)}" if event.others else ""
        parts.append(f"The same {_many(event.more, 'more time')}{whom}.")
    often = event.count - event.more - 1
    if event.last > event.at:
        seen = f"Seen {_many(event.count, 'time')}" if often > 0 else "It went on"
        parts.append(f"{seen}, until {clock.time(event.last)}.")
    return " ".join(parts)


def _places(story: Story) -> Iterator[str]:
    for place in story.places[:_MOST_PLACES]:
        yield _place(place)
    left = len(story.places) - _MOST_PLACES
    if left > 0:
        yield f"and {_many(left, 'other')}."


def _place(place: Place) -> str:
    name = f"{place.id} ({place.name})" if place.name else place.id
    facts = [place.role, f"zone {place.zone}", *place.equipment, place.rating]
    return f"{name} {place.part}: {', '.join(fact for fact in facts if fact)}."


def _row(story: Story) -> Iterator[str]:
    width = max(len(line.value) for line in story.points)
    for line in story.points:
        head = f"  {line.point:<10}  {line.value:<{width}}  "
        said = printable(f"{line.because}{_dated(line, story.at)}")
        yield from wrap(said, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
    if story.decided:
        yield from _wrapped(f"This plant decided so: {story.decided}", "  ")
    for sentence in story.otherwise:
        yield from _wrapped(sentence, "  ")
    parts = (f"{part.name} {part.points} of {part.most}" for part in story.score.parts)
    yield from _wrapped(f"Score {story.score.total}: {', '.join(parts)}.", "  ")


def _dated(line: PointLine, at: datetime) -> str:
    return "" if line.as_of is None else f" ({_AGED[line.point].format(age(at - line.as_of))})"


def _proofs(story: Story, clock: _Clock) -> Iterator[str]:
    for item in story.evidence[:_MOST_EVIDENCE]:
        yield _proof(item, clock)
    left = len(story.evidence) - _MOST_EVIDENCE
    if left > 0:
        yield f"and {left} more."


def _proof(item: Evidence, clock: _Clock) -> str:
    when = "" if item.at is None else f"{clock.time(item.at)}  "
    place = f" [{item.place}]" if item.place else ""
    return f"{when}{item}{place}"


def _names(names: tuple[str, ...]) -> str:
    if len(names) <= _MOST_NAMES:
        return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f"{', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} others"


def _many(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _lines(sentences: Iterator[str]) -> Iterator[str]:
    for sentence in sentences:
        yield from _wrapped(sentence, "  ")


def _wrapped(sentence: str, indent: str) -> list[str]:
    said = printable(sentence)
    return wrap(said, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")
