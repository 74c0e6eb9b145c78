from __future__ import annotations

from tests.judge.detectors.network.hours import Mill, one

from checkvalve.judge.detectors.network.new_writer import NewWriter
from checkvalve.records import Intent, Status

WRITE = "Write Single Register"


def test_a_reader_that_writes_is_reported_with_its_reads() -> None:
    mill = Mill()
    detector = mill.teach(NewWriter)
    mill.usual()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at + 5, function=WRITE)
    found = one(detector.judge(mill.over()))
    assert (found.source, found.target, found.action) == ("hmi-1", "plc-1a", "write")
    assert "after 2154 reads and never a write" in found.because


def test_a_program_download_counts_and_says_so() -> None:
    mill = Mill()
    detector = mill.teach(NewWriter)
    mill.begin()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, function="Download", intent=Intent.PROGRAM)
    assert one(detector.judge(mill.over())).action == "program"


def test_an_attempt_that_failed_is_told_as_one() -> None:
    mill = Mill()
    detector = mill.teach(NewWriter)
    mill.begin()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, function=WRITE, status=Status.ERROR)
    assert "all failed" in one(detector.judge(mill.over())).because


def test_one_that_always_wrote_is_not_reported() -> None:
    mill = Mill()
    detector = mill.teach(NewWriter)
    mill.usual()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at + 5, function=WRITE)
    detector.learn(mill.over())
    mill.begin()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, function="Write Single Coil")
    assert not detector.judge(mill.over())


def test_a_write_on_a_new_conversation_is_left_to_new_conversation() -> None:
    mill = Mill()
    detector = mill.teach(NewWriter)
    mill.begin()
    mill.builder.exchange("station", "plc-1a", at=mill.at, function=WRITE)
    assert not detector.judge(mill.over())


def test_writes_to_many_devices_of_a_gateway_are_one_finding() -> None:
    mill = Mill()
    detector = NewWriter(mill.plant)
    for device in range(1, 5):
        mill.builder.exchange("hmi-1", "plc-1a", device=device)
    detector.learn(mill.over())
    for device in range(1, 5):
        mill.builder.exchange("hmi-1", "plc-1a", device=device, function=WRITE)
    assert one(detector.judge(mill.over())).count == 4
