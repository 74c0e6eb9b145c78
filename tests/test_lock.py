"""The locks: every dependency exactly, by hash, and from no address."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("requirements.lock", "requirements-uv.lock", "bench/scapy.lock")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def _entries(lock: Path) -> Iterator[str]:
    """Each pinned requirement with its hashes, on one line."""
    joined = lock.read_text().replace("\\\n", " ")
    return (line for line in joined.splitlines() if line and not line.startswith("#"))


def _pins(lock: Path) -> dict[str, list[Requirement]]:
    """The pins by name; one name has several where they differ by Python version."""
    pins: dict[str, list[Requirement]] = {}
    for entry in _entries(lock):
        pin = Requirement(entry.split("--hash", 1)[0].strip())
        pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def _wanted(project: dict[str, Any]) -> Iterator[Requirement]:
    """Every requirement that ``pyproject.toml`` states for this machine, whatever the table."""
    texts = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for group in project["project"]["optional-dependencies"].values():
        texts += group
    for group in project["dependency-groups"].values():
        texts += group
    requirements = (Requirement(text) for text in texts)
    return (wanted for wanted in requirements if not wanted.marker or wanted.marker.evaluate())


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_one_version_with_hashes(root: Path, lock: str) -> None:
    for entry in _entries(root / lock):
        requirement, hashes = entry.split("--hash", 1)
        pin = Requirement(requirement.strip())
        assert [item.operator for item in pin.specifier] == ["=="], entry
        assert HASH.sub("", "--hash" + hashes).strip() == "", entry


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(root: Path, lock: str) -> None:
    text = (root / lock).read_text()
    assert not re.search(r"://|@|--(extra-)?index|--find-links|--trusted-host", text)


def test_every_requirement_of_the_project_is_met_by_its_lock(root: Path) -> None:
    pins = _pins(root / "requirements.lock")
    for wanted in _wanted(tomllib.loads((root / "pyproject.toml").read_text())):
        here = [
            pin
            for pin in pins.get(canonicalize_name(wanted.name), [])
            if pin.marker is None or pin.marker.evaluate()
        ]
        assert len(here) == 1, f"{wanted}: run 'make lock'"
        (version,) = (item.version for item in here[0].specifier)
        assert wanted.specifier.contains(version), f"{wanted}, not {version}: run 'make lock'"


def test_what_is_under_the_gpl_stays_in_an_environment_of_its_own(root: Path) -> None:
    assert "scapy" in _pins(root / "bench/scapy.lock")
    assert "scapy" not in _pins(root / "requirements.lock")
