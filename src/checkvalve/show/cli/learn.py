"""``checkvalve learn``: a baseline from captures of normal operation."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from checkvalve.errors import InputError
from checkvalve.show.cli.clock import now
from checkvalve.show.cli.plant import AsFormat, PlantFolder
from checkvalve.show.cli.printing import Format, print_json, print_table
from checkvalve.show.cli.showing import (
    Captures,
    SiteName,
    StateFolder,
    named_captures,
    prepare_kernels,
    progress,
    state_of,
)


def learn(
    plant: PlantFolder = Path(),
    more: Annotated[list[str] | None, typer.Argument(metavar="[CAPTURE...]", hidden=True)] = None,
    *,
    captures: Captures,
    site: SiteName = None,
    state: StateFolder = None,
    onto: Annotated[
        bool, typer.Option("--onto", help="Add to the newest baseline instead of a new one.")
    ] = False,
    who: Annotated[str, typer.Option(envvar="CHECKVALVE_WHO", help="Who proposes it.")] = "learn",
    as_format: AsFormat = Format.TABLE,
) -> None:
    """Learn what is normal, and say how complete that is."""
    from checkvalve.plant import load

    declared = load(plant)
    paths = named_captures(captures, more)
    prepare_kernels()
    from checkvalve.judge.baseline import Baseline
    from checkvalve.keep.acts import BaselineProposal
    from checkvalve.keep.handing import hand_in
    from checkvalve.observe.captures.files import Capture
    from checkvalve.run import learning
    from checkvalve.run.baselines import newest_in
    from checkvalve.run.observing import site_of

    named = site_of(declared, site)
    folder = state_of(plant, state)
    baseline = newest_in(folder, declared, named).baseline if onto else None
    if baseline is None:
        baseline = Baseline.empty(declared, named)
    left_out: Counter[str] = Counter()
    read = [Capture(path) for path in paths]
    learning.learn(declared, baseline, read, progress=progress(), left_out=left_out)
    if not baseline.first and +left_out:
        raise InputError(
            f"nothing was learnt from {', '.join(paths)}: policy forbids all of it "
            f"({', '.join(sorted(+left_out))})",
            hint="'checkvalve watch' tells what is forbidden, and what would allow it",
        )
    if not baseline.first:
        raise InputError(
            f"nothing can be learnt from {', '.join(paths)}: no conversation is in it",
            hint="'checkvalve exchanges' shows what a capture says",
        )
    proposal = BaselineProposal(
        named or "plant", baseline.text(), who, f"learnt from {', '.join(paths)}", now()
    )
    hand_in(folder, proposal, command="learn", at=now())
    readiness = baseline.readiness(declared)
    if as_format is Format.JSON:
        print_json({**readiness_json(baseline.digest, readiness), "left_out": +left_out})
        return
    print_readiness(readiness)
    for rule, count in sorted((+left_out).items()):
        typer.echo(f"not learnt: {count:,} operations that {rule} forbids")
    typer.echo(f"baseline {baseline.digest[:12]} is proposed; it is used until a newer one is.")
    typer.echo(
        f"  checkvalve baseline approve {baseline.digest[:12]} {plant} --who YOU --why REASON"
    )


def readiness_json(digest: str, readiness: Any) -> dict[str, Any]:
    """How complete a baseline is, for machines."""
    from dataclasses import asdict

    return {
        "digest": digest,
        "ready": readiness.ready,
        "missing": list(readiness.missing),
        "cycles": readiness.cycles,
        "coverage": [{**asdict(c), "ready": c.ready} for c in readiness.coverage],
    }


def print_readiness(readiness: Any) -> None:
    """How complete a baseline is, for people."""
    print_table(
        ("zone", "mode", "edges", "edge hours", "days", "unseen", "95 % bound"),
        [
            (
                c.zone,
                c.mode or "unknown",
                str(c.edges),
                str(c.observations),
                str(c.days),
                f"{c.unseen:.2%}",
                f"{c.bound:.2%}",
            )
            for c in readiness.coverage
        ],
    )
    if readiness.ready:
        typer.echo(f"ready: {readiness.cycles} production cycles seen")
        return
    typer.echo("not ready; missing:")
    for sentence in readiness.missing:
        typer.echo(f"  - {sentence}")
    typer.echo("All checks run all the same; detectors may report what is normal but rare.")
