"""The program as it starts: help, version, and data for machines on standard output alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from tests.e2e.story import Told
from tests.e2e.typing_in import started, typed
from typer.core import TyperGroup

from checkvalve import __version__
from checkvalve.show import cli


def _commands(group: TyperGroup, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and every group of commands."""
    yield words
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _commands(command, (*words, name))
        else:
            yield (*words, name)


def _all() -> list[tuple[str, ...]]:
    group = typer.main.get_command(cli.app)
    assert isinstance(group, TyperGroup)
    return list(_commands(group))


@pytest.mark.parametrize("words", _all(), ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...]) -> None:
    result = typed(*words, "--help")
    assert result.code == 0
    assert "Usage:" in result.out
    assert result.err == ""


def test_the_version_is_said() -> None:
    assert typed("--version").out == f"checkvalve {__version__}\n"


@pytest.mark.parametrize("words", [("wach",), ("incidents", "lst"), ("watch", "--captres", "x")])
def test_a_word_that_is_none_is_refused(words: tuple[str, ...]) -> None:
    result = typed(*words)
    assert (result.code, result.out) == (2, "")
    assert "Traceback" not in result.err


def test_every_format_for_machines_is_json_on_standard_output_alone(
    line: Told, state: Path, small: Path
) -> None:
    plant, at = line.example / "plant", ("--state", state)
    first = line.incidents[0]["id"]
    commands: list[tuple[str | Path, ...]] = [
        ("plant", "check", plant),
        ("plant", "show", "zones", "--plant", plant),
        ("change", "list", plant),
        ("grant", "list", plant),
        ("waiver", "list", plant),
        ("exchanges", small, "--summary"),
        ("learn", plant, "-c", small, *at),
        ("watch", plant, "-c", small, *at),
        ("incidents", "list", plant, *at),
        ("incidents", "show", first, plant, *at),
        ("baseline", "show", plant, *at),
    ]
    for words in commands:
        result = typed(*words, "--format", "json")
        assert result.code == 0, result.err
        assert isinstance(result.json, list | dict), words


def test_as_a_process_of_its_own_it_does_the_same(line: Told, small: Path) -> None:
    words = ("exchanges", small, "--summary", "--format", "json")
    with started(*words) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out == typed(*words).out
    with started("incidents", "list", line.example / "plant", "--state", small.parent) as process:
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, "")
    assert err.splitlines() == [
        f"checkvalve: {small.parent} holds no findings yet",
        "  'checkvalve watch PLANT --captures ...' first",
    ]


def test_a_reader_that_goes_away_is_no_error_to_speak_of(root: Path) -> None:
    capture = root / "examples" / "packaging-line" / "captures" / "normal.pcap"
    with started("exchanges", capture, "--format", "jsonl") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()
    assert "Traceback" not in told
    assert "Exception" not in told
