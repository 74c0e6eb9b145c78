"""What the ledger acknowledged is on disk, and what a crash tore is kept apart."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.keep.making import AT

from checkvalve import chain
from checkvalve.chain import GENESIS, Entry, Head
from checkvalve.errors import IntegrityError, StorageError
from checkvalve.keep import ledger
from checkvalve.keep.ledger import Ledger


def note(number: int) -> Entry:
    return Entry(AT, "note", "shift lead", {"number": number})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "ledger.jsonl"


def written(path: Path, *numbers: int) -> Head:
    with Ledger.open(path) as book:
        return book.append(note(number) for number in numbers)


def test_entries_come_back_in_order_over_several_runs(path: Path) -> None:
    written(path, 0, 1)
    head = written(path, 2)
    assert ledger.verify(path) == ledger.Verified(head, torn=0, waiting=0)
    assert ledger.tail(path, 2) == [note(1), note(2)]
    assert ledger.tail(path, 9) == [note(0), note(1), note(2)]


def test_an_empty_ledger_is_whole(path: Path) -> None:
    written(path)
    assert ledger.verify(path, pinned=GENESIS).head == GENESIS
    assert ledger.tail(path, 3) == []


def test_lines_longer_than_a_block_are_found_from_the_end(path: Path) -> None:
    entry = Entry(AT, "note", "shift lead", {"text": "x" * 200_000})
    with Ledger.open(path) as book:
        book.append([note(0), entry, note(2), entry])
    assert ledger.tail(path, 3) == [entry, note(2), entry]
    assert written(path, 4).count == 5


def test_a_line_cut_anywhere_is_put_aside_and_the_rest_stands(path: Path) -> None:
    acknowledged = written(path, 0, 1)
    whole = path.read_bytes()
    written(path, 2)
    last = path.read_bytes()[len(whole) :]
    for length in range(1, len(last)):
        path.write_bytes(whole + last[:length])
        assert ledger.verify(path, pinned=acknowledged).torn == length
        with Ledger.open(path) as book:
            assert book.head == acknowledged
            assert book.torn is not None
            assert book.torn.aside.read_bytes() == last[:length]
            assert "nothing that was reported is lost" in str(book.torn)
            book.append([note(2)])
        assert path.read_bytes() == whole + last


def test_octets_of_zero_after_a_power_cut_are_put_aside(path: Path) -> None:
    head = written(path, 0)
    with path.open("ab") as file:
        file.write(bytes(4096))
    assert written(path, 1).count == 2
    assert ledger.verify(path).head.count == 2
    assert ledger.verify(path, pinned=head).torn == 0


def test_lines_that_the_ledger_has_are_passed_over(path: Path) -> None:
    lines, head = [], GENESIS
    for number in range(4):
        line, head = chain.append(head, note(number))
        lines.append(line)
    with Ledger.open(path) as book:
        book.extend(lines[:2])
        assert book.extend(lines) == head
        assert book.extend(lines) == head
    assert path.read_bytes() == b"".join(lines)


def test_a_line_that_does_not_follow_is_refused_and_nothing_is_written(path: Path) -> None:
    written(path, 0)
    before = path.read_bytes()
    line, head = chain.append(Head(1, "f" * 64), note(1))
    with Ledger.open(path) as book, pytest.raises(IntegrityError, match="line 2 does not follow"):
        book.extend([line, chain.append(head, note(2))[0]])
    assert path.read_bytes() == before


def test_a_changed_line_is_named_with_the_file(path: Path) -> None:
    written(path, 0, 1, 2)
    path.write_bytes(path.read_bytes().replace(b'"number":1', b'"number":7'))
    with pytest.raises(IntegrityError, match=r"ledger\.jsonl: line 3 does not follow"):
        ledger.verify(path)


def test_a_missing_tail_shows_against_the_pinned_head(path: Path) -> None:
    head = written(path, 0, 1, 2)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    assert ledger.verify(path).head.count == 2
    with pytest.raises(IntegrityError, match="ends at line 2, but it is known to have had 3"):
        ledger.verify(path, pinned=head)


def test_lines_that_wait_in_the_store_count_towards_the_pinned_head(path: Path) -> None:
    head = written(path, 0, 1)
    line, after = chain.append(head, note(2))
    old = path.read_bytes().splitlines(keepends=True)[1]
    found = ledger.verify(path, pinned=after, waiting=[old, line])
    assert found == ledger.Verified(after, torn=0, waiting=1)


def test_a_last_line_that_is_no_entry_is_refused(path: Path) -> None:
    written(path, 0)
    with path.open("ab") as file:
        file.write(b"hello\n")
    with pytest.raises(IntegrityError, match="is not an entry"):
        Ledger.open(path)


def test_another_program_that_writes_meanwhile_is_noticed(path: Path) -> None:
    with Ledger.open(path) as book:
        book.append([note(0)])
        with path.open("ab") as file:
            file.write(b"hello\n")
        with pytest.raises(IntegrityError, match="changed by another program"):
            book.append([note(1)])


@contextmanager
def failing_at(path: Path, stage: str, error: int) -> Iterator[Ledger]:
    def reached(name: str) -> None:
        if name == stage:
            raise OSError(error, os.strerror(error))

    with Ledger.open(path, reached=reached) as book:
        yield book


@pytest.mark.parametrize("stage", ["ledger before write", "ledger written"])
def test_a_full_disk_is_one_sentence_and_leaves_the_file_as_it_was(path: Path, stage: str) -> None:
    head = written(path, 0)
    before = path.read_bytes()
    with failing_at(path, stage, 28) as book:
        with pytest.raises(StorageError, match=r"no space left for .*ledger\.jsonl") as raised:
            book.append([note(1)])
        assert "nothing that was reported is lost" in raised.value.hint
        assert book.head == head
    assert path.read_bytes() == before
    assert written(path, 1).count == 2


def test_a_file_that_can_not_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="can't be read"):
        ledger.verify(tmp_path / "nothing.jsonl")
    with pytest.raises(StorageError, match="can't be read or written: is a directory"):
        Ledger.open(tmp_path)
