"""TCP streams: however they are cut, mixed up, repeated or torn, the messages are the same."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.observe.reading import SMALL, Found, dissect, plain

from checkvalve.observe.captures import streams
from checkvalve.observe.captures.streams import (
    DECODED,
    DROPPED_WAITING,
    DUPLICATE,
    LONGEST_WAIT_NS,
    MISSING,
    MOST_WAITING,
    OVERLAPS,
    SEEN,
    SKIPPED,
)
from checkvalve.observe.protocols.modbus import Modbus
from checkvalve.testing.packets import (
    ACK,
    CLIENT,
    FIN,
    RST,
    SERVER,
    SYN,
    Datagram,
    Record,
    ethernet,
    ipv4,
    pcap,
    stream,
    tcp,
    timed,
    udp,
)

COUNT = 12
#: Where the streams of client and server begin.
CLIENT_FIRST, SERVER_FIRST = 0xFFFFFFF0, 7_000


def read_registers(transaction: int, quantity: int = 4) -> bytes:
    return struct.pack(">HHHBBHH", transaction, 0, 6, 1, 3, 100 + transaction, quantity)


def registers(transaction: int, quantity: int = 4) -> bytes:
    values = bytes((transaction + k) & 0xFF for k in range(2 * quantity))
    head = struct.pack(">HHHBBB", transaction, 0, 3 + 2 * quantity, 1, 3, 2 * quantity)
    return head + values


REQUESTS = b"".join(read_registers(k) for k in range(COUNT))
RESPONSES = b"".join(registers(k) for k in range(COUNT))
MESSAGES = [(3, 1, k << 8 | 1, 1, 0) for k in range(COUNT)]
ANSWERS = [(3, 2, k << 8 | 1, 1, 0) for k in range(COUNT)]


def asks(octets: bytes = REQUESTS, cuts: Iterable[int] = (), *, at: int = 0) -> list[Datagram]:
    return stream(octets, cuts, first=CLIENT_FIRST + at)


def answers(octets: bytes = RESPONSES, cuts: Iterable[int] = (), *, at: int = 0) -> list[Datagram]:
    return stream(octets, cuts, first=SERVER_FIRST + at, source=502, destination=50_000)


def from_client(segment: Datagram) -> bytes:
    return ethernet(ipv4(segment))


def from_server(segment: Datagram) -> bytes:
    return ethernet(ipv4(segment, source=SERVER, destination=CLIENT))


def handshake() -> list[bytes]:
    return [
        from_client(tcp(sequence=CLIENT_FIRST - 1, flags=SYN)),
        from_server(
            tcp(
                sequence=SERVER_FIRST - 1, acknowledged=CLIENT_FIRST, flags=SYN,
                source=502, destination=50_000,
            )
        ),
    ]  # fmt: skip


def acknowledgement(of_client: int) -> bytes:
    """The server acknowledges the client's first octets."""
    return from_server(
        tcp(
            source=502, destination=50_000, sequence=SERVER_FIRST,
            acknowledged=CLIENT_FIRST + of_client,
        )
    )  # fmt: skip


def read(frames: Sequence[bytes], *, step: int = 1_000_000) -> Found:
    found = dissect(pcap(timed(frames, step=step), nanoseconds=True), protocols=(Modbus(),))
    assert found.octets_add_up()
    return found


def assert_all_messages(found: Found) -> None:
    client = found.messages["from_client"] == 1
    assert plain(found.messages[client]) == MESSAGES
    assert plain(found.messages[~client]) == ANSWERS
    assert [row["status"] for row in found.rows] == ["ok"] * COUNT
    assert [row["raw"] for row in found.rows] == [registers(k)[9:] for k in range(COUNT)]
    assert found.tally[SKIPPED] == found.tally[MISSING] == found.tally[OVERLAPS] == 0


def both(ours: Sequence[Datagram], theirs: Sequence[Datagram]) -> list[bytes]:
    return [*map(from_client, ours), *map(from_server, theirs)]


# What must not matter.

cuts = st.lists(st.integers(1, len(RESPONSES) - 1), max_size=20)


