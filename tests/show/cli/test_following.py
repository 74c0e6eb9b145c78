"""How long a growing capture is waited for, and how waiting is ended."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from checkvalve.show.cli.following import following


def test_a_pipe_is_not_waited_for() -> None:
    with following("-", 1) as wait:
        assert wait is None


def test_it_waits_until_the_file_was_silent_for_long_enough(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(b"1")
    begun = time.monotonic()
    with following(str(path), 0.5) as wait:
        assert wait is not None
        for _ in range(4):
            assert wait()
            with path.open("ab") as file:
                file.write(b"1")
        while wait():
            pass
    # Four moments in which it grew, and half a second in which it did not.
    assert time.monotonic() - begun > 4 * 0.2 + 0.4


def test_a_file_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.touch()
    with following(str(path), 60) as wait:
        assert wait is not None
        assert wait()
        path.unlink()
        assert not wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_ends_the_waiting_and_the_second_the_work(
    tmp_path: Path, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    path = tmp_path / "a.pcap"
    path.touch()
    with following(str(path), 60) as wait:
        assert wait is not None
        assert wait()
        os.kill(os.getpid(), number)
        assert not wait()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before
