from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.judge.checks.access.gate import gate, mend, only, said, verdicts
from tests.judge.checks.access.signing import anna

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.access.dormant_access import DormantAccess
from checkvalve.judge.observed import Observed, ObservedPath
from checkvalve.testing.segmentation import NOON

OLD = {"not_before": "2026-01-01T00:00:00Z"}


def days_ago(days: float) -> datetime:
    return NOON - timedelta(days=days)


def path(source: str, destination: str, last: datetime, **more: Any) -> ObservedPath:
    seen = ObservedPath(source, destination, "tcp", 502, 1, True, 9, 9, 9, last, last)
    return replace(seen, **more)


def observed(*paths: ObservedPath, days: float = 40) -> Observed:
    return Observed(days_ago(days), NOON, paths)


def test_a_grant_that_nobody_used_in_thirty_days_is_found() -> None:
    before = path("10.9.0.3", "10.1.0.5", days_ago(31))
    tables: dict[str, Any] = {"observed": observed(before), "sign_ins": (anna(time=days_ago(31)),)}
    finding = only(DormantAccess, gate(OLD), **tables)
    assert finding.subject == Subject("grant", "service")
    assert "since 2026-01-31 12:00 UTC its holder has not signed in" in finding.because
    assert "revoked_at: 2026-03-02T12:00:00+00:00" in mend(finding)


def test_a_sign_in_or_traffic_on_the_way_is_use() -> None:
    signed_in: dict[str, Any] = {"observed": observed(), "sign_ins": (anna(time=days_ago(3)),)}
    passed: dict[str, Any] = {
        "observed": observed(path("10.9.0.3", "10.1.0.5", days_ago(3))),
        "sign_ins": (),
    }
    for tables in (signed_in, passed):
        assert said(DormantAccess, gate(OLD), **tables) == {Answer.HOLDS}


@pytest.mark.parametrize(
    ("seen", "answer"),
    [
        (path("10.9.0.99", "10.1.0.5", days_ago(3)), Answer.BROKEN),
        (path("10.9.0.3", "10.1.0.6", days_ago(3)), Answer.BROKEN),
        (path("10.9.0.3", "10.1.0.5", days_ago(3), answered=False), Answer.BROKEN),
    ],
)
def test_other_traffic_is_no_use(seen: ObservedPath, answer: Answer) -> None:
    assert said(DormantAccess, gate(OLD), observed=observed(seen), sign_ins=()) == {answer}


def test_to_a_jump_host_and_on_from_it_is_use() -> None:
    plant = gate({**OLD, "via": "jump"})
    for ends in (("10.9.0.3", "10.3.0.7"), ("10.3.0.7", "10.1.0.5")):
        seen = observed(path(*ends, days_ago(3)))
        assert said(DormantAccess, plant, observed=seen, sign_ins=()) == {Answer.HOLDS}


def test_a_sign_in_by_another_grant_of_the_holder_is_not_this_ones() -> None:
    second = {**OLD, "id": "second", "targets": ["hmi"]}
    finding = only(
        DormantAccess,
        gate(OLD, second),
        observed=observed(),
        sign_ins=(anna(time=days_ago(3), target="hmi"),),
    )
    assert finding.subject == Subject("grant", "service")


def test_a_young_grant_holds() -> None:
    young = gate({"not_before": "2026-02-20T00:00:00Z"})
    assert said(DormantAccess, young, observed=observed(), sign_ins=()) == {Answer.HOLDS}


@pytest.mark.parametrize(
    ("tables", "missing"),
    [
        ({}, "no log of sign-ins was read, and no traffic was recorded"),
        ({"sign_ins": ()}, "no traffic was recorded"),
        ({"observed": observed()}, "no log of sign-ins was read"),
        ({"sign_ins": (), "observed": observed(days=9)}, "not the last 30 days"),
    ],
)
def test_without_thirty_days_of_both_it_can_not_be_told(
    tables: dict[str, Any], missing: str
) -> None:
    (verdict,) = verdicts(DormantAccess, gate(OLD), **tables)
    assert verdict.answer is Answer.CANNOT_TELL
    assert missing in verdict.because
