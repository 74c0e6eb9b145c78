"""Packets octet by octet: link layers, tunnels, IP, transports, and the files they come in.

Each function wraps what it is given, so that a frame reads from the outside in::

    ethernet(ipv4(tcp(b"...", sequence=1)), vlans=(100, 7))

References: IEEE 802.3, 802.1Q, 802.1ad; IEC 62439-3 clause 5; the link types registered with
tcpdump.org; RFC 791, 8200, 9293, 768, 2784, 7348; draft-foschiano-erspan; the pcap and pcapng
drafts of the IETF's opsawg.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

IPV4: Final = 0x0800
IPV6: Final = 0x86DD
TCP: Final = 6
UDP: Final = 17
GRE: Final = 47

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
ACK: Final = 0x10

MAC_A: Final = bytes.fromhex("020000000001")
MAC_B: Final = bytes.fromhex("020000000002")
CLIENT: Final = "192.0.2.10"
SERVER: Final = "192.0.2.20"

Order = Literal["<", ">"]


@dataclass(frozen=True, slots=True)
class Datagram:
    """What an IP header carries: a protocol's number and its octets."""

    protocol: int
    octets: bytes


# Transports


def tcp(
    payload: bytes = b"",
    *,
    source: int = 50_000,
    destination: int = 502,
    sequence: int = 0,
    acknowledged: int | None = None,
    flags: int = 0,
    options: bytes = b"",
) -> Datagram:
    """A TCP segment; ``acknowledged`` sets the ACK flag too."""
    flags |= 0 if acknowledged is None else ACK
    offset = (20 + len(options)) // 4
    head = struct.pack(
        ">HHIIHHHH", source, destination, sequence & 0xFFFFFFFF, (acknowledged or 0) & 0xFFFFFFFF,
        offset << 12 | flags, 65_535, 0, 0,
    )  # fmt: skip
    return Datagram(TCP, head + options + payload)


def udp(
    payload: bytes = b"", *, source: int = 50_000, destination: int = 53, checksum: int = 0
) -> Datagram:
    """A UDP datagram."""
    head = struct.pack(">HHHH", source, destination, 8 + len(payload), checksum)
    return Datagram(UDP, head + payload)


# IP


def ipv4(
    content: Datagram,
    *,
    source: str = CLIENT,
    destination: str = SERVER,
    identification: int = 0,
    fragment: tuple[int, bool] = (0, False),
    options: bytes = b"",
    length: int | None = None,
) -> bytes:
    """An IPv4 packet; ``fragment`` is its place in octets and whether more follow."""
    header = 20 + len(options)
    at, more = fragment
    total = header + len(content.octets) if length is None else length
    head = struct.pack(
        ">BBHHHBBH", 0x40 | header // 4, 0, total, identification, more << 13 | at // 8, 64,
        content.protocol, 0,
    )  # fmt: skip
    ends = ipaddress.IPv4Address(source).packed + ipaddress.IPv4Address(destination).packed
    return head + ends + options + content.octets


def ipv6(
    content: Datagram,
    *,
    source: str = "2001:db8::10",
    destination: str = "2001:db8::20",
    extensions: Sequence[tuple[int, bytes]] = (),
) -> bytes:
    """An IPv6 packet; ``extensions`` are header numbers and what follows the next-header octet."""
    kinds = [*(kind for kind, _ in extensions), content.protocol]
    octets = b"".join(
        bytes([kinds[k + 1]]) + body for k, (_, body) in enumerate(extensions)
    )  # fmt: skip
    octets += content.octets
    head = struct.pack(">IHBB", 6 << 28, len(octets), kinds[0], 64)
    ends = ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(destination).packed
    return head + ends + octets


