"""The impact of a finding is that of what it touches, not of all that could be reached."""

from __future__ import annotations

from tests.respond.triage.seen import NOON, finding, plant

from checkvalve.findings import Finding, Subject
from checkvalve.plant import Conduit
from checkvalve.respond.triage.deed import deed_of
from checkvalve.respond.triage.impact import Impact, Impacts
from checkvalve.respond.triage.points import Production, Safety, Stage
from checkvalve.respond.triage.reach import DeclaredReach

PLANT = plant()


def impact(one: Finding, stage: Stage) -> Impact:
    return Impacts(PLANT, DeclaredReach(PLANT), NOON).of(one, deed_of(one, stage), stage)


def test_a_command_touches_what_is_commanded_and_nothing_else() -> None:
    write = finding("new-writer", "EWS-1", "PLC-8", action="write")
    found = impact(write, Stage.PROCESS_MANIPULATION)
    assert found.touched == ("PLC-8",)
    assert found.safety is Safety.MARGINAL


def test_a_loss_touches_both_ends() -> None:
    found = impact(finding("lost-conversation", "HMI-3", "PLC-8"), Stage.PROCESS_MANIPULATION)
    assert found.touched == ("PLC-8", "HMI-3")
    assert found.production is Production.FUNCTION_FAILURE
    assert found.production_grounds.because == "HMI-3 is rated 3 for production"


def test_spread_to_a_workstation_touches_what_it_can_command() -> None:
    found = impact(finding("new-conversation", "JUMP-1", "EWS-1"), Stage.SPREAD)
    assert found.touched == ("EWS-1",)
    assert found.safety is Safety.CRITICAL
    assert found.safety_grounds.because == "PLC-7 is rated 3 for safety, within reach of EWS-1"


def test_reach_ends_at_a_controller() -> None:
    found = impact(finding("new-conversation", "EWS-1", "PLC-8"), Stage.SPREAD)
    assert found.safety is Safety.MARGINAL


def test_not_every_finding_is_catastrophic_because_everything_reaches_everything() -> None:
    found = impact(finding("new-conversation", "MES-1", "QS-1"), Stage.SPREAD)
    assert (found.safety, found.production) == (Safety.NEGLIGIBLE, Production.SUPPORT_CRIPPLED)


def test_going_out_makes_the_sender_the_foothold() -> None:
    found = impact(finding("undeclared-ai-service", "HMI-3", "203.0.113.5"), Stage.ACCESS)
    assert found.touched == ("HMI-3",)
    assert found.safety is Safety.CRITICAL


def test_a_sweep_touches_the_declared_assets_that_were_tried() -> None:
    tried = ("EWS-1", "10.0.1.200", "10.0.1.201", "PLC-7", "10.0.1.202", "QS-1")
    found = impact(finding("scan", "EWS-1", assets=tried), Stage.SPREAD)
    assert found.touched == ("PLC-7", "QS-1")
    assert found.safety is Safety.CRITICAL


def test_a_sweep_of_undeclared_addresses_is_assumed_high() -> None:
    tried = ("EWS-1", *(f"10.0.1.{number}" for number in range(200, 206)))
    assert impact(finding("scan", "EWS-1", assets=tried), Stage.SPREAD).safety is (
        Safety.CATASTROPHIC
    )


def test_a_write_to_an_undeclared_machine_is_assumed_high() -> None:
    write = finding("new-writer", "HMI-3", "10.0.1.99", action="write")
    found = impact(write, Stage.PROCESS_MANIPULATION)
    assert found.safety is Safety.CATASTROPHIC
    assert "unknown, assumed high" in found.safety_grounds.because


def test_a_stranger_in_a_cell_is_as_bad_as_what_it_can_reach() -> None:
    found = impact(finding("unknown-asset", "10.0.1.99"), Stage.ACCESS)
    assert found.safety is Safety.CRITICAL
    assert "within reach of 10.0.1.99" in found.safety_grounds.because


def test_two_machines_outside_the_plant_touch_nothing_of_it() -> None:
    found = impact(finding("new-conversation", "9.9.9.9", "8.8.8.8"), Stage.SPREAD)
    assert found.touched == ()
    assert found.safety_grounds.because == "nothing of the plant is touched"


def test_two_machines_in_no_zone_are_unknown() -> None:
    found = impact(finding("new-conversation", "192.168.7.1", "192.168.7.2"), Stage.SPREAD)
    assert found.safety is Safety.CATASTROPHIC


def test_posture_touches_what_stands_there() -> None:
    zone = finding("no-owner", subject=Subject("zone", "cell-2"))
    assert set(impact(zone, Stage.POSTURE).touched) == {"HMI-3", "PLC-7", "PLC-8"}
    asset = finding("old-firmware", subject=Subject("asset", "SIS-1"))
    assert impact(asset, Stage.POSTURE).safety is Safety.CATASTROPHIC


def test_reach_can_come_from_elsewhere() -> None:
    class Permitted:
        def onward(self, name: str) -> frozenset[str]:
            return frozenset({"SIS-1"}) if name == "QS-1" else frozenset()

    one = finding("new-conversation", "MES-1", "QS-1")
    deed = deed_of(one, Stage.SPREAD)
    assert Impacts(PLANT, Permitted(), NOON).of(one, deed, Stage.SPREAD).safety is (
        Safety.CATASTROPHIC
    )


def test_one_more_conduit_raises_what_it_opens_and_nothing_else() -> None:
    wider = plant(Conduit(id="short-cut", from_="enterprise", to="safety"))
    one = finding("new-conversation", "MES-1", "QS-1")
    other = finding("new-conversation", "EWS-1", "PLC-8")
    impacts = Impacts(wider, DeclaredReach(wider), NOON)
    assert impacts.of(one, deed_of(one, Stage.SPREAD), Stage.SPREAD).safety is Safety.CATASTROPHIC
    assert impacts.of(other, deed_of(other, Stage.SPREAD), Stage.SPREAD).safety is Safety.MARGINAL
