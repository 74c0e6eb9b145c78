"""Findings as JSON and back, and words that any file can hold.

The text holds ASCII alone, whatever octets a capture put into a name. A field that an older
version did not write takes its default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from checkvalve.chain import Entry, Value, instant
from checkvalve.errors import IntegrityError
from checkvalve.findings import Certainty, Evidence, Finding, Subject

_EVIDENCE = tuple(field.name for field in fields(Evidence))
_PLAIN = ("rule", "site", "cause", "because", "source", "target", "action", "zone", "process_mode")
_NAMES = ("assets", "identities")


def clean(text: str) -> str:
    """Writes what neither UTF-8 nor a database can hold as an escape."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def finding_to_json(finding: Finding) -> str:
    """Encodes all of a finding but its times and its count, which have columns."""
    body: dict[str, Any] = {name: getattr(finding, name) for name in _PLAIN + _NAMES}
    body["subject"] = [finding.subject.kind, finding.subject.id]
    body["certainty"] = finding.certainty
    body["evidence"] = [_evidence_to_json(item) for item in finding.evidence]
    return json.dumps(body, separators=(",", ":"))


def finding_from_json(text: str, *, at: datetime, last: datetime, count: int) -> Finding:
    """Decodes a finding.

    Args:
        text: what ``finding_to_json`` gave.
        at: when it was first seen, in UTC.
        last: when it was last seen, in UTC.
        count: how often.

    Raises:
        IntegrityError: the text is not that of a finding.
    """
    try:
        body = json.loads(text)
        kind, id_ = body["subject"]
        words: dict[str, Any] = {name: body[name] for name in _PLAIN if name in body}
        words |= {name: tuple(body[name]) for name in _NAMES if name in body}
        return Finding(
            **words,
            subject=Subject(kind, id_),
            certainty=Certainty(body["certainty"]),
            evidence=tuple(_evidence_from_json(item) for item in body["evidence"]),
            at=at,
            last=None if last == at else last,
            count=count,
        )
    except (ValueError, TypeError, KeyError) as error:
        raise IntegrityError(
            f"a stored finding can't be read: {error}",
            hint="the store was damaged or edited; restore it from a backup",
        ) from error


def cleaned(entry: Entry) -> Entry:
    """An entry whose words any file can hold, whatever a capture put into a name."""
    body = {clean(key): _clean_value(value) for key, value in entry.body.items()}
    return Entry(entry.at, clean(entry.kind), clean(entry.who), body)


def _clean_value(value: Value) -> Value:
    match value:
        case str():
            return clean(value)
        case Mapping():
            return {clean(key): _clean_value(item) for key, item in value.items()}
        case Sequence():
            return [_clean_value(item) for item in value]
        case _:
            return value


def _evidence_to_json(item: Evidence) -> dict[str, Any]:
    body = {name: getattr(item, name) for name in _EVIDENCE}
    body["at"] = None if item.at is None else instant(item.at)
    return body


def _evidence_from_json(body: dict[str, Any]) -> Evidence:
    at = body.pop("at", None)
    return Evidence(**body, at=None if at is None else datetime.fromisoformat(at))
