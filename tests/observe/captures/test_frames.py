"""Frames: every link layer and tunnel leads to the same packet; damage has a name."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.observe.reading import Packet, frame, packets

from checkvalve.errors import CaptureError
from checkvalve.observe.captures.packet import (
    CLOSED,
    FRAGMENT,
    MALFORMED_FRAME,
    NOT_IP,
    OTHER_TRANSPORT,
    UNKNOWN_LINK,
    WHOLE,
)
from checkvalve.testing import packets as p
from checkvalve.testing.packets import (
    Datagram,
    Record,
    ethernet,
    ipv4,
    ipv6,
    loopback,
    pcap,
    tcp,
    udp,
)

SEGMENT = tcp(b"payload", sequence=0xFFFFFFF0, acknowledged=5, flags=0x08)
V4 = ipv4(SEGMENT)
V6 = ipv6(SEGMENT)


def ends(packet: Packet) -> tuple[str, int, str, int]:
    def text(address: int) -> str:
        found = ipaddress.IPv6Address(address)
        return str(found.ipv4_mapped or found)

    return (
        text(packet.source[0]), packet.source[1],
        text(packet.destination[0]), packet.destination[1],
    )  # fmt: skip


def assert_is_segment(packet: Packet, *, v6: bool = False) -> None:
    assert packet.fate == WHOLE
    expected = ("2001:db8::10", "2001:db8::20") if v6 else (p.CLIENT, p.SERVER)
    assert ends(packet) == (expected[0], 50_000, expected[1], 502)
    assert (packet.payload, packet.octets) == (b"payload", 7)
    assert (packet.sequence, packet.flags) == (0xFFFFFFF0, 0x18)


@pytest.mark.parametrize("content", [V4, V6], ids=["v4", "v6"])
@pytest.mark.parametrize(
    ("link", "wrap"),
    [
        (1, ethernet),
        (1, partial(ethernet, padded=True)),
        (1, partial(ethernet, trailer=b"\0\1\xa0\x40\x88\xfb")),
        (1, partial(ethernet, hsr=True)),
        (1, p.snap),
        (0, loopback),
        (0, partial(loopback, order=">")),
        (108, partial(loopback, order=">")),
        (101, bytes),
        (113, p.sll),
        (276, p.sll2),
    ],
    ids=[
        "ethernet", "padded", "prp", "hsr", "snap", "loopback", "loopback-big-endian",
        "openbsd-loopback", "raw", "cooked", "cooked-2",
    ],
)  # fmt: skip
def test_every_link_layer_leads_to_the_same_packet(
    link: int, wrap: Callable[[bytes], bytes], content: bytes
) -> None:
    assert_is_segment(frame(wrap(content), link), v6=content is V6)


def test_raw_ip_of_one_version_has_link_types_of_its_own() -> None:
    assert_is_segment(frame(V4, 228))
    assert_is_segment(frame(V6, 229), v6=True)


@pytest.mark.parametrize("family", [24, 28, 30])
def test_loopback_numbers_ipv6_in_three_ways(family: int) -> None:
    assert_is_segment(frame(loopback(V6, family=family), 0), v6=True)


def test_loopback_of_another_family_is_not_ip() -> None:
    assert frame(loopback(V4, family=7), 0).fate == NOT_IP


@pytest.mark.parametrize(
    ("vlans", "tags", "vlan"),
    [
        ((), (), -1),
        ((5,), (), 5 << 16),
        ((5, 7), (0x88A8, 0x8100), 5 << 16 | 7),
        ((5, 7), (0x9100, 0x8100), 5 << 16 | 7),
        ((1, 2, 3, 4), (), 1 << 16 | 4),
        ((0,), (), -1),
        ((0, 9), (), 9 << 16),
        ((9, 0), (), 9 << 16),
        ((4095,), (), 4095 << 16),
    ],
)
def test_vlans_are_kept_but_the_priority_tag_is_none(
    vlans: tuple[int, ...], tags: tuple[int, ...], vlan: int
) -> None:
    found = frame(ethernet(V4, vlans=vlans, tags=tags))
    assert_is_segment(found)
    assert found.vlan == vlan


def test_the_priority_of_a_tag_is_no_part_of_its_identifier() -> None:
    assert frame(ethernet(V4, vlans=(0xE005,))).vlan == 5 << 16


def test_a_fifth_vlan_is_malformed() -> None:
    assert frame(ethernet(V4, vlans=(1, 2, 3, 4, 5))).fate == MALFORMED_FRAME


def test_hsr_may_lie_inside_a_vlan() -> None:
    found = frame(ethernet(V4, vlans=(7,), hsr=True))
    assert_is_segment(found)
    assert found.vlan == 7 << 16


@pytest.mark.parametrize(
    "outer",
    [
        p.erspan1(ethernet(V4)),
        p.erspan2(ethernet(V4, vlans=(3,))),
        p.erspan3(ethernet(V4)),
        p.erspan3(ethernet(V4), platform=bytes(8)),
        p.gre(ethernet(V4)),
        p.gre(ethernet(V4), sequence=9),
        p.vxlan(ethernet(V4)),
    ],
)
@pytest.mark.parametrize("over", [ipv4, ipv6])
def test_mirror_tunnels_are_unwrapped(outer: Datagram, over: Callable[[Datagram], bytes]) -> None:
    assert_is_segment(frame(ethernet(over(outer))))


def test_tunnels_are_unwrapped_once() -> None:
    inner = ethernet(ipv4(p.vxlan(ethernet(V4)), source="198.51.100.1"))
    found = frame(ethernet(ipv4(p.vxlan(inner))))
    assert ends(found) == ("198.51.100.1", 50_000, p.SERVER, 4789)


def test_the_vlan_of_a_mirror_is_not_lost_beside_that_of_the_tunnel() -> None:
    found = frame(ethernet(ipv4(p.erspan2(ethernet(V4, vlans=(3,))))))
    assert found.vlan == 3 << 16


def test_gre_of_ip_is_no_mirror() -> None:
    assert frame(ethernet(ipv4(p.gre(V4, kind=0x0800)))).fate == OTHER_TRANSPORT


def test_vxlan_without_its_flag_is_a_datagram() -> None:
    found = frame(ethernet(ipv4(udp(bytes(8) + ethernet(V4), destination=4789))))
    assert (found.fate, found.destination[1]) == (WHOLE, 4789)


# IP


def test_the_length_of_ip_counts_not_that_of_the_frame() -> None:
    found = frame(ethernet(ipv4(tcp(b"x"))) + b"padding")
    assert (found.payload, found.octets) == (b"x", 1)
    found = frame(ethernet(ipv6(udp(b"xy"))) + b"padding")
    assert (found.payload, found.octets) == (b"xy", 2)


def test_a_length_of_zero_means_that_the_card_would_have_filled_it_in() -> None:
    assert_is_segment(frame(ethernet(ipv4(SEGMENT, length=0))))


def test_options_of_ip_and_tcp_are_passed_over() -> None:
    segment = tcp(b"payload", options=bytes(12))
    found = frame(ethernet(ipv4(segment, options=b"\x94\x04\0\0")))
    assert (found.payload, found.octets) == (b"payload", 7)


HOP_BY_HOP = (0, bytes(7))
ROUTING = (43, b"\x01" + bytes(14))
AUTHENTICATION = (51, b"\x04" + bytes(22))
DESTINATION = (60, bytes(7))
ATOMIC = (44, struct.pack(">BHI", 0, 0, 7))


@pytest.mark.parametrize(
    "extensions",
    [
        [HOP_BY_HOP],
        [ROUTING],
        [AUTHENTICATION],
        [ATOMIC],
        [HOP_BY_HOP, DESTINATION, ROUTING, ATOMIC, AUTHENTICATION, DESTINATION],
        [DESTINATION] * 8,
    ],
)
def test_extension_headers_are_passed_over(extensions: list[tuple[int, bytes]]) -> None:
    assert_is_segment(frame(ethernet(ipv6(SEGMENT, extensions=extensions))), v6=True)


def test_a_ninth_extension_header_is_not_followed() -> None:
    found = frame(ethernet(ipv6(SEGMENT, extensions=[DESTINATION] * 9)))
    assert found.fate in (OTHER_TRANSPORT, MALFORMED_FRAME)


def test_esp_is_closed_in_both_versions() -> None:
    assert frame(ethernet(ipv4(Datagram(50, bytes(40))))).fate == CLOSED
    assert frame(ethernet(ipv6(Datagram(50, bytes(40))))).fate == CLOSED


def test_macsec_is_closed() -> None:
    assert frame(ethernet(bytes(60), kind=0x88E5)).fate == CLOSED


@pytest.mark.parametrize("kind", [0x0806, 0x88CC, 0x8892, 0x88B8])
def test_what_is_not_ip_is_counted_as_such(kind: int) -> None:
    assert frame(ethernet(bytes(46), kind=kind)).fate == NOT_IP


def test_llc_without_ip_is_not_ip() -> None:
    assert frame(ethernet(b"\x42\x42\x03" + bytes(40), kind=43)).fate == NOT_IP


def test_an_interface_of_an_unknown_link_type_is_counted_not_guessed() -> None:
    octets = p.section() + p.interface(147) + p.interface(1)
    octets += p.enhanced(V4, 1, place=0) + p.enhanced(ethernet(V4), 2, place=1)
    assert [packet.fate for packet in packets(octets)] == [UNKNOWN_LINK, WHOLE]


def test_a_whole_capture_of_an_unknown_link_type_is_refused() -> None:
    with pytest.raises(CaptureError, match="link type 147") as caught:
        frame(V4, 147)
    assert "1 Ethernet" in (caught.value.hint or "")


def test_icmp_is_another_transport_with_its_ends() -> None:
    found = frame(ethernet(ipv4(Datagram(1, b"\x08\0\0\0ping"))))
    assert (found.fate, found.octets, found.protocol) == (OTHER_TRANSPORT, 8, 1)
    assert ends(found) == (p.CLIENT, 0, p.SERVER, 0)


@pytest.mark.parametrize(
    "octets",
    [
        ethernet(b"")[:13],
        ethernet(V4[:19]),
        ethernet(b"\x55" + V4[1:], kind=0x0800),
        ethernet(b"\x44" + V4[1:], kind=0x0800),
        ethernet(V4[:2] + b"\0\x13" + V4[4:]),
        ethernet(V6[:39]),
        ethernet(ipv4(Datagram(6, SEGMENT.octets[:19]))),
        ethernet(ipv4(Datagram(6, SEGMENT.octets[:12] + b"\x40" + SEGMENT.octets[13:]))),
        ethernet(ipv4(Datagram(6, SEGMENT.octets[:12] + b"\xf0" + SEGMENT.octets[13:]))),
        ethernet(ipv4(Datagram(17, bytes(7)))),
        ethernet(ipv6(Datagram(0, b"\x06"))),
        ethernet(ipv6(Datagram(0, b"\x06\xff" + bytes(6)))),
    ],
)
def test_a_frame_that_contradicts_itself_is_malformed(octets: bytes) -> None:
    assert frame(octets).fate == MALFORMED_FRAME


def test_a_frame_cut_by_the_sensor_is_decoded_as_far_as_it_goes() -> None:
    whole = ethernet(ipv4(tcp(b"payload that goes on")))
    (found,) = packets(pcap([Record(whole[:61], original=len(whole))]))
    assert (found.fate, found.payload, found.octets) == (WHOLE, b"payload", 20)


@pytest.mark.parametrize("length", [0, 7, 8, 9, 200])
def test_the_length_in_udp_is_believed_where_it_can_be(length: int) -> None:
    datagram = udp(b"abcdef").octets
    lied = Datagram(17, datagram[:4] + struct.pack(">H", length) + datagram[6:])
    expected = {8: b"", 9: b"a"}.get(length, b"abcdef")
    assert frame(ethernet(ipv4(lied))).payload == expected


WHOLES = [
    (1, ethernet(V4, vlans=(1, 2), hsr=True)),
    (1, ethernet(ipv4(p.erspan3(ethernet(V4), platform=bytes(8))))),
    (1, ethernet(ipv4(p.vxlan(ethernet(V6))))),
    (1, ethernet(ipv6(SEGMENT, extensions=[HOP_BY_HOP, ROUTING, AUTHENTICATION]))),
    (1, p.snap(V4)),
    (0, loopback(V6)),
    (101, V4),
    (113, p.sll(V4)),
    (276, p.sll2(V6)),
]


@pytest.mark.parametrize(("link", "whole"), WHOLES)
def test_any_beginning_of_a_frame_has_a_fate(link: int, whole: bytes) -> None:
    records = [Record(whole[:cut], original=len(whole)) for cut in range(len(whole) + 1)]
    for packet, record in zip(packets(pcap(records, link=link)), records, strict=True):
        assert packet.fate <= CLOSED
        assert len(packet.payload) <= len(record.frame)
        assert packet.fate != WHOLE or packet.payload in whole


@given(st.sampled_from(WHOLES), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255))))
@settings(max_examples=150)
def test_any_damage_to_a_frame_leaves_it_a_fate(
    case: tuple[int, bytes], damage: list[tuple[int, int]]
) -> None:
    link, whole = case
    octets = bytearray(whole)
    for place, value in damage:
        octets[place % len(octets)] = value
    packet = frame(bytes(octets), link)
    assert packet.fate <= CLOSED
    assert packet.payload in bytes(octets) or packet.fate in (NOT_IP, MALFORMED_FRAME, FRAGMENT)


@given(st.sampled_from([0, 1, 101, 108, 113, 228, 229, 276]), st.binary(max_size=120))
@settings(max_examples=150)
def test_any_octets_have_a_fate(link: int, octets: bytes) -> None:
    packet = frame(octets, link)
    assert packet.fate <= CLOSED
    assert len(packet.payload) <= len(octets)
