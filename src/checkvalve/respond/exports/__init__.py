"""Exports: verdicts as other systems and people read them; one format a file.

To add one: write its file and name it below.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from checkvalve.respond.exports.base import Export

#: Module and class of each member.
MEMBERS: Final[tuple[tuple[str, str], ...]] = (
    ("html", "Html"),
    ("junit", "Junit"),
    ("ocsf", "Ocsf"),
    ("sarif", "Sarif"),
)


def members() -> tuple[Export, ...]:
    """One of each export."""
    return tuple(getattr(import_module(f"{__name__}.{module}"), name)() for module, name in MEMBERS)


def export_named(name: str) -> Export | None:
    """The export of this name; ``None`` if there is none."""
    return next((one for one in members() if one.name == name.casefold()), None)
