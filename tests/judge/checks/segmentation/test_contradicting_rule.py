from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.contradicting_rule import ContradictingRule
from checkvalve.testing.segmentation import NOON, network_of, plant_of

PLANT = plant_of("""
    zones:
      - {id: office, cidrs: [10.9.0.0/24]}
      - {id: cell, cidrs: [10.1.0.0/24]}
    firewalls:
      - {id: fw, vendor: nftables, interfaces: {lan: office, plc: cell}}
""")


def only(rules: str) -> Verdict:
    (verdict,) = ContradictingRule().verdicts(
        PLANT, Seen(network=network_of(PLANT, fw=rules)), NOON
    )
    return verdict


def test_a_deny_that_a_line_above_undoes_in_part_is_found() -> None:
    verdict = only("accept tcp 10.9.0.0/24 any 443\ndeny any any 10.1.0.0/24")
    assert verdict.answer is Answer.BROKEN
    assert "denies what is accepted in part by line 1" in verdict.because


def test_an_exception_inside_the_deny_is_fine() -> None:
    verdict = only("accept tcp 10.9.0.5 10.1.0.9 443\ndeny any any 10.1.0.0/24")
    assert verdict.answer is Answer.HOLDS


def test_without_any_rule_set_it_cannot_tell() -> None:
    for seen in (Seen(), Seen(network=network_of(PLANT))):
        (verdict,) = ContradictingRule().verdicts(PLANT, seen, NOON)
        assert verdict.answer is Answer.CANNOT_TELL
