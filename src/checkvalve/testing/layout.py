"""Many frames at once: headers, and the records of a capture file around them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

SYN: Final = 0x02
PUSH_ACK: Final = 0x18
ACK: Final = 0x10

#: Ethernet, IPv4 and TCP.
HEADERS: Final = 54
#: Ethernet pads what is shorter.
SHORTEST: Final = 60

#: One TCP segment: between whom (IPv4), in what state, and when (ns since 1970).
SEGMENT: Final = np.dtype(
    [
        ("time", "i8"),
        ("source", "i8"),
        ("destination", "i8"),
        ("source_port", "i8"),
        ("destination_port", "i8"),
        ("sequence", "i8"),
        ("acknowledged", "i8"),
        ("flags", "i8"),
        # what it carries
        ("conversation", "i8"),
        ("number", "i8"),  # of the exchange in its conversation
        ("message", "i8"),
        ("start", "i8"),
        ("octets", "i8"),
        ("ends", "i8"),  # 1: with it the message is whole, for the first time
    ]
)

#: A pcap file's header; times are in nanoseconds.
PCAP: Final = struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 262_144, 1)
#: A section header; an interface of Ethernet whose times are in nanoseconds.
PCAPNG: Final = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28) + struct.pack(
    "<IIHHIHHB3xHHI", 1, 32, 1, 0, 262_144, 9, 1, 9, 0, 0, 32
)


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames one behind the other.

    Attributes:
        octets: of all of them.
        lengths: octets of each.
        times: ns since 1970.
    """

    octets: Array
    lengths: Array
    times: Array


def spread(at: Array, count: int) -> Array:
    """The ``count`` places from each of ``at`` on, one behind the other."""
    places: Array = (at[:, None] + np.arange(count)).ravel()
    return places


def spans(at: Array, lengths: Array) -> Array:
    """As many places from each of ``at`` on as ``lengths`` says, one behind the other."""
    ahead = np.cumsum(lengths) - lengths
    places: Array = np.repeat(at - ahead, lengths) + np.arange(int(lengths.sum()))
    return places


def headers(segments: Array) -> Array:
    """Ethernet, IPv4 and TCP headers of rows of dtype ``SEGMENT``: uint8, ``[rows, HEADERS]``."""
    rows = np.arange(len(segments))
    locally_administered = 0x02 << 40
    out = np.zeros((len(rows), HEADERS), np.uint8)
    for at, octets, value in (
        (0, 6, segments["destination"] | locally_administered),
        (6, 6, segments["source"] | locally_administered),
        (12, 2, np.full(len(rows), 0x0800)),
        (14, 2, np.full(len(rows), 0x4500)),
        (16, 2, 40 + segments["octets"]),
        (18, 2, rows),
        (20, 2, np.full(len(rows), 0x4000)),
        (22, 2, np.full(len(rows), 0x4006)),
        (26, 4, segments["source"]),
        (30, 4, segments["destination"]),
        (34, 2, segments["source_port"]),
        (36, 2, segments["destination_port"]),
        (38, 4, segments["sequence"]),
        (42, 4, segments["acknowledged"]),
        (46, 2, 0x5000 | segments["flags"]),
        (48, 2, np.full(len(rows), 0xFAF0)),
    ):
        for k in range(octets):
            out[:, at + k] = value >> 8 * (octets - 1 - k) & 0xFF
    words = out[:, 14:34].astype(np.int64).reshape(-1, 10, 2) @ np.array([256, 1])
    total = words.sum(axis=1)
    total = (total & 0xFFFF) + (total >> 16)
    total = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    out[:, 24], out[:, 25] = total >> 8, total & 0xFF
    return out


def pcap(frames: Frames) -> memoryview:
    """The frames as records of a file that begins with ``PCAP``."""
    fields = np.empty((len(frames.lengths), 4), "<u4")
    fields[:, 0], fields[:, 1] = np.divmod(frames.times, 1_000_000_000)
    fields[:, 2] = fields[:, 3] = frames.lengths
    return _laid_out(frames, fields, np.zeros((len(fields), 0), "<u4"), 1)


def pcapng(frames: Frames) -> memoryview:
    """The frames as blocks of a file that begins with ``PCAPNG``."""
    fields = np.zeros((len(frames.lengths), 7), "<u4")
    fields[:, 0] = 6
    fields[:, 1] = 32 + (frames.lengths + 3) // 4 * 4
    fields[:, 3], fields[:, 4] = frames.times >> 32, frames.times & 0xFFFFFFFF
    fields[:, 5] = fields[:, 6] = frames.lengths
    return _laid_out(frames, fields, fields[:, 1:2].copy(), 4)


def _laid_out(frames: Frames, heads: Array, tails: Array, multiple: int) -> memoryview:
    """Each frame, filled up to a multiple of octets, between its head and its tail."""
    head, tail = 4 * heads.shape[1], 4 * tails.shape[1]
    padded = (frames.lengths + multiple - 1) // multiple * multiple
    sizes = head + padded + tail
    offsets = np.cumsum(sizes) - sizes
    out = np.zeros(int(sizes.sum()), np.uint8)
    out[spread(offsets, head)] = heads.view(np.uint8).ravel()
    out[spans(offsets + head, frames.lengths)] = frames.octets
    out[spread(offsets + head + padded, tail)] = tails.view(np.uint8).ravel()
    return out.data
