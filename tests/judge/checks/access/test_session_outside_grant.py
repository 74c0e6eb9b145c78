from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.judge.checks.mill import HOUR, held, mill, nothing, only, seen

from checkvalve.findings import Subject
from checkvalve.judge.checks.access.session_outside_grant import SessionOutsideGrant
from checkvalve.judge.window import Window
from checkvalve.plant import Plant
from checkvalve.testing.checks import found

DAY = 24 * HOUR


def inward(at: float = 0, **more: Any) -> Window:
    """From outside to the jump host; 06:00 to 08:00 UTC is open."""
    return seen().flow("laptop", "jump", at=at, port=443, protocol="tls", **more).build("stop")


def onward(at: float = 0, **more: Any) -> Window:
    """From the jump host to the controller."""
    return seen().flow("jump", "plc", at=at, **{"protocol": "modbus", **more}).build("stop")


def test_both_legs_are_covered_while_the_grant_is_open() -> None:
    for window in (inward(60), onward(60)):
        assert nothing(SessionOutsideGrant, window)
        assert held(SessionOutsideGrant, window) == {Subject("grant", "acme-service")}


@pytest.mark.parametrize(("leg", "target"), [(inward, "jump"), (onward, "plc")])
def test_both_legs_are_found_outside_its_hours_and_name_the_holder(leg: Any, target: str) -> None:
    finding = only(SessionOutsideGrant, leg(2 * HOUR))
    assert finding.subject == Subject("grant", "acme-service")
    assert finding.identities == ("acme",)
    assert finding.target == target
    assert finding.action == "session"
    assert "it is open 06:00 to 08:00 (UTC) only" in finding.because


def test_a_session_that_runs_on_is_found() -> None:
    finding = only(SessionOutsideGrant, inward(2 * HOUR - 60, lasts_s=1_200))
    assert "it ran on until 08:19 UTC, when its hours" in finding.because


def test_after_the_grant_has_ended_it_covers_nothing() -> None:
    finding = only(SessionOutsideGrant, inward(9 * DAY))
    assert "it ended on 2026-03-10" in finding.because


def test_past_the_jump_host_is_no_way() -> None:
    window = seen().flow("laptop", "plc", protocol="modbus").build("stop")
    assert "it must pass jump" in only(SessionOutsideGrant, window).because


def test_another_service_on_the_target_is_not_covered() -> None:
    assert (
        "it lists only tcp/502"
        in only(SessionOutsideGrant, onward(port=22, protocol="ssh")).because
    )


def test_where_no_grant_leads_nobody_goes() -> None:
    finding = only(SessionOutsideGrant, seen().flow("laptop", "mes", port=3389).build("stop"))
    assert finding.subject == Subject("asset", "mes")
    assert finding.identities == ()
    assert "no grant lets it in there" in finding.because


def test_a_machine_outside_the_source_ranges_is_found() -> None:
    window = seen().flow("10.99.0.200", "jump", port=443).build("stop")
    assert nothing(SessionOutsideGrant, window)
    grant = mill().grants["acme-service"].model_copy(update={"source": ("10.99.0.7/32",)})
    narrow = Plant.from_things({**mill().things(), "grants": {grant.id: grant}})
    (finding,) = found(SessionOutsideGrant, narrow, window)
    assert "no grant lets it in there" in finding.because


def test_a_revoked_grant_covers_nothing() -> None:
    revoked = {"revoked_at": datetime(2026, 3, 1, tzinfo=UTC)}
    grant = mill().grants["acme-service"].model_copy(update=revoked)
    plant = Plant.from_things({**mill().things(), "grants": {grant.id: grant}})
    (finding,) = found(SessionOutsideGrant, plant, inward(60))
    assert "it was revoked on 2026-03-01" in finding.because


def test_the_jump_host_may_do_its_own_work() -> None:
    assert found(SessionOutsideGrant, mill(), seen().flow("jump", "mes").build("stop")) == []


def test_an_attempt_without_an_answer_is_no_session() -> None:
    assert found(SessionOutsideGrant, mill(), inward(5 * HOUR, answered=False)) == []


def test_who_works_inside_needs_no_grant() -> None:
    assert found(SessionOutsideGrant, mill(), seen().flow("mes", "plc").build("stop")) == []
