"""The statements of a Junos configuration as one tree, whether written in braces or as ``set``.

Private to the Junos reader. Every word is a node, so that ``from-zone a to-zone b { policy p``
and ``set ... from-zone a to-zone b policy p`` are the same path. What breaks the grammar is told
as a doubt about all of it: a policy could have been lost there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

_TOKEN: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([{};\[\]])|([^\s{};\[\]"]+)')
_SIGN: Final = re.compile(r'["{};\[\]]')
_ESCAPE: Final = re.compile(r"\\(.)")
_PROMPT: Final = re.compile(r"\s*(?:\S+@\S+[>#%]|\{\w+:\w+\}|\[edit[^\]]*\]\s*$|---\(more)")
_COMMANDS: Final = frozenset(
    {"set", "activate", "deactivate", "delete", "insert", "rename", "copy", "replace", "annotate"}
    | {"edit", "top", "up", "protect", "unprotect"}
)
#: What a recorded session holds beside statements.
_ASIDES: Final = frozenset({"commit", "configure", "exit", "quit", "show"})
_SET_LINE: Final = re.compile(r"^\s*(?:set|deactivate|delete)\s+\S", re.MULTILINE)
_OPENING_LINE: Final = re.compile(r"\{\s*(?:/\*.*\*/|#.*)?\s*$", re.MULTILINE)
_TAGS: Final = frozenset({"inactive:", "active:", "protect:"})


@dataclass(slots=True, eq=False)
class Node:
    """One word, and what may stand behind it.

    Attributes:
        word: the word, without its quotes.
        line: where it is first said.
        children: by word, in the order in which they are first said.
        lines: of the statements that end here.
        inactive: it and all behind it does not count.
    """

    word: str
    line: int
    children: dict[str, Node] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    inactive: bool = False

    def active(self) -> Iterator[Node]:
        """The children that count."""
        return (one for one in self.children.values() if not one.inactive)

    def at(self, *path: str) -> Node:
        """The node that a path leads to; an empty one where it leads nowhere."""
        node = self
        for word in path:
            found = node.children.get(word)
            if found is None or found.inactive:
                return Node(word, 0)
            node = found
        return node

    def below(self) -> Iterator[Node]:
        """It and all nodes below it, inactive ones too."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += node.children.values()

    def sentences(self) -> Iterator[tuple[tuple[str, ...], Node]]:
        """The words of each way down from here, and the last node of it."""
        stack: list[tuple[tuple[str, ...], Node]] = [((), self)]
        while stack:
            words, node = stack.pop()
            inner = [((*words, one.word), one) for one in node.active()]
            stack += reversed(inner)
            if not inner and words:
                yield words, node


@dataclass(slots=True)
class Tree:
    """A whole text.

    Attributes:
        root: of all statements.
        doubts: line and reason of what breaks the grammar.
    """

    root: Node = field(default_factory=lambda: Node("", 0))
    doubts: list[tuple[int, str]] = field(default_factory=list)

    def put(self, start: Node, words: Iterable[str], line: int) -> Node:
        """The node behind some words, made where it is not there."""
        node = start
        for word in words:
            node = node.children.setdefault(word, Node(word, line))
        return node


def read_tree(lines: list[str]) -> Tree:
    """The statements of a text."""
    text = "\n".join(lines)
    as_set = len(_SET_LINE.findall(text)) > len(_OPENING_LINE.findall(text))
    return _read_set(lines) if as_set else _Braces(lines).read()


def _words(line: str) -> list[tuple[str, bool]] | None:
    """Words, and whether each is a sign of the grammar; ``None`` where a quote is not closed."""
    if not _SIGN.search(line):
        return [(word, False) for word in line.split()]
    found: list[tuple[str, bool]] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(line, at)
        if match is None:
            return None
        quoted, sign, word = match.groups()
        found.append(
            (_ESCAPE.sub(r"\1", quoted) if quoted is not None else sign or word, bool(sign))
        )
        at = match.end()
    return found


def _read_set(lines: list[str]) -> Tree:
    tree = Tree()
    for number, text in enumerate(lines, start=1):
        line = text.strip()
        if not line or line.startswith(("#", "/*")) or _PROMPT.match(line):
            continue
        words = _words(line)
        if words is None or any(sign and word in "{};" for word, sign in words):
            tree.doubts.append((number, "this is no statement"))
            continue
        command, *rest = words
        if command[0] in _ASIDES:
            continue
        _command(tree, number, command[0], rest)
    return tree


