"""A work order sanctions what it names: people, assets, action and time."""

from __future__ import annotations

from typing import Any

import pytest
from tests.respond.triage.seen import finding, minutes, plant

from checkvalve.findings import Finding
from checkvalve.plant import Change, Identity
from checkvalve.respond.triage.deed import deed_of
from checkvalve.respond.triage.points import Sanctioned, Stage
from checkvalve.respond.triage.sanction import Orders, Sanction

ORDER = Change(
    id="WO-17",
    people=("anna",),
    assets=("PLC-7", "PLC-8"),
    actions=("program",),
    from_=minutes(-60),
    until=minutes(60),
    approver="bert",
)
ANNA = Identity(id="anna", kind="engineer", accounts=("PLANT\\anna",), usual_assets=("EWS-1",))


def sanction(one: Finding, *orders: Change) -> Sanction:
    declared = plant(ANNA, *(orders or (ORDER,)))
    return Orders(declared).covering(one, deed_of(one, Stage.ENGINEERING_CHANGE))


def download(source: str = "EWS-1", target: str = "PLC-7", **more: Any) -> Finding:
    return finding("download", source, target, action=more.pop("action", "program"), **more)


def test_a_download_by_the_person_named_is_sanctioned() -> None:
    found = sanction(download("HMI-3", identities=("anna",)))
    assert (found.sanctioned, found.change) == (Sanctioned.YES, "WO-17")
    assert found.grounds.because == "change WO-17 covers it"
    assert found.grounds.as_of == minutes(-60)


def test_an_account_stands_for_its_person() -> None:
    assert sanction(download("HMI-3", identities=("PLANT\\anna",))).sanctioned is Sanctioned.YES


def test_a_usual_machine_stands_for_its_person() -> None:
    assert sanction(download()).sanctioned is Sanctioned.YES


@pytest.mark.parametrize(
    ("one", "because"),
    [
        (download("HMI-3"), "who did it is not known"),
        (download(action=""), "what was done is not known"),
        (download(last=minutes(70)), "it went on after the change ended"),
        (
            finding("scan", "EWS-1", action="program", assets=("EWS-1", "PLC-7", "HMI-3")),
            "HMI-3 is not among its assets",
        ),
    ],
)
def test_what_a_change_leaves_open_is_sanctioned_partly_and_said(
    one: Finding, because: str
) -> None:
    found = sanction(one)
    assert found.sanctioned is Sanctioned.PARTLY
    assert found.grounds.because == f"change WO-17 covers a part: {because}"


@pytest.mark.parametrize(
    ("one", "because"),
    [
        (download(identities=("mallory",)), "does not name mallory"),
        (download(action="write"), "does not name the action 'write'"),
        (download(target="SIS-1"), "no change is open on it"),
        (download(at=minutes(61)), "no change is open on it"),
        (download(at=minutes(-61)), "no change is open on it"),
    ],
)
def test_what_a_change_contradicts_is_not_sanctioned(one: Finding, because: str) -> None:
    found = sanction(one)
    assert found.sanctioned is Sanctioned.NO
    assert because in found.grounds.because


def test_a_closed_change_sanctions_nothing() -> None:
    closed = ORDER.model_copy(update={"closed_at": minutes(-5)})
    assert sanction(download(), closed).sanctioned is Sanctioned.NO


def test_the_change_that_covers_most_counts() -> None:
    other = ORDER.model_copy(update={"id": "WO-18", "people": ("carl",)})
    assert sanction(download(), other, ORDER).change == "WO-17"
    assert sanction(download(), ORDER, other).change == "WO-17"
