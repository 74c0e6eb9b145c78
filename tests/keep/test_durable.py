"""A file appears whole or not at all, and a refusal is one sentence with what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from checkvalve.errors import StorageError
from checkvalve.keep.durable import make_folder, refusal, told, whole


def test_a_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with whole(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_there_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail() -> None:
        with whole(path) as file:
            file.write(b"new")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageError, match="no space left"):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_made_with_all_above_it(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b" / "c")
    make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="file/a can't be read or written"):
        make_folder(tmp_path / "file" / "a")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "there is no space left for x"),
        (errno.EDQUOT, "there is no space left for x"),
        (errno.EFBIG, "there is no space left for x"),
        (errno.EACCES, "x may not be read or written by this user"),
        (errno.EROFS, "x may not be read or written by this user"),
        (errno.EIO, "x can't be read or written: input/output error"),
    ],
)
def test_every_refusal_of_the_system_is_one_sentence(number: int, sentence: str) -> None:
    error = OSError(number, os.strerror(number))
    assert refusal(Path("x"), error).sentence == sentence
    with pytest.raises(StorageError, match=r"\bx\b"), told(Path("x")):
        raise error
