"""Pages of rules, from each rule and the docstring of the component beside it."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import Final

from checkvalve.judge import checks, detectors
from checkvalve.judge.checks.base import Check, StandingCheck
from checkvalve.judge.detectors.base import Detector
from checkvalve.rules import Reference, Rule
from reference.markdown import sections, table

Component = type[Check] | type[Detector]

#: What a docstring's references begin with and a rule's own references say in full.
_CLAUSES: Final = re.compile(
    r"^(?:(?:ATT&CK for ICS(?: T\d{4},?)+|IEC 62443-3-3(?: SR \d+\.\d+,?)+)(?:[.;] ?|$))+"
)


@cache
def _components() -> dict[str, Component]:
    """The component of each rule, by the rule's id."""
    members: tuple[Component, ...] = (
        *checks.members(),
        *checks.standing(),
        *detectors.members(),
    )
    return {member.rule.id: member for member in sorted(members, key=lambda one: one.rule.id)}


def names() -> tuple[str, ...]:
    """The id of every rule."""
    return tuple(_components())


def rule(name: str) -> str:
    """One rule: what it says, why, how it is answered, what it does not see."""
    component = _components()[name]
    declared, said = component.rule, sections(component.__doc__)
    limits, example = said.get("Known limits", ""), said.get("Example", "")
    parts = [
        f"# `{name}`",
        f"**{declared.title}.** {said.get('', '')}",
        _kind(component),
        f"## Why it matters\n\n{said.get('Why it matters') or declared.why}",
        f"## How it is answered\n\n{_answer(declared)}",
        f"## Example\n\n{example}" if example else "",
        f"## Known limits\n\n{limits}" if limits else "",
        f"## References\n\n{_references(declared, said.get('References', ''))}",
    ]
    return "\n\n".join(part for part in parts if part)


def overview(_: str) -> str:
    """All rules, each on a line."""
    rows = [
        (
            f"[`{name}`]({name}.md)",
            component.rule.title,
            _word(component),
            _span(component.rule.time_to_respond),
        )
        for name, component in _components().items()
    ]
    return table(("rule", "what it says", "found by", "respond within"), rows)


def _word(component: Component) -> str:
    if issubclass(component, StandingCheck):
        return "audit"
    return "check" if issubclass(component, Check) else "detector"


def _kind(component: Component) -> str:
    if issubclass(component, StandingCheck):
        return (
            "Found by `checkvalve audit`: it holds rule sets, logs, records and the plant's design "
            "against what is declared; it says *holds*, *broken* or *cannot tell*."
        )
    if issubclass(component, Check):
        return (
            "Found by a check: it holds what is seen against what is declared, needs no baseline, "
            "and what it says is proof."
        )
    return "Found by a detector: it compares what is seen with what was learnt."


def _answer(declared: Rule) -> str:
    fields = (
        ("cause", declared.cause),
        ("consequence", declared.consequence),
        ("response", declared.response),
        ("time to respond", _span(declared.time_to_respond)),
        ("harmless if", declared.harmless_if),
    )
    return table(("", ""), [(name, text) for name, text in fields if text])


def _references(declared: Rule, said: str) -> str:
    """The rule's references, and what the docstring names beside them."""
    listed = "\n".join(f"- {_reference(reference)}" for reference in declared.references)
    beside = _CLAUSES.sub("", " ".join(said.split()))
    return "\n\n".join(filter(None, (listed, beside)))


def _reference(reference: Reference) -> str:
    place = f"{reference.source}, {reference.clause}"
    return f"{place}: {reference.title}" if reference.title else place


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes % size == 0:
            return f"{minutes // size} {unit}{'s' if minutes != size else ''}"
    raise AssertionError(span)
