"""Control and safety zones within reach of the internet, the office, vendors or AI."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.passing.rule_lines import cause_of, lines_of, no_network, shown
from checkvalve.judge.checks.passing.steps import Step, Steps, shortest, steps_of
from checkvalve.judge.checks.places import is_cell
from checkvalve.judge.segmentation.network import Network
from checkvalve.plant import INTERNET, Plant
from checkvalve.plant.times import lasts
from checkvalve.plant.zones import Zone
from checkvalve.rules import JOINT_GUIDANCE, Reference, Rule

#: The lowest level of business (ISA-95).
_BUSINESS_LEVEL: Final = 4
_OUTER_KINDS: Final = frozenset({"enterprise", "remote", "ai"})


class ExposedControl(StandingCheck):
    """Control and safety zones must be out of reach but over conduits that were declared.

    Why it matters: an intruder does not stop at the first machine. What he can reach from the
    one that he takes is his next step, and controllers believe whoever reaches them.

    Known limits: a way is told from zone to zone, so a machine that two steps have in common is
    not demanded: the way may be longer for the intruder than it looks here. Of several ways the
    one with the fewest steps is shown. Where declared conduits lead from zone to zone to the
    same place in as few steps, the way holds, whatever passes on each: services that no conduit
    lists are *undeclared-permission*. The internet in one step is broken even where a conduit
    declares it. A zone of kind process is one of control unless its level is above 2. ICMP
    opens nothing. Nobody steps on from the internet or from unused private space.

    Example: the office may open remote desktop to the DMZ, and a forgotten line lets the DMZ
    open anything to a cell that no conduit leads to.

    References: IEC 62443-3-3 SR 5.1, SR 5.2, SR 1.13; NIST SP 800-82r3, 5.2.3.1 and 6.2.1; the
    joint guidance, principle 4 (no standing way into OT for AI); ATT&CK mitigation M0930.
    """

    rule: ClassVar[Rule] = Rule(
        id="exposed-control",
        title="A control zone within reach from outside",
        why="An intruder does not stop at the first machine; what he can reach from it is his "
        "next step, and controllers believe whoever reaches them.",
        references=(
            Reference("IEC 62443-3-3", "SR 5.1", "Network segmentation"),
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("IEC 62443-3-3", "SR 1.13", "Access via untrusted networks"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference(JOINT_GUIDANCE, "Principle 4", "Embed safety and security practices"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
        ),
        cause="Rules of several firewalls that are each harmless and lead on into each other, or "
        "one that joins what was to stay apart.",
        consequence="Whoever takes a machine outside works his way to the controllers.",
        response="Close the step that nobody needs, nearest to the controllers first; put a DMZ "
        "between what has to speak with each other.",
        time_to_respond=timedelta(days=7),
        harmless_if="declared conduits that lead, zone by zone, to the same place in as few steps",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        network = seen.network
        if network is None:
            return no_network(self.rule)
        steps, declared = steps_of(network), _declared(plant, at)
        return [
            self._verdict(network, source, target, ways, declared, at)
            for source in _outside(plant)
            for ways in [_Ways(steps, source)]
            for target in _inside(plant)
        ]

    def _verdict(
        self,
        network: Network,
        source: str,
        target: str,
        ways: _Ways,
        declared: dict[str, set[str]],
        at: datetime,
    ) -> Verdict:
        way, certain = ways.to(target)
        meant = _declared_steps(declared, source, target)
        told = 0 < meant <= len(way) and not (source == INTERNET and len(way) == 1)
        answer = Answer.BROKEN if certain else Answer.CANNOT_TELL
        if not way or told:
            answer = Answer.HOLDS
        return stands(
            self.rule,
            Subject("zone", target),
            answer,
            _sentence(source, target, way, answer, meant),
            plant=network.plant,
            at=at,
            cause=cause_of(
                f"{' > '.join((source, *(step.destination for step in way)))} {answer}",
                lines_of(one.box for step in way for one in step.must or step.may),
            ),
            evidence=tuple(_evidence(way)),
            zone=target,
        )


class _Ways:
    """The ways from one zone: those that stand in any case, and those that may.

    Args:
        steps: all steps.
        source: where they begin.
    """

    def __init__(self, steps: dict[str, list[Step]], source: str) -> None:
        self._certain = shortest(steps, source, lambda step: bool(step.must))
        self._possible = shortest(steps, source, lambda _: True)

    def to(self, target: str) -> tuple[Steps, bool]:
        """The way to a zone, and whether it stands in any case; no step where there is none."""
        if target in self._certain:
            return self._certain[target], True
        return self._possible.get(target, ()), False


def _sentence(source: str, target: str, way: Steps, answer: Answer, meant: int) -> str:
    if not way:
        return f"{source} can't reach {target}"
    steps = "in one step" if len(way) == 1 else f"in {len(way)} steps"
    path = ", then ".join(map(str, way))
    if answer is Answer.HOLDS:
        return f"{source} reaches {target} {steps}, where conduits lead too: {path}"
    silent = sorted({name for step in way if not step.must for name in step.silent})
    if answer is Answer.CANNOT_TELL:
        why = f"the rule set of {silent[0]} was not read whole" if silent else "lines are uncertain"
        return f"whether {source} reaches {target} {steps} can't be told, as {why}: {path}"
    told = "no chain of declared conduits leads there"
    if meant:
        told = f"declared conduits lead there in {meant} only"
    if source == INTERNET and len(way) == 1:
        told = "the internet is never to reach it in one step"
    return f"{source} reaches {target} {steps}, and {told}: {path}"


def _evidence(way: Steps) -> Iterator[Evidence]:
    for step in way:
        passing = step.must or step.may
        yield Evidence(
            f"a packet from {step.source} to {step.destination}", actual=passing[0].witness
        )
        lines = lines_of(one.box for one in passing)
        yield from shown(f"a line that lets {step.source} open {step.destination}", lines)


def _declared(plant: Plant, at: datetime) -> dict[str, set[str]]:
    """From each zone: those that valid conduits open to."""
    found: dict[str, set[str]] = {}
    for conduit in plant.conduits.values():
        if lasts(conduit.valid_until, at):
            for source, destination in conduit.openings():
                found.setdefault(source, set()).add(destination)
    return found


def _declared_steps(declared: dict[str, set[str]], source: str, target: str) -> int:
    """The fewest steps in which declared conduits lead to a zone; 0 where none do."""
    reached, frontier, steps = {source}, {source}, 0
    while frontier:
        steps += 1
        frontier = set().union(*(declared.get(zone, set()) for zone in frontier)) - reached
        if target in frontier:
            return steps
        reached |= frontier
        frontier -= {INTERNET}
    return 0


def _outside(plant: Plant) -> list[str]:
    """Where an intruder is thought to begin."""
    return [INTERNET, *(zone.id for zone in plant.zones.values() if _is_outer(zone))]


def _inside(plant: Plant) -> list[str]:
    """What must be out of reach."""
    return [zone.id for zone in plant.zones.values() if is_cell(zone) and not _is_outer(zone)]


def _is_outer(zone: Zone) -> bool:
    if zone.kind in _OUTER_KINDS or zone.level == "cloud":
        return True
    return isinstance(zone.level, float) and zone.level >= _BUSINESS_LEVEL
