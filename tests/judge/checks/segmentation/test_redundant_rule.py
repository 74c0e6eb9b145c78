from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.redundant_rule import RedundantRule
from checkvalve.testing.segmentation import NOON, network_of, plant_of

PLANT = plant_of("""
    zones:
      - {id: office, cidrs: [10.9.0.0/24]}
      - {id: cell, cidrs: [10.1.0.0/24]}
    firewalls:
      - {id: fw, vendor: nftables, interfaces: {lan: office, plc: cell}}
""")


def only(rules: str) -> Verdict:
    seen = Seen(network=network_of(PLANT, fw=rules))
    (verdict,) = RedundantRule().verdicts(PLANT, seen, NOON)
    return verdict


def test_a_line_that_says_the_same_again_is_found() -> None:
    verdict = only("accept tcp any 10.1.0.0/24\naccept tcp 10.9.0.5 10.1.0.9 502")
    assert verdict.answer is Answer.BROKEN
    assert "never decides, and says the same as line 1" in verdict.because


def test_a_line_of_the_other_kind_is_not_redundant() -> None:
    lines = "deny tcp any 10.1.0.0/24\naccept tcp 10.9.0.5 10.1.0.9 502"
    assert only(lines).answer is Answer.HOLDS


def test_without_any_rule_set_it_cannot_tell() -> None:
    for seen in (Seen(), Seen(network=network_of(PLANT))):
        (verdict,) = RedundantRule().verdicts(PLANT, seen, NOON)
        assert verdict.answer is Answer.CANNOT_TELL
