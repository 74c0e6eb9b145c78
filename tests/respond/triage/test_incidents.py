"""Incidents: a fold of findings, links and acts that no order of arrival can change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.respond.triage.seen import finding, minutes, plant
from tests.respond.triage.test_correlate import RULES, SEEN, lost, sweep, talk, write

from checkvalve.findings import Finding, Subject
from checkvalve.plant import Change
from checkvalve.respond.triage.acts import Act, ActKind, State
from checkvalve.respond.triage.correlate import correlate
from checkvalve.respond.triage.incidents import Incident, incidents
from checkvalve.respond.triage.links import Link
from checkvalve.respond.triage.points import Certainty, Outcome, Production, Safety, Stage
from checkvalve.respond.triage.reach import DeclaredReach
from checkvalve.respond.triage.table import default_table, overridden

PLANT = plant()
NOW = minutes(120)
UNDECLARED = finding("undeclared-conduit", "HMI-3", "PLC-7", minutes(1), action="write", proof=True)


def linked(findings: Iterable[Finding]) -> tuple[Link, ...]:
    return correlate(findings, RULES, PLANT, DeclaredReach(PLANT))


def fold(
    findings: Sequence[Finding], *acts: Act, links: Iterable[Link] | None = None, **more: Any
) -> tuple[Incident, ...]:
    held = linked(findings) if links is None else links
    return incidents(findings, held, acts, PLANT, more.pop("at", NOW), rules=RULES, **more)


def only(findings: Sequence[Finding], *acts: Act, **more: Any) -> Incident:
    (incident,) = fold(findings, *acts, **more)
    return incident


def act(kind: ActKind, *findings: Finding, at: float = 60, until: float | None = None) -> Act:
    end = None if until is None else minutes(until)
    ids = tuple(one.id for one in findings)
    return Act(kind, "inc-1", ids, "anna", "because", minutes(at), end)


def test_the_worked_example_is_act() -> None:
    incident = only([write("HMI-3", "PLC-7"), UNDECLARED])
    assert incident.outcome is Outcome.ACT
    row = incident.row
    assert row.certainty is Certainty.CORROBORATED
    assert row.stage is Stage.PROCESS_MANIPULATION
    assert (row.safety, row.production) == (Safety.CRITICAL, Production.FUNCTION_FAILURE)
    assert incident.headline == "HMI-3 did something to PLC-7."


def test_a_new_conversation_of_two_harmless_hosts_is_track() -> None:
    assert only([talk("MES-1", "QS-1")]).outcome is Outcome.TRACK


def test_points_of_different_findings_are_never_mixed_into_one_row() -> None:
    proven_and_harmless = finding(
        "undeclared-conduit", "HMI-3", "QS-1", minutes(1), action="read", proof=True
    )
    incident = only([lost("HMI-3", "PLC-7"), write("HMI-3", "PLC-7", -1), proven_and_harmless])
    rows = [one.row for one in incident.judged]
    assert incident.row in rows
    assert incident.row.certainty is Certainty.CORROBORATED


def test_a_change_that_covers_it_lowers_by_one_class() -> None:
    order = Change(
        id="WO-1",
        people=("anna",),
        assets=("PLC-7",),
        actions=("write",),
        from_=minutes(-10),
        until=minutes(60),
    )
    found = [write("HMI-3", "PLC-7", identities=("anna",)), UNDECLARED]
    covered = incidents(found, linked(found), (), plant(order), NOW, rules=RULES)
    assert max(one.outcome for one in covered) is Outcome.ATTEND
    assert covered[0].lead.grounds["sanctioned"].because == "change WO-1 covers it"


def test_posture_calls_nobody_however_bad_the_place_is() -> None:
    standing = finding("no-owner", subject=Subject("asset", "SIS-1"), proof=True)
    assert only([standing]).outcome is Outcome.TRACK_STAR


def test_a_plants_own_table_decides() -> None:
    loud = overridden(default_table(), {"cells": [{"outcome": "Track*", "why": "x"}]}, name="t")
    assert only([talk("MES-1", "QS-1")], table=loud).outcome is Outcome.TRACK_STAR


def test_the_id_is_that_of_the_oldest_finding() -> None:
    one, other = write("HMI-3", "PLC-7"), write("HMI-3", "PLC-8", 5)
    assert only([one]).id == only([other, one]).id == f"inc-{one.id[:12]}"


def test_the_worst_come_first() -> None:
    found = fold(
        [talk("MES-1", "QS-1"), lost("HMI-3", "PLC-8", 40), write("EWS-1", "SIS-1"), UNDECLARED]
    )
    outcomes = [one.outcome for one in found]
    assert outcomes == sorted(outcomes, reverse=True)
    assert len(found) == 4


def test_taking_a_link_away_parts_the_incident() -> None:
    one, other = write("HMI-3", "PLC-7"), write("HMI-3", "PLC-8", 5)
    whole = linked([one, other])
    assert len(fold([one, other], links=whole)) == 1
    assert [len(part.judged) for part in fold([one, other], links=whole[1:])] == [1, 1]


def test_acts_on_a_whole_still_hold_for_its_parts() -> None:
    one, other = write("HMI-3", "PLC-7"), write("HMI-3", "PLC-8", 5)
    acknowledged = act(ActKind.ACKNOWLEDGE, one, other)
    assert only([one, other], acknowledged).state is State.ACKNOWLEDGED
    assert [p.state for p in fold([one, other], acknowledged, links=())] == [State.ACKNOWLEDGED] * 2


def test_a_closed_incident_whose_cause_is_seen_again_is_open() -> None:
    once = write("HMI-3", "PLC-7", last=minutes(30))
    assert only([once], act(ActKind.CLOSE, once)).state is State.CLOSED
    again = write("HMI-3", "PLC-7", last=minutes(90), count=2)
    incident = only([again], act(ActKind.CLOSE, once))
    assert again.id == once.id
    assert (incident.state, incident.returned) == (State.OPEN, minutes(60))


def test_a_closed_incident_that_a_new_finding_joins_is_open() -> None:
    one, other = write("HMI-3", "PLC-7"), write("HMI-3", "PLC-8", 5)
    assert only([one, other], act(ActKind.CLOSE, one)).state is State.OPEN


def test_an_acknowledged_incident_stays_so_unless_it_grows_worse() -> None:
    first = talk("HMI-3", "PLC-8")
    seen = act(ActKind.ACKNOWLEDGE, first)
    assert only([first, talk("HMI-3", "PLC-7", 5)], seen).state is State.OPEN
    same = finding("new-conversation", "HMI-3", "PLC-8", minutes(6), action="read", cause="2")
    assert only([first, same], seen).state is State.ACKNOWLEDGED
    assert only([first, write("HMI-3", "PLC-8", 5)], seen).state is State.OPEN


def test_contained_is_told_apart_from_acknowledged() -> None:
    one = write("HMI-3", "PLC-7")
    both = (act(ActKind.ACKNOWLEDGE, one), act(ActKind.CONTAIN, one, at=70))
    assert only([one], *both).state is State.CONTAINED


def test_a_mute_hides_until_its_end_and_never_what_it_has_not_seen() -> None:
    one, other = write("HMI-3", "PLC-7"), write("HMI-3", "PLC-8", 5)
    muted = act(ActKind.MUTE, one, until=600)
    assert only([one], muted).muted_until == minutes(600)
    assert only([one], muted, at=minutes(600)).muted_until is None
    assert only([one, other], muted).muted_until is None


def test_learning_closes_what_was_learnt_and_not_what_is_proven() -> None:
    one = write("HMI-3", "PLC-7")
    taught = act(ActKind.LEARN, one, UNDECLARED, until=6_000)
    incident = only([one, UNDECLARED], taught)
    assert incident.state is State.OPEN
    assert incident.teachable == (one,)
    assert only([one], taught).state is State.CLOSED


def test_people_are_told_at_1_10_and_100_and_when_it_returns() -> None:
    def occasions(count: int, *acts: Act, last: float = 0) -> tuple[str, ...]:
        one = talk("MES-1", "QS-1", count=count, last=minutes(last))
        return only([one], *acts).occasions

    assert occasions(9) == ("Track", "1")
    assert occasions(10) == occasions(99) == ("Track", "1", "10")
    assert occasions(1_000) == ("Track", "1", "10", "100")
    closed = act(ActKind.CLOSE, talk("MES-1", "QS-1"))
    assert occasions(2, closed, last=90)[-1] == "returned after 2026-03-02T13:00:00+00:00"


def test_a_rise_is_news_and_a_fall_is_not() -> None:
    mild = set(only([lost("HMI-3", "PLC-8")]).occasions)
    severe = set(only([write("HMI-3", "PLC-7"), UNDECLARED]).occasions)
    assert severe - mild == {"Act"}
    assert mild - severe == set()


def test_an_act_names_its_incident_in_order_of_time() -> None:
    one = write("HMI-3", "PLC-7")
    later, sooner = act(ActKind.CLOSE, one, at=50), act(ActKind.ACKNOWLEDGE, one, at=40)
    assert only([one], later, sooner).acts == (sooner, later)


ACTS = st.lists(
    st.tuples(
        st.sampled_from([ActKind.ACKNOWLEDGE, ActKind.CLOSE, ActKind.REOPEN]),
        st.integers(0, 13),
        st.integers(0, 119),
    ),
    max_size=5,
)


@settings(max_examples=50)
@given(SEEN, ACTS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    found: list[Finding], done: list[tuple[ActKind, int, int]], order: Any
) -> None:
    acts = [
        act(kind, found[place], at=at + number / 100)
        for number, (kind, place, at) in enumerate(done)
        if place < len(found)
    ]
    expected = fold(found, *acts)
    links = list(linked(found))
    for values in (found, acts, links):
        order.shuffle(values)
    assert fold(found, *acts, links=links) == expected


@settings(max_examples=50)
@given(SEEN)
def test_each_finding_is_in_one_incident_and_the_worst_leads(found: list[Finding]) -> None:
    whole = fold(found)
    assert sorted(one.id for incident in whole for one in incident.findings) == sorted(
        one.id for one in found
    )
    for incident in whole:
        assert incident.outcome is max(one.outcome for one in incident.judged)
        assert incident.first <= incident.last


@settings(max_examples=50)
@given(SEEN, SEEN)
def test_merging_and_parting_again_is_the_identity(
    found: list[Finding], more: list[Finding]
) -> None:
    known = {one.id for one in found}
    new = [one for one in more if one.id not in known]
    before = linked(found)
    both = dict.fromkeys([*before, *linked([*found, *new])])
    parted = [link for link in both if link in before]
    assert fold(found, links=parted) == fold(found, links=before)


def test_a_sweep_and_its_conversations_are_one_incident() -> None:
    found = [sweep("EWS-1"), *(talk("EWS-1", name, 1) for name in ("HMI-3", "PLC-7", "SIS-1"))]
    incident = only(found)
    assert incident.outcome is Outcome.ATTEND
    assert incident.last - incident.first <= timedelta(minutes=1)
