"""Progress and options that several commands share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from checkvalve.errors import UsageError
from checkvalve.run.progress import Progress, Tick, unheard

Captures = Annotated[
    list[str],
    typer.Option("--captures", "-c", metavar="FILE", help="A capture, or - for stdin; repeat it."),
]
SiteName = Annotated[
    str | None, typer.Option("--site", help="The site that they come from, if there are several.")
]
StateFolder = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="DIR", help="Where findings are kept.", show_default="PLANT/var"
    ),
]
Who = Annotated[str, typer.Option("--who", envvar="CHECKVALVE_WHO", help="Your name.")]
Why = Annotated[str, typer.Option("--why", help="The reason, in a sentence.")]


def state_of(plant: Path, state: Path | None) -> Path:
    """The state folder."""
    return state if state is not None else plant / "var"


def reach_in(plant: Path, declared: Any, at: datetime) -> Any:
    """Where machines can go on to: from rule sets, or, where none can be read, from conduits.

    Args:
        plant: the plant's folder.
        declared: the plant.
        at: now.
    """
    from checkvalve.errors import CheckvalveError
    from checkvalve.run.rule_sets import read_rule_sets
    from checkvalve.run.triaging import reach_of

    try:
        rule_sets = read_rule_sets(declared, plant).by_firewall
    except CheckvalveError as error:
        typer.echo(f"reach is taken from conduits, not from rule sets: {error.sentence}", err=True)
        rule_sets = {}
    return reach_of(declared, rule_sets, at)


def named_captures(first: list[str], more: list[str] | None = None) -> list[str]:
    """The captures of an option and those that follow it without one.

    Raises:
        UsageError: one is not there: better said now than after the others were read.
    """
    named = [*first, *(more or [])]
    for path in named:
        if path != "-" and not os.path.lexists(path):
            raise UsageError(
                f"there is no capture '{path}'",
                hint="name a capture file, or - for standard input",
            )
    return named


def progress() -> Progress:
    """A bar on a terminal; a line a capture elsewhere."""
    return _bar if sys.stderr.isatty() else _line


@contextmanager
def _bar(what: str, total: int) -> Iterator[Tick]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=total or None)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def _line(what: str, total: int) -> Iterator[Tick]:
    kilo, mega = 1_000, 1_000_000
    size = f"{total / mega:.1f} MB" if total >= mega else f"{-(-total // kilo)} kB"
    typer.echo(f"reading {what} ({size})" if total else f"reading {what}", err=True)
    yield unheard


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Says on standard error what is at work; inside the block, told what of it.

    On a terminal it is one line that changes and goes; elsewhere one line that stays.
    """
    if not sys.stderr.isatty():
        typer.echo(what, err=True)
        yield _unsaid
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as status:
        yield lambda part: status.update(f"{what}: {part}")


def _unsaid(part: str) -> None:
    del part


def prepare_kernels() -> None:
    """Compile the kernels if that was not done yet, and say so."""
    from checkvalve.observe.compiling import are_compiled

    if are_compiled():
        return
    from checkvalve.run.kernels import prepare

    typer.echo("compiling the kernels, once: up to a minute", err=True)
    prepare()
