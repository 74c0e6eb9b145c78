from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.judge.checks.access.gate import gate, mend, only, said, verdicts

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.access.stale_timed_rule import StaleTimedRule
from checkvalve.observe.firewalls.base import Chain, RuleSet, When
from checkvalve.plant import Plant
from checkvalve.testing.segmentation import NOON, rule_set_of

LINE = "accept tcp 10.9.0.0/28 10.1.0.5 502"
LOCAL_NOON = NOON.replace(tzinfo=None)


def until(end: datetime | None, line: str = LINE) -> RuleSet:
    """A rule set whose lines count until a local time."""
    rule_set = rule_set_of(line, file="fw.rules")
    chains = {
        name: Chain(tuple(replace(rule, when=When(end=end)) for rule in chain.rules), chain.policy)
        for name, chain in rule_set.chains.items()
    }
    return replace(rule_set, chains=chains)


def clocked(zone: str) -> Plant:
    plant = gate()
    firewall = plant.firewalls["fw"].model_copy(update={"clock_zone": zone})
    return replace(plant, firewalls={"fw": firewall})


def test_a_line_whose_time_is_over_is_found() -> None:
    finding = only(StaleTimedRule, gate(), until(LOCAL_NOON - timedelta(days=30)))
    assert finding.subject == Subject("firewall", "fw")
    assert "counted until 2026-01-31 12:00 on the firewall's clock" in finding.because
    assert mend(finding) == f"remove fw.rules:1: {LINE}"


def test_a_line_whose_time_comes_or_that_has_none_holds() -> None:
    for end in (LOCAL_NOON + timedelta(days=30), None):
        assert said(StaleTimedRule, gate(), until(end)) == {Answer.HOLDS}


@pytest.mark.parametrize(
    ("zone", "answer"),
    [("Europe/Berlin", Answer.BROKEN), ("UTC", Answer.HOLDS), ("America/Lima", Answer.HOLDS)],
)
def test_the_firewalls_clock_decides(zone: str, answer: Answer) -> None:
    rules = until(LOCAL_NOON + timedelta(minutes=30))
    assert said(StaleTimedRule, clocked(zone), rules) == {answer}


def test_without_its_clock_the_last_day_can_not_be_told() -> None:
    (verdict,) = verdicts(StaleTimedRule, gate(), until(LOCAL_NOON))
    assert verdict.answer is Answer.CANNOT_TELL
    assert "no clock_zone is declared" in verdict.because


def test_a_line_that_denied_is_stale_too() -> None:
    finding = only(
        StaleTimedRule, gate(), until(LOCAL_NOON - timedelta(days=30), "deny any any any")
    )
    assert "denied until" in finding.because


def test_without_rule_sets_it_can_not_be_told() -> None:
    assert said(StaleTimedRule, gate()) == {Answer.CANNOT_TELL}
