"""Loading a plant: every problem of every file at once, and nothing else is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkvalve.errors import PlantError
from checkvalve.plant import KINDS, Kind, Plant, load
from checkvalve.plant.complaints import field_names
from checkvalve.plant.loading import MAX_PROBLEMS, read_folder

PLANTS = Path(__file__).parents[1] / "plants"
BROKEN = sorted(path.parent.name for path in PLANTS.glob("*/problems.txt"))
SOUND = sorted(path.name for path in PLANTS.iterdir() if path.name not in BROKEN)


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def problems(folder: Path) -> list[str]:
    with pytest.raises(PlantError) as caught:
        load(folder)
    return [f"{problem} | {problem.hint}" for problem in caught.value.problems]


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_plant_gives_exactly_its_problems(name: str) -> None:
    expected = (PLANTS / name / "problems.txt").read_text().splitlines()
    assert [line.rstrip() for line in problems(PLANTS / name)] == [
        line.rstrip() for line in expected
    ]


@pytest.mark.parametrize("name", SOUND)
def test_a_badly_designed_plant_loads(name: str) -> None:
    assert isinstance(load(PLANTS / name), Plant)


def test_the_same_plant_comes_from_lists_mappings_and_folders(tmp_path: Path) -> None:
    as_list = tmp_path / "list"
    as_mapping = tmp_path / "mapping"
    as_folder = tmp_path / "folder"
    for folder in (as_list, as_mapping, as_folder / "zones"):
        folder.mkdir(parents=True)
    written(as_list, zones="- {id: a, level: 2}\n- {id: b}\n")
    written(as_mapping, zones="a: {level: 2}\nb:\n")
    written(as_folder / "zones", a="level: 2\n", more="- id: b\n")
    assert load(as_list).digest == load(as_mapping).digest == load(as_folder).digest


def test_a_file_and_a_folder_of_a_kind_add_up(tmp_path: Path) -> None:
    written(tmp_path, zones="- id: a\n")
    (tmp_path / "zones").mkdir()
    written(tmp_path / "zones", b="level: 2\n")
    assert set(load(tmp_path).zones) == {"a", "b"}


def test_a_single_object_in_a_file_of_its_own_may_name_itself(tmp_path: Path) -> None:
    (tmp_path / "zones").mkdir()
    written(tmp_path / "zones", first="id: cell\n")
    assert set(load(tmp_path).zones) == {"cell"}


def test_what_is_hidden_or_not_yaml_is_not_the_plants(tmp_path: Path) -> None:
    written(tmp_path, zones="- id: a\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".draft.yaml").write_text("[")
    (tmp_path / "README.md").write_text("# Plant")
    (tmp_path / "captures").mkdir()
    assert set(load(tmp_path).zones) == {"a"}


def test_a_file_of_comments_declares_nothing(tmp_path: Path) -> None:
    assert load(written(tmp_path, zones="# none yet\n")).zones == {}


def test_an_id_that_leads_to_a_thing_with_a_problem_leads_somewhere(tmp_path: Path) -> None:
    written(tmp_path, zones="- {id: a, level: 9}\n", assets="- {id: x, zone: a}\n")
    assert len(problems(tmp_path)) == 1


def test_an_id_into_a_file_that_can_not_be_read_is_not_said_to_lead_nowhere(
    tmp_path: Path,
) -> None:
    written(tmp_path, zones="- id: [\n", assets="- {id: x, zone: a}\n")
    assert len(problems(tmp_path)) == 1


def test_an_id_that_leads_nowhere_is_told_though_its_holder_has_a_problem_too(
    tmp_path: Path,
) -> None:
    written(tmp_path, zones="- id: a\n", assets="- {id: x, zone: b, safety: 7}\n")
    assert len(problems(tmp_path)) == 2


def test_problems_are_told_file_by_file_and_line_by_line(tmp_path: Path) -> None:
    written(tmp_path, zones="- {id: a, x: 1}\n- {id: b, x: 1}\n", assets="- {id: x, zone: c}\n")
    assert [line.split(": ")[0] for line in problems(tmp_path)] == [
        "assets.yaml:1",
        "zones.yaml:1",
        "zones.yaml:2",
    ]


def test_a_flood_of_problems_is_bounded_and_says_so(tmp_path: Path) -> None:
    written(tmp_path, zones="".join(f"- {{id: z{i}, colour: red}}\n" for i in range(5_000)))
    told = problems(tmp_path)
    assert len(told) == MAX_PROBLEMS + 1
    assert any("what follows the problems told was not read" in line for line in told)


def test_a_flood_of_problems_in_one_object_is_one_sentence(tmp_path: Path) -> None:
    (told,) = problems(written(tmp_path, zones=f"- {{id: a, cidrs: [{'1, ' * 5_000}]}}\n"))
    assert "it has 5000 fields that can't be understood" in told


def test_a_flood_of_dangling_ids_is_bounded(tmp_path: Path) -> None:
    written(
        tmp_path,
        zones="- id: cell\n",
        assets="".join(f"- {{id: a{i}, zone: z{i}}}\n" for i in range(5_000)),
    )
    assert len(problems(tmp_path)) == MAX_PROBLEMS


def test_a_folder_that_is_not_there_is_one_clear_sentence(tmp_path: Path) -> None:
    (told,) = problems(tmp_path / "nowhere")
    assert "no such file or directory" in told
    assert "checkvalve init" in told


def test_an_empty_folder_is_no_plant(tmp_path: Path) -> None:
    (told,) = problems(tmp_path)
    assert "holds no plant" in told


def test_a_file_given_as_the_folder_is_one_clear_sentence(tmp_path: Path) -> None:
    written(tmp_path, zones="- id: a\n")
    (told,) = problems(tmp_path / "zones.yaml")
    assert "not a directory" in told


def test_a_folder_where_a_file_should_be_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "zones.yaml").mkdir()
    (told,) = problems(tmp_path)
    assert told.startswith("zones.yaml: the file can't be read: it is not a regular file")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "zones.yaml")
    (told,) = problems(tmp_path)
    assert "not a regular file" in told


def test_a_loop_of_links_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "zones.yaml").symlink_to("assets.yaml")
    (tmp_path / "assets.yaml").symlink_to("zones.yaml")
    told = problems(tmp_path)
    assert len(told) == 2
    assert all("too many levels of symbolic links" in line for line in told)


def test_a_link_that_leads_nowhere_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "zones.yaml").symlink_to("gone.yaml")
    (told,) = problems(tmp_path)
    assert "no such file or directory" in told


def test_a_file_name_that_is_not_utf_8_is_told_and_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"zon\xffes.yaml")).write_text("")
    (told,) = problems(tmp_path)
    assert told.encode()


def test_escapes_for_terminals_are_spelled_out(tmp_path: Path) -> None:
    written(tmp_path, zones='- {id: "\\e[2J", "\\e[31m": 1}\n')
    assert all(line.isprintable() for line in problems(tmp_path))


PLURALS = [kind.plural for kind in KINDS]
_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 70_000),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(
            [
                *("a", "b", "cell", "10.0.0.0/8", "10.0.0.1", "2026-01-01", "UTC", "mon", "22:00"),
                *("2026-01-01T00:00:00Z", "tcp", "plant", "internet", "unknown", "\x1b", "x y", ""),
            ]
        ),
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["from", "to", "party", "mode", "proto", "zone"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def _objects(kind: Kind) -> st.SearchStrategy[tuple[str, list[dict[str, object]]]]:
    """Objects of one kind with a few of its fields, whatever is in them."""
    fields = st.sampled_from([name for name in field_names(kind.model) if name != "id"])
    named = st.builds(
        lambda name, held: {"id": name, **held},
        st.sampled_from(["a", "b", "internet"]),
        st.dictionaries(fields, _VALUES, max_size=6),
    )
    return st.tuples(st.just(kind.plural), st.lists(named, max_size=2))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(PLURALS), st.binary(max_size=120), min_size=1, max_size=4))
def test_any_octets_give_a_plant_or_its_problems(tmp_path: Path, files: dict[str, bytes]) -> None:
    _load_anything(tmp_path, files)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(KINDS).flatmap(_objects), min_size=1, max_size=3).map(dict))
def test_any_objects_give_a_plant_or_its_problems(
    tmp_path: Path, files: dict[str, list[dict[str, object]]]
) -> None:
    _load_anything(tmp_path, {name: json.dumps(held).encode() for name, held in files.items()})


def _load_anything(folder: Path, files: dict[str, bytes]) -> None:
    for old in folder.iterdir():
        old.unlink()
    for name, octets in files.items():
        (folder / f"{name}.yaml").write_bytes(octets)
    loaded = read_folder(folder)
    assert all(str(problem).isprintable() for problem in loaded.problems)
    if loaded.problems:
        assert len(problems(folder)) == len(loaded.problems)
    else:
        assert load(folder).digest == load(folder).digest
