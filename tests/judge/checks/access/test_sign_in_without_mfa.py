from __future__ import annotations

from tests.judge.checks.access.gate import gate, only, said, verdicts
from tests.judge.checks.access.signing import anna, later

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.access.sign_in_without_mfa import SignInWithoutMfa


def test_with_a_second_factor_it_holds() -> None:
    assert said(SignInWithoutMfa, gate({}), sign_ins=(anna(),)) == {Answer.HOLDS}


def test_without_one_it_is_found() -> None:
    finding = only(SignInWithoutMfa, gate({}), sign_ins=(anna(mfa=False, method="password"),))
    assert finding.subject == Subject("asset", "plc")
    assert "without a second factor (password)" in finding.because
    assert finding.zone == "cell"


def test_a_log_that_does_not_say_and_no_log_can_not_be_told() -> None:
    (verdict,) = verdicts(SignInWithoutMfa, gate({}), sign_ins=(anna(mfa=None),))
    assert verdict.answer is Answer.CANNOT_TELL
    assert "its log does not say" in verdict.because
    assert said(SignInWithoutMfa, gate({})) == {Answer.CANNOT_TELL}


def test_a_grant_may_demand_none_but_only_where_it_covers() -> None:
    plant = gate({"mfa": False})
    assert said(SignInWithoutMfa, plant, sign_ins=(anna(mfa=False),)) == {Answer.HOLDS}
    elsewhere = anna(mfa=False, target="hmi")
    assert said(SignInWithoutMfa, plant, sign_ins=(elsewhere,)) == {Answer.BROKEN}


def test_behind_a_door_that_demanded_it_nothing_is_missed() -> None:
    door = anna(service="vpn", target="", ended=None)
    behind = anna(mfa=False, time=later(2))
    assert said(SignInWithoutMfa, gate({}), sign_ins=(door, behind)) == {Answer.HOLDS}
    after = anna(mfa=False, time=later(13))
    assert said(SignInWithoutMfa, gate({}), sign_ins=(door, after)) == {Answer.BROKEN}
    closed = anna(service="vpn", target="", ended=later(1))
    assert said(SignInWithoutMfa, gate({}), sign_ins=(closed, behind)) == {Answer.BROKEN}


def test_inside_the_plant_it_is_not_demanded() -> None:
    onward = anna(mfa=False, source="10.3.0.7")
    assert said(SignInWithoutMfa, gate({}), sign_ins=(onward,)) == {Answer.HOLDS}


def test_many_sign_ins_of_one_account_to_one_service_are_one_finding() -> None:
    many = tuple(anna(mfa=False, time=later(n), source=f"10.9.0.{n}") for n in range(1, 9))
    assert only(SignInWithoutMfa, gate({}), sign_ins=many).count == 8
