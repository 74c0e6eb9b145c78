from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.shadowed_rule import ShadowedRule
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
    (verdict,) = ShadowedRule().verdicts(PLANT, seen, NOON)
    return verdict


def test_a_line_that_never_decides_is_found_with_the_one_that_takes_it_away() -> None:
    verdict = only("deny tcp any 10.1.0.0/24\naccept tcp 10.9.0.5 10.1.0.9 502")
    assert verdict.answer is Answer.BROKEN
    assert verdict.because.startswith("line 2 of fw.rules (")
    assert "never decides, and something else is done" in verdict.because
    assert verdict.finding is not None
    assert [one.line for one in verdict.finding.evidence] == [2, 1, 0]


def test_a_line_that_decides_something_holds() -> None:
    verdict = only("deny tcp any 10.1.0.9 1-500\naccept tcp 10.9.0.5 10.1.0.9 400-502")
    assert verdict.answer is Answer.HOLDS
    assert verdict.because == "no line is shadowed in 2 lines"


def test_a_line_inserted_above_does_not_make_another_finding() -> None:
    lines = "deny tcp any 10.1.0.0/24\naccept tcp 10.9.0.5 10.1.0.9 502"
    one, other = only(lines).finding, only(f"# a remark\n{lines}").finding
    assert one is not None
    assert other is not None
    assert one.id == other.id


def test_without_any_rule_set_it_cannot_tell() -> None:
    for seen in (Seen(), Seen(network=network_of(PLANT))):
        (verdict,) = ShadowedRule().verdicts(PLANT, seen, NOON)
        assert verdict.answer is Answer.CANNOT_TELL
