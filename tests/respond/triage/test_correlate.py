"""Findings of one cause join; findings of two causes do not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.respond.triage.seen import ASSETS, NOON, finding, minutes, plant, rule

from checkvalve.findings import Finding, Subject
from checkvalve.respond.triage.correlate import correlate
from checkvalve.respond.triage.links import Link, Reason, components
from checkvalve.respond.triage.reach import DeclaredReach

RULES = {
    one.id: one
    for one in (
        rule("session-outside-grant", "T0859"),
        rule("new-conversation", "T0886"),
        rule("undeclared-conduit", "T0886"),
        rule("scan", "T0846"),
        rule("download", "T0843"),
        rule("new-writer", "T0855"),
        rule("lost-conversation", "T0815"),
        rule("unanswered-requests", "T0814"),
        rule("no-owner"),
    )
}


PLANT = plant()


def links(findings: Iterable[Finding]) -> tuple[Link, ...]:
    return correlate(findings, RULES, PLANT, DeclaredReach(PLANT))


def groups(findings: Sequence[Finding]) -> list[set[int]]:
    """The incidents, as places in the list."""
    places = {one.id: number for number, one in enumerate(findings)}
    found = components([one.id for one in findings], links(findings))
    return [{places[name] for name in group} for group in found]


def reasons(one: Finding, other: Finding) -> set[Reason]:
    return {why.reason for link in links([one, other]) for why in link.reasons}


def write(source: str, target: str, at: float = 0, **more: Any) -> Finding:
    return finding("new-writer", source, target, minutes(at), action="write", **more)


def talk(source: str, target: str, at: float = 0, **more: Any) -> Finding:
    return finding("new-conversation", source, target, minutes(at), action="read", **more)


def lost(source: str, target: str, at: float = 0, **more: Any) -> Finding:
    return finding("lost-conversation", source, target, minutes(at), **more)


def sweep(source: str, at: float = 0) -> Finding:
    tried = (source, "HMI-3", "PLC-7", "PLC-8", "SIS-1", "HIST-1")
    return finding("scan", source, at=minutes(at), action="discover", assets=tried)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (talk("HMI-3", "PLC-7"), write("HMI-3", "PLC-7", 10), {Reason.CONVERSATION, Reason.ACTOR}),
        (
            talk("HMI-3", "PLC-7"),
            write("PLC-7", "HMI-3", 10),
            {Reason.CONVERSATION, Reason.REACHED},
        ),
        (talk("HMI-3", "PLC-7"), write("HMI-3", "PLC-8", 10), {Reason.ACTOR}),
        (talk("EWS-1", "HMI-3"), write("HMI-3", "PLC-7", 10), {Reason.REACHED}),
        (write("EWS-1", "PLC-7"), lost("HMI-3", "PLC-7", 10), {Reason.COMMANDED}),
        (lost("HMI-3", "PLC-7"), lost("HMI-3", "PLC-8", 10), {Reason.SILENT}),
        (
            talk("EWS-1", "HIST-1", identities=("anna",)),
            talk("MES-1", "QS-1", 10, identities=("anna",)),
            {Reason.IDENTITY},
        ),
    ],
)
def test_what_is_shared_is_the_reason(one: Finding, other: Finding, expected: set[Reason]) -> None:
    assert reasons(one, other) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (talk("EWS-1", "PLC-7"), lost("HMI-3", "PLC-7", 10)),
        (lost("HMI-3", "PLC-7"), write("EWS-1", "PLC-7", 10)),
        (lost("HMI-3", "PLC-7"), write("HMI-3", "PLC-8", 10)),
        (write("HMI-3", "PLC-7"), talk("EWS-1", "HMI-3", 10)),
        (talk("EWS-1", "PLC-7"), write("HMI-3", "PLC-7", 10)),
        (talk("EWS-1", "PLC-7"), write("HMI-3", "PLC-8", 10)),
        (talk("EWS-1", "PLC-7"), talk("EWS-1", "PLC-8", 31)),
    ],
)
def test_what_has_two_causes_stays_apart(one: Finding, other: Finding) -> None:
    assert reasons(one, other) == set()


def test_a_scan_does_not_swallow_a_poll_that_stops() -> None:
    swept = ("HMI-3", "PLC-7", "PLC-8", "SIS-1", "MES-1", "QS-1", "OLD-1", "NEW-1")
    opened = [talk("EWS-1", name, number / 10) for number, name in enumerate(swept)]
    scan = [sweep("EWS-1"), *opened]
    apart = [lost("HMI-3", "PLC-7", 5), write("MES-1", "QS-1", 6)]
    assert groups([*scan, *apart]) == [set(range(9)), {9}, {10}]


def test_hosts_that_were_only_swept_are_not_in_the_sweepers_hands() -> None:
    found = [sweep("EWS-1"), talk("EWS-1", "HMI-3"), write("HMI-3", "PLC-7", 5)]
    assert groups(found) == [{0, 1}, {2}]


def test_a_hub_joins_nothing() -> None:
    through = [
        talk("EWS-1", "HIST-1"),
        talk("HIST-1", "MES-1", 1),
        write("HIST-1", "PLC-7", 2),
        write("MES-1", "HIST-1", 3),
    ]
    assert links(through[:3]) == ()
    (only,) = links(through)
    assert {why.through for why in only.reasons} == {"HIST-1 and MES-1", "MES-1"}


def test_many_distinct_peers_make_a_hub() -> None:
    clients = [talk(f"10.0.4.{number}", "MES-1", 1) for number in range(8)]
    onward = write("MES-1", "PLC-7", 2)
    assert reasons(clients[0], onward) == {Reason.REACHED}
    joined = {frozenset((link.earlier, link.later)) for link in links([*clients, onward])}
    assert not any(onward.id in pair for pair in joined)


def test_the_same_behaviour_of_a_hub_is_one_incident() -> None:
    found = [talk("HIST-1", name, number) for number, name in enumerate(("PLC-7", "PLC-8"))]
    assert reasons(*found) == {Reason.REPEATED}


def test_the_same_behaviour_by_two_people_is_two_incidents() -> None:
    two = [
        finding("session-outside-grant", "JUMP-1", name, identities=(who,))
        for name, who in (("EWS-1", "vera"), ("HMI-3", "walt"))
    ]
    assert reasons(*two) == set()


def test_a_shared_account_joins_nothing() -> None:
    used = [
        talk(f"10.0.4.{number}", f"10.0.6.{number}", identities=("admin",)) for number in range(9)
    ]
    assert links(used) == ()


def test_someone_who_got_in_is_joined_to_what_acts_later_within_reach() -> None:
    entry = finding("session-outside-grant", "9.9.9.9", "EWS-1", action="session")
    near, far = write("HMI-3", "PLC-7", 20), write("MES-1", "QS-1", 20)
    (link,) = links([entry, near, far])
    assert (link.earlier, link.later) == (entry.id, near.id)
    assert [str(why) for why in link.reasons] == [
        "someone got in at EWS-1, from where HMI-3 can be reached"
    ]


def test_nobody_works_on_from_a_controller() -> None:
    entry = finding("session-outside-grant", "9.9.9.9", "PLC-7", action="session")
    assert links([entry, write("HMI-3", "PLC-8", 20)]) == ()


def test_a_slide_goes_on_for_a_day_and_no_longer() -> None:
    found = [write("HMI-3", "PLC-7", number * 29, cause=str(number)) for number in range(55)]
    whole = groups(found)
    assert [len(group) for group in whole] == [50, 5]
    assert found[49].at - found[0].at <= timedelta(hours=24)


def test_a_cause_that_lasts_for_a_month_joins_by_its_first_day() -> None:
    long = write("HMI-3", "PLC-7", last=NOON + timedelta(days=30))
    assert reasons(long, talk("HMI-3", "PLC-8", 60 * 23)) == {Reason.ACTOR}
    assert reasons(long, talk("HMI-3", "PLC-8", 60 * 24 * 12)) == set()


def test_posture_is_one_incident_for_each_owner_whenever_it_is_seen() -> None:
    found = [
        finding("no-owner", subject=Subject("asset", "PLC-7")),
        finding("no-owner", at=minutes(10_000), subject=Subject("zone", "safety")),
        finding("no-owner", subject=Subject("zone", "dmz"), zone="dmz"),
        write("EWS-1", "PLC-7"),
    ]
    assert groups(found) == [{0, 1}, {2}, {3}]


def test_nothing_is_shared_across_sites() -> None:
    here = write("HMI-3", "PLC-7")
    there = Finding(**{**_fields(here), "site": "other mill"})
    assert links([here, there]) == ()


def _fields(one: Finding) -> dict[str, Any]:
    names = [name for name in one.__dataclass_fields__ if name != "id"]
    return {name: getattr(one, name) for name in names}


@st.composite
def seen(draw: st.DrawFn) -> Finding:
    name = draw(st.sampled_from(sorted(RULES)))
    machines = st.sampled_from(["", "9.9.9.9", *sorted(ASSETS)])
    return finding(
        name,
        draw(machines),
        draw(machines),
        minutes(draw(st.integers(0, 90))),
        action=draw(st.sampled_from(["", "read", "write", "program"])),
        proof=draw(st.booleans()),
        identities=draw(st.sampled_from([(), ("anna",), ("anna", "bert")])),
        cause=str(draw(st.integers(0, 999))),
    )


SEEN = st.lists(seen(), max_size=14, unique_by=lambda one: one.id)


@settings(max_examples=60)
@given(SEEN, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(found: list[Finding], order: Any) -> None:
    shuffled = list(found)
    order.shuffle(shuffled)
    assert links(found) == links(shuffled)


@settings(max_examples=60)
@given(SEEN)
def test_links_name_each_pair_once_the_earlier_first_with_a_reason(found: list[Finding]) -> None:
    at = {one.id: (one.at, one.id) for one in found}
    made = links(found)
    pairs = [(link.earlier, link.later) for link in made]
    assert len(set(pairs)) == len(pairs)
    assert all(at[link.earlier] < at[link.later] and link.reasons for link in made)


@settings(max_examples=40)
@given(SEEN)
def test_a_declared_hub_is_never_what_is_shared_by_others(found: list[Finding]) -> None:
    for link in links(found):
        for why in link.reasons:
            if why.reason in (Reason.ACTOR, Reason.REACHED, Reason.COMMANDED, Reason.SILENT):
                assert why.through not in ("HIST-1", "JUMP-1")


def test_links_grow_with_findings_and_not_with_their_pairs() -> None:
    found = [write("HMI-3", "PLC-7", number / 100, cause=str(number)) for number in range(2_000)]
    assert len(links(found)) == len(found) - 1
