from __future__ import annotations

from typing import Any

import pytest
from tests.judge.checks.mill import held, mill, nothing, only, seen

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.access.command_outside_mode import CommandOutsideMode
from checkvalve.judge.window import Window
from checkvalve.records import Intent
from checkvalve.testing.checks import answers, found
from checkvalve.testing.windows import WindowBuilder

WRITE: dict[str, Any] = {"function": "Write Multiple Registers", "space": "holding register"}


def written(first: int, last: int, mode: str | None = "production", **more: Any) -> Window:
    return seen().exchange("panel", "plc", first=first, last=last, **WRITE, **more).build(mode)


def test_a_tag_written_in_another_mode_is_found() -> None:
    window = written(10, 10, count=3, every_s=20.0)
    finding = only(CommandOutsideMode, window)
    assert finding.subject == Subject("asset", "plc")
    assert (finding.source, finding.target, finding.action) == ("panel", "plc", "write")
    assert finding.process_mode == "production"
    assert "wrote setpoint (Speed of the mill) on plc in production" in finding.because
    assert "maintenance" in finding.because
    assert (finding.until - finding.at).total_seconds() == 40


def test_in_its_own_mode_it_may_be_written() -> None:
    window = written(10, 10, "maintenance")
    assert nothing(CommandOutsideMode, window)
    assert held(CommandOutsideMode, window) == {Subject("asset", "plc")}


@pytest.mark.parametrize(
    ("first", "last", "hit"), [(0, 9, 0), (0, 10, 1), (10, 30, 1), (11, 30, 0)]
)
def test_a_write_of_many_registers_counts_where_it_covers_the_tag(
    first: int, last: int, hit: int
) -> None:
    assert len(found(CommandOutsideMode, mill(), written(first, last))) == hit


def test_another_device_or_space_is_another_place() -> None:
    other = seen().exchange("panel", "plc", first=10, device=2, **WRITE)
    other.exchange("panel", "plc", first=10, function="Write Single Coil", space="coil")
    assert found(CommandOutsideMode, mill(), other.build("production")) == []


def test_reading_a_restricted_tag_is_no_command() -> None:
    window = seen().exchange("panel", "plc", first=10, space="holding register").build("production")
    assert found(CommandOutsideMode, mill(), window) == []


def test_with_the_mode_unknown_a_restricted_command_can_not_be_told_and_matters() -> None:
    ((verdict, _),) = answers(CommandOutsideMode, mill(), written(10, 10, None))
    assert verdict.answer is Answer.CANNOT_TELL
    assert verdict.finding is not None
    assert "while the process mode was not known" in verdict.finding.because


def test_with_the_mode_unknown_other_commands_do_not_matter() -> None:
    assert answers(CommandOutsideMode, mill(), written(50, 50, None)) == []


def program(target: str) -> WindowBuilder:
    return seen().exchange("station", target, function="Download", intent=Intent.PROGRAM)


def test_a_safety_controller_is_programmed_in_maintenance_only() -> None:
    finding = only(CommandOutsideMode, program("trip").build("stop"))
    assert "programmed the safety controller trip in stop" in finding.because
    assert nothing(CommandOutsideMode, program("trip").build("maintenance"))
    assert found(CommandOutsideMode, mill(), program("plc").build("stop")) == []


def test_a_program_on_a_safety_controller_in_an_unknown_mode_matters() -> None:
    findings = found(CommandOutsideMode, mill(), program("trip").build(None))
    assert {str(finding.subject) for finding in findings} == {"asset trip", "conduit service"}
    assert all("while the process mode was not known" in one.because for one in findings)


def test_a_conduit_used_in_another_mode_is_found() -> None:
    builder = seen().flow("station", "trip", protocol="modbus").exchange("station", "trip")
    finding = only(CommandOutsideMode, builder.build("production"))
    assert finding.subject == Subject("conduit", "service")
    assert finding.action == "read"
    assert "opens it in maintenance, stop only" in finding.because


def test_a_conduit_counts_as_used_once_payload_has_passed() -> None:
    builder = seen().flow("station", "trip", sent=0, received=0)
    assert found(CommandOutsideMode, mill(), builder.build("production")) == []


def test_with_the_mode_unknown_a_conduit_matters_once_it_commands() -> None:
    builder = seen().flow("station", "trip", protocol="modbus").exchange("station", "trip")
    ((verdict, _),) = answers(CommandOutsideMode, mill(), builder.build(None))
    assert (verdict.answer, verdict.finding) == (Answer.CANNOT_TELL, None)
    builder.flow("station", "trip", protocol="modbus").exchange("station", "trip", **WRITE)
    assert only(CommandOutsideMode, builder.build(None)).action == "write"


def test_of_two_flows_the_one_that_lists_what_was_asked_decides() -> None:
    builder = seen().flow("mes", "plc", protocol="modbus").exchange("mes", "plc")
    builder.exchange("mes", "plc", first=50, **WRITE)
    finding = only(CommandOutsideMode, builder.build("production"))
    assert finding.subject == Subject("conduit", "operations-to-cell")
    assert "used Write Multiple Registers on plc in production" in finding.because


def test_many_commands_cost_no_more_findings() -> None:
    assert len(found(CommandOutsideMode, mill(), written(10, 10, count=3_000, every_s=0.1))) == 1
