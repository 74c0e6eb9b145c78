"""A step is recorded whole, once, or not at all; and what goes wrong is one sentence."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.keep.making import (
    AT,
    approval,
    finding,
    later,
    mute,
    opened,
    packets,
    proposal,
    samples,
    step,
    without_privileges,
)

from checkvalve.chain import Entry
from checkvalve.errors import IntegrityError, StorageError, UsageError
from checkvalve.findings import Finding
from checkvalve.keep import engine as engines
from checkvalve.keep import ledger
from checkvalve.keep.acts import Act
from checkvalve.keep.facts import Mark
from checkvalve.keep.inbox import Inbox
from checkvalve.keep.keeper import LEDGER, RECORDS, STAGES, STORE, Keeper
from checkvalve.keep.lock import HeldError
from checkvalve.keep.reading import Reader
from checkvalve.keep.step import Step
from checkvalve.keep.tables import POSITION


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "plant" / "var"


def kinds(folder: Path) -> list[str]:
    with Reader.open(folder / STORE) as reader:
        pinned, waiting = reader.pinned()
    ledger.verify(folder / LEDGER, pinned=pinned, waiting=waiting)
    return [entry.kind for entry in ledger.tail(folder / LEDGER, 100)]


def test_a_step_is_in_the_store_the_archive_and_the_ledger(folder: Path) -> None:
    decision = Entry(AT, "mode", "checkvalve", {"mode": "production"})
    with opened(folder) as keeper:
        done = keeper.commit(replace(step(0), decisions=(decision,)))
        assert (done.recorded, done.rows) == (True, 42)
        assert done.new == (finding(0), finding(1))
        assert keeper.store.findings(ids=[finding(1).id]) == [finding(1)]
        assert packets(keeper.archive) == list(range(40))
    first, second, last = ledger.tail(folder / LEDGER, 9)
    assert (first.kind, first.who, first.body["id"]) == ("finding", "checkvalve", finding(0).id)
    assert second.body["because"] == finding(1).because
    assert last == decision


def test_the_same_step_again_changes_nothing(folder: Path) -> None:
    with opened(folder) as keeper:
        keeper.commit(step(0))
        keeper.commit(step(1))
    before = (folder / LEDGER).read_bytes()
    with opened(folder) as keeper:
        for number in (0, 1):
            assert not keeper.commit(step(number)).recorded
        assert keeper.store.sequence() == 2
        assert packets(keeper.archive) == list(range(80))
        (known,) = keeper.store.findings(ids=[finding(0).id])
        assert known.count == 2
    assert (folder / LEDGER).read_bytes() == before


def test_a_finding_seen_again_is_no_second_line_of_the_ledger(folder: Path) -> None:
    with opened(folder) as keeper:
        for number in range(3):
            done = keeper.commit(Step(Mark("a", number), AT, findings=(finding(0),)))
            assert len(done.new) == (number == 0)
    assert kinds(folder) == ["finding"]


class CrashError(Exception):
    """The program fails here."""


@pytest.mark.parametrize("stage", STAGES[:-2])
def test_a_step_that_fails_can_be_followed_by_another(folder: Path, stage: str) -> None:
    is_broken = False

    def reached(name: str) -> None:
        if is_broken and name == stage:
            raise CrashError

    with Keeper.open(folder, command="a", at=AT, reached=reached) as keeper:
        keeper.commit(step(0))
        is_broken = True
        with pytest.raises(CrashError):
            keeper.commit(replace(step(1), records=(samples(9, first=900, site="south"),)))
        is_broken = False
        was_recorded = keeper.store.recorded(step(1).mark)
        assert keeper.commit(step(1)).recorded is not was_recorded
        rows = [*range(40), *(range(900, 909) if was_recorded else range(40, 80))]
        assert packets(keeper.archive) == rows
        (known,) = keeper.store.findings(ids=[finding(0).id])
        assert known.count == 2
    assert kinds(folder) == ["finding"] * 3


def test_records_that_fail_while_they_are_read_leave_nothing(folder: Path) -> None:
    def records() -> Iterator[object]:
        yield samples(9, first=900, site="south")
        raise CrashError

    with opened(folder) as keeper:
        with pytest.raises(CrashError):
            keeper.commit(replace(step(0), records=records()))
        keeper.commit(step(0))
        assert packets(keeper.archive) == list(range(40))


def test_a_second_process_is_told_who_owns_the_folder(folder: Path) -> None:
    with opened(folder), pytest.raises(HeldError, match=f"process {os.getpid()} "):
        opened(folder)
    opened(folder).close()


def test_a_command_that_fails_to_open_lets_go_of_the_folder(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / STORE).write_bytes(b"hello" * 1000)
    for _ in range(2):
        with pytest.raises(IntegrityError, match="damaged or is no database"):
            opened(folder)


def test_acts_in_the_inbox_are_taken_in_once_and_in_order(folder: Path) -> None:
    with opened(folder) as keeper:
        inbox = Inbox(folder / "inbox")
        acts: list[Act] = [
            mute("a", second=2),
            proposal(second=3),
            approval(proposal().digest, second=4),
        ]
        for act in reversed(acts):
            inbox.drop(act)
        assert keeper.fold().acts == tuple(acts)
        assert keeper.fold().acts == ()
        inbox.drop(acts[0])
        assert keeper.fold().acts == ()
        assert keeper.store.acts() == [acts[0]]
        assert keeper.store.approved("north") is not None
    assert kinds(folder) == ["incident mute", "baseline propose", "baseline approve"]


def test_an_act_that_can_not_be_done_is_set_aside_and_the_others_count(folder: Path) -> None:
    inbox = Inbox(folder / "inbox")
    inbox.drop(approval("f" * 64, second=1))
    inbox.drop(mute(second=2))
    (inbox.folder / "0.json").write_bytes(b"{")
    with opened(folder) as keeper:
        assert keeper.store.acts() == [mute(second=2)]
        asides = [line for line in keeper.notices if "was set aside" in line]
        assert len(asides) == 2
        assert "no act" in asides[0]
        assert "no baseline north" in asides[1]
    assert len(list((folder / "inbox" / "aside").iterdir())) == 2


def test_acts_are_recorded_directly_by_the_owner(folder: Path) -> None:
    with opened(folder) as keeper:
        assert keeper.act(mute())
        assert not keeper.act(mute())
        with pytest.raises(UsageError, match="no baseline north"):
            keeper.act(approval("f" * 64))
        keeper.decide(Entry(later(1), "note", "shift lead", {}))
    assert kinds(folder) == ["incident mute", "note"]


def test_a_torn_last_line_is_recovered_recorded_and_said(folder: Path) -> None:
    with opened(folder) as keeper:
        keeper.commit(step(0))
    with (folder / LEDGER).open("ab") as file:
        file.write(b'{"at":"2026')
    with opened(folder) as keeper:
        assert any("a crash tore" in line for line in keeper.notices)
        keeper.commit(step(1))
    assert kinds(folder) == ["finding", "finding", "ledger recover", "finding"]


@pytest.mark.parametrize("kept", [0, 1])
def test_a_ledger_that_lost_lines_is_refused(folder: Path, kept: int) -> None:
    with opened(folder) as keeper:
        keeper.commit(step(0))
        keeper.commit(step(1))
    lines = (folder / LEDGER).read_bytes().splitlines(keepends=True)
    (folder / LEDGER).write_bytes(b"".join(lines[:kept]))
    with pytest.raises(IntegrityError, match=f"lacks {2 - kept} lines"):
        opened(folder)


def test_lines_that_the_last_step_had_still_to_write_are_written(folder: Path) -> None:
    with opened(folder) as keeper:
        keeper.commit(step(0))
        keeper.commit(step(1))
    lines = (folder / LEDGER).read_bytes().splitlines(keepends=True)
    (folder / LEDGER).write_bytes(b"".join(lines[:2]))
    opened(folder).close()
    assert (folder / LEDGER).read_bytes() == b"".join(lines)


def test_the_ledger_of_another_store_is_refused(folder: Path, tmp_path: Path) -> None:
    for place, number in ((folder, 0), (tmp_path / "other", 5)):
        with opened(place) as keeper:
            keeper.commit(step(number))
            keeper.commit(step(number + 1))
    (tmp_path / "other" / LEDGER).replace(folder / LEDGER)
    with pytest.raises(IntegrityError, match="is not the ledger that belongs to"):
        opened(folder)


def test_a_store_of_a_newer_program_is_left_alone(folder: Path) -> None:
    opened(folder).close()
    engine = engines.writer(folder / STORE)
    with engines.asked(engine, "store") as connection:
        connection.execute(POSITION.update().values(schema_version=99))
    engine.dispose()
    before = (folder / STORE).read_bytes()
    with pytest.raises(StorageError, match="schema version 99"):
        opened(folder)
    assert (folder / STORE).read_bytes() == before


def test_old_records_are_dropped_and_the_ledger_says_so(folder: Path) -> None:
    with opened(folder) as keeper:
        keeper.commit(step(0))
        dropped = keeper.drop_before(
            date(2026, 11, 25), who="shift lead", why="thirty days are over", at=later(9)
        )
        assert dropped == 2
        assert packets(keeper.archive) == []
    assert ledger.tail(folder / LEDGER, 1)[0].body == {
        "before": "2026-11-25",
        "why": "thirty days are over",
    }


def test_many_short_steps_leave_few_files(folder: Path) -> None:
    with opened(folder) as keeper:
        for number in range(70):
            keeper.commit(Step(Mark("a", number), AT, records=(samples(2, first=2 * number),)))
        assert len(list((folder / RECORDS).rglob("*.parquet"))) == 7
        assert packets(keeper.archive) == list(range(140))


@contextmanager
def file_size_limit(octets: int) -> Iterator[None]:
    """Lets no file of this process grow beyond a size, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("octets", [100, 400, 1500, 3000, 6000, 40_000, 150_000])
