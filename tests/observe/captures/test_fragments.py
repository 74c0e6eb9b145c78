"""IP fragments: put together in any order, once; what contradicts itself is malformed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.observe.reading import Packet, packets

from checkvalve.observe.captures.fragments import LONGEST_WAIT_NS, MOST_DATAGRAMS
from checkvalve.observe.captures.packet import FRAGMENT, MALFORMED_FRAME, WHOLE
from checkvalve.testing.packets import (
    Datagram,
    Record,
    ethernet,
    ipv4,
    ipv4_fragments,
    ipv6_fragments,
    pcap,
    stream,
    timed,
    udp,
)

PAYLOAD = bytes(k % 251 for k in range(1_000))
WHOLE_V4 = [ethernet(part) for part in ipv4_fragments(udp(PAYLOAD), 104)]
WHOLE_V6 = [ethernet(part) for part in ipv6_fragments(udp(PAYLOAD), 104)]


def read(frames: list[bytes], *, step: int = 1_000) -> list[Packet]:
    return packets(pcap(timed(frames, step=step)))


def whole(found: list[Packet]) -> list[bytes]:
    return [packet.payload for packet in found if packet.fate == WHOLE]


@pytest.mark.parametrize("frames", [WHOLE_V4, WHOLE_V6])
def test_fragments_in_order_are_one_datagram_at_the_last(frames: list[bytes]) -> None:
    found = read(frames)
    assert [packet.fate for packet in found] == [FRAGMENT] * (len(frames) - 1) + [WHOLE]
    assert found[-1].payload == PAYLOAD
    assert (found[-1].source[1], found[-1].destination[1]) == (50_000, 53)


@given(st.permutations(range(len(WHOLE_V4))), st.booleans())
@settings(max_examples=30)
def test_fragments_in_any_order_are_the_same_datagram(order: list[int], v6: bool) -> None:
    frames = WHOLE_V6 if v6 else WHOLE_V4
    assert whole(read([frames[k] for k in order])) == [PAYLOAD]


def test_a_segment_of_a_stream_may_come_in_fragments() -> None:
    (segment,) = stream(PAYLOAD)
    (found,) = [p for p in read([ethernet(f) for f in ipv4_fragments(segment, 200)]) if not p.fate]
    assert (found.payload, found.sequence) == (PAYLOAD, 1_000)


@pytest.mark.parametrize("frames", [WHOLE_V4, WHOLE_V6])
def test_a_fragment_that_comes_twice_changes_nothing(frames: list[bytes]) -> None:
    assert whole(read([*frames[:4], *frames[1:3], *frames[4:]])) == [PAYLOAD]


def test_datagrams_are_told_apart_by_identification_and_ends() -> None:
    a = [ethernet(part) for part in ipv4_fragments(udp(b"a" * 100), 56, identification=1)]
    b = [ethernet(part) for part in ipv4_fragments(udp(b"b" * 100), 56, identification=2)]
    c = [
        ethernet(part)
        for part in ipv4_fragments(udp(b"c" * 100), 56, identification=1, source="192.0.2.99")
    ]
    found = whole(read([a[0], b[0], c[0], c[1], b[1], a[1]]))
    assert [payload[:1] for payload in found] == [b"c", b"b", b"a"]


def overlap(shift: int, octet: bytes) -> bytes:
    octets = udp(PAYLOAD).octets
    part = bytearray(octets[104 - shift : 208 - shift])
    part[0:1] = octet or part[0:1]
    return ethernet(ipv4(Datagram(17, bytes(part)), identification=7, fragment=(104 - shift, True)))


def test_an_overlap_with_the_same_octets_is_taken_in_ipv4() -> None:
    assert whole(read([WHOLE_V4[0], overlap(8, b""), *WHOLE_V4[1:]])) == [PAYLOAD]


def test_an_overlap_with_other_octets_is_malformed() -> None:
    found = read([WHOLE_V4[0], overlap(8, b"\xff"), *WHOLE_V4[1:]])
    assert found[1].fate == MALFORMED_FRAME
    assert whole(found) == []


def test_any_overlap_is_malformed_in_ipv6() -> None:
    octets = udp(PAYLOAD).octets
    first, *_ = ipv6_fragments(Datagram(17, octets[:208]), 208)
    second = ipv6_fragments(udp(PAYLOAD), 104)[1]
    as_first = bytearray(first)
    as_first[43] |= 1  # more follow
    found = read([ethernet(bytes(as_first)), ethernet(second)])
    assert found[1].fate == MALFORMED_FRAME


def test_a_fragment_behind_the_end_is_malformed() -> None:
    behind = ipv4(Datagram(17, bytes(16)), identification=7, fragment=(1_200, True))
    found = read([WHOLE_V4[-1], ethernet(behind)])
    assert found[1].fate == MALFORMED_FRAME


@pytest.mark.parametrize("at", [65_528, 65_400])
def test_a_fragment_beyond_the_longest_datagram_is_malformed(at: int) -> None:
    beyond = ipv4(Datagram(17, bytes(160)), identification=7, fragment=(at, False))
    assert read([ethernet(beyond)])[0].fate == MALFORMED_FRAME


def test_a_fragment_in_the_middle_is_a_multiple_of_eight_octets() -> None:
    odd = ipv4(Datagram(17, bytes(15)), identification=7, fragment=(8, True))
    assert read([ethernet(odd)])[0].fate == MALFORMED_FRAME


def test_a_datagram_waits_half_a_minute() -> None:
    records = timed(WHOLE_V4)
    late = replace(records[-1], time=records[0].time + LONGEST_WAIT_NS + 1)
    just = replace(records[-1], time=records[0].time + LONGEST_WAIT_NS)
    assert whole(packets(pcap([*records[:-1], late], nanoseconds=True))) == []
    assert whole(packets(pcap([*records[:-1], just], nanoseconds=True))) == [PAYLOAD]


def test_the_oldest_datagram_leaves_when_too_many_wait() -> None:
    others = [
        ethernet(ipv4_fragments(udp(PAYLOAD), 104, identification=1_000 + k)[0])
        for k in range(MOST_DATAGRAMS)
    ]
    assert whole(read([WHOLE_V4[0], *others[:-1], *WHOLE_V4[1:]], step=10)) == [PAYLOAD]
    assert whole(read([WHOLE_V4[0], *others, *WHOLE_V4[1:]], step=10)) == []


def test_a_fragment_cut_short_by_the_sensor_is_malformed() -> None:
    cut = Record(WHOLE_V4[0][:60], original=len(WHOLE_V4[0]))
    found = packets(pcap([cut, *timed(WHOLE_V4[1:], begin=cut.time)]))
    assert found[0].fate == MALFORMED_FRAME
    assert whole(found) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.integers(0, 40), st.booleans(), st.integers(0, 3)),
        max_size=12,
    )
)
@settings(max_examples=80)
def test_any_fragments_end_in_order(parts: list[tuple[int, int, bool, int]]) -> None:
    frames = [
        ethernet(
            ipv4(
                Datagram(17, bytes([octet]) * size),
                identification=octet & 1,
                fragment=(8 * at, more),
            )
        )
        for at, size, more, octet in parts
    ]
    fates = {packet.fate for packet in read(frames)}
    assert fates <= {WHOLE, FRAGMENT, MALFORMED_FRAME}