def ipv4_fragments(
    content: Datagram, size: int, *, identification: int = 7, **ends: str
) -> list[bytes]:
    """The datagram in IPv4 fragments of ``size`` octets, a multiple of eight."""
    octets = content.octets
    return [
        ipv4(
            Datagram(content.protocol, octets[at : at + size]),
            identification=identification,
            fragment=(at, at + size < len(octets)),
            **ends,  # type: ignore[arg-type]
        )
        for at in range(0, len(octets), size)
    ]


def ipv6_fragments(content: Datagram, size: int, *, identification: int = 7) -> list[bytes]:
    """The datagram in IPv6 fragments of ``size`` octets, a multiple of eight."""
    octets = content.octets
    return [
        ipv6(
            Datagram(content.protocol, octets[at : at + size]),
            extensions=[
                (44, struct.pack(">BHI", 0, at | (at + size < len(octets)), identification))
            ],
        )
        for at in range(0, len(octets), size)
    ]


# Link layers


def _kind(packet: bytes) -> int:
    return IPV6 if packet[:1] >= b"\x60" else IPV4


def ethernet(
    packet: bytes,
    *,
    kind: int | None = None,
    vlans: Sequence[int] = (),
    tags: Sequence[int] = (),
    hsr: bool = False,
    padded: bool = False,
    trailer: bytes = b"",
) -> bytes:
    """An Ethernet frame.

    Args:
        packet: what it carries.
        kind: its EtherType; by default that of the IP version.
        vlans: identifiers, the outermost first.
        tags: their EtherTypes; by default 0x8100 each.
        hsr: an HSR tag lies behind the VLANs.
        padded: filled up to 60 octets.
        trailer: what follows, as PRP has it.
    """
    head = MAC_B + MAC_A
    for place, vlan in enumerate(vlans):
        head += struct.pack(">HH", tags[place] if tags else 0x8100, vlan)
    if hsr:
        head += struct.pack(">HHH", 0x892F, len(packet) + 6, 1)
    frame = head + struct.pack(">H", _kind(packet) if kind is None else kind) + packet
    return (frame.ljust(60, b"\0") if padded else frame) + trailer


def snap(packet: bytes) -> bytes:
    """An IEEE 802.3 frame with LLC and SNAP."""
    content = b"\xaa\xaa\x03\0\0\0" + struct.pack(">H", _kind(packet)) + packet
    return MAC_B + MAC_A + struct.pack(">H", len(content)) + content


def loopback(packet: bytes, *, family: int | None = None, order: Order = "<") -> bytes:
    """A frame of BSD loopback (link types 0 and 108)."""
    if family is None:
        family = 30 if _kind(packet) == IPV6 else 2
    return struct.pack(order + "I", family) + packet


def sll(packet: bytes) -> bytes:
    """A frame of Linux cooked capture (link type 113)."""
    return (
        struct.pack(">HHH", 0, 1, 6) + MAC_A + b"\0\0" + struct.pack(">H", _kind(packet)) + packet
    )


def sll2(packet: bytes) -> bytes:
    """A frame of Linux cooked capture, version 2 (link type 276)."""
    return struct.pack(">HHIHBB", _kind(packet), 0, 2, 1, 0, 6) + MAC_A + b"\0\0" + packet


# Mirror tunnels


def gre(frame: bytes, *, kind: int = 0x6558, sequence: int | None = None) -> Datagram:
    """A frame in GRE (RFC 2784, RFC 2890)."""
    head = struct.pack(">HH", 0 if sequence is None else 0x1000, kind)
    return Datagram(GRE, head + (b"" if sequence is None else struct.pack(">I", sequence)) + frame)


def erspan1(frame: bytes) -> Datagram:
    """A mirrored frame in ERSPAN, type I."""
    return gre(frame, kind=0x88BE)


def erspan2(frame: bytes) -> Datagram:
    """A mirrored frame in ERSPAN, type II."""
    return gre(struct.pack(">HHI", 0x1001, 1, 0) + frame, kind=0x88BE, sequence=1)


