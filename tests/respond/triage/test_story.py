"""A story tells the order of events, why they matter, and what to do; in plain English."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.respond.triage.seen import finding, minutes, plant

from checkvalve.findings import Evidence, Finding, Subject
from checkvalve.plant import Asset, Change, Site, Tag
from checkvalve.respond.triage.acts import Act, ActKind
from checkvalve.respond.triage.correlate import correlate
from checkvalve.respond.triage.incidents import incidents
from checkvalve.respond.triage.points import Outcome
from checkvalve.respond.triage.reach import DeclaredReach
from checkvalve.respond.triage.story import Story, tell
from checkvalve.respond.triage.table import default_table, overridden
from checkvalve.respond.triage.telling import WIDTH, age, text
from checkvalve.rules import ATTACK_ICS, Reference, Rule

GOLDEN = Path(__file__).parent / "golden"
NOW = minutes(30)
FILLING = Tag(
    id="fill-volume",
    asset="PLC-7",
    protocol="modbus",
    space="holding register",
    address=100,
    equipment="filler 2",
)
PLANT = plant(FILLING)
TABLE = default_table()


def declared(name: str, technique: str, why: str, **said: str) -> Rule:
    references = (Reference(ATTACK_ICS, technique),) if technique else ()
    return Rule(
        id=name,
        title=name,
        why=why,
        references=references,
        cause=said.get("cause", "An intruder, or work that nobody declared."),
        consequence=said["consequence"],
        response=said["response"],
        time_to_respond=timedelta(minutes=int(said.get("within", "10"))),
        harmless_if=said.get("harmless_if", ""),
    )


RULES = {
    one.id: one
    for one in (
        declared(
            "new-writer",
            "T0855",
            "A host that begins to write can set the process to what it likes.",
            consequence="the filler runs on values that nobody chose.",
            response="Ask the shift lead whether anyone set values on the controller just now.",
            harmless_if="An operator set these values, and says so.",
        ),
        declared(
            "undeclared-conduit",
            "T0886",
            "Traffic that no conduit declares is traffic that nobody has thought about.",
            consequence="a way into the cell stays open.",
            response="Declare the conduit with its owner and reason, or close the way.",
            within="60",
            harmless_if="The conduit is wanted; then declare it.",
        ),
        declared(
            "lost-conversation",
            "T0815",
            "A poll that stops leaves an operator with old values on the screen.",
            consequence="the operator decides on what was true before.",
            response="Look at the screen: do its values still move?",
        ),
        declared(
            "scan",
            "T0846",
            "Who looks for controllers wants to talk to one.",
            consequence="the next step is a command; old controllers may fail from the scan alone.",
            response="Find out who sits at the machine, and stop the scan.",
            within="30",
        ),
        declared(
            "new-conversation",
            "T0886",
            "Machines in a plant talk to the same few others for years.",
            consequence="someone learns the way to the controllers.",
            response="Ask the owner of both machines what the traffic is for.",
            within="480",
        ),
        declared(
            "no-owner",
            "",
            "What nobody owns, nobody looks after.",
            consequence="its faults stay.",
            response="Name an owner.",
            within="10080",
        ),
    )
}


def packet(number: int, what: str, expected: str = "", actual: str = "") -> Evidence:
    return Evidence(what, expected, actual, "cell-2.pcap", number, minutes(number / 1_000))


WRITE = finding(
    "new-writer",
    "HMI-3",
    "PLC-7",
    action="write",
    count=12,
    last=minutes(3),
    because="HMI-3 wrote holding registers 100 to 103 of PLC-7, which it had only read before.",
    evidence=(
        packet(812, "Write Multiple Registers 100-103", "reads only", "4 registers written"),
    ),
)
UNDECLARED = finding(
    "undeclared-conduit",
    "HMI-3",
    "PLC-7",
    minutes(0.1),
    action="write",
    proof=True,
    because="No conduit declares that HMI-3 writes to PLC-7.",
    evidence=(packet(812, "modbus write inside cell-2", "a declared flow", "none"),),
)
LOST = finding(
    "lost-conversation",
    "HMI-3",
    "PLC-7",
    minutes(6),
    because="HMI-3 stopped polling PLC-7, as it had done every second.",
    evidence=(packet(6_001, "last poll", "a poll every 1.0 s", "none for 60 s"),),
)
TRIED = ("EWS-1", "HMI-3", "PLC-7", "PLC-8", "SIS-1")
SCAN = finding(
    "scan",
    "EWS-1",
    at=minutes(1),
    action="discover",
    assets=TRIED,
    because="EWS-1 tried port 502 of 4 machines in 12 seconds.",
    evidence=(packet(900, "first of 16 openings", "at most 2 a minute", "16 in 12 s"),),
)
OPENED = tuple(
    finding(
        "new-conversation",
        "EWS-1",
        name,
        minutes(1 + number / 10),
        action="read",
        because=f"EWS-1 began to read {name} over Modbus.",
        evidence=(packet(901 + number, "Read Device Identification"),),
    )
    for number, name in enumerate(TRIED[1:])
)


def stories(findings: Sequence[Finding], *acts: Act) -> list[Story]:
    links = correlate(findings, RULES, PLANT, DeclaredReach(PLANT))
    found = incidents(findings, links, acts, PLANT, NOW, rules=RULES)
    return [tell(one, PLANT, RULES, TABLE, NOW) for one in found]


def story(findings: Sequence[Finding], *acts: Act) -> Story:
    (only,) = stories(findings, *acts)
    return only


CASES = {
    "write": [WRITE, UNDECLARED, LOST],
    "scan": [SCAN, *OPENED],
    "posture": [
        finding(
            "no-owner",
            subject=Subject("zone", "dmz"),
            zone="dmz",
            proof=True,
            because="Zone dmz has no owner.",
            evidence=(Evidence("plant: zone dmz", "an owner", "none"),),
        )
    ],
    "harmless": [
        finding(
            "new-conversation",
            "MES-1",
            "QS-1",
            action="session",
            because="MES-1 began to talk to QS-1.",
            evidence=(packet(44, "TCP opening to port 443"),),
        )
    ],
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_text_is_what_a_person_was_promised(name: str) -> None:
    expected = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert text(story(CASES[name])) == expected


@pytest.mark.parametrize("name", sorted(CASES))
def test_no_line_is_wider_than_a_terminal(name: str) -> None:
    assert max(map(len, text(story(CASES[name])).splitlines())) <= WIDTH


def test_events_come_in_order_and_say_what_ties_them() -> None:
    events = story([LOST, UNDECLARED, WRITE]).events
    assert [event.sentence for event in events] == [WRITE.because, UNDECLARED.because, LOST.because]
    assert [event.joined for event in events] == [
        "",
        "In the same conversation",
        "In the same conversation",
    ]


def test_many_of_one_behaviour_are_told_as_one_event() -> None:
    first, rest = story([SCAN, *OPENED]).events
    assert (first.more, rest.more) == (0, 3)
    assert rest.others == ("PLC-7", "PLC-8", "SIS-1")


def test_a_loss_after_a_command_says_so() -> None:
    write = finding("new-writer", "EWS-1", "PLC-7", action="write")
    _, after = story([write, LOST]).events
    assert after.joined == "After PLC-7 was commanded"


def test_places_say_who_acted_and_what_it_drives() -> None:
    hmi, plc = story([WRITE, UNDECLARED]).places
    assert (hmi.id, hmi.part, hmi.zone) == ("HMI-3", "acted", "cell-2")
    assert (plc.id, plc.part, plc.equipment) == ("PLC-7", "was acted on", ("filler 2",))


def test_in_a_loss_nobody_acted() -> None:
    assert {place.part for place in story([LOST]).places} == {"is affected"}


def test_a_machine_that_is_not_declared_is_shown_as_such() -> None:
    unknown = finding("new-conversation", "10.0.1.77", "PLC-7")
    place = story([unknown]).places[0]
    assert (place.id, place.zone, place.rating) == ("10.0.1.77", "cell-2", "not declared")


def test_the_row_gives_each_point_with_source_and_age() -> None:
    lines = {line.point: line for line in story([WRITE, UNDECLARED]).points}
    assert lines["certainty"].because == "the check undeclared-conduit confirms new-writer"
    assert lines["stage"].because == "ATT&CK for ICS T0855"
    assert lines["safety"].value == "R (critical)"
    assert lines["safety"].as_of is not None
    assert lines["sanctioned"].as_of is None


def test_what_would_change_it_is_said_in_both_directions() -> None:
    otherwise = story([WRITE, UNDECLARED]).otherwise
    assert otherwise[0].startswith("It would be Attend if an open change covered it")
    assert story([LOST]).otherwise[-1].startswith("It would be Act if")


def test_what_to_do_comes_from_the_rules_the_gravest_first() -> None:
    told = story([WRITE, UNDECLARED])
    assert told.next_steps[0] == RULES["new-writer"].response
    assert told.within == timedelta(minutes=10)
    assert told.harmless_if[0] == RULES["new-writer"].harmless_if


def test_what_people_did_is_told() -> None:
    acts = (
        Act(ActKind.ACKNOWLEDGE, "i", (WRITE.id,), "anna", "", minutes(4)),
        Act(ActKind.MUTE, "i", (WRITE.id,), "bert", "known test", minutes(5), minutes(500)),
    )
    assert story([WRITE], *acts).remarks == (
        "Acknowledged by anna at 2026-03-02T12:04:00+00:00",
        "Muted by bert at 2026-03-02T12:05:00+00:00 until 2026-03-02T20:20:00+00:00: known test",
    )


def test_a_return_is_told() -> None:
    closed = Act(ActKind.CLOSE, "i", (WRITE.id,), "anna", "a test", minutes(1))
    assert story([WRITE], closed).remarks[0] == (
        "It was closed at 2026-03-02T12:01:00+00:00, and was seen again since."
    )
    assert "What was done" in text(story([WRITE], closed))


def test_a_plants_own_cell_says_why() -> None:
    cell = {"outcome": "Track*", "why": "we are moving house"}
    table = overridden(TABLE, {"cells": [cell]}, name="triage.yaml")
    (one,) = incidents([WRITE], (), (), PLANT, NOW, rules=RULES, table=table)
    told = tell(one, PLANT, RULES, table, NOW)
    assert told.decided == "we are moving house"
    assert told.outcome is Outcome.TRACK_STAR
    assert "This plant decided so: we are moving house" in text(told)


def test_times_are_on_the_sites_clock_and_name_another_day() -> None:
    away = plant().things()
    sites = {"mill": Site(id="mill", time_zone="Asia/Tokyo")}
    tokyo = type(PLANT).from_things({**away, "sites": sites})
    late = finding("new-writer", "HMI-3", "PLC-7", action="write", last=minutes(60 * 4))
    (one,) = incidents([late], (), (), tokyo, minutes(300), rules=RULES)
    shown = text(tell(one, tokyo, RULES, TABLE, minutes(300)))
    assert "2026-03-02 21:00:00 to 2026-03-03 01:00:00 Asia/Tokyo" in shown


def test_a_rule_that_is_gone_still_gives_a_story() -> None:
    gone = finding("old-rule", "HMI-3", "PLC-7", action="write", because="It wrote.")
    told = story([gone])
    assert told.next_steps == ()
    assert told.within is None
    assert "rule old-rule is not known here" in text(told)


def test_machines_beyond_a_screenful_are_counted() -> None:
    many = [
        finding("new-conversation", "EWS-1", f"10.0.1.{number}", because="It talked.")
        for number in range(10)
    ]
    assert "  and 3 others." in text(story(many))


def test_evidence_beyond_a_screenful_is_counted() -> None:
    many = tuple(packet(number, f"poll {number}") for number in range(1, 10))
    shown = text(story([finding("new-writer", "HMI-3", "PLC-7", evidence=many)]))
    assert "[cell-2.pcap packet 6]" in shown
    assert "  and 3 more." in shown


def test_a_sanctioned_story_names_the_change() -> None:
    order = Change(
        id="WO-1",
        people=("anna",),
        assets=("PLC-7",),
        actions=("write",),
        from_=minutes(-10),
        until=minutes(90),
    )
    covered = plant(order, Asset(id="PLC-9", zone="cell-2"))
    one = finding("new-writer", "HMI-3", "PLC-7", action="write", identities=("anna",))
    (incident,) = incidents([one], (), (), covered, NOW, rules=RULES)
    shown = text(tell(incident, covered, RULES, TABLE, NOW))
    assert "sanctioned  yes" in shown
    assert "change WO-1 covers it (open for 40 minutes)" in shown


@pytest.mark.parametrize(
    ("elapsed", "words"),
    [
        (timedelta(seconds=-5), "0 seconds"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=119), "1 minute"),
        (timedelta(hours=3, minutes=59), "3 hours"),
        (timedelta(days=46), "46 days"),
    ],
)
def test_ages_are_told_in_their_largest_unit(elapsed: timedelta, words: str) -> None:
    assert age(elapsed) == words


@given(st.text(max_size=60))
def test_no_name_from_the_wire_commands_the_terminal(words: str) -> None:
    hostile = finding(
        "new-writer",
        f"h{words}",
        "PLC-7",
        because=f"{words}.",
        evidence=(Evidence(words, words, words, words, 1, NOW),),
    )
    assert all(sign.isprintable() for sign in text(story([hostile])).replace("\n", ""))
