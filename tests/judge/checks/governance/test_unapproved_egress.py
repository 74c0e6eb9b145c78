from __future__ import annotations

from typing import Final

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.governance.unapproved_egress import UnapprovedEgress
from checkvalve.testing.segmentation import NOON, network_of, plant_of

PLANT: Final = """
zones:
  - {id: models, level: 3.5, kind: ai, cidrs: [10.5.0.0/24, "2001:678:5::/64"]}
  - {id: site, level: 3, cidrs: [10.3.0.0/24]}
  - {id: hub, level: cloud, cidrs: [52.1.0.0/24]}
assets:
  - {id: server, zone: models, ips: [10.5.0.4, "2001:678:5::4"]}
  - {id: history, zone: site, ips: [10.3.0.7], role: Data Historian}
  - {id: recipes, zone: site, ips: [10.3.0.8]}
components:
  - {id: tuner, kind: model, asset: server, isolation_plan: plan}
data_sources:
  - {id: hist, asset: history, endpoint: "opc.tcp://history:4840"}
  - {id: formulas, asset: recipes}
  - {id: weather, endpoint: "https://203.0.114.9/v1"}
isolation_plans:
  - {id: plan, allowed: [{source: server, destination: hub, proto: tcp, port: 8883}]}
firewalls:
  - {id: fw, vendor: test, interfaces: {ai: models, lan: site, wan: internet, vpn: hub}}
"""
APPROVED: Final = """
approvals:
  - {id: a, source: hist, consumer: tuner, tags: [T1], approver: anna%s}
  - {id: w, source: weather, consumer: tuner, approver: anna}
"""


def verdicts(rules: str, more: str = "", text: str = PLANT) -> list[Verdict]:
    plant = plant_of(text + more)
    return UnapprovedEgress().verdicts(plant, Seen(network=network_of(plant, fw=rules)), NOON)


def only(rules: str, more: str = "", text: str = PLANT) -> Verdict:
    (told,) = verdicts(rules, more, text)
    return told


def test_a_way_to_the_whole_internet_is_approved_by_nothing() -> None:
    told = only(
        "accept tcp 10.5.0.4 0.0.0.0-9.255.255.255,11.0.0.0-52.0.255.255 443", APPROVED % ""
    )
    assert told.answer is Answer.BROKEN
    assert told.because.startswith("tuner on server may open tcp/443 to internet, such as 10.5.0.4")
    assert told.finding is not None
    assert told.finding.evidence[-1].line == 1


def test_so_is_one_over_ipv6() -> None:
    told = only("accept tcp 2001:678:5::4 2a00::/16 443")
    assert told.answer is Answer.BROKEN
    assert "2001:678:5::4 to 2a00::1 tcp/443" in told.because


def test_the_address_of_an_approved_source_may_be_reached() -> None:
    rule = "accept tcp 10.5.0.4 203.0.114.9 443"
    assert only(rule, APPROVED % "").answer is Answer.HOLDS
    assert only(rule).answer is Answer.BROKEN
    assert only("accept tcp 10.5.0.4 203.0.114.9 22", APPROVED % "").answer is Answer.BROKEN


def test_a_path_of_the_isolation_plan_may_be_used() -> None:
    assert only("accept tcp 10.5.0.4 52.1.0.0/24 8883").answer is Answer.HOLDS
    told = only("accept tcp 10.5.0.4 52.1.0.0/24 443")
    assert told.answer is Answer.BROKEN
    assert "to hub" in told.because


def test_a_source_may_be_reached_only_with_an_approval() -> None:
    rule = "accept tcp 10.5.0.4 10.3.0.7 4840"
    assert only(rule, APPROVED % "").answer is Answer.HOLDS
    told = only(rule)
    assert told.answer is Answer.BROKEN
    assert told.because == (
        "tuner on server may open tcp/4840 to hist, such as 10.5.0.4 to 10.3.0.7 tcp/4840; "
        "nothing approves it"
    )


