from __future__ import annotations

import numpy as np
import pytest
from tests.judge.detectors.network.hours import HOUR_S, Mill, one

from checkvalve.judge.detectors.network.changed_rhythm import ChangedRhythm
from checkvalve.records import GapKind


def _polls(mill: Mill, every_s: float) -> None:
    mill.begin()
    mill.builder.exchange(
        "hmi-1", "plc-1a", at=mill.at, every_s=every_s, count=int(HOUR_S / every_s) - 1
    )


def _taught(mill: Mill, *periods: float) -> ChangedRhythm:
    detector = ChangedRhythm(mill.plant)
    for every_s in periods:
        _polls(mill, every_s)
        detector.learn(mill.over())
    return detector


@pytest.mark.parametrize(("every_s", "way"), [(300.0, "slower"), (4.0, "faster")])
def test_a_rhythm_that_changed_is_told_with_both_periods(every_s: float, way: str) -> None:
    mill = Mill()
    detector = _taught(mill, 30.0, 30.0, 30.0)
    _polls(mill, every_s)
    found = one(detector.judge(mill.over()))
    assert found.cause == f"hmi-1 plc-1a modbus 1 {way}"
    assert f"{way} in mode production: about every" in found.because
    assert found.action == "read"


def test_the_same_rhythm_is_not_reported_however_long() -> None:
    mill = Mill()
    detector = _taught(mill, 30.0, 30.0)
    for _ in range(20):
        _polls(mill, 30.0)
        assert not detector.judge(mill.over())


def test_a_smaller_change_adds_up_over_windows() -> None:
    mill = Mill()
    detector = _taught(mill, 30.0, 30.0)
    found = []
    for _ in range(5):
        _polls(mill, 60.0)
        found.append(len(detector.judge(mill.over())))
    assert found[0] == 0
    assert found[-1] == 1


def test_a_rhythm_within_those_learnt_is_usual() -> None:
    mill = Mill()
    detector = _taught(mill, 10.0, 60.0, 10.0, 60.0)
    for _ in range(10):
        _polls(mill, 25.0)
        assert not detector.judge(mill.over())


def test_what_people_drive_has_no_rhythm_to_change() -> None:
    mill = Mill()
    detector = ChangedRhythm(mill.plant)
    rng = np.random.default_rng(1)
    for _ in range(8):
        at = mill.begin()
        for pause in np.exp(rng.normal(3, 2.5, 30)).tolist():
            at += pause
            mill.builder.exchange("hmi-1", "plc-1a", at=min(at, mill.at + HOUR_S - 1))
        detector.learn(mill.over())
    for every_s in (1.0, 600.0):
        _polls(mill, every_s)
        assert not detector.judge(mill.over())


def test_few_learnt_intervals_are_no_rhythm() -> None:
    mill = Mill()
    detector = _taught(mill, 200.0)
    for _ in range(5):
        _polls(mill, 5.0)
        assert not detector.judge(mill.over())


def test_a_blind_sensor_makes_every_rhythm_slower() -> None:
    mill = Mill()
    detector = _taught(mill, 30.0, 30.0)
    _polls(mill, 300.0)
    mill.builder.gap(GapKind.DROPPED)
    assert not detector.judge(mill.over())