@given(cuts, cuts)
@settings(max_examples=60)
def test_any_cut_of_a_stream_gives_the_same_messages(one: list[int], other: list[int]) -> None:
    assert_all_messages(read([*handshake(), *both(asks(cuts=one), answers(cuts=other))]))


def test_a_stream_cut_into_single_octets_gives_the_same_messages() -> None:
    every = range(1, len(RESPONSES))
    assert_all_messages(read([*handshake(), *both(asks(cuts=every), answers(cuts=every))]))


@given(st.data())
@settings(max_examples=60)
def test_segments_in_any_order_and_more_than_once_give_the_same_messages(
    data: st.DataObject,
) -> None:
    segments = [*asks(cuts=data.draw(cuts))]
    again = data.draw(st.lists(st.sampled_from(segments), max_size=6))
    mixed = data.draw(st.permutations(segments + again))
    assert_all_messages(read([*handshake(), *both(mixed, answers())], step=1_000))


@given(st.lists(st.tuples(st.integers(0, 140), st.integers(1, 60)), min_size=1, max_size=15))
@settings(max_examples=60)
def test_overlapping_segments_with_the_same_octets_give_the_same_messages(
    spans: list[tuple[int, int]],
) -> None:
    segments = [
        segment
        for at, octets in spans
        if REQUESTS[at : at + octets]
        for segment in asks(REQUESTS[at : at + octets], at=at)
    ]
    frames = [*handshake(), *both([*segments, *asks()], answers())]
    assert_all_messages(read(frames, step=1_000))


@given(st.data())
@settings(max_examples=30)
def test_a_double_mirror_gives_every_message_once(data: st.DataObject) -> None:
    frames = [*handshake(), *both(asks(cuts=data.draw(cuts)), answers(cuts=data.draw(cuts)))]
    assert_all_messages(read([frame for frame in frames for _ in range(2)], step=10_000))


def test_a_double_mirror_of_datagrams_is_noticed_within_two_milliseconds() -> None:
    def sent(mark: int) -> bytes:
        return ethernet(
            ipv4(
                udp(read_registers(1), destination=502, checksum=mark), identification=mark
            )
        )  # fmt: skip

    found = read([sent(1), sent(1), sent(2)], step=1_000_000)
    assert len(found.messages) == 2
    assert found.tally[DUPLICATE] == 12
    assert len(read([sent(1), sent(1)], step=3_000_000).messages) == 2


def test_a_keep_alive_is_no_message() -> None:
    keep_alive = tcp(b"\0", sequence=CLIENT_FIRST + len(REQUESTS) - 1)
    assert_all_messages(read([*handshake(), *both([*asks(), keep_alive], answers())]))


# What is missing.


def lose(segments: list[Datagram], *places: int) -> list[Datagram]:
    return [segment for k, segment in enumerate(segments) if k not in places]


EACH = range(12, len(REQUESTS), 12)


def test_a_gap_that_the_peer_acknowledged_is_skipped_at_once() -> None:
    torn = lose(asks(cuts=EACH), 4)
    frames = [*handshake(), *map(from_client, torn[:4]), acknowledgement(60)]
    frames += map(from_client, torn[4:])
    found = read(frames)
    assert plain(found.messages) == MESSAGES[:4] + MESSAGES[5:]
    assert (found.tally[MISSING], found.tally[SKIPPED]) == (12, 0)
    assert found.gaps["octets missing in a stream"][1] == 12
    times = [int(time) for time in found.messages["time"]]
    assert times == sorted(times)
    assert times[5] - times[4] == 1_000_000


def test_a_gap_that_nobody_acknowledged_is_waited_for_two_seconds() -> None:
    torn = lose(asks(cuts=EACH), 4)
    records = timed([*handshake(), *map(from_client, torn)])
    late = replace(records[-1], time=records[6].time + LONGEST_WAIT_NS + 1)
    just = replace(records[-1], time=records[6].time + LONGEST_WAIT_NS)

    def decoded_before_the_end(last: Record) -> int:
        capture = pcap([*records[:-1], last], nanoseconds=True)
        return len(dissect(capture, protocols=(Modbus(),)).seen[0].exchanges)

    found = dissect(pcap([*records[:-1], late], nanoseconds=True), protocols=(Modbus(),))
    assert plain(found.messages) == MESSAGES[:4] + MESSAGES[5:]
    assert found.waiting_before_finish == 0
    found = dissect(pcap([*records[:-1], just], nanoseconds=True), protocols=(Modbus(),))
    assert found.waiting_before_finish == 7 * 12
    assert plain(found.messages) == MESSAGES[:4] + MESSAGES[5:]


