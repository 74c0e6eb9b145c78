"""JUnit XML: verdicts for whatever shows the results of tests.

There is no standard; this is the form that Ant's ``junitreport`` and the Jenkins plugin read
(``testsuites``, ``testsuite``, ``testcase``, ``failure``, ``skipped``). A rule is a suite, a
verdict a case. *Broken* and *cannot tell* are failures, each of its own ``type``: a pipeline that
may go on with what nobody could tell has to say so itself. What is waived is skipped, with the
reason as its message; a waived *cannot tell* says that it is one.

Known limits: a case is named by its subject; where a rule says several things of one, the later
ones carry the finding's id as well.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from checkvalve.findings import Answer, Verdict
from checkvalve.respond.exports.base import (
    Export,
    evidence_of,
    id_of,
    shown,
    stamp,
    waiver_of,
)
from checkvalve.rules import Rule


class Junit(Export):
    """Rules as suites, verdicts as cases."""

    name: ClassVar[str] = "junit"

    def write(
        self,
        verdicts: Sequence[Verdict],
        rules: Mapping[str, Rule],
        *,
        at: datetime,
        waived: Mapping[str, str],
    ) -> str:
        """See ``Export.write``."""
        by_rule: dict[str, list[Verdict]] = {}
        for verdict in verdicts:
            by_rule.setdefault(verdict.rule, []).append(verdict)
        root = ET.Element("testsuites", name="checkvalve")
        for name, some in by_rule.items():
            root.append(_suite(name, some, rules.get(name), at, waived))
        for count in ("tests", "failures", "errors", "skipped"):
            root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
        ET.indent(root)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(
    name: str,
    verdicts: list[Verdict],
    rule: Rule | None,
    at: datetime,
    waived: Mapping[str, str],
) -> ET.Element:
    cases = []
    used: set[str] = set()
    for verdict in verdicts:
        title = str(verdict.subject)
        if title in used:
            title = f"{title} ({id_of(verdict)})"
        used.add(title)
        cases.append(_case(title, verdict, rule, waived))
    failures = sum(case.find("failure") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    suite = ET.Element("testsuite", name=shown(name), timestamp=stamp(at).removesuffix("Z"))
    counts = {"tests": len(cases), "failures": failures, "errors": 0, "skipped": skipped}
    for count, number in counts.items():
        suite.set(count, str(number))
    suite.extend(cases)
    return suite


def _case(title: str, verdict: Verdict, rule: Rule | None, waived: Mapping[str, str]) -> ET.Element:
    case = ET.Element("testcase", classname=shown(verdict.rule), name=shown(title), time="0")
    place = next((item for item in evidence_of(verdict) if item.file), None)
    if place is not None:
        case.set("file", shown(place.file))
        case.set("line", str(place.line))
    waiver = waiver_of(verdict, waived)
    if verdict.answer is Answer.HOLDS:
        ET.SubElement(case, "system-out").text = shown(verdict.because)
    elif waiver:
        message = f"waived, {verdict.answer}: {waiver}"
        ET.SubElement(case, "skipped", message=shown(message)).text = shown(verdict.because)
    else:
        failure = ET.SubElement(case, "failure", type=str(verdict.answer))
        failure.set("message", shown(verdict.because))
        failure.text = _proof(verdict, rule)
    return case


def _proof(verdict: Verdict, rule: Rule | None) -> str:
    """What a person looks at and does, a line each."""
    lines = [verdict.because]
    for item in evidence_of(verdict):
        place = item.place
        lines.append(f"{place}: {item}" if place else str(item))
    if rule is not None:
        lines.append(f"Do: {rule.response}")
    return "\n".join(map(shown, lines))
