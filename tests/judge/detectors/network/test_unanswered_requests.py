from __future__ import annotations

import pytest
from tests.judge.detectors.network.hours import Mill, one

from checkvalve.judge.detectors.network.unanswered_requests import UnansweredRequests
from checkvalve.records import GapKind, Status


def _ask(mill: Mill, lost: int, answered: int, source: str = "hmi-1", to: str = "plc-1a") -> None:
    mill.builder.exchange(source, to, at=mill.at, count=answered)
    mill.builder.exchange(source, to, at=mill.at + 1_000, count=lost, status=Status.NO_REPLY)


def test_replies_that_stay_away_are_reported_against_the_learnt_share() -> None:
    mill = Mill()
    detector = mill.teach(UnansweredRequests)
    mill.begin()
    _ask(mill, lost=30, answered=10)
    found = one(detector.judge(mill.over()))
    assert (found.source, found.target) == ("hmi-1", "plc-1a")
    assert "left 30 of 40 requests of hmi-1 without a reply" in found.because
    assert found.because.endswith("before it was 0 of 2154.")
    first = found.evidence[0].at
    assert first is not None
    assert first == found.at  # when the first was lost, not when the window began
    assert first.minute * 60 + first.second >= 1_000


@pytest.mark.parametrize(("lost", "answered"), [(0, 40), (3, 0), (4, 300), (8, 352)])
def test_few_losses_say_nothing(lost: int, answered: int) -> None:
    mill = Mill()
    detector = mill.teach(UnansweredRequests)
    mill.begin()
    _ask(mill, lost, answered)
    assert not detector.judge(mill.over())


def test_small_windows_on_end_add_up() -> None:
    mill = Mill()
    detector = mill.teach(UnansweredRequests)
    found = []
    for _ in range(4):
        mill.begin()
        mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, count=3, status=Status.NO_REPLY)
        found.append(len(detector.judge(mill.over())))
    assert found == [0, 1, 1, 1]


def test_a_window_with_all_replies_begins_the_count_anew() -> None:
    mill = Mill()
    detector = mill.teach(UnansweredRequests)
    for lost in (3, 0, 3, 0, 3):
        mill.begin()
        _ask(mill, lost, answered=2)
        assert not detector.judge(mill.over())


def test_what_was_lost_while_learning_is_usual() -> None:
    mill = Mill()
    detector = mill.teach(UnansweredRequests)
    mill.begin()
    _ask(mill, lost=30, answered=10)
    detector.learn(mill.over())
    mill.begin()
    _ask(mill, lost=28, answered=12)
    assert not detector.judge(mill.over())


def test_a_blind_sensor_loses_replies_itself() -> None:
    mill = Mill()
    detector = mill.teach(UnansweredRequests)
    mill.begin()
    _ask(mill, lost=30, answered=10)
    mill.builder.gap(GapKind.STREAM_GAP)
    assert not detector.judge(mill.over())


def test_a_destination_that_answers_nobody_is_one_finding() -> None:
    mill = Mill()
    detector = UnansweredRequests(mill.plant)
    askers = ("hmi-1", "hmi-2", "hmi-3", "station")
    mill.begin()
    for asker in askers:
        _ask(mill, lost=0, answered=100, source=asker)
    detector.learn(mill.over())
    mill.begin()
    for asker in askers:
        _ask(mill, lost=50, answered=0, source=asker)
    found = one(detector.judge(mill.over()))
    assert found.cause == "destination plc-1a"
    assert set(askers) < set(found.assets)


def test_a_conversation_that_never_was_answered_is_not_judged() -> None:
    mill = Mill()
    detector = UnansweredRequests(mill.plant)
    mill.begin()
    _ask(mill, lost=100, answered=0)
    detector.learn(mill.over())
    mill.begin()
    _ask(mill, lost=100, answered=0)
    assert not detector.judge(mill.over())
