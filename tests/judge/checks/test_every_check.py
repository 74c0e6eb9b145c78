from __future__ import annotations

import pytest
from tests.judge.checks.mill import everything, mill

from checkvalve.findings import Answer
from checkvalve.judge.checks import members
from checkvalve.judge.checks.base import Check
from checkvalve.testing.checks import (
    absent_table_is_no_compliance,
    answers,
    asking_changes_nothing,
    cause_outlives_the_hour,
    findings_are_whole,
    rule_can_be_acted_on,
    subjects_resolve,
)

every_check = pytest.mark.parametrize("kind", members(), ids=lambda kind: kind.rule.id)


@every_check
def test_a_rule_says_what_to_do_and_bears_one_name(kind: type[Check]) -> None:
    rule_can_be_acted_on(kind)


@every_check
def test_without_anything_observed_it_cannot_tell(kind: type[Check]) -> None:
    absent_table_is_no_compliance(kind, mill(), everything()[0])


@every_check
def test_it_remembers_nothing(kind: type[Check]) -> None:
    asking_changes_nothing(kind, mill(), everything())


@every_check
def test_it_tells_whom_it_is_about(kind: type[Check]) -> None:
    subjects_resolve(kind, mill(), everything())


@every_check
def test_a_finding_can_be_looked_up_and_placed(kind: type[Check]) -> None:
    findings_are_whole(kind, mill(), everything())


@every_check
def test_the_same_traffic_an_hour_later_is_the_same_finding(kind: type[Check]) -> None:
    cause_outlives_the_hour(kind, mill(), everything(), everything(600.0))


@every_check
def test_all_that_it_objects_to_is_in_this_plant_and_so_is_what_it_does_not(
    kind: type[Check],
) -> None:
    given = {v.answer for window in everything() for v, _ in answers(kind, mill(), window)}
    assert Answer.BROKEN in given
    if kind.rule.id != "unknown-asset":  # it speaks of what is declared only when all is
        assert Answer.HOLDS in given


def test_each_member_is_named_once() -> None:
    names = [kind.rule.id for kind in members()]
    assert sorted(set(names)) == sorted(names)
