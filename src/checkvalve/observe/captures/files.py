"""Octets of a capture: opened by magic, unwrapped, one buffer after another.

A capture is a file, ``-`` for standard input, or a file that still grows. gzip (RFC 1952)
and zstd (RFC 8878) are unwrapped as streams, and what is in them is sniffed again. The
extension of the name says nothing.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import numpy as np

from checkvalve.errors import CaptureError, StorageError
from checkvalve.observe.captures import formats
from checkvalve.observe.captures.frames import LINKS
from checkvalve.observe.captures.packet import PACKET

Array = np.ndarray[Any, Any]

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_PCAPNG: Final = b"\x0a\x0d\x0d\x0a"
_PCAP: Final = {
    b"\xd4\xc3\xb2\xa1": (0, 0),  # least significant first, µs
    b"\xa1\xb2\xc3\xd4": (1, 0),
    b"\x4d\x3c\xb2\xa1": (0, 1),  # ns
    b"\xa1\xb2\x3c\x4d": (1, 1),
}
#: One wrapper around another, at the most.
DEEPEST_WRAPPING: Final = 4
#: Room for the longest record, with enough beside it to make reading worth while.
BUFFER_OCTETS: Final = 4 << 20
LONGEST_RECORD: Final = formats.LONGEST_BLOCK
#: Room behind the buffer in which the kernels put octets together.
SPILL_OCTETS: Final = 2 << 20

STANDARD_INPUT: Final = "-"


@dataclass(frozen=True, slots=True)
class Buffer:
    """Some packets, and the octets in which they lie.

    Attributes:
        data: the octets, with ``SPILL_OCTETS`` of room behind ``end``.
        end: where the capture's octets end and the room begins.
        packets: one row a packet, dtype ``PACKET``; valid until the next buffer is asked for.
        count: how many of the rows are packets.
        dropped: packets that the sensor said it dropped, since the last buffer.
    """

    data: Array
    end: int
    packets: Array
    count: int
    dropped: int


class _Peeked(io.RawIOBase):
    """A stream whose first octets were looked at already."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first = first
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._first:
            part = self._first[: len(buffer)]
            self._first = self._first[len(part) :]
            buffer[: len(part)] = part
            return len(part)
        data = self._rest.read1(len(buffer))  # type: ignore[attr-defined]
        buffer[: len(data)] = data
        return len(data)