def _command(tree: Tree, line: int, command: str, rest: list[tuple[str, bool]]) -> None:
    paths = _paths(rest)
    if paths is None or not rest or command not in _COMMANDS:
        tree.doubts.append((line, "this is no statement"))
    elif command in ("set", "activate", "deactivate"):
        for path in paths:
            node = tree.put(tree.root, path, line)
            node.lines.append(line)
            if command != "set":
                node.inactive = command == "deactivate"
    elif command not in ("annotate", "protect", "unprotect"):
        tree.doubts.append((line, f"what {command!r} changes is not read"))


def _paths(words: list[tuple[str, bool]]) -> list[tuple[str, ...]] | None:
    """Words with a list in brackets, as one path for each of its items."""
    before: list[str] = []
    items: list[str] | None = None
    closed = False
    for word, sign in words:
        if sign and word == "[" and items is None:
            items = []
        elif sign and word == "]" and items is not None and not closed:
            closed = True
        elif sign or closed:
            return None
        elif items is None:
            before.append(word)
        else:
            items.append(word)
    if items is None:
        return [tuple(before)]
    return [(*before, item) for item in items] if closed and before else None


class _Braces:
    """Reads the form in braces."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._tree = Tree()
        self._open = [self._tree.root]
        self._words: list[tuple[str, bool]] = []
        self._own: list[int] = []

    def read(self) -> Tree:
        """The tree."""
        for line, word, sign in self._tokens():
            if not sign or word in "[]":
                self._words.append((word, sign))
                self._own.append(line)
            elif word == ";":
                self._close_statement(line)
            elif word == "{":
                self._open_block(line)
            else:
                self._close_block(line)
        if self._words:
            self._doubt(self._own[0], "a statement that begins here does not end")
        if len(self._open) > 1:
            self._doubt(self._open[-1].line, f"{self._open[-1].word!r} is opened and never closed")
        return self._tree

    def _tokens(self) -> Iterator[tuple[int, str, bool]]:
        remark = 0
        for number, text in enumerate(self._lines, start=1):
            line, begun = _without_remarks(text, begun=bool(remark))
            remark = (remark or number) if begun else 0
            if not line.strip() or _PROMPT.match(line):
                continue
            words = _words(line)
            if words is None:
                self._doubt(number, "a quoted text is not closed")
                continue
            yield from ((number, word, sign) for word, sign in words)
        if remark:
            self._doubt(remark, "a comment that begins here is not closed")

    def _doubt(self, line: int, why: str) -> None:
        self._tree.doubts.append((line, why))

    def _statement(self, line: int) -> list[Node]:
        """The nodes that the words so far lead to."""
        words, self._words = self._words, []
        own, self._own = [*self._own, line], []
        inactive = False
        while words and words[0][0] in _TAGS:
            inactive |= words.pop(0)[0] == "inactive:"
        paths = _paths(words)
        if not paths or not paths[0]:
            self._doubt(line, "this is no statement")
            return []
        nodes = [self._tree.put(self._open[-1], path, own[0]) for path in paths]
        for node in nodes:
            node.lines += own
            node.inactive |= inactive
        return nodes

    def _close_statement(self, line: int) -> None:
        if not self._words:
            self._doubt(line, "this is no statement")
            return
        self._statement(line)

    def _open_block(self, line: int) -> None:
        nodes = self._statement(line) if self._words else []
        if len(nodes) != 1:
            self._doubt(line, "this opens nothing")
            nodes = [Node("", line)]
        self._open.append(nodes[0])

    def _close_block(self, line: int) -> None:
        if self._words:
            self._doubt(line, "a statement before this does not end")
            self._words, self._own = [], []
        if len(self._open) == 1:
            self._doubt(line, "this closes nothing")
            return
        self._open.pop().lines.append(line)


def _without_remarks(text: str, *, begun: bool) -> tuple[str, bool]:
    """A line without comments, and whether one goes on behind it."""
    kept: list[str] = []
    at = 0
    while at < len(text):
        if begun:
            end = text.find("*/", at)
            if end < 0:
                return "".join(kept), True
            at, begun = end + 2, False
        elif text.startswith("/*", at):
            at, begun = at + 2, True
        elif text[at] == "#":
            break
        elif text[at] == '"':
            match = _TOKEN.match(text, at)
            end = match.end() if match else len(text)
            kept.append(text[at:end])
            at = end
        else:
            kept.append(text[at])
            at += 1
    return "".join(kept), begun
