"""The decision table: complete, lawful, and changed only with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.errors import InputError
from checkvalve.respond.triage.laws import broken_laws
from checkvalve.respond.triage.points import (
    SCALES,
    Certainty,
    Outcome,
    Production,
    Row,
    Safety,
    Sanctioned,
    Stage,
    rows,
)
from checkvalve.respond.triage.policy import Harm, default_outcomes, harm, rendered, versioned
from checkvalve.respond.triage.table import default_table, overridden, read_table

WORKED_EXAMPLE = Row(
    Certainty.CORROBORATED,
    Stage.PROCESS_MANIPULATION,
    Safety.CRITICAL,
    Production.FUNCTION_FAILURE,
    Sanctioned.NO,
)


def document() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(rendered(default_outcomes()))
    return parsed


def refusal(changed: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        read_table(json.dumps(changed), name="mine.json")
    return caught.value.sentence


def test_there_are_720_rows_and_the_table_holds_each() -> None:
    assert len(set(rows())) == 720
    assert set(default_table().outcomes) == set(rows())


def test_the_table_in_the_package_is_what_the_policy_renders(root: Path) -> None:
    packaged = root / "src" / "checkvalve" / "respond" / "triage" / "table.json"
    assert packaged.read_text(encoding="utf-8") == rendered(default_outcomes())


def test_all_laws_hold_over_all_rows() -> None:
    assert list(broken_laws(default_table().outcomes)) == []


def test_an_unsanctioned_write_that_two_producers_saw_is_act() -> None:
    assert default_table().outcome(WORKED_EXAMPLE) is Outcome.ACT
    sanctioned = WORKED_EXAMPLE.having("sanctioned", Sanctioned.YES)
    assert default_table().outcome(sanctioned) is Outcome.ATTEND


def test_a_new_conversation_of_two_harmless_hosts_is_track() -> None:
    plain = Row(
        Certainty.SINGLE, Stage.SPREAD, Safety.NEGLIGIBLE, Production.DEGRADED, Sanctioned.NO
    )
    assert default_table().outcome(plain) is Outcome.TRACK


def test_one_detector_alone_calls_nobody() -> None:
    outcomes = default_table().outcomes
    alone = [outcomes[row] for row in rows() if row.certainty is Certainty.SINGLE]
    assert max(alone) is Outcome.ATTEND


def test_every_point_matters_somewhere() -> None:
    outcomes = default_table().outcomes
    for point, scale in SCALES.items():
        for lower, higher in zip(scale, list(scale)[1:], strict=False):
            assert any(
                outcomes[row.having(point, higher)] > outcomes[row.having(point, lower)]
                for row in rows()
            ), (point, lower, higher)


def test_harm_joins_the_impacts_as_ssvc_does_and_one_cell_is_worse(shared: Path) -> None:
    folder = shared / "schemas" / "ssvc" / "data" / "json" / "decision_tables" / "ssvc"
    published = json.loads((folder / "human_impact_1_0_0.json").read_text(encoding="utf-8"))
    words = {"L": Harm.LOW, "M": Harm.MEDIUM, "H": Harm.HIGH, "VH": Harm.VERY_HIGH}
    safety = {value.key: value for value in Safety}
    production = {value.key: value for value in Production}
    assert len(published["mapping"]) == 16
    for row in published["mapping"]:
        pair = row["ssvc:SI:2.0.1"], row["ssvc:MI:2.0.0"]
        ours = harm(safety[pair[0]], production[pair[1]])
        theirs = words[row["ssvc:HI:2.0.2"]]
        assert ours is (Harm.MEDIUM if pair == ("M", "MSC") else theirs), pair


def test_the_form_is_that_of_the_published_tables(shared: Path) -> None:
    folder = shared / "schemas" / "ssvc" / "data" / "json" / "decision_tables" / "cisa"
    published = json.loads((folder / "cisa_coordinator_2_0_3.json").read_text(encoding="utf-8"))
    ours = document()
    assert ours.keys() == published.keys()
    assert ours["schemaVersion"] == published["schemaVersion"]
    theirs = published["decision_points"]["ssvc:E:1.1.0"]
    point = ours["decision_points"][versioned("stage")]
    assert point.keys() == theirs.keys()
    assert point["values"][0].keys() == theirs["values"][0].keys()


def test_a_missing_row_is_named_by_its_number() -> None:
    changed = document()
    del changed["mapping"][17]
    assert refusal(changed) == "mine.json has 719 combinations of 720"


def test_a_row_that_comes_twice_is_refused() -> None:
    changed = document()
    changed["mapping"][1] = changed["mapping"][0]
    assert refusal(changed).startswith("mine.json: mapping row 2 repeats (single, posture")


def test_a_value_that_does_not_exist_is_refused() -> None:
    changed = document()
    changed["mapping"][5][versioned("safety")] = "Z"
    assert "mapping row 6: 'Z' is no value of x_checkvalve:SAFETY:1.0.0" in refusal(changed)


def test_other_points_are_refused() -> None:
    changed = document()
    changed["decision_points"][versioned("stage")]["values"].reverse()
    assert "does not declare x_checkvalve:STAGE:1.0.0" in refusal(changed)


def test_a_table_that_breaks_a_law_is_refused() -> None:
    changed = document()
    for cell in changed["mapping"]:
        if cell[versioned("stage")] == "P":
            cell[versioned("outcome")] = "AC"
    assert refusal(changed).startswith("mine.json: ")


@given(st.text(max_size=40))
def test_no_text_but_a_table_is_read(text: str) -> None:
    with pytest.raises(InputError):
        read_table(text, name="mine.json")


def test_a_plant_may_raise_a_cell_and_its_reason_is_kept() -> None:
    cell = {
        "certainty": "single",
        "stage": "process manipulation",
        "safety": "C",
        "production": "MF",
        "outcome": "Act",
        "why": "one write to the reactor is one too many",
    }
    eased = cell | {"sanctioned": "yes", "outcome": "Attend"}
    mine = overridden(default_table(), {"cells": [cell, eased]}, name="triage.yaml")
    changed = {row for row in rows() if mine.outcome(row) is not default_table().outcome(row)}
    assert {str(row) for row in changed} == {
        "single, process manipulation, safety C, production MF, sanctioned no",
        "single, process manipulation, safety C, production MF, sanctioned partly",
        "single, process manipulation, safety C, production MF, sanctioned yes",
    }
    assert mine.reasons == dict.fromkeys(changed, cell["why"])


def test_a_point_that_is_left_out_stands_for_all_its_values() -> None:
    cell = {"stage": "posture", "outcome": "Track", "why": "our audits have a meeting"}
    mine = overridden(default_table(), {"cells": [cell]}, name="triage.yaml")
    assert len(mine.reasons) == 3 * 4 * 4 * 3
    assert {mine.outcome(row) for row in mine.reasons} == {Outcome.TRACK}


def test_where_two_cells_meet_the_later_counts() -> None:
    cells = [
        {"outcome": "Act", "why": "everything"},
        {"outcome": "T*", "why": "nothing"},
    ]
    calm = overridden(default_table(), {"cells": cells}, name="triage.yaml")
    assert set(calm.outcomes.values()) == {Outcome.TRACK_STAR}
    assert set(calm.reasons.values()) == {"nothing"}


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        ({"outcome": "Act"}, "cell 1 does not say why"),
        ({"outcome": "Act", "why": "  "}, "cell 1 does not say why"),
        ({"outcome": "Panic", "why": "x"}, "cell 1: 'Panic' is no outcome"),
        ({"why": "x"}, "cell 1: None is no outcome"),
        ({"stage": "later", "outcome": "Act", "why": "x"}, "cell 1: 'later' is no stage"),
        ({"phase": "access", "outcome": "Act", "why": "x"}, "cell 1 has no point 'phase'"),
        (
            {"stage": "posture", "outcome": "Attend", "why": "x"},
            "posture is never above Track*",
        ),
        (
            {"safety": "C", "sanctioned": "no", "outcome": "Track", "why": "x"},
            "never Track when safety is C",
        ),
        (
            {"safety": "R", "stage": "spread", "outcome": "Track", "why": "x"},
            "may not lower it",
        ),
    ],
)
def test_an_override_that_cannot_stand_gives_one_clear_sentence(
    cell: dict[str, str], complaint: str
) -> None:
    with pytest.raises(InputError) as caught:
        overridden(default_table(), {"cells": [cell]}, name="triage.yaml")
    assert caught.value.sentence.startswith("triage.yaml: ")
    assert complaint in caught.value.sentence
    assert "\n" not in caught.value.sentence


@pytest.mark.parametrize("content", [None, [], {"cells": {}}, {"cells": [3]}, "cells"])
def test_an_override_file_of_another_shape_is_refused(content: object) -> None:
    with pytest.raises(InputError, match="has no list 'cells' of objects"):
        overridden(default_table(), content, name="triage.yaml")
