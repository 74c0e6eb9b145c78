"""A finding comes back as it went in."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.keep.making import AT, finding, later

from checkvalve.chain import Entry, canonical
from checkvalve.errors import IntegrityError
from checkvalve.findings import Certainty, Evidence, Finding, Subject
from checkvalve.keep.codec import cleaned, finding_from_json, finding_to_json

whole_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
any_text = st.text(max_size=8)
moments = st.integers(0, 100).map(later)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    at = draw(moments)
    count = draw(st.integers(1, 2**40))
    return Finding(
        rule=draw(whole_text),
        site=draw(whole_text),
        subject=Subject(draw(whole_text), draw(whole_text)),
        cause=draw(whole_text),
        at=at,
        last=None if count == 1 else draw(moments.filter(lambda moment: moment != at)),
        count=count,
        certainty=draw(st.sampled_from(Certainty)),
        because=draw(any_text),
        evidence=tuple(
            draw(
                st.lists(
                    st.builds(
                        Evidence,
                        *(any_text, any_text, any_text, any_text),
                        at=st.none() | moments,
                        file=any_text,
                        line=st.integers(0, 2**31),
                    ),
                    max_size=3,
                )
            )
        ),
        assets=tuple(draw(st.lists(any_text, max_size=3))),
        source=draw(any_text),
        target=draw(any_text),
        identities=tuple(draw(st.lists(any_text, max_size=3))),
        action=draw(any_text),
        zone=draw(any_text),
        process_mode=draw(any_text),
    )


@given(findings())
def test_any_finding_survives_the_round_trip(one: Finding) -> None:
    text = finding_to_json(one)
    assert text.isascii()
    assert finding_from_json(text, at=one.at, last=one.until, count=one.count) == one


def test_every_field_of_a_finding_is_kept() -> None:
    columns = {"id", "at", "last", "count"}
    assert json.loads(finding_to_json(finding())).keys() | columns == {
        field.name for field in fields(Finding)
    }


def test_a_field_that_an_older_version_did_not_write_takes_its_default() -> None:
    body = json.loads(finding_to_json(finding()))
    del body["process_mode"], body["identities"]
    read = finding_from_json(json.dumps(body), at=AT, last=AT, count=1)
    assert read == replace(finding(), process_mode="", identities=())


def test_evidence_of_an_older_version_stands_in_no_file() -> None:
    body = json.loads(finding_to_json(finding()))
    for item in body["evidence"]:
        del item["file"], item["line"]
    assert finding_from_json(json.dumps(body), at=AT, last=AT, count=1) == finding()


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"subject":["a"]}', '{"subject":3}'])
def test_a_damaged_body_is_an_integrity_error(text: str) -> None:
    with pytest.raises(IntegrityError, match="stored finding"):
        finding_from_json(text, at=AT, last=AT, count=1)


def test_words_from_a_hostile_capture_have_a_canonical_form() -> None:
    entry = cleaned(Entry(AT, "finding", "a\ud800", {"x\udfff": ["\0", {"y": "\udc80"}, 3, None]}))
    assert entry.body == {"x\\udfff": ["\\x00", {"y": "\\udc80"}, 3, None]}
    assert canonical({"who": entry.who, "body": entry.body})
