"""SARIF 2.1.0: verdicts for code scanning, editors and whatever else reads its results.

After *Static Analysis Results Interchange Format (SARIF) Version 2.1.0*, OASIS Standard, 27 March
2020; clauses in the comments. A broken verdict is a failure of level ``error``, one that holds is
of kind ``pass``. *Cannot tell* is a failure of level ``warning``: kind ``open`` would say it more
closely, but then the level has to be ``none`` (3.27.10), which viewers hide. What was answered
stands in the properties in our own word.

The location is the first evidence that stands in a file; all other evidence is a related
location. Waivers are suppressions from outside (3.35), and finding ids partial fingerprints.

Known limits: no ``baselineState``; evidence from a capture names the packet in its message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final, Literal, assert_never
from urllib.parse import quote

import checkvalve
from checkvalve.findings import Answer, Evidence, Verdict
from checkvalve.respond.exports.base import (
    Export,
    evidence_of,
    id_of,
    shown,
    stamp,
    waiver_of,
)
from checkvalve.rules import Rule

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
#: The number counts versions of how ids are made (3.27.17).
_FINGERPRINT: Final = "checkvalveFinding/v1"


class Sarif(Export):
    """Results of one run."""

    name: ClassVar[str] = "sarif"

    def write(
        self,
        verdicts: Sequence[Verdict],
        rules: Mapping[str, Rule],
        *,
        at: datetime,
        waived: Mapping[str, str],
    ) -> str:
        """See ``Export.write``."""
        used = list(dict.fromkeys(verdict.rule for verdict in verdicts))
        run = {
            "tool": {
                "driver": {
                    "name": "Checkvalve",
                    "semanticVersion": checkvalve.__version__,
                    "rules": [_rule(name, rules.get(name)) for name in used],
                }
            },
            "invocations": [{"executionSuccessful": True, "endTimeUtc": stamp(at)}],
            "columnKind": "unicodeCodePoints",
            "results": [_result(one, used.index(one.rule), waived) for one in verdicts],
        }
        body = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
        return json.dumps(body, indent=2) + "\n"


def _rule(name: str, rule: Rule | None) -> dict[str, Any]:
    """A reportingDescriptor (3.49)."""
    body: dict[str, Any] = {"id": shown(name), "defaultConfiguration": {"level": "error"}}
    if rule is not None:
        body |= {
            "shortDescription": _message(rule.title),
            "fullDescription": _message(rule.why),
            "help": _message(
                f"Cause: {rule.cause} Consequence: {rule.consequence} Response: {rule.response}"
            ),
            "properties": {"tags": [shown(str(one)) for one in rule.references]},
        }
    return body


def _result(verdict: Verdict, rule_index: int, waived: Mapping[str, str]) -> dict[str, Any]:
    """A result (3.27)."""
    kind, level = _graded(verdict.answer)
    place, others = _places(evidence_of(verdict))
    body: dict[str, Any] = {
        "ruleId": shown(verdict.rule),
        "ruleIndex": rule_index,
        "kind": kind,
        "level": level,
        "message": _message(f"{verdict.subject}: {verdict.because}"),
        "locations": [_location(place) | {"logicalLocations": [_subject(verdict)]}],
        "partialFingerprints": {_FINGERPRINT: id_of(verdict)},
        "properties": {"answer": str(verdict.answer)},
    }
    if others:
        body["relatedLocations"] = [
            {"id": number, **_location(item)} for number, item in enumerate(others, start=1)
        ]
    if verdict.finding is not None:
        body["occurrenceCount"] = max(1, verdict.finding.count)
    if waiver := waiver_of(verdict, waived):
        body["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": shown(waiver)}
        ]
    return body


def _graded(answer: Answer) -> tuple[Literal["fail", "pass"], str]:
    match answer:
        case Answer.BROKEN:
            return "fail", "error"
        case Answer.CANNOT_TELL:
            return "fail", "warning"
        case Answer.HOLDS:
            return "pass", "none"
        case _:
            assert_never(answer)


def _places(evidence: tuple[Evidence, ...]) -> tuple[Evidence | None, list[Evidence]]:
    """The evidence that is the result's location, and all other."""
    place = next((item for item in evidence if item.file), None)
    return place, [item for item in evidence if item is not place]


def _subject(verdict: Verdict) -> dict[str, str]:
    """A logicalLocation (3.33); its kind may be any word."""
    subject = verdict.subject
    return {
        "name": shown(subject.id),
        "fullyQualifiedName": shown(str(subject)),
        "kind": shown(subject.kind),
    }


def _location(item: Evidence | None) -> dict[str, Any]:
    """A location (3.28); empty where there is no evidence."""
    if item is None:
        return {}
    place = item.place
    body: dict[str, Any] = {"message": _message(f"{item} [{place}]" if place else str(item))}
    if item.file or item.capture:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(item.file or item.capture)}}
        if item.file and item.line > 0:
            physical["region"] = {"startLine": item.line}
        body["physicalLocation"] = physical
    return body


def _uri(name: str) -> str:
    """A file's name as a URI reference (3.4.3, RFC 3986); an absolute path is of scheme file."""
    path = quote(name.replace("\\", "/").encode("utf-8", "backslashreplace"), safe="/")
    return f"file:///{path.lstrip('/')}" if path.startswith("/") else path


def _message(text: str) -> dict[str, str]:
    """A message (3.11) in which no text is a placeholder (3.11.5) or a link (3.11.6)."""
    said_plainly = shown(text).replace("\\", "\\\\")
    for bracket in "[]":
        said_plainly = said_plainly.replace(bracket, f"\\{bracket}")
    for brace in "{}":
        said_plainly = said_plainly.replace(brace, brace * 2)
    return {"text": said_plainly}
