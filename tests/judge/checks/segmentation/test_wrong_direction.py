from __future__ import annotations

from tests.judge.checks.mill import held, mill, nothing, only, seen

from checkvalve.findings import Subject
from checkvalve.judge.checks.segmentation.undeclared_conduit import UndeclaredConduit
from checkvalve.judge.checks.segmentation.wrong_direction import WrongDirection
from checkvalve.testing.checks import found


def test_a_connection_from_the_wrong_end_is_found_here_and_not_twice() -> None:
    window = seen().flow("historian", "plc", port=1883).build("production")
    finding = only(WrongDirection, window)
    assert finding.subject == Subject("conduit", "cell-publishes")
    assert (finding.source, finding.target) == ("historian", "plc")
    assert "may only be opened from cell" in finding.because
    assert found(UndeclaredConduit, mill(), window) == []


def test_attempts_from_the_wrong_end_are_one_finding() -> None:
    builder = seen()
    for last in range(1, 20):
        builder.flow("historian", f"10.1.0.{last}", answered=False)
    finding = only(WrongDirection, builder.build("production"))
    assert finding.action == "discover"
    assert "tried" in finding.because


def test_answers_within_the_limit_are_in_order() -> None:
    window = seen().flow("plc", "historian", port=1883, received=1000).build("production")
    assert nothing(WrongDirection, window)
    assert held(WrongDirection, window) == {Subject("conduit", "cell-publishes")}


def test_more_than_the_limit_comes_from_the_end_that_answered() -> None:
    window = seen().flow("plc", "historian", port=1883, received=1001).build("production")
    finding = only(WrongDirection, window)
    assert (finding.source, finding.target) == ("historian", "plc")
    assert "with 1,001 octets in 1 session" in finding.because
    assert "lets 1,000 octets a session come back" in finding.because


def test_the_limit_is_for_each_session() -> None:
    builder = seen()
    for k in range(3):
        builder.flow("plc", "historian", at=k, port=1883, received=900)
    assert nothing(WrongDirection, builder.build("production"))


def test_nothing_at_all_comes_back_through_a_strict_conduit() -> None:
    window = seen().flow("plc", "copy", transport="udp", port=5000, received=0).build("production")
    finding = only(WrongDirection, window)
    assert "conduit 'diode' lets nothing come back" in finding.because


def test_what_goes_out_of_a_strict_conduit_is_in_order() -> None:
    builder = seen().flow("plc", "copy", transport="udp", port=5000, answered=False)
    assert nothing(WrongDirection, builder.build("production"))


def test_two_way_conduits_are_left_to_others() -> None:
    window = seen().flow("plc", "mes").flow("mes", "plc").build("production")
    assert found(WrongDirection, mill(), window) == []
