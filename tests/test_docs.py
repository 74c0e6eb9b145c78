"""The documents: whatever the code offers has its heading, and no heading offers more."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from reference.pages import rendered
from typer.core import TyperGroup

import checkvalve
from checkvalve.observe import sign_ins
from checkvalve.observe.firewalls import members
from checkvalve.observe.protocols.base import Protocol
from checkvalve.plant import KINDS
from checkvalve.records import SCHEMAS, GapKind, Intent, Status
from checkvalve.rules import Rule
from checkvalve.show import cli
from tests.conftest import ROOT

LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]*)(?:#([^)\s]*))?\)")
TARGET = re.compile(r"^([a-z]+):.*## ", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,4} +`([^`]+)`$", re.MULTILINE)
TITLE = re.compile(r"^#{1,4} +(.+)$", re.MULTILINE)
ANCHOR = re.compile(r'<a id="([^"]+)">')
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^\$ ((?:.*\\\n)*.*)$", re.MULTILINE)
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \|", re.MULTILINE)
#: Where the shell takes over from a command's own words.
SHELL = {"|", "&", "&&", ">"}
#: What the pages of records call Arrow's types.
ARROW_TYPES = {
    "timestamp[ns, tz=UTC]": "timestamp",
    "dictionary<values=string, indices=int32, ordered=0>": "words",
}


def _headings(place: Path) -> set[str]:
    """Every heading that is one piece of code, such as ``## `checkvalve init` ``."""
    pages = place.rglob("*.md") if place.is_dir() else [place]
    return {name for page in pages for name in HEADING.findall(_prose(page))}


def _prose(page: Path) -> str:
    """A page without what stands in fences."""
    return FENCE.sub("", page.read_text())


def _commands(group: TyperGroup, prefix: str) -> Iterator[str]:
    """Every command below a group, as a person types it."""
    for name, command in group.commands.items():
        words = f"{prefix} {name}"
        if isinstance(command, TyperGroup):
            yield from _commands(command, words)
        elif not command.hidden:
            yield words


def _modules() -> Iterator[dict[str, object]]:
    """What each module of the package defines or imports, by name."""
    for module in pkgutil.walk_packages(checkvalve.__path__, "checkvalve."):
        yield vars(importlib.import_module(module.name))


def _classes() -> Iterator[type]:
    """Every class that a module of the package defines or imports."""
    for names in _modules():
        yield from (value for value in names.values() if isinstance(value, type))


def _rules() -> Iterator[str]:
    """The id of every rule declared in a module or on a class."""
    for names in (*_modules(), *map(vars, _classes())):
        yield from (value.id for value in names.values() if isinstance(value, Rule))


def _protocols() -> Iterator[str]:
    """Every word that records may have for a protocol."""
    for value in _classes():
        if issubclass(value, Protocol) and not inspect.isabstract(value):
            yield from value.dialects


def _group() -> TyperGroup:
    group = typer.main.get_command(cli.app)
    assert isinstance(group, TyperGroup)
    return group


def test_every_page_is_as_the_code_makes_it(root: Path) -> None:
    for page, text in rendered(root / "docs").items():
        assert page.exists(), f"{page.name} is missing: 'make docs' writes it"
        assert page.read_text() == text, f"{page.name} is stale: 'make docs' mends it"


def test_every_command_has_its_heading(root: Path) -> None:
    assert _headings(root / "docs" / "commands") == set(_commands(_group(), "checkvalve"))


def test_every_rule_has_its_heading(root: Path) -> None:
    assert _headings(root / "docs" / "rules") == set(_rules())


def test_every_protocol_has_its_heading(root: Path) -> None:
    assert _headings(root / "docs" / "protocols") == set(_protocols())


def test_every_firewalls_vendor_has_its_heading(root: Path) -> None:
    assert _headings(root / "docs" / "firewalls.md") == {vendor.name for vendor in members()}


def test_every_log_of_sign_ins_has_its_heading(root: Path) -> None:
    readers = {reader.name for reader in sign_ins.members()}
    assert _headings(root / "docs" / "sign-ins.md") == readers


def test_every_kind_of_the_plant_has_its_heading(root: Path) -> None:
    assert _headings(root / "docs" / "plant.md") == {kind.plural for kind in KINDS}


def test_every_column_of_every_record_is_told(root: Path) -> None:
    page = (root / "docs" / "records.md").read_text()
    assert _headings(root / "docs" / "records.md") == set(SCHEMAS)
    for name, schema in SCHEMAS.items():
        section = page.partition(f"## `{name}`\n")[2].partition("\n## ")[0]
        assert f"Version {schema.metadata[b'version'].decode()}." in section
        kinds = [ARROW_TYPES.get(str(column.type), str(column.type)) for column in schema]
        assert ROW.findall(section) == list(zip(schema.names, kinds, strict=True)), name


def test_every_word_of_the_records_is_told(root: Path) -> None:
    page = (root / "docs" / "records.md").read_text()
    for word in (*Intent, *Status, *GapKind):
        assert f"`{word}`" in page, word


def test_every_make_target_is_explained_to_contributors(root: Path) -> None:
    text = (root / "CONTRIBUTING.md").read_text()
    for target in TARGET.findall((root / "Makefile").read_text()):
        assert f"`make {target}`" in text


def _pages(root: Path) -> list[Path]:
    pages = [*root.glob("*.md"), *root.glob("examples/*/README.md"), *root.glob("docs/**/*.md")]
    return sorted(pages)


every_page = pytest.mark.parametrize(
    "page", _pages(ROOT), ids=lambda page: str(page.relative_to(ROOT))
)


@every_page
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(_prose(page)):
        if "://" not in target:
            place = page.parent / target if target else page
            assert place.exists(), f"{page.name}: {target}"
            assert not anchor or anchor in _anchors(place), f"{page.name}: {target}#{anchor}"


def _anchors(page: Path) -> set[str]:
    """What a link to a page may name: its headings, as they are shown, and its own marks."""
    titles = (re.sub(r"[^\w\- ]", "", title.lower()) for title in TITLE.findall(_prose(page)))
    return {title.replace(" ", "-") for title in titles} | set(ANCHOR.findall(page.read_text()))


@every_page
def test_every_command_that_a_page_shows_is_understood(page: Path) -> None:
    for block in CONSOLE.findall(page.read_text()):
        for line in TYPED.findall(block):
            for words in _typed(line):
                _understand(words)


def _typed(line: str) -> Iterator[list[str]]:
    """The words after ``checkvalve`` of each command in a line of shell."""
    words: list[str] = []
    for word in (*shlex.split(line.replace("\\\n", " ")), "&"):
        if word not in SHELL:
            words.append(word)
            continue
        if words and words[0].endswith("checkvalve"):
            yield words[1:]
        words = []


def _understand(words: list[str]) -> None:
    """Parses a command as it would be run, and does not run it."""
    group, rest = _group(), list(words)
    while rest:
        if rest[0] not in group.commands and hasattr(group, "unsaid"):
            rest.insert(0, group.unsaid)
        command = group.commands.get(rest.pop(0))
        assert command is not None, words
        if not isinstance(command, TyperGroup):
            command.make_context("checkvalve", rest)
            return
        group = command
    pytest.fail(f"{words} is no whole command")