def test_another_port_of_the_source_s_machine_is_not_the_source() -> None:
    assert only("accept tcp 10.5.0.4 10.3.0.7 22").answer is Answer.HOLDS
    assert only("accept tcp 10.5.0.4 10.3.0.8 22").answer is Answer.BROKEN


def test_a_denial_beats_an_approval() -> None:
    denial = "denials: [{id: d, source: hist, reason: recipes are in it}]\n"
    told = only("accept tcp 10.5.0.4 10.3.0.7 4840", APPROVED % "" + denial)
    assert told.answer is Answer.BROKEN
    assert "hist is denied to it" in told.because


def test_an_approval_that_has_ended_is_said_elsewhere() -> None:
    ended = APPROVED % ", expires: 2026-01-01"
    assert only("accept tcp 10.5.0.4 10.3.0.7 4840", ended).answer is Answer.HOLDS


def test_many_sources_behind_one_line_are_one_finding() -> None:
    told = only("accept tcp 10.5.0.4 10.3.0.0/24 4840")
    assert "hist, formulas" in told.because


def test_a_source_with_only_a_name_may_be_behind_a_narrow_way_and_no_wide_one() -> None:
    text = PLANT.replace("https://203.0.114.9/v1", "https://weather.example/v1")
    narrow = only("accept tcp 10.5.0.4 203.0.114.9 443", APPROVED % "", text)
    assert narrow.answer is Answer.CANNOT_TELL
    assert "for weather" in narrow.because
    assert only("accept tcp 10.5.0.4 203.0.112.0/21 443", APPROVED % "", text).answer is (
        Answer.BROKEN
    )


def test_a_line_that_is_not_understood_leaves_it_open() -> None:
    told = only("accept tcp 10.5.0.4 203.0.114.9 443 unknown=an application")
    assert told.answer is Answer.CANNOT_TELL
    assert "an application" in told.because
    rule = "accept tcp 10.5.0.4 10.3.0.7 4840 unknown=a user"
    assert only(rule).answer is Answer.CANNOT_TELL
    assert only(rule, APPROVED % "").answer is Answer.HOLDS


def test_what_stands_in_the_same_zone_meets_no_firewall() -> None:
    text = PLANT.replace("id: recipes, zone: site, ips: [10.3.0.8]", "id: recipes, zone: models")
    text = text.replace("zone: models}", "zone: models, ips: [10.5.0.8]}")
    told = only("", text=text)
    assert told.answer is Answer.CANNOT_TELL
    assert "formulas" in told.because


def test_a_component_whose_machine_is_not_said_can_not_be_told() -> None:
    text = PLANT.replace(", asset: server", "")
    assert only("", text=text).answer is Answer.CANNOT_TELL
    bare = PLANT.replace(', ips: [10.5.0.4, "2001:678:5::4"]', "")
    assert "server has no declared address" in only("", text=bare).because


def test_without_a_firewall_to_the_internet_nobody_can_tell() -> None:
    told = only("", text=PLANT.replace("wan: internet, ", ""))
    assert told.answer is Answer.CANNOT_TELL
    assert "no declared firewall joins models and internet" in told.because


def test_zones_with_no_address_family_in_common_are_apart() -> None:
    text = PLANT.replace("cidrs: [52.1.0.0/24]", 'cidrs: ["2600:1f00::/32"]')
    text = text.replace(', "2001:678:5::4"', "")
    assert only("", text=text).answer is Answer.HOLDS


def test_a_retired_component_and_one_in_nobody_s_machine_are_left_out() -> None:
    assert not verdicts("", text=PLANT.replace("kind: model,", "kind: model, stage: retired,"))
    assert not verdicts("", text=PLANT.replace("kind: model,", "kind: endpoint,"))


def test_without_rule_sets_it_cannot_tell() -> None:
    (told,) = UnapprovedEgress().verdicts(plant_of(PLANT), Seen(), NOON)
    assert told.answer is Answer.CANNOT_TELL
