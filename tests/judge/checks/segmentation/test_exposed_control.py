from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.exposed_control import ExposedControl
from checkvalve.testing.segmentation import NOON, network_of, plant_of

PLANT = """
    zones:
      - {id: office, level: 4, kind: enterprise, cidrs: [10.9.0.0/24]}
      - {id: dmz, level: 3.5, kind: dmz, cidrs: [10.4.0.0/24]}
      - {id: cell, level: 1, kind: process, cidrs: [10.1.0.0/24]}
      - {id: trip, kind: safety, cidrs: [10.2.0.0/24]}
      - {id: models, level: 3, kind: ai, cidrs: [10.6.0.0/24]}
    firewalls:
      - {id: outer, vendor: asa, interfaces: {wan: internet, lan: office, ai: models, d: dmz}}
      - {id: inner, vendor: asa, interfaces: {d: dmz, plc: cell, sis: trip}}
"""
CONDUITS = """
    conduits:
      - {id: one, from: office, to: dmz}
      - {id: two, from: dmz, to: cell}
"""
INTO_DMZ = "accept tcp 10.9.0.0/24 10.4.0.0/24 443 in=lan"
INTO_CELL = "accept tcp 10.4.0.7 10.1.0.0/24 502 in=d"


def verdicts(outer: str, inner: str, more: str = "") -> dict[str, Verdict]:
    plant = plant_of(PLANT + more)
    network = network_of(plant, outer=outer, inner=inner)
    found = ExposedControl().verdicts(plant, Seen(network=network), NOON)
    return {
        one.because.replace("whether ", "").split(" ")[0] + " " + one.subject.id: one
        for one in found
    }


def test_a_way_over_two_zones_is_told_apart_from_one_in_a_single_step() -> None:
    found = verdicts(INTO_DMZ, INTO_CELL)
    verdict = found["office cell"]
    assert verdict.answer is Answer.BROKEN
    assert "office reaches cell in 2 steps, and no chain of declared conduits" in verdict.because
    assert "office to dmz (web), then dmz to cell (control protocols)" in verdict.because
    assert verdict.finding is not None
    assert {(one.file, one.line) for one in verdict.finding.evidence} >= {
        ("outer.rules", 1),
        ("inner.rules", 1),
    }


def test_two_firewalls_that_both_let_it_pass_are_one_step() -> None:
    through = "accept tcp 10.9.0.5 10.1.0.9 502"
    verdict = verdicts(through, through)["office cell"]
    assert "in one step" in verdict.because


def test_what_nothing_reaches_holds() -> None:
    found = verdicts(INTO_DMZ, "")
    assert {one.answer for one in found.values()} == {Answer.HOLDS}
    assert "office can't reach cell" in found["office cell"].because
    assert set(found) >= {"internet cell", "models cell", "internet trip", "office trip"}


def test_a_way_that_conduits_declare_zone_by_zone_holds_and_is_shown() -> None:
    verdict = verdicts(INTO_DMZ, INTO_CELL, CONDUITS)["office cell"]
    assert verdict.answer is Answer.HOLDS
    assert "office reaches cell in 2 steps, where conduits lead too" in verdict.because


def test_a_shorter_way_than_the_one_that_is_declared_is_broken() -> None:
    both = f"{INTO_DMZ}\naccept tcp 10.9.0.5 10.1.0.9 502"
    verdict = verdicts(both, f"{INTO_CELL}\naccept tcp 10.9.0.5 10.1.0.9 502", CONDUITS)[
        "office cell"
    ]
    assert verdict.answer is Answer.BROKEN
    assert "in one step, and declared conduits lead there in 2 only" in verdict.because


def test_a_conduit_past_its_last_day_leads_nowhere() -> None:
    old = CONDUITS.replace("to: cell", 'to: cell, valid_until: "2026-01-31"')
    assert verdicts(INTO_DMZ, INTO_CELL, old)["office cell"].answer is Answer.BROKEN


def test_the_internet_in_one_step_is_broken_whatever_is_declared() -> None:
    conduit = "\n    conduits: [{id: one, from: internet, to: cell}]"
    through = "accept tcp any 10.1.0.9 502"
    verdict = verdicts(through, through, conduit)["internet cell"]
    assert verdict.answer is Answer.BROKEN
    assert "never to reach it in one step" in verdict.because


def test_ai_is_held_to_it_too() -> None:
    rules = "accept tcp 10.6.0.9 10.4.0.7 22"
    assert verdicts(rules, INTO_CELL)["models cell"].answer is Answer.BROKEN


def test_a_ping_opens_nothing() -> None:
    found = verdicts("accept icmp any any", "accept icmp any any")
    assert {one.answer for one in found.values()} == {Answer.HOLDS}


def test_a_step_that_nobody_can_tell_makes_the_way_uncertain() -> None:
    verdict = verdicts(INTO_DMZ, f"{INTO_CELL} unknown=a user match")["office cell"]
    assert verdict.answer is Answer.CANNOT_TELL
    plant = plant_of(PLANT)
    found = ExposedControl().verdicts(plant, Seen(network=network_of(plant, outer="")), NOON)
    assert {one.answer for one in found} == {Answer.HOLDS}
    network = network_of(plant, outer=INTO_DMZ)
    found = ExposedControl().verdicts(plant, Seen(network=network), NOON)
    unclear = [one.because for one in found if one.answer is Answer.CANNOT_TELL]
    assert any("the rule set of inner was not read whole" in because for because in unclear)


def test_without_any_rule_set_it_cannot_tell() -> None:
    (verdict,) = ExposedControl().verdicts(plant_of(PLANT), Seen(), NOON)
    assert verdict.answer is Answer.CANNOT_TELL
