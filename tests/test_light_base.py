"""The light base: an edge node has the command, and none of what only a site needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

HEAVY = {"duckdb", "llvmlite", "numba", "numpy", "pyarrow", "sqlalchemy", "zstandard"}


def _attempt(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, however it ends."""
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)


def _run(*words: str | Path, cwd: Path) -> str:
    """Run a command that must succeed; what it printed on standard output."""
    done = _attempt(*words, cwd=cwd)
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True, slots=True)
class Node:
    """A machine with nothing but what one extra of the package brings.

    Attributes:
        folder: its home.
        uv: the installer.
    """

    folder: Path
    uv: str

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return self.folder / "env" / "bin" / "python"

    def install(self, root: Path, wheel: Path, extra: str) -> None:
        """Make the environment: the lock's versions by hash, then the wheel alone."""
        _run(self.uv, "venv", "--quiet", "--python", sys.executable, "env", cwd=self.folder)
        install = (self.uv, "pip", "install", "--quiet", "--python", self.python)
        locked = ("--require-hashes", "--constraint", root / "requirements.lock")
        wanted = ("--requirement", root / "pyproject.toml", *(("--extra", extra) if extra else ()))
        # What 'make test' installed lies in the cache: the network is asked for the rest alone.
        cached = _attempt(*install, "--offline", *locked, *wanted, cwd=self.folder)
        if cached.returncode:
            _run(*install, *locked, *wanted, cwd=self.folder)
        _run(*install, "--no-deps", "--offline", wheel, cwd=self.folder)

    def checkvalve(self, *words: str) -> str:
        """Run the command as a person there would; what it printed."""
        return _run(self.python.with_name("checkvalve"), *words, cwd=self.folder)

    def packages(self) -> set[str]:
        """The names of the distributions installed there."""
        program = "from importlib.metadata import distributions as d; print(*(x.name for x in d()))"
        return set(_run(self.python, "-c", program, cwd=self.folder).lower().split())


@pytest.fixture(scope="module")
def uv() -> str:
    """The installer, from this environment or from the path."""
    found = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    if found is None:
        pytest.skip("uv is not installed: 'make test' brings it")
    return found


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is released."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=root)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module", params=["", "agent", "guard"])
def node(
    request: pytest.FixtureRequest,
    uv: str,
    wheel: Path,
    root: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Node:
    """A node with the base alone, or with the extra of an edge node."""
    node = Node(tmp_path_factory.mktemp(request.param or "base"), uv)
    node.install(root, wheel, request.param)
    return node


def test_nothing_heavy_is_installed(node: Node) -> None:
    assert "checkvalve" in node.packages()
    assert not node.packages() & HEAVY


def test_help_is_shown(node: Node) -> None:
    assert "plant" in node.checkvalve("--help")


def test_a_new_plant_is_written_and_found_sound(node: Node) -> None:
    node.checkvalve("init", "plant")
    node.checkvalve("plant", "check", "plant")
