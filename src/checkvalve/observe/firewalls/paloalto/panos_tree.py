"""A PAN-OS configuration as one tree, from its XML or from ``set`` commands.

In both forms a value is a name below its field: ``action`` holds ``allow``, ``from`` holds each
of its zones, ``rules`` holds each rule by its name. What XML calls ``entry`` and ``member`` is
left out, so that the two forms give the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from checkvalve.observe.firewalls.tally import Tally
from checkvalve.observe.firewalls.xml_lines import Broken, Element, read_xml

#: Parts of a configuration that decide what passes.
READ: Final = frozenset((
    "rulebase", "pre-rulebase", "post-rulebase", "address", "address-group", "service",
    "service-group", "application", "application-group", "application-filter", "schedule", "zone",
    "external-list", "region", "parent-dg",
))  # fmt: skip
#: Parts of which there is one for each name.
_SCOPES: Final = frozenset(("vsys", "device-group"))
_WORD: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_IDLE: Final = re.compile(r"\s*(#.*|\[edit.*\]|configure|exit|quit|\S+@\S+[>#].*)?\s*")
#: Lines that one quoted text may span.
_MOST_LINES: Final = 100


@dataclass(slots=True, eq=False)
class Node:
    """A name in the tree.

    Attributes:
        line: where it first stands, from 1.
        children: what stands below it, in order.
    """

    line: int
    children: dict[str, Node] = field(default_factory=dict)

    def at(self, *path: str) -> Node:
        """What a path leads to; an empty node if nothing is there."""
        node = self
        for name in path:
            node = node.children.get(name, _NOTHING)
        return node

    def words(self, *path: str) -> list[str]:
        """The names below what a path leads to."""
        return list(self.at(*path).children)

    def word(self, *path: str) -> str:
        """The first name there; empty if there is none."""
        return next(iter(self.at(*path).children), "")

    def below(self, name: str, line: int) -> Node:
        """The child of a name, made if it is not there."""
        found = self.children.get(name)
        if found is None:
            found = self.children[name] = Node(line)
        return found


_NOTHING: Final = Node(0)


def read_tree(tally: Tally) -> tuple[Node, Broken | None]:
    """The tree of a text, and where it stops being understood.

    At its top stand ``shared``, ``vsys``, ``device-group`` and ``network``, and, in ``set``
    commands for a firewall without virtual systems, what else belongs to its only one.
    """
    text = "\n".join(tally.lines).lstrip("\ufeff")
    if text.lstrip().startswith("<"):
        return _from_xml(text, tally)
    return _from_commands(tally)


def _from_xml(text: str, tally: Tally) -> tuple[Node, Broken | None]:
    root, broken = read_xml(text)
    top = Node(1)
    if root is None or root.tag not in {"config", "response"}:
        return top, broken
    config = root if root.tag == "config" else root.first("result", "config") or root
    for part in (config, *config.all("devices", "entry"), *config.all("panorama")):
        for child in part.children:
            if child.tag not in {"devices", "panorama"}:
                _copy(child, top, tally)
    return top, broken


def _copy(element: Element, parent: Node, tally: Tally) -> None:
    """Copies an element and all in it, without recursion."""
    waiting = [(element, parent)]
    while waiting:
        one, above = waiting.pop()
        name = one.text if one.tag == "member" else one.attributes.get("name", one.tag)
        if one.tag in READ:
            tally.understood(range(one.line, one.last + 1))
        node = above.below(name, one.line)
        if one.tag != "member" and one.text and not one.children:
            node.below(one.text, one.line)
        waiting += [(child, node) for child in reversed(one.children)]


def _from_commands(tally: Tally) -> tuple[Node, Broken | None]:
    top = Node(1)
    broken: Broken | None = None
    lines = _joined(tally.lines)
    for number, last, text in lines:
        words = [quoted or plain for quoted, plain in _WORD.findall(text)]
        if len(words) > 1 and words[0] == "set":
            if _is_read(words[1:]):
                tally.understood(range(number, last + 1))
            _set(top, words[1:], number)
        elif not _IDLE.fullmatch(text):
            tally.missed(number, "it is no 'set' command")
            broken = broken or Broken(number, "a line is no 'set' command")
    return top, broken


def _joined(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Commands, each with its first and last line: a quoted text may hold line breaks."""
    number = 0
    while number < len(lines):
        first, text = number, lines[number]
        while text.startswith("set ") and text.count('"') % 2 and number + 1 < len(lines):
            if number - first > _MOST_LINES or lines[number + 1].startswith("set "):
                break
            number += 1
            text += " " + lines[number]
        number += 1
        yield first + 1, number, text


def _is_read(words: Sequence[str]) -> bool:
    """Whether a command is about a part that decides what passes."""
    if words[0] == "panorama":
        words = words[1:]
    if words and words[0] == "shared":
        words = words[1:]
    elif words and words[0] in _SCOPES:
        words = words[2:]
    return bool(words) and words[0] in READ


def _set(top: Node, words: Sequence[str], line: int) -> None:
    node = top
    listed: Node | None = None
    for word in words:
        if word == "[" and listed is None:
            listed = node
        elif word == "]" and listed is not None:
            node, listed = listed, None
        else:
            node = (listed or node).below(word, line)
