"""The example plants, each learnt and watched once for all tests of a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.e2e.story import Told
from tests.e2e.typing_in import typed

#: The kernels may have to be compiled first.
COMPILING_S = 400


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever test comes first may wait for the kernels."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(COMPILING_S))


@pytest.fixture(scope="session", params=["packaging-line", "water-works"])
def told(
    request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Told:
    """An example as its user goes through it: learn what is normal, then watch."""
    example = root / "examples" / request.param
    folder = tmp_path_factory.mktemp(request.param)
    plant, normal = example / "plant", example / "captures" / "normal.pcap"
    learnt = typed(
        "learn", plant, "--captures", normal, "--state", folder / "var", "--format", "json"
    )
    assert learnt.code == 0, learnt.err
    shutil.copytree(folder / "var", folder / "quiet")
    watched = typed(
        "watch", plant, "--captures", example / "captures" / "incident.pcap",
        "--state", folder / "var", "--format", "json",
    )  # fmt: skip
    assert watched.code == 0, watched.err
    return Told(example, folder, learnt.json, watched.json)
