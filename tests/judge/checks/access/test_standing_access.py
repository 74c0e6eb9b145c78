from __future__ import annotations

from tests.judge.checks.access.gate import gate, mend, only, said, verdicts

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.access.standing_access import StandingAccess


def test_a_grant_without_an_end_is_found() -> None:
    finding = only(StandingAccess, gate({"not_after": None}))
    assert finding.subject == Subject("grant", "service")
    assert finding.because == "grant 'service' of acme has no end"
    assert mend(finding) == ("grants:\n  - id: service\n    not_after: 2026-05-02T00:00:00+00:00")


def test_ninety_days_are_enough_and_a_second_more_is_not() -> None:
    assert said(StandingAccess, gate({"not_after": "2026-05-02T00:00:00Z"})) == {Answer.HOLDS}
    finding = only(StandingAccess, gate({"not_after": "2026-05-02T00:00:01Z"}))
    assert "lasts 90 days" in finding.because


def test_without_a_beginning_it_counts_from_its_declaration_else_from_now() -> None:
    long_ago = {"not_before": None, "created": "2025-11-01"}
    assert said(StandingAccess, gate(long_ago)) == {Answer.BROKEN}
    assert said(StandingAccess, gate({"not_before": None})) == {Answer.HOLDS}


def test_when_ninety_days_are_over_the_change_ends_it_now() -> None:
    finding = only(StandingAccess, gate({"not_before": "2025-06-01T00:00:00Z"}))
    assert "not_after: 2026-03-02T12:00:00+00:00" in mend(finding)


def test_what_has_ended_stands_no_more() -> None:
    revoked = {"not_after": None, "revoked_at": "2026-03-01T00:00:00Z"}
    assert verdicts(StandingAccess, gate(revoked)) == []


def test_the_finding_does_not_change_from_day_to_day() -> None:
    one, other = (
        only(StandingAccess, gate({"not_before": None, "not_after": end}))
        for end in ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z")
    )
    assert one.id == other.id
