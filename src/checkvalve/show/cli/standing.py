"""What commands about what stands read: rule sets, logs of sign-ins, recorded traffic."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from checkvalve.show.cli.clock import read_time_zone
from checkvalve.show.cli.firewall_files import other_files
from checkvalve.show.cli.showing import working

SignIns = Annotated[
    list[Path] | None,
    typer.Option("--sign-ins", metavar="FILE", help="A log of sign-ins; may be repeated."),
]
LogZone = Annotated[
    str, typer.Option("--log-zone", metavar="ZONE", help="Time zone of logs whose times say none.")
]
Days = Annotated[int, typer.Option(min=1, max=3_650, help="How far to look back.")]

#: Lines of logs that are not understood and shown.
_MOST = 5


def looked_at(  # each source once
    declared: Any,
    plant: Path,
    state: Path,
    at: datetime,
    *,
    firewall: list[str] | None,
    sign_ins: list[Path] | None,
    log_zone: str,
    days: int,
) -> tuple[Any, Any]:
    """The rule sets, and all that checks of what stands look at.

    Args:
        declared: the plant.
        plant: its folder.
        state: where its records are.
        at: the instant.
        firewall: ``NAME=FILE`` of rule sets that are elsewhere.
        sign_ins: logs.
        log_zone: the time zone of logs whose times say none.
        days: how far to look back.
    """
    from checkvalve.run.auditing import seen_of
    from checkvalve.run.looking_back import look_back
    from checkvalve.run.rule_sets import read_rule_sets

    with working("reading rule sets, logs and records"):
        rule_sets = read_rule_sets(declared, plant, other_files(firewall))
        seen = seen_of(
            declared,
            rule_sets,
            at,
            observed=look_back(state, days, at),
            sign_ins=_read(sign_ins, log_zone, at) if sign_ins else None,
        )
    return rule_sets, seen


def _read(paths: list[Path], log_zone: str, at: datetime) -> Any:
    """What logs say; what of them is not understood is told at once."""
    from checkvalve.run.sign_in_logs import read_sign_ins

    found, problems = read_sign_ins(paths, time_zone=read_time_zone(log_zone), at=at)
    for problem in problems[:_MOST]:
        typer.echo(str(problem), err=True)
    if len(problems) > _MOST:
        typer.echo(f"{len(problems) - _MOST} more lines of logs are not understood", err=True)
    return found
