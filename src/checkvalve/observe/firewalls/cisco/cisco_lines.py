"""Lines of a Cisco configuration: words, depth, and what became of each line.

A configuration is a list of commands; a command that is indented belongs to the last one that is
not. ``!`` begins a comment, as does ``:`` at the start of a line on ASA.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from checkvalve.observe.firewalls.base import Coverage, Problem, Ref

#: Words of ``banner motd`` before the delimiter.
_BANNER_WORDS: Final = 2
#: Commands whose words are free text.
_FREE_TEXT: Final = frozenset(("banner", "description", "remark"))


class WordError(Exception):
    """A word stands where none can be understood; the argument says what is wrong, in words."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not empty.

    Attributes:
        number: from 1.
        depth: how far it is indented.
        text: without indentation.
        words: of its command; none if it is a comment.
    """

    number: int
    depth: int
    text: str
    words: tuple[str, ...]

    @property
    def first(self) -> str:
        """The command's first word; empty if there is none."""
        return self.words[0] if self.words else ""


def read_lines(text: str) -> list[Line]:
    """All lines that are not empty."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped:
            depth = len(line) - len(line.lstrip())
            found.append(Line(number, depth, stripped, _words(stripped)))
    return found


def _words(text: str) -> tuple[str, ...]:
    if text[0] in "!:":
        return ()
    words = text.split()
    if "!" in words and not _FREE_TEXT.intersection(words[:3]):
        del words[words.index("!") :]
    return tuple(words)


def without_banners(lines: list[Line]) -> Iterator[Line]:
    """Commands alone: no comments, and no text that IOS shows between two delimiters."""
    last = 0
    for index, line in enumerate(lines):
        if line.number <= last or not line.words:
            continue
        if line.first == "banner" and len(line.words) > _BANNER_WORDS:
            text = line.text.split(None, _BANNER_WORDS)[_BANNER_WORDS]
            mark = text[:2] if text[0] == "^" else text[0]
            closing = (each.number for each in lines[index + 1 :] if mark in each.text)
            last = 0 if mark in text[len(mark) :] else next(closing, 0)
        yield line


class Words:
    """The words of a command, taken one after the other."""

    __slots__ = ("_at", "_words")

    def __init__(self, words: tuple[str, ...], start: int = 0) -> None:
        self._words = words
        self._at = start

    def __bool__(self) -> bool:
        return self._at < len(self._words)

    def peek(self, ahead: int = 0) -> str:
        """A word that is still to be taken; empty if there is none."""
        at = self._at + ahead
        return self._words[at] if at < len(self._words) else ""

    def take(self) -> str:
        """The next word.

        Raises:
            WordError: there is none.
        """
        if self._at >= len(self._words):
            raise WordError("the line ends too early")
        self._at += 1
        return self._words[self._at - 1]

    def took(self, *words: str) -> bool:
        """Take the next word if it is one of these."""
        if self.peek() in words:
            self._at += 1
            return True
        return False

    def rest(self) -> tuple[str, ...]:
        """Take all that is left."""
        left = self._words[self._at :]
        self._at = len(self._words)
        return left


class Tally:
    """What became of each line: every one counts once."""

    def __init__(self, file: str, lines: list[Line]) -> None:
        self._file = file
        self._lines = len(lines)
        self._understood: set[int] = set()
        self._missed: dict[int, Problem] = {}
        self._problems: dict[Problem, None] = {}

    def ref(self, line: Line, name: str = "") -> Ref:
        """Where a line stands."""
        return Ref(self._file, line.number, line.text, name)

    def implicit(self, text: str, name: str = "") -> Ref:
        """What the platform does by itself."""
        return Ref(self._file, 0, text, name)

    def understood(self, line: Line) -> None:
        """The line became part of the rule set."""
        self._understood.add(line.number)

    def missed(self, line: Line, why: str) -> None:
        """The line is not understood, and could decide what passes."""
        self._missed[line.number] = Problem(self.ref(line), why)

    def problem(self, ref: Ref, sentence: str) -> None:
        """Something is wrong in the rule set itself."""
        self._problems[Problem(ref, sentence)] = None

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, once each."""
        return tuple(self._problems)

    def coverage(self) -> Coverage:
        """The count; whatever was neither understood nor missed is harmless."""
        understood = len(self._understood - self._missed.keys())
        return Coverage(
            lines=self._lines,
            understood=understood,
            harmless=self._lines - understood - len(self._missed),
            missed=tuple(self._missed[number] for number in sorted(self._missed)),
        )
