from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checkvalve.judge.checks.governance.approvals import (
    denial_of,
    is_approved,
    names_everything,
    objection,
    reads,
)
from checkvalve.plant import Plant
from checkvalve.testing.segmentation import plant_of

AT = datetime(2026, 3, 2, tzinfo=UTC)


def plant(approval: str = "tags: [T1], approver: anna", more: str = "") -> Plant:
    return plant_of(f"""
zones: [{{id: z}}]
assets: [{{id: history, zone: z, role: Data Historian}}]
components:
  - {{id: tuner, kind: model, inputs: [hist]}}
  - {{id: other, kind: model}}
connectors: [{{id: pump, component: other, sources: [cam]}}]
data_sources:
  - {{id: hist, asset: history}}
  - {{id: cam, endpoint: "rtsp://10.1.0.9"}}
  - {{id: project, data_class: engineering_configuration, tables: [blocks]}}
approvals:
  - {{id: a, source: hist, consumer: tuner, {approval}}}
{more}""")


@pytest.mark.parametrize(
    "name", ["*", "plant/#", "TI%", "/", "\\", "Objects", "0:Root/0:Objects", "ns=0;i=85", "i=84"]
)
def test_wildcards_and_root_folders_name_everything(name: str) -> None:
    assert names_everything(name)


@pytest.mark.parametrize("name", ["TIC-101.PV", "plant/line-1/temp", "ns=2;s=Tank", "Objects/Tank"])
def test_a_name_names_itself(name: str) -> None:
    assert not names_everything(name)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("tags: [T1], approver: anna, expires: 2026-03-01", "it ended on 2026-03-01"),
        ("tags: [T1]", "nobody approved it"),
        ('tags: ["*"], approver: anna', "it names '*', which is everything"),
        ("approver: anna", "it names no tag, topic or table"),
        ("tags: [T1], approver: anna, expires: 2026-03-02", ""),
    ],
)
def test_an_approval_approves_only_what_it_names_while_it_lasts(said: str, why: str) -> None:
    declared = plant(said)
    assert objection(declared, declared.approvals["a"], AT) == why
    assert is_approved(declared, "tuner", "hist", AT) == (not why)


def test_engineering_configuration_needs_two_people() -> None:
    one = "  - {id: b, source: project, consumer: tuner, tables: [blocks], approver: anna%s}\n"
    alone, both = plant(more=one % ""), plant(more=one % ", second_approver: ben")
    assert "second approver" in objection(alone, alone.approvals["b"], AT)
    assert objection(both, both.approvals["b"], AT) == ""


def test_what_holds_no_names_is_approved_as_it_is() -> None:
    declared = plant(more="  - {id: b, source: cam, consumer: other, approver: anna}\n")
    assert is_approved(declared, "other", "cam", AT)


def test_a_denial_of_the_whole_source_stands_until_another_takes_its_place() -> None:
    denial = "denials: [{id: d, source: hist, reason: recipes%s}, {id: e, source: cam, reason: x}]"
    assert denial_of(plant(more=denial % ""), "tuner", "hist") is not None
    assert denial_of(plant(more=denial % ", consumer: other"), "tuner", "hist") is None
    assert denial_of(plant(more=denial % ", tags: [T1]"), "tuner", "hist") is None
    assert denial_of(plant(more=denial % ", superseded_by: e"), "tuner", "hist") is None


def test_a_component_reads_over_its_connectors_too() -> None:
    declared = plant()
    assert reads(declared, declared.components["tuner"], "hist")
    assert reads(declared, declared.components["other"], "cam")
    assert not reads(declared, declared.components["tuner"], "cam")
