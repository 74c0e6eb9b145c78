from __future__ import annotations

from datetime import timedelta

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.bypassed_firewall import BypassedFirewall
from checkvalve.judge.observed import Observed, ObservedPath
from checkvalve.testing.segmentation import NOON, network_of, plant_of

PLANT = """
    zones:
      - {id: office, level: 4, cidrs: [10.9.0.0/24]}
      - {id: cell, level: 1, cidrs: [10.1.0.0/24]}
      - {id: island, level: 1, cidrs: [10.2.0.0/24]}
    assets:
      - {id: plc, zone: cell, ips: [10.1.0.9]}
    firewalls:
      - id: fw
        vendor: nftables
        interfaces: {lan: office, plc: cell, x: private-unused}
        retrieved_at: 2026-02-20T00:00:00Z
"""
RULES = "deny tcp any 10.1.0.9 22\naccept tcp 10.9.0.0/24 10.1.0.0/24 502"


def path(
    source: str = "10.9.0.5",
    destination: str = "10.1.0.9",
    port: int = 502,
    *,
    answered: bool = True,
    opened: int = 1,
    days_ago: int = 1,
) -> ObservedPath:
    last = NOON - timedelta(days=days_ago)
    return ObservedPath(source, destination, "tcp", port, opened, answered, 9, 9, 9, last, last)


def verdicts(*paths: ObservedPath, rules: str | None = RULES) -> list[Verdict]:
    plant = plant_of(PLANT)
    network = network_of(plant) if rules is None else network_of(plant, fw=rules)
    observed = Observed(NOON - timedelta(days=30), NOON, paths)
    return BypassedFirewall().verdicts(plant, Seen(network=network, observed=observed), NOON)


def only(*paths: ObservedPath, rules: str | None = RULES) -> Verdict:
    (verdict,) = verdicts(*paths, rules=rules)
    return verdict


def test_what_was_answered_against_the_rules_is_found_with_the_line_that_denies_it() -> None:
    verdict = only(path(), path(port=22))
    assert verdict.answer is Answer.BROKEN
    assert "10.9.0.5 to 10.1.0.9 tcp/22 was answered, and fw between office" in verdict.because
    assert verdict.finding is not None
    assert verdict.finding.assets == ("plc",)
    assert verdict.finding.evidence[-1].line == 1


def test_what_the_rules_permit_is_in_order() -> None:
    assert only(path()).answer is Answer.HOLDS


def test_what_was_not_answered_may_have_been_seen_in_front_of_the_firewall() -> None:
    assert only(path(port=22, answered=False)).answer is Answer.HOLDS


def test_what_was_last_seen_before_the_rules_were_read_may_be_closed_by_now() -> None:
    assert only(path(port=22, days_ago=20)).answer is Answer.HOLDS


def test_where_the_opening_was_not_seen_either_end_may_have_opened() -> None:
    back = path("10.1.0.9", "10.9.0.5", 40_000, opened=0)
    assert only(back).answer is Answer.HOLDS
    assert only(path("10.1.0.9", "10.9.0.5", 40_000)).answer is Answer.BROKEN


def test_a_line_that_may_let_it_pass_is_enough() -> None:
    assert only(path(port=22), rules="accept tcp any any 22 unknown=x").answer is Answer.HOLDS


def test_a_rule_set_that_was_not_read_is_cannot_tell() -> None:
    assert only(path(port=22), rules=None).answer is Answer.CANNOT_TELL


def test_zones_that_no_declared_firewall_joins_are_not_asked_about() -> None:
    assert only(path("10.9.0.5", "10.2.0.9")).answer is Answer.HOLDS


def test_a_group_is_nobody_that_answers() -> None:
    assert only(path("10.9.0.5", "224.0.0.251", 5353)).answer is Answer.HOLDS


def test_without_rule_sets_or_records_it_cannot_tell() -> None:
    plant = plant_of(PLANT)
    for seen in (Seen(), Seen(network=network_of(plant, fw=RULES))):
        (verdict,) = BypassedFirewall().verdicts(plant, seen, NOON)
        assert verdict.answer is Answer.CANNOT_TELL
