"""One-way conduits that were used the other way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import ClassVar

from checkvalve.findings import Subject, Verdict
from checkvalve.judge.checks.base import Check, Seen, broken, holds, untold
from checkvalve.judge.checks.declared import Conduits, heaviest, is_for_many
from checkvalve.judge.checks.views import SeenPath, Traffic
from checkvalve.judge.checks.wording import some
from checkvalve.judge.window import Breach
from checkvalve.plant import Plant
from checkvalve.plant.zones import Conduit
from checkvalve.records import Intent
from checkvalve.rules import ATTACK_ICS, JOINT_GUIDANCE, Reference, Rule


class WrongDirection(Check):
    """A one-way conduit must carry nothing the other way but what it allows.

    Why it matters: data flows out, and nothing comes back: that is the promise under which
    the conduit was opened. What comes back may command.

    Known limits: payload in reverse is held against the limit for each window and path, over
    the conversations that began in it; a conversation that lasts for hours is measured hour
    by hour. Of a strict conduit a lone reset is not seen as an answer. Where the opening was
    not seen, who opened is guessed by the port.

    Example: the line publishes to the historian; the historian opens a connection to the
    line.

    References: IEC 62443-3-3 SR 5.2; the joint guidance, principle 4 (push out of OT, no
    standing way in).
    """

    rule: ClassVar[Rule] = Rule(
        id="wrong-direction",
        title="A one-way conduit used the other way",
        why="Data flows out and nothing comes back: that is the promise under which the conduit "
        "was opened. What comes back may command.",
        references=(
            Reference(ATTACK_ICS, "T0886", "Remote Services"),
            Reference(ATTACK_ICS, "T0855", "Unauthorized Command Message"),
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference(JOINT_GUIDANCE, "Principle 4", "Embed safety and security practices"),
        ),
        cause="A poller was set up where a push was meant, a firewall lets both ways pass, or "
        "somebody uses the conduit as a way in.",
        consequence="The outer zone can reach, and perhaps command, what was to be out of its "
        "reach.",
        response="Close the way back at the firewall and find out who used it; if it is needed, "
        "declare it as what it is.",
        time_to_respond=timedelta(hours=1),
        harmless_if="a conduit declared two-way, or a higher limit for what comes back",
    )

    def check(self, plant: Plant, seen: Seen, at: datetime) -> list[tuple[Verdict, Breach]]:
        """See ``Check.check``."""
        traffic = seen.traffic
        if traffic is None:
            return untold(self.rule)
        conduits = Conduits(plant, at)
        wrong: list[tuple[Verdict, Breach]] = []
        backwards: list[SeenPath] = []
        used: set[str] = set()
        for one in traffic.paths_between_zones:
            covering = [conduit for conduit, _ in conduits.covers(one.path)]
            if not covering:
                if _is_backwards(conduits, traffic, one):
                    backwards.append(one)
            elif all(conduit.direction != "two_way" for conduit in covering):
                used.update(conduit.id for conduit in covering)
                wrong += self._returned(traffic, one, max(covering, key=_allowance))
        wrong += self._opened(conduits, traffic, backwards)
        fine = used - {verdict.subject.id for verdict, _ in wrong}
        because = "nothing but answers came back"
        return wrong + [
            holds(self.rule, Subject("conduit", name), because) for name in sorted(fine)
        ]

    def _opened(
        self, conduits: Conduits, traffic: Traffic, backwards: list[SeenPath]
    ) -> Iterator[tuple[Verdict, Breach]]:
        """Connections from the end that must not open any."""
        for one in backwards:
            if one.answered:
                yield self._wrong_end(conduits, traffic, (one,), " ".join(map(str, one.path.key)))
        silent = [one for one in backwards if not one.answered]
        silent.sort(key=lambda one: int(traffic.window.flows["first"][one.row]))
        for (source, zone), attempts in groupby(sorted(silent, key=_attempt), key=_attempt):
            yield self._wrong_end(conduits, traffic, tuple(attempts), f"{source} {zone} unanswered")

    def _wrong_end(
        self, conduits: Conduits, traffic: Traffic, seen: tuple[SeenPath, ...], cause: str
    ) -> tuple[Verdict, Breach]:
        path, window = seen[0].path, traffic.window
        conduit = _against(conduits, seen[0])
        name = conduit.id if conduit is not None else ""
        row = window.flows[seen[0].row]
        over = traffic.over(path) if seen[0].answered else ()
        services = some(sorted({one.path.service for one in seen}))
        targets = tuple(dict.fromkeys(one.path.destination.name for one in seen))
        verb, did = ("opened", Intent.SESSION) if seen[0].answered else ("tried", Intent.DISCOVER)
        verdict = broken(
            self.rule,
            window,
            row,
            subject=Subject("conduit", name),
            cause=cause,
            because=f"{path.source.name} ({path.source.zone}) {verb} {services} to "
            f"{some(targets)} ({path.destination.zone}); conduit '{name}' may only be opened "
            f"from {path.destination.zone}",
            evidence=window.evidence(
                row,
                "the first packet",
                expected=f"opened from {path.destination.zone}",
                actual=f"opened from {path.source.zone}",
            ),
            action=heaviest(one.edge.intent for one in over) or str(did),
            source=path.source,
            destination=path.destination,
            tried=targets,
        )
        places = frozenset(one.place for one in seen)
        return verdict, Breach(frozenset(one.place for one in over), places)

    def _returned(
        self, traffic: Traffic, seen: SeenPath, conduit: Conduit
    ) -> Iterator[tuple[Verdict, Breach]]:
        """Payload that came back beyond what a one-way conduit allows."""
        row = traffic.window.flows[seen.row]
        received, opened = int(row["received"]), max(int(row["opened"]), 1)
        answered = seen.answered and conduit.direction == "one_way_strict"
        if answered or received > _allowance(conduit) * opened:
            yield self._too_much(traffic, seen, conduit, received, opened)

    def _too_much(
        self, traffic: Traffic, seen: SeenPath, conduit: Conduit, received: int, opened: int
    ) -> tuple[Verdict, Breach]:
        path, window = seen.path, traffic.window
        row = window.flows[seen.row]
        strict = conduit.direction == "one_way_strict"
        allowed = "nothing" if strict else f"{conduit.reverse_payload_max:,} octets a session"
        came = f"{received:,} octets in {opened} session{'s' if opened > 1 else ''}"
        verdict = broken(
            self.rule,
            window,
            row,
            subject=Subject("conduit", conduit.id),
            cause=f"{' '.join(map(str, path.key))} reverse",
            because=f"{path.destination.name} ({path.destination.zone}) answered "
            f"{path.source.name} ({path.source.zone}) with {came} over {path.service}; conduit "
            f"'{conduit.id}' lets {allowed} come back",
            evidence=window.evidence(row, "the first packet", expected=allowed, actual=came),
            action=str(Intent.SESSION),
            source=path.destination,
            destination=path.source,
        )
        over = frozenset(one.place for one in traffic.over(path))
        return verdict, Breach(over, frozenset({seen.place}))


def _is_backwards(conduits: Conduits, traffic: Traffic, seen: SeenPath) -> bool:
    """Whether a path was opened against a one-way conduit, to a machine, of its own accord."""
    return (
        _against(conduits, seen) is not None
        and not is_for_many(seen.path.destination)
        and not traffic.answers(seen.path)
    )


def _against(conduits: Conduits, seen: SeenPath) -> Conduit | None:
    """The one-way conduit that a path was opened against, if nothing lets it be opened."""
    source, destination = seen.path.source.zone, seen.path.destination.zone
    if conduits.opening(source, destination):
        return None
    one_way = (one for one in conduits.opening(destination, source) if one.direction != "two_way")
    return next(one_way, None)


def _allowance(conduit: Conduit) -> int:
    """Octets of payload that a session may carry in reverse."""
    return 0 if conduit.direction == "one_way_strict" else conduit.reverse_payload_max


def _attempt(seen: SeenPath) -> tuple[str, str]:
    """Who tried to get where."""
    return (seen.path.source.name, seen.path.destination.zone)
