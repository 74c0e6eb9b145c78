from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.remote_next_to_cell import RemoteNextToCell
from checkvalve.testing.segmentation import NOON, network_of, plant_of

ZONES = """
zones:
  - {id: vendors, level: 4, kind: remote, cidrs: [10.8.0.0/24]}
  - {id: hall, level: 3.5, kind: dmz, cidrs: [10.6.0.0/24]}
  - {id: line, level: 1, kind: process, cidrs: [10.1.0.0/24]}
  - {id: sensors, level: 1, kind: wireless, cidrs: [10.3.0.0/24]}
"""
ONE = ZONES + (
    "firewalls:\n"
    "  - {id: fw, vendor: test, interfaces: {v: vendors, d: hall, p: line, s: sensors}}\n"
)
TWO = ZONES + (
    "firewalls:\n"
    "  - {id: outer, vendor: test, interfaces: {v: vendors, d: hall}}\n"
    "  - {id: inner, vendor: test, interfaces: {d: hall, p: line, s: sensors}}\n"
)
CONDUIT = "conduits: [{id: tunnel, from: vendors, to: line%s}]\n"


def wrong(text: str, **rules: str) -> list[Verdict]:
    plant = plant_of(text)
    seen = Seen(network=network_of(plant, NOON, **rules) if rules else None)
    given = RemoteNextToCell().verdicts(plant, seen, NOON)
    return [v for v in given if v.answer is not Answer.HOLDS and v.subject.id != "rule sets"]


def test_a_rule_that_lets_vendors_into_a_cell_has_no_dmz_between() -> None:
    (told,) = wrong(ONE, fw="accept tcp 10.8.0.0/24 10.1.0.7 22")
    assert told.answer is Answer.BROKEN
    assert told.because == (
        "remote zone vendors may open tcp/22 to cell line with no DMZ between, such as "
        "10.8.0.1 to 10.1.0.7 tcp/22"
    )


def test_a_conduit_that_declares_it_is_wrong_by_itself() -> None:
    for told in (wrong(ONE + CONDUIT % "", fw=""), wrong(ONE + CONDUIT % "")):
        assert [str(v.subject) for v in told] == ["conduit tunnel"]
        assert told[0].answer is Answer.BROKEN


def test_declared_and_permitted_are_one_finding() -> None:
    assert len(wrong(ONE + CONDUIT % "", fw="accept tcp 10.8.0.0/24 10.1.0.7 22")) == 1


def test_a_conduit_that_is_over_or_is_opened_by_the_cell_is_no_way_in() -> None:
    assert not wrong(ONE + CONDUIT % ", valid_until: 2026-01-01", fw="")
    assert not wrong(ONE + CONDUIT % ", initiates: to", fw="")


def test_over_a_dmz_it_is_in_order() -> None:
    assert not wrong(TWO, outer="accept any any any", inner="accept any any any")
    assert not wrong(ONE, fw="accept tcp 10.8.0.0/24 10.6.0.5 22")


def test_a_line_that_is_not_understood_leaves_it_open() -> None:
    (told,) = wrong(ONE, fw="accept tcp 10.8.0.0/24 10.1.0.7 22 unknown=a user group")
    assert told.answer is Answer.CANNOT_TELL
    assert "a user group" in told.because


def test_a_wireless_field_network_may_stand_beside_its_controllers() -> None:
    plant = plant_of(ZONES + "conduits: [{id: radio, from: sensors, to: line}]\n")
    given = RemoteNextToCell().verdicts(plant, Seen(), NOON)
    assert [v.answer for v in given] == [Answer.CANNOT_TELL]


def test_without_rule_sets_it_cannot_tell() -> None:
    (told,) = RemoteNextToCell().verdicts(plant_of(ZONES), Seen(), NOON)
    assert told.answer is Answer.CANNOT_TELL


def test_what_is_apart_holds() -> None:
    plant = plant_of(ONE)
    given = RemoteNextToCell().verdicts(plant, Seen(network=network_of(plant, fw="")), NOON)
    assert [(str(v.subject), v.answer) for v in given] == [("zone vendors", Answer.HOLDS)]
