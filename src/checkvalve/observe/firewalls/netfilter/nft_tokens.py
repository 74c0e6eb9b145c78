"""The words of nftables' text: strings, braces, operators, and variables put in their place.

Grammar: nft(8), *Lexical conventions*, *Symbolic variables*. ``include`` is not followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

#: Words that variables may grow to; beyond it they are left as they are.
_MOST_WORDS: Final = 1_000_000
_DEFINING: Final = ("define", "redefine")

_LEXEMES: Final = re.compile(
    r"""
    (?P<blank>[ \t\r\f\v]+|\\\r?\n)
    |(?P<comment>\#[^\n]*)
    |(?P<newline>\n)
    |"(?P<quoted>[^"\n]*)"
    |(?P<sign>==|!=|<=|>=|<<|>>|[{};,()=!<>&|^])
    |(?P<word>[^\s{};,"()=!<>&|^#]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COLON_BEHIND: Final = re.compile(r"([^:]+|.*::.*[^:]):$")


@dataclass(frozen=True, slots=True)
class Token:
    """One word.

    Attributes:
        text: without its quotes.
        line: from 1.
        quoted: it stood in quotes, so it is no keyword and no sign.
    """

    text: str
    line: int
    quoted: bool = False

    def is_sign(self, *texts: str) -> bool:
        """Whether it is one of some words or signs."""
        return not self.quoted and self.text in texts


def tokens_of(text: str) -> tuple[list[Token], dict[int, str]]:
    """The words of a text, newlines among them, and comments by their line."""
    found: list[Token] = []
    comments: dict[int, str] = {}
    line = 1
    for lexeme in _LEXEMES.finditer(text):
        match lexeme.lastgroup:
            case "comment":
                comments[line] = lexeme[0]
            case "newline":
                found.append(Token("\n", line))
            case "quoted":
                found.append(Token(lexeme["quoted"], line, quoted=True))
            case "sign":
                found.append(Token(lexeme[0], line))
            case "word":
                found += _words(lexeme[0], line)
        line += lexeme[0].count("\n")
    return found, comments


def _words(word: str, line: int) -> list[Token]:
    """A word; the colon of a map that stands right behind it is one of its own."""
    if len(word) > 1 and _COLON_BEHIND.match(word):
        return [Token(word[:-1], line), Token(":", line)]
    return [Token(word, line)]


def with_variables(found: list[Token], report: Callable[[Token], None]) -> list[Token]:
    """The words with each ``$name`` replaced, and without the definitions.

    Args:
        found: the words.
        report: told each variable that nobody defines; it is left as it is.
    """
    variables: dict[str, list[Token]] = {}
    made: list[Token] = []
    at = 0
    while at < len(found):
        token = found[at]
        begins = not made or made[-1].is_sign("\n", ";", "{", "}")
        if begins and token.is_sign(*_DEFINING) and _is_definition(found, at):
            end = end_of(found, at + 3)
            value = _replaced(found[at + 3 : end], variables, report, len(made))
            variables[found[at + 1].text] = [one for one in value if not one.is_sign("\n")]
            at = end
            continue
        made += _replaced([token], variables, report, len(made))
        at += 1
    return made


def _is_definition(found: list[Token], at: int) -> bool:
    return at + 2 < len(found) and found[at + 2].is_sign("=")


def _replaced(
    part: list[Token],
    variables: dict[str, list[Token]],
    report: Callable[[Token], None],
    so_far: int,
) -> list[Token]:
    made: list[Token] = []
    for token in part:
        if token.quoted or not token.text.startswith("$"):
            made.append(token)
            continue
        value = variables.get(token.text[1:])
        if value is None or so_far + len(made) + len(value) > _MOST_WORDS:
            report(token)
            made.append(token)
        else:
            made += [replace(one, line=token.line) for one in value]
    return made


def end_of(found: list[Token], at: int) -> int:
    """Where the command ends that a word is of: a newline, ``;`` or ``}`` outside its braces."""
    depth = 0
    while at < len(found):
        token = found[at]
        if token.is_sign("{"):
            depth += 1
        elif token.is_sign("}"):
            if depth == 0:
                return at
            depth -= 1
        elif depth == 0 and token.is_sign("\n", ";"):
            return at
        at += 1
    return at
