from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.unowned_conduit import UnownedConduit
from checkvalve.testing.segmentation import NOON, network_of, plant_of

OPEN = "accept tcp 10.9.0.0/24 10.1.0.0/24 443,502"


def verdicts(conduits: str, rules: str | None = OPEN) -> list[Verdict]:
    plant = plant_of(f"""
        zones:
          - {{id: office, level: 4, cidrs: [10.9.0.0/24]}}
          - {{id: line, level: 1, cidrs: [10.1.0.0/24]}}
        owners:
          - {{id: plant-it, valid_until: 2026-12-31}}
          - {{id: gone, valid_until: 2025-12-31}}
        firewalls:
          - {{id: fw, vendor: test, interfaces: {{lan: office, plc: line}}}}
        conduits: [{conduits}]
    """)
    seen = Seen(network=None if rules is None else network_of(plant, fw=rules))
    return UnownedConduit().verdicts(plant, seen, NOON)


def test_a_conduit_without_an_owner_is_nobody_s() -> None:
    (told,) = verdicts("{id: c, from: office, to: line}")
    assert told.answer is Answer.BROKEN
    assert told.because == "nobody answers for conduit 'c'"


def test_so_is_one_whose_owner_is_past_its_day() -> None:
    (told,) = verdicts("{id: c, from: office, to: line, owner: gone}")
    assert told.because == "gone answered for conduit 'c' until 2025-12-31, and nobody since"


def test_one_with_a_valid_owner_holds() -> None:
    (told,) = verdicts("{id: c, from: office, to: line, owner: plant-it}")
    assert told.answer is Answer.HOLDS


ENDED = (
    "{id: c, from: office, to: line, owner: plant-it, valid_until: 2026-02-28, "
    "flows: [{proto: tcp, dst_ports: [502]}]}"
)


def test_one_that_is_over_and_still_open_is_wrong() -> None:
    (told,) = verdicts(ENDED)
    assert told.answer is Answer.BROKEN
    assert told.because == (
        "conduit 'c' ended on 2026-02-28; tcp/502 still passes from office to line, such as "
        "10.9.0.1 to 10.1.0.1 tcp/502"
    )
    assert told.finding is not None
    assert told.finding.evidence[-1].line == 1


def test_one_that_is_over_and_shut_holds() -> None:
    (told,) = verdicts(ENDED, "accept tcp 10.9.0.0/24 10.1.0.0/24 443")
    assert told.answer is Answer.HOLDS


def test_one_that_another_took_over_holds() -> None:
    successor = "{id: d, from: office, to: line, owner: plant-it}"
    assert {v.answer for v in verdicts(f"{ENDED}, {successor}")} == {Answer.HOLDS}


def test_a_line_that_is_not_understood_leaves_it_open() -> None:
    (told,) = verdicts(ENDED, f"{OPEN} unknown=an application")
    assert told.answer is Answer.CANNOT_TELL
    assert "an application" in told.because


def test_without_rule_sets_it_cannot_tell_of_one_that_is_over() -> None:
    (told,) = verdicts(ENDED, None)
    assert told.answer is Answer.CANNOT_TELL
