from __future__ import annotations

from datetime import timedelta

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.leaking_one_way import LeakingOneWay
from checkvalve.judge.observed import Observed, ObservedPath
from checkvalve.observe.firewalls.base import RuleSet
from checkvalve.testing.segmentation import NOON, network_of, plant_of, rule_set_of

PLANT = """
    zones:
      - {{id: cell, level: 1, cidrs: [10.1.0.0/24]}}
      - {{id: archive, level: 3.5, cidrs: [10.5.0.0/24]}}
    assets:
      - {{id: historian, zone: archive, ips: [10.5.0.7]}}
    conduits:
      - id: out
        from: cell
        to: archive
        direction: {direction}
        initiates: {initiates}
        reverse_payload_max: 1000
        flows: [{{proto: any, dst_ports: [1883]}}]
      {other}
    firewalls:
      - {{id: fw, vendor: nftables, interfaces: {{plc: cell, dmz: archive}}}}
"""
BACK = "- {id: back, from: archive, to: cell, flows: [{proto: tcp, dst_ports: [22]}]}"
FORWARD = "accept tcp 10.1.0.0/24 10.5.0.7 1883"


def seen_path(
    source: str = "10.1.0.9", destination: str = "10.5.0.7", port: int = 1883, most: int = 0
) -> ObservedPath:
    return ObservedPath(source, destination, "tcp", port, 5, most > 0, 900, most, most, NOON, NOON)


def observed(*paths: ObservedPath) -> Observed:
    return Observed(NOON - timedelta(days=30), NOON, paths)


def verdicts(
    rules: str | RuleSet | None,
    *paths: ObservedPath,
    direction: str = "one_way_strict",
    initiates: str = "from",
    other: str = "",
    recorded: bool = True,
) -> list[Verdict]:
    plant = plant_of(PLANT.format(direction=direction, initiates=initiates, other=other))
    network = None if rules is None else network_of(plant, fw=rules)
    table = observed(*paths) if recorded else None
    return LeakingOneWay().verdicts(plant, Seen(network=network, observed=table), NOON)


def only(*how: object, **more: object) -> Verdict:
    (verdict,) = verdicts(*how, **more)  # type: ignore[arg-type]
    return verdict


def test_a_stateful_firewall_is_not_a_diode() -> None:
    verdict = only(FORWARD)
    assert verdict.answer is Answer.BROKEN
    assert "fw lets the answers of what it permits come back" in verdict.because
    assert "a stateful firewall is not a diode" in verdict.because
    assert verdict.finding is not None
    assert verdict.finding.evidence[0].actual == FORWARD


def test_a_rule_set_without_sessions_that_lets_nothing_back_is_strict_when_nothing_came() -> None:
    rules = rule_set_of(FORWARD.replace("tcp", "udp"), stateful=False)
    assert only(rules, seen_path()).answer is Answer.HOLDS
    unseen = only(rules, recorded=False)
    assert unseen.answer is Answer.CANNOT_TELL
    assert "no traffic was recorded" in unseen.because


def test_an_established_line_lets_answers_back() -> None:
    rules = rule_set_of(f"{FORWARD}\naccept any any any states=established", stateful=False)
    verdict = only(rules)
    assert verdict.answer is Answer.BROKEN
    assert "established packets pass back" in verdict.because


def test_an_error_message_back_breaks_a_strict_conduit_too() -> None:
    rules = rule_set_of(f"{FORWARD}\naccept icmp any any states=related", stateful=False)
    assert "related packets pass back" in only(rules).because


def test_who_may_open_back_is_found_with_the_line() -> None:
    rules = rule_set_of("accept tcp 10.5.0.7 10.1.0.9 22 states=new", stateful=False)
    (strict,) = verdicts(rules)
    assert "a session can be opened back, such as 10.5.0.7 to 10.1.0.9 tcp/22" in strict.because
    (initiated,) = verdicts(rules, direction="one_way_initiated")
    assert initiated.answer is Answer.BROKEN


