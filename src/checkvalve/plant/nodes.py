"""Values that know their lines, built from YAML events without recursion and within bounds."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from checkvalve.plant.words import printable

MAX_DEPTH: Final = 32
MAX_VALUES: Final = 1_000_000
#: So many complaints of one document are kept; the next one ends the reading.
MAX_COMPLAINTS: Final = 100

Scalar: TypeAlias = str | int | float | bool | None

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_REAL: Final = re.compile(
    r"[-+]?(?:(?:0|[1-9][0-9]{0,99})(?:\.[0-9]{0,99}|(?=[eE]))|\.[0-9]{1,99})(?:[eE][-+]?[0-9]{1,3})?",
    re.ASCII,
)
_NUMERIC: Final = frozenset("0123456789+-.")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class DocumentError(Exception):
    """A document that can't be read on from here.

    Attributes:
        line: where, from 1; 0 when the whole is meant.
        sentence: what is wrong.
        hint: what to do.
    """

    def __init__(self, line: int, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence
        self.hint = hint


@dataclass(slots=True)
class Node:
    """A value and where it stands.

    Attributes:
        line: from 1.
        value: a scalar, a list of nodes, or a mapping of text to nodes.
        key_lines: of a mapping, the line of each key; of anything else empty.
        size: how many values it holds, itself included, aliases counted as copies.
        depth: how deep it is nested, from 1.
    """

    line: int
    value: Scalar | list[Node] | dict[str, Node]
    key_lines: dict[str, int] = field(default_factory=dict)
    size: int = 1
    depth: int = 1

    def plain(self) -> Any:
        """The value without its lines, as JSON has it."""
        value = self.value
        if isinstance(value, dict):
            return {key: node.plain() for key, node in value.items()}
        if isinstance(value, list):
            return [node.plain() for node in value]
        return value


def resolve(text: str) -> Scalar:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _REAL.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come.

    Attributes:
        node: what it is so far.
        anchor: its name, if it has one.
        key: of a mapping, the key whose value comes next.
        key_line: the line of that key.
    """

    node: Node
    anchor: str | None
    key: str | None = None
    key_line: int = 0

    @property
    def awaits_key(self) -> bool:
        """Whether a key comes next."""
        return self.key is None and isinstance(self.node.value, dict)


#: Shared by all scalars; only mappings have keys, and get a table of their own.
_NO_KEYS: Final[dict[str, int]] = {}


class Composer:
    """Builds the nodes of one document.

    Attributes:
        root: the document; ``None`` while nothing has come.
        complaints: what is wrong but can be read over.
    """

    def __init__(self) -> None:
        self.root: Node | None = None
        self.complaints: list[DocumentError] = []
        self._open: list[_Open] = []
        self._anchored: dict[str, Node] = {}
        self._documents = 0

    def take(self, event: Event) -> None:
        """The next event of the document.

        Raises:
            DocumentError: a bound is passed, or something is not allowed here.
        """
        match event:
            case ScalarEvent():
                self._scalar(event, event.start_mark.line + 1)
            case MappingStartEvent() | SequenceStartEvent():
                self._begin(event, event.start_mark.line + 1)
            case MappingEndEvent() | SequenceEndEvent():
                done = self._open.pop()
                self._place(done.node, done.anchor)
            case AliasEvent():
                self._place(self._aliased(event.anchor, event.start_mark.line + 1), None)
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise DocumentError(
                        event.start_mark.line + 1,
                        "a second document begins here",
                        "one file holds one document",
                    )

    def _begin(self, event: MappingStartEvent | SequenceStartEvent, line: int) -> None:
        if event.tag is not None:
            raise _tagged(event.tag, line)
        if self._open and self._open[-1].awaits_key:
            raise DocumentError(line, "a key must be text", "look for a stray '?' or bracket")
        if len(self._open) >= MAX_DEPTH:
            raise _too_deep(line)
        node = Node(line, {}, {}) if isinstance(event, MappingStartEvent) else Node(line, [])
        self._open.append(_Open(node, event.anchor))

    def _scalar(self, event: ScalarEvent, line: int) -> None:
        text: str = event.value
        if event.tag is not None:
            raise _tagged(event.tag, line)
        if not text.isascii() and _SURROGATE.search(text):
            raise DocumentError(line, "the text holds half a character", "write it unescaped")
        if self._open and self._open[-1].awaits_key:
            self._open[-1].key = text
            self._open[-1].key_line = line
            return
        value = resolve(text) if event.implicit[0] else text
        self._place(Node(line, value, _NO_KEYS), event.anchor)

    def _aliased(self, anchor: str, line: int) -> Node:
        if self._open and self._open[-1].awaits_key:
            raise DocumentError(line, "an alias can't be a key", "write the key out")
        if anchor not in self._anchored:
            raise DocumentError(
                line, f"'*{printable(anchor)}' stands inside what it repeats, or is unknown"
            )
        return self._anchored[anchor]

    def _place(self, node: Node, anchor: str | None) -> None:
        """Puts a finished value where it belongs."""
        if anchor is not None:
            self._anchored[anchor] = node
        if not self._open:
            self.root = node
            return
        into = self._open[-1]
        holder = into.node
        holder.size += node.size
        holder.depth = max(holder.depth, node.depth + 1)
        if holder.size > MAX_VALUES:
            raise DocumentError(
                node.line,
                f"the document holds more than {MAX_VALUES} values, aliases counted as copies",
                "split it into a folder of files; repeat less",
            )
        if len(self._open) + node.depth > MAX_DEPTH + 1:
            raise _too_deep(node.line)
        if isinstance(holder.value, list):
            holder.value.append(node)
        else:
            self._place_under_key(into, node)

    def _place_under_key(self, into: _Open, node: Node) -> None:
        holder, key, line = into.node, into.key or "", into.key_line
        into.key = None
        if key == "<<":
            self._complain(line, "'<<' merges are not read", "write the fields out")
        elif key in holder.key_lines:
            sentence = f"'{printable(key)}' stands here and on line {holder.key_lines[key]}"
            self._complain(line, sentence, "keep one of the two")
        elif isinstance(holder.value, dict):
            holder.value[key] = node
            holder.key_lines[key] = line

    def _complain(self, line: int, sentence: str, hint: str) -> None:
        complaint = DocumentError(line, sentence, hint)
        if len(self.complaints) >= MAX_COMPLAINTS:
            raise complaint
        self.complaints.append(complaint)


def _tagged(tag: object, line: int) -> DocumentError:
    return DocumentError(
        line, f"the tag '{printable(str(tag))}' is not allowed", "write the value without it"
    )


def _too_deep(line: int) -> DocumentError:
    return DocumentError(line, f"values are nested more than {MAX_DEPTH} deep")
