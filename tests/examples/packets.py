"""The examples' captures, read by a few plain lines that share nothing with the package."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

MAGIC = 0xA1B23C4D
IPV4 = b"\x08\x00"
TCP = 6


@dataclass(frozen=True, slots=True)
class Packet:
    """One IPv4 packet over TCP or UDP; ``flags`` are TCP's."""

    time: int
    source: str
    destination: str
    source_port: int
    destination_port: int
    flags: int
    payload: bytes

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.time / 1e9, UTC)


def packets(capture: Path) -> Iterator[Packet]:
    """The packets of a capture in nanosecond pcap, in its order."""
    data = capture.read_bytes()
    assert struct.unpack_from("<I", data)[0] == MAGIC
    offset = 24
    while offset < len(data):
        seconds, nanoseconds, length, original = struct.unpack_from("<IIII", data, offset)
        assert length == original
        frame = data[offset + 16 : offset + 16 + length]
        offset += 16 + length
        if frame[12:14] == IPV4:
            yield _packet(seconds * 1_000_000_000 + nanoseconds, frame[14:])


def _packet(time: int, ip: bytes) -> Packet:
    total = struct.unpack_from(">H", ip, 2)[0]
    source, destination = str(IPv4Address(ip[12:16])), str(IPv4Address(ip[16:20]))
    segment = ip[(ip[0] & 15) * 4 : total]
    source_port, destination_port = struct.unpack_from(">HH", segment)
    flags, header = (segment[13], (segment[12] >> 4) * 4) if ip[9] == TCP else (0, 8)
    ports = (source_port, destination_port)
    return Packet(time, source, destination, *ports, flags, segment[header:])
