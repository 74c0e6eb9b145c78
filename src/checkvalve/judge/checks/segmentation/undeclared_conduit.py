"""Traffic between zones that no declared conduit covers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import ClassVar, Final

from checkvalve.findings import Subject, Verdict
from checkvalve.judge.checks.base import Check, Seen, broken, holds, untold
from checkvalve.judge.checks.declared import (
    Conduits,
    heaviest,
    is_for_many,
    words_of,
)
from checkvalve.judge.checks.views import SeenEdge, SeenPath, Traffic
from checkvalve.judge.checks.wording import placed, some
from checkvalve.judge.window import Breach, End
from checkvalve.plant import Plant
from checkvalve.plant.zones import Conduit
from checkvalve.records import Intent
from checkvalve.rules import ATTACK_ICS, Reference, Rule

#: Opening a session is no request of its own to speak of.
_ASKS: Final = frozenset(Intent) - {Intent.SESSION}


class UndeclaredConduit(Check):
    """Traffic seen between two zones must be covered by a declared conduit.

    Why it matters: a path that nobody declared is a path that nobody watches, and the one
    that an intruder takes.

    Known limits: what was not recognised counts as the application that its port was
    declared for. Traffic inside one zone meets no conduit. Groups and broadcasts are left
    out. Where the opening was not seen, who opened is guessed by the port. What was tried
    and not answered is one finding for each source and zone that it tried. ICMP towards one
    that opened something itself counts as an answer.

    Example: an office computer opens Modbus to a controller; no conduit leads there.

    References: IEC 62443-3-2 ZCR 3.2; IEC 62443-3-3 SR 5.1, SR 5.2.
    """

    rule: ClassVar[Rule] = Rule(
        id="undeclared-conduit",
        title="Traffic between zones that no conduit declares",
        why="A path that nobody declared is a path that nobody watches: it is the one that an "
        "intruder takes.",
        references=(
            Reference(ATTACK_ICS, "T0886", "Remote Services"),
            Reference(ATTACK_ICS, "T0855", "Unauthorized Command Message"),
            Reference(ATTACK_ICS, "T0843", "Program Download"),
            Reference("IEC 62443-3-3", "SR 5.1", "Network segmentation"),
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
        ),
        cause="A new or changed connection that was not declared, a firewall that lets more "
        "pass than was meant, or an intruder on the way to the next zone.",
        consequence="What stands behind the boundary can be reached, and commanded, from where "
        "it should not be.",
        response="Find out who opened it and what for; close it at the firewall, or declare the "
        "conduit with an owner and a justification.",
        time_to_respond=timedelta(hours=1),
        harmless_if="a declared conduit between the two zones that lists this service and what "
        "is asked over it",
    )

    def check(self, plant: Plant, seen: Seen, at: datetime) -> list[tuple[Verdict, Breach]]:
        """See ``Check.check``."""
        traffic = seen.traffic
        if traffic is None:
            return untold(self.rule)
        conduits = Conduits(plant, at)
        uncovered: list[SeenPath] = []
        used: set[str] = set()
        for one in traffic.paths_between_zones:
            covers = conduits.covers(one.path)
            used.update(conduit.id for conduit, _ in covers)
            if not covers and _is_said_here(conduits, traffic, one):
                uncovered.append(one)
        wrong = [
            *self._paths(conduits, traffic, uncovered),
            *self._edges(conduits, traffic),
        ]
        fine = used - {verdict.subject.id for verdict, _ in wrong}
        because = "what was seen of it is declared"
        return wrong + [
            holds(self.rule, Subject("conduit", name), because) for name in sorted(fine)
        ]

    def _paths(
        self, conduits: Conduits, traffic: Traffic, uncovered: list[SeenPath]
    ) -> Iterator[tuple[Verdict, Breach]]:
        """Services that were opened, and no conduit lets them be."""
        for seen in uncovered:
            if seen.answered:
                yield self._opened(conduits, traffic, seen)
        silent = [seen for seen in uncovered if not seen.answered]
        silent.sort(key=lambda seen: int(traffic.window.flows["first"][seen.row]))
        tried = sorted(silent, key=_attempt)
        for _, attempts in groupby(tried, key=_attempt):
            yield self._tried(conduits, traffic, tuple(attempts))

    def _opened(
        self, conduits: Conduits, traffic: Traffic, seen: SeenPath
    ) -> tuple[Verdict, Breach]:
        path, window = seen.path, traffic.window
        over = traffic.over(path)
        asked = some(sorted({one.edge.function for one in over if one.edge.intent in _ASKS}))
        subject, nearest = _nearest(conduits, path.source, path.destination)
        row = window.flows[seen.row]
        verdict = broken(
            self.rule,
            window,
            row,
            subject=subject,
            cause=" ".join(map(str, path.key)),
            because=f"{placed(path.source)} opened {path.service} to "
            f"{placed(path.destination, path.host)}{f' and asked for {asked}' if asked else ''}; "
            f"{nearest}",
            evidence=window.evidence(
                row, "the first packet", expected=nearest, actual=path.service
            ),
            action=heaviest(one.edge.intent for one in over) or str(Intent.SESSION),
            source=path.source,
            destination=path.destination,
        )
        return verdict, Breach(frozenset(one.place for one in over), frozenset({seen.place}))

    def _tried(
        self, conduits: Conduits, traffic: Traffic, attempts: tuple[SeenPath, ...]
    ) -> tuple[Verdict, Breach]:
        """One finding for all that a source tried in a zone without an answer."""
        window = traffic.window
        path = attempts[0].path
        subject, nearest = _nearest(conduits, path.source, path.destination)
        services = some(sorted({one.path.service for one in attempts}))
        names = list(dict.fromkeys(one.path.destination.name for one in attempts))
        row = window.flows[attempts[0].row]
        verdict = broken(
            self.rule,
            window,
            row,
            subject=subject,
            cause=f"{path.source.name} {path.destination.zone} unanswered",
            because=f"{placed(path.source)} tried {services} on {some(names)} in "
            f"{path.destination.zone} and got no answer; {nearest}",
            evidence=window.evidence(row, "the first packet", expected=nearest, actual=services),
            action=str(Intent.DISCOVER),
            source=path.source,
            destination=path.destination,
            tried=tuple(names),
        )
        return verdict, Breach(frozenset(), frozenset(one.place for one in attempts))

    def _edges(self, conduits: Conduits, traffic: Traffic) -> Iterator[tuple[Verdict, Breach]]:
        """What was asked in a protocol that a conduit lets pass, and it lists other things."""
        for seen in traffic.edges_between_zones:
            edge = seen.edge
            covers = conduits.speaking(edge.source.zone, edge.destination.zone, edge.protocol)
            if not covers:
                continue  # said of its path
            words = words_of(edge, partial(traffic.spaces, seen.place))
            asked = [one[0] for one in words if not conduits.asking(edge, one)]
            if asked:
                listed = {word for _, flow in covers if flow for word in flow.functions}
                yield self._asked(traffic, seen, covers[0][0], listed, asked)

    def _asked(
        self, traffic: Traffic, seen: SeenEdge, conduit: Conduit, listed: set[str], asked: list[str]
    ) -> tuple[Verdict, Breach]:
        edge, window = seen.edge, traffic.window
        row = window.groups[seen.row]
        did, expected = some(sorted(asked)), ", ".join(sorted(listed))
        verdict = broken(
            self.rule,
            window,
            row,
            subject=Subject("conduit", conduit.id),
            cause=" ".join(map(str, edge.key)),
            because=f"{placed(edge.source)} asked {placed(edge.destination)} for {did}; "
            f"conduit '{conduit.id}' lists only {expected}",
            evidence=window.evidence(row, "the first of them", expected=expected, actual=did),
            action=str(edge.intent),
            source=edge.source,
            destination=edge.destination,
        )
        return verdict, Breach(frozenset({seen.place}))


def _is_said_here(conduits: Conduits, traffic: Traffic, seen: SeenPath) -> bool:
    """Whether an uncovered path is this rule's: not a group's, no answer, no wrong direction."""
    path = seen.path
    if is_for_many(path.destination) or is_for_many(path.source) or traffic.answers(path):
        return False
    zones = (path.source.zone, path.destination.zone)
    return bool(conduits.opening(*zones)) or not any(
        conduit.direction != "two_way" for conduit in conduits.opening(*reversed(zones))
    )


def _attempt(seen: SeenPath) -> tuple[str, str]:
    """Who tried to get where."""
    return (seen.path.source.name, seen.path.destination.zone)


def _nearest(conduits: Conduits, source: End, destination: End) -> tuple[Subject, str]:
    """What it is held against: the conduit that comes nearest, else the zone it enters."""
    forward = conduits.opening(source.zone, destination.zone)
    if forward:
        services = ", ".join(
            f"{flow.proto}/{'+'.join(str(ports) for ports in flow.dst_ports) or 'any'}"
            f"{f' {flow.application}' if flow.application else ''}"
            for flow in forward[0].flows
        )
        conduit = forward[0].id
        return Subject("conduit", conduit), f"conduit '{conduit}' lists only {services}"
    backward = conduits.opening(destination.zone, source.zone)
    if backward:
        conduit = backward[0].id
        return (
            Subject("conduit", conduit),
            f"conduit '{conduit}' is opened from {destination.zone} only",
        )
    return (
        Subject("zone", destination.zone),
        f"no conduit leads from {source.zone} to {destination.zone}",
    )