@given(st.sets(st.integers(0, 40), max_size=12), cuts, st.booleans())
@settings(max_examples=80)
def test_a_gap_costs_at_most_the_messages_it_hits(
    lost: set[int], places: list[int], acknowledged: bool
) -> None:
    segments = asks(cuts=places)
    torn = lose(segments, *lost)
    frames = [*handshake()]
    for segment in torn:
        frames.append(from_client(segment))
        if acknowledged:
            start = struct.unpack(">I", segment.octets[4:8])[0] - CLIENT_FIRST & 0xFFFFFFFF
            frames.append(acknowledgement(start + len(segment.octets) - 20))
    found = read(frames)
    present = bytearray(len(REQUESTS))
    for segment in torn:
        start = struct.unpack(">I", segment.octets[4:8])[0] - CLIENT_FIRST & 0xFFFFFFFF
        present[start : start + len(segment.octets) - 20] = b"\1" * (len(segment.octets) - 20)
    untouched = {k for k in range(COUNT) if all(present[12 * k : 12 * k + 12])}
    keys = {int(row["key"]) >> 8 for row in found.messages if row["code"] == 3}
    assert untouched <= keys
    assert keys <= set(range(COUNT))


def test_a_stream_whose_start_was_missed_is_read_from_its_first_message() -> None:
    for cut in range(1, 25):
        found = read(both(asks(REQUESTS[cut:], at=cut), answers(RESPONSES[cut:], at=cut)))
        skipped = -(-cut // 12)
        client = found.messages["from_client"] == 1
        codes = found.messages[client & (found.messages["code"] == 3)]
        assert plain(codes) == MESSAGES[skipped:], cut


def test_one_direction_alone_is_read() -> None:
    found = read([*map(from_client, asks())])
    assert [row["status"] for row in found.rows] == ["no reply"] * COUNT
    found = read([*map(from_server, answers())])
    assert [row["status"] for row in found.rows] == ["unmatched"] * COUNT
    assert {(row["source"], row["destination"]) for row in found.rows} == {(CLIENT, SERVER)}


def test_a_frame_cut_by_the_sensor_costs_its_message() -> None:
    records = timed([*handshake(), *map(from_client, asks(cuts=EACH))])
    cut = replace(records[6], frame=records[6].frame[:-5], original=len(records[6].frame))
    found = dissect(pcap([*records[:6], cut, *records[7:]]), protocols=(Modbus(),))
    assert plain(found.messages[found.messages["code"] == 3]) == MESSAGES[:4] + MESSAGES[5:]
    assert found.gaps["cut frame"] == (1, 0)
    assert found.octets_add_up()


# What contradicts itself.


def test_the_first_of_two_contradicting_segments_wins_and_is_counted() -> None:
    other = REQUESTS[:12] + b"\xee" * 12 + REQUESTS[24:36]
    found = read([*handshake(), *both([*asks(), *asks(other)], answers())])
    assert plain(found.messages[:COUNT]) == MESSAGES
    assert found.tally[OVERLAPS] == 1
    assert found.tally[DUPLICATE] == 36
    assert "overlapping octets differ" in found.gaps


def test_contradicting_segments_that_wait_are_counted() -> None:
    ahead = asks(REQUESTS[24:], at=24)
    other = asks(b"\xee" * 24, at=24)
    found = read([*handshake(), *map(from_client, [*ahead, *other, *asks(REQUESTS[:24])])])
    assert plain(found.messages) == MESSAGES
    assert found.tally[OVERLAPS] == 1


# Conversations.


def test_a_new_initial_sequence_number_is_a_new_conversation() -> None:
    again = [
        from_client(tcp(sequence=50_000_000, flags=SYN)),
        *map(from_client, stream(read_registers(99), first=50_000_001)),
    ]
    found = read([*handshake(), *both(asks(), answers()), *again])
    conversations = [row["conversation"] for row in found.rows]
    assert len(set(conversations[:COUNT])) == 1
    assert conversations[COUNT] != conversations[0]
    flows = {(flow["conversation"], flow["opening_seen"]) for flow in found.flows}
    assert flows == {(conversations[0], True), (conversations[COUNT], True)}


def test_a_repeated_syn_is_the_same_conversation() -> None:
    frames = [*handshake()[:1], *handshake(), *both(asks(), answers())]
    found = read([*frames, handshake()[0]])
    assert {row["conversation"] for row in found.rows} == {found.rows[0]["conversation"]}


def test_who_sent_the_syn_is_the_client_whatever_the_ports() -> None:
    syn = from_server(tcp(sequence=1, flags=SYN, source=502, destination=50_000))
    found = read([syn, *map(from_server, stream(
        read_registers(3), first=2, source=502, destination=50_000))])  # fmt: skip
    assert [(row["source"], row["status"]) for row in found.rows] == [(SERVER, "no reply")]


@pytest.mark.parametrize("flags", [FIN, RST])
def test_a_closed_conversation_says_so(flags: int) -> None:
    ends = [
        from_client(tcp(sequence=CLIENT_FIRST + len(REQUESTS), flags=flags | ACK)),
        from_server(
            tcp(
                sequence=SERVER_FIRST + len(RESPONSES), flags=FIN | ACK, source=502,
                destination=50_000,
            )
        ),
    ]  # fmt: skip
    found = read([*handshake(), *both(asks(), answers()), *ends])
    assert_all_messages(found)
    assert [flow["closed"] for flow in found.flows] == [True]


def test_octets_in_the_syn_begin_the_stream() -> None:
    syn = from_client(tcp(REQUESTS[:24], sequence=CLIENT_FIRST - 1, flags=SYN))
    found = read([syn, *map(from_client, asks(REQUESTS[24:], at=24))])
    assert plain(found.messages) == MESSAGES


def test_the_octets_of_a_fin_are_read_too() -> None:
    last = tcp(REQUESTS, sequence=CLIENT_FIRST, flags=FIN | ACK)
    assert_all_messages(read([*handshake(), *both([last], answers())]))


# Bounds.


def test_no_more_than_so_much_waits_in_one_direction() -> None:
    ahead = [tcp(bytes(1_400), sequence=CLIENT_FIRST + 12 + 1_400 * k) for k in range(1, 80)]
    frames = [*handshake(), *map(from_client, [*asks(REQUESTS[:12]), *ahead])]
    found = read(frames, step=1_000)
    assert found.waiting_before_finish <= MOST_WAITING
    assert found.tally[SEEN] == 12 + 79 * 1_400
    assert found.tally[MISSING] >= 1_400


def test_what_finds_no_room_is_counted_and_later_messages_are_read() -> None:
    tight = replace(SMALL, pool_octets=4_096, early_segments=3)
    torn = lose(asks(cuts=EACH), 2)
    frames = [*handshake(), *map(from_client, torn), acknowledgement(len(REQUESTS))]
    found = dissect(pcap(timed(frames)), protocols=(Modbus(),), limits=tight)
    assert found.octets_add_up()
    kept = len(found.messages[found.messages["code"] == 3])
    assert kept + found.tally[DROPPED_WAITING] // 12 >= COUNT - 1
    assert found.tally[DECODED] == 12 * kept


def test_distances_of_sequence_numbers_wrap() -> None:
    for to, start, ahead in (
        (5, 3, 2),
        (3, 5, -2),
        (2, 0xFFFFFFFE, 4),
        (0xFFFFFFFE, 2, -4),
        (0x80000000, 0, -0x80000000),
        (0x7FFFFFFF, 0, 0x7FFFFFFF),
    ):
        assert streams.distance.py_func(to, start) == ahead
