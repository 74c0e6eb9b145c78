"""``checkvalve watch``: the whole way, from captures to incidents."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from checkvalve.show.cli.clock import now
from checkvalve.show.cli.following import following
from checkvalve.show.cli.incidents import FAIL_ON, Fail, print_incidents, print_incidents_json
from checkvalve.show.cli.plant import AsFormat, PlantFolder
from checkvalve.show.cli.printing import Format
from checkvalve.show.cli.showing import (
    Captures,
    SiteName,
    StateFolder,
    named_captures,
    prepare_kernels,
    progress,
    reach_in,
    state_of,
)


def watch(
    plant: PlantFolder = Path(),
    more: Annotated[list[str] | None, typer.Argument(metavar="[CAPTURE...]", hidden=True)] = None,
    *,
    captures: Captures,
    site: SiteName = None,
    state: StateFolder = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="The last capture still grows: wait for more.")
    ] = False,
    idle: Annotated[
        float, typer.Option(min=0.1, help="With --follow: stop after so many silent seconds.")
    ] = float("inf"),
    fail_on: Annotated[Fail, typer.Option(help="Exit 1 if an open incident is of this class.")] = (
        Fail.NEVER
    ),
    as_format: AsFormat = Format.TABLE,
) -> None:
    """Judge captures, record what they show, and print the incidents."""
    from checkvalve.plant import load

    declared = load(plant)
    paths = named_captures(captures, more)
    prepare_kernels()
    from checkvalve.keep.keeper import Keeper
    from checkvalve.run.baselines import newest
    from checkvalve.run.judging import rules
    from checkvalve.run.observing import site_of
    from checkvalve.run.triaging import triage
    from checkvalve.run.watching import Watch

    named = site_of(declared, site)
    folder = state_of(plant, state)
    with Keeper.open(folder, command="watch", at=now()) as keeper:
        for notice in keeper.notices:
            typer.echo(notice, err=True)
        in_use = newest(keeper.store, declared, named)
        _say_baseline(in_use)
        run = Watch(declared, named, in_use.baseline, keeper, now, told=_tell)
        with following(paths[-1], idle) if follow else nullcontext() as wait:
            summary = run.run(paths, follow=wait, progress=progress())
        triaged = triage(
            keeper.store, declared, rules(), now(), reach=reach_in(plant, declared, now())
        )
    if as_format is Format.JSON:
        print_incidents_json(triaged, declared)
    else:
        _say_summary(summary)
        print_incidents(triaged, declared, full=True)
        typer.echo("Where to look next:")
        typer.echo(f"  checkvalve incidents list {_shown(plant, state)}")
        if triaged.incidents:
            first = triaged.incidents[0].id
            typer.echo(f"  checkvalve incidents show {first} {_shown(plant, state)}")
    worst = max((one.outcome for one in triaged.incidents if not one.state), default=None)
    if fail_on is not Fail.NEVER and worst is not None and worst >= FAIL_ON[fail_on]:
        raise typer.Exit(1)


def _shown(plant: Path, state: Path | None) -> str:
    return str(plant) if state is None else f"{plant} --state {state}"


def _say_baseline(in_use: Any) -> None:
    if in_use.baseline is None:
        typer.echo("no baseline: only checks judge ('checkvalve learn' makes one)", err=True)
    elif not in_use.version.approved_by:
        typer.echo(
            f"baseline {in_use.version.digest[:12]} judges; nobody has approved it yet", err=True
        )


def _tell(new: tuple[Any, ...]) -> None:
    typer.echo(f"{len(new)} new finding{'s' if len(new) != 1 else ''}", err=True)


def _say_summary(summary: Any) -> None:
    typer.echo(
        f"{summary.packets:,} packets, {summary.exchanges:,} operations, {summary.new} new findings"
    )
    if summary.passed_over:
        typer.echo(f"{summary.passed_over:,} of the packets were watched before")
    if summary.outside:
        typer.echo(
            f"{summary.outside / summary.octets:.1%} of what was sent passed between addresses in "
            "no declared zone: no check judges it until 'zones' in the plant holds one of them"
        )
    for aside in summary.asides:
        typer.echo(aside, err=True)
    for rule, error in summary.crashed.items():
        typer.echo(f"{rule} crashed and was left out: {error}", err=True)
    unseen = ", ".join(f"{kind}: {count:,}" for kind, count in sorted(summary.gaps.items()))
    if unseen:
        typer.echo(f"not seen: {unseen}")
