"""``checkvalve baseline``: what was learnt, how complete it is, and who approved it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from checkvalve.errors import UsageError
from checkvalve.show.cli.clock import now
from checkvalve.show.cli.learn import print_readiness, readiness_json
from checkvalve.show.cli.plant import AsFormat, PlantFolder
from checkvalve.show.cli.printing import Format, group, print_json, print_table
from checkvalve.show.cli.showing import StateFolder, Who, Why, state_of

app = group("Show, compare and approve what was learnt.")

Digest = Annotated[str, typer.Argument(metavar="DIGEST", help="Its digest, or how it begins.")]


@app.command()
def show(
    plant: PlantFolder = Path(),
    *,
    digest: Annotated[str, typer.Option(help="Show this one: its digest, or how it begins.")] = "",
    state: StateFolder = None,
    as_format: AsFormat = Format.TABLE,
) -> None:
    """List the baselines, or show one: how complete it is and what it holds."""
    from checkvalve.keep.keeper import STORE
    from checkvalve.keep.reading import Reader
    from checkvalve.plant import load

    folder = state_of(plant, state)
    if digest:
        from checkvalve.judge.baseline import restore
        from checkvalve.run.baselines import chosen

        declared = load(plant)
        version, text = chosen(folder, digest)
        baseline = restore(declared, text)
        readiness = baseline.readiness(declared)
        if as_format is Format.JSON:
            print_json({**readiness_json(version.digest, readiness), "state": json.loads(text)})
            return
        typer.echo(f"baseline {version.digest} of {version.name}")
        typer.echo(f"proposed by {version.proposed_by}: {version.proposed_why}")
        if version.approved_by:
            typer.echo(f"approved by {version.approved_by}: {version.approved_why}")
        print_readiness(readiness)
        return
    if not (folder / STORE).exists():
        raise UsageError(f"{folder} holds no baselines", hint="'checkvalve learn' makes one")
    with Reader.open(folder / STORE) as store:
        found = store.baselines()
    if as_format is Format.JSON:
        print_json(
            [
                {
                    "digest": one.digest,
                    "name": one.name,
                    "proposed_by": one.proposed_by,
                    "proposed_at": one.proposed_at.isoformat(),
                    "approved_by": one.approved_by,
                    "approved_at": one.approved_at.isoformat() if one.approved_at else None,
                }
                for one in found
            ]
        )
        return
    print_table(
        ("digest", "of", "proposed", "by", "approved by"),
        [
            (
                one.digest[:12],
                one.name,
                one.proposed_at.isoformat(" ", "minutes"),
                one.proposed_by,
                one.approved_by,
            )
            for one in found
        ],
    )


@app.command()
def diff(
    old: Digest,
    new: Digest,
    plant: PlantFolder = Path(),
    *,
    state: StateFolder = None,
    as_format: AsFormat = Format.TABLE,
) -> None:
    """Say where two baselines differ; exit 1 if they do."""
    from checkvalve.judge.baseline import differences
    from checkvalve.run.baselines import chosen

    folder = state_of(plant, state)
    texts = [chosen(folder, digest)[1] for digest in (old, new)]
    found = differences(*(json.loads(text) for text in texts))
    if as_format is Format.JSON:
        print_json([{"path": one.path, "old": one.old, "new": one.new} for one in found])
    else:
        for one in found:
            before = "nothing" if one.old is None else json.dumps(one.old, ensure_ascii=False)
            after = "nothing" if one.new is None else json.dumps(one.new, ensure_ascii=False)
            typer.echo(f"{one.path}: {before:.120} → {after:.120}")
        typer.echo(f"{len(found)} differences" if found else "no difference")
    if found:
        raise typer.Exit(1)


@app.command()
def approve(
    digest: Digest,
    plant: PlantFolder = Path(),
    *,
    who: Who,
    why: Why,
    state: StateFolder = None,
) -> None:
    """Approve a proposed baseline: from then on it judges."""
    from checkvalve.keep.acts import BaselineApproval
    from checkvalve.keep.handing import hand_in
    from checkvalve.run.baselines import chosen

    folder = state_of(plant, state)
    version, _ = chosen(folder, digest)
    approval = BaselineApproval(version.name, version.digest, who, why, now())
    done = hand_in(folder, approval, command="baseline approve", at=now())
    waits = "" if done else ", once the running process has taken it in"
    typer.echo(f"baseline {version.digest[:12]} of {version.name} judges from now on{waits}")