def erspan3(frame: bytes, platform: bytes = b"") -> Datagram:
    """A mirrored frame in ERSPAN, type III, with or without the platform's eight octets."""
    head = struct.pack(">HHIHH", 0x2001, 1, 0, 0, 1 if platform else 0)
    return gre(head + platform + frame, kind=0x22EB, sequence=1)


def vxlan(frame: bytes, network: int = 42) -> Datagram:
    """A frame in VXLAN (RFC 7348)."""
    return udp(struct.pack(">II", 0x08 << 24, network << 8) + frame, destination=4789)


# Conversations


def stream(
    octets: bytes,
    cuts: Iterable[int] = (),
    *,
    first: int = 1_000,
    acknowledged: int | None = None,
    source: int = 50_000,
    destination: int = 502,
) -> list[Datagram]:
    """The octets of one direction as TCP segments, cut at the given places."""
    places = [0, *sorted({cut for cut in cuts if 0 < cut < len(octets)}), len(octets)]
    return [
        tcp(
            octets[start:end], source=source, destination=destination, sequence=first + start,
            acknowledged=acknowledged,
        )
        for start, end in pairwise(places)
        if end > start
    ]  # fmt: skip


# Files


@dataclass(frozen=True, slots=True)
class Record:
    """A frame as it stands in a file.

    Attributes:
        frame: what was captured of it.
        time: ns since 1970.
        original: its length on the wire; by default all was captured.
    """

    frame: bytes
    time: int = 1_700_000_000_000_000_000
    original: int | None = None


def timed(frames: Iterable[bytes], *, begin: int = Record(b"").time, step: int = 1_000_000
          ) -> list[Record]:  # fmt: skip
    """The frames as records, ``step`` ns apart."""
    return [Record(frame, begin + k * step) for k, frame in enumerate(frames)]


def pcap(
    records: Iterable[Record],
    *,
    link: int = 1,
    order: Order = "<",
    nanoseconds: bool = False,
    snap_length: int = 262_144,
) -> bytes:
    """A pcap file."""
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    out = [struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, snap_length, link)]
    for record in records:
        seconds, rest = divmod(record.time, 1_000_000_000)
        wire = len(record.frame) if record.original is None else record.original
        fraction = rest if nanoseconds else rest // 1000
        out.append(struct.pack(order + "IIII", seconds, fraction, len(record.frame), wire))
        out.append(record.frame)
    return b"".join(out)


def block(kind: int, body: bytes, order: Order = "<") -> bytes:
    """A block of pcapng, filled up to four octets."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def option(code: int, value: bytes, order: Order = "<") -> bytes:
    """An option of a pcapng block."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: Order = "<") -> bytes:
    """A section header of pcapng, of unknown length."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(
    link: int = 1,
    *,
    order: Order = "<",
    snap_length: int = 0,
    resolution: int | None = None,
    offset_s: int = 0,
) -> bytes:
    """An interface of pcapng; ``resolution`` as ``if_tsresol``, by default microseconds."""
    options = b"" if resolution is None else option(9, bytes([resolution]), order)
    options += option(14, struct.pack(order + "q", offset_s), order) if offset_s else b""
    return block(1, struct.pack(order + "HHI", link, 0, snap_length) + options, order)


def enhanced(
    frame: bytes, stamp: int, *, place: int = 0, order: Order = "<", original: int | None = None
) -> bytes:
    """An enhanced packet of pcapng; ``stamp`` in the unit of its interface."""
    wire = len(frame) if original is None else original
    head = struct.pack(order + "IIIII", place, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), wire)
    return block(6, head + frame, order)


def pcapng(records: Iterable[Record], *, link: int = 1, order: Order = "<") -> bytes:
    """A pcapng file of one section and one interface, in microseconds."""

    def blocks() -> Iterator[bytes]:
        yield section(order) + interface(link, order=order)
        for record in records:
            yield enhanced(
                record.frame, record.time // 1000, order=order, original=record.original
            )  # fmt: skip

    return b"".join(blocks())