def test_another_conduit_may_open_the_way_back_beside_an_initiated_one_not_a_strict_one() -> None:
    rules = f"{FORWARD}\naccept tcp 10.5.0.7 10.1.0.9 22"
    how = {"direction": "one_way_initiated", "other": BACK}
    assert only(rules, **how).answer is Answer.HOLDS
    back = seen_path("10.5.0.7", "10.1.0.9", 22, 50)
    assert only(rules, back, **how).answer is Answer.HOLDS
    assert Answer.BROKEN in {one.answer for one in verdicts(rules, other=BACK)}


def test_a_stateful_firewall_may_stand_in_an_initiated_conduit() -> None:
    assert only(FORWARD, direction="one_way_initiated").answer is Answer.HOLDS


def test_answers_beyond_the_limit_are_found() -> None:
    verdict = only(FORWARD, seen_path(most=1001), direction="one_way_initiated")
    assert verdict.answer is Answer.BROKEN
    assert "1,001 octets back over tcp/1883; 1,000 octets a session may" in verdict.because
    assert verdict.finding is not None
    assert verdict.finding.assets == ("historian",)
    fine = only(FORWARD, seen_path(most=1000), direction="one_way_initiated")
    assert fine.answer is Answer.HOLDS


def test_a_session_that_was_opened_against_it_is_found() -> None:
    path = seen_path("10.5.0.7", "10.1.0.9", 22, 50)
    verdict = only(FORWARD, path, direction="one_way_initiated")
    assert "10.5.0.7 opened tcp/22 to 10.1.0.9 against it" in verdict.because


def test_one_frame_back_breaks_a_strict_conduit() -> None:
    rules = rule_set_of(FORWARD, stateful=False)
    verdict = only(rules, seen_path(most=1))
    assert verdict.answer is Answer.BROKEN
    assert "nothing may come back" in verdict.because


def test_what_is_polled_from_outside_is_not_one_way() -> None:
    found = verdicts(FORWARD, direction="one_way_initiated", initiates="to")
    assert any("polled from outside" in one.because for one in found)


def test_a_line_that_is_not_understood_is_cannot_tell() -> None:
    rules = f"{FORWARD}\naccept tcp any 10.1.0.9 22 unknown=a user match"
    verdict = only(rules, direction="one_way_initiated")
    assert verdict.answer is Answer.CANNOT_TELL
    assert "(a user match)" in verdict.because


def test_an_uncertain_line_about_answers_is_named_as_one() -> None:
    back = "accept tcp any any states=established unknown=a dynamic list"
    verdict = only(rule_set_of(f"{FORWARD}\n{back}", stateful=False))
    assert verdict.answer is Answer.CANNOT_TELL
    assert "established packets pass back" in verdict.because
    assert "(a dynamic list)" in verdict.because


def test_zones_that_no_firewall_joins_are_cannot_tell() -> None:
    text = PLANT.replace(", dmz: archive", "")
    for direction in ("one_way_strict", "one_way_initiated"):
        plant = plant_of(text.format(direction=direction, initiates="from", other=""))
        seen = Seen(network=network_of(plant, fw=FORWARD), observed=observed())
        (verdict,) = LeakingOneWay().verdicts(plant, seen, NOON)
        assert verdict.answer is Answer.CANNOT_TELL
        assert "no declared firewall joins its zones" in verdict.because


def test_without_rule_sets_and_records_it_cannot_tell() -> None:
    plant = plant_of(PLANT.format(direction="one_way_strict", initiates="from", other=""))
    (verdict,) = LeakingOneWay().verdicts(plant, Seen(), NOON)
    assert verdict.answer is Answer.CANNOT_TELL
    assert only(None).answer is Answer.CANNOT_TELL
    assert only(None, seen_path(most=9)).answer is Answer.BROKEN
