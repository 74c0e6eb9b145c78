"""Which stage a finding stands for, from its rule's ATT&CK for ICS techniques.

A rule may name several techniques; the latest stage counts. A technique that only a command
carries (*Unauthorized Command Message* needs a command) counts as spread at most when the
finding says that something else was done: the device was reached, nothing was commanded. A
rule without a technique is posture.

Known limits:
    A technique that is not in ``stages.json`` (newer than it, or of another matrix) counts as
    access. So does a rule that is not known any more, unless its finding names a command.

References:
    ATT&CK for ICS. Techniques that were not placed one by one follow their latest tactic;
    ``stages.json`` says which, and gives a reason for those that do not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

from checkvalve.findings import Finding
from checkvalve.respond.triage.points import Stage
from checkvalve.rules import Rule

_BY_WORD: Final = {stage.word: stage for stage in Stage}

#: What a finding of an unknown rule shows, by what was done.
_BY_ACTION: Final = {
    "write": Stage.PROCESS_MANIPULATION,
    "control": Stage.PROCESS_MANIPULATION,
    "program": Stage.ENGINEERING_CHANGE,
}


@dataclass(frozen=True, slots=True)
class Techniques:
    """What is known of techniques.

    Attributes:
        stages: technique id to stage.
        carried_by: technique id to the actions that can carry it; any when absent.
    """

    stages: Mapping[str, Stage]
    carried_by: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Staged:
    """A stage and where it comes from.

    Attributes:
        stage: the stage.
        because: the technique, or what else decided, in words.
    """

    stage: Stage
    because: str


@lru_cache(maxsize=1)
def techniques() -> Techniques:
    """The table that comes with the package."""
    document = json.loads((files(__package__) / "stages.json").read_text(encoding="utf-8"))
    stages = {
        technique: _BY_WORD[word]
        for part in ("chosen", "by_tactic")
        for word, members in document[part].items()
        for technique in members
    }
    stages |= {name: _BY_WORD[word] for name, (word, _) in document["against_tactic"].items()}
    carried_by = {name: frozenset(actions) for name, actions in document["carried_by"].items()}
    return Techniques(stages, carried_by)


class Stages:
    """Finds stages by rule and action; what was asked before is remembered.

    Args:
        rules: rule id to rule.
    """

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = rules
        self._known: dict[tuple[str, str], Staged] = {}

    def of(self, finding: Finding) -> Staged:
        """The latest stage that the finding's rule and action stand for."""
        key = (finding.rule, finding.action)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = _stage_of(self._rules.get(finding.rule), *key)
        return found


def _stage_of(rule: Rule | None, name: str, action: str) -> Staged:
    if rule is None:
        stage = _BY_ACTION.get(action, Stage.ACCESS)
        return Staged(stage, f"rule {name} is not known here, so what was done decides")
    known = techniques()
    best = Staged(Stage.POSTURE, "its rule names no attack technique")
    for technique in rule.techniques():
        stage = known.stages.get(technique, Stage.ACCESS)
        because = f"ATT&CK for ICS {technique}"
        carriers = known.carried_by.get(technique)
        if carriers is not None and action and action not in carriers:
            stage = min(stage, Stage.SPREAD)
            because = f"{because}, as far as a {action} goes"
        if stage > best.stage:
            best = Staged(stage, because)
    return best
