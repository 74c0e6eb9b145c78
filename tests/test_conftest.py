"""Where every tool is installed, a test that skips is a test that is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPING = """
import pytest

def test_passes() -> None:
    pass

def test_skips_for_want_of_a_tool() -> None:
    pytest.skip("no such tool")

@pytest.mark.skip(reason="a mark says so")
def test_is_marked() -> None:
    pass

def test_skips_for_want_of_shared_data(shared) -> None:
    pass

@pytest.mark.xfail(reason="a known defect", strict=True)
def test_is_expected_to_fail() -> None:
    raise ValueError
"""

MODULE = """
import pytest

pytest.skip("no such tool", allow_module_level=True)
"""


def _closing_line(folder: Path, **environment: str) -> str:
    """Run the tests in ``folder`` under this suite's conftest; the last line they print."""
    shutil.copy(Path(__file__).with_name("conftest.py"), folder)
    command = [sys.executable, "-m", "pytest", "-q", "--continue-on-collection-errors"]
    inherited = {k: v for k, v in os.environ.items() if k != "CHECKVALVE_NO_SKIPS"}
    done = subprocess.run(
        [*command, "-c", os.devnull, "."],
        cwd=folder,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()[-1]


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of its own with each kind of skip, and no shared data beside it."""
    folder = tmp_path / "repository" / "tests"
    folder.mkdir(parents=True)
    (folder / "test_skipping.py").write_text(SKIPPING)
    (folder / "test_module.py").write_text(MODULE)
    return folder


def test_skips_are_allowed_where_a_tool_may_be_missing(suite: Path) -> None:
    assert "1 passed, 4 skipped, 1 xfailed" in _closing_line(suite)


def test_every_skip_but_for_shared_data_fails_where_none_is_allowed(suite: Path) -> None:
    # What skips before its test begins is an error, as pytest calls it: the mark, the module.
    line = _closing_line(suite, CHECKVALVE_NO_SKIPS="1")
    assert "1 failed, 1 passed, 1 skipped, 1 xfailed, 2 errors" in line
