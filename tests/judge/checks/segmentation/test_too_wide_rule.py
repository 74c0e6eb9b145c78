from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.too_wide_rule import TooWideRule
from checkvalve.testing.segmentation import NOON, network_of, plant_of

PLANT = plant_of("""
    zones:
      - {id: office, level: 4, cidrs: [10.9.0.0/16]}
      - {id: dmz, level: 3.5, cidrs: [10.4.0.0/24]}
      - {id: cell, level: 1, cidrs: [10.1.0.0/24]}
      - {id: line, level: 2, cidrs: [10.2.0.0/24]}
      - {id: trip, kind: safety, cidrs: [10.3.0.0/24]}
    firewalls:
      - id: fw
        vendor: nftables
        interfaces: {lan: office, d: dmz, plc: cell, l: line, sis: trip}
""")


def verdicts(rules: str) -> list[Verdict]:
    return TooWideRule().verdicts(PLANT, Seen(network=network_of(PLANT, fw=rules)), NOON)


def only(rules: str) -> Verdict:
    (verdict,) = verdicts(rules)
    return verdict


def test_a_line_that_names_whom_and_what_holds() -> None:
    assert only("accept tcp 10.4.0.7 10.1.0.0/24 502").answer is Answer.HOLDS


def test_any_source_is_too_wide_unless_its_interface_tells_whose() -> None:
    verdict = only("accept tcp any 10.1.0.9 502")
    assert verdict.answer is Answer.BROKEN
    assert verdict.because.endswith(": any source")
    assert "line 1 of fw.rules ('accept tcp any 10.1.0.9 502') opens" in verdict.because
    assert only("accept tcp any 10.1.0.9 502 in=d").answer is Answer.HOLDS


def test_any_service_is_too_wide() -> None:
    assert "any service" in only("accept any 10.4.0.7 10.1.0.9").because
    assert "any service" in only("accept tcp 10.4.0.7 10.1.0.9 1000-9000").because
    assert only("accept tcp 10.4.0.7 10.1.0.9 8000-8100").answer is Answer.HOLDS


def test_too_many_zones_and_too_many_ways_are_too_wide() -> None:
    everywhere = "accept tcp 10.0.0.0/8 10.0.0.0/8 502"
    assert "12 pairs of zones" in only(everywhere).because
    assert "16,777,216 ways" in only("accept tcp 10.9.0.0/16 10.1.0.0/24 502").because


def test_what_lines_above_leave_of_a_wide_line_counts() -> None:
    closed = "deny any any 10.1.0.0-10.3.0.255\naccept any any any"
    assert only(closed).answer is Answer.HOLDS


def test_a_wide_line_towards_the_office_is_not_this_rules_concern() -> None:
    assert only("accept any 10.1.0.0/24 10.9.0.0/16").answer is Answer.HOLDS


def test_answers_of_sessions_open_nothing() -> None:
    assert only("accept any any any states=established,related").answer is Answer.HOLDS


def test_a_line_that_is_not_understood_is_not_called_wide() -> None:
    assert only("accept any any any unknown=a user match").answer is Answer.HOLDS


def test_without_any_rule_set_it_cannot_tell() -> None:
    for seen in (Seen(), Seen(network=network_of(PLANT))):
        (verdict,) = TooWideRule().verdicts(PLANT, seen, NOON)
        assert verdict.answer is Answer.CANNOT_TELL
