from __future__ import annotations

from checkvalve.findings import Answer, Finding, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.undeclared_permission import UndeclaredPermission
from checkvalve.observe.firewalls.base import RuleSet
from checkvalve.plant import Plant
from checkvalve.testing.segmentation import NOON, network_of, plant_of, rule_set_of

ZONES = """
    zones:
      - {id: office, level: 4, cidrs: [10.9.0.0/24, "fd00:9::/64"]}
      - {id: cell, level: 1, cidrs: [10.1.0.0/24, "fd00:1::/64"]}
    firewalls:
      - {id: fw, vendor: nftables, interfaces: {lan: office, plc: cell}}
"""
CONDUIT = """
    conduits:
      - {id: recipes, from: office, to: cell, flows: [{proto: tcp, dst_ports: [502]}]}
"""


def verdicts(plant: Plant, rules: str | RuleSet) -> list[Verdict]:
    return UndeclaredPermission().verdicts(plant, Seen(network=network_of(plant, fw=rules)), NOON)


def findings(text: str, rules: str | RuleSet) -> list[Finding]:
    return [one.finding for one in verdicts(plant_of(text), rules) if one.finding is not None]


def answers(text: str, rules: str | RuleSet) -> set[Answer]:
    return {one.answer for one in verdicts(plant_of(text), rules)}


def test_what_is_permitted_and_not_declared_is_shown_with_a_packet_and_its_line() -> None:
    (finding,) = findings(ZONES, "deny udp any any\naccept tcp 10.9.0.5 10.1.0.9 502")
    assert "office open control protocols to cell" in finding.because
    assert "10.9.0.5 to 10.1.0.9 tcp/502; no conduit leads from office to cell" in finding.because
    assert (finding.evidence[0].file, finding.evidence[0].line) == ("fw.rules", 2)
    assert finding.zone == "cell"


def test_what_a_conduit_declares_is_in_order() -> None:
    assert answers(ZONES + CONDUIT, "accept tcp 10.9.0.5 10.1.0.9 502") == {Answer.HOLDS}


def test_a_conduit_past_its_last_day_declares_nothing() -> None:
    old = CONDUIT.replace("from: office", 'valid_until: "2026-01-31", from: office')
    assert Answer.BROKEN in answers(ZONES + old, "accept tcp 10.9.0.5 10.1.0.9 502")


def test_a_line_of_everything_is_one_finding_a_pair() -> None:
    found = findings(ZONES, "accept any any any in=lan")
    pairs = {finding.cause.split(":")[0] for finding in found}
    assert pairs == {"office to cell"}
    (finding,) = found
    assert "any service" in finding.because


def test_the_part_beyond_a_conduit_is_found_with_what_may_stay() -> None:
    text = ZONES.replace("vendor: nftables", "vendor: iptables") + CONDUIT
    (finding,) = findings(text, "accept tcp 10.9.0.0/24 10.1.0.0/24 22,502")
    assert "remote access" in finding.because
    assert "10.9.0.1 to 10.1.0.1 tcp/22" in finding.because
    narrower = [one for one in finding.evidence if "narrowest" in one.what]
    assert "502" in narrower[0].actual
    assert "22" not in narrower[0].actual.replace("10.9.0.0/24", "")
    assert "dst_ports: [22]" in finding.evidence[-1].actual


def test_the_sixth_version_is_looked_at_too() -> None:
    (finding,) = findings(ZONES + CONDUIT, "accept tcp fd00:9::/64 fd00:1::7 22")
    assert "fd00:9::1 to fd00:1::7 tcp/22" in finding.because


def test_a_line_that_is_not_understood_is_cannot_tell_with_its_reason() -> None:
    rules = "accept tcp 10.9.0.5 10.1.0.9 22 unknown=a user match"
    (finding,) = findings(ZONES, rules)
    assert "line 1 of fw.rules is not certain (a user match)" in finding.because
    assert Answer.BROKEN not in answers(ZONES, rules)


def test_an_uncertain_deny_above_is_named_and_not_the_line_below() -> None:
    rules = "deny tcp any any unknown=a dynamic list\naccept tcp 10.9.0.5 10.1.0.9 22"
    (finding,) = findings(ZONES, rules)
    assert "(a dynamic list)" in finding.because
    assert finding.evidence[0].line == 1


def test_a_rule_set_that_was_not_read_is_cannot_tell_once() -> None:
    plant = plant_of(ZONES)
    found = UndeclaredPermission().verdicts(plant, Seen(network=network_of(plant)), NOON)
    assert [one.answer for one in found] == [Answer.CANNOT_TELL]
    assert found[0].because == "the rule set of fw was not read, so what it permits is not known"


def test_a_rule_set_of_one_family_says_nothing_about_the_other() -> None:
    rules = rule_set_of("deny any any any", families=frozenset({4}))
    (finding,) = findings(ZONES, rules)
    assert "says nothing about IPv6" in finding.because


def test_without_any_rule_set_it_cannot_tell() -> None:
    (verdict,) = UndeclaredPermission().verdicts(plant_of(ZONES), Seen(), NOON)
    assert verdict.answer is Answer.CANNOT_TELL


def test_the_internet_is_a_zone_like_another_but_not_its_own_neighbour() -> None:
    text = ZONES.replace("lan: office", "lan: office, wan: internet, old: private-unused")
    (finding,) = findings(text, "accept tcp any any 3389 in=wan out=plc,old")
    assert "lets internet open remote access to cell" in finding.because


def test_answers_of_a_declared_service_pass_a_rule_set_without_sessions() -> None:
    udp = CONDUIT.replace("tcp", "udp")
    rules = rule_set_of("accept udp any any 502 in=lan", stateful=False)
    assert answers(ZONES + udp, rules) == {Answer.HOLDS}


def test_a_line_inserted_above_does_not_make_another_finding() -> None:
    line = "accept tcp 10.9.0.5 10.1.0.9 22"
    one, other = findings(ZONES, line), findings(ZONES, f"# a remark\n{line}")
    assert {finding.id for finding in one} == {finding.id for finding in other}


def test_another_line_is_another_finding_so_that_no_waiver_covers_it() -> None:
    line = "accept tcp 10.9.0.5 10.1.0.9 22"
    one, other = findings(ZONES, line), findings(ZONES, f"{line}\naccept tcp 10.9.0.6 any 22")
    assert not {finding.id for finding in one} & {finding.id for finding in other}
