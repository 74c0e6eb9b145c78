"""``checkvalve conduits``: declared conduits as rules of a firewall."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from checkvalve.errors import InputError, UsageError
from checkvalve.show.cli.clock import now, read_moment
from checkvalve.show.cli.firewall_files import At
from checkvalve.show.cli.plant import PlantFolder
from checkvalve.show.cli.printing import Output, group, put

app = group("Write declared conduits as rules.")


@app.callback()
def conduits() -> None:
    """Write declared conduits as rules."""


@app.command()
def render(
    plant: PlantFolder = Path(),
    *,
    vendor: Annotated[
        str, typer.Option("--for", help="In whose grammar; left out: the firewall's own.")
    ] = "",
    firewall: Annotated[
        str, typer.Option(metavar="ID", help="Which firewall, if there are several.")
    ] = "",
    family: Annotated[
        list[int] | None, typer.Option(min=4, max=6, help="4 or 6 alone, where each has its own.")
    ] = None,
    at: At = "",
    output: Output = None,
) -> None:
    """Write the narrowest rule set of a firewall: what its conduits need, and nothing else.

    No firewall is changed: a person carries it over, after 'permits diff' and 'audit'.
    """
    from checkvalve.judge.segmentation.narrowest import narrowest
    from checkvalve.observe.firewalls import members
    from checkvalve.plant import load
    from checkvalve.run.rule_sets import named_vendor, vendor_of

    moment = read_moment(at, now()) if at else now()
    declared = load(plant)
    chosen = _chosen(declared, firewall)
    writer = named_vendor(vendor) if vendor else vendor_of(chosen)
    if not writer.writes:
        known = ", ".join(one.name for one in members() if one.writes)
        raise UsageError(f"rules for {writer.title} can't be written", hint=f"--for is {known}")
    wanted = tuple(one for one in (4, 6) if one in (family or (4, 6)))
    found = narrowest(declared, chosen.id, moment, families=wanted)
    for left in found.left_out:
        typer.echo(f"conduit '{left.conduit}': {left.reason}", err=True)
    if not found.permits:
        raise InputError(
            f"no declared conduit crosses firewall '{chosen.id}' with flows to write",
            hint="give its conduits flows, and its 'interfaces' the zones behind them",
        )
    put(writer.render(found.permits), output)


def _chosen(plant: Any, name: str) -> Any:
    """The firewall that is meant.

    Raises:
        UsageError: it is not declared, or several are and none was named.
    """
    from checkvalve.plant.words import did_you_mean, printable

    if name:
        if name not in plant.firewalls:
            raise UsageError(
                f"there is no firewall '{printable(name)}'",
                hint=did_you_mean(name, plant.firewalls),
            )
        return plant.firewalls[name]
    if len(plant.firewalls) != 1:
        known = ", ".join(sorted(plant.firewalls)) or "none"
        raise UsageError(
            f"the plant has {'several firewalls' if plant.firewalls else 'no firewall'}",
            hint=f"name one with --firewall: {known}",
        )
    return next(iter(plant.firewalls.values()))
