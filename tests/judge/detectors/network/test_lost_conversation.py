from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.judge.detectors.network.hours import Mill, one

from checkvalve.judge.detectors.network.lost_conversation import LostConversation
from checkvalve.judge.window import moment
from checkvalve.records import GapKind

GONE = ("hmi-1", "plc-1a")


@pytest.fixture
def mill() -> Mill:
    return Mill()


def test_a_poll_that_stopped_is_reported_with_its_period_and_its_silence(mill: Mill) -> None:
    detector = mill.teach(LostConversation)
    mill.usual(without=GONE)
    found = one(detector.judge(mill.over()))
    assert (found.source, found.target, found.zone) == (*GONE, "cell-1")
    assert found.cause == "hmi-1 plc-1a modbus"
    assert "nothing for 60 min in mode production" in found.because
    assert found.process_mode == "production"


def test_it_is_one_finding_however_long_it_lasts_and_shows_where_it_was_last_seen(
    mill: Mill,
) -> None:
    detector = mill.teach(LostConversation)
    mill.usual()
    assert not detector.judge(mill.over())
    found = []
    for _ in range(3):
        mill.usual(without=GONE)
        found += detector.judge(mill.over())
    assert len(found) == 3
    assert len({finding.id for finding in found}) == 1
    assert found[0].at == found[-1].at
    assert found[0].evidence[0].what == "the last stretch of hmi-1 → plc-1a modbus begins"


def test_a_poll_that_goes_on_is_not_lost(mill: Mill) -> None:
    detector = mill.teach(LostConversation)
    mill.usual()
    assert not detector.judge(mill.over())


def test_silence_shorter_than_a_minute_says_nothing(mill: Mill) -> None:
    detector = mill.teach(LostConversation)
    at = mill.begin()
    mill.builder.exchange("hmi-1", "plc-1b", at=at, every_s=5, count=11)
    assert not detector.judge(mill.over())


def test_silence_counts_only_in_modes_in_which_it_is_usually_active(mill: Mill) -> None:
    detector = mill.teach(LostConversation)
    for _ in range(4):
        mill.usual(without=GONE)
        detector.learn(mill.over("stop"))
    mill.usual(without=GONE)
    assert not detector.judge(mill.over("stop"))
    mill.usual(without=GONE)
    assert not detector.judge(mill.over(None))


def test_silence_does_not_count_while_the_sensor_is_blind(mill: Mill) -> None:
    detector = mill.teach(LostConversation)
    mill.usual(without=GONE)
    mill.builder.gap(GapKind.DROPPED)
    assert not detector.judge(mill.over())


def test_silence_does_not_count_where_nothing_of_either_zone_is_seen(mill: Mill) -> None:
    detector = mill.teach(LostConversation)
    mill.begin()
    mill.polls("hmi-2", "plc-2a")
    assert all("cell-1" not in finding.zone for finding in detector.judge(mill.over()))


def test_what_people_drive_may_pause(mill: Mill) -> None:
    detector = LostConversation(mill.plant)
    clicks = (3, 1_500, 9, 400, 2, 60, 700, 5, 20, 140)
    for _ in range(6):
        mill.usual()
        at = float(mill.at)
        for pause in clicks:
            at += pause
            mill.builder.exchange("station", "plc-1a", at=at, function="Write Single Coil")
        detector.learn(mill.over())
    mill.usual()
    assert not detector.judge(mill.over())


def test_a_poll_in_bursts_is_periodic_by_its_pauses(mill: Mill) -> None:
    detector = LostConversation(mill.plant)
    for _ in range(3):
        mill.usual()
        for cycle in range(119):
            at = mill.at + 30 * cycle
            mill.builder.exchange("station", "plc-1a", at=at, every_s=0.01, count=25)
        detector.learn(mill.over())
    mill.usual()
    found = one(detector.judge(mill.over()))
    assert (found.source, found.target) == ("station", "plc-1a")
    assert re.search(r"about every (2[5-9]|3[0-6]) s", found.because)


def test_a_poll_that_rests_in_learning_may_rest_as_long_again(mill: Mill) -> None:
    detector = mill.teach(LostConversation, hours=4)
    for _ in range(2):
        mill.usual(without=GONE)
        detector.learn(mill.over())
    found = []
    for _ in range(4):
        mill.usual(without=GONE)
        found.append(len(detector.judge(mill.over())))
    assert found == [0, 0, 1, 1]


def test_a_source_that_lost_everything_is_one_finding() -> None:
    mill = Mill()
    detector = LostConversation(mill.plant)
    targets = ("plc-1a", "plc-1b", "plc-2a")
    for _ in range(6):
        mill.begin()
        mill.polls("hmi-2", "plc-2b")
        mill.polls("hmi-1", "plc-3a")
        for target in targets:
            mill.polls("station", target)
        detector.learn(mill.over())
    mill.begin()
    mill.polls("hmi-2", "plc-2b")
    mill.polls("hmi-1", "plc-3a")
    found = one(detector.judge(mill.over()))
    assert found.cause == "source station"
    assert set(targets) < set(found.assets)


def test_it_dates_from_the_first_exchange_that_did_not_come(mill: Mill) -> None:
    detector = mill.teach(LostConversation)
    mill.usual()
    window = mill.over()
    assert not detector.judge(window)
    mill.usual(without=GONE)
    found = one(detector.judge(mill.over()))
    last = moment(int(window.groups["last"].max()))
    assert timedelta(0) < found.at - last < timedelta(seconds=16)
