"""JSON with the lines on which its objects stand, read without recursion and as far as it goes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

_TOKEN: Final = re.compile(
    r'[ \t\n]*(?:(?P<mark>[{}\[\],:])|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<word>[-+.\w]+))'
)
_WORDS: Final = {"true": True, "false": False, "null": None}
_LONGEST_NUMBER: Final = 40


@dataclass(slots=True, eq=False)
class JsonObject:
    """One object.

    Attributes:
        line: where it begins, from 1.
        last: where it ends.
        fields: by name; values are strings, numbers, ``None``, lists and objects.
    """

    line: int
    last: int
    fields: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A string, or a number as text; empty if it is neither."""
        value = self.fields.get(name)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return value if isinstance(value, str) else str(value) if is_number else ""

    def number(self, name: str) -> int | None:
        """A whole number, perhaps written as text; ``None`` if it is none."""
        text = self.text(name)
        return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None

    def object(self, name: str) -> JsonObject:
        """An object; an empty one if there is none."""
        value = self.fields.get(name)
        return value if isinstance(value, JsonObject) else JsonObject(self.line, self.line)

    def objects(self, name: str) -> list[JsonObject]:
        """The objects of a list."""
        return objects(self.fields.get(name))

    def texts(self, name: str) -> list[str]:
        """The strings of a list."""
        value = self.fields.get(name)
        return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []

    def is_set(self, name: str) -> bool:
        """Whether a field is there and says something."""
        return self.fields.get(name) not in (None, "", [], False)


def objects(value: Any) -> list[JsonObject]:  # noqa: ANN401  # JSON enters here
    """The objects of a list; none if it is no list."""
    return [one for one in value if isinstance(one, JsonObject)] if isinstance(value, list) else []


@dataclass(frozen=True, slots=True)
class BrokenJson:
    """Where a text stops being JSON."""

    line: int
    sentence: str


def read_json(text: str) -> tuple[Any, BrokenJson | None]:
    """The value of a text as far as it is JSON, and where it stops being so.

    Args:
        text: its lines end by a line feed alone.
    """
    builder = _Builder()
    at, line = 0, 1
    while match := _TOKEN.match(text, at):
        line += text.count("\n", at, match.end())
        at = match.end()
        if not builder.take(match["mark"] or "", match["text"], match["word"], line):
            return builder.root, BrokenJson(line, "from here on it is no JSON")
    rest = text[at:].strip()
    if rest or not builder.complete:
        line += text.count("\n", at, len(text) - len(text[at:].lstrip()))
        return builder.root, BrokenJson(line, "from here on it is no JSON")
    return builder.root, None


class _Builder:
    """Takes tokens, and builds values."""

    def __init__(self) -> None:
        self.root: Any = None
        self._begun = False
        self._open: list[JsonObject | list[Any]] = []
        self._name: str | None = None
        self._want = "value"

    @property
    def complete(self) -> bool:
        """Whether one whole value was taken."""
        return self._begun and not self._open

    def take(self, mark: str, text: str | None, word: str | None, line: int) -> bool:
        """Takes one token; ``False`` where it has no place."""
        if self.complete:
            fits = False
        elif mark in ("}", "]"):
            fits = self._close(mark, line)
        elif mark == ",":
            fits = self._separate()
        elif mark == ":":
            fits, self._want = self._want == "colon", "value"
        elif self._want == "name":
            fits = text is not None and self._named(text)
        else:
            fits = self._want == "value" and self._value(mark, text, word, line)
        return fits

    def _value(self, mark: str, text: str | None, word: str | None, line: int) -> bool:
        value: Any
        if mark:
            value = JsonObject(line, line) if mark == "{" else []
        else:
            known, value = _scalar(text, word)
            if not known:
                return False
        self._place(value)
        if mark:
            self._open.append(value)
        self._want = ("name" if mark == "{" else "value") if mark else "separator"
        return True

    def _place(self, value: Any) -> None:  # noqa: ANN401  # JSON enters here
        if not self._open:
            self.root, self._begun = value, True
            return
        above = self._open[-1]
        if isinstance(above, JsonObject):
            above.fields[self._name or ""] = value
        else:
            above.append(value)

    def _named(self, text: str) -> bool:
        known, name = _scalar(text, None)
        self._name, self._want = name, "colon"
        return known

    def _separate(self) -> bool:
        if self._want != "separator" or not self._open:
            return False
        self._want = "name" if isinstance(self._open[-1], JsonObject) else "value"
        return True

    def _close(self, mark: str, line: int) -> bool:
        above = self._open[-1] if self._open else None
        if self._want == "colon" or isinstance(above, JsonObject) != (mark == "}") or above is None:
            return False
        self._open.pop()
        if isinstance(above, JsonObject):
            above.last = line
        self._want = "separator"
        return True


def _scalar(text: str | None, word: str | None) -> tuple[bool, Any]:
    """Whether a token is a value, and the value."""
    if word in _WORDS:
        return True, _WORDS[word]
    if word is not None and len(word) > _LONGEST_NUMBER:
        return False, None
    try:
        return True, json.loads(text if text is not None else word or "")
    except ValueError:
        return False, None
