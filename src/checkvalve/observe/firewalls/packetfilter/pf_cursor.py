"""The words of one statement of pf, taken from left to right."""

from __future__ import annotations

from collections.abc import Callable, Sequence


class PfSyntaxError(Exception):
    """Words that are no rule of pf."""


class Words:
    """Words and a place among them.

    Args:
        words: all of them.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.at = 0

    def peek(self) -> str:
        """The next word; empty at the end."""
        return self.words[self.at] if self.at < len(self.words) else ""

    def next(self) -> str:
        """The next word, taken."""
        word = self.peek()
        if not word:
            raise PfSyntaxError("it ends too early")
        self.at += 1
        return word

    def take(self, word: str) -> bool:
        """Whether this is the next word; if so it is taken."""
        if self.peek() != word:
            return False
        self.at += 1
        return True

    def brackets(self) -> tuple[str, ...]:
        """What stands in parentheses, if any do."""
        if not self.take("("):
            return ()
        start, depth = self.at, 1
        while depth:
            depth += {"(": 1, ")": -1}.get(self.next(), 0)
        return tuple(self.words[start : self.at - 1])

    def value(self) -> None:
        """One word, or several in parentheses or braces."""
        if self.peek() == "(":
            self.brackets()
        elif self.take("{"):
            while self.next() != "}":
                pass
        else:
            self.next()

    def each(self, read: Callable[[], None]) -> None:
        """Calls ``read`` for each entry of a list, or for the one that stands alone."""
        if not self.take("{"):
            read()
            return
        while not self.take("}"):
            if not self.take(","):
                before = self.at
                read()
                if self.at == before:
                    raise PfSyntaxError("a list can't be read")
