"""What an import may do: nothing but define, and in the light base nothing heavy."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import checkvalve

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(checkvalve.__path__, "checkvalve.")
)

#: Packages that only a site has.
HEAVY = ("duckdb", "llvmlite", "numba", "numpy", "pyarrow", "sqlalchemy", "zstandard")

#: Modules that run on every machine. A room yet to be built is held to it from its first file.
LIGHT = [
    module
    for module in (
        "checkvalve.chain",
        "checkvalve.errors",
        "checkvalve.findings",
        "checkvalve.guard",
        "checkvalve.plant",
        "checkvalve.release.agent",
        "checkvalve.rules",
        "checkvalve.show.cli",
        "checkvalve.signing",
    )
    if module in MODULES
]

IMPORT_ALL = """
import importlib, sys, threading
for module in sys.argv[1:]:
    importlib.import_module(module)
assert threading.active_count() == 1, threading.enumerate()
"""

NAME_LOADED = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sorted(name for name in sys.argv[2:] if name in sys.modules))
"""


def _python(program: str, *arguments: str, cwd: Path) -> str:
    """Run a program in a fresh interpreter; all that it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(Path(checkvalve.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


@pytest.mark.timeout(600)  # every kernel is compiled here where none is cached yet
def test_importing_everything_prints_writes_and_starts_nothing(tmp_path: Path) -> None:
    assert _python(IMPORT_ALL, *MODULES, cwd=tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", LIGHT)
def test_the_light_base_imports_nothing_heavy(module: str, tmp_path: Path) -> None:
    assert _python(NAME_LOADED, module, *HEAVY, cwd=tmp_path) == ""