def test_where_no_file_can_grow_the_step_fails_and_can_be_tried_again(
    folder: Path, octets: int
) -> None:
    many = tuple(finding(cause) for cause in range(1, 400))
    with opened(folder) as keeper:
        keeper.commit(step(0))
        with (
            file_size_limit(octets),
            pytest.raises(StorageError, match=r"no space left|can't be used") as raised,
        ):
            keeper.commit(replace(step(1), findings=many, decisions=_long()))
        assert "lost" in raised.value.hint
    with opened(folder) as keeper:
        keeper.commit(replace(step(1), findings=many, decisions=_long()))
        assert len(keeper.store.findings()) == 400
        assert packets(keeper.archive) == list(range(80))
    assert kinds(folder)[-1] == "note"


def _long() -> tuple[Entry, ...]:
    return (Entry(AT, "note", "shift lead", {"text": "x" * 100_000}),)


def test_a_folder_that_may_not_be_written_is_one_sentence() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        with without_privileges(), pytest.raises(StorageError, match="may not be read or written"):
            opened(folder / "var")
        folder.chmod(0o755)
        assert list(folder.iterdir()) == []


def test_hostile_words_do_not_stop_a_step(folder: Path) -> None:
    hostile = replace(finding(0), because="\udc80\0<script>", assets=("\ud800",))
    with opened(folder) as keeper:
        keeper.commit(Step(Mark("\udcff.pcap", 0), AT, findings=(hostile,)))
        known: list[Finding] = keeper.store.findings()
        assert known == [hostile]
    assert ledger.tail(folder / LEDGER, 1)[0].body["because"] == "\\udc80\\x00<script>"
