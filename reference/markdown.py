"""Markdown from docstrings: their sections, and tables."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from textwrap import dedent
from typing import Final

#: Sections that a component's docstring may have, in the order in which pages show them.
SECTIONS: Final = (
    "Specification",
    "Not decoded",
    "Why it matters",
    "Known limits",
    "Example",
    "References",
)
_HEADER: Final = re.compile(rf"({'|'.join((*SECTIONS, 'Attributes', 'Args'))}):\s+", re.MULTILINE)
_WITHIN: Final = re.compile(r"(?<=[.;])\s+(?=Not decoded:\s)")


def sections(docstring: str | None) -> dict[str, str]:
    """The sections of a docstring as Markdown; what precedes them has the name ``""``.

    A section begins with its name and a colon. What it says follows on the same line, to the
    end of the paragraph, or indented below, as long as it is indented.
    """
    found: dict[str, str] = {}
    current = ""
    for paragraph in _WITHIN.sub("\n\n", inspect.cleandoc(docstring or "")).split("\n\n"):
        header = _HEADER.match(paragraph)
        if header:
            current = header[1]
            text = dedent(paragraph[len(header[1]) + 1 :].lstrip(" ").removeprefix("\n"))
        elif current and paragraph.startswith("    "):
            text = dedent(paragraph)
        else:
            current, text = "", paragraph
        found[current] = "\n\n".join(filter(None, (found.get(current, ""), text.strip("\n"))))
    return {name: markdown(text[:1].upper() + text[1:]) for name, text in found.items()}


def summary(docstring: str | None) -> str:
    """The first sentence of a docstring, without its full stop."""
    first = inspect.cleandoc(docstring or "").partition("\n\n")[0]
    return markdown(" ".join(first.split())).removesuffix(".")


def markdown(text: str) -> str:
    """Docstring text as Markdown."""
    return text.replace("``", "`").replace("::", ":")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table.

    Args:
        columns: their headings.
        rows: as many cells each.
    """
    lines = [columns, ["---"] * len(columns), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
