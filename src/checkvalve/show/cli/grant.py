"""``checkvalve grant``: who may come in from outside, how, and until when."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from checkvalve.errors import UsageError
from checkvalve.show.cli.clock import now, read_moment, spell_moment
from checkvalve.show.cli.plant import AsFormat, PlantFolder
from checkvalve.show.cli.printing import Format, group, print_json, print_table

app = group("List, add and revoke grants of access.")

GrantId = Annotated[str, typer.Argument(metavar="ID", help="The grant's id.")]

_WINDOW: Final = re.compile(r"([a-z]{3}(?:,[a-z]{3})*) (\d\d:\d\d)-(\d\d:\d\d) (\S+)", re.ASCII)
_SERVICE: Final = re.compile(r"(tcp|udp|icmp|any|\d{1,3})(?:/(\d{1,5}(?:-\d{1,5})?))?", re.ASCII)


@app.command("list")
def list_grants(
    plant: PlantFolder = Path(),
    *,
    everything: Annotated[bool, typer.Option("--all", help="Ended and revoked ones too.")] = False,
    as_format: AsFormat = Format.TABLE,
) -> None:
    """List grants that are active or still to come."""
    from checkvalve.plant import load

    at = now()
    grants = [
        grant
        for grant in load(plant).grants.values()
        if everything or grant.state(at) in ("active", "to come")
    ]
    if as_format is Format.JSON:
        print_json(
            [
                {**grant.model_dump(mode="json", by_alias=True), "state": grant.state(at)}
                for grant in grants
            ]
        )
        return
    rows = [
        (
            grant.id,
            grant.state(at),
            grant.holder,
            ", ".join(grant.targets),
            grant.via or "",
            spell_moment(grant.not_after) if grant.not_after else "never",
            grant.approver or "",
        )
        for grant in grants
    ]
    print_table(("id", "state", "holder", "targets", "via", "ends", "approver"), rows)


@app.command()
def add(
    name: GrantId,
    plant: PlantFolder = Path(),
    *,
    holder: Annotated[str, typer.Option(help="The vendor or identity that gets it.")],
    target: Annotated[list[str], typer.Option(help="Asset or zone; may be repeated.")],
    until: Annotated[str, typer.Option(help="When it ends: ISO 8601, or a span such as 7d.")],
    reason: Annotated[str, typer.Option(help="What it is for.")],
    requester: Annotated[str, typer.Option(help="Who asked.")],
    approver: Annotated[str, typer.Option(help="Who said yes; not who asked.")],
    source: Annotated[list[str], typer.Option(help="Range it comes from; may be repeated.")],
    service: Annotated[
        list[str], typer.Option(help="What is opened, such as tcp/502; may be repeated.")
    ],
    begin: Annotated[str, typer.Option("--from", help="When it begins; now if left out.")] = "",
    via: Annotated[str, typer.Option(help="The jump host it must pass.")] = "",
    window: Annotated[
        list[str] | None,
        typer.Option(help="'mon,tue 16:00-18:00 Europe/Berlin'; may be repeated."),
    ] = None,
    mfa: Annotated[bool, typer.Option(help="Whether a second factor is demanded.")] = True,
) -> None:
    """Grant access, with an end."""
    from checkvalve.plant.editing import edit
    from checkvalve.plant.kinds import KINDS_BY_NAME

    if requester == approver:
        raise UsageError("nobody approves what she asked for", hint="name another approver")
    at = now()
    start = read_moment(begin, at) if begin else at
    end = read_moment(until, start)
    if end <= start:
        raise UsageError(f"the grant would end ({spell_moment(end)}) before it begins")
    fields: dict[str, Any] = {
        "holder": holder,
        "source": source,
        "targets": target,
        "services": [_service(text) for text in service],
        "via": via,
        "mfa": mfa,
        "reason": reason,
        "requester": requester,
        "approver": approver,
        "not_before": start.isoformat(),
        "not_after": end.isoformat(),
        "windows": [_window(text) for text in window or ()],
    }
    said = {key: value for key, value in fields.items() if value not in ("", [])}
    edited = edit(plant, KINDS_BY_NAME["grant"], [(name, said)])
    typer.echo(f"{edited.files[0]}: {name} holds from {spell_moment(start)} to {spell_moment(end)}")
    typer.echo("No firewall was changed: let the path in where it is enforced.")


@app.command()
def revoke(
    name: GrantId,
    plant: PlantFolder = Path(),
    at: Annotated[str, typer.Option(help="From when on; now if left out.")] = "",
) -> None:
    """Take a grant back before its end; the record stays."""
    from checkvalve.plant import load
    from checkvalve.plant.editing import edit
    from checkvalve.plant.kinds import KINDS_BY_NAME

    moment = read_moment(at, now()) if at else now()
    known = load(plant).grants.get(name)
    if known is not None and known.revoked_at is not None:
        raise UsageError(f"'{name}' was revoked at {spell_moment(known.revoked_at)}")
    fields = {"revoked_at": moment.isoformat()}
    edited = edit(plant, KINDS_BY_NAME["grant"], amended={name: fields})
    typer.echo(f"{edited.files[0]}: {name} is revoked at {spell_moment(moment)}")
    typer.echo(
        "No firewall was changed: close the path and end open sessions where it is enforced."
    )


def _service(text: str) -> dict[str, Any]:
    match = _SERVICE.fullmatch(text)
    if match is None:
        raise UsageError(f"'{text}' is not a service", hint="write tcp/502 or udp/8000-8010")
    if match[2] is None:
        return {"proto": match[1]}
    return {"proto": match[1], "dst_ports": [int(match[2]) if match[2].isdigit() else match[2]]}


def _window(text: str) -> dict[str, Any]:
    match = _WINDOW.fullmatch(text)
    if match is None:
        raise UsageError(
            f"'{text}' is not a window", hint="write 'mon,tue 16:00-18:00 Europe/Berlin'"
        )
    return {
        "days": match[1].split(","),
        "from": match[2],
        "to": match[3],
        "time_zone": match[4],
    }
