"""The example plants, each learnt and watched once for all tests of a run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from tests.e2e.pieces import piece
from tests.e2e.story import Told
from tests.e2e.typing_in import typed

#: The kernels may have to be compiled first.
COMPILING_S = 400


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever test comes first may wait for the kernels."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(COMPILING_S))


@pytest.fixture(scope="session")
def tell(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Told]:
    """Goes through an example as its user does: learns what is normal, then watches."""

    @cache
    def tell(name: str) -> Told:
        example = root / "examples" / name
        folder = tmp_path_factory.mktemp(name)
        plant, state = example / "plant", ("--state", folder / "var", "--format", "json")
        captures = example / "captures"
        learnt = typed("learn", plant, "--captures", captures / "normal.pcap", *state)
        assert learnt.code == 0, learnt.err
        shutil.copytree(folder / "var", folder / "quiet")
        watched = typed("watch", plant, "--captures", captures / "incident.pcap", *state)
        assert watched.code == 0, watched.err
        return Told(example, folder, learnt.json, watched.json)

    return tell


@pytest.fixture(params=["packaging-line", "water-works"])
def told(request: pytest.FixtureRequest, tell: Callable[[str], Told]) -> Told:
    """One example after the other."""
    return tell(request.param)


@pytest.fixture
def line(tell: Callable[[str], Told]) -> Told:
    """The packaging line."""
    return tell("packaging-line")


@pytest.fixture
def state(line: Told, tmp_path: Path) -> Path:
    """A state folder of one's own in which the packaging line's incidents are."""
    return Path(shutil.copytree(line.folder / "var", tmp_path / "var"))


@pytest.fixture
def quiet(line: Told, tmp_path: Path) -> Path:
    """A state folder of one's own with the packaging line's baseline, and nothing watched."""
    return Path(shutil.copytree(line.folder / "quiet", tmp_path / "quiet"))


@pytest.fixture
def small(root: Path, tmp_path: Path) -> Path:
    """A capture of 400 packets: Modbus, HTTP and what else the packaging line has."""
    path = tmp_path / "small.pcap"
    normal = root / "examples" / "packaging-line" / "captures" / "incident.pcap"
    path.write_bytes(piece(normal, 0, 400))
    return path
