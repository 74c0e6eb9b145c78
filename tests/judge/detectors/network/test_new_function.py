from __future__ import annotations

from tests.judge.detectors.network.hours import Mill, one

from checkvalve.judge.detectors.network.new_function import NewFunction
from checkvalve.records import Intent, Status

IDENTIFY = "Read Device Identification"


def test_a_function_that_was_never_used_is_reported() -> None:
    mill = Mill()
    detector = mill.teach(NewFunction)
    mill.usual()
    mill.builder.exchange(
        "hmi-1", "plc-1a", at=mill.at, function=IDENTIFY, intent=Intent.DISCOVER, count=3
    )
    found = one(detector.judge(mill.over()))
    assert found.cause == f"hmi-1 plc-1a modbus {IDENTIFY}"
    assert (found.action, found.count) == ("discover", 3)


def test_refusals_are_told() -> None:
    mill = Mill()
    detector = mill.teach(NewFunction)
    mill.usual()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, function=IDENTIFY, status=Status.ERROR)
    assert "refused 1x" in one(detector.judge(mill.over())).because


def test_known_functions_are_not_reported() -> None:
    mill = Mill()
    detector = mill.teach(NewFunction)
    mill.usual()
    assert not detector.judge(mill.over())


def test_a_new_conversation_or_device_has_no_new_function() -> None:
    mill = Mill()
    detector = mill.teach(NewFunction)
    mill.usual()
    mill.builder.exchange("hmi-1", "plc-2a", at=mill.at, function=IDENTIFY)
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, device=9, function=IDENTIFY)
    assert not detector.judge(mill.over())


def test_the_first_command_is_left_to_new_writer_and_the_second_kind_is_not() -> None:
    mill = Mill()
    detector = mill.teach(NewFunction)
    mill.usual()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, function="Write Single Coil")
    window = mill.over()
    assert not detector.judge(window)
    detector.learn(window)
    mill.usual()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, function="Write Multiple Coils")
    assert one(detector.judge(mill.over())).action == "write"


def test_one_function_at_many_destinations_is_one_finding() -> None:
    mill = Mill()
    detector = NewFunction(mill.plant)
    targets = [f"plc-{cell}{plc}" for cell in (1, 2, 3) for plc in "ab"]
    for target in targets:
        mill.builder.exchange("station", target, function="Read Coils", count=9)
    detector.learn(mill.over())
    for target in targets:
        mill.builder.exchange("station", target, function=IDENTIFY, count=9)
    found = one(detector.judge(mill.over()))
    assert str(found.subject) == "asset station"
    assert found.count == 54
