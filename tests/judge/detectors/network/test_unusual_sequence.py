from __future__ import annotations

from tests.judge.detectors.network.hours import Mill, one

from checkvalve.judge.detectors.network.unusual_sequence import UnusualSequence
from checkvalve.records import Intent

INTENTS = {"Download": Intent.PROGRAM, "Write": Intent.WRITE}


def _commands(mill: Mill, *functions: str, at: float = 0.0, every_s: float = 2.0) -> None:
    for k, function in enumerate(functions):
        mill.builder.exchange(
            "station",
            "plc-1a",
            at=mill.at + at + k * every_s,
            protocol="s7comm",
            function=function,
            intent=INTENTS.get(function, Intent.CONTROL),
        )


def _taught(mill: Mill) -> UnusualSequence:
    """Select and operate in production; stop and download in maintenance."""
    detector = UnusualSequence(mill.plant)
    for _ in range(3):
        mill.usual()
        for k in range(10):
            _commands(mill, "Select", "Operate", "Write", at=60.0 * k)
        detector.learn(mill.over())
        mill.usual()
        for k in range(4):
            _commands(mill, "Stop", "Download", "Start", at=700.0 * k)
        detector.learn(mill.over("maintenance"))
    return detector


def test_a_function_that_never_came_in_this_mode_is_told_with_its_counts() -> None:
    mill = Mill()
    detector = _taught(mill)
    mill.usual()
    _commands(mill, "Stop", "Download")
    found = detector.judge(mill.over())
    assert {finding.cause for finding in found} == {
        "plc-1a s7comm 1 Download production",
        "plc-1a s7comm 1 Stop production",
    }
    assert "0 of 90 commands in production, 12 in maintenance" in found[0].because
    assert {finding.action for finding in found} == {"control", "program"}


def test_operate_without_select_is_told_as_such() -> None:
    mill = Mill()
    detector = _taught(mill)
    mill.usual()
    _commands(mill, "Select", "Operate", "Operate")
    found = one(detector.judge(mill.over()))
    assert found.cause == "plc-1a s7comm 1 Operate then Operate production"
    assert found.because.endswith("Operate without Select.")
    assert len(found.evidence) == 2


def test_usual_orders_are_not_reported() -> None:
    mill = Mill()
    detector = _taught(mill)
    mill.usual()
    _commands(mill, "Select", "Operate", "Write", "Select", "Operate", "Write")
    assert not detector.judge(mill.over())


def test_an_unknown_mode_makes_no_finding_and_teaches_nothing() -> None:
    mill = Mill()
    detector = _taught(mill)
    state = detector.state()
    mill.usual()
    _commands(mill, "Stop", "Download")
    window = mill.over(None)
    assert not detector.judge(window)
    detector.learn(window)
    assert detector.state() == state


def test_commands_long_after_each_other_do_not_follow() -> None:
    mill = Mill()
    detector = _taught(mill)
    mill.usual()
    _commands(mill, "Operate", "Select", every_s=601.0)
    assert not detector.judge(mill.over())


def test_a_mode_that_was_hardly_seen_says_nothing() -> None:
    mill = Mill()
    detector = _taught(mill)
    mill.usual()
    _commands(mill, "Stop", "Download")
    assert not detector.judge(mill.over("stop"))


def test_a_device_that_was_hardly_commanded_is_not_judged() -> None:
    mill = Mill()
    detector = UnusualSequence(mill.plant)
    for _ in range(3):
        mill.usual()
        _commands(mill, "Select", "Operate")
        detector.learn(mill.over())
    mill.usual()
    _commands(mill, "Stop", "Download")
    assert not detector.judge(mill.over())
