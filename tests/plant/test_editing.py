"""Editing a plant's files: checked as a whole, written in one step, nothing else changed."""

from __future__ import annotations

import fcntl
import os
import resource
import stat
import threading
from pathlib import Path

import pytest

from checkvalve.errors import InputError, PlantError, StorageError, UsageError
from checkvalve.plant import load
from checkvalve.plant.editing import edit
from checkvalve.plant.kinds import KINDS_BY_NAME

OWNER = KINDS_BY_NAME["owner"]
ZONE = KINDS_BY_NAME["zone"]

ZONES = """\
# Our zones. Keep this comment.
- id: cell        # the line
  level: 2
  cidrs: ["10.0.1.0/24"]

- {id: office, level: 4}
# the end
"""


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    (tmp_path / "zones.yaml").write_text(ZONES)
    return tmp_path


def test_an_object_is_added_and_every_comment_stays(plant: Path) -> None:
    edited = edit(plant, ZONE, [("dmz", {"level": 3.5})])
    assert edited.files == ("zones.yaml",)
    assert edited.added == ("dmz",)
    assert edited.plant.digest == load(plant).digest
    assert (plant / "zones.yaml").read_text() == ZONES.replace(
        "# the end\n", "- id: dmz\n  level: 3.5\n# the end\n"
    )


def test_a_field_is_added_to_an_object_wherever_it_stands(plant: Path) -> None:
    (plant / "owners").mkdir()
    (plant / "owners" / "ops.yaml").write_text("team: Operations\n")
    edited = edit(plant, OWNER, amended={"ops": {"person": "A. Person"}})
    assert edited.files == ("owners/ops.yaml",)
    assert (plant / "owners" / "ops.yaml").read_text() == "team: Operations\nperson: A. Person\n"


def test_adding_and_amending_are_one_edit(plant: Path) -> None:
    edit(plant, ZONE, [("dmz", {})], {"cell": {"sl_t": 2}, "office": {"sl_t": 1}})
    zones = load(plant).zones
    assert (zones["cell"].sl_t, zones["office"].sl_t, set(zones)) == (
        2,
        1,
        {"cell", "office", "dmz"},
    )


def test_the_file_of_a_kind_is_made_when_it_is_needed(plant: Path) -> None:
    assert edit(plant, OWNER, [("ops", {"team": "Operations"})]).files == ("owners.yaml",)
    assert stat.S_IMODE((plant / "owners.yaml").stat().st_mode) == 0o644
    (plant / "vendors.yml").write_text("# none\n")
    assert edit(plant, KINDS_BY_NAME["vendor"], [("v", {})]).files == ("vendors.yml",)


@pytest.mark.parametrize(
    ("name", "fields", "sentence"),
    [
        ("cell", {}, "the id 'cell' is taken"),
        ("dmz", {"levle": 3}, "there is no field 'levle'"),
        ("dmz", {"owner": "nobody"}, "no owner is called 'nobody'"),
        ("dmz", {"cidrs": ["10.0.0.0/8"]}, "overlaps"),
        ("two words", {}, "is not an id"),
    ],
)
def test_an_edit_that_would_leave_a_problem_writes_nothing(
    plant: Path, name: str, fields: dict[str, object], sentence: str
) -> None:
    with pytest.raises(PlantError) as caught:
        edit(plant, ZONE, [(name, fields)])
    (problem,) = caught.value.problems
    assert sentence in problem.sentence
    assert problem.line == 0
    assert (plant / "zones.yaml").read_text() == ZONES


def test_a_plant_with_problems_is_not_edited(plant: Path) -> None:
    (plant / "assets.yaml").write_text("- {id: plc, zone: nowhere}\n")
    with pytest.raises(PlantError):
        edit(plant, ZONE, [("dmz", {})])
    assert (plant / "zones.yaml").read_text() == ZONES


def test_a_folder_that_is_no_plant_is_not_edited(tmp_path: Path) -> None:
    with pytest.raises(PlantError):
        edit(tmp_path / "nowhere", ZONE, [("dmz", {})])


def test_what_is_not_there_can_not_be_amended(plant: Path) -> None:
    with pytest.raises(UsageError, match="there is no zone 'cel'") as caught:
        edit(plant, ZONE, amended={"cel": {"level": 1}})
    assert caught.value.hint == "did you mean 'cell'?"


def test_a_field_that_is_there_is_not_overwritten(plant: Path) -> None:
    with pytest.raises(InputError, match="can't be changed safely"):
        edit(plant, ZONE, amended={"cell": {"level": 1}})


def test_a_byte_order_mark_does_no_harm(plant: Path) -> None:
    (plant / "zones.yaml").write_bytes(b"\xef\xbb\xbf- id: cell\n")
    edit(plant, ZONE, [("dmz", {})])
    assert set(load(plant).zones) == {"cell", "dmz"}


def test_rights_and_links_stay(plant: Path) -> None:
    kept = plant / ".kept.yaml"
    (plant / "zones.yaml").rename(kept)
    kept.chmod(0o640)
    (plant / "zones.yaml").symlink_to(kept)
    edit(plant, ZONE, [("dmz", {})])
    assert (plant / "zones.yaml").is_symlink()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640
    assert set(load(plant).zones) == {"cell", "office", "dmz"}


def test_no_draft_is_left_behind(plant: Path) -> None:
    edit(plant, ZONE, [("dmz", {})])
    assert [path.name for path in plant.iterdir()] == ["zones.yaml"]


def test_a_file_that_can_not_be_written_in_full_is_as_it_was(plant: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        with pytest.raises(StorageError, match=r"zones\.yaml can't be written: file too large"):
            edit(plant, ZONE, [("dmz", {})])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (plant / "zones.yaml").read_text() == ZONES
    assert [path.name for path in plant.iterdir()] == ["zones.yaml"]


def test_an_edit_waits_for_the_one_before_it(plant: Path) -> None:
    handle = os.open(plant, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    worker = threading.Thread(target=edit, args=(plant, ZONE, [("dmz", {})]))
    worker.start()
    worker.join(0.3)
    assert worker.is_alive()
    assert (plant / "zones.yaml").read_text() == ZONES
    os.close(handle)
    worker.join(30)
    assert "dmz" in load(plant).zones


def test_edits_at_the_same_time_lose_nothing(plant: Path) -> None:
    workers = [
        threading.Thread(target=edit, args=(plant, ZONE, [(f"zone-{i}", {})])) for i in range(6)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(load(plant).zones) == 8
