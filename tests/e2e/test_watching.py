"""``checkvalve watch`` over time: again, on a capture that grew, and while one grows."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from tests.e2e.kept import Kept, kept
from tests.e2e.pieces import piece, records
from tests.e2e.story import Told
from tests.e2e.typing_in import Typed, started, typed

#: Packets of the incident's capture after which nothing is open: no request, no message.
SETTLED = (402, 7_005)
#: A packet that asks; its answer is the second next.
ASKED = 4_393


@pytest.fixture
def incident(line: Told) -> Path:
    return line.example / "captures" / "incident.pcap"


def watch(line: Told, state: Path, capture: Path, *words: str) -> Typed:
    result = typed("watch", line.example / "plant", "--captures", capture, "--state", state, *words)
    assert result.code == 0, result.err
    return result


@pytest.fixture
def whole(line: Told) -> Kept:
    """What watching the incident's capture in one go leaves behind."""
    return kept(line.folder / "var")


def test_watching_again_changes_nothing(
    line: Told, state: Path, whole: Kept, incident: Path
) -> None:
    result = watch(line, state, incident)
    assert "0 operations, 0 new findings" in result.out
    assert "9,283 of the packets were watched before" in result.out
    assert kept(state) == whole


@pytest.mark.parametrize("split", SETTLED)
def test_a_capture_that_grew_adds_only_what_is_new(
    line: Told, quiet: Path, whole: Kept, incident: Path, tmp_path: Path, split: int
) -> None:
    result = grown(line, quiet, incident, tmp_path, split)
    assert f"{split:,} of the packets were watched before" in result.out
    assert kept(quiet) == whole


def test_what_was_open_when_a_run_ended_stands_as_it_was_then_and_as_it_ended(
    line: Told, quiet: Path, whole: Kept, incident: Path, tmp_path: Path
) -> None:
    grown(line, quiet, incident, tmp_path, ASKED)
    (more,) = set(kept(quiet).rows["exchange"]) - set(whole.rows["exchange"])
    assert "no reply" in more
    assert ASKED in more
    assert set(whole.rows["exchange"]) < set(kept(quiet).rows["exchange"])
    assert ids(kept(quiet)) == ids(whole)


def grown(line: Told, state: Path, incident: Path, folder: Path, split: int) -> Typed:
    """Watch the first packets of a capture, then the same file with all of them."""
    growing = folder / "incident.pcap"
    growing.write_bytes(piece(incident, 0, split))
    watch(line, state, growing)
    with growing.open("ab") as file:
        file.write(b"".join(records(incident)[split:]))
    return watch(line, state, growing)


def test_a_capture_of_the_same_name_that_is_another_is_watched_anew(
    line: Told, quiet: Path, incident: Path, tmp_path: Path
) -> None:
    rotated = tmp_path / "incident.pcap"
    rotated.write_bytes(piece(incident, 0, 400))
    watch(line, quiet, rotated)
    rotated.rename(tmp_path / "incident.pcap.1")
    rotated.write_bytes(piece(incident, 400, 900))
    result = watch(line, quiet, rotated)
    assert "500 packets" in result.out
    assert "watched before" not in result.out
    assert len(kept(quiet).rows["exchange"]) > 100


def ids(found: Kept) -> list[str]:
    return [finding["id"] for finding in found.findings]


def grow(path: Path, parts: list[bytes], stopped: threading.Event) -> threading.Thread:
    """Write parts into a file one after another, as a sniffer does."""

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            for part in parts:
                stopped.wait(0.3)
                file.write(part)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def test_following_goes_on_as_long_as_the_file_grows(
    line: Told, quiet: Path, whole: Kept, incident: Path, tmp_path: Path
) -> None:
    data, growing = incident.read_bytes(), tmp_path / "incident.pcap"
    # Cuts that no record and no header ends at; together they take longer than --idle.
    cuts = [0, 10, 5_001, 70_000, 70_009, 400_000, 700_000, len(data)]
    growing.touch()
    parts = [data[first:last] for first, last in pairwise(cuts)]
    thread = grow(growing, parts, threading.Event())
    result = watch(line, quiet, growing, "--follow", "--idle", "1")
    thread.join()
    assert "9,283 packets" in result.out
    assert kept(quiet).rows["exchange"] == whole.rows["exchange"]
    assert ids(kept(quiet)) == ids(whole)


def until(holds: Callable[[], bool]) -> None:
    """Wait for something to hold, two minutes at the most."""
    for _ in range(600):
        if holds():
            return
        threading.Event().wait(0.2)
    pytest.fail("it never came to hold")


def test_a_running_watch_tells_at_once_takes_acts_in_and_ends_in_order(
    line: Told, quiet: Path, whole: Kept, incident: Path
) -> None:
    plant = line.example / "plant"
    at = (plant, "--state", quiet)
    with started("watch", plant, "-c", incident, "--state", quiet, "--follow") as watching:
        until(lambda: bool(typed("incidents", "list", *at, "--format", "json").out.strip("[]\n")))
        first = typed("incidents", "list", *at, "--format", "json").json[0]
        done = typed("incidents", "acknowledge", first["id"], *at, "--who", "Ana")
        assert done.out == f"{first['id']}: acknowledge by Ana; the running process takes it in\n"
        show = ("incidents", "show", first["id"], *at, "--format", "json")
        until(lambda: bool(typed(*show).json["state"] == "acknowledged"))
        refused = typed("watch", plant, "-c", incident, "--state", quiet)
        assert refused.code == 5
        assert "watch" in refused.err
        watching.send_signal(signal.SIGINT)
        out, err = watching.communicate(timeout=60)
    assert watching.returncode == 0, err
    assert "Where to look next:" in out
    assert kept(quiet) == whole
