from __future__ import annotations

import pytest
from tests.judge.checks.access.gate import gate, mend, only, said, verdicts
from tests.judge.checks.access.signing import anna, later

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.access.session_after_grant import SessionAfterGrant

UNTIL_FOUR = {"not_after": "2026-03-02T16:00:00Z"}
WEEKDAYS = {"windows": [{"from": "08:00", "to": "16:00", "time_zone": "UTC"}]}
NIGHT = later(11)


@pytest.mark.parametrize("grant", [UNTIL_FOUR, WEEKDAYS, {"revoked_at": "2026-03-02T16:00:00Z"}])
def test_a_session_that_ends_late_is_found(grant: dict[str, object]) -> None:
    late = (anna(ended=later(10.5)),)
    finding = only(SessionAfterGrant, gate(grant), at=NIGHT, sign_ins=late)
    assert finding.subject == Subject("grant", "service")
    assert "until 2026-03-02 16:00 UTC, and it ended on 2026-03-02 22:30 UTC" in finding.because
    assert mend(finding) == "end session 7 on plc"


def test_a_session_that_ends_in_time_or_a_minute_late_holds() -> None:
    for hours in (3.9, 4, 4.016):
        assert said(
            SessionAfterGrant, gate(UNTIL_FOUR), at=NIGHT, sign_ins=(anna(ended=later(hours)),)
        ) == {Answer.HOLDS}


def test_over_a_night_between_two_windows_is_after_the_first() -> None:
    overnight = (anna(ended=later(23)),)
    finding = only(SessionAfterGrant, gate(WEEKDAYS), at=later(24), sign_ins=overnight)
    assert "until 2026-03-02 16:00 UTC" in finding.because


def test_a_session_that_its_log_has_not_ended_long_after_lives() -> None:
    others = anna(account="bkurz", source="10.4.0.8", time=later(5), ended=later(8))
    open_ = anna(ended=None)
    finding = only(SessionAfterGrant, gate(UNTIL_FOUR), at=NIGHT, sign_ins=(open_, others))
    assert "it had not ended by 2026-03-02 20:00 UTC" in finding.because


def test_a_log_that_tells_no_ends_or_was_fetched_before_can_not_be_told() -> None:
    open_ = anna(ended=None)
    fetched_early = anna(account="bkurz", source="10.4.0.8", ended=later(2))
    for sign_ins in ((open_,), (open_, fetched_early)):
        (verdict,) = verdicts(SessionAfterGrant, gate(UNTIL_FOUR), at=NIGHT, sign_ins=sign_ins)
        assert verdict.answer is Answer.CANNOT_TELL
    assert said(SessionAfterGrant, gate(UNTIL_FOUR)) == {Answer.CANNOT_TELL}


def test_while_the_grant_lasts_an_open_session_holds() -> None:
    assert said(SessionAfterGrant, gate({}), at=NIGHT, sign_ins=(anna(ended=None),)) == {
        Answer.HOLDS
    }


def test_what_came_too_late_is_said_of_the_sign_in_alone() -> None:
    late = anna(time=later(5), ended=later(6))
    assert verdicts(SessionAfterGrant, gate(UNTIL_FOUR), at=NIGHT, sign_ins=(late,)) == []
