"""The documents: whatever the code offers has its heading, and no heading offers more."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

import checkvalve
from checkvalve.observe.protocols.base import Protocol
from checkvalve.rules import Rule
from checkvalve.show import cli

LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
TARGET = re.compile(r"^([a-z]+):.*## ", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,4} +`([^`]+)`$", re.MULTILINE)


def _headings(folder: Path) -> set[str]:
    """Every heading that is one piece of code, such as ``## `checkvalve init` ``."""
    pages = (FENCE.sub("", page.read_text()) for page in folder.rglob("*.md"))
    return {heading for page in pages for heading in HEADING.findall(page)}


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
    """The name of every protocol."""
    for value in _classes():
        if issubclass(value, Protocol) and not inspect.isabstract(value):
            yield value.name


def test_every_command_has_its_heading(root: Path) -> None:
    group = typer.main.get_command(cli.app)
    assert isinstance(group, TyperGroup)
    assert _headings(root / "docs" / "commands") == set(_commands(group, "checkvalve"))


def test_every_rule_has_its_heading(root: Path) -> None:
    assert _headings(root / "docs" / "rules") == set(_rules())


def test_every_protocol_has_its_heading(root: Path) -> None:
    assert _headings(root / "docs" / "protocols") == set(_protocols())


def test_every_make_target_is_explained_to_contributors(root: Path) -> None:
    text = (root / "CONTRIBUTING.md").read_text()
    for target in TARGET.findall((root / "Makefile").read_text()):
        assert f"`make {target}`" in text


def _pages(root: Path) -> list[Path]:
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", _pages(Path(__file__).parents[1]), ids=lambda page: page.name)
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"
