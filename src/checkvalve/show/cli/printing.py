"""How commands print: tables for people, JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import typer

#: Characters that a column needs at the least where cells are folded, and those of a line
#: where none is.
_LEAST_COLUMN: Final = 10
_ONE_LINE: Final = 1_000_000


def group(help: str, *, name: str | None = None) -> typer.Typer:  # noqa: A002  # typer's own name
    """A group of commands: its help is plain text, which starts at once and fits any terminal."""
    return typer.Typer(
        name=name,
        help=help,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


class Format(StrEnum):
    """How a command prints what it found."""

    TABLE = "table"
    JSON = "json"


def print_json(value: object) -> None:
    """Prints a value as JSON on standard output, and nothing else."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table on standard output; cells are shown as they are, never as markup.

    Cells are folded to the terminal's width. Without a terminal, or where that would leave a
    column no room for a word, each row is one line.

    Args:
        columns: their headings; all empty for none.
        rows: as many cells each.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from checkvalve.plant.words import printable

    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell, 1_000)) for cell in row))
    console = Console()
    if not console.is_terminal or console.width < _LEAST_COLUMN * len(columns):
        console = Console(width=_ONE_LINE)
        with console.capture() as lines:
            console.print(table)
        typer.echo("\n".join(line.rstrip() for line in lines.get().splitlines()))
        return
    console.print(table)
