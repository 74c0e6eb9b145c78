"""How commands print: tables for people, JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum

import typer


class Format(StrEnum):
    """How a command prints what it found."""

    TABLE = "table"
    JSON = "json"


def print_json(value: object) -> None:
    """Prints a value as JSON on standard output, and nothing else."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table on standard output; cells are shown as they are, never as markup.

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
    Console().print(table)
