from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.run.members import AT, CannotTell, Crashes, CrashesToo, Finds, made

from checkvalve.judge import checks, detectors
from checkvalve.judge.baseline import Baseline
from checkvalve.judge.window import Breach, Window
from checkvalve.run.judging import Judge, add_up, rules
from checkvalve.testing.detectors import SITE, three_cells
from checkvalve.testing.windows import WindowBuilder

PLANT = three_cells()


@pytest.fixture
def windows() -> list[Window]:
    builder = WindowBuilder(PLANT, SITE)
    builder.exchange("hmi-1", "plc-1a").exchange("hmi-1", "plc-1a", at=3_600)
    return builder.windows()


def test_rules_are_those_of_all_members_each_once() -> None:
    ids = [check.rule.id for check in (*checks.members(), *checks.standing())]
    ids += [detector.rule.id for detector in detectors.members()]
    assert sorted(rules()) == sorted(ids)


def test_a_member_that_crashes_is_left_out_and_the_others_go_on(windows: list[Window]) -> None:
    Crashes.asked.clear()
    baseline = Baseline.empty(PLANT, SITE, [CrashesToo])
    baseline.learn(windows[0], Breach())
    judge = Judge(PLANT, baseline, checks=(Crashes(), Finds()))
    assert [[finding.rule for finding in judge.judge(window)] for window in windows] == [
        ["finds"],
        ["finds"],
    ]
    assert len(Crashes.asked) == 1
    assert judge.crashed["crashes"] == "ZeroDivisionError: on a Sunday"
    assert judge.crashed["crashes-too"].startswith("TypeError: ")


def test_what_a_check_can_not_tell_is_counted_and_is_no_finding(windows: list[Window]) -> None:
    judge = Judge(PLANT, None, checks=(CannotTell(),))
    assert [judge.judge(window) for window in windows] == [[], []]
    assert judge.undecided == {"cannot-tell": 2}


def test_without_a_baseline_only_checks_judge(windows: list[Window]) -> None:
    found = {finding.rule for window in windows for finding in Judge(PLANT, None).judge(window)}
    assert found <= {check.rule.id for check in checks.members()}


def test_findings_of_one_cause_are_added_up_whatever_their_order() -> None:
    first = made("a", last=AT + timedelta(minutes=9), count=2, action="write")
    later = made("a", at=AT + timedelta(minutes=1), count=3)
    other = made("a", cause="another")
    for order in ([first, later, other], [other, later, first]):
        by_cause = {finding.cause: finding for finding in add_up(order)}
        assert by_cause == {"it": replace(first, count=5), "another": other}
    assert add_up([]) == []
