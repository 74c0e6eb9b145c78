"""The one interface of a detector: learn, judge, merge, and plain-data state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

from checkvalve.findings import Finding
from checkvalve.judge.window import Breach, Window
from checkvalve.plant import Plant
from checkvalve.rules import Rule


class Detector(ABC):
    """Learns what is normal from windows, and says what is not.

    Laws, held by the conformance kit:

    - Judging never learns: ``state()`` is the same before and after ``judge``.
    - What was taught is not reported.
    - Learnt state is a sum: ``learn(a); learn(b)`` equals ``learn(a)`` merged with
      ``learn(b)`` of another, in any order, but for a stated bound of a sketch.
    - State survives ``restore(state())``, and is JSON: dicts, lists, numbers, text.
    - Running state while judging is bounded.

    Args:
        plant: what is declared; a detector may look up roles, zones and tags in it.

    Attributes:
        rule: what its findings mean.
        version: of the state's form; state of another version is not restored.
    """

    rule: ClassVar[Rule]
    version: ClassVar[int] = 1

    def __init__(self, plant: Plant) -> None:
        self.plant = plant

    @abstractmethod
    def learn(self, window: Window) -> None:
        """Take a window for normal. What policy forbids was taken out of it before."""

    def never_learn(self, window: Window) -> Breach:
        """What of a window no detector may take for normal, such as a scan; by default nothing.

        Asked before anything of the window is learnt, by any detector.
        """
        return Breach()

    @abstractmethod
    def judge(self, window: Window) -> list[Finding]:
        """What in this window is not as learnt. Windows come in order of time."""

    @abstractmethod
    def merge(self, other: Self) -> None:
        """Add what another instance learnt."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What was learnt, as plain data; equal states are equal data."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state; what was learnt before is forgotten."""
