from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from checkvalve.errors import InputError, StorageError
from checkvalve.run.sign_in_logs import read_sign_ins

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
LINE = "{} jump sshd[812]: Accepted publickey for eve from 10.9.0.7 port 40000 ssh2\n"


def log(path: Path, *times: str) -> Path:
    path.write_text("".join(LINE.format(time) for time in times))
    return path


def test_logs_become_one_list_in_order_of_time(tmp_path: Path) -> None:
    one = log(tmp_path / "a.log", "2026-03-30T10:00:00+00:00", "2026-03-30T12:00:00+00:00")
    other = log(tmp_path / "b.log", "2026-03-30T11:00:00+00:00")
    found, problems = read_sign_ins([one, other], time_zone=None, at=NOW)
    assert [(sign_in.file, sign_in.time.hour) for sign_in in found] == [
        ("a.log", 10),
        ("b.log", 11),
        ("a.log", 12),
    ]
    assert problems == ()


def test_what_a_log_does_not_tell_is_handed_on(tmp_path: Path) -> None:
    found, problems = read_sign_ins(
        [log(tmp_path / "a.log", "Mar 30 10:00:00")], time_zone=None, at=NOW
    )
    assert found == ()
    assert [(problem.file, problem.line) for problem in problems] == [("a.log", 1)]
    found, problems = read_sign_ins([tmp_path / "a.log"], time_zone=UTC, at=NOW)
    assert [sign_in.account for sign_in in found] == ["eve"]


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("to whom it may concern\n")
    with pytest.raises(InputError) as refused:
        read_sign_ins([tmp_path / "x.txt"], time_zone=None, at=NOW)
    assert "sshd" in refused.value.hint
    with pytest.raises(StorageError):
        read_sign_ins([tmp_path / "gone.log"], time_zone=None, at=NOW)
