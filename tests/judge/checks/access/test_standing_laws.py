"""What each standing check of access owes, in a plant where all of them object."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.judge.checks.access.gate import gate, seen_at
from tests.judge.checks.access.signing import anna, later

from checkvalve.findings import Answer
from checkvalve.judge.checks import standing
from checkvalve.judge.checks.base import Seen, StandingCheck
from checkvalve.judge.observed import Observed
from checkvalve.observe.firewalls.base import Chain, When
from checkvalve.plant import Plant
from checkvalve.testing.segmentation import NOON, rule_set_of

CHECKS = tuple(kind for kind in standing() if ".access." in kind.__module__)
#: Somebody acted: these are no posture.
ACTED = {"sign-in-outside-grant", "sign-in-without-mfa", "session-after-grant"}
#: What looks at the declaration alone.
DECLARED = {"self-approved-grant", "standing-access"}
every_check = pytest.mark.parametrize("kind", CHECKS, ids=lambda kind: kind.rule.id)


def plant() -> Plant:
    return gate(
        {"id": "old", "not_after": "2026-03-01T00:00:00Z", "source": ["10.9.0.64/28"]},
        {"not_before": "2026-01-01T00:00:00Z", "requester": "ben", "approver": "ben"},
        {"id": "ever", "not_after": None, "not_before": "2026-01-01T00:00:00Z"},
        {"id": "day", "targets": ["hmi"], "not_after": "2026-03-02T12:30:00Z"},
    )


def seen() -> Seen:
    rules = rule_set_of("accept tcp 10.9.0.0/24 10.1.0.0/24 502", file="fw.rules")
    over = When(end=NOON.replace(tzinfo=None) - timedelta(days=9))
    chains = {
        name: Chain((*chain.rules, replace(chain.rules[0], when=over)), chain.policy)
        for name, chain in rules.chains.items()
    }
    return seen_at(
        plant(),
        replace(rules, chains=chains),
        observed=Observed(NOON - timedelta(days=40), NOON, ()),
        sign_ins=(
            anna(source="8.8.8.8", mfa=False, time=later(-999), ended=later(-998)),
            anna(source="10.9.0.3", target="hmi", ended=later(9)),
            anna(source="10.9.0.4", target="hmi", ended=later(9)),
        ),
    )


@every_check
def test_a_rule_says_what_to_do_and_bears_one_name(kind: type[StandingCheck]) -> None:
    rule = kind.rule
    module = kind.__module__.rsplit(".", 1)[-1]
    assert rule.id == module.replace("_", "-")
    for text in (rule.title, rule.why, rule.cause, rule.consequence, rule.response):
        assert text
    assert rule.harmless_if
    page = kind.__doc__ or ""
    for section in ("Why it matters:", "Known limits:", "Example:", "References:"):
        assert section in page


@every_check
def test_a_technique_is_named_only_where_somebody_acted(kind: type[StandingCheck]) -> None:
    assert bool(kind.rule.techniques()) == (kind.rule.id in ACTED)


@every_check
def test_each_objects_here_with_something_to_look_at(kind: type[StandingCheck]) -> None:
    broken = [one for one in kind().verdicts(plant(), seen(), NOON) if one.answer is Answer.BROKEN]
    assert broken
    for verdict in broken:
        assert verdict.finding is not None
        assert verdict.finding.site == "mill"
        assert verdict.finding.evidence
        assert any("mends" in one.what for one in verdict.finding.evidence)


@every_check
def test_asking_again_or_a_minute_later_is_the_same_finding(kind: type[StandingCheck]) -> None:
    ids = [
        [one.finding.id for one in kind().verdicts(plant(), seen(), at) if one.finding]
        for at in (NOON, NOON, NOON + timedelta(minutes=1))
    ]
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids[0])) == len(ids[0])


@every_check
def test_without_tables_nothing_holds_that_needs_one(kind: type[StandingCheck]) -> None:
    given = {one.answer for one in kind().verdicts(plant(), Seen(), NOON)}
    if kind.rule.id in DECLARED:
        return  # the plant says it all
    if kind.rule.id == "dormant-access":
        given -= {Answer.HOLDS}  # of grants that are too young, which the plant says
    assert given == {Answer.CANNOT_TELL}
