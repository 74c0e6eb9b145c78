from __future__ import annotations

import pytest
from tests.judge.checks.access.gate import gate, only, said, verdicts

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.access.self_approved_grant import SelfApprovedGrant


@pytest.mark.parametrize(
    ("requester", "approver"),
    [("ben", "ben"), ("ben", "Ben  KURZ"), ("bkurz", "ben@mill.example"), ("Eve", "eve ")],
)
def test_one_person_under_two_names_is_found(requester: str, approver: str) -> None:
    finding = only(SelfApprovedGrant, gate({"requester": requester, "approver": approver}))
    assert finding.subject == Subject("grant", "service")
    assert "asked for it and approved it" in finding.because


def test_who_holds_it_must_not_approve_it_and_neither_must_his_colleague() -> None:
    holder = {"holder": "ben", "requester": "eve", "approver": "Ben Kurz"}
    assert "holds it and approved it" in only(SelfApprovedGrant, gate(holder)).because
    colleague = {"requester": "ben", "approver": "Anna Berg"}
    assert "works for acme" in only(SelfApprovedGrant, gate(colleague)).because
    vendor = {"requester": "ben", "approver": "ACME"}
    assert "holds it" in only(SelfApprovedGrant, gate(vendor)).because


def test_two_people_hold() -> None:
    two = gate({"requester": "Anna Berg", "approver": "Ben Kurz"})
    assert said(SelfApprovedGrant, two) == {Answer.HOLDS}


@pytest.mark.parametrize("who", [{"requester": "ben"}, {"approver": "ben"}, {}])
def test_without_a_name_it_can_not_be_told(who: dict[str, str]) -> None:
    (verdict,) = verdicts(SelfApprovedGrant, gate(who))
    assert verdict.answer is Answer.CANNOT_TELL
    assert "does not name its" in verdict.because


def test_of_what_has_ended_nothing_is_said() -> None:
    ended = {"requester": "ben", "approver": "ben", "revoked_at": "2026-03-01T00:00:00Z"}
    assert verdicts(SelfApprovedGrant, gate(ended)) == []
