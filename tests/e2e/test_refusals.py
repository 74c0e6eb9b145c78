"""What can't be done is said in one sentence with a hint, on standard error, with a code."""

from __future__ import annotations

import gzip
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.pieces import header
from tests.e2e.story import Told
from tests.e2e.typing_in import Typed, typed
from tests.keep.making import without_privileges

#: As the tree in ``checkvalve.errors`` says.
USAGE, INTEGRITY, INPUT, STORAGE = 2, 3, 4, 5
#: One that no sensor for Ethernet writes: reserved for private use.
USER_LINK = 147


def refused(result: Typed, code: int, *words: str) -> None:
    """Hold a result to be one sentence, perhaps with a hint, and nothing on standard output."""
    assert result.code == code, result.err
    assert result.out == ""
    said = [text for text in result.err.splitlines() if text.startswith("checkvalve: ")]
    assert len(said) == 1, result.err
    assert "Traceback" not in result.err
    for word in words:
        assert word in result.err


@pytest.fixture(params=["exchanges", "learn", "watch"])
def reading(request: pytest.FixtureRequest, line: Told, tmp_path: Path) -> tuple[str | Path, ...]:
    """The words of each command that reads captures, up to the capture."""
    if request.param == "exchanges":
        return ("exchanges",)
    state = tmp_path / "state"
    return (request.param, line.example / "plant", "--state", state, "--captures")


def broken(name: str) -> bytes:
    """What a capture must not be."""
    return {
        "text": b"hello, this is no capture\n",
        "random": bytes(range(7, 255)) * 9,
        "gzip of text": gzip.compress(b"hello, this is no capture\n"),
        "damaged gzip": b"\x1f\x8b\x08\x00" + bytes(range(256)),
        "damaged zstd": b"\x28\xb5\x2f\xfd" + bytes(range(256)),
    }[name]


@pytest.mark.parametrize("name", ["text", "random", "gzip of text", "damaged gzip", "damaged zstd"])
def test_a_file_that_is_no_capture(
    reading: tuple[str | Path, ...], tmp_path: Path, name: str
) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(broken(name))
    refused(typed(*reading, path), INPUT, "x.pcap: octet ")


def test_a_capture_of_a_link_type_that_is_not_read(
    reading: tuple[str | Path, ...], tmp_path: Path
) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(
        header(USER_LINK) + bytes.fromhex("0100000000000000 3c0000003c000000") + bytes(60)
    )
    refused(typed(*reading, path), INPUT, "link type 147")


def test_a_capture_that_is_not_there(reading: tuple[str | Path, ...], tmp_path: Path) -> None:
    refused(typed(*reading, tmp_path / "x.pcap"), USAGE, "there is no capture", "standard input")


def test_a_folder_in_place_of_a_capture(reading: tuple[str | Path, ...], tmp_path: Path) -> None:
    refused(typed(*reading, tmp_path), STORAGE, "can't be read: Is a directory")


def test_a_capture_whose_octets_do_not_come(reading: tuple[str | Path, ...]) -> None:
    # The kernel opens it, and fails every read of its first page.
    refused(typed(*reading, "/proc/self/mem"), STORAGE, "can't be read: Input/output error")


def test_a_capture_that_may_not_be_read(small: Path) -> None:
    assert typed("exchanges", small).code == 0
    small.chmod(0)
    for folder in list(small.parents)[:3]:
        folder.chmod(0o755)
    with without_privileges():
        refused(typed("exchanges", small), STORAGE, "can't be read: Permission denied")


def test_an_empty_capture_is_said_to_be_empty(tmp_path: Path, line: Told) -> None:
    path = tmp_path / "empty.pcap"
    path.touch()
    result = typed("exchanges", path, "--format", "jsonl")
    assert (result.code, result.out) == (0, "")
    assert "empty.pcap: reading stopped: it is empty" in result.err
    words = ("learn", line.example / "plant", "--state", tmp_path / "state", "-c", path)
    refused(typed(*words), INPUT, "nothing can be learnt from", "checkvalve exchanges")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--where", "nonsense (("), "--where can't be understood"),
        (("--where", "nocolumn = 1"), '"nocolumn" not found'),
        (("--where", "packet IN (SELECT 1 FROM read_csv('/etc/passwd'))"), "--where"),
        (("--protocol", "modbuss"), "there is no protocol 'modbuss'"),
        (("--format", "parquet"), "parquet is not for a screen"),
        (("--format", "json"), "--format json goes with --summary"),
        (("--summary", "--format", "jsonl"), "--summary is printed as table or json"),
        (("--summary", "--where", "true"), "--where does not go with --summary"),
    ],
)
def test_words_of_exchanges_that_are_off(
    small: Path, words: tuple[str, ...], sentence: str
) -> None:
    refused(typed("exchanges", small, *words), USAGE, sentence)


