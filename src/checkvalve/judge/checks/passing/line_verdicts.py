"""Verdicts about single lines of rule sets: one a line, and one that holds a firewall."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, at_line, stands
from checkvalve.judge.checks.passing.rule_lines import cause_of, no_network, shown
from checkvalve.judge.segmentation.hygiene import Hygiene, hygiene
from checkvalve.observe.firewalls.base import Ref
from checkvalve.plant import Plant
from checkvalve.rules import Rule

#: The lines that are wrong, each with those above that make it so.
Lines = Mapping[Ref, tuple[Ref, ...]]


def line_verdicts(  # noqa: PLR0913  # what one kind of wrong line says, each part once
    rule: Rule,
    plant: Plant,
    seen: Seen,
    at: datetime,
    *,
    wrong: Callable[[Hygiene], Lines],
    sentence: str,
    above: str,
    fine: str,
    mend: str,
) -> list[Verdict]:
    """A verdict for each line that is wrong, and one for each firewall without any.

    Args:
        rule: the check's rule.
        plant: what is declared.
        seen: the network, if any.
        at: the instant of the audit.
        wrong: chooses the lines.
        sentence: what is wrong with one, behind the line's place.
        above: what the lines above it do.
        fine: what is said of a firewall whose lines are in order.
        mend: the change that mends it.
    """
    if seen.network is None:
        return no_network(rule)
    found: list[Verdict] = []
    for name, clean in hygiene(seen.network).items():
        subject, zone = Subject("firewall", name), _zone(plant, name)
        lines = wrong(clean)
        for ref, others in lines.items():
            upper = ", ".join(str(other.line) for other in others[:3])
            found.append(
                stands(
                    rule,
                    subject,
                    Answer.BROKEN,
                    f"line {ref.line} of {ref.file} ('{ref.text}') {sentence} line {upper}",
                    plant=plant,
                    at=at,
                    cause=cause_of("line", (ref,)),
                    evidence=(
                        at_line("the line", ref),
                        *shown(above, others),
                        Evidence("a change that mends it", actual=mend),
                    ),
                    zone=zone,
                )
            )
        if not lines:
            found.append(Verdict(rule.id, subject, Answer.HOLDS, f"{fine} in {clean.lines} lines"))
    return found or no_network(rule)


def _zone(plant: Plant, firewall: str) -> str:
    """A zone behind the firewall: it tells the site."""
    zones = plant.firewalls[firewall].interfaces.values()
    return next((zone for zone in zones if zone in plant.zones), "")
