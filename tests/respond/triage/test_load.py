"""How much work incidents make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from tests.respond.triage.seen import NOON, finding, minutes, plant
from tests.respond.triage.test_correlate import RULES, talk

from checkvalve.findings import Finding
from checkvalve.respond.triage.acts import Act, ActKind
from checkvalve.respond.triage.incidents import incidents
from checkvalve.respond.triage.load import Load, load
from checkvalve.respond.triage.points import Outcome

PLANT = plant()
DAY = timedelta(days=1)


def figures(findings: Sequence[Finding], *acts: Act, hours: float = 24, people: int = 1) -> Load:
    end = NOON + timedelta(hours=hours)
    found = incidents(findings, (), acts, PLANT, end, rules=RULES)
    return load(found, NOON, end, operators=people)


def apart(count: int, every: float) -> list[Finding]:
    return [
        finding("new-conversation", "MES-1", "QS-1", minutes(number * every), cause=str(number))
        for number in range(count)
    ]


def test_items_are_counted_by_ten_minutes_operator_and_shift() -> None:
    found = figures(apart(12, every=60), hours=24)
    assert found.items == 12
    assert found.per_interval == pytest.approx(12 / 144)
    assert found.per_shift == pytest.approx(4)
    assert figures(apart(12, every=60), people=2).per_interval == pytest.approx(12 / 288)


def test_ten_in_ten_minutes_are_a_flood() -> None:
    flooded = figures(apart(10, every=1))
    assert (flooded.busiest, flooded.flood_minutes) == (10, 10)
    assert figures(apart(9, every=1)).flood_minutes == 0


def test_the_worst_sources_come_first() -> None:
    found = figures([*apart(3, every=60), talk("HMI-3", "PLC-7")])
    assert found.worst == (("new-conversation", "MES-1", 3), ("new-conversation", "HMI-3", 1))


def test_three_a_minute_chatter() -> None:
    noisy = finding("new-conversation", "MES-1", "QS-1", count=30, last=minutes(10))
    calm = finding("new-conversation", "QS-1", "MES-1", count=29, last=minutes(10))
    assert len(figures([noisy, calm]).chattering) == 1


def test_what_nobody_closed_for_a_day_is_stale() -> None:
    one = talk("MES-1", "QS-1")
    closed = Act(ActKind.CLOSE, "i", (one.id,), "anna", "seen", minutes(5))
    assert len(figures([one]).stale) == 1
    assert figures([one], closed).stale == ()
    assert figures([one], hours=23).stale == ()


def test_muted_incidents_are_shelved_with_their_end_and_are_no_items() -> None:
    one = talk("MES-1", "QS-1")
    end = NOON + 5 * DAY
    muted = Act(ActKind.MUTE, "i", (one.id,), "anna", "noise", minutes(5), end)
    found = figures([one], muted)
    assert found.items == 0
    assert [until for _, until in found.shelved] == [end]


def test_only_what_began_in_that_time_counts() -> None:
    assert figures(apart(5, every=60), hours=2).items == 2


def test_low_classes_can_be_left_out() -> None:
    found = incidents(apart(5, every=60), (), (), PLANT, NOON + DAY, rules=RULES)
    assert load(found, NOON, NOON + DAY, least=Outcome.ATTEND).items == 0


def test_without_incidents_all_is_quiet() -> None:
    assert figures([]).findings_per_incident == 0


def test_a_time_that_does_not_pass_has_no_load() -> None:
    with pytest.raises(ValueError, match="time that passes"):
        load((), NOON, NOON)
