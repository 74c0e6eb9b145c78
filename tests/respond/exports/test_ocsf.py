"""OCSF: held to the published schema, compiled from its own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from tests.respond.exports.ocsf_schema import Schema
from tests.respond.exports.verdicts import (
    ALL,
    AT,
    BARE,
    BROKEN,
    CANNOT_TELL,
    HOLDS,
    REASONS,
    RULES,
    WAIVED_UNTOLD,
    verdicts,
)

from checkvalve.findings import Verdict
from checkvalve.respond.exports.ocsf import Ocsf

CLASS = "compliance_finding"


@pytest.fixture(scope="module")
def schema(shared: Path) -> Schema:
    return Schema(shared / "schemas" / "ocsf")


def written(*some: Verdict, waived: dict[str, str] | None = None) -> list[dict[str, Any]]:
    text = Ocsf().write(some, RULES, at=AT, waived=waived or {})
    return [json.loads(line) for line in text.splitlines()]


def test_every_verdict_is_a_compliance_finding_of_the_schema(schema: Schema) -> None:
    for event in written(*ALL, waived=REASONS):
        assert schema.complaints(event, CLASS) == []


def test_a_verdict_of_an_unknown_rule_is_one_too(schema: Schema) -> None:
    for line in Ocsf().write(ALL, {}, at=AT, waived=REASONS).splitlines():
        assert schema.complaints(json.loads(line), CLASS) == []


@given(made=verdicts())
def test_whatever_a_stranger_named_is_of_the_schema(
    schema: Schema, made: tuple[list[Verdict], dict[str, str]]
) -> None:
    some, waived = made
    events = written(*some, waived=waived)
    assert len(events) == len(some)
    for event in events:
        assert schema.complaints(event, CLASS) == []


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("severity_id",), None, "severity_id is missing"),
        (("finding_info", "uid"), None, "finding_info.uid is missing"),
        (("compliance", "status_id"), 7, "7 has no meaning"),
        (("compliance", "status"), "Pass", "is called Fail, not Pass"),
        (("class_uid",), 3, "class_uid is another"),
        (("time",), "now", "is no integer"),
        (("colour",), "red", "colour is unknown"),
        (("resources",), {}, "is no array"),
        (("finding_info", "attacks"), [{}], "has 0 of"),
    ],
)
def test_the_validator_finds_what_is_wrong(
    schema: Schema, path: tuple[str, ...], value: object, complaint: str
) -> None:
    (event,) = written(BROKEN)
    *outer, last = path
    place = event
    for name in outer:
        place = place[name]
    place[last] = value
    if value is None:
        del place[last]
    assert complaint in " ".join(schema.complaints(event, CLASS))


def test_the_answer_is_the_compliance_status() -> None:
    statuses = [one["compliance"]["status_id"] for one in written(HOLDS, CANNOT_TELL, BARE, BROKEN)]
    assert statuses == [1, 2, 2, 3]


def test_a_waiver_suppresses_the_finding_and_leaves_the_answer() -> None:
    (one,) = written(WAIVED_UNTOLD, waived=REASONS)
    assert (one["status_id"], one["compliance"]["status_id"]) == (3, 2)
    assert one["notes"] == [{"comment": "accepted by B. Boss until May"}]


def test_techniques_and_requirements_stand_apart() -> None:
    (one,) = written(BROKEN)
    assert [a["technique"]["uid"] for a in one["finding_info"]["attacks"]] == ["T0886"]
    assert one["compliance"]["standards"] == ["IEC 62443-3-3"]
    assert one["compliance"]["requirements"][1] == "IEC 62443-3-3 SR 5.2 Zone boundary protection"


def test_times_are_milliseconds_and_evidence_names_its_line() -> None:
    (one,) = written(BROKEN)
    assert (one["time"], one["end_time"]) == (1772452800000, 1772452740000)
    assert one["evidences"][1]["file"] == {
        "name": "core 1.conf",
        "path": "fw/core 1.conf",
        "type_id": 1,
    }
    assert one["evidences"][1]["data"]["line"] == 12
