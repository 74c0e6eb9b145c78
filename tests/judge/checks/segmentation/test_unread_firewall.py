from __future__ import annotations

from dataclasses import replace

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.unread_firewall import UnreadFirewall
from checkvalve.observe.firewalls.base import Coverage, Problem, Ref, RuleSet
from checkvalve.testing.segmentation import NOON, network_of, plant_of, rule_set_of

PLANT = """
    sites:
      - {id: north}
      - {id: south}
    zones:
      - {id: office, site: south, cidrs: [10.9.0.0/24]}
      - {id: cell, site: south, cidrs: [10.1.0.0/24]}
    firewalls:
      - id: fw
        vendor: nftables
        interfaces: {lan: office, plc: cell}
        config: fw.nft
        retrieved_at: 2026-02-20T00:00:00Z
"""
RULES = rule_set_of("accept tcp any any 502")
MISSED = Problem(Ref("fw.nft", 7, "match @list"), "a set that nobody defines")


def verdicts(
    rules: RuleSet | None = RULES, coverage: Coverage | None = None, text: str = PLANT
) -> list[Verdict]:
    plant = plant_of(text)
    network = network_of(plant) if rules is None else network_of(plant, fw=rules)
    seen = Seen(network=network, coverage={} if coverage is None else {"fw": coverage})
    return UnreadFirewall().verdicts(plant, seen, NOON)


def only(
    rules: RuleSet | None = RULES, coverage: Coverage | None = None, text: str = PLANT
) -> Verdict:
    (verdict,) = verdicts(rules, coverage, text)
    return verdict


def test_a_rule_set_that_was_read_whole_and_lately_holds() -> None:
    assert only(coverage=Coverage(1, 1, 0)).answer is Answer.HOLDS


def test_a_firewall_whose_configuration_was_not_read_is_found() -> None:
    verdict = only(None)
    assert verdict.answer is Answer.BROKEN
    assert "is declared, and fw.nft was not read" in verdict.because
    assert verdict.finding is not None
    assert (verdict.finding.site, verdict.finding.zone) == ("south", "office")
    unnamed = only(None, text=PLANT.replace("config: fw.nft", ""))
    assert "no configuration is named" in unnamed.because


def test_lines_that_are_not_understood_are_cannot_tell_and_shown() -> None:
    verdict = only(coverage=Coverage(9, 8, 0, (MISSED,)))
    assert verdict.answer is Answer.CANNOT_TELL
    assert "1 of 9 lines of firewall 'fw' are not understood: a set that" in verdict.because
    assert verdict.finding is not None
    assert verdict.finding.evidence[0].line == 7


def test_a_rule_set_that_is_wrong_in_itself_is_found() -> None:
    verdict = only(replace(RULES, problems=(MISSED,)))
    assert verdict.answer is Answer.BROKEN
    assert "wrong in itself: a set that nobody defines" in verdict.because


def test_an_old_rule_set_says_little_about_what_runs() -> None:
    old = PLANT.replace("2026-02-20", "2025-11-20")
    assert only(text=old).answer is Answer.BROKEN
    undated = PLANT.replace("retrieved_at: 2026-02-20T00:00:00Z", "")
    assert only(text=undated).answer is Answer.CANNOT_TELL


def test_a_zone_on_no_firewall_is_cannot_tell() -> None:
    text = PLANT.replace("zones:", "zones:\n      - {id: island, cidrs: [10.2.0.0/24]}")
    (verdict,) = (one for one in verdicts(text=text) if one.subject.kind == "zone")
    assert (verdict.subject.id, verdict.answer) == ("island", Answer.CANNOT_TELL)


def test_without_any_rule_set_it_cannot_tell() -> None:
    (verdict,) = UnreadFirewall().verdicts(plant_of(PLANT), Seen(), NOON)
    assert verdict.answer is Answer.CANNOT_TELL
