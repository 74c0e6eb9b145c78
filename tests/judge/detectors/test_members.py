from __future__ import annotations

import inspect
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkvalve.judge.detectors import MEMBERS, members
from checkvalve.judge.detectors.base import Detector
from checkvalve.rules import ATTACK_ICS
from checkvalve.testing.detectors import (
    Spell,
    judging_never_learns,
    merged_halves_equal_the_whole,
    nothing_learnt_reports_nothing,
    running_state_is_bounded,
    spells,
    state_survives_a_round_trip,
    taught_is_not_reported,
    three_cells,
    windows_of,
)

PLANT = three_cells()
STRANGERS = ("hmi-1", "hmi-3", "plc-1a", "plc-3a", "station", "10.1.1.78", "203.0.113.9")
every_detector = pytest.mark.parametrize("kind", members(), ids=lambda kind: kind.rule.id)
a_few = settings(max_examples=30)


@pytest.mark.parametrize("member", MEMBERS)
def test_file_class_and_rule_have_one_name(member: str) -> None:
    (kind,) = (kind for kind in members() if kind.__module__.endswith(f".{member}"))
    file = member.rsplit(".", 1)[-1]
    assert kind.rule.id == file.replace("_", "-")
    assert kind.__name__ == "".join(word.capitalize() for word in file.split("_"))


def test_members_are_in_the_order_of_their_names_and_each_once() -> None:
    assert list(MEMBERS) == sorted(set(MEMBERS))


@every_detector
def test_a_rule_says_what_to_do_and_where_it_comes_from(kind: type[Detector]) -> None:
    rule = kind.rule
    assert all((rule.title, rule.why, rule.cause, rule.consequence, rule.response))
    assert rule.harmless_if
    assert rule.time_to_respond > timedelta(0)
    sources = {reference.source for reference in rule.references}
    assert {ATTACK_ICS, "IEC 62443-3-3", "NIST SP 800-82r3"} <= sources


@every_detector
def test_a_detector_says_why_it_matters_and_where_its_limits_are(kind: type[Detector]) -> None:
    told = inspect.getdoc(kind) or ""
    for section in ("Why it matters:", "Known limits:", "Example:", "References:"):
        assert section in told


@a_few
@given(drawn=spells())
def test_nothing_learnt_reports_nothing(drawn: list[Spell]) -> None:
    windows = windows_of(PLANT, drawn)
    for kind in members():
        nothing_learnt_reports_nothing(kind, PLANT, windows)


@a_few
@given(drawn=spells(at_most=10))
def test_what_was_taught_is_not_reported(drawn: list[Spell]) -> None:
    windows = windows_of(PLANT, drawn)
    for kind in members():
        taught_is_not_reported(kind, PLANT, windows)


@a_few
@given(known=spells(), strange=spells(STRANGERS))
def test_judging_never_learns(known: list[Spell], strange: list[Spell]) -> None:
    usual, unusual = windows_of(PLANT, known), windows_of(PLANT, strange, from_hour=50)
    for kind in members():
        judging_never_learns(kind, PLANT, usual, unusual)


@a_few
@given(drawn=spells(), share=st.floats(0, 1))
def test_merged_halves_equal_the_whole(drawn: list[Spell], share: float) -> None:
    windows = windows_of(PLANT, drawn)
    for kind in members():
        merged_halves_equal_the_whole(kind, PLANT, windows, round(share * len(windows)))


@a_few
@given(known=spells(), strange=spells(STRANGERS))
def test_state_survives_a_round_trip(known: list[Spell], strange: list[Spell]) -> None:
    usual, unusual = windows_of(PLANT, known), windows_of(PLANT, strange, from_hour=50)
    for kind in members():
        state_survives_a_round_trip(kind, PLANT, usual, unusual)


@settings(max_examples=5)
@given(known=spells(), runs=st.lists(spells(at_most=2), min_size=8, max_size=8))
def test_running_state_is_bounded(known: list[Spell], runs: list[list[Spell]]) -> None:
    usual = windows_of(PLANT, known)
    strange = [
        windows_of(PLANT, _renamed(run, number), from_hour=50 + 10 * number)
        for number, run in enumerate(runs)
    ]
    for kind in members():
        running_state_is_bounded(kind, PLANT, usual, strange)


def _renamed(drawn: list[Spell], number: int) -> list[Spell]:
    """The same traffic, padded to one size, of sources that no other run has."""
    talks = [talk for spell in drawn for talk in spell.talks]
    padded = (talks * 40)[:40]
    fresh = tuple(
        type(talk)(f"10.1.1.{100 + k}", f"10.9.{number}.{k}", 502, False, talk.more)
        for k, talk in enumerate(padded)
    )
    return [Spell("production", fresh)]
