"""A story as data survives JSON and holds what the text says."""

from __future__ import annotations

import json
from dataclasses import fields

from tests.respond.triage.test_story import CASES, story

from checkvalve.respond.triage.plain import data
from checkvalve.respond.triage.story import Story


def test_a_story_goes_through_json_unchanged() -> None:
    for case in CASES.values():
        plain = data(story(case))
        assert json.loads(json.dumps(plain)) == plain


def test_it_has_every_field_in_words_and_numbers() -> None:
    plain = data(story(CASES["write"]))
    assert list(plain) == [part.name for part in fields(Story)]
    assert (plain["outcome"], plain["state"], plain["within"]) == ("Act", "open", 600.0)
    assert plain["score"]["total"] == sum(part["points"] for part in plain["score"]["parts"])
    assert plain["events"][0]["at"] == "2026-03-02T12:00:00+00:00"
    assert plain["evidence"][0]["capture"] == "cell-2.pcap"
