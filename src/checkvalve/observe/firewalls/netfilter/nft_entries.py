"""What a rule set of nftables is made of, in the form of ``nft -j list ruleset``.

Format: libnftables-json(5), version 1. Text of ``nft list ruleset`` is brought to the same form
elsewhere, so that there is one reader for both.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

#: What JSON holds; every reader looks at it by ``match``.
Json = Any

_START: Final = re.compile(r'"nftables"\s*:\s*\[')
_BETWEEN: Final = re.compile(r"[\s,]*")
_WRAPPERS: Final = ("add", "create", "insert")
#: A command or an object that is not understood, and may be any rule.
STRAY: Final = "stray"


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a rule set.

    Attributes:
        kind: ``table``, ``chain``, ``rule``, ``set``, ``map``, ``element``, ``flush``, ... or
            ``stray``.
        body: as in JSON; for a stray, ``reason``.
        first: its first line.
        last: its last line.
        text: how it stands there, for people.
        inserted: it comes before the rules that are there.
    """

    kind: str
    body: Mapping[str, Json]
    first: int
    last: int
    text: str
    inserted: bool = False


@dataclass(slots=True)
class Document:
    """A text, read to entries.

    Attributes:
        entries: in their order.
        harmless: lines that say nothing, such as comments.
    """

    entries: list[Entry] = field(default_factory=list)
    harmless: set[int] = field(default_factory=set)


def is_json(text: str) -> bool:
    """Whether a text is nftables' JSON."""
    return text.lstrip()[:1] == "{" and _START.search(text) is not None


def json_document(text: str) -> Document:
    """The entries of JSON, each with its lines; a broken end is one stray."""
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    document = Document()
    for body, begin, end in _objects(text):
        first, last = bisect_right(starts, begin), bisect_right(starts, max(begin, end - 1))
        shown = " ".join(text[begin:end].split())
        document.entries.append(_entry(body, first, last, shown))
    return document


def _objects(text: str) -> Iterator[tuple[Json, int, int]]:
    decoder = json.JSONDecoder()
    found = _START.search(text)
    at = len(text) if found is None else found.end()
    while (at := _after(text, at)) < len(text) and text[at] != "]":
        try:
            body, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield None, at, len(text)
            return
        yield body, at, end
        at = end
    if at >= len(text):
        yield None, len(text) - 1, len(text)


def _after(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return at if found is None else found.end()


def _entry(found: Json, first: int, last: int, text: str) -> Entry:
    inserted = isinstance(found, dict) and "insert" in found
    if isinstance(found, dict) and len(found) == 1:
        (kind, body), *_ = found.items()
        if kind in _WRAPPERS and isinstance(body, dict) and len(body) == 1:
            (kind, body), *_ = body.items()
        if kind == "flush" and isinstance(body, dict) and "ruleset" in body:
            return Entry("flush", {"ruleset": None}, first, last, text)
        if isinstance(body, dict):
            return Entry(kind, body, first, last, text, inserted)
    return Entry(STRAY, {"reason": "the JSON is broken"}, first, last, text)
