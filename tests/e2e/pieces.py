"""Pieces of captures, cut by a few plain lines that share nothing with the package."""

from __future__ import annotations

import struct
from pathlib import Path

HEADER = 24
RECORD = 16
ETHERNET = 1


def records(capture: Path) -> list[bytes]:
    """The records of a pcap file with nanoseconds, least significant octet first."""
    data = capture.read_bytes()
    assert data[:4] == b"\x4d\x3c\xb2\xa1"
    found, at = [], HEADER
    while at < len(data):
        end = at + RECORD + struct.unpack_from("<I", data, at + 8)[0]
        found.append(data[at:end])
        at = end
    return found


def header(link: int = ETHERNET) -> bytes:
    """The header of such a file."""
    return struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, link)


def piece(capture: Path, first: int, last: int) -> bytes:
    """A capture of some packets of another, from ``first`` up to, not including, ``last``."""
    return header() + b"".join(records(capture)[first:last])


def stretch(capture: Path, seconds: float) -> bytes:
    """A capture of the first seconds of another."""
    found = records(capture)
    ends = _time(found[0]) + seconds
    return header() + b"".join(record for record in found if _time(record) < ends)


def pcapng(capture: Path, first: int, last: int) -> bytes:
    """The same packets as ``piece`` gives, in pcapng."""
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    # if_tsresol: 10^-9 s
    interface = struct.pack("<HHI", ETHERNET, 0, 0) + struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)
    blocks = [_block(0x0A0D0D0A, section), _block(1, interface)]
    for record in records(capture)[first:last]:
        seconds, fraction, length, original = struct.unpack_from("<IIII", record)
        time = seconds * 1_000_000_000 + fraction
        fields = struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, length, original)
        blocks.append(_block(6, fields + record[RECORD:]))
    return b"".join(blocks)


def _block(kind: int, body: bytes) -> bytes:
    padded = body + bytes(-len(body) % 4)
    length = struct.pack("<I", len(padded) + 12)
    return struct.pack("<I", kind) + length + padded + length


def _time(record: bytes) -> float:
    seconds, nanoseconds = struct.unpack_from("<II", record)
    return float(seconds + nanoseconds / 1e9)
