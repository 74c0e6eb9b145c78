"""One process owns a state folder, and says who it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.keep.making import AT

from checkvalve.errors import StorageError
from checkvalve.keep.lock import HeldError, Lock, holder_of

OWNER = """
import signal, sys
from datetime import UTC, datetime
from pathlib import Path
from checkvalve.keep.lock import Lock
at = datetime(2026, 11, 24, tzinfo=UTC)
lock = Lock.take(Path(sys.argv[1]), command="checkvalve watch", at=at)
print("taken", flush=True)
signal.pause()
"""


def test_the_second_one_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with Lock.take(tmp_path, command="checkvalve watch", at=AT):
        with pytest.raises(HeldError) as raised:
            Lock.take(tmp_path, command="checkvalve incidents mute", at=AT)
        assert str(os.getpid()) in raised.value.sentence
        assert "checkvalve watch, since 2026-11-24T06:30:00" in raised.value.sentence
        assert raised.value.exit_code == StorageError.exit_code
    with Lock.take(tmp_path, command="checkvalve incidents mute", at=AT):
        holder = holder_of(tmp_path)
        assert holder is not None
        assert holder.command == "checkvalve incidents mute"
    assert holder_of(tmp_path) is None


def test_releasing_twice_is_releasing_once(tmp_path: Path) -> None:
    lock = Lock.take(tmp_path, command="a", at=AT)
    lock.release()
    lock.release()
    Lock.take(tmp_path, command="b", at=AT).release()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"taken\n"
        with pytest.raises(HeldError, match=f"process {owner.pid} "):
            Lock.take(tmp_path, command="checkvalve audit", at=AT)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    Lock.take(tmp_path, command="checkvalve audit", at=AT).release()


@pytest.mark.parametrize("words", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff"])
def test_a_lock_file_of_other_content_names_nobody_and_can_be_taken(
    tmp_path: Path, words: bytes
) -> None:
    (tmp_path / "lock").write_bytes(words)
    assert holder_of(tmp_path) is None
    Lock.take(tmp_path, command="a", at=AT).release()


def test_a_state_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(StorageError, match="can't be read or written: not a directory"):
        Lock.take(tmp_path / "var", command="a", at=AT)
