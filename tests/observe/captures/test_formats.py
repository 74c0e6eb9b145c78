"""pcap and pcapng: every variant gives the same frames and times; what is impossible stops."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.observe.reading import packets, with_file

from checkvalve.errors import CaptureError
from checkvalve.observe.captures.files import BUFFER_OCTETS, Capture
from checkvalve.observe.captures.formats import LONGEST_BLOCK, MOST_INTERFACES
from checkvalve.testing.packets import (
    Order,
    Record,
    block,
    enhanced,
    ethernet,
    interface,
    ipv4,
    option,
    pcap,
    pcapng,
    section,
    stream,
    timed,
    udp,
)

FRAMES = [ethernet(ipv4(segment)) for segment in stream(bytes(range(200)), (7, 50, 51))]
RECORDS = timed(FRAMES, begin=1_700_000_000_123_456_000, step=1_001_000)
PAYLOADS = [frame[54:] for frame in FRAMES]
TIMES = [record.time for record in RECORDS]


def read(octets: bytes) -> list[tuple[int, bytes]]:
    return [(packet.time, packet.payload) for packet in packets(octets)]


def capture_of(octets: bytes) -> Capture:
    """The capture, after all of it was read."""

    def consume(path: Path) -> Capture:
        capture = Capture(path)
        for _ in capture.buffers(64):
            pass
        return capture

    return with_file(octets, consume)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanoseconds", [False, True])
def test_a_pcap_reads_alike_in_both_byte_orders_and_resolutions(
    order: Order, nanoseconds: bool
) -> None:
    octets = pcap(RECORDS, order=order, nanoseconds=nanoseconds)
    assert read(octets) == list(zip(TIMES, PAYLOADS, strict=True))


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_pcapng_reads_alike_in_both_byte_orders(order: Order) -> None:
    assert read(pcapng(RECORDS, order=order)) == list(zip(TIMES, PAYLOADS, strict=True))


def test_nanoseconds_of_a_pcap_are_kept() -> None:
    assert read(pcap([Record(FRAMES[0], 1_234_567_891)], nanoseconds=True))[0][0] == 1_234_567_891


@pytest.mark.parametrize(
    ("resolution", "stamp", "time"),
    [
        (None, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
        (6, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
        (9, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
        (3, 1_700_000_000_123, 1_700_000_000_123_000_000),
        (0, 1_700_000_000, 1_700_000_000_000_000_000),
        (12, 1_700_000_000_123_456, 1_700_000_000_123),
        (0x80 | 10, 1_700_000_000 << 10 | 512, 1_700_000_000_500_000_000),
        (0x80 | 20, 1_000_000 << 20 | 1 << 19, 1_000_000_500_000_000),
        (0x80 | 32, 1_700_000_000 << 32 | 1 << 31, 1_700_000_000_500_000_000),
    ],
)
def test_each_interface_has_its_resolution(resolution: int | None, stamp: int, time: int) -> None:
    octets = section() + interface(resolution=resolution) + enhanced(FRAMES[0], stamp)
    assert read(octets) == [(time, PAYLOADS[0])]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("offset_s", [3600, -3600])
def test_an_interface_may_shift_its_times(order: Order, offset_s: int) -> None:
    octets = section(order) + interface(order=order, offset_s=offset_s)
    octets += enhanced(FRAMES[0], 1_700_000_000_000_000, order=order)
    assert read(octets)[0][0] == (1_700_000_000 + offset_s) * 1_000_000_000


def test_sections_have_interfaces_and_byte_orders_of_their_own() -> None:
    octets = section("<") + interface(1, order="<") + interface(101, order="<", resolution=9)
    octets += enhanced(FRAMES[0], 1_000_000, place=0, order="<")
    octets += enhanced(FRAMES[1][14:], 5, place=1, order="<")
    octets += section(">") + interface(1, order=">") + enhanced(FRAMES[2], 2_000_000, order=">")
    assert read(octets) == [
        (1_000_000_000, PAYLOADS[0]),
        (5, PAYLOADS[1]),
        (2_000_000_000, PAYLOADS[2]),
    ]


@pytest.mark.parametrize("order", ["<", ">"])
def test_simple_and_old_packets_are_read_too(order: Order) -> None:
    octets = section(order) + interface(order=order, snap_length=60)
    octets += enhanced(FRAMES[0], 3_000_000, order=order)
    octets += block(3, struct.pack(order + "I", len(FRAMES[1])) + FRAMES[1][:60], order)
    old = struct.pack(order + "HHIIII", 0, 0xFFFF, 0, 4_000_000, len(FRAMES[2]), len(FRAMES[2]))
    octets += block(2, old + FRAMES[2], order)
    found = read(octets)
    # A simple packet has no time: it is that of the packet before it.
    assert [time for time, _ in found] == [3_000_000_000, 3_000_000_000, 4_000_000_000]
    assert [payload for _, payload in found] == [PAYLOADS[0], PAYLOADS[1][:6], PAYLOADS[2]]


def test_unknown_blocks_and_options_are_passed_over() -> None:
    octets = section() + block(4, b"names") + block(0x0BAD, bytes(40))
    octets += block(1, struct.pack("<HHI", 1, 0, 0) + option(2, b"eth0") + option(0, b""))
    octets += block(0x80000001, b"vendor") + enhanced(FRAMES[0], 1)
    assert read(octets) == [(1_000, PAYLOADS[0])]


def test_drops_that_the_sensor_counted_are_told_once() -> None:
    def statistics(interface_drops: int, system_drops: int) -> bytes:
        options = option(5, struct.pack("<Q", interface_drops))
        return block(
            5, struct.pack("<III", 0, 0, 0) + options + option(7, struct.pack("<Q", system_drops))
        )

    octets = section() + interface() + enhanced(FRAMES[0], 1)
    octets += statistics(3, 4) + enhanced(FRAMES[1], 2) + statistics(5, 4) + statistics(5, 4)

    def dropped(path: Path) -> int:
        return sum(buffer.dropped for buffer in Capture(path).buffers(64))

    assert with_file(octets, dropped) == 9


# Impossible records.


@pytest.mark.parametrize("length", [262_145, 1 << 24, 0x7FFFFFFF, 0xFFFFFFFF])
def test_an_impossible_length_in_a_pcap_stops_and_names_its_octet(length: int) -> None:
    octets = pcap(RECORDS[:1])
    capture = capture_of(octets + struct.pack("<IIII", 0, 0, length, length) + bytes(100))
    assert capture.stopped == f"octet {len(octets)}: a record has an impossible length"


def test_a_snap_length_above_the_usual_is_believed_up_to_a_bound() -> None:
    frame = FRAMES[0].ljust(300_000, b"\0")
    assert len(read(pcap([Record(frame)], snap_length=400_000))) == 1
    assert capture_of(pcap([Record(frame)])).stopped


@pytest.mark.parametrize("length", [0, 8, 11, 13, 0x40000001 & ~3 | 4, 0xFFFFFFFC])
def test_an_impossible_length_in_a_pcapng_stops_and_names_its_octet(length: int) -> None:
    octets = pcapng(RECORDS[:1])
    capture = capture_of(octets + struct.pack("<II", 6, length) + bytes(100))
    assert capture.stopped == f"octet {len(octets)}: a record has an impossible length"


def test_a_frame_longer_than_its_block_stops_the_reading() -> None:
    body = struct.pack("<IIIII", 0, 0, 0, 100, 100) + bytes(40)
    octets = section() + interface() + block(6, body)
    assert "impossible length" in capture_of(octets).stopped


def test_a_packet_of_an_unknown_interface_stops_the_reading() -> None:
    octets = section() + interface() + enhanced(FRAMES[0], 1, place=1)
    assert "does not have" in capture_of(octets).stopped


def test_a_section_without_byte_order_stops_the_reading() -> None:
    octets = pcapng(RECORDS[:1]) + struct.pack("<III", 0x0A0D0D0A, 28, 0xDEADBEEF) + bytes(16)
    assert "byte-order mark" in capture_of(octets).stopped


def test_too_many_interfaces_stop_the_reading() -> None:
    octets = section() + interface() * (MOST_INTERFACES + 1)
    assert "interfaces" in capture_of(octets).stopped


def test_a_long_block_is_passed_over_without_being_held() -> None:
    long = block(4, bytes(LONGEST_BLOCK + 4096))
    octets = section() + interface() + long + enhanced(FRAMES[0], 1)
    assert read(octets) == [(1_000, PAYLOADS[0])]


@pytest.mark.parametrize("ng", [False, True])
def test_a_capture_cut_anywhere_gives_the_records_before_the_cut(ng: bool) -> None:
    whole = pcapng(RECORDS) if ng else pcap(RECORDS)
    expected = read(whole)
    before = -1
    for cut in range(4, len(whole)):
        found = read(whole[:cut])
        assert found == expected[: len(found)]
        assert len(found) >= before
        before = len(found)
    assert before == len(expected) - 1


def test_only_a_capture_that_ends_between_records_is_complete() -> None:
    whole = pcap(RECORDS)
    assert not capture_of(whole).incomplete
    assert capture_of(whole[:-1]).incomplete
    assert capture_of(whole + b"\0").incomplete
    assert capture_of(whole[:20]).incomplete


@given(st.binary(max_size=400), st.booleans())
@settings(max_examples=100)
def test_any_octets_after_a_sound_beginning_end_the_reading_in_order(
    octets: bytes, ng: bool
) -> None:
    beginning = pcapng(RECORDS[:2]) if ng else pcap(RECORDS[:2])
    assert read(beginning + octets)[:2] == read(beginning)


@given(st.data())
@settings(max_examples=60)
def test_flipped_bits_never_break_the_reader(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([pcap(RECORDS), pcapng(RECORDS)])))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(4, len(whole) - 1))
        whole[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        capture = capture_of(bytes(whole))
    except CaptureError as error:
        refused = error
    else:
        assert capture.stopped == "" or capture.stopped.startswith("octet ")
        return
    assert "link type" in str(refused)


def test_records_across_buffers_are_whole() -> None:
    rng = np.random.default_rng(5)
    frames = [
        ethernet(ipv4(udp(rng.integers(0, 256, 1_000, np.uint8).tobytes())))
        for _ in range(2 * BUFFER_OCTETS // 1_042)
    ]
    for octets in (pcap(timed(frames)), pcapng(timed(frames))):
        assert [payload for _, payload in read(octets)] == [frame[42:] for frame in frames]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize(
    "octets",
    [
        pcap(RECORDS, order=">", nanoseconds=True),
        pcapng(RECORDS, order=">"),
        section("<") + interface(resolution=0x80 | 20) + enhanced(FRAMES[0], 77 << 20 | 1 << 19),
        section(">") + interface(order=">", offset_s=100)
        + enhanced(FRAMES[0], 5_000_000, order=">"),
    ],
)  # fmt: skip
def test_times_and_lengths_are_those_of_tshark(octets: bytes) -> None:
    def ask(path: Path) -> list[list[str]]:
        fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "tcp.len"]
        told = subprocess.run(
            ["tshark", "-r", str(path), *fields], capture_output=True, text=True, check=True
        )
        return [line.split("\t") for line in told.stdout.splitlines()]

    found = [(time, len(payload)) for time, payload in read(octets)]
    expected = [
        (int(time.replace(".", "")), int(length)) for time, length in with_file(octets, ask)
    ]
    assert found == expected