@pytest.mark.parametrize("to", ["rows.jsonl", "rows.parquet"])
def test_a_file_that_can_not_be_written(small: Path, tmp_path: Path, to: str) -> None:
    path = tmp_path / "nowhere" / to
    words = ("exchanges", small, "--format", path.suffix[1:], "--output", path)
    refused(typed(*words), STORAGE, f"{path} can't be written: No such file or directory")


@pytest.mark.parametrize(
    "command", [("learn",), ("watch",), ("incidents", "list"), ("plant", "check")]
)
def test_a_plant_that_is_not_there(tmp_path: Path, small: Path, command: tuple[str, ...]) -> None:
    captures = ("--captures", small) if len(command) == 1 else ()
    result = typed(*command, tmp_path / "nowhere", *captures)
    assert result.code == INPUT
    assert "the folder can't be read" in result.out + result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("command", ["learn", "watch"])
def test_a_plant_with_problems_tells_them_all_before_anything_is_read(
    root: Path, small: Path, command: str
) -> None:
    result = typed(command, root / "tests" / "plants" / "wrong-types", "--captures", small)
    refused(result, INPUT, "zones.yaml:3: zones.cell.kind", "the plant has 9 problems")
    assert "reading" not in result.err


def test_a_yaml_bomb_is_refused_at_once(tmp_path: Path, small: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 12)]
    (tmp_path / "zones.yaml").write_text("\n".join(lines))
    result = typed("watch", tmp_path, "--captures", small)
    refused(result, INPUT, "zones.yaml:")
    assert len(result.err) < 5_000


def test_a_site_that_is_not_declared(line: Told, small: Path, tmp_path: Path) -> None:
    words = ("watch", line.example / "plant", "--captures", small, "--state", tmp_path / "state")
    refused(typed(*words, "--site", "line9"), USAGE, "there is no site 'line9'", "line1")


@pytest.mark.parametrize(
    "words", [("incidents", "list"), ("incidents", "show", "inc-1"), ("baseline", "show")]
)
def test_a_state_folder_in_which_nothing_is(
    line: Told, tmp_path: Path, words: tuple[str, ...]
) -> None:
    state = tmp_path / "state"
    refused(typed(*words, line.example / "plant", "--state", state), USAGE, "'checkvalve ")
    assert not state.exists()


def test_a_state_folder_that_can_not_be_made(line: Told, small: Path) -> None:
    words = ("watch", line.example / "plant", "--captures", small)
    refused(typed(*words, "--state", small / "state"), STORAGE, str(small))


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder on a disk that can be full."""

    folder: Path
    fill: Callable[[], object]
    free: Callable[[], object]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of a megabyte, or, where none can be mounted, a bound on how long files grow."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    can_mount = os.geteuid() == 0 and shutil.which("mount") is not None
    if can_mount and not subprocess.run(mount, check=False, capture_output=True).returncode:
        ballast = folder / "ballast"
        yield Disk(folder, lambda: ballast.write_bytes(bytes(900_000)), ballast.unlink)
        subprocess.run(["umount", str(folder)], check=True)
        return
    kind, (_, most) = resource.RLIMIT_FSIZE, resource.getrlimit(resource.RLIMIT_FSIZE)
    yield Disk(
        folder,
        lambda: resource.setrlimit(kind, (30_000, most)),
        lambda: resource.setrlimit(kind, (most, most)),
    )


def test_a_full_disk_is_said_and_once_there_is_room_the_next_run_works(
    line: Told, small: Path, disk: Disk
) -> None:
    words = ("watch", line.example / "plant", "--captures", small)
    state = ("--state", disk.folder / "state", "--format", "json")
    disk.fill()
    full = typed(*words, *state)
    disk.free()
    refused(full, STORAGE)
    result = typed(*words, *state)
    assert result.code == 0, result.err
    elsewhere = typed(*words, "--state", small.parent / "state", "--format", "json")
    assert [one["id"] for one in result.json] == [one["id"] for one in elsewhere.json]
