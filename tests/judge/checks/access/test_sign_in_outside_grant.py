from __future__ import annotations

from typing import Any

import pytest
from tests.judge.checks.access.gate import gate, mend, only, said, verdicts
from tests.judge.checks.access.signing import anna, later

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.access.sign_in_outside_grant import SignInOutsideGrant

HOURS = {"windows": [{"from": "08:00", "to": "16:00", "time_zone": "UTC"}]}


def test_within_its_grant_a_sign_in_holds() -> None:
    (verdict,) = verdicts(SignInOutsideGrant, gate(HOURS), sign_ins=(anna(),))
    assert (verdict.answer, verdict.subject) == (Answer.HOLDS, Subject("grant", "service"))


@pytest.mark.parametrize(
    ("grant", "sign_in", "reason"),
    [
        (HOURS, {"time": later(14.5)}, "it is open 08:00 to 16:00 (UTC) only"),
        ({"not_after": "2026-03-01T00:00:00Z"}, {}, "it ended on 2026-03-01"),
        ({"revoked_at": "2026-03-01T00:00:00Z"}, {}, "it was revoked on 2026-03-01"),
        ({"not_before": "2026-03-09T00:00:00Z"}, {}, "it begins on 2026-03-09"),
        ({}, {"source": "10.9.0.77"}, "it is for 10.9.0.0/28, not for 10.9.0.77"),
        ({}, {"source": "10.4.0.8"}, "it is for 10.9.0.0/28, not for 10.4.0.8"),
        ({}, {"target": "hmi"}, "it does not name hmi"),
        ({}, {"target": "10.1.0.6"}, "it does not name hmi"),
        ({"via": "jump"}, {}, "it must pass jump"),
    ],
)
def test_outside_it_is_found_with_the_reason(
    grant: dict[str, Any], sign_in: dict[str, Any], reason: str
) -> None:
    finding = only(SignInOutsideGrant, gate(grant), sign_ins=(anna(**sign_in),))
    assert finding.subject == Subject("grant", "service")
    assert reason in finding.because
    assert finding.action == "session"
    assert finding.identities == ("anna",)
    assert finding.at == anna(**sign_in).time
    assert (finding.evidence[0].file, finding.evidence[0].line) == ("auth.log", 12)
    assert mend(finding).startswith("grants:\n  - id: service\n    revoked_at: 2026-03-02T12")


def test_somebody_acted_so_it_is_no_posture() -> None:
    assert SignInOutsideGrant.rule.techniques() == ("T0822", "T0859")


def test_to_the_jump_host_and_on_from_there_are_covered() -> None:
    plant = gate({"via": "jump"})
    legs = (anna(target="jump.mill.example"), anna(source="10.3.0.7", target="plc"))
    assert said(SignInOutsideGrant, plant, sign_ins=legs) == {Answer.HOLDS}


def test_a_vpn_is_a_door_and_held_against_time_and_source_alone() -> None:
    plant = gate({"via": "jump"})
    assert said(SignInOutsideGrant, plant, sign_ins=(anna(service="vpn"),)) == {Answer.HOLDS}
    early = anna(service="vpn", time=later(-24 * 40))
    assert said(SignInOutsideGrant, plant, sign_ins=(early,)) == {Answer.BROKEN}


def test_without_any_grant_it_is_about_who_came_or_from_where() -> None:
    finding = only(SignInOutsideGrant, gate(), sign_ins=(anna(),))
    assert finding.subject == Subject("identity", "anna")
    stranger = anna(account="root", source="8.8.8.8")
    finding = only(SignInOutsideGrant, gate(), sign_ins=(stranger,))
    assert finding.subject == Subject("address", "8.8.8.8")
    assert "no grant lets this account in" in finding.because


def test_the_plants_own_people_inside_need_no_grant() -> None:
    ben = anna(account="bkurz", source="10.4.0.8")
    (verdict,) = verdicts(SignInOutsideGrant, gate({}), sign_ins=(ben,))
    assert (verdict.answer, verdict.because) == (Answer.HOLDS, "none needed a grant")


def test_an_attempt_that_failed_is_no_sign_in() -> None:
    failed = anna(outcome="failure", source="8.8.8.8")
    assert said(SignInOutsideGrant, gate(), sign_ins=(failed,)) == {Answer.HOLDS}


def test_the_same_again_is_one_finding_that_counts() -> None:
    plant = gate({"revoked_at": "2026-03-01T00:00:00Z"})
    one = only(SignInOutsideGrant, plant, sign_ins=(anna(),))
    both = only(SignInOutsideGrant, plant, sign_ins=(anna(time=later(3), line=40), anna()))
    assert (both.id, both.count, both.until) == (one.id, 2, later(3))


def test_a_log_without_sources_and_no_log_can_not_be_told() -> None:
    (verdict,) = verdicts(SignInOutsideGrant, gate({}), sign_ins=(anna(source=""),))
    assert verdict.answer is Answer.CANNOT_TELL
    assert "the log names no source" in verdict.because
    (verdict,) = verdicts(SignInOutsideGrant, gate({}))
    assert verdict.because == "no log of sign-ins was read"
