"""Auditing: what stands, held against what is declared, and recorded as posture."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from checkvalve.chain import Entry
from checkvalve.errors import UsageError
from checkvalve.findings import Answer, Finding, Verdict
from checkvalve.judge.checks import standing
from checkvalve.judge.checks.base import Seen, StandingCheck
from checkvalve.judge.checks.waiving import Waived, waive
from checkvalve.judge.observed import Observed
from checkvalve.judge.segmentation.asking import asked_ports, asked_sets
from checkvalve.judge.segmentation.network import Network
from checkvalve.keep.facts import Mark
from checkvalve.keep.keeper import Keeper
from checkvalve.keep.step import PROGRAM, Committed, Step
from checkvalve.observe.sign_ins.base import SignIn
from checkvalve.plant import Plant
from checkvalve.plant.words import did_you_mean, printable
from checkvalve.run.judging import add_up, guarded
from checkvalve.run.rule_sets import RuleSets

#: Told which check is asked next.
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Audit:
    """What the checks of what stands said.

    Attributes:
        at: the instant that was judged.
        verdicts: in the order of the checks.
        waived: the finding's id to who accepted it, why and until when.
        crashed: rule id to what happened, of checks that crashed.
        rules: the rules that were asked.
    """

    at: datetime
    verdicts: tuple[Verdict, ...]
    waived: Mapping[str, Waived] = field(default_factory=dict)
    crashed: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is broken or can't be told, waived or not, each cause once."""
        return tuple(add_up([one.finding for one in self.verdicts if one.finding is not None]))

    @property
    def violations(self) -> tuple[Verdict, ...]:
        """What is broken and not waived."""
        return tuple(
            one
            for one in self.verdicts
            if one.answer is Answer.BROKEN
            and (one.finding is None or one.finding.id not in self.waived)
        )


def seen_of(
    plant: Plant,
    rule_sets: RuleSets,
    at: datetime,
    *,
    observed: Observed | None = None,
    sign_ins: tuple[SignIn, ...] | None = None,
) -> Seen:
    """Everything that checks of what stands look at.

    Args:
        plant: zones, firewalls and what is asked of them.
        rule_sets: what was read; where nothing was, there is no network to ask.
        at: the instant.
        observed: recorded traffic; ``None``: nothing was recorded.
        sign_ins: ``None``: no log was given.
    """
    network = None
    if rule_sets.by_firewall:
        network = Network(
            plant,
            rule_sets.by_firewall,
            at,
            asked=asked_sets(plant),
            ports=asked_ports(plant),
        )
    return Seen(network=network, coverage=rule_sets.coverage, observed=observed, sign_ins=sign_ins)


def audit(
    plant: Plant,
    seen: Seen,
    at: datetime,
    *,
    only: Collection[str] = (),
    checks: tuple[type[StandingCheck], ...] | None = None,
    told: Told | None = None,
) -> Audit:
    """Ask all checks of what stands; one that crashes is named, the others go on.

    Args:
        plant: what is declared.
        seen: what was read and recorded.
        at: the instant that counts.
        only: rule ids; empty: all.
        checks: others than those that are registered.
        told: told the rule of each check before it is asked.

    Raises:
        UsageError: a rule of ``only`` is no rule of what stands.
    """
    chosen = _chosen(standing() if checks is None else checks, only)
    verdicts: list[Verdict] = []
    crashed: dict[str, str] = {}
    for check in chosen:
        if told is not None:
            told(check.rule.id)
        ask = partial(check().verdicts, plant, seen, at)
        verdicts += guarded(crashed, check.rule.id, ask)
    findings = [one.finding for one in verdicts if one.finding is not None]
    _, waived = waive(findings, plant, at)
    return Audit(
        at,
        tuple(verdicts),
        {one.finding.id: one for one in waived},
        crashed,
        tuple(check.rule.id for check in chosen),
    )


def record(keeper: Keeper, audited: Audit) -> Committed:
    """Record an audit's findings, so that triage joins them to incidents; posture pages nobody.

    Audits are steps of one stream: the same instant counts once.

    Raises:
        StorageError: something can't be written.
    """
    crashes = tuple(
        Entry(audited.at, "part crashed", PROGRAM, {"rule": rule, "error": error})
        for rule, error in sorted(audited.crashed.items())
    )
    return keeper.commit(
        Step(
            mark=Mark("audit", int(audited.at.timestamp())),
            at=audited.at,
            findings=audited.findings,
            decisions=crashes,
        )
    )


def _chosen(
    checks: tuple[type[StandingCheck], ...], only: Collection[str]
) -> tuple[type[StandingCheck], ...]:
    known = {check.rule.id: check for check in checks}
    for name in only:
        if name not in known:
            raise UsageError(
                f"'{printable(name)}' is no rule of what stands", hint=did_you_mean(name, known)
            )
    return tuple(check for name, check in known.items() if not only or name in only)
