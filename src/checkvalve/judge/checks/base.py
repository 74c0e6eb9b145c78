"""The one interface of a check: the plant and what was seen, to verdicts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from checkvalve.findings import Verdict
from checkvalve.judge.window import Breach, Window
from checkvalve.plant import Plant
from checkvalve.rules import Rule


@dataclass(frozen=True, slots=True)
class Seen:
    """Tables that checks look at. What is absent makes the answer *cannot tell*.

    Attributes:
        window: exchanges, flows and commands of a site.
    """

    window: Window | None = None


class Check(ABC):
    """Holds what was seen against what is declared. Stateless.

    Attributes:
        rule: what its findings mean.
    """

    rule: ClassVar[Rule]

    @abstractmethod
    def check(self, plant: Plant, seen: Seen, at: datetime) -> list[tuple[Verdict, Breach]]:
        """A verdict for each subject it looked at, with what of the window it names.

        Args:
            plant: what is declared.
            seen: what was seen.
            at: now; what has ended by then does not hold any more.
        """
