"""The README: what it shows is what the program says, and what it asks for runs."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from tests.e2e.story import Told
from tests.e2e.typing_in import Typed, typed

#: Output that the README shows: the command that printed it, and the part that is shown.
SHOWN = re.compile(r"<!-- shown: ([^>]+) -->\n```\n(.*?)```", re.DOTALL)
#: What it asks a new user to type.
RUNS = re.compile(r"<!-- runs -->\n```console\n(.*?)```", re.DOTALL)
LEFT_OUT = "..."

packaging_line = pytest.mark.parametrize("told", ["packaging-line"], indirect=True)


def _flat(text: str) -> str:
    """A text on one line: where lines break depends on the window's width."""
    return " ".join(text.split())


@packaging_line
def test_what_the_readme_shows_is_what_the_program_says(told: Told, root: Path) -> None:
    shown = SHOWN.findall((root / "README.md").read_text())
    assert shown
    for words, text in shown:
        state = () if words.startswith("permits") else ("--state", told.folder / "var")
        said = typed(*words.split(), told.example / "plant", *state)
        for part in text.split(LEFT_OUT):
            assert _flat(part) in _flat(said.out), said.out


@packaging_line
def test_what_the_readme_asks_for_runs(
    told: Told, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(told.example / "captures" / "normal.pcap", "normal.pcap")
    shutil.copy(told.example / "captures" / "incident.pcap", "today.pcap")
    for block in RUNS.findall((root / "README.md").read_text()):
        for line in block.splitlines():
            done = _run(line.removeprefix("$ checkvalve "))
            assert done.code == 0, f"{line}\n{done.err}"
            if line.startswith("$ checkvalve init"):
                _declare(told.example / "plant")


def _run(line: str) -> Typed:
    """Run a line in the current folder; ``ID`` stands for the first incident."""
    words = shlex.split(line)
    if "ID" in words:
        listed = typed("incidents", "list", "plant", "--format", "json").json
        words[words.index("ID")] = listed[0]["id"]
    return typed(*words)


def _declare(example: Path) -> None:
    """Put a plant in the place of the one to start from, as the user is asked to do."""
    for file in Path("plant").glob("*.yaml"):
        file.unlink()
    shutil.copytree(example, "plant", dirs_exist_ok=True, ignore=shutil.ignore_patterns("var"))
