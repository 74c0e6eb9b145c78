"""``checkvalve waiver``: exceptions from a rule, each with a reason and an end."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from checkvalve.errors import UsageError
from checkvalve.show.cli.clock import now, read_day
from checkvalve.show.cli.plant import AsFormat, PlantFolder
from checkvalve.show.cli.printing import Format, group, print_json, print_table

app = group("Write and list waivers.")

#: How far ahead a waiver may end.
LONGEST: Final = timedelta(days=90)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="ID", help="The waiver's id.")],
    plant: PlantFolder = Path(),
    *,
    rule: Annotated[str, typer.Option(help="The rule that is waived.")],
    subject: Annotated[str, typer.Option(help="On what: kind and id, as in 'asset filler-plc'.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    measure: Annotated[str, typer.Option(help="What is done instead.")],
    approver: Annotated[str, typer.Option(help="Who said yes; not the owner.")],
    until: Annotated[str, typer.Option(help="Its last day, or a span such as 30d; 90d at most.")],
) -> None:
    """Accept what a rule finds on one subject, until a day."""
    from checkvalve.plant import load
    from checkvalve.plant.editing import edit
    from checkvalve.plant.kinds import KINDS_BY_NAME
    from checkvalve.plant.ownership import approves_her_own

    at = now()
    last = read_day(until, at)
    today = at.astimezone(UTC).date()
    if not today <= last <= today + LONGEST:
        raise UsageError(
            f"a waiver ends from today to {LONGEST.days} days ahead, not on {last.isoformat()}",
            hint="its finding comes back by itself; waive it again then, if it must be",
        )
    if approves_her_own(load(plant), subject, approver):
        raise UsageError(
            f"'{approver}' owns {subject} and can't approve its waiver", hint="ask somebody else"
        )
    fields = {
        "rule": rule,
        "subject": subject,
        "reason": reason,
        "compensating_measure": measure,
        "approver": approver,
        "expires": last.isoformat(),
        "created": today.isoformat(),
    }
    edited = edit(plant, KINDS_BY_NAME["waiver"], [(name, fields)])
    typer.echo(f"{edited.files[0]}: {rule} on {subject} is waived through {last.isoformat()}")


@app.command("list")
def list_waivers(
    plant: PlantFolder = Path(),
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those that ran out too.")] = False,
    as_format: AsFormat = Format.TABLE,
) -> None:
    """List the waivers that hold."""
    from checkvalve.plant import load

    at = now()
    waivers = [one for one in load(plant).waivers.values() if everything or one.is_valid(at)]
    if as_format is Format.JSON:
        print_json(
            [
                {**one.model_dump(mode="json", by_alias=True), "holds": one.is_valid(at)}
                for one in waivers
            ]
        )
        return
    rows = [
        (
            one.id,
            "holds" if one.is_valid(at) else "ran out",
            one.rule,
            one.subject,
            one.expires.isoformat(),
            one.approver,
            one.reason,
        )
        for one in waivers
    ]
    print_table(("id", "state", "rule", "subject", "last day", "approver", "reason"), rows)
