"""JUnit: suites, cases, and that nothing passes that did not hold."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from tests.respond.exports.verdicts import (
    ALL,
    AT,
    BARE,
    BROKEN,
    CANNOT_TELL,
    HOLDS,
    REASONS,
    RULES,
    WAIVED,
    WAIVED_UNTOLD,
    verdict,
    verdicts,
)

from checkvalve.findings import Answer, Verdict
from checkvalve.respond.exports.base import shown
from checkvalve.respond.exports.junit import Junit


def written(*some: Verdict, waived: dict[str, str] | None = None) -> ET.Element:
    text = Junit().write(some, RULES, at=AT, waived=waived or {})
    return ET.fromstring(text)  # noqa: S314  # our own text, parsed back


def passed(case: ET.Element) -> bool:
    return case.find("failure") is None and case.find("skipped") is None


def test_a_rule_is_a_suite_and_a_verdict_a_case() -> None:
    root = written(*ALL, waived=REASONS)
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["undeclared-path", "ended-grant-open"]
    names = [case.get("name") for case in suites["undeclared-path"]]
    assert names == ["conduit office-to-cell", "conduit dmz-to-cell", "conduit cell-to-historian"]


def test_what_is_broken_and_what_nobody_can_tell_fail_each_in_its_own_way() -> None:
    broken, untold, holds, bare = written(BROKEN, CANNOT_TELL, HOLDS, BARE).iter("testcase")
    kinds = [case.find("failure") for case in (broken, untold, bare)]
    assert [one.get("type") for one in kinds if one is not None] == [
        *("broken", "cannot tell", "cannot tell")
    ]
    assert passed(holds)


def test_what_is_waived_is_skipped_with_its_reason_and_its_answer() -> None:
    messages = []
    for case in written(WAIVED, WAIVED_UNTOLD, waived=REASONS).iter("testcase"):
        skipped = case.find("skipped")
        assert skipped is not None
        messages.append(skipped.get("message"))
    assert messages == [
        "waived, broken: accepted by B. Boss until May",
        "waived, cannot tell: accepted by B. Boss until May",
    ]


def test_the_counts_are_those_of_the_cases() -> None:
    root = written(*ALL, waived=REASONS)
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        assert element.get("tests") == str(len(cases))
        assert element.get("failures") == str(sum(c.find("failure") is not None for c in cases))
        assert element.get("skipped") == str(sum(c.find("skipped") is not None for c in cases))
    assert [root.get(one) for one in ("tests", "failures", "skipped")] == ["6", "3", "2"]


def test_a_failure_names_the_line_and_says_what_to_do() -> None:
    (case,) = written(BROKEN).iter("testcase")
    assert (case.get("file"), case.get("line")) == ("fw/core 1.conf", "12")
    assert (case.findtext("failure") or "").splitlines() == [
        "a path is open",
        "day.pcap packet 7: a packet was seen; expected none; seen TCP 502",
        "fw/core 1.conf:12: this line decides",
        "fw/core 1.conf:19: this line is behind it",
        "Do: Close it at the firewall.",
    ]


def test_two_verdicts_of_one_subject_are_two_cases() -> None:
    other = verdict(Answer.BROKEN, cause="udp/161")
    first, second = (case.get("name") for case in written(BROKEN, other).iter("testcase"))
    assert first == "conduit office-to-cell"
    assert second is not None
    assert second.startswith("conduit office-to-cell (")


@given(verdicts())
def test_only_what_holds_passes_whatever_a_stranger_named(
    made: tuple[list[Verdict], dict[str, str]],
) -> None:
    some, waived = made
    cases = list(written(*some, waived=waived).iter("testcase"))
    by_rule = sorted(some, key=lambda one: [two.rule for two in some].index(one.rule))
    assert [passed(case) for case in cases] == [one.answer is Answer.HOLDS for one in by_rule]
    for case, one in zip(cases, by_rule, strict=True):
        assert (case.get("name") or "").startswith(shown(str(one.subject)))
