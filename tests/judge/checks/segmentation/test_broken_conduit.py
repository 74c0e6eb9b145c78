from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.broken_conduit import BrokenConduit
from checkvalve.testing.segmentation import NOON, network_of, plant_of

PLANT = """
    zones:
      - {{id: office, level: 4, cidrs: [10.9.0.0/24]}}
      - {{id: cell, level: 1, cidrs: [10.1.0.0/24, "fd00:1::/64"]}}
      - {{id: island, level: 1, cidrs: [10.2.0.0/24]}}
    conduits:
      - {{id: recipes, from: office, to: {to}, flows: [{flow}], {more}}}
    firewalls:
      - {{id: fw, vendor: nftables, interfaces: {{lan: office, plc: cell}}}}
"""


def verdicts(
    rules: str | None,
    flow: str = "{proto: tcp, dst_ports: [502, 102]}",
    to: str = "cell",
    more: str = "",
) -> list[Verdict]:
    plant = plant_of(PLANT.format(flow=flow, to=to, more=more))
    network = network_of(plant) if rules is None else network_of(plant, fw=rules)
    return BrokenConduit().verdicts(plant, Seen(network=network), NOON)


def only(rules: str | None, **how: str) -> Verdict:
    (verdict,) = verdicts(rules, **how)
    return verdict


def test_it_is_enough_that_one_host_reaches_another() -> None:
    verdict = only("accept tcp 10.9.0.5 10.1.0.7 102,502")
    assert verdict.answer is Answer.HOLDS


def test_a_port_that_no_line_lets_pass_is_found_with_the_line_that_closes_it() -> None:
    verdict = only("deny tcp any 10.1.0.0/24 102\naccept tcp 10.9.0.5 10.1.0.7 102,502")
    assert verdict.answer is Answer.BROKEN
    assert "declares tcp/102 from office to cell" in verdict.because
    assert verdict.finding is not None
    assert [one.line for one in verdict.finding.evidence] == [1]


def test_a_port_that_may_pass_is_cannot_tell_with_the_reason() -> None:
    verdict = only("accept tcp any any 502\naccept tcp any any 102 unknown=a user match")
    assert verdict.answer is Answer.CANNOT_TELL
    assert "line 2 of fw.rules is not certain (a user match)" in verdict.because


def test_a_range_of_which_a_part_is_closed_is_cannot_tell() -> None:
    how = {"flow": '{proto: tcp, dst_ports: ["8000-8010"]}'}
    assert only("accept tcp any any 8000-8005", **how).answer is Answer.CANNOT_TELL
    assert only("accept tcp any any 8000-8010", **how).answer is Answer.HOLDS
    split = "accept tcp any 10.1.0.7 8000-8005\naccept tcp any 10.1.0.8 8006-8010"
    assert only(split, **how).answer is Answer.HOLDS


def test_a_flow_of_any_transport_must_pass_in_one() -> None:
    assert only("accept udp any any 53", flow="{dst_ports: [53]}").answer is Answer.HOLDS
    assert only("accept udp any any 54", flow="{dst_ports: [53]}").answer is Answer.BROKEN


def test_a_ping_must_pass_as_one() -> None:
    assert only("accept icmp any any", flow="{proto: icmp}").answer is Answer.HOLDS
    assert only("accept tcp any any", flow="{proto: icmp}").answer is Answer.BROKEN


def test_a_conduit_that_says_not_yet_what_passes_wants_something_to() -> None:
    assert only("accept udp any 10.1.0.7 5000", flow="").answer is Answer.HOLDS
    assert only("", flow="").answer is Answer.BROKEN


def test_zones_that_no_firewall_joins_are_cannot_tell() -> None:
    verdict = only("accept any any any", to="island")
    assert verdict.answer is Answer.CANNOT_TELL
    assert "no declared firewall joins them" in verdict.because


def test_a_rule_set_that_was_not_read_is_cannot_tell() -> None:
    verdict = only(None)
    assert verdict.answer is Answer.CANNOT_TELL
    assert "the rule set of fw was not read" in verdict.because


def test_a_conduit_past_its_last_day_is_not_asked_about() -> None:
    assert verdicts("", more='valid_until: "2026-01-31"') == []


def test_a_conduit_that_both_ends_open_is_asked_both_ways() -> None:
    found = verdicts("accept tcp 10.9.0.5 10.1.0.7 102,502", more="initiates: both")
    assert [one.answer for one in found] == [Answer.HOLDS, Answer.BROKEN]


def test_without_any_rule_set_it_cannot_tell() -> None:
    (verdict,) = BrokenConduit().verdicts(plant_of("zones: []"), Seen(), NOON)
    assert verdict.answer is Answer.CANNOT_TELL
