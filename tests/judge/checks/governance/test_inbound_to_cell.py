from __future__ import annotations

from typing import Final

from checkvalve.findings import Answer, Finding, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.governance.inbound_to_cell import InboundToCell
from checkvalve.plant import Plant
from checkvalve.testing.segmentation import NOON, network_of, plant_of, rule_set_of

PLANT: Final = """
zones:
  - {id: office, level: 4, kind: enterprise, cidrs: [10.9.0.0/24]}
  - {id: models, level: 3.5, kind: ai, cidrs: [10.5.0.0/24, "fd00:5::/64"]}
  - {id: line, level: 1, kind: process, cidrs: [10.1.0.0/24, "fd00:1::/64"]}
  - {id: trip, level: 1, kind: safety, cidrs: [10.2.0.0/24]}
assets:
  - {id: desk, zone: office, ips: [10.9.0.5]}
  - {id: planner, zone: office, ips: [10.9.0.9]}
components:
  - {id: scheduler, kind: model, asset: planner}
firewalls:
  - {id: fw, vendor: test, interfaces: {lan: office, ai: models, plc: line, sis: trip}}
"""


def verdicts(rules: str, plant: Plant | None = None) -> list[Verdict]:
    plant = plant or plant_of(PLANT)
    seen = Seen(network=network_of(plant, fw=rules))
    return InboundToCell().verdicts(plant, seen, NOON)


def broken(rules: str) -> list[Finding]:
    return [v.finding for v in verdicts(rules) if v.answer is Answer.BROKEN and v.finding]


def test_a_model_server_that_polls_controllers_opens_into_the_cell() -> None:
    (finding,) = broken("accept tcp 10.5.0.0/24 10.1.0.0/24 4840")
    assert str(finding.subject) == "zone line"
    assert finding.because == (
        "zone models may open tcp/4840 to line, such as 10.5.0.1 to 10.1.0.1 tcp/4840"
    )
    assert [one.line for one in finding.evidence] == [0, 1]
    assert finding.zone == "line"


def test_of_another_zone_only_the_machine_that_carries_ai_counts() -> None:
    assert not broken("accept tcp 10.9.0.5 10.1.0.0/24 502")
    (finding,) = broken("accept tcp 10.9.0.0/24 10.1.0.7 502")
    assert finding.assets == ("planner",)
    assert "planner (office) may open tcp/502 to line" in finding.because
    assert "10.9.0.9 to 10.1.0.7 tcp/502" in finding.because


def test_a_safety_zone_is_a_cell_too() -> None:
    (finding,) = broken("accept any 10.5.0.4 10.2.0.0/24")
    assert str(finding.subject) == "zone trip"
    assert "tcp, udp, other protocols" in finding.because


def test_ipv6_is_looked_at_as_well() -> None:
    (finding,) = broken("accept udp fd00:5::/64 fd00:1::9 4840")
    assert "fd00:5::1 to fd00:1::9 udp/4840" in finding.because


def test_what_the_cell_pushes_out_is_in_order() -> None:
    given = verdicts("accept tcp 10.1.0.0/24 10.5.0.0/24 8883")
    assert {v.answer for v in given} == {Answer.HOLDS}
    assert {str(v.subject) for v in given} == {"zone line", "zone trip"}


def test_a_ping_opens_nothing() -> None:
    assert not broken("accept icmp 10.5.0.0/24 10.1.0.0/24")


def test_many_ports_of_one_class_of_service_are_one_finding() -> None:
    rules = "\n".join(f"accept tcp 10.5.0.4 10.1.0.{host} 502" for host in range(1, 20))
    (finding,) = broken(rules)
    assert len(finding.evidence) < 19


def test_a_line_inserted_above_does_not_make_another_finding() -> None:
    line = "accept tcp 10.5.0.4 10.1.0.1 502"
    (one,), (other,) = broken(line), broken(f"deny tcp any any 23\n{line}")
    assert one.id == other.id


def test_a_line_that_is_not_understood_makes_it_undecidable() -> None:
    (told,) = [
        v
        for v in verdicts("accept tcp 10.5.0.4 10.1.0.1 502 unknown=a user group")
        if v.answer is not Answer.HOLDS
    ]
    assert told.answer is Answer.CANNOT_TELL
    assert "a user group" in told.because
    assert told.finding is not None
    assert [one.line for one in told.finding.evidence] == [0, 1]


def test_a_denial_that_is_not_understood_does_not_protect() -> None:
    rules = """
    deny tcp 10.5.0.0/24 10.1.0.0/24 unknown=a dynamic list
    accept tcp 10.5.0.4 10.1.0.1 502
    """
    (told,) = [v for v in verdicts(rules) if v.answer is not Answer.HOLDS]
    assert told.answer is Answer.CANNOT_TELL
    assert "a dynamic list" in told.because


def test_a_line_about_others_does_not_count_as_a_reason() -> None:
    rules = """
    accept tcp 10.9.0.5 10.1.0.1 502 unknown=a user group
    accept udp 10.5.0.4 10.2.0.1 unknown=an application
    """
    (told,) = [v for v in verdicts(rules) if v.answer is not Answer.HOLDS]
    assert str(told.subject) == "zone trip"
    assert "an application" in told.because


def test_a_rule_set_without_ipv6_leaves_ipv6_open_to_doubt() -> None:
    plant = plant_of(PLANT)
    only_v4 = rule_set_of("accept tcp 10.9.0.5 any 443", families=frozenset({4}))
    given = InboundToCell().verdicts(plant, Seen(network=network_of(plant, fw=only_v4)), NOON)
    (told,) = [v for v in given if v.answer is not Answer.HOLDS]
    assert told.answer is Answer.CANNOT_TELL
    assert "says nothing about IPv6" in told.because


def test_zones_that_no_firewall_joins_are_not_called_apart() -> None:
    plant = plant_of(PLANT.replace(", sis: trip", ""))
    given = InboundToCell().verdicts(plant, Seen(network=network_of(plant, fw="")), NOON)
    untold = {str(v.subject) for v in given if v.answer is Answer.CANNOT_TELL}
    assert untold == {"zone trip"}


def test_a_machine_without_an_address_is_not_called_apart() -> None:
    plant = plant_of(PLANT.replace(", ips: [10.9.0.9]", ""))
    given = verdicts("accept tcp 10.9.0.0/24 10.1.0.0/24 502", plant)
    assert [str(v.subject) for v in given if v.answer is Answer.CANNOT_TELL] == ["zone line"]


def test_without_rule_sets_it_cannot_tell() -> None:
    (told,) = InboundToCell().verdicts(plant_of(PLANT), Seen(), NOON)
    assert told.answer is Answer.CANNOT_TELL


def test_a_declared_conduit_does_not_excuse_it() -> None:
    plant = plant_of(PLANT + "conduits:\n  - {id: poll, from: models, to: line}\n")
    given = verdicts("accept tcp 10.5.0.4 10.1.0.1 4840", plant)
    (wrong,) = [v for v in given if v.answer is Answer.BROKEN]
    assert "conduit 'poll' even declares such a path" in wrong.because
