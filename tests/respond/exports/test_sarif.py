"""SARIF: structure after the standard, grades, places, suppressions."""

from __future__ import annotations

import json
import re
from typing import Any, Final

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
    verdict,
    verdicts,
)

from checkvalve.findings import Answer, Evidence, Verdict
from checkvalve.respond.exports.sarif import Sarif

#: The properties of each object that is written, with those that must be there: the clause.
OBJECTS: Final = {
    "sarifLog": ({"version", "runs"}, {"$schema"}),  # 3.13
    "run": ({"tool"}, {"invocations", "columnKind", "results"}),  # 3.14
    "tool": ({"driver"}, set()),  # 3.18
    "driver": ({"name"}, {"semanticVersion", "rules"}),  # 3.19
    "rule": (
        {"id"},
        {"shortDescription", "fullDescription", "help", "defaultConfiguration", "properties"},
    ),  # 3.49
    "invocation": ({"executionSuccessful"}, {"endTimeUtc"}),  # 3.20
    "result": (
        {"message"},  # 3.27
        {"ruleId", "ruleIndex", "kind", "level", "locations", "relatedLocations", "properties"}
        | {"partialFingerprints", "suppressions", "occurrenceCount"},
    ),
    "location": (set(), {"id", "physicalLocation", "logicalLocations", "message"}),  # 3.28
    "physicalLocation": ({"artifactLocation"}, {"region"}),  # 3.29
    "suppression": ({"kind"}, {"status", "justification"}),  # 3.35
    "message": ({"text"}, set()),  # 3.11
}
#: RFC 3986, unreserved, percent-encoded and what parts a path.
URI: Final = re.compile(r"(?:file:///)?(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+")


def hold_to(kind: str, body: dict[str, Any]) -> None:
    needed, allowed = OBJECTS[kind]
    assert needed <= body.keys() <= needed | allowed, kind


def written(*some: Verdict, waived: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The results, after the whole has been held to the standard."""
    body = json.loads(Sarif().write(some, RULES, at=AT, waived=waived or {}))
    hold_to("sarifLog", body)
    assert body["version"] == "2.1.0"
    (run,) = body["runs"]
    hold_to("run", run)
    hold_to("driver", run["tool"]["driver"])
    for rule in run["tool"]["driver"]["rules"]:
        hold_to("rule", rule)
    for result in run["results"]:
        hold_result(result, run["tool"]["driver"]["rules"])
    results: list[dict[str, Any]] = run["results"]
    return results


def hold_result(result: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    hold_to("result", result)
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["kind"] == "fail" or result["level"] == "none"  # 3.27.10
    assert result["occurrenceCount"] >= 1 if "occurrenceCount" in result else True
    related = result.get("relatedLocations", [])
    assert len({one["id"] for one in related}) == len(related)
    for place in (*result["locations"], *related):
        hold_to("location", place)
        if "message" in place:
            hold_to("message", place["message"])
        if "physicalLocation" in place:
            hold_to("physicalLocation", place["physicalLocation"])
            assert URI.fullmatch(place["physicalLocation"]["artifactLocation"]["uri"])
            assert place["physicalLocation"].get("region", {"startLine": 1})["startLine"] >= 1
    for one in result.get("suppressions", []):
        hold_to("suppression", one)


def test_what_is_broken_is_an_error_and_what_holds_passes() -> None:
    broken, holds = written(BROKEN, HOLDS)
    assert (broken["kind"], broken["level"]) == ("fail", "error")
    assert (holds["kind"], holds["level"]) == ("pass", "none")


def test_what_nobody_can_tell_is_a_warning_and_never_passes() -> None:
    for one in written(CANNOT_TELL, BARE):
        assert (one["kind"], one["level"]) == ("fail", "warning")
        assert one["properties"]["answer"] == "cannot tell"


def test_the_place_is_the_first_line_of_a_file_and_all_else_is_related() -> None:
    (one,) = written(BROKEN)
    (place,) = one["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "fw/core%201.conf"},
        "region": {"startLine": 12},
    }
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "conduit office-to-cell"
    packet, line = one["relatedLocations"]
    assert packet["physicalLocation"] == {"artifactLocation": {"uri": "day.pcap"}}
    assert "packet 7" in packet["message"]["text"]
    assert line["physicalLocation"]["region"] == {"startLine": 19}


def test_a_file_as_a_whole_has_no_line_and_an_absolute_path_is_a_file_uri() -> None:
    places = (("/etc/nft.conf", "file:///etc/nft.conf"), ("a\\b.conf", "a/b.conf"))
    for file, uri in (*places, ("c:x#1", "c%3Ax%231")):
        (one,) = written(verdict(Answer.BROKEN, evidence=(Evidence("it", file=file),)))
        assert one["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": uri}}


def test_the_fingerprint_is_the_findings_id() -> None:
    (one,) = written(BROKEN)
    assert BROKEN.finding is not None
    assert one["partialFingerprints"] == {"checkvalveFinding/v1": BROKEN.finding.id}


def test_a_waiver_is_a_suppression_and_changes_no_grade() -> None:
    (one,) = written(WAIVED, waived=REASONS)
    assert one["level"] == "error"
    assert one["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "accepted by B. Boss until May",
        }
    ]


def test_no_name_becomes_a_link_or_a_placeholder() -> None:
    (one,) = written(verdict(Answer.BROKEN, because="[click](https://example.org) {0}"))
    assert "\\[click\\](https://example.org) {{0}}" in one["message"]["text"]


def test_every_verdict_is_one_result() -> None:
    assert len(written(*ALL, waived=REASONS)) == len(ALL)


@given(verdicts())
def test_whatever_a_stranger_named_is_sarif(made: tuple[list[Verdict], dict[str, str]]) -> None:
    some, waived = made
    assert len(written(*some, waived=waived)) == len(some)
