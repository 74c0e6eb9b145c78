"""People's own words: shown safely, and the known word that they most likely meant."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

#: How many known words a hint lists.
_FEW: Final = 8
#: Words compared on either side of the place where the word would stand among the known.
_NEIGHBOURS: Final = 100


def printable(text: str, limit: int = 64) -> str:
    """The text cut to a length, with what would move a terminal's cursor spelled out."""
    return "".join(
        letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text[:limit]
    )


def nearest(word: str, words: Iterable[str], likeness: float = 0.6) -> str:
    """The nearest of the words; empty when none is near.

    Among very many words only those near it in the alphabet are compared, to bound the time.

    Args:
        word: what was written.
        words: what is known.
        likeness: how near it must be, from 0 to 1.
    """
    known = sorted(words)
    place = bisect(known, word)
    candidates = known[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS]
    found = get_close_matches(word[:128], candidates, n=1, cutoff=likeness)
    return found[0] if found else ""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """A hint that names the nearest of the words, else the first few of them.

    Args:
        word: what was written.
        words: what is known.
    """
    known = sorted(words)
    near = nearest(word, known)
    if near:
        return f"did you mean '{printable(near)}'?"
    if not known:
        return ""
    few = ", ".join(map(printable, known[:_FEW]))
    return f"known are {few}{' and others' if len(known) > _FEW else ''}"
