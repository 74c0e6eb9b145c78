from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checkvalve.errors import UsageError
from checkvalve.judge.baseline import Baseline
from checkvalve.judge.window import Breach
from checkvalve.keep.acts import BaselineApproval, BaselineProposal
from checkvalve.keep.keeper import Keeper
from checkvalve.run.baselines import chosen, newest, newest_in
from checkvalve.testing.detectors import SITE, three_cells
from checkvalve.testing.windows import WindowBuilder

PLANT = three_cells()
AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def learnt(count: int) -> Baseline:
    baseline = Baseline.empty(PLANT, SITE)
    window = WindowBuilder(PLANT, SITE).exchange("hmi-1", "plc-1a", count=count).build()
    baseline.learn(window, Breach())
    return baseline


def propose(keeper: Keeper, baseline: Baseline, minute: int, site: str = SITE) -> None:
    at = AT + timedelta(minutes=minute)
    keeper.act(BaselineProposal(site, baseline.text(), "Ana", "a good week", at))


def approve(keeper: Keeper, baseline: Baseline, minute: int) -> None:
    at = AT + timedelta(minutes=minute)
    keeper.act(BaselineApproval(SITE, baseline.digest, "Bob", "looked at", at))


def in_use(keeper: Keeper) -> str:
    found = newest(keeper.store, PLANT, SITE)
    return found.baseline.digest if found.baseline is not None else ""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


def opened(folder: Path) -> Keeper:
    return Keeper.open(folder, command="learn", at=AT)


def test_nothing_learnt_is_no_baseline(folder: Path) -> None:
    assert newest_in(folder, PLANT, SITE).baseline is None
    with opened(folder) as keeper:
        assert newest(keeper.store, PLANT, SITE).version is None


def test_the_newest_proposal_judges_until_one_is_approved(folder: Path) -> None:
    one, two, three = learnt(1), learnt(2), learnt(3)
    with opened(folder) as keeper:
        propose(keeper, one, 1)
        assert in_use(keeper) == one.digest
        propose(keeper, two, 2)
        assert in_use(keeper) == two.digest
        approve(keeper, one, 3)
        assert in_use(keeper) == one.digest
        propose(keeper, three, 4)
        assert in_use(keeper) == one.digest
        approve(keeper, three, 5)
        assert in_use(keeper) == three.digest
    found = newest_in(folder, PLANT, SITE)
    assert found.version is not None
    assert (found.version.digest, found.version.approved_by) == (three.digest, "Bob")


def test_another_site_s_baseline_does_not_judge(folder: Path) -> None:
    with opened(folder) as keeper:
        propose(keeper, learnt(1), 1, site="elsewhere")
        assert in_use(keeper) == ""


def test_a_version_is_chosen_by_how_its_digest_begins(folder: Path) -> None:
    one, two = learnt(1), learnt(2)
    with opened(folder) as keeper:
        propose(keeper, one, 1)
        propose(keeper, two, 2)
    version, text = chosen(folder, one.digest[:10])
    assert (version.digest, text) == (one.digest, one.text())
    with pytest.raises(UsageError, match="2 baselines begin with ''") as several:
        chosen(folder, "")
    assert two.digest[:12] in several.value.hint
    with pytest.raises(UsageError, match="0 baselines begin with 'xyz'"):
        chosen(folder, "xyz")


def test_a_folder_without_a_store_holds_no_baselines(folder: Path) -> None:
    with pytest.raises(UsageError, match="holds no baselines"):
        chosen(folder, "abc")
    assert not folder.exists()
