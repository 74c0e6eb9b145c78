from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.run.standing import RULE, AnyAny, Falls, cell

from checkvalve.errors import UsageError
from checkvalve.findings import Answer
from checkvalve.judge.checks import standing
from checkvalve.judge.checks.base import Seen
from checkvalve.keep.keeper import Keeper
from checkvalve.plant import Plant
from checkvalve.plant.waivers import Waiver
from checkvalve.respond.triage.points import Outcome
from checkvalve.run.auditing import Audit, audit, record, seen_of
from checkvalve.run.rule_sets import RuleSets
from checkvalve.run.triaging import triage
from checkvalve.testing.segmentation import NOON, rule_set_of

WAIVER = Waiver(
    id="until-summer",
    rule=RULE.id,
    subject="conduit view",
    reason="the new firewall comes",
    compensating_measure="somebody watches",
    approver="Ana",
    expires=date(2026, 3, 20),
)


def audited(plant: Plant | None = None) -> Audit:
    return audit(plant or cell(), Seen(), NOON, checks=(Falls, AnyAny))


def waiving() -> Plant:
    return Plant.from_things({**cell().things(), "waivers": {WAIVER.id: WAIVER}})


def test_a_check_that_crashes_is_named_and_the_others_go_on() -> None:
    found = audited()
    assert found.crashed == {"falls": "ZeroDivisionError: on a Monday"}
    assert [one.answer for one in found.verdicts] == list(Answer)
    assert found.rules == ("falls", "any-any")


def test_what_is_broken_is_a_violation_unless_it_is_waived() -> None:
    assert [str(one.subject) for one in audited().violations] == ["conduit view"]
    found = audited(waiving())
    assert found.violations == ()
    assert [one.waiver.id for one in found.waived.values()] == ["until-summer"]
    assert len(found.findings) == 2


def test_a_waiver_that_ran_out_lifts_nothing() -> None:
    late = audit(waiving(), Seen(), NOON + timedelta(days=30), checks=(AnyAny,))
    assert len(late.violations) == 1


def test_one_rule_alone_may_be_asked() -> None:
    found = audit(cell(), Seen(), NOON, checks=(Falls, AnyAny), only=["any-any"])
    assert found.rules == ("any-any",)
    with pytest.raises(UsageError, match="'any-anny' is no rule of what stands"):
        audit(cell(), Seen(), NOON, checks=(AnyAny,), only=["any-anny"])


def test_who_waits_is_told_which_check_is_asked() -> None:
    told: list[str] = []
    audit(cell(), Seen(), NOON, checks=(Falls, AnyAny), told=told.append)
    assert told == ["falls", "any-any"]


def test_without_any_rule_set_there_is_no_network_to_ask() -> None:
    assert seen_of(cell(), RuleSets(), NOON).network is None
    sets = RuleSets({"fw": rule_set_of("accept tcp any any 502")})
    network = seen_of(cell(), sets, NOON).network
    assert network is not None
    assert network.rule_sets.keys() == {"fw"}


def test_findings_of_an_audit_are_recorded_once_an_instant(tmp_path: Path) -> None:
    with Keeper.open(tmp_path, command="audit", at=NOON) as keeper:
        assert len(record(keeper, audited()).new) == 2
        assert not record(keeper, audited()).recorded
        later = replace(audited(), at=NOON + timedelta(days=1))
        again = record(keeper, later)
        assert (again.recorded, again.new) == (True, ())
        assert [one.count for one in keeper.store.findings()] == [2, 2]


def test_posture_is_one_incident_an_owner_and_calls_nobody(tmp_path: Path) -> None:
    with Keeper.open(tmp_path, command="audit", at=NOON) as keeper:
        record(keeper, audited())
        triaged = triage(keeper.store, cell(), {RULE.id: RULE}, NOON)
    (incident,) = triaged.incidents
    assert len(incident.findings) == 2
    assert incident.outcome <= Outcome.TRACK_STAR


def test_no_check_of_design_alone_names_an_attack() -> None:
    acted = {"session-after-grant", "sign-in-outside-grant", "sign-in-without-mfa"}
    for check in standing():
        assert check.rule.id in acted or not check.rule.techniques(), check.rule.id
