"""How commands print: tables for people, JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from typer.core import TyperGroup

from checkvalve.errors import StorageError

#: Characters that a column needs at the least where cells are folded, and those of a line
#: where none is.
_LEAST_COLUMN: Final = 10
_ONE_LINE: Final = 1_000_000

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file.")
]


def group(
    help: str,  # noqa: A002  # typer's own name
    *,
    name: str | None = None,
    cls: type[TyperGroup] = TyperGroup,
) -> typer.Typer:
    """A group of commands: its help is plain text, which starts at once and fits any terminal."""
    return typer.Typer(
        name=name,
        cls=cls,
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


def put(text: str, output: Path | None) -> None:
    """Prints a text on standard output, or writes it to a file and says so on standard error.

    Raises:
        StorageError: the file can't be written.
    """
    if output is None:
        typer.echo(text.rstrip("\n"))
        return
    try:
        output.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise StorageError(f"{output} can't be written: {why}") from error
    typer.echo(f"{output} is written", err=True)
