"""The command line: one file a group of commands.

What a command needs is imported inside it, so that ``checkvalve --help`` starts at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from checkvalve.errors import CheckvalveError, PlantError
from checkvalve.show.cli import (
    audit,
    baseline,
    change,
    conduits,
    exchanges,
    grant,
    incidents,
    learn,
    ledger,
    permits,
    plant,
    records,
    report,
    waiver,
    watch,
)
from checkvalve.show.cli.printing import group

app = group("AI in operational technology without the chaos.", name="checkvalve")
app.command("init")(plant.init)
app.add_typer(plant.app, name="plant")
app.add_typer(change.app, name="change")
app.add_typer(grant.app, name="grant")
app.add_typer(waiver.app, name="waiver")
app.command("exchanges")(exchanges.exchanges)
app.command("learn")(learn.learn)
app.add_typer(baseline.app, name="baseline")
app.command("watch")(watch.watch)
app.command("audit")(audit.audit)
app.add_typer(permits.app, name="permits")
app.add_typer(conduits.app, name="conduits")
app.add_typer(incidents.app, name="incidents")
app.add_typer(records.app, name="records")
app.add_typer(ledger.app, name="ledger")
app.add_typer(report.app, name="report")


@app.callback(invoke_without_command=True)
def version(
    ctx: typer.Context,
    *,
    show: Annotated[bool, typer.Option("--version", help="Say the version and stop.")] = False,
) -> None:
    """AI in operational technology without the chaos."""
    if show:
        from checkvalve import __version__

        typer.echo(f"checkvalve {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main() -> None:
    """Run a command; what can't be done is said in one sentence, with a hint."""
    try:
        app()
    except PlantError as error:
        plant.plant_problems(error)
        sys.exit(error.exit_code)
    except CheckvalveError as error:
        typer.echo(f"checkvalve: {error.sentence}", err=True)
        if error.hint:
            typer.echo(f"  {error.hint}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
