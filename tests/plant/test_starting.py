"""The plant to start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkvalve.errors import StorageError, UsageError
from checkvalve.plant import load
from checkvalve.plant.remarks import remarks
from checkvalve.plant.starting import write_starter


def test_the_starter_loads_and_leaves_nothing_open(tmp_path: Path) -> None:
    write_starter(tmp_path / "new" / "plant")
    plant = load(tmp_path / "new" / "plant")
    assert remarks(plant) == ()
    assert plant.component_on("edge-1")


def test_each_file_opens_with_the_schema_that_lies_beside_it(tmp_path: Path) -> None:
    for name in write_starter(tmp_path):
        first = (tmp_path / name).read_text().splitlines()[0]
        place = first.removeprefix("# yaml-language-server: $schema=")
        assert (tmp_path / place).is_file()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        write_starter(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_place_that_can_not_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="can't be written"):
        write_starter(tmp_path / "file" / "plant")
