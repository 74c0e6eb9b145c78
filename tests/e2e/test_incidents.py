"""``checkvalve incidents`` and ``checkvalve baseline`` as a person uses them after a watch."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.story import Told
from tests.e2e.typing_in import Typed, typed

from checkvalve.keep.keeper import LEDGER

WHO_AND_WHY = ("--who", "Ana", "--why", "Looked at on the spot.")
WEEK = ("--until", "7d")


class Desk:
    """Commands on one plant and one state folder."""

    def __init__(self, line: Told, state: Path) -> None:
        self.at = (line.example / "plant", "--state", state)

    def incidents(self, *words: str | Path) -> Typed:
        return typed("incidents", *words, *self.at)

    def listed(self, *words: str) -> dict[str, dict[str, Any]]:
        """Incidents by id."""
        found = self.incidents("list", *words, "--format", "json")
        assert found.code == 0, found.err
        return {incident["id"]: incident for incident in found.json}

    def with_rule(self, rule: str) -> str:
        """The id of the first incident that a rule found."""
        return next(
            id_
            for id_, incident in self.listed().items()
            if rule in {finding["rule"] for finding in incident["findings"]}
        )


@pytest.fixture
def desk(line: Told, state: Path) -> Desk:
    return Desk(line, state)


def test_the_list_is_a_few_lines_an_incident_the_gravest_first(desk: Desk, line: Told) -> None:
    result = desk.incidents("list")
    assert result.code == 0
    listed = desk.listed()
    assert list(listed) == [incident["id"] for incident in line.incidents]
    order = [["Act", "Attend", "Track*", "Track"].index(one["class"]) for one in listed.values()]
    assert order == sorted(order)
    assert all(id_ in result.out for id_ in listed)
    assert max(len(text) for text in result.out.splitlines()) <= 101


def test_an_incident_reads_as_a_story(desk: Desk) -> None:
    scan = desk.with_rule("scan")
    result = desk.incidents("show", scan)
    assert result.code == 0
    parts = ("What happened", "On what", "Why it matters", "Evidence", "Harmless if", "What to do")
    places = [result.out.index(part) for part in parts]
    assert places == sorted(places)
    assert "incident.pcap packet" in result.out
    told = desk.incidents("show", scan, "--format", "json").json
    assert told["id"] == scan
    assert told["story"]["headline"]


def test_an_id_may_be_shortened_and_an_unknown_one_is_refused(desk: Desk) -> None:
    scan = desk.with_rule("scan")
    assert desk.incidents("show", scan[:9]).code == 0
    assert desk.incidents("show", scan.removeprefix("inc-")[:5]).code == 0
    unknown = desk.incidents("show", "inc-zzz")
    assert (unknown.code, unknown.out) == (2, "")
    assert "no incidents begin with 'inc-zzz'" in unknown.err
    several = desk.incidents("show", "inc-")
    assert several.code == 2
    assert f"{len(desk.listed())} incidents begin with 'inc-'" in several.err


def test_acknowledged_is_shown_with_who_did_it(desk: Desk) -> None:
    scan = desk.with_rule("scan")
    done = desk.incidents("acknowledge", scan, "--who", "Ana")
    assert done.out == f"{scan}: acknowledge by Ana\n"
    assert desk.listed()[scan]["state"] == "acknowledged"
    assert "acknowledged" in desk.incidents("list").out


def test_closed_is_hidden_until_all_are_asked_for(desk: Desk) -> None:
    scan = desk.with_rule("scan")
    assert desk.incidents("close", scan, *WHO_AND_WHY).code == 0
    assert scan not in desk.listed()
    assert desk.listed("--all")[scan]["state"] == "closed"
    assert "1 more are closed or muted; --all shows them" in desk.incidents("list").out


def test_muted_has_an_end_and_is_hidden_until_then(desk: Desk) -> None:
    scan = desk.with_rule("scan")
    assert desk.incidents("mute", scan, *WHO_AND_WHY, *WEEK).code == 0
    assert scan not in desk.listed()
    assert desk.listed("--all")[scan]["muted_until"]


@pytest.mark.parametrize("deed", ["mute", "learn"])
@pytest.mark.parametrize("left_out", ["--who", "--why", "--until"])
def test_what_hides_an_incident_needs_who_why_and_an_end(
    desk: Desk, deed: str, left_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHECKVALVE_WHO", raising=False)
    words = [*WHO_AND_WHY, *WEEK]
    place = words.index(left_out)
    result = desk.incidents(deed, desk.with_rule("scan"), *words[:place], *words[place + 2 :])
    assert result.code == 2
    assert left_out in result.err


@pytest.mark.parametrize("end", ["yesterday", "2026-01-01", "2020-01-01T00:00:00Z", "0d"])
def test_an_end_that_is_none_is_refused(desk: Desk, end: str) -> None:
    result = desk.incidents("mute", desk.with_rule("scan"), *WHO_AND_WHY, "--until", end)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("checkvalve: ")


def test_what_detectors_alone_found_can_be_learnt(desk: Desk) -> None:
    lost = desk.with_rule("lost-conversation")
    result = desk.incidents("learn", lost, *WHO_AND_WHY, *WEEK)
    assert result.code == 0
    assert "--onto --captures incident.pcap" in result.out
    assert lost not in desk.listed()


def test_what_a_check_proves_can_not_be_learnt(desk: Desk) -> None:
    proved = desk.with_rule("session-outside-grant")
    result = desk.incidents("learn", proved, *WHO_AND_WHY, *WEEK)
    assert (result.code, result.out) == (2, "")
    assert "is proved by session-outside-grant, and a check can't be taught" in result.err
    assert "waiver" in result.err
    assert desk.listed()[proved]["state"] == "open"


def test_every_act_is_in_the_ledger_and_a_changed_line_shows(
    desk: Desk, line: Told, state: Path, tmp_path: Path
) -> None:
    plant = tmp_path / "plant"
    shutil.copytree(line.example / "plant", plant, ignore=shutil.ignore_patterns("var"))
    shutil.copytree(state, plant / "var")
    before = typed("ledger", "verify", plant, "--format", "json").json["count"]
    mute = typed("incidents", "mute", desk.with_rule("scan"), plant, *WHO_AND_WHY, *WEEK)
    assert mute.code == 0
    assert typed("ledger", "verify", plant, "--format", "json").json["count"] == before + 1
    ledger = plant / "var" / LEDGER
    assert "Looked at on the spot." in ledger.read_text().splitlines()[-1]
    ledger.write_text(ledger.read_text().replace("Ana", "Bob"))
    changed = typed("ledger", "verify", plant)
    assert (changed.code, changed.out) == (3, "")
    assert changed.err.startswith("checkvalve: ")


def test_a_watch_fails_on_request_when_something_grave_is_open(
    desk: Desk, line: Told, state: Path
) -> None:
    capture = line.example / "captures" / "incident.pcap"
    again = ("watch", line.example / "plant", "-c", capture, "--state", state)
    assert typed(*again, "--fail-on", "act").code == 1
    assert typed(*again).code == 0
    for id_ in desk.listed():
        assert desk.incidents("close", id_, *WHO_AND_WHY).code == 0
    assert typed(*again, "--fail-on", "track").code == 0


def baseline(line: Told, state: Path, *words: str) -> Typed:
    return typed("baseline", *words, line.example / "plant", "--state", state)


def test_a_baseline_is_listed_shown_and_approved(line: Told, quiet: Path) -> None:
    digest = line.learnt["digest"]
    (listed,) = baseline(line, quiet, "show", "--format", "json").json
    assert listed["digest"] == digest
    assert listed["approved_by"] == ""
    shown = typed(
        "baseline", "show", line.example / "plant", "--state", quiet, "--digest", digest[:12],
        "--format", "json",
    ).json  # fmt: skip
    assert shown["ready"] is True
    assert shown["state"]["schema"] == "checkvalve.baseline/v1"
    approved = baseline(line, quiet, "approve", digest[:12], *WHO_AND_WHY)
    assert approved.code == 0
    (listed,) = baseline(line, quiet, "show", "--format", "json").json
    assert listed["approved_by"] == "Ana"


def test_a_digest_that_no_baseline_has_is_refused(line: Told, quiet: Path) -> None:
    for words in (("approve", "0000", *WHO_AND_WHY), ("diff", "0000", "0000")):
        result = baseline(line, quiet, *words)
        assert (result.code, result.out) == (2, "")
        assert "0 baselines begin with '0000'" in result.err
        assert line.learnt["digest"][:12] in result.err


def test_two_baselines_are_compared_path_by_path(line: Told, quiet: Path, small: Path) -> None:
    old = line.learnt["digest"]
    plant = line.example / "plant"
    learnt = typed("learn", plant, "-c", small, "--state", quiet, "--onto", "--format", "json")
    new = learnt.json["digest"]
    assert new != old
    result = baseline(line, quiet, "diff", old[:12], new[:12], "--format", "json")
    assert result.code == 1
    paths = [difference["path"] for difference in result.json]
    assert "sources" in paths
    assert any(path.startswith("observations") for path in paths)
    same = baseline(line, quiet, "diff", old, old)
    assert (same.code, same.out) == (0, "no difference\n")
