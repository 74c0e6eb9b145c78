from __future__ import annotations

import pytest
from tests.judge.checks.access.gate import gate, mend, only, said, verdicts

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.access.surplus_access import SurplusAccess

EXACT = "accept tcp 10.9.0.0/28 10.1.0.5 502"


@pytest.mark.parametrize(
    ("line", "wider"),
    [
        ("accept tcp 10.9.0.0/24 10.1.0.5 502", "other sources"),
        ("accept tcp 10.9.0.0/28 10.1.0.0/24 502", "other targets"),
        ("accept tcp 10.9.0.0/28 10.1.0.5 502,22", "other services"),
        ("accept any 10.9.0.0/28 10.1.0.5", "other services"),
        ("accept any any any", "other sources, other targets, other services"),
    ],
)
def test_a_line_that_is_wider_than_its_grant_is_found(line: str, wider: str) -> None:
    finding = only(SurplusAccess, gate({}), line)
    assert finding.subject == Subject("grant", "service")
    assert f"open more in cell than it says: {wider}, such as" in finding.because
    assert mend(finding) == f"narrow fw.rules:1: {line} (it lets in service too)"


def test_a_line_as_wide_as_its_grant_holds_and_so_does_a_narrower_one() -> None:
    for line in (EXACT, "accept tcp 10.9.0.1 10.1.0.5 502"):
        assert said(SurplusAccess, gate({}), line) == {Answer.HOLDS}


def test_what_other_lines_permit_is_not_this_grants() -> None:
    rules = f"{EXACT}\naccept tcp 10.9.0.64/28 10.1.0.6 22"
    assert said(SurplusAccess, gate({}), rules) == {Answer.HOLDS}


def test_what_another_active_grant_says_is_no_surplus() -> None:
    second = {"id": "second", "targets": ["hmi"]}
    rules = "accept tcp 10.9.0.0/28 10.1.0.5-10.1.0.6 502"
    assert said(SurplusAccess, gate({}, second), rules) == {Answer.HOLDS}
    assert Answer.BROKEN in said(SurplusAccess, gate({}), rules)


def test_a_line_that_is_not_understood_can_not_be_told() -> None:
    (verdict,) = verdicts(SurplusAccess, gate({}), f"{EXACT} unknown=a list of names")
    assert verdict.answer is Answer.CANNOT_TELL
    assert said(SurplusAccess, gate({})) == {Answer.CANNOT_TELL}
