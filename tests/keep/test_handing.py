"""A command's act counts, whether or not a process owns the folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.keep.making import AT, approval, mute, opened, proposal

from checkvalve.errors import UsageError
from checkvalve.keep.handing import hand_in
from checkvalve.keep.keeper import STORE
from checkvalve.keep.reading import Reader


def test_when_nothing_runs_the_act_is_in_the_store_at_once(tmp_path: Path) -> None:
    assert hand_in(tmp_path, mute(), command="checkvalve incidents mute", at=AT)
    with Reader.open(tmp_path / STORE) as reader:
        assert reader.acts() == [mute()]


def test_beside_a_running_process_the_act_waits_for_it(tmp_path: Path) -> None:
    with opened(tmp_path) as keeper:
        assert not hand_in(tmp_path, mute(), command="checkvalve incidents mute", at=AT)
        assert keeper.store.acts() == []
        assert keeper.fold().acts == (mute(),)
        assert keeper.store.acts() == [mute()]


def test_what_waited_when_the_owner_ended_is_taken_in_by_the_next_command(tmp_path: Path) -> None:
    with opened(tmp_path):
        assert not hand_in(tmp_path, proposal(), command="checkvalve learn", at=AT)
    act = approval(proposal().digest)
    assert hand_in(tmp_path, act, command="checkvalve baseline approve", at=AT)
    with Reader.open(tmp_path / STORE) as reader:
        assert reader.approved("north") is not None


def test_an_approval_of_nothing_is_refused_to_the_person(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no baseline north"):
        hand_in(tmp_path, approval("f" * 64), command="checkvalve baseline approve", at=AT)
