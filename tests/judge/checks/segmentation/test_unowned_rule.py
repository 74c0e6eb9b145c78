from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.unowned_rule import UnownedRule
from checkvalve.testing.segmentation import NOON, network_of, plant_of

PLANT = """
    zones:
      - {id: office, level: 4, cidrs: [10.9.0.0/24]}
      - {id: cell, level: 1, cidrs: [10.1.0.0/24]}
    firewalls:
      - {id: fw, vendor: nftables, interfaces: {lan: office, plc: cell}}
"""
CONDUIT = """
    owners:
      - {id: ot, team: OT}
    conduits:
      - {id: one, from: office, to: cell, owner: ot, flows: [{proto: tcp, dst_ports: [502]}]}
"""
GRANT = """
    vendors: [{id: acme}]
    grants:
      - {id: service, holder: acme, filter_rules: ["accept tcp 10.9.0.5 10.1.0.9 22"]}
"""
OWNED = "accept tcp 10.9.0.6 10.1.0.9 102 owner=ot"
UNOWNED = "accept tcp 10.9.0.5 10.1.0.9 22"


def verdicts(rules: str, more: str = "") -> list[Verdict]:
    plant = plant_of(PLANT + more)
    return UnownedRule().verdicts(plant, Seen(network=network_of(plant, fw=rules)), NOON)


def only(rules: str, more: str = "") -> Verdict:
    (verdict,) = verdicts(rules, more)
    return verdict


def test_one_line_without_an_owner_among_others_that_have_one_is_found() -> None:
    verdict = only(f"{OWNED}\n{UNOWNED}")
    assert verdict.answer is Answer.BROKEN
    assert "line 2 of fw.rules" in verdict.because
    assert "opens office to cell, and nobody answers for it" in verdict.because


def test_a_rule_set_that_names_no_owners_is_cannot_tell_once() -> None:
    verdict = only(f"{UNOWNED}\naccept tcp 10.9.0.7 10.1.0.9 22")
    assert verdict.answer is Answer.CANNOT_TELL
    assert "names no owners" in verdict.because
    assert "2 of its lines" in verdict.because


def test_a_conduit_with_an_owner_answers_for_what_it_declares() -> None:
    modbus = UNOWNED.replace(" 22", " 502")
    assert only(f"{OWNED}\n{modbus}", CONDUIT).answer is Answer.HOLDS
    assert only(f"{OWNED}\n{UNOWNED}", CONDUIT).answer is Answer.BROKEN
    nobodys = CONDUIT.replace("owner: ot, ", "")
    assert only(f"{OWNED}\n{modbus}", nobodys).answer is Answer.BROKEN


def test_a_grant_that_names_the_line_answers_for_it() -> None:
    assert only(f"{OWNED}\n{UNOWNED}", GRANT).answer is Answer.HOLDS


def test_a_line_out_of_operations_needs_no_owner_here() -> None:
    assert only("accept tcp 10.1.0.9 10.9.0.5 443").answer is Answer.HOLDS


def test_without_any_rule_set_it_cannot_tell() -> None:
    plant = plant_of(PLANT)
    for seen in (Seen(), Seen(network=network_of(plant))):
        (verdict,) = UnownedRule().verdicts(plant, seen, NOON)
        assert verdict.answer is Answer.CANNOT_TELL
