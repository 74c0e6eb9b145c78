from __future__ import annotations

from datetime import UTC, date, datetime

from tests.judge.checks.mill import mill, seen

from checkvalve.judge.checks.segmentation.undeclared_conduit import UndeclaredConduit
from checkvalve.judge.checks.waiving import waive
from checkvalve.plant import Plant
from checkvalve.plant.owners import Owner
from checkvalve.plant.remarks import remarks
from checkvalve.plant.waivers import Waiver
from checkvalve.testing.checks import found

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def waiver(**changed: object) -> Waiver:
    fields = {
        "id": "desk",
        "rule": "undeclared-conduit",
        "subject": "zone cell",
        "reason": "the migration runs until Friday",
        "compensating_measure": "somebody watches",
        "approver": "Ana",
        "expires": date(2026, 3, 6),
    }
    return Waiver.model_validate({**fields, **changed})


def plant(*waivers: Waiver) -> Plant:
    return Plant.from_things({**mill().things(), "waivers": {one.id: one for one in waivers}})


FINDINGS = tuple(found(UndeclaredConduit, mill(), seen().flow("desk", "plc").build("stop")))


def test_a_waived_finding_is_kept_apart_and_says_who_accepted_it_and_until_when() -> None:
    standing, waived = waive(FINDINGS, plant(waiver()), NOW)
    assert standing == ()
    assert [one.finding for one in waived] == list(FINDINGS)
    assert str(waived[0]) == (
        "undeclared-conduit on zone cell is waived through 2026-03-06 by Ana (desk): "
        "the migration runs until Friday"
    )


def test_past_its_last_day_the_finding_is_back() -> None:
    last = datetime(2026, 3, 6, 23, 59, tzinfo=UTC)
    assert waive(FINDINGS, plant(waiver()), last)[0] == ()
    later = datetime(2026, 3, 7, tzinfo=UTC)
    assert waive(FINDINGS, plant(waiver()), later) == (FINDINGS, ())


def test_what_the_owner_approved_herself_is_not_waived() -> None:
    things = plant(waiver()).things()
    owner = Owner.model_validate({"id": "line", "person": "Ana", "team": "Line 1"})
    zone = things["zones"]["cell"].model_copy(update={"owner": "line"})
    owned = Plant.from_things(
        {**things, "owners": {"line": owner}, "zones": {**things["zones"], "cell": zone}}
    )
    assert waive(FINDINGS, owned, NOW) == (FINDINGS, ())
    assert "approved by the owner, so they lift nothing" in {one.says for one in remarks(owned)}


def test_another_rule_or_subject_is_not_waived() -> None:
    for other in (waiver(rule="wrong-direction"), waiver(subject="zone dmz")):
        assert waive(FINDINGS, plant(other), NOW) == (FINDINGS, ())


def test_of_two_waivers_the_one_that_lasts_longest_is_shown() -> None:
    both = plant(waiver(), waiver(id="longer", expires=date(2026, 4, 1)))
    assert waive(FINDINGS, both, NOW)[1][0].waiver.id == "longer"
