"""``checkvalve change``: open work orders, which sanction what they cover."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checkvalve.errors import UsageError
from checkvalve.show.cli.clock import now, read_moment, spell_moment
from checkvalve.show.cli.plant import AsFormat, PlantFolder
from checkvalve.show.cli.printing import Format, group, print_json, print_table

app = group("Open, close, list and import work orders.")

ChangeId = Annotated[str, typer.Argument(metavar="ID", help="The work order's id.")]


@app.command("open")
def open_change(
    name: ChangeId,
    plant: PlantFolder = Path(),
    *,
    until: Annotated[str, typer.Option(help="When it ends: ISO 8601, or a span such as 4h.")],
    person: Annotated[list[str], typer.Option(help="Who works on it; may be repeated.")],
    asset: Annotated[list[str], typer.Option(help="What is worked on; may be repeated.")],
    action: Annotated[
        list[str],
        typer.Option(help="read, write, control, program, session or discover; may be repeated."),
    ],
    approver: Annotated[str, typer.Option(help="Who said yes.")],
    begin: Annotated[str, typer.Option("--from", help="When it begins; now if left out.")] = "",
    reason: Annotated[str, typer.Option(help="What it is for.")] = "",
    reference: Annotated[str, typer.Option(help="Its number in the system it came from.")] = "",
) -> None:
    """Open a work order: what it covers is sanctioned until it ends."""
    from checkvalve.plant.editing import edit
    from checkvalve.plant.kinds import KINDS_BY_NAME

    at = now()
    start = read_moment(begin, at) if begin else at
    end = read_moment(until, start)
    if end <= start:
        raise UsageError(f"the change would end ({spell_moment(end)}) before it begins")
    fields = {
        "people": person,
        "assets": asset,
        "actions": action,
        "from": start.isoformat(),
        "until": end.isoformat(),
        "approver": approver,
        "reason": reason,
        "reference": reference,
    }
    said = {key: value for key, value in fields.items() if value}
    edited = edit(plant, KINDS_BY_NAME["change"], [(name, said)])
    typer.echo(
        f"{edited.files[0]}: {name} is open from {spell_moment(start)} to {spell_moment(end)}"
    )


@app.command()
def close(
    name: ChangeId,
    plant: PlantFolder = Path(),
    at: Annotated[str, typer.Option(help="When the work was done; now if left out.")] = "",
) -> None:
    """Close a work order before its end; the record stays."""
    from checkvalve.plant import load
    from checkvalve.plant.editing import edit
    from checkvalve.plant.kinds import KINDS_BY_NAME

    moment = read_moment(at, now()) if at else now()
    known = load(plant).changes.get(name)
    if known is not None and known.closed_at is not None:
        raise UsageError(f"'{name}' was closed at {spell_moment(known.closed_at)}")
    fields = {"closed_at": moment.isoformat()}
    edited = edit(plant, KINDS_BY_NAME["change"], amended={name: fields})
    typer.echo(f"{edited.files[0]}: {name} is closed at {spell_moment(moment)}")


@app.command("list")
def list_changes(
    plant: PlantFolder = Path(),
    *,
    everything: Annotated[bool, typer.Option("--all", help="Ended and closed ones too.")] = False,
    as_format: AsFormat = Format.TABLE,
) -> None:
    """List work orders that are open or still to come."""
    from checkvalve.plant import load

    at = now()
    changes = [
        change
        for change in load(plant).changes.values()
        if everything or change.state(at) in ("open", "to come")
    ]
    if as_format is Format.JSON:
        print_json(
            [
                {**change.model_dump(mode="json", by_alias=True), "state": change.state(at)}
                for change in changes
            ]
        )
        return
    rows = [
        (
            change.id,
            change.state(at),
            spell_moment(change.from_),
            spell_moment(change.closed_at or change.until),
            ", ".join(change.people),
            ", ".join(change.assets),
            ", ".join(change.actions),
        )
        for change in changes
    ]
    print_table(("id", "state", "from", "until", "people", "assets", "actions"), rows)


@app.command("import")
def import_changes(
    export: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV or JSON export.")],
    plant: PlantFolder = Path(),
) -> None:
    """Read work orders from an export of the system that keeps them."""
    from checkvalve.plant import load
    from checkvalve.plant.editing import edit
    from checkvalve.plant.importing import read_changes
    from checkvalve.plant.kinds import KINDS_BY_NAME

    found = read_changes(export, load(plant).changes)
    if found.new or found.closed:
        edit(plant, KINDS_BY_NAME["change"], found.new, found.closed)
    typer.echo(
        f"{len(found.new)} added, {len(found.closed)} closed, {len(found.unchanged)} unchanged"
    )
