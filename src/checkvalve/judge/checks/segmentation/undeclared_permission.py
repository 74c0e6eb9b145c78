"""Rule sets that let pass what no conduit declares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.declared import Conduits
from checkvalve.judge.checks.passing.doubts import doubts_about, in_words
from checkvalve.judge.checks.passing.narrowing import declaration, replacement
from checkvalve.judge.checks.passing.permissions import Permissions
from checkvalve.judge.checks.passing.reach import openings
from checkvalve.judge.checks.passing.rule_lines import (
    cause_of,
    lines_of,
    no_network,
    shown,
    silent_firewalls,
    zone_pairs,
)
from checkvalve.judge.segmentation.network import Between
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule


class UndeclaredPermission(StandingCheck):
    """What rule sets permit between two zones must be declared as a conduit.

    Why it matters: what is permitted and not declared is a way in that nobody decided on. It
    waits for whoever finds it, used or not.

    Known limits: a conduit is between zones, so a rule that lets one host more through than is
    needed, for a declared service, is not found here. Two zones that no declared firewall joins
    are not asked about; neither is the internet with unused private space. UDP that comes from
    a port that is declared the other way counts as its answer where a rule set keeps no
    sessions. What is behind several ways at once must pass on all of them to be broken.

    Example: a line for a commissioning week still lets the office open anything to a cell.

    References: IEC 62443-3-3 SR 5.2 RE 1 (deny by default); IEC 62443-3-2 ZCR 3.2; NIST SP
    800-82r3, 5.2.3.1; ATT&CK mitigation M0930.
    """

    rule: ClassVar[Rule] = Rule(
        id="undeclared-permission",
        title="A rule set permits what no conduit declares",
        why="What is permitted and not declared is a way in that nobody decided on; it waits for "
        "whoever finds it.",
        references=(
            Reference("IEC 62443-3-3", "SR 5.2 RE 1", "Deny by default, allow by exception"),
            Reference("IEC 62443-3-2", "ZCR 3.2", "Separate business and control system assets"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
            Reference("ATT&CK mitigations", "M0937", "Filter Network Traffic"),
        ),
        cause="A rule that was wider than what was asked for, one that outlived its purpose, or a "
        "conduit that nobody wrote down.",
        consequence="Whoever takes a machine in the one zone can open sessions into the other.",
        response="Ask the line's owner what it is for; narrow it to what is declared, or declare "
        "the conduit with an owner and a justification.",
        time_to_respond=timedelta(days=7),
        harmless_if="a declared conduit between the two zones that lists this service",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        network = seen.network
        if network is None:
            return no_network(self.rule)
        conduits = Conduits(plant, at)
        found: list[Verdict] = []
        silent: dict[str, Between] = {}
        for pair in zone_pairs(network):
            held = Permissions(network, conduits, *pair)
            for answer in held.silent:
                silent |= dict.fromkeys(silent_firewalls(network, answer), answer)
            wrong = [*self._broken(held, at), *self._unclear(held, at)]
            if not wrong and not held.silent:
                wrong = [
                    stands(
                        self.rule,
                        Subject("zone", held.destination),
                        Answer.HOLDS,
                        f"nothing undeclared may be opened from {pair[0]} to {pair[1]}",
                        plant=plant,
                        at=at,
                    )
                ]
            found += wrong
        return found + [self._unread(plant, name, answer, at) for name, answer in silent.items()]

    def _broken(self, held: Permissions, at: datetime) -> Iterator[Verdict]:
        zones = (held.source, held.destination)
        for opening in openings(held.undeclared):
            lines = opening.lines
            kept = [one for one in held.declared if set(one.box.by) & set(lines)]
            files = ", ".join(sorted({line.file for line in lines}))
            yield stands(
                self.rule,
                Subject("zone", held.destination),
                Answer.BROKEN,
                f"{files} lets {held.source} open {opening.service} to {held.destination}, such "
                f"as {opening.passing[0].witness}; {held.nearest}",
                plant=held.network.plant,
                at=at,
                cause=opening.cause(*zones),
                evidence=(
                    *shown("the line that permits it", lines, expected=held.nearest),
                    Evidence("what passes undeclared", actual=opening.ports),
                    *replacement(held.network, zones, kept),
                    declaration(zones, opening.passing),
                ),
                zone=held.destination,
            )

    def _unclear(self, held: Permissions, at: datetime) -> Iterator[Verdict]:
        passing = held.unclear
        if not passing:
            return
        answer = held.unsure[0]
        uncertain = doubts_about(held.network, passing, answer)
        lines = tuple(uncertain) or lines_of(one.box for one in passing)
        yield stands(
            self.rule,
            Subject("zone", held.destination),
            Answer.CANNOT_TELL,
            f"whether {passing[0].witness} passes from {held.source} to "
            f"{held.destination} can't be told: {in_words(uncertain)}",
            plant=held.network.plant,
            at=at,
            cause=cause_of(f"{held.source} to {held.destination}: cannot tell", lines),
            evidence=shown("a line that is not understood decides it", lines),
            zone=held.destination,
        )

    def _unread(self, plant: Plant, name: str, answer: Between, at: datetime) -> Verdict:
        said = "was not read" if name in answer.unread else f"says nothing about IPv{answer.family}"
        return stands(
            self.rule,
            Subject("firewall", name),
            Answer.CANNOT_TELL,
            f"the rule set of {name} {said}, so what it permits is not known",
            plant=plant,
            at=at,
            cause=said,
        )
