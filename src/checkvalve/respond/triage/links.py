"""Links between findings, each with its reasons; an incident is what links hold together.

Links are kept, not merged sets, so that taking one away parts what it held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self


class Reason(StrEnum):
    """Why two findings belong together."""

    CONVERSATION = "conversation"
    IDENTITY = "identity"
    ACTOR = "actor"
    REPEATED = "repeated"
    REACHED = "reached"
    COMMANDED = "commanded"
    SILENT = "silent"
    ONWARD = "onward"
    POSTURE = "posture"


_SENTENCES: Final = {
    Reason.CONVERSATION: "both are of the conversation of {}",
    Reason.IDENTITY: "{} took part in both",
    Reason.ACTOR: "{} acted in both",
    Reason.REPEATED: "the same behaviour came again at {}",
    Reason.REACHED: "{} had been reached before it acted",
    Reason.COMMANDED: "{} was commanded before",
    Reason.SILENT: "{} is in both losses",
    Reason.ONWARD: "{}",
    Reason.POSTURE: "both stand with {}",
}


@dataclass(frozen=True, slots=True, order=True)
class Why:
    """One reason of a link.

    Attributes:
        reason: its kind.
        through: the asset, person, conversation or owner that both share.
    """

    reason: Reason
    through: str

    def __str__(self) -> str:
        return _SENTENCES[self.reason].format(self.through)

    @property
    def code(self) -> str:
        """The reason in a form that ``Why.read`` understands."""
        return f"{self.reason}: {self.through}"

    @classmethod
    def read(cls, code: str) -> Self:
        """The reason that a code stands for.

        Raises:
            ValueError: no reason has that code.
        """
        reason, _, through = code.partition(": ")
        return cls(Reason(reason), through)


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """Two findings that belong together.

    Attributes:
        earlier: id of the finding that came first.
        later: id of the other.
        reasons: at least one.
    """

    earlier: str
    later: str
    reasons: tuple[Why, ...]


def components(ids: Sequence[str], links: Iterable[Link]) -> tuple[tuple[str, ...], ...]:
    """What hangs together; nothing is remembered, so a link that is gone holds nothing.

    Args:
        ids: the findings, in the order in which groups and members shall come.
        links: links between them; a link to an unknown id is passed over.

    Returns:
        Groups of ids; each id is in exactly one.
    """
    place = {name: number for number, name in enumerate(ids)}
    neighbours: dict[str, list[str]] = {}
    for link in links:
        if link.earlier in place and link.later in place:
            neighbours.setdefault(link.earlier, []).append(link.later)
            neighbours.setdefault(link.later, []).append(link.earlier)
    seen: set[str] = set()
    groups: list[tuple[str, ...]] = []
    for name in place:
        if name not in neighbours:
            groups.append((name,))
        elif name not in seen:
            group = _reachable(name, neighbours)
            seen |= group
            groups.append(tuple(sorted(group, key=place.__getitem__)))
    return tuple(groups)


def _reachable(start: str, neighbours: dict[str, list[str]]) -> set[str]:
    group, waiting = {start}, [start]
    while waiting:
        for other in neighbours[waiting.pop()]:
            if other not in group:
                group.add(other)
                waiting.append(other)
    return group
