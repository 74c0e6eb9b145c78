"""Duties, in their short form and in full."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkvalve.errors import PlantError
from checkvalve.plant import Vendor, load


def vendor(folder: Path, duties: str) -> Vendor:
    (folder / "vendors.yaml").write_text(f"- id: acme\n  duties: {duties}\n")
    return load(folder).vendors["acme"]


def test_a_duty_may_name_its_party_alone(tmp_path: Path) -> None:
    duties = vendor(tmp_path, "{patching: acme, disable: plant}").duties
    assert duties.patching is not None
    assert duties.patching.party == ("acme",)
    assert duties.logging is None


def test_two_parties_load_and_so_does_none(tmp_path: Path) -> None:
    duties = vendor(tmp_path, "{patching: [acme, plant], logging: {}, hardening: null}").duties
    assert duties.patching is not None
    assert duties.patching.party == ("acme", "plant")
    assert duties.logging is not None
    assert duties.logging.party == ()
    assert duties.hardening is None


def test_terms_stand_beside_the_party(tmp_path: Path) -> None:
    duties = vendor(
        tmp_path,
        "{model_update: {party: acme, clause: '3', keys: [a, b], notice_days: 14},"
        " end_of_support: {ends_on: 2028-01-31}}",
    ).duties
    assert duties.model_update is not None
    assert duties.model_update.keys == ("a", "b")
    assert duties.end_of_support is not None
    assert duties.end_of_support.ends_on is not None


def test_a_term_of_another_duty_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(PlantError) as caught:
        vendor(tmp_path, "{patching: {party: acme, notice_hours: 4}}")
    (problem,) = caught.value.problems
    assert problem.path == "vendors[0].duties.patching.notice_hours"
    assert problem.sentence == "there is no field 'notice_hours' here"
    assert "deadline_days" in problem.hint
