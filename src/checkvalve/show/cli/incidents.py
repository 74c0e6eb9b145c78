"""``checkvalve incidents``: what deserves attention, told as stories, and what people did."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, Final

import typer

from checkvalve.errors import UsageError
from checkvalve.show.cli.clock import now, read_moment
from checkvalve.show.cli.plant import AsFormat, PlantFolder
from checkvalve.show.cli.printing import Format, group, print_json
from checkvalve.show.cli.showing import StateFolder, Who, Why, reach_in, state_of

app = group("List and show incidents, and act on them.")

IncidentId = Annotated[str, typer.Argument(metavar="ID", help="Its id, or how it begins.")]
Until = Annotated[str, typer.Option(help="When it ends: ISO 8601, or a span such as 7d.")]


class Fail(StrEnum):
    """From which class on a command fails."""

    ACT = "act"
    ATTEND = "attend"
    TRACK = "track"
    NEVER = "never"


#: The lowest outcome, as triage numbers them, that fails.
FAIL_ON: Final = {Fail.ACT: 3, Fail.ATTEND: 2, Fail.TRACK: 0}


@app.command("list")
def list_incidents(
    plant: PlantFolder = Path(),
    *,
    everything: Annotated[bool, typer.Option("--all", help="Closed and muted ones too.")] = False,
    state: StateFolder = None,
    as_format: AsFormat = Format.TABLE,
) -> None:
    """List incidents, the ones that deserve most first."""
    declared, triaged = _triaged(plant, state)
    if as_format is Format.JSON:
        print_incidents_json(triaged, declared, everything=everything)
        return
    print_incidents(triaged, declared, full=False, everything=everything)


@app.command()
def show(
    incident: IncidentId,
    plant: PlantFolder = Path(),
    *,
    state: StateFolder = None,
    as_format: AsFormat = Format.TABLE,
) -> None:
    """Tell one incident: what happened, on what, why it matters, and what to do next."""
    declared, triaged = _triaged(plant, state)
    found = _one(triaged, incident)
    if as_format is Format.JSON:
        print_json(_as_json(found, triaged, declared))
        return
    typer.echo(_story(found, triaged, declared))


@app.command()
def acknowledge(
    incident: IncidentId,
    plant: PlantFolder = Path(),
    *,
    who: Who,
    why: Annotated[str, typer.Option(help="A remark.")] = "seen",
    state: StateFolder = None,
) -> None:
    """Say that somebody has taken an incident on."""
    _act("acknowledge", incident, plant, state, who, why)


@app.command()
def close(
    incident: IncidentId,
    plant: PlantFolder = Path(),
    *,
    who: Who,
    why: Why,
    state: StateFolder = None,
) -> None:
    """Close an incident; it opens again when its cause is seen again."""
    _act("close", incident, plant, state, who, why)


@app.command()
def mute(
    incident: IncidentId,
    plant: PlantFolder = Path(),
    *,
    who: Who,
    why: Why,
    until: Until,
    state: StateFolder = None,
) -> None:
    """Hide an incident until a date."""
    _act("mute", incident, plant, state, who, why, until)


@app.command()
def learn(
    incident: IncidentId,
    plant: PlantFolder = Path(),
    *,
    who: Who,
    why: Why,
    until: Until,
    state: StateFolder = None,
) -> None:
    """Say that what was learnt was incomplete: close it until its captures are learnt.

    Prints the command that learns them. What policy forbids is never learnt: for that, change
    the plant or write a waiver.
    """
    _, triaged = _triaged(plant, state)
    found = _one(triaged, incident)
    proved = sorted({f.rule for f in found.findings} - {f.rule for f in found.teachable})
    if proved:
        raise UsageError(
            f"{found.id} is proved by {', '.join(proved)}, and a check can't be taught",
            hint="change what is declared, or 'checkvalve waiver new'",
        )
    _act("learn", incident, plant, state, who, why, until)
    captures = sorted({e.capture for f in found.teachable for e in f.evidence if e.capture})
    typer.echo(f"by then, teach the baseline what {', '.join(captures)} shows:")
    typer.echo(f"  checkvalve learn {plant} --onto --captures {' '.join(captures)}")


def print_incidents(triaged: Any, plant: Any, *, full: bool, everything: bool = False) -> None:
    """Print incidents as a table, and, in full, the stories of those that page somebody."""
    chosen = _chosen(triaged, everything=everything)
    hidden = len(triaged.incidents) - len(chosen)
    if full:
        for incident in chosen:
            if incident.outcome >= FAIL_ON[Fail.ATTEND]:
                typer.echo("")
                typer.echo(_story(incident, triaged, plant))
        typer.echo("")
    for one in chosen:
        seen = "seen once" if one.count == 1 else f"seen {one.count} times"
        head = f"{one.outcome.word:<7} {one.score.total:>3}  {one.id}  {one.state}"
        typer.echo(f"{head}  {_begun(one, plant)}, {seen}")
        for line in wrap(one.headline, width=88):
            typer.echo(f"             {line}")
    if not chosen:
        typer.echo("no incidents")
    if hidden:
        typer.echo(f"{hidden} more are closed or muted; --all shows them")
    for line in dict.fromkeys(map(str, triaged.waived)):
        typer.echo(line)


def _begun(incident: Any, plant: Any) -> str:
    """When it was first seen, on its site's clock."""
    from zoneinfo import ZoneInfo

    site = plant.sites.get(incident.findings[0].site)
    zone = "UTC" if site is None else site.time_zone
    return f"{incident.first.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


