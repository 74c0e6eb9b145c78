"""Statements of ``pf.conf``: lines joined, comments taken away, macros put in, words apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

#: Macros in macros, and letters of a statement, beyond which it is not understood.
_DEEPEST: Final = 32
_LONGEST: Final = 200_000

_TOKEN: Final = re.compile(
    r'"[^"]*"?|<[A-Za-z_][\w.:/-]*>|->|<=|>=|!=|><|<>|[{}(),!=<>]|[^\s{}(),!=<>"]+?(?=->|[\s{}(),!=<>"]|$)'
)
_PIECE: Final = re.compile(r'"[^"]*"?|#.*|\$(?P<macro>[A-Za-z_]\w*)|[^"#$]+|\$', re.DOTALL)
_MACRO: Final = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)\s*(.*)", re.DOTALL)
_RULE_NUMBER: Final = re.compile(r"@\d+(?:\(\d+\))?\s+")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        line: where it begins, from 1.
        last: where it ends.
        words: its words; strings keep their quotes, so that they are no keywords.
        macro: the macro that it defines; empty if it is another statement.
        trouble: why it could not be taken apart; empty if it could.
    """

    line: int
    last: int
    words: tuple[str, ...]
    macro: str = ""
    trouble: str = ""


def statements(lines: tuple[str, ...]) -> Iterator[Statement]:
    """The statements of a file, in order; comments and empty lines are left out.

    As in pf's own grammar a backslash at a line's end joins the next line, in comments too, and
    a list in braces may go on over lines.
    """
    macros: dict[str, str] = {}
    line = 1
    while line <= len(lines):
        text, last = _joined(lines, line)
        parts = [_without_comment(text)]
        depth = _open_braces(parts[0])
        while depth > 0 and last < len(lines):
            text, last = _joined(lines, last + 1)
            parts.append(_without_comment(text))
            depth += _open_braces(parts[-1])
        code = " ".join(parts)
        if code.strip():
            yield _statement(_RULE_NUMBER.sub("", code.strip(), count=1), line, last, macros)
        line = last + 1


def unquoted(word: str) -> str:
    """A word without its quotes."""
    return word.strip('"')


def _joined(lines: tuple[str, ...], line: int) -> tuple[str, int]:
    parts = [lines[line - 1]]
    while parts[-1].endswith("\\") and line < len(lines):
        parts[-1] = parts[-1][:-1]
        line += 1
        parts.append(lines[line - 1])
    return " ".join(parts), line


def _without_comment(text: str) -> str:
    pieces = [piece.group() for piece in _PIECE.finditer(text)]
    return "".join(piece for piece in pieces if not piece.startswith("#"))


def _open_braces(code: str) -> int:
    """Braces that are open at the end of the code, outside of strings."""
    bare = re.sub(r'"[^"]*"?', "", code)
    return bare.count("{") - bare.count("}")


def _statement(code: str, line: int, last: int, macros: dict[str, str]) -> Statement:
    definition = _MACRO.fullmatch(code)
    value, trouble = _expanded(definition[2] if definition else code, macros)
    if definition:
        macros.pop(definition[1], None)
        if not trouble:
            macros[definition[1]] = " ".join(map(unquoted, re.findall(r'"[^"]*"?|[^"]+', value)))
        return Statement(line, last, (), definition[1], trouble)
    words = tuple(_TOKEN.findall(value))
    if _open_braces(value):
        trouble = trouble or "its braces do not close"
    return Statement(line, last, words, trouble=trouble)


def _expanded(code: str, macros: dict[str, str]) -> tuple[str, str]:
    """The code with macros put in wherever they stand outside of strings, and what failed."""
    for _ in range(_DEEPEST):
        names = [piece["macro"] for piece in _PIECE.finditer(code) if piece["macro"]]
        for name in names:
            if name not in macros:
                return code, f"the macro ${name} is not defined"
        if not names:
            return code, ""
        if len(code) + sum(len(macros[name]) for name in names) > _LONGEST:
            return "", "its macros make it too long"
        code = _PIECE.sub(lambda piece: _value(piece, macros), code)
    return "", "its macros go round in a circle"


def _value(piece: re.Match[str], macros: dict[str, str]) -> str:
    return macros[piece["macro"]] if piece["macro"] else piece.group()
