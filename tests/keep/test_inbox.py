"""An act that was dropped is taken in once, in order; what is no act is set aside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.keep.making import approval, mute, proposal

from checkvalve.keep.acts import Act
from checkvalve.keep.inbox import Inbox


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "inbox")


def test_acts_come_back_in_the_order_of_their_times(inbox: Inbox) -> None:
    acts: list[Act] = [approval("a" * 64, second=3), mute(second=1), proposal(second=2)]
    for act in acts:
        inbox.drop(act)
    dropped, asides = inbox.waiting()
    assert [each.act for each in dropped] == sorted(acts, key=lambda act: act.at)
    assert asides == []
    inbox.done(dropped)
    assert inbox.waiting() == ([], [])


def test_the_same_act_twice_is_one_file(inbox: Inbox) -> None:
    assert inbox.drop(mute()) == inbox.drop(mute())
    assert inbox.drop(mute()) != inbox.drop(mute(second=1))
    assert len(inbox.waiting()[0]) == 2


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "Invalid JSON"),
        (b"{", "Invalid JSON"),
        (b"\xff\x00", "Invalid JSON"),
        (b"{}", "type"),
        (b'{"type": "wish"}', "wish"),
        (b"[" * 5000, "Invalid JSON"),
    ],
)
def test_a_file_that_is_no_act_is_set_aside_with_the_reason(
    inbox: Inbox, octets: bytes, why: str
) -> None:
    good = inbox.drop(mute())
    bad = inbox.folder / "20261124T000000-bad.json"
    bad.write_bytes(octets)
    dropped, asides = inbox.waiting()
    assert [each.path for each in dropped] == [good]
    assert why in asides[0].why
    assert asides[0].path.read_bytes() == octets
    assert str(asides[0].path) in str(asides[0])
    assert not bad.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"who": " "},
        {"why": " "},
        {"until": None},
        {"until": "2020-01-01T00:00:00Z"},
        {"at": "2026-11-24T06:30:00"},
        {"findings": []},
        {"findings": "0123"},
        {"deed": "delete"},
        {"extra": 1},
    ],
)
def test_an_act_that_may_not_be_is_set_aside(inbox: Inbox, change: dict[str, object]) -> None:
    path = inbox.drop(mute())
    path.write_text(json.dumps(json.loads(path.read_bytes()) | change))
    dropped, asides = inbox.waiting()
    assert (dropped, len(asides)) == ([], 1)


def test_a_half_written_file_is_not_seen(inbox: Inbox) -> None:
    (inbox.folder / "20261124T000000-x.json.unfinished").write_bytes(b"{")
    assert inbox.waiting() == ([], [])
