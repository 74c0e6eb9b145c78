"""``checkvalve report``: where the plant stands."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from checkvalve.show.cli.clock import now, read_moment
from checkvalve.show.cli.firewall_files import At, FirewallFiles
from checkvalve.show.cli.plant import PlantFolder
from checkvalve.show.cli.printing import Output, group, put
from checkvalve.show.cli.showing import StateFolder, state_of, working
from checkvalve.show.cli.standing import Days, LogZone, SignIns, looked_at

app = group("Say where the plant stands.")


class ReportFormat(StrEnum):
    """How a report is printed."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"


@app.callback()
def report() -> None:
    """Say where the plant stands."""


@app.command("thirty-days")
def thirty_days(
    plant: PlantFolder = Path(),
    *,
    firewall: FirewallFiles = None,
    sign_ins: SignIns = None,
    log_zone: LogZone = "",
    days: Days = 90,
    at: At = "",
    state: StateFolder = None,
    as_format: Annotated[ReportFormat, typer.Option("--format", help="How to print.")] = (
        ReportFormat.TABLE
    ),
    output: Output = None,
) -> None:
    """Say how far the first 30 days' four lines of work are, and what each lacks.

    The inventory of AI, remote access, segmentation, and signed updates at the edge.
    """
    from checkvalve.plant import load
    from checkvalve.run.auditing import audit
    from checkvalve.show.reports.telling import html, plain, text
    from checkvalve.show.reports.thirty_days import rules_of
    from checkvalve.show.reports.thirty_days import thirty_days as made

    moment = read_moment(at, now()) if at else now()
    declared, folder = load(plant), state_of(plant, state)
    _, seen = looked_at(
        declared,
        plant,
        folder,
        moment,
        firewall=firewall,
        sign_ins=sign_ins,
        log_zone=log_zone,
        days=days,
    )
    with working("checking") as told:
        audited = audit(declared, seen, moment, only=rules_of("access", "segmentation"), told=told)
    found = made(declared, audited, _open_findings(declared, folder, moment), moment)
    if as_format is ReportFormat.TABLE:
        put("\n".join(text(found)), output)
    elif as_format is ReportFormat.JSON:
        put(json.dumps(plain(found), indent=2, ensure_ascii=False), output)
    else:
        put(html(found), output)


def _open_findings(plant: Any, folder: Path, at: Any) -> list[Any]:
    """Findings of incidents that nobody has closed; none where nothing was recorded."""
    from checkvalve.keep.keeper import STORE
    from checkvalve.keep.reading import Reader
    from checkvalve.respond.triage.acts import State
    from checkvalve.run.judging import rules
    from checkvalve.run.triaging import triage

    if not (folder / STORE).exists():
        return []
    with Reader.open(folder / STORE) as store:
        triaged = triage(store, plant, rules(), at)
    return [
        finding
        for incident in triaged.incidents
        if incident.state is not State.CLOSED
        for finding in incident.findings
    ]
