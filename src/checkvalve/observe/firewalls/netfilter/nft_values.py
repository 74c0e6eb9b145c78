"""Values in nftables' text, brought to the form of its JSON: numbers, ranges, sets, verdicts.

Grammar: nft(8), *Expressions*, *Sets*.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from checkvalve.observe.firewalls.netfilter.nft_entries import Json
from checkvalve.observe.firewalls.netfilter.nft_tokens import Token

VERDICTS: Final = ("accept", "drop", "continue", "return")
CALLS: Final = ("jump", "goto")
_DEEPEST: Final = 16

NUMBER: Final = re.compile(r"(0x[0-9a-fA-F]+|\d+)$")
_PREFIX: Final = re.compile(r"([0-9a-fA-F.:]+)/(\d{1,3})$")
_RANGE: Final = re.compile(r"(\d[0-9a-fA-F.:]*|[0-9a-fA-F]*:[0-9a-fA-F.:]*)-([0-9a-fA-F.:]+)$")


class UnreadError(Exception):
    """A statement is not read; never leaves the reader of text."""


@dataclass(slots=True)
class Words:
    """The words of one rule or value, and where the reading is."""

    tokens: Sequence[Token]
    at: int = 0

    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.tokens)

    def sees(self, *texts: str) -> bool:
        """Whether one of some words is next."""
        return not self.is_done() and self.tokens[self.at].is_sign(*texts)

    def then(self, text: str) -> bool:
        """Whether a word is the one after the next."""
        return self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].is_sign(text)

    def takes(self, *texts: str) -> str:
        """The next word, if it is one of some; else nothing, and it stays."""
        if not self.sees(*texts):
            return ""
        self.at += 1
        return self.tokens[self.at - 1].text

    def next(self) -> Token:
        """The next word."""
        if self.is_done():
            raise UnreadError
        self.at += 1
        return self.tokens[self.at - 1]

    def word(self) -> str:
        """The next word, which must be no sign."""
        token = self.next()
        if not token.quoted and token.text in "{};,()=!<>&|^":
            raise UnreadError
        return token.text

    def needs(self, text: str) -> None:
        """Pass a word that must be next."""
        if not self.takes(text):
            raise UnreadError


def verdict(words: Words) -> Json:
    """``accept``, ``jump CHAIN`` and the like."""
    if kind := words.takes(*VERDICTS):
        return {kind: None}
    if kind := words.takes(*CALLS):
        return {kind: {"target": words.word()}}
    raise UnreadError


def counter(words: Words) -> Json:
    """What stands behind ``counter``."""
    if words.takes("packets"):
        words.next()
        words.needs("bytes")
        words.next()
    elif words.takes("name"):
        words.next()
    return {"counter": None}


def limit(words: Words) -> Json:
    """What stands behind ``limit``."""
    words.needs("rate")
    above = bool(words.takes("over"))
    rate = words.next().text
    if rate.isdecimal() and "/" not in rate:
        words.word()  # mbytes/second
    if words.takes("burst"):
        words.next()
        words.takes("packets", "bytes", "kbytes", "mbytes")
    return {"limit": {"inv": above}}


def value(words: Words, depth: int) -> Json:
    """One value, a list of flags, a concatenation, or a set."""
    if words.sees("{"):
        return anonymous_set(words, depth + 1)
    found = value_of(words.next())
    if words.takes("-"):
        return {"range": [found, value_of(words.next())]}
    if words.sees("."):
        parts = [found]
        while words.takes("."):
            parts.append(value_of(words.next()))
        return {"concat": parts}
    if depth == 0 and words.sees("|", ","):
        parts = [found]
        while words.takes("|", ","):
            parts.append(value_of(words.next()))
        return parts
    return found


def anonymous_set(words: Words, depth: int) -> Json:
    """``{ a, b : verdict }``."""
    if depth > _DEEPEST:
        raise UnreadError
    words.needs("{")
    parts: list[Json] = []
    while not words.takes("}"):
        if words.takes(",", "\n"):
            continue
        parts.append(_element(words, depth))
    return {"set": parts}


def elements(tokens: Sequence[Token]) -> list[Json]:
    """The elements of a set that stand in braces.

    Raises:
        UnreadError: they are not understood.
    """
    words = Words(tokens)
    found: list[Json] = anonymous_set(words, 0)["set"]
    return found


def _element(words: Words, depth: int) -> Json:
    found = value(words, depth + 1)
    timed = False
    while True:
        if words.takes("timeout", "expires"):
            words.next()
            timed = True
        elif words.takes("counter"):
            counter(words)
        elif words.takes("comment"):
            words.next()
        elif words.takes("limit"):
            limit(words)
        else:
            break
    if timed:
        found = {"elem": {"val": found, "timeout": 0}}
    if not words.takes(":"):
        return found
    if words.sees(*VERDICTS, *CALLS):
        return [found, verdict(words)]
    return [found, value(words, depth + 1)]


def value_of(token: Token) -> Json:
    """One value: a number, a prefix, a range, or a name."""
    text = token.text
    if token.quoted:
        return text
    if text in "{};,()=!<>&|^:" or text.startswith("$"):
        raise UnreadError
    if NUMBER.match(text):
        return int(text, 0) if text.startswith(("0x", "0X")) else int(text)
    if prefix := _PREFIX.match(text):
        return {"prefix": {"addr": prefix[1], "len": int(prefix[2])}}
    if pair := _RANGE.match(text):
        return {"range": [value_of(Token(pair[1], 0)), value_of(Token(pair[2], 0))]}
    return text
