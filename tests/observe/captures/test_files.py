"""Capture files: by magic, unwrapped, growing, in parts; and what is none."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard
from tests.observe.reading import packets

from checkvalve.errors import CaptureError, StorageError
from checkvalve.observe.captures.files import DEEPEST_WRAPPING, Capture
from checkvalve.testing.packets import ethernet, ipv4, pcap, pcapng, timed, udp

FRAMES = [ethernet(ipv4(udp(bytes([k]) * 30))) for k in range(10)]
WHOLE = pcap(timed(FRAMES))


def numbers(capture: Capture, most: int = 64) -> list[list[int]]:
    """The packet numbers of each buffer."""
    return [
        buffer.packets["number"][: buffer.count].tolist() for buffer in capture.buffers(most)
    ]  # fmt: skip


def count(path: Path) -> int:
    return sum(map(len, numbers(Capture(path))))


@pytest.mark.parametrize("octets", [WHOLE, pcapng(timed(FRAMES))])
@pytest.mark.parametrize("name", ["a.pcap", "a.pcapng", "a.txt", "a"])
def test_the_name_says_nothing_about_the_format(tmp_path: Path, octets: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(octets)
    assert count(tmp_path / name) == 10


def test_gzip_and_zstd_are_unwrapped_and_so_is_what_is_in_them() -> None:
    squeezed = zstandard.compress(WHOLE)
    for octets in (
        gzip.compress(WHOLE),
        squeezed,
        gzip.compress(squeezed),
        zstandard.compress(gzip.compress(WHOLE)),
        gzip.compress(WHOLE[:200]) + gzip.compress(WHOLE[200:]),
        zstandard.compress(WHOLE[:200]) + zstandard.compress(WHOLE[200:]),
        zstandard.ZstdCompressor(write_content_size=False).compress(WHOLE),
    ):
        assert len(packets(octets)) == 10


def test_too_many_wrappers_are_refused(tmp_path: Path) -> None:
    octets = WHOLE
    for _ in range(DEEPEST_WRAPPING):
        octets = gzip.compress(octets)
    assert len(packets(octets)) == 10
    (tmp_path / "deep").write_bytes(gzip.compress(octets))
    with pytest.raises(CaptureError, match="wrapped more than"):
        count(tmp_path / "deep")


@pytest.mark.parametrize("wrap", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_damaged_wrapper_is_named(tmp_path: Path, wrap: Any) -> None:
    squeezed = wrap(pcap(timed(FRAMES * 300)))
    path = tmp_path / "damaged"
    path.write_bytes(squeezed[:40] + bytes(40) + squeezed[80:])
    with pytest.raises(CaptureError, match="damaged") as caught:
        count(path)
    assert caught.value.hint


@pytest.mark.parametrize("wrap", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_wrapper_cut_short_gives_what_is_there(tmp_path: Path, wrap: Any) -> None:
    frames = [ethernet(ipv4(udp(bytes([k % 251, k // 251]) * 40))) for k in range(20_000)]
    squeezed = wrap(pcap(timed(frames)))
    path = tmp_path / "cut"
    path.write_bytes(squeezed[: len(squeezed) * 3 // 4])
    capture = Capture(path)
    found = sum(buffer.count for buffer in capture.buffers(64))
    assert capture.incomplete
    assert 10_000 < found < 20_000


@pytest.mark.parametrize(
    "octets",
    [b"GET / HTTP/1.1", bytes(100), b"\xd4\xc3", b"\x1f\x8b", b"PK\x03\x04", b"\x0a\x0d\x0d"],
)
def test_what_is_no_capture_is_refused_with_a_hint(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "thing"
    path.write_bytes(octets)
    with pytest.raises(CaptureError) as caught:
        count(path)
    assert caught.value.hint


def test_an_empty_file_is_no_error_but_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    capture = Capture(tmp_path / "empty")
    assert numbers(capture) == []
    assert capture.stopped == "it is empty"


def test_a_header_cut_short_is_an_incomplete_capture(tmp_path: Path) -> None:
    (tmp_path / "header").write_bytes(WHOLE[:10])
    capture = Capture(tmp_path / "header")
    assert numbers(capture) == []
    assert capture.incomplete


def test_a_missing_file_and_a_folder_are_storage_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(StorageError, match="can't be read"):
            count(path)


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for octets in (WHOLE, gzip.compress(WHOLE)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(octets)))
        capture = Capture("-")
        assert sum(map(len, numbers(capture))) == 10
        assert (capture.name, capture.octets(), capture.octets_read) == ("stdin", 0, 0)


def test_a_growing_file_is_read_to_where_it_ends_at_last(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    steps = [0, 2, 11, 24, 30, 41, 100, 300, 301, len(WHOLE)]
    path.write_bytes(b"")
    grown = iter(steps)

    def grow() -> bool:
        size = next(grown, None)
        if size is not None:
            path.write_bytes(WHOLE[:size])
        return size is not None

    capture = Capture(path, follow=grow)
    assert [n for part in numbers(capture) for n in part] == list(range(1, 11))
    assert not capture.incomplete


@pytest.mark.parametrize("boundary", [1, 4, 9, 10])
@pytest.mark.parametrize("most", [3, 5, 64])
def test_a_buffer_ends_again_where_a_former_run_ended(
    tmp_path: Path, boundary: int, most: int
) -> None:
    path = tmp_path / "again"
    path.write_bytes(WHOLE)
    capture = Capture(path, boundary=boundary)
    found = numbers(capture, most)
    assert boundary in [part[-1] for part in found]
    assert [n for part in found for n in part] == list(range(1, 11))
    assert [n for n in range(12) if capture.ends_part(n)] == [boundary]


def test_progress_is_told_in_octets_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "measured"
    path.write_bytes(WHOLE)
    capture = Capture(path)
    assert capture.octets() == len(WHOLE)
    assert capture.octets_read == 0
    told = [capture.octets_read for _ in capture.buffers(4)]
    assert told == sorted(told)
    assert told[-1] == len(WHOLE)
