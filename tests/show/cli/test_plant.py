"""``checkvalve init`` and ``checkvalve plant``, as a person uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from checkvalve.errors import PlantError, UsageError
from checkvalve.plant import KINDS, load
from checkvalve.show.cli import app, main
from checkvalve.show.cli import plant as commands

PLANTS = Path(__file__).parents[2] / "plants"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def failed(*words: str | Path) -> BaseException:
    result = run(*words)
    assert result.exception is not None
    return result.exception


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    folder = tmp_path / "plant"
    assert run("init", folder).exit_code == 0
    return folder


def test_init_says_what_it_wrote_and_what_to_do_next(tmp_path: Path) -> None:
    result = run("init", tmp_path / "plant")
    assert "zones.yaml" in result.stdout
    assert result.stdout.endswith(f"checkvalve plant check {tmp_path / 'plant'}\n")


def test_init_leaves_a_folder_alone_that_holds_something(plant: Path) -> None:
    assert isinstance(failed("init", plant), UsageError)


def test_check_counts_and_gives_the_digest(plant: Path) -> None:
    result = run("plant", "check", plant)
    assert result.exit_code == 0
    assert "assets" in result.stdout
    assert load(plant).digest in result.stdout
    assert "Still open" not in result.stdout


def test_check_tells_what_is_still_open() -> None:
    result = run("plant", "check", PLANTS / "nobody-owns-it")
    assert result.exit_code == 0
    assert "components: no isolation plan" in result.stdout


def test_check_tells_every_problem_and_ends_with_4() -> None:
    result = run("plant", "check", PLANTS / "wrong-types")
    assert result.exit_code == 4
    assert "zones.yaml:3: zones.cell.kind: 'proces' is not one of" in result.stdout
    assert "did you mean 'process'?" in result.stdout
    assert "the plant has 9 problems" in result.stdout


def test_check_is_machine_readable_in_both_cases(plant: Path) -> None:
    good = json.loads(run("plant", "check", plant, "--format", "json").stdout)
    assert good["problems"] == []
    assert good["counts"]["zones"] == 4
    assert good["digest"] == load(plant).digest
    result = run("plant", "check", PLANTS / "unknown-field", "--format", "json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["problems"] == [
        {
            "file": "zones.yaml",
            "line": 2,
            "path": "zones[0].levle",
            "sentence": "there is no field 'levle' here",
            "hint": "did you mean 'level'?",
        }
    ]


def test_show_goes_from_kinds_to_one_kind_to_one_object(plant: Path) -> None:
    assert "cell-1, vision-1, dmz, vendor-access" in run("plant", "show", "--plant", plant).stdout
    assert "192.168.10.0/24" in run("plant", "show", "zones", "--plant", plant).stdout
    one = run("plant", "show", "zone", "cell-1", "--plant", plant).stdout
    assert "Controllers and operator panel of line 1." in one


def test_show_as_json_has_the_fields_that_are_said(plant: Path) -> None:
    def shown(*words: str) -> object:
        return json.loads(run("plant", "show", *words, "--plant", plant, "--format", "json").stdout)

    one = {"id": "stop", "kind": "stop"}
    assert shown("mode", "stop") == one
    listed = shown("modes")
    assert isinstance(listed, list)
    assert one in listed
    everything = shown()
    assert isinstance(everything, dict)
    assert everything["modes"] == listed
    assert shown("waivers") == []


def test_show_as_yaml_is_a_file_of_the_plant(plant: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for kind in KINDS:
        text = run("plant", "show", kind.name, "--plant", plant, "--format", "yaml").stdout
        (copy / f"{kind.plural}.yaml").write_text(text)
    assert load(copy).digest == load(plant).digest


def test_show_says_what_there_is_when_a_name_is_wrong(plant: Path) -> None:
    kind = failed("plant", "show", "zoness", "--plant", plant)
    assert isinstance(kind, UsageError)
    assert kind.hint == "did you mean 'zones'?"
    one = failed("plant", "show", "zones", "cell", "--plant", plant)
    assert isinstance(one, UsageError)
    assert one.hint == "did you mean 'cell-1'?"


def test_show_prints_text_as_it_is_and_no_markup(tmp_path: Path) -> None:
    (tmp_path / "zones.yaml").write_text('- {id: a, description: "[red]x[/] \\e[2J"}\n')
    shown = run("plant", "show", "zone", "a", "--plant", tmp_path).stdout
    assert "[red]x[/] \\u001b[2J" in shown


def test_schema_prints_one_or_all_and_writes_all(tmp_path: Path) -> None:
    assert json.loads(run("plant", "schema", "--kind", "zone").stdout)["$defs"]["Zone"]
    assert json.loads(run("plant", "schema").stdout)["properties"]["zones"]
    assert run("plant", "schema", "--out", tmp_path / "schemas").exit_code == 0
    assert len(list((tmp_path / "schemas").iterdir())) == len(KINDS) + 1
    assert isinstance(failed("plant", "schema", "--kind", "zone", "--out", tmp_path), UsageError)


def test_a_command_on_a_broken_plant_tells_every_problem(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["checkvalve", "change", "list", str(PLANTS / "id-leads-nowhere")]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert ended.value.code == 4
    assert told.out == ""
    assert told.err.count("is called") == 6
    assert "did you mean 'cell-1'?" in told.err


def test_problems_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PlantError) as caught:
        load(PLANTS / "unknown-file")
    commands.plant_problems(caught.value)
    assert "asets.yaml" in capsys.readouterr().err
