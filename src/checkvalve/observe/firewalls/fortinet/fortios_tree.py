"""The nested statements of a FortiOS configuration: ``config``, ``edit``, ``set``, ``end``.

Private to the FortiOS reader. A quoted text may span lines (comments, certificates, scripts).
What breaks the nesting is told as a doubt about all of it: a policy could have been lost there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from checkvalve.observe.firewalls.tally import Tally

_STATEMENT: Final = re.compile(r"\s*(?:config|edit|set|unset|append|next|end)\b")
_PROMPT: Final = re.compile(
    r"\S+(?: \([^)]*\))? [#$](?: (?:show|get|diagnose|diag|execute|exec|exit)\b.*)?$"
)
_WORD: Final = re.compile(r'(?:[^\s"\\]|\\.)+|"', re.DOTALL)
_QUOTED: Final = re.compile(r'((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
#: Settings whose quoted text holds statements of its own.
_SCRIPTS: Final = frozenset({"script", "buffer", "content", "content-script", "tag-script"})


@dataclass(frozen=True, slots=True)
class Setting:
    """What one ``set`` says.

    Attributes:
        values: the words behind its key.
        line: where it stands.
    """

    values: tuple[str, ...]
    line: int


@dataclass(slots=True)
class Node:
    """One ``config`` or one ``edit``, as all of its statements leave it.

    Attributes:
        name: the words behind it.
        line: where it is first opened.
        settings: by key.
        tables: the ``config`` in it.
        entries: the ``edit`` in it.
        lines: where it is opened and closed.
        said: key and lines of all its ``set``, ``unset`` and ``append``.
        odd: lines in it that are no statement.
    """

    name: str
    line: int
    settings: dict[str, Setting] = field(default_factory=dict)
    tables: dict[str, Node] = field(default_factory=dict)
    entries: dict[str, Node] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    said: list[tuple[str, range]] = field(default_factory=list)
    odd: list[int] = field(default_factory=list)

    def values(self, key: str) -> tuple[str, ...]:
        """The words of a setting; none if it is not set."""
        found = self.settings.get(key)
        return found.values if found else ()

    def word(self, key: str, default: str = "") -> str:
        """The one word of a setting."""
        return next(iter(self.values(key)), default)

    def enabled(self, key: str) -> bool:
        """Whether it is set to ``enable``."""
        return self.word(key) == "enable"

    def table(self, path: str) -> Node:
        """A ``config`` in it; an empty one if it has none."""
        return self.tables.get(path) or Node(path, 0)


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole text.

    Attributes:
        root: what stands outside of everything.
        doubts: line and reason of what breaks the nesting.
    """

    root: Node
    doubts: tuple[tuple[int, str], ...]


def read_tree(tally: Tally) -> Tree:
    """The statements of a text, nested."""
    builder = _Builder()
    for lines, words, torn in _statements(tally.lines):
        if torn:
            builder.doubt(lines[0], "a quoted text that begins here is not closed")
            builder.odd(lines)
        else:
            builder.take(lines, words)
    builder.close()
    return Tree(builder.stack[0], tuple(builder.doubts))


class _Builder:
    """Takes statement after statement; ``stack`` holds what is open, the root first."""

    def __init__(self) -> None:
        self.stack = [Node("", 0)]
        self.in_edit = [False]
        self.doubts: list[tuple[int, str]] = []

    def take(self, lines: range, words: list[str]) -> None:
        """One statement."""
        here, verb, rest = self.stack[-1], words[0], words[1:]
        nested = len(self.stack) > 1
        if verb == "config" and rest:
            self._open(here.tables, " ".join(rest), lines, edit=False)
        elif verb == "edit" and len(rest) == 1 and nested and not self.in_edit[-1]:
            self._open(here.entries, rest[0], lines, edit=True)
        elif verb in ("set", "append", "unset") and rest and nested:
            _say(here, verb, rest, lines)
        elif verb == "next" and not rest and self.in_edit[-1]:
            self._leave(lines)
        elif verb == "end" and not rest and nested:
            if self.in_edit[-1]:
                self._leave(lines)
            self._leave(lines)
        else:
            self._stray(lines, words)

    def _open(self, among: dict[str, Node], name: str, lines: range, *, edit: bool) -> None:
        node = among.setdefault(name, Node(name, lines[0]))
        node.lines += lines
        self.stack.append(node)
        self.in_edit.append(edit)

    def _leave(self, lines: range) -> None:
        self.stack.pop().lines += lines
        self.in_edit.pop()

    def _stray(self, lines: range, words: list[str]) -> None:
        self.odd(lines)
        if len(self.stack) > 1 and not self.in_edit[-1]:
            self.doubt(lines[0], "this is no statement, and stands where an entry could begin")
        elif any(_STATEMENT.fullmatch(word) for word in words):
            self.doubt(lines[0], "a statement stands where it can't")

    def odd(self, lines: range) -> None:
        """Lines that are no statement."""
        self.stack[-1].odd += lines

    def doubt(self, line: int, why: str) -> None:
        """All may be otherwise, because of this line."""
        path = " ".join(node.name for node in self.stack[1:3])
        if len(self.stack) == 1 or decides(path):
            self.doubts.append((line, why))

    def close(self) -> None:
        """The text is over."""
        if len(self.stack) > 1:
            node = self.stack[-1]
            self.doubt(node.lines[-1], f"the text ends inside {node.name!r}, which begins here")


def decides(path: str) -> bool:
    """Whether what stands in this ``config`` could decide what passes."""
    return path.startswith(("firewall", "vdom", "global", "system zone", "system settings"))


def _say(node: Node, verb: str, rest: list[str], lines: range) -> None:
    key, values = rest[0], tuple(rest[1:])
    node.said.append((key, lines))
    if verb == "unset":
        node.settings.pop(key, None)
    else:
        before = node.values(key) if verb == "append" else ()
        node.settings[key] = Setting(before + values, lines[0])


def _statements(lines: list[str]) -> Iterator[tuple[range, list[str], bool]]:
    """Lines, words, and whether a quoted text in it never ends."""
    at = 0
    while at < len(lines):
        first = lines[at].strip()
        if not first or first.startswith("#") or _PROMPT.match(first):
            at += 1
            continue
        last, text = at, lines[at]
        words = _words(text)
        while words is None and last + 1 < len(lines) and _goes_on(text, lines[last + 1]):
            last += 1
            text = f"{text}\n{lines[last]}"
            words = _words(text) if '"' in lines[last] else None
        if words is None:
            last = at
        yield range(at + 1, last + 2), words or [], words is None
        at = last + 1


def _goes_on(text: str, line: str) -> bool:
    """Whether a quoted text may go on with this line."""
    if not _STATEMENT.match(line):
        return True
    verb_and_key = text.split(maxsplit=2)[:2]
    return len(verb_and_key) > 1 and verb_and_key[1] in _SCRIPTS


def _words(text: str) -> list[str] | None:
    """Words as the command line takes them; ``None`` where a quoted text is not closed."""
    if '"' not in text and "\\" not in text:
        return text.split()
    words: list[str] = []
    at, fresh = 0, True
    while at < len(text):
        if text[at].isspace():
            at, fresh = at + 1, True
            continue
        found = _WORD.match(text, at)
        if found is None:  # a backslash that ends the text
            return None
        if found[0] == '"':
            found = _QUOTED.match(text, at + 1)
            if found is None:
                return None
            piece = found[1]
        else:
            piece = found[0]
        piece = _ESCAPE.sub(r"\1", piece) if "\\" in piece else piece
        words.append(piece if fresh else words.pop() + piece)
        at, fresh = found.end(), False
    return words
