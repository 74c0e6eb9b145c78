"""Commands, and conduits in use, in a process mode that does not permit them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar, Final

import numpy as np

from checkvalve.findings import Answer, Subject, Verdict
from checkvalve.judge.checks.base import Check, Seen, broken, holds, untold
from checkvalve.judge.checks.declared import Conduits, Cover, heaviest, words_of
from checkvalve.judge.checks.tagged import Array, Commands, held
from checkvalve.judge.checks.views import SeenEdge, Traffic
from checkvalve.judge.checks.wording import some
from checkvalve.judge.window import Breach, Edge, End, Window
from checkvalve.plant import Plant
from checkvalve.plant.tags import Tag
from checkvalve.records import COMMANDS, Intent
from checkvalve.rules import ATTACK_ICS, Reference, Rule

_SAFETY_ROLES: Final = ("safety controller", "safety plc")
_DONE: Final = {Intent.WRITE: "wrote", Intent.CONTROL: "commanded", Intent.PROGRAM: "programmed"}


class CommandOutsideMode(Check):
    """What is done to a process must fit the mode that the process is in.

    Why it matters: a command that is right in maintenance can hurt somebody in production,
    and an intruder does not wait for the maintenance window.

    Known limits: the mode is as old as the last reading of the mode tag. A command counts
    whether or not it was obeyed. A conduit's use counts once payload has passed. With the
    mode unknown the answer is *cannot tell*; that becomes a finding where something
    restricted was commanded, and nowhere else. Programs are looked for on assets whose role
    is *Safety Controller* and on all assets of safety zones.

    Example: cleaning in place is started while bottles are filled; the tag may be written in
    changeover and maintenance.

    References: IEC 62443-3-3 SR 2.1; ATT&CK for ICS T0836, T0843, T0855.
    """

    rule: ClassVar[Rule] = Rule(
        id="command-outside-mode",
        title="A command that the process mode does not permit",
        why="A command that is right in maintenance can hurt somebody in production, and an "
        "intruder does not wait for the maintenance window.",
        references=(
            Reference(ATTACK_ICS, "T0855", "Unauthorized Command Message"),
            Reference(ATTACK_ICS, "T0836", "Modify Parameter"),
            Reference(ATTACK_ICS, "T0843", "Program Download"),
            Reference("IEC 62443-3-3", "SR 2.1", "Authorization enforcement"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
        ),
        cause="Somebody works at the wrong time, an interlock is missing, a script runs on, or "
        "an intruder commands the process.",
        consequence="The process does what nobody expects in this mode: spilt product, broken "
        "machines, people in danger.",
        response="Ask the control room whether it was meant; if not, put the value back and "
        "hold the machine that sent it off the network.",
        time_to_respond=timedelta(minutes=15),
        harmless_if="a process mode in which the tag may be written or the conduit may be used",
    )

    def check(self, plant: Plant, seen: Seen, at: datetime) -> list[tuple[Verdict, Breach]]:
        """See ``Check.check``."""
        traffic = seen.traffic
        if traffic is None:
            return untold(self.rule)
        found = self._commands(plant, traffic.commands)
        if any(flow.modes for conduit in plant.conduits.values() for flow in conduit.flows):
            found += self._conduits(Conduits(plant, at), traffic)
        return found

    def _commands(self, plant: Plant, commands: Commands) -> list[tuple[Verdict, Breach]]:
        """Restricted tags that were written, and safety controllers that were programmed."""
        window = commands.window
        restrictions = _Restrictions(plant, window)
        wrong: list[tuple[Verdict, Breach]] = []
        looked_at: set[str] = set()
        for place in commands.places:
            edge = window.edges[place]
            restricted, forbidden = restrictions.of(edge)
            if restricted:
                looked_at.add(edge.destination.name)
            for tag in forbidden:
                rows = commands.touching(place, tag)
                if len(rows):
                    what = f"{tag.id}{f' ({tag.meaning})' if tag.meaning else ''} on"
                    wrong.append(
                        self._commanded(window, place, rows, tag.id, what, tag.writable_in)
                    )
            if edge.intent is Intent.PROGRAM and _is_safety(plant, edge.destination):
                looked_at.add(edge.destination.name)
                allowed = _maintenance(plant, window.site)
                if window.mode not in allowed:
                    rows, what = commands.of(place), "the safety controller"
                    wrong.append(self._commanded(window, place, rows, "program", what, allowed))
        fine = looked_at - {verdict.subject.id for verdict, _ in wrong} if window.mode else set()
        because = f"{window.mode} permits what was commanded"
        return wrong + [holds(self.rule, Subject("asset", name), because) for name in sorted(fine)]

    def _commanded(  # one command has many sides
        self,
        window: Window,
        place: int,
        rows: Array,
        name: str,
        what: str,
        allowed: Sequence[str],
    ) -> tuple[Verdict, Breach]:
        edge = window.edges[place]
        first = window.commands[rows[0]]
        may = f"may be done in {', '.join(allowed) or 'no mode'}"
        done = f"{_DONE[edge.intent]} {what} {edge.destination.name}"
        verdict = broken(
            self.rule,
            window,
            first,
            subject=Subject("asset", edge.destination.name),
            cause=" ".join((*map(str, edge.key), name, window.mode or "unknown mode")),
            because=f"{edge.source.name} {done} {_in(window)}; it {may}",
            evidence=window.evidence(
                first, edge.function, expected=", ".join(allowed), actual=window.mode or "unknown"
            ),
            action=str(edge.intent),
            source=edge.source,
            destination=edge.destination,
            answer=Answer.BROKEN if window.mode else Answer.CANNOT_TELL,
            last=int(window.commands["time"][rows[-1]]),
        )
        return verdict, Breach(frozenset({place}))

    def _conduits(self, conduits: Conduits, traffic: Traffic) -> Iterator[tuple[Verdict, Breach]]:
        """Flows of conduits that were used in a mode they do not list."""
        window = traffic.window
        said: set[int] = set()
        for seen in traffic.paths_between_zones:
            covers = conduits.covers(seen.path)
            if not _forbids(covers, window.mode):
                continue
            row = window.flows[seen.row]
            if not (row["sent"] or row["received"]):
                continue
            over = traffic.over(seen.path)
            said.update(one.place for one in over)
            places = Breach(frozenset(one.place for one in over), frozenset({seen.place}))
            ends = (seen.path.source, seen.path.destination)
            key = " ".join(map(str, seen.path.key))
            action = heaviest(one.edge.intent for one in over) or str(Intent.SESSION)
            asked = some(sorted({one.edge.function for one in over}))
            what = f"{seen.path.service}{f' for {asked}' if asked else ''}"
            yield self._used(window, row, ends, covers, what, key, action), places
        for one in traffic.edges_between_zones:
            if one.place not in said:
                yield from self._asked(conduits, traffic, one)

    def _asked(
        self, conduits: Conduits, traffic: Traffic, seen: SeenEdge
    ) -> Iterator[tuple[Verdict, Breach]]:
        """What was asked where only flows for other modes list it."""
        edge, window = seen.edge, traffic.window
        spoken = conduits.speaking(edge.source.zone, edge.destination.zone, edge.protocol)
        if not any(flow is not None and flow.modes for _, flow in spoken):
            return
        for words in words_of(edge, partial(traffic.spaces, seen.place)):
            covers = conduits.asking(edge, words)
            if _forbids(covers, window.mode):
                ends = (edge.source, edge.destination)
                row = window.groups[seen.row]
                key = " ".join(map(str, edge.key))
                yield (
                    self._used(window, row, ends, covers, words[0], key, str(edge.intent)),
                    Breach(frozenset({seen.place})),
                )
                return

    def _used(  # one use has many sides
        self,
        window: Window,
        row: np.void,
        ends: tuple[End, End],
        covers: Sequence[Cover],
        what: str,
        key: str,
        action: str,
    ) -> Verdict:
        source, destination = ends
        conduit = covers[0][0].id
        allowed = sorted({mode for _, flow in covers if flow is not None for mode in flow.modes})
        verdict = broken(
            self.rule,
            window,
            row,
            subject=Subject("conduit", conduit),
            cause=f"{key} {window.mode or 'unknown mode'}",
            because=f"{source.name} used {what} on {destination.name} {_in(window)}; conduit "
            f"'{conduit}' opens it in {', '.join(allowed)} only",
            evidence=window.evidence(
                row, what, expected=", ".join(allowed), actual=window.mode or "unknown"
            ),
            action=action,
            source=source,
            destination=destination,
            answer=Answer.BROKEN if window.mode else Answer.CANNOT_TELL,
        )
        matters = window.mode is not None or action in COMMANDS
        return verdict if matters else replace(verdict, finding=None)


class _Restrictions:
    """The tags that may be written in some modes only; what was asked is remembered."""

    def __init__(self, plant: Plant, window: Window) -> None:
        self._plant = plant
        self._mode = window.mode
        self._known: dict[tuple[str, str, int], tuple[bool, list[Tag]]] = {}

    def of(self, edge: Edge) -> tuple[bool, list[Tag]]:
        """Whether an edge can touch any, and those that it must not touch now."""
        key = (edge.destination.name, edge.protocol, edge.device)
        if key not in self._known:
            tags = (tag for tag in self._plant.tags_of(key[0]) if tag.writable_in)
            restricted = held(edge, tags)
            forbidden = [tag for tag in restricted if self._mode not in tag.writable_in]
            self._known[key] = (bool(restricted), forbidden)
        return self._known[key]


def _forbids(covers: Sequence[Cover], mode: str | None) -> bool:
    """Whether something is declared, and each flow of it is for other modes."""
    return bool(covers) and all(
        flow is not None and bool(flow.modes) and mode not in flow.modes for _, flow in covers
    )


def _is_safety(plant: Plant, end: End) -> bool:
    """Whether it is a safety controller, or stands in a safety zone."""
    zone = plant.zones.get(end.zone)
    in_zone = end.declared and zone is not None and zone.kind == "safety"
    return in_zone or any(role in end.role.casefold() for role in _SAFETY_ROLES)


def _maintenance(plant: Plant, site: str) -> tuple[str, ...]:
    """The site's modes of kind maintenance."""
    declared = plant.sites.get(site)
    modes = declared.modes if declared is not None else ()
    return tuple(mode for mode in modes if plant.modes[mode].kind == "maintenance")


def _in(window: Window) -> str:
    return f"in {window.mode}" if window.mode else "while the process mode was not known"
