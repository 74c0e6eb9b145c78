"""``checkvalve permits``: what rule sets let pass, exactly, and by which lines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperGroup

from checkvalve.errors import UsageError
from checkvalve.show.cli.clock import now, read_moment, read_time_zone
from checkvalve.show.cli.firewall_files import At, FirewallFiles, coverage_lines, other_files
from checkvalve.show.cli.permits_telling import (
    diff_json,
    diff_lines,
    explained_json,
    explained_lines,
)
from checkvalve.show.cli.plant import AsFormat, PlantFolder
from checkvalve.show.cli.printing import Format, group, print_json
from checkvalve.show.cli.showing import working


class Explaining(TyperGroup):
    """``permits PLANT ...`` is short for ``permits explain PLANT ...``.

    Attributes:
        unsaid: the command that is meant where none of the group's is named.
    """

    unsaid: ClassVar[str] = "explain"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts the unsaid command first where no command of the group stands."""
        if args and args[0] not in (*self.commands, "--help"):
            args = [self.unsaid, *args]
        return super().parse_args(ctx, args)


app = group("Say what rule sets let pass; 'explain' may be left out.", cls=Explaining)


@app.command()
def explain(
    plant: PlantFolder = Path(),
    *,
    source: Annotated[
        str, typer.Option("--from", metavar="END", help="Who opens: zone, asset or addresses.")
    ],
    destination: Annotated[
        str, typer.Option("--to", metavar="END", help="Whom it reaches: zone, asset or addresses.")
    ],
    service: Annotated[
        list[str] | None,
        typer.Option(metavar="SERVICE", help="Such as tcp/502 or udp; repeat it. Left out: all."),
    ] = None,
    firewall: FirewallFiles = None,
    at: At = "",
    as_format: AsFormat = Format.TABLE,
) -> None:
    """Say what may pass from one end to another, and which lines decide it."""
    from checkvalve.judge.segmentation.asking import asked_ports, asked_sets, port_set, services_of
    from checkvalve.judge.segmentation.ends import end_named
    from checkvalve.judge.segmentation.explaining import explain as explained_between
    from checkvalve.judge.segmentation.explaining import routes
    from checkvalve.judge.segmentation.network import Network
    from checkvalve.judge.segmentation.places import zone_addresses
    from checkvalve.judge.segmentation.wording import Words
    from checkvalve.plant import load
    from checkvalve.run.rule_sets import read_rule_sets

    moment = read_moment(at, now()) if at else now()
    declared = load(plant)
    zones = zone_addresses(declared)
    ends = (end_named(declared, zones, source), end_named(declared, zones, destination))
    wanted = [_service(text) for text in service or ()]
    with working("reading rule sets"):
        rule_sets = read_rule_sets(declared, plant, other_files(firewall))
    network = Network(
        declared,
        rule_sets.by_firewall,
        moment,
        asked=(*asked_sets(declared), *(end.addresses for end in ends if end.addresses)),
        ports=(*asked_ports(declared), *map(port_set, wanted)),
    )
    ways = routes(network, *ends)
    asked = services_of(wanted, network.protocols)
    answers = explained_between(network, *ends, asked) if ways else ()
    words = Words.of(declared, zones)
    if as_format is Format.JSON:
        print_json(explained_json(ends, moment, ways, answers, words))
        return
    for line in explained_lines(ends, moment, ways, answers, words):
        typer.echo(line)
    passed = {hop.firewall for way in ways for hop in way}
    for line in coverage_lines(declared, rule_sets, passed):
        typer.echo(line, err=True)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The rule set in use.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The one that is to follow it.")],
    *,
    vendor: Annotated[
        str, typer.Option(help="Whose grammar, where the files do not show it.")
    ] = "",
    clock: Annotated[
        str, typer.Option(metavar="ZONE", help="Time zone of the firewall's clock.")
    ] = "",
    at: At = "",
    as_format: AsFormat = Format.TABLE,
) -> None:
    """Say what a new rule set newly permits and denies; exit 1 if it permits more.

    Every pair of interfaces and every protocol is compared, packet by packet in effect. What
    may be newly permitted, because a line is not understood, counts as permitted.
    """
    from checkvalve.judge.segmentation.differential import differential
    from checkvalve.run.rule_sets import read_rule_set

    moment = read_moment(at, now()) if at else now()
    zone = read_time_zone(clock)
    with working("reading rule sets"):
        sides = [read_rule_set(path, vendor) for path in (old, new)]
    names = [rule_set.vendor for rule_set, _ in sides]
    if names[0] != names[1]:
        raise UsageError(
            f"{old} is of {names[0]} and {new} of {names[1]}",
            hint="compare two rule sets of one firewall",
        )
    with working("comparing"):
        found = differential(sides[0][0], sides[1][0], moment, clock=zone)
    if as_format is Format.JSON:
        print_json(diff_json(found, sides))
    else:
        for line in diff_lines(found, sides):
            typer.echo(line)
    if found.opens:
        raise typer.Exit(1)


def _service(text: str) -> Any:
    """A service from ``tcp/502``, ``udp/53,67-68``, ``icmp`` or ``47``.

    Raises:
        UsageError: it is none.
    """
    from pydantic import ValidationError

    from checkvalve.plant.addresses import parse_ports
    from checkvalve.plant.services import Service

    proto, slash, ports = text.casefold().partition("/")
    try:
        listed = tuple(parse_ports(one) for one in ports.split(",")) if slash else ()
        found = Service(proto="icmp" if proto == "icmpv6" else proto, dst_ports=listed)
    except (ValueError, ValidationError) as error:
        raise UsageError(
            f"'{text}' is no service", hint="write tcp/502, udp/53,67-68, icmp or 47"
        ) from error
    if listed and proto not in ("tcp", "udp", "any"):
        raise UsageError(f"'{text}' has ports, and {proto} has none", hint=f"write {proto}")
    return found
