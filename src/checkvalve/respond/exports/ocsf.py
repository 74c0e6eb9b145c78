"""OCSF Compliance Finding, class 2003: verdicts for a SIEM; one JSON object a line.

After the Open Cybersecurity Schema Framework 1.9.0-dev, a development version: every object says
so. The verdict is ``compliance.status_id``: 1 *pass* for holds, 3 *fail* for broken, 2 *warning*,
"did not yield a result due to missing information", for cannot tell. The finding's own
``status_id`` is another thing, its way through triage: 1 *new*, or 3 *suppressed* when waived,
with the waiver as a note.

Known limits: the severity is unknown unless the rule holds, since it depends on the plant and is
triage's to say. The plant's objects are resources by kind and name; zones and conduits have no
place of their own in this schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, ClassVar, Final

import checkvalve
from checkvalve.findings import Answer, Evidence, Finding, Verdict
from checkvalve.respond.exports.base import (
    Export,
    evidence_of,
    id_of,
    shown,
    stamp,
    waiver_of,
)
from checkvalve.rules import ATTACK_ICS, Rule

VERSION: Final = "1.9.0-dev"
_CLASS: Final = 2003
_CREATE: Final = 1
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_STATUSES: Final = {
    Answer.HOLDS: (1, "Pass"),
    Answer.CANNOT_TELL: (2, "Warning"),
    Answer.BROKEN: (3, "Fail"),
}


class Ocsf(Export):
    """Compliance findings, one a line."""

    name: ClassVar[str] = "ocsf"

    def write(
        self,
        verdicts: Sequence[Verdict],
        rules: Mapping[str, Rule],
        *,
        at: datetime,
        waived: Mapping[str, str],
    ) -> str:
        """See ``Export.write``."""
        events = (_event(one, rules.get(one.rule), at, waived) for one in verdicts)
        return "".join(f"{json.dumps(event, separators=(',', ':'))}\n" for event in events)


def _event(
    verdict: Verdict, rule: Rule | None, at: datetime, waived: Mapping[str, str]
) -> dict[str, Any]:
    holds = verdict.answer is Answer.HOLDS
    body: dict[str, Any] = {
        "activity_id": _CREATE,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Compliance Finding",
        "type_uid": _CLASS * 100 + _CREATE,
        "type_name": "Compliance Finding: Create",
        "severity_id": 1 if holds else 0,
        "severity": "Informational" if holds else "Unknown",
        "time": _ms(at),
        "message": shown(f"{verdict.subject}: {verdict.because}"),
        "metadata": {
            "version": VERSION,
            "product": {
                "name": "Checkvalve",
                "vendor_name": "Checkvalve",
                "version": checkvalve.__version__,
            },
        },
        "compliance": _compliance(verdict, rule),
        "finding_info": _info(verdict, rule, at),
        "resources": [_resource(verdict)],
    }
    if evidence := evidence_of(verdict):
        body["evidences"] = [_evidence(item) for item in evidence]
    if rule is not None:
        body["remediation"] = {"desc": shown(rule.response)}
    if verdict.finding is not None:
        body |= _seen(verdict.finding)
    return body | _status(verdict, waived)


def _compliance(verdict: Verdict, rule: Rule | None) -> dict[str, Any]:
    number, word = _STATUSES[verdict.answer]
    check: dict[str, Any] = {"uid": shown(verdict.rule), "status_id": number, "status": word}
    body: dict[str, Any] = {
        "control": shown(verdict.rule),
        "status_id": number,
        "status": word,
        "status_details": [shown(verdict.because)],
        "checks": [check],
    }
    if rule is not None:
        demands = [one for one in rule.references if one.source != ATTACK_ICS]
        check |= {"name": shown(rule.title), "desc": shown(rule.why)}
        body["desc"] = shown(rule.why)
        if demands:
            standards = [shown(one) for one in dict.fromkeys(one.source for one in demands)]
            check["standards"] = body["standards"] = standards
            body["requirements"] = [shown(str(one)) for one in demands]
    return body


def _info(verdict: Verdict, rule: Rule | None, at: datetime) -> dict[str, Any]:
    body: dict[str, Any] = {
        "uid": id_of(verdict),
        "title": shown(verdict.rule if rule is None else rule.title),
        "desc": shown(verdict.because),
        "created_time": _ms(at),
        "analytic": {"uid": shown(verdict.rule), "type_id": 1, "type": "Rule"},
    }
    if verdict.finding is not None:
        body["first_seen_time"] = _ms(verdict.finding.at)
        body["last_seen_time"] = _ms(verdict.finding.until)
    techniques = [] if rule is None else [r for r in rule.references if r.source == ATTACK_ICS]
    if techniques and verdict.answer is not Answer.HOLDS:
        body["attacks"] = [
            {"technique": {"uid": shown(one.clause), "name": shown(one.title or one.clause)}}
            for one in techniques
        ]
    return body


def _resource(verdict: Verdict) -> dict[str, Any]:
    body = {"name": shown(verdict.subject.id), "type": shown(verdict.subject.kind)}
    if verdict.finding is not None and verdict.finding.zone:
        body["zone"] = shown(verdict.finding.zone)
    return body


def _evidence(item: Evidence) -> dict[str, Any]:
    data: dict[str, Any] = {"what": shown(item.what)}
    for name in ("expected", "actual", "capture"):
        if text := getattr(item, name):
            data[name] = shown(text)
    if item.packet:
        data["packet"] = item.packet
    if item.line:
        data["line"] = item.line
    if item.at is not None:
        data["at"] = stamp(item.at)
    body: dict[str, Any] = {"name": shown(str(item)), "data": data}
    if item.file:
        name = PurePosixPath(item.file.replace("\\", "/")).name or item.file
        body["file"] = {"name": shown(name), "path": shown(item.file), "type_id": 1}
    return body


def _seen(finding: Finding) -> dict[str, Any]:
    return {
        "start_time": _ms(finding.at),
        "end_time": _ms(finding.until),
        "count": finding.count,
    }


def _status(verdict: Verdict, waived: Mapping[str, str]) -> dict[str, Any]:
    """The way through triage: nothing to do about what holds."""
    if verdict.answer is Answer.HOLDS:
        return {}
    if waiver := waiver_of(verdict, waived):
        note = {"comment": shown(waiver)}
        return {"status_id": 3, "status": "Suppressed", "notes": [note]}
    return {"status_id": 1, "status": "New"}


def _ms(moment: datetime) -> int:
    """``timestamp_t``: milliseconds since 1970."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)