def print_incidents_json(triaged: Any, plant: Any, *, everything: bool = False) -> None:
    """Print incidents for machines."""
    print_json([_as_json(one, triaged, plant) for one in _chosen(triaged, everything=everything)])


def _chosen(triaged: Any, *, everything: bool) -> list[Any]:
    return [
        one
        for one in triaged.incidents
        if everything or (str(one.state) != "closed" and one.muted_until is None)
    ]


def _triaged(plant: Path, state: Path | None) -> tuple[Any, Any]:
    """The plant, and all incidents of its state folder."""
    from checkvalve.keep.keeper import STORE
    from checkvalve.keep.reading import Reader
    from checkvalve.plant import load
    from checkvalve.run.judging import rules
    from checkvalve.run.triaging import triage

    declared = load(plant)
    folder = state_of(plant, state)
    if not (folder / STORE).exists():
        raise UsageError(
            f"{folder} holds no findings yet", hint="'checkvalve watch PLANT --captures ...' first"
        )
    with Reader.open(folder / STORE) as store:
        return declared, triage(
            store, declared, rules(), now(), reach=reach_in(plant, declared, now())
        )


def _one(triaged: Any, name: str) -> Any:
    found = [one for one in triaged.incidents if one.id.startswith((name, f"inc-{name}"))]
    if len(found) != 1:
        raise UsageError(
            f"{len(found) or 'no'} incidents begin with '{name}'",
            hint="'checkvalve incidents list --all' shows them",
        )
    return found[0]


def _act(
    deed: str,
    incident: str,
    plant: Path,
    state: Path | None,
    who: str,
    why: str,
    until: str = "",
) -> None:
    from checkvalve.keep.acts import Deed, IncidentAct
    from checkvalve.keep.handing import hand_in

    _, triaged = _triaged(plant, state)
    found = _one(triaged, incident)
    at = now()
    act = IncidentAct(
        deed=Deed(deed),
        incident=found.id,
        findings=tuple(finding.id for finding in found.findings),
        who=who,
        why=why,
        at=at,
        until=read_moment(until, at) if until else None,
    )
    done = hand_in(state_of(plant, state), act, command=f"incidents {deed}", at=at)
    waits = "" if done else "; the running process takes it in"
    typer.echo(f"{found.id}: {deed} by {who}{waits}")


def _told(incident: Any, triaged: Any, plant: Any) -> Any:
    from checkvalve.respond.triage.story import tell
    from checkvalve.respond.triage.table import default_table

    return tell(incident, plant, rules=triaged.rules, table=default_table(), at=now())


def _story(incident: Any, triaged: Any, plant: Any) -> str:
    from checkvalve.respond.triage.telling import text

    return text(_told(incident, triaged, plant))


def _as_json(incident: Any, triaged: Any, plant: Any) -> dict[str, Any]:
    from checkvalve.respond.triage.plain import data

    return {
        "id": incident.id,
        "class": incident.outcome.word,
        "score": incident.score.total,
        "state": str(incident.state),
        "muted_until": incident.muted_until.isoformat() if incident.muted_until else None,
        "first": incident.first.isoformat(),
        "last": incident.last.isoformat(),
        "count": incident.count,
        "headline": incident.headline,
        "findings": [_finding_json(finding) for finding in incident.findings],
        "story": data(_told(incident, triaged, plant)),
    }


def _finding_json(finding: Any) -> dict[str, Any]:
    from checkvalve.findings import plain

    return plain(finding)
