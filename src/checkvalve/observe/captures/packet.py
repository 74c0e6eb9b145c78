"""What is known of one packet: the row that the capture kernels fill, step by step."""

from __future__ import annotations

from typing import Final

import numba as nb
import numpy as np
from numba import types

PACKET: Final = np.dtype(
    [
        # formats
        ("time", "i8"),  # ns since 1970
        ("number", "i8"),  # in its capture, from 1
        ("offset", "i8"),  # of the frame in the buffer
        ("captured", "i4"),
        ("original", "i4"),
        ("link", "i4"),  # link type, as registered with tcpdump.org
        # frames
        ("fate", "u1"),
        ("version", "u1"),  # 4 or 6
        ("protocol", "u1"),  # IP protocol number
        ("flags", "u1"),  # of TCP
        ("vlan", "i4"),  # outer << 16 | inner; -1: none
        ("source_mac", "u8"),
        ("destination_mac", "u8"),
        ("source_high", "u8"),  # IPv4 as ::ffff:a.b.c.d
        ("source_low", "u8"),
        ("destination_high", "u8"),
        ("destination_low", "u8"),
        ("source_port", "u2"),
        ("destination_port", "u2"),
        ("sequence", "u4"),
        ("acknowledgement", "u4"),
        ("payload", "i8"),  # offset of the transport's payload in the buffer
        ("octets", "i4"),  # its length on the wire
        ("present", "i4"),  # how much of it was captured
        ("mark", "u4"),  # IP identification and transport checksum: the same for a double mirror
        # of a fragment: its place, and the octets after the IP header
        ("fragment_id", "u4"),
        ("fragment_at", "i4"),
        ("fragment_more", "u1"),
    ]
)

# The fate of a frame.
WHOLE: Final = 0
NOT_IP: Final = 1
UNKNOWN_LINK: Final = 2
MALFORMED_FRAME: Final = 3
FRAGMENT: Final = 4
OTHER_TRANSPORT: Final = 5
CLOSED: Final = 6  # MACsec, ESP: nothing to see

TCP: Final = 6
UDP: Final = 17

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
ACK: Final = 0x10

BUFFER: Final = types.Array(types.uint8, 1, "C")
PACKETS: Final = types.Array(nb.from_dtype(PACKET), 1, "C")
I64S: Final = types.Array(types.int64, 1, "C")
I32S: Final = types.Array(types.int32, 1, "C")
