"""Who does what, and when: acts in story time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Deed = Callable[[datetime], None]
Predicate = Callable[[datetime], bool]

_A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """One transaction: a poll, a write, a session.

    Attributes:
        at: story time.
        number: order among acts of the same moment.
        do: does it, with real sockets; returns when the last answer is there.
    """

    at: datetime
    number: int
    do: Deed = field(compare=False)


@dataclass(frozen=True, slots=True)
class Planted:
    """Something that must be found.

    Attributes:
        id: a letter, as the plant's README lists it.
        what: one sentence.
        at: when it starts.
        until: when its last consequence is over: a detector may still speak of it until then.
        actors: who takes part: assets' ids, or addresses of what is not declared.
        rules: rules of which a finding must come out.
        also: rules of which a finding may come out as well.
        at_least: the lowest class that will do, ``Act`` or ``Attend``.
    """

    id: str
    what: str
    at: datetime
    until: datetime
    actors: tuple[str, ...]
    rules: tuple[str, ...]
    also: tuple[str, ...] = ()
    at_least: str = "Attend"


class Story:
    """Acts in order of time, and what was planted among them.

    Args:
        seed: of every random choice, so that a second recording tells the same story.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.planted: list[Planted] = []
        self._acts: list[Act] = []

    def once(self, at: datetime, do: Deed) -> None:
        """Do something at one moment."""
        self._acts.append(Act(at, len(self._acts), do))

    def every(
        self,
        period: timedelta,
        start: datetime,
        until: datetime,
        do: Deed,
        *,
        only: Predicate | None = None,
        jitter: timedelta = _A_SECOND,
    ) -> None:
        """Do something at every ``period`` from ``start``, each time late or early by jitter.

        Args:
            period: from one time to the next.
            start: when it is due first.
            until: when it is due no more.
            do: what is done.
            only: whether it happens at a given moment; always, when left out.
            jitter: one standard deviation; the period itself does not drift.
        """
        due = start
        while due < until:
            at = due + jitter * self.random.gauss(0.0, 1.0)
            if start <= at < until and (only is None or only(at)):
                self.once(at, do)
            due += period

    def plant(self, event: Planted) -> None:
        """Note what must be found."""
        self.planted.append(event)

    def __iter__(self) -> Iterator[Act]:
        return iter(sorted(self._acts))

    def __len__(self) -> int:
        return len(self._acts)
