"""Link layers, tunnels and IP: who sends to whom, and where the payload lies.

Decoded: Ethernet II with 802.1Q, 802.1ad and old QinQ to depth 4, HSR (IEC 62439-3), BSD
loopback, raw IP, Linux cooked v1 and v2, LLC/SNAP; ERSPAN I to III, GRE and VXLAN mirror
tunnels, once; IPv4 (RFC 791), IPv6 with at most 8 extension headers (RFC 8200); TCP (RFC
9293) and UDP (RFC 768) headers. A PRP trailer lies behind the IP length and is never read.
MACsec and ESP are closed content. Checksums are not verified: offload makes them wrong.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.captures.packet import (
    BUFFER,
    CLOSED,
    FRAGMENT,
    MALFORMED_FRAME,
    NOT_IP,
    OTHER_TRANSPORT,
    PACKETS,
    TCP,
    UDP,
    UNKNOWN_LINK,
    WHOLE,
)
from checkvalve.observe.compiling import INNER, JIT, i64, u32, u64

Array = np.ndarray[Any, Any]

#: Link types that are read, by their number at tcpdump.org.
LINKS: Final = {
    0: "BSD loopback",
    1: "Ethernet",
    101: "raw IP",
    108: "OpenBSD loopback",
    113: "Linux cooked",
    228: "raw IPv4",
    229: "raw IPv6",
    276: "Linux cooked v2",
}
LONGEST_VLAN_STACK: Final = 4
MOST_EXTENSIONS: Final = 8
_MAPPED: Final = 0x0000FFFF00000000
_VXLAN: Final = 4789
_IPV4: Final = 0x0800
_IPV6: Final = 0x86DD
_NO_ETHERTYPE: Final = -1


@nb.njit(types.int64(BUFFER, types.int64), **INNER)
def _be16(data: Array, at: int) -> int:
    return i64(data[at]) << 8 | i64(data[at + 1])


@nb.njit(types.uint64(BUFFER, types.int64, types.int64), **INNER)
def _be(data: Array, at: int, octets: int) -> int:
    value = u64(0)
    for i in range(octets):
        value = value << u64(8) | u64(data[at + i])
    return value


@nb.njit(types.int64(BUFFER, types.int64, types.int64, PACKETS, types.int64), **INNER)
def _ethernet(data: Array, at: int, end: int, out: Array, n: int) -> int:
    """Read an Ethernet header; the offset of its content << 16 | EtherType, or a negative fate."""
    row = out[n]
    if at + 14 > end:
        return -MALFORMED_FRAME
    row.destination_mac = _be(data, at, 6)
    row.source_mac = _be(data, at + 6, 6)
    at += 12
    kind = _be16(data, at)
    tags = 0
    while kind in (0x8100, 0x88A8, 0x9100, 0x892F):
        if kind == 0x892F:  # HSR: path and size, sequence, then the EtherType
            if at + 8 > end:
                return -MALFORMED_FRAME
            at += 6
        else:
            if tags == LONGEST_VLAN_STACK or at + 6 > end:
                return -MALFORMED_FRAME
            vid = _be16(data, at + 2) & 0x0FFF
            if vid:
                row.vlan = vid << 16 if row.vlan < 0 else (row.vlan & 0x7FFF0000) | vid
            tags += 1
            at += 4
        kind = _be16(data, at)
    if kind == 0x88E5:
        return -CLOSED
    if kind < 0x0600:  # LLC; SNAP may carry IP
        if at + 10 <= end and data[at + 2] == 0xAA and data[at + 3] == 0xAA:
            return (at + 10) << 16 | _be16(data, at + 8)
        return -NOT_IP
    return (at + 2) << 16 | kind


@nb.njit(types.int64(BUFFER, types.int64, types.int64, types.int64, PACKETS, types.int64), **INNER)
def _link(data: Array, at: int, end: int, link: int, out: Array, n: int) -> int:
    """Read a link-layer header; the offset of its content << 16 | EtherType, or a negative fate."""
    if link == 1:
        return _ethernet(data, at, end, out, n)
    if link in (101, 228, 229):
        if at >= end:
            return -MALFORMED_FRAME
        version = data[at] >> 4
        return at << 16 | (_IPV6 if version == 6 else _IPV4)
    if link in (0, 108):
        if at + 4 > end:
            return -MALFORMED_FRAME
        low = i64(data[at]) | i64(data[at + 1]) << 8
        high = i64(data[at + 3]) | i64(data[at + 2]) << 8
        family = low or high
        if family == 2:
            return (at + 4) << 16 | _IPV4
        if family in (24, 28, 30):
            return (at + 4) << 16 | _IPV6
        return -NOT_IP
    if link == 113:
        if at + 16 > end:
            return -MALFORMED_FRAME
        if _be16(data, at + 4) == 6:
            out[n].source_mac = _be(data, at + 6, 6)
        return (at + 16) << 16 | _be16(data, at + 14)
    if link == 276:
        if at + 20 > end:
            return -MALFORMED_FRAME
        if data[at + 11] == 6:
            out[n].source_mac = _be(data, at + 12, 6)
        return (at + 20) << 16 | _be16(data, at)
    return -UNKNOWN_LINK


@nb.njit(types.int64(BUFFER, types.int64, types.int64, PACKETS, types.int64), **INNER)
def _ipv4(data: Array, at: int, end: int, out: Array, n: int) -> int:
    """Read an IPv4 header; the offset of its content, or a negative fate."""
    row = out[n]
    if at + 20 > end or data[at] >> 4 != 4:
        return -MALFORMED_FRAME
    header = i64(data[at] & 0x0F) * 4
    total = _be16(data, at + 2)
    if total == 0:  # segmentation offload: the length was not written yet
        total = end - at
    if header < 20 or total < header or at + header > end:
        return -MALFORMED_FRAME
    row.version = 4
    row.protocol = data[at + 9]
    row.source_high = 0
    row.source_low = u64(_MAPPED) | _be(data, at + 12, 4)
    row.destination_high = 0
    row.destination_low = u64(_MAPPED) | _be(data, at + 16, 4)
    row.octets = total - header
    row.mark = u32(_be16(data, at + 4)) << u32(16)
    placed = _be16(data, at + 6)
    if placed & 0x3FFF:
        row.fragment_id = _be16(data, at + 4)
        row.fragment_at = (placed & 0x1FFF) * 8
        row.fragment_more = 1 if placed & 0x2000 else 0
        row.fate = FRAGMENT
    return at + header


@nb.njit(types.int64(BUFFER, types.int64, types.int64, PACKETS, types.int64), **INNER)
def _ipv6(data: Array, at: int, end: int, out: Array, n: int) -> int:
    """Read an IPv6 header and its extensions; the offset of its content, or a negative fate."""
    row = out[n]
    if at + 40 > end or data[at] >> 4 != 6:
        return -MALFORMED_FRAME
    row.version = 6
    length = _be16(data, at + 4)
    if length == 0:
        length = end - at - 40
    follows = i64(data[at + 6])
    row.source_high = _be(data, at + 8, 8)
    row.source_low = _be(data, at + 16, 8)
    row.destination_high = _be(data, at + 24, 8)
    row.destination_low = _be(data, at + 32, 8)
    at += 40
    stop = at + length
    for _ in range(MOST_EXTENSIONS):
        if follows == 44:
            if at + 8 > end or at + 8 > stop:
                return -MALFORMED_FRAME
            placed = _be16(data, at + 2)
            follows = i64(data[at])
            row.fragment_id = u32(_be(data, at + 4, 4))
            row.fragment_at = placed & 0xFFF8
            row.fragment_more = placed & 1
            at += 8
            if placed & 0xFFF9:  # otherwise an atomic fragment (RFC 6946): whole
                row.fate = FRAGMENT
                break
        elif follows in (0, 43, 60, 135, 139, 140):
            if at + 8 > end or at + 8 > stop:
                return -MALFORMED_FRAME
            follows, at = i64(data[at]), at + (i64(data[at + 1]) + 1) * 8
        elif follows == 51:
            if at + 8 > end or at + 8 > stop:
                return -MALFORMED_FRAME
            follows, at = i64(data[at]), at + (i64(data[at + 1]) + 2) * 4
        else:
            break
        if at > end or at > stop:
            return -MALFORMED_FRAME
    row.protocol = follows
    row.octets = stop - at
    return at


@nb.njit(types.boolean(BUFFER, types.int64, types.int64, PACKETS, types.int64), **JIT)
def read_transport(data: Array, at: int, end: int, out: Array, n: int) -> bool:
    """Read the transport header at ``at`` of a whole datagram; its payload, its fate.

    ``row.octets`` holds the datagram's length without its IP header. False if there is no
    transport that is followed.
    """
    row = out[n]
    size = i64(row.octets)
    if row.protocol == TCP:
        if at + 20 > end or size < 20:
            row.fate = MALFORMED_FRAME
            return False
        header = i64(data[at + 12] >> 4) * 4
        if header < 20 or header > size:
            row.fate = MALFORMED_FRAME
            return False
        row.sequence = u32(_be(data, at + 4, 4))
        row.acknowledgement = u32(_be(data, at + 8, 4))
        row.flags = data[at + 13]
        row.mark |= u32(_be16(data, at + 16))
    elif row.protocol == UDP:
        if at + 8 > end or size < 8:
            row.fate = MALFORMED_FRAME
            return False
        header = i64(8)
        length = _be16(data, at + 4)
        if length >= 8:
            size = min(size, length)
        row.mark |= u32(_be16(data, at + 6))
    else:
        row.fate = CLOSED if row.protocol == 50 else OTHER_TRANSPORT
        row.source_port = 0
        row.destination_port = 0
        row.payload = at
        row.present = max(min(size, end - at), i64(0))
        return False
    row.source_port = _be16(data, at)
    row.destination_port = _be16(data, at + 2)
    row.payload = at + header
    row.octets = size - header
    row.present = max(min(size - header, end - at - header), i64(0))
    row.fate = WHOLE
    return True


@nb.njit(types.int64(BUFFER, types.int64, types.int64, types.int64, PACKETS, types.int64), **INNER)
def _tunnelled(data: Array, at: int, end: int, kind: int, out: Array, n: int) -> int:
    """Offset of the mirrored Ethernet frame inside GRE or VXLAN; 0 when it is no mirror."""
    row = out[n]
    if row.protocol == 47 and at + 4 <= end:
        flags = _be16(data, at)
        inner = _be16(data, at + 2)
        at += 4
        at += (4 if flags & 0x8000 else 0) + (4 if flags & 0x2000 else 0)
        at += 4 if flags & 0x1000 else 0
        if inner == 0x88BE:
            return at + 8 if flags & 0x1000 else at
        if inner == 0x22EB and at + 12 <= end:
            return at + (20 if data[at + 11] & 1 else 12)
        if inner == 0x6558:
            return at
    if row.protocol == UDP and at + 16 <= end and _be16(data, at + 2) == _VXLAN:
        return at + 16 if data[at + 8] & 0x08 else 0
    return 0


@nb.njit(types.void(BUFFER, PACKETS, types.int64), **JIT)
def read_frames(data: Array, out: Array, count: int) -> None:
    """Fill the frame fields of ``out[:count]`` from the link layer up to the transport."""
    for n in range(count):
        row = out[n]
        row.fate = WHOLE
        row.vlan = -1
        row.source_mac = 0
        row.destination_mac = 0
        row.flags = 0
        row.mark = 0
        at = row.offset
        end = at + row.captured
        link = i64(row.link)
        for depth in range(2):
            found = _link(data, at, end, link, out, n)
            if found < 0:
                row.fate = -found
                break
            at = found >> 16
            kind = found & 0xFFFF
            if kind == _IPV4:
                at = _ipv4(data, at, end, out, n)
            elif kind == _IPV6:
                at = _ipv6(data, at, end, out, n)
            else:
                at = -CLOSED if kind == 0x88E5 else -NOT_IP
            if at < 0:
                row.fate = -at
                break
            if row.fate == FRAGMENT:
                row.payload = at
                row.present = max(min(i64(row.octets), end - at), i64(0))
                break
            inner = _tunnelled(data, at, end, kind, out, n) if depth == 0 else 0
            if inner == 0 or inner > end:
                read_transport(data, at, end, out, n)
                break
            at = inner
            link = 1
