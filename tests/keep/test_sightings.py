"""Sightings add up, in whatever order and grouping they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.keep.making import AT, finding, later

from checkvalve.findings import Evidence, Finding
from checkvalve.keep.sightings import EVIDENCE_KEPT, gathered, merged

seconds = st.integers(0, 5)
evidence = st.builds(
    Evidence,
    what=st.sampled_from(["a", "b"]),
    packet=st.integers(0, 20),
    at=st.none() | seconds.map(later),
)
sightings = st.builds(
    lambda at, length, count, because, items, assets: replace(
        finding(0),
        at=later(at),
        last=later(at + length) if length else None,
        count=count,
        because=because,
        evidence=tuple(items),
        assets=tuple(assets),
    ),
    seconds,
    seconds,
    st.integers(1, 3),
    st.sampled_from(["one.", "two."]),
    st.lists(evidence, max_size=6),
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
)


@given(sightings, sightings)
def test_two_sightings_merge_the_same_in_either_order(one: Finding, other: Finding) -> None:
    assert merged(one, other) == merged(other, one)


@given(sightings, sightings, sightings)
def test_three_sightings_merge_the_same_in_any_grouping(a: Finding, b: Finding, c: Finding) -> None:
    assert merged(merged(a, b), c) == merged(a, merged(b, c))


def test_counts_add_up_and_times_span_both() -> None:
    one, other = finding(0, second=10, count=3), finding(0, second=4)
    both = merged(one, other)
    assert (both.count, both.at, both.until) == (4, later(4), later(13))
    assert both.id == one.id


def test_the_words_are_those_of_the_later_sighting() -> None:
    early = replace(finding(0), because="it scanned 4 addresses.")
    late = replace(finding(0, second=60), because="it scanned 40 addresses.")
    assert merged(late, early).because == "it scanned 40 addresses."


def test_the_first_and_the_last_evidence_is_kept_and_the_middle_goes() -> None:
    items = tuple(
        Evidence(f"packet {n}", packet=n, at=AT + timedelta(seconds=n)) for n in range(20)
    )
    all_of_it = merged(
        replace(finding(0), evidence=items[:10]), replace(finding(0), evidence=items[10:])
    )
    assert all_of_it.evidence == items[:EVIDENCE_KEPT] + items[-EVIDENCE_KEPT:]


def test_different_causes_are_not_merged() -> None:
    with pytest.raises(ValueError, match="is not finding"):
        merged(finding(0), finding(1))
    assert [each.count for each in gathered([finding(0), finding(1), finding(0)]).values()] == [
        2,
        1,
    ]
