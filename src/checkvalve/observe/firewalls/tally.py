"""What became of each line of a text, so that each counts once in the coverage.

Private to the readers of nested configurations (FortiOS, Junos), where one statement may span
several lines and one line may hold several statements. A line that is not understood in one of
them is not understood.
"""

from __future__ import annotations

from collections.abc import Iterable

from checkvalve.observe.firewalls.base import Coverage, Problem, Ref


class Tally:
    """The lines of one text.

    Args:
        text: all of it.
        file: its name.
    """

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self._understood: set[int] = set()
        self._missed: dict[int, str] = {}

    def ref(self, line: int, name: str = "") -> Ref:
        """Where a line stands."""
        return Ref(self.file, line, self.lines[line - 1].strip(), name)

    def understood(self, lines: Iterable[int]) -> None:
        """These became part of the rule set."""
        self._understood.update(lines)

    def missed(self, line: int, why: str) -> None:
        """This one is not understood; the first reason counts."""
        self._missed.setdefault(line, why)

    def coverage(self) -> Coverage:
        """All lines, each counted once; a line of which nothing was said decides nothing."""
        filled = {at for at, line in enumerate(self.lines, start=1) if line.strip()}
        missed = sorted(filled & self._missed.keys())
        understood = len(filled & self._understood - self._missed.keys())
        return Coverage(
            lines=len(filled),
            understood=understood,
            harmless=len(filled) - understood - len(missed),
            missed=tuple(Problem(self.ref(at), self._missed[at]) for at in missed),
        )
