from __future__ import annotations

from typing import Final

import pytest

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.governance.ended_approval import EndedApproval
from checkvalve.testing.segmentation import NOON, network_of, plant_of

PLANT: Final = """
zones:
  - {id: models, level: 3.5, kind: ai, cidrs: [10.5.0.0/24]}
  - {id: site, level: 3, cidrs: [10.3.0.0/24]}
assets:
  - {id: server, zone: models, ips: [10.5.0.4]}
  - {id: history, zone: site, ips: [10.3.0.7], role: Data Historian}
components:
  - {id: tuner, kind: model, asset: server}
data_sources:
  - {id: hist, asset: history, endpoint: "opc.tcp://history:4840"}
firewalls:
  - {id: fw, vendor: test, interfaces: {ai: models, lan: site}}
approvals:
  - {id: a, source: hist, consumer: tuner, tags: [T1], approver: anna, expires: 2026-02-28}
"""
OPEN: Final = "accept tcp 10.5.0.4 10.3.0.7 4840"


def verdict(rules: str | None, text: str = PLANT) -> Verdict:
    plant = plant_of(text)
    seen = Seen(network=None if rules is None else network_of(plant, fw=rules))
    return EndedApproval().verdicts(plant, seen, NOON)[0]


@pytest.mark.parametrize("rules", ["", None])
def test_a_component_that_is_still_declared_to_read_uses_what_has_ended(rules: str | None) -> None:
    told = verdict(rules, PLANT.replace("asset: server}", "asset: server, inputs: [hist]}"))
    assert told.answer is Answer.BROKEN
    assert told.because == "approval 'a' ended on 2026-02-28; tuner is still declared to read hist"


def test_a_way_that_is_still_open_is_told() -> None:
    told = verdict(OPEN)
    assert told.answer is Answer.BROKEN
    assert "10.5.0.4 to 10.3.0.7 tcp/4840" in told.because
    assert told.finding is not None
    assert told.finding.evidence[-1].line == 1


def test_a_way_that_is_shut_holds() -> None:
    assert verdict("accept tcp 10.5.0.4 10.3.0.7 443").answer is Answer.HOLDS


def test_one_that_has_not_ended_or_was_renewed_holds() -> None:
    assert verdict(OPEN, PLANT.replace("2026-02-28", "2026-03-02")).answer is Answer.HOLDS
    again = "  - {id: b, source: hist, consumer: tuner, tags: [T1], approver: anna}\n"
    assert verdict(OPEN, PLANT + again).answer is Answer.HOLDS


def test_a_line_that_is_not_understood_leaves_it_open() -> None:
    told = verdict(f"{OPEN} unknown=a user group")
    assert told.answer is Answer.CANNOT_TELL
    assert "a user group" in told.because


def test_where_nothing_decides_nobody_can_tell() -> None:
    assert verdict(None).answer is Answer.CANNOT_TELL
    beside = PLANT.replace("zone: models, ips: [10.5.0.4]", "zone: site, ips: [10.3.0.4]")
    assert "no firewall decides" in verdict("", beside).because
    for gone in (", ips: [10.5.0.4]", ", asset: server", ", ips: [10.3.0.7]"):
        assert verdict("", PLANT.replace(gone, "")).answer is Answer.CANNOT_TELL


def test_of_a_retired_component_nothing_is_said() -> None:
    plant = plant_of(PLANT.replace("kind: model,", "kind: model, stage: retired,"))
    assert not EndedApproval().verdicts(plant, Seen(), NOON)
