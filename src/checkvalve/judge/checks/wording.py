"""How checks put names into their sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from checkvalve.judge.window import End

#: Names that one sentence lists.
_MOST: Final = 4


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")


def placed(end: End, host: str = "") -> str:
    """An end with its host name and its zone."""
    return f"{end.name} ({host}, {end.zone})" if host else f"{end.name} ({end.zone})"