class Capture:
    """One capture, read once from its beginning.

    Args:
        path: a file, or ``-``.
        follow: asked when the file ends; reading goes on as long as it answers ``True`` (it
            is expected to wait).
        boundary: a packet at which a former run ended: a buffer ends there again.

    Attributes:
        name: the file's name, as it stands in records.
        incomplete: the capture ended inside a record.
        stopped: why reading stopped before the end, or empty.
        octets_read: octets taken from the file so far (as stored, before unwrapping).
    """

    def __init__(
        self,
        path: Path | str,
        *,
        follow: Callable[[], bool] | None = None,
        boundary: int = 0,
    ) -> None:
        self.path = str(path)
        self.name = "stdin" if self.path == STANDARD_INPUT else Path(path).name
        self.incomplete = False
        self.stopped = ""
        self._follow = follow
        self._boundary = boundary
        self._base = 0
        self._cut = False
        self._file: BinaryIO | None = None

    @property
    def octets_read(self) -> int:
        """Octets taken from the file so far; 0 for a pipe."""
        if self._file is None or self._file.closed or self.path == STANDARD_INPUT:
            return 0
        return self._file.tell()

    def octets(self) -> int:
        """The file's size; 0 when it is a pipe or can't be asked."""
        try:
            return 0 if self.path == STANDARD_INPUT else Path(self.path).stat().st_size
        except OSError:
            return 0

    def buffers(self, most_packets: int) -> Iterator[Buffer]:
        """Read the capture.

        Args:
            most_packets: rows of one buffer at the most.

        Raises:
            CaptureError: it is no capture, or a wrapper around it is damaged.
            StorageError: it can't be opened or read.
        """
        self._file = self._open()
        try:
            stream, magic = self._unwrap(self._file)
            if magic == _PCAPNG:
                yield from self._records(stream, magic, None, most_packets)
            elif magic in _PCAP:
                yield from self._records(stream, magic, _PCAP[magic], most_packets)
            elif not magic:
                self.stopped = "it is empty"
            else:
                raise CaptureError(
                    self.name,
                    0,
                    f"begins with {magic.hex(' ')}, which is no capture",
                    hint="pcap and pcapng are read, also inside gzip or zstd; "
                    "'editcap -F pcapng' converts others",
                )
        except (OSError, EOFError, zlib.error) as error:
            raise self._unreadable(error) from error
        finally:
            if self._file is not sys.stdin.buffer:
                self._file.close()

    def _open(self) -> BinaryIO:
        if self.path == STANDARD_INPUT:
            return sys.stdin.buffer
        try:
            return Path(self.path).open("rb")
        except OSError as error:
            raise StorageError(
                f"{self.path} can't be read: {error.strerror}",
                hint="name a capture file, or - for standard input",
            ) from error

    def _unreadable(self, error: Exception) -> Exception:
        if isinstance(error, OSError) and error.errno is not None:
            return StorageError(f"{self.path} can't be read: {error.strerror}")
        return CaptureError(
            self.name,
            self.octets_read,
            f"the compressed stream is damaged ({error})",
            hint="unpack it by hand as far as it goes, and name what comes out",
        )

    def _unwrap(self, stream: BinaryIO) -> tuple[BinaryIO, bytes]:
        for _ in range(DEEPEST_WRAPPING + 1):
            magic = self._first_octets(stream)
            stream = cast("BinaryIO", io.BufferedReader(_Peeked(magic, stream), 1 << 20))
            if magic[:2] == _GZIP:
                stream = cast("BinaryIO", gzip.GzipFile(fileobj=stream))
            elif magic == _ZSTD:
                stream = cast("BinaryIO", io.BufferedReader(_Zstd(stream), 1 << 20))
            else:
                return stream, magic
        raise CaptureError(
            self.name,
            0,
            f"is wrapped more than {DEEPEST_WRAPPING} times",
            hint="unpack it by hand first",
        )

    def _first_octets(self, stream: BinaryIO) -> bytes:
        found = stream.read(4)
        while len(found) < 4 and self._follow is not None and self._follow():
            found += stream.read(4 - len(found))
        return found

    def _records(
        self,
        stream: BinaryIO,
        magic: bytes,
        pcap: tuple[int, int] | None,
        most_packets: int,
    ) -> Iterator[Buffer]:
        state = np.zeros(formats.STATE, np.int64)
        interfaces = np.zeros((formats.MOST_INTERFACES, formats.INTERFACE_FIELDS), np.int64)
        packets = np.zeros(most_packets, PACKET)
        room = BUFFER_OCTETS
        data = np.empty(room + SPILL_OCTETS, np.uint8)
        start, end = 0, 0
        if pcap is not None:
            header = self._exactly(stream, 24)
            if len(header) < 24:
                self.incomplete = True
                return
            swapped, nanoseconds = pcap
            order = "big" if swapped else "little"
            state[formats.SWAPPED] = swapped
            state[formats.NANOSECONDS] = nanoseconds
            state[formats.SNAP] = int.from_bytes(header[16:20], order)  # type: ignore[arg-type]
            state[formats.LINK] = int.from_bytes(header[20:24], order) & 0x0FFFFFFF  # type: ignore[arg-type]
            if int(state[formats.LINK]) not in LINKS:
                raise CaptureError(
                    self.name,
                    20,
                    f"holds frames of link type {int(state[formats.LINK])}, which is not read",
                    hint="these are: " + ", ".join(f"{k} {name}" for k, name in LINKS.items()),
                )
            self._base = 24
        while True:
            if start and (end - start < room // 2 or end == room):
                data[: end - start] = data[start:end]
                self._base += start
                start, end = 0, end - start
            if end == room:
                room = min(room * 2, 2 * LONGEST_RECORD)
                larger = np.empty(room + SPILL_OCTETS, np.uint8)
                larger[:end] = data[:end]
                data = larger
            taken = self._taken(stream, data[end:room].data)
            end += taken
            progressed = False
            while True:
                state[formats.POSITION] = start
                if pcap is not None:
                    count = int(formats.read_pcap(data, end, state, packets))
                else:
                    count = int(formats.read_pcapng(data, end, state, interfaces, packets))
                progressed = progressed or state[formats.POSITION] > start
                start = int(state[formats.POSITION])
                dropped = int(state[formats.DROPPED])
                state[formats.DROPPED] = 0
                if count or dropped:
                    yield from self._parted(Buffer(data, end, packets, count, dropped))
                if state[formats.ERROR]:
                    self.stopped = (
                        f"octet {self._base + start}: {formats.REASONS[int(state[formats.ERROR])]}"
                    )
                    return
                if count < most_packets:
                    break
            if not taken and not (self._follow is not None and self._follow()):
                self.incomplete = bool(self._cut or end > start or state[formats.SKIP] > 0)
                return

    def _taken(self, stream: BinaryIO, into: memoryview) -> int:
        """Octets read into ``into``; a gzip stream without its end is read as far as it goes."""
        taken = 0
        try:
            while taken < len(into):
                part = stream.readinto1(into[taken:])  # type: ignore[attr-defined]
                if not part:
                    break
                taken += part
        except EOFError:
            self._cut = True
        return taken

    def ends_part(self, packet: int) -> bool:
        """Whether a former run ended with this packet."""
        return packet == self._boundary

    def _parted(self, buffer: Buffer) -> Iterator[Buffer]:
        """The buffer, in two where a former run ended."""
        numbers = buffer.packets["number"]
        if not (buffer.count and numbers[0] <= self._boundary < numbers[buffer.count - 1]):
            yield buffer
            return
        first = int(self._boundary - numbers[0] + 1)
        yield Buffer(buffer.data, buffer.end, buffer.packets[:first], first, buffer.dropped)
        rest = buffer.count - first
        yield Buffer(buffer.data, buffer.end, buffer.packets[first:], rest, 0)

    def _exactly(self, stream: BinaryIO, octets: int) -> bytes:
        found = stream.read(octets)
        while len(found) < octets and self._follow is not None and self._follow():
            found += stream.read(octets - len(found))
        return found


class _Zstd(io.RawIOBase):
    """A stream of zstd frames, unwrapped."""

    def __init__(self, stream: BinaryIO) -> None:
        import zstandard

        self._damaged = zstandard.ZstdError
        self._reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return int(self._reader.readinto(buffer))
        except self._damaged as error:
            raise EOFError(str(error)) from error
