from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from tests.judge.checks.mill import mill, seen

from checkvalve.findings import Finding
from checkvalve.judge.checks.segmentation.undeclared_conduit import UndeclaredConduit
from checkvalve.keep.facts import Mark
from checkvalve.keep.keeper import Keeper
from checkvalve.keep.step import Step
from checkvalve.plant import Plant
from checkvalve.plant.waivers import Waiver
from checkvalve.run.judging import rules
from checkvalve.run.triaging import Triaged, triage
from checkvalve.testing.checks import found

(FINDING,) = found(UndeclaredConduit, mill(), seen().flow("desk", "plc").build("stop"))
WAIVER = Waiver(
    id="desk",
    rule="undeclared-conduit",
    subject="zone cell",
    reason="the migration runs until Friday",
    compensating_measure="somebody watches",
    approver="Ana",
    expires=date(2026, 3, 6),
)


def triaged(folder: Path, finding: Finding, plant: Plant, days: int) -> Triaged:
    at = finding.at
    with Keeper.open(folder, command="watch", at=at) as keeper:
        keeper.commit(Step(mark=Mark("made.pcap", 1), at=at, records=[], findings=(finding,)))
        return triage(keeper.store, plant, rules(), at + timedelta(days=days))


def ids(told: Triaged) -> list[str]:
    return [finding.id for one in told.incidents for finding in one.findings]


def test_what_a_check_found_is_an_incident(tmp_path: Path) -> None:
    told = triaged(tmp_path, FINDING, mill(), 0)
    assert ids(told) == [FINDING.id]
    assert told.waived == ()


def test_a_waived_finding_is_in_no_incident_and_comes_back_by_itself(tmp_path: Path) -> None:
    plant = Plant.from_things({**mill().things(), "waivers": {WAIVER.id: WAIVER}})
    told = triaged(tmp_path / "waived", FINDING, plant, 0)
    assert told.incidents == ()
    assert [(one.finding.id, one.waiver) for one in told.waived] == [(FINDING.id, WAIVER)]
    later = triaged(tmp_path / "later", FINDING, plant, 30)
    assert ids(later) == [FINDING.id]
    assert later.waived == ()
