"""TCP segments in order, UDP datagrams as they come: one piece after another.

One small state per direction (RFC 9293). A segment that continues its stream is handed on
where it lies; one that comes early waits in a pool. A gap is skipped once the peer has
acknowledged it (the sensor missed it, the peer did not), once it is 2 s old, or once the
direction's 64 KiB are full. Where octets overlap, the first arrival wins (Ptacek and
Newsham 1998); differing octets are counted as far as the first are still at hand. A start
in mid-stream is accepted. A new initial sequence number on old ports is a new conversation.

Every payload octet that was captured is in one of: a piece, waiting, or ``DUPLICATE`` /
``DROPPED_WAITING`` of the tally.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.captures.conversations import (
    BATCH,
    CONVERSATIONS,
    TRAFFICS,
    count,
    find,
)
from checkvalve.observe.captures.packet import (
    ACK,
    BUFFER,
    FIN,
    I64S,
    OTHER_TRANSPORT,
    PACKETS,
    RST,
    SYN,
    TCP,
    UDP,
    WHOLE,
)
from checkvalve.observe.captures.tables import ADDRESSES, BLOCK_OCTETS, BLOCKS, load, release, store
from checkvalve.observe.compiling import INNER, JIT, i64, u32

Array = np.ndarray[Any, Any]

#: State of one direction of a conversation; row ``slot * 2 + direction``.
DIRECTION: Final = np.dtype(
    [
        ("known", "u1"),  # ``next`` means something
        ("finished", "u1"),
        ("next", "u4"),  # sequence number that continues the stream
        ("first", "u4"),  # the initial sequence number, when its SYN was seen
        ("opened", "u1"),
        ("acknowledged", "u4"),  # by the peer
        ("peer_acknowledges", "u1"),
        ("early", "i4"),  # first waiting segment, in order
        ("early_octets", "i4"),
        ("early_since", "i8"),
        # the last piece that was handed on in place, while its buffer lasts
        ("batch", "i8"),
        ("last_sequence", "u4"),
        ("last_at", "i8"),
        ("last_octets", "i4"),
        # of the protocol above
        ("synchronised", "u1"),
        ("torn", "u1"),  # octets are missing since the last message
        ("pending", "i4"),  # first block of an unfinished message
        ("pending_octets", "i4"),
        ("lost", "i8"),  # octets skipped since the last message
    ]
)
DIRECTIONS: Final = types.Array(nb.from_dtype(DIRECTION), 1, "C")

#: A segment that came early. Row 0: ``next`` is the first free row, ``octets`` the rows used.
EARLY: Final = np.dtype(
    [("next", "i4"), ("sequence", "u4"), ("octets", "i4"), ("blocks", "i4"), ("missing", "i4")]
)
EARLIES: Final = types.Array(nb.from_dtype(EARLY), 1, "C")

#: What is handed on, in order of arrival.
PIECE: Final = np.dtype(
    [
        ("slot", "i4"),
        ("direction", "u1"),
        ("kind", "u1"),
        ("offset", "i8"),
        ("octets", "i8"),
        ("time", "i8"),
        ("packet", "i8"),
    ]
)
PIECES: Final = types.Array(nb.from_dtype(PIECE), 1, "C")
DATA: Final = 1
GAP: Final = 2
DATAGRAM: Final = 3

LONGEST_WAIT_NS: Final = 2_000_000_000
MOST_WAITING: Final = 65_536
DOUBLE_MIRROR_NS: Final = 2_000_000

# Places in the tally that the kernels keep.
SEEN: Final = 0  # payload octets captured
DUPLICATE: Final = 1  # ... of retransmissions and of a double mirror
DROPPED_WAITING: Final = 2  # ... of early segments for which there was no room
MISSING: Final = 3  # octets that never came, or were cut off
OVERLAPS: Final = 4  # segments that overlap with other octets
CUT: Final = 5  # frames cut short
NO_ROOM: Final = 6  # packets for whose addresses there was no room
DUPLICATES: Final = 7  # packets that a double mirror gave twice
# ... and of the protocols
DECODED: Final = 8  # octets in messages
SKIPPED: Final = 9  # octets skipped to resynchronise
UNDECODED: Final = 10  # octets of conversations in no known protocol
MALFORMED_MESSAGES: Final = 11
MESSAGES_DECODED: Final = 12
TALLY: Final = 16


@nb.njit(types.int64(types.uint32, types.uint32), **JIT)
def distance(to: int, start: int) -> int:
    """``to - start`` of two sequence numbers, from -2^31 to 2^31 - 1."""
    ahead = (i64(to) - i64(start)) & 0xFFFFFFFF
    return ahead - 0x100000000 if ahead >= 0x80000000 else ahead


@nb.njit(
    types.int64(
        PIECES,
        types.int64,
        types.int64,
        types.int64,
        types.int64,
        types.int64,
        types.int64,
        types.int64,
    ),
    **INNER,
)
def _hand_on(
    out: Array, n: int, side: int, kind: int, offset: int, octets: int, time: int, packet: int
) -> int:
    row = out[n]
    row.slot = side >> 1
    row.direction = side & 1
    row.kind = kind
    row.offset = offset
    row.octets = octets
    row.time = time
    row.packet = packet
    return n + 1


@nb.njit(types.int64(DIRECTIONS, EARLIES, BLOCKS, types.int64, types.int64), **INNER)
def _forget_first(sides: Array, early: Array, blocks: Array, side: int, waiting: int) -> int:
    """Drop the first waiting segment of a side; the one after it."""
    following = i64(early[waiting].next)
    release(blocks, early[waiting].blocks)
    sides[side].early_octets -= early[waiting].octets
    sides[side].early = following
    early[waiting].next = early[0].next
    early[0].next = waiting
    early[0].octets -= 1
    return following


@nb.njit(
    types.int64(
        DIRECTIONS,
        EARLIES,
        BLOCKS,
        types.int64,
        BUFFER,
        I64S,
        I64S,
        PIECES,
        types.int64,
        types.int64,
        types.int64,
        types.boolean,
    ),
    **JIT,
)
def drain(
    sides: Array,
    early: Array,
    blocks: Array,
    side: int,
    data: Array,
    spill: Array,
    tally: Array,
    out: Array,
    n: int,
    time: int,
    packet: int,
    skip: bool,
) -> int:
    """Hand on the waiting segments that now continue the stream; the next free piece.

    ``skip`` gives up the first gap. ``spill[0]`` is where ``data`` has room, ``spill[1]``
    where that room ends; what finds no room waits on.
    """
    waiting = i64(sides[side].early)
    while waiting and n + 2 < len(out):
        row = early[waiting]
        ahead = distance(row.sequence, sides[side].next)
        octets = i64(row.octets)
        if spill[0] + octets > spill[1]:
            break
        if ahead > 0:
            if not skip:
                break
            n = _hand_on(out, n, side, GAP, 0, ahead, time, packet)
            tally[MISSING] += ahead
            sides[side].next = row.sequence
            ahead = i64(0)
            skip = False
        fresh = octets + ahead
        if fresh > 0:
            load(blocks, row.blocks, octets, data, spill[0])
            n = _hand_on(out, n, side, DATA, spill[0] - ahead, fresh, time, packet)
            spill[0] += octets
            tally[DUPLICATE] -= ahead
            sides[side].next = u32(i64(row.sequence) + octets)
            if row.missing:
                n = _hand_on(out, n, side, GAP, 0, row.missing, time, packet)
                tally[MISSING] += row.missing
                sides[side].next = u32(i64(sides[side].next) + row.missing)
        else:
            tally[DUPLICATE] += octets
        waiting = _forget_first(sides, early, blocks, side, waiting)
    return n


@nb.njit(types.boolean(BLOCKS, types.int64, BUFFER, types.int64, types.int64), **INNER)
def _same(blocks: Array, first: int, data: Array, at: int, octets: int) -> bool:
    block = first
    place = 0
    for i in range(octets):
        if place == BLOCK_OCTETS:
            block = i64(blocks[block].next)
            place = 0
        if block == 0 or blocks[block].octets[place] != data[at + i]:
            return False
        place += 1
    return True


@nb.njit(
    types.boolean(
        DIRECTIONS,
        EARLIES,
        BLOCKS,
        types.int64,
        BUFFER,
        types.uint32,
        types.int64,
        types.int64,
        types.int64,
        types.int64,
        I64S,
    ),
    **INNER,
)
def _wait(
    sides: Array,
    early: Array,
    blocks: Array,
    side: int,
    data: Array,
    sequence: int,
    at: int,
    octets: int,
    missing: int,
    time: int,
    tally: Array,
) -> bool:
    """Keep a segment that came early, in order; False when there is no room."""
    before = i64(0)
    after = i64(sides[side].early)
    while after and distance(early[after].sequence, sequence) < 0:
        before, after = after, i64(early[after].next)
    if after and early[after].sequence == sequence and early[after].octets >= octets:
        tally[DUPLICATE] += octets
        if not _same(blocks, early[after].blocks, data, at, octets):
            tally[OVERLAPS] += 1
        return True
    if sides[side].early_octets + octets > MOST_WAITING or early[0].octets + 2 > len(early):
        return False
    first = store(blocks, data, at, octets)
    if first == 0:
        return False
    place = i64(early[0].next)
    if place:
        early[0].next = early[place].next
    else:
        place = i64(early[0].octets) + 1
    early[0].octets += 1
    row = early[place]
    row.sequence = sequence
    row.octets = octets
    row.blocks = first
    row.missing = missing
    row.next = after
    if before:
        early[before].next = place
    else:
        sides[side].early = place
    if sides[side].early_octets == 0:
        sides[side].early_since = time
    sides[side].early_octets += octets
    return True


@nb.njit(types.void(DIRECTIONS, types.int64), **JIT)
def clear_side(sides: Array, side: int) -> None:
    """Forget all of one direction; what it kept in the pool must have been released."""
    s = sides[side]
    s.known = 0
    s.finished = 0
    s.opened = 0
    s.peer_acknowledges = 0
    s.early = 0
    s.early_octets = 0
    s.early_since = 0
    s.batch = 0
    s.synchronised = 0
    s.torn = 0
    s.pending = 0
    s.pending_octets = 0
    s.lost = 0


@nb.njit(
    types.void(
        DIRECTIONS, types.int64, BUFFER, types.uint32, types.int64, types.int64, types.int64, I64S
    ),
    **INNER,
)
def _compare_again(
    sides: Array,
    side: int,
    data: Array,
    sequence: int,
    at: int,
    octets: int,
    batch: int,
    tally: Array,
) -> None:
    """Count octets sent again that differ from the last piece, as far as that is at hand."""
    s = sides[side]
    if s.batch != batch:
        return
    shift = distance(sequence, s.last_sequence)
    start = max(shift, i64(0))
    end = min(shift + octets, i64(s.last_octets))
    for i in range(start, end):
        if data[s.last_at + i] != data[at + i - shift]:
            tally[OVERLAPS] += 1
            return


@nb.njit(
    types.int64(
        DIRECTIONS,
        EARLIES,
        BLOCKS,
        types.int64,
        BUFFER,
        I64S,
        I64S,
        PACKETS,
        types.int64,
        PIECES,
        types.int64,
        types.int64,
    ),
    **INNER,
)
def _segment(
    sides: Array,
    early: Array,
    blocks: Array,
    side: int,
    data: Array,
    spill: Array,
    tally: Array,
    packets: Array,
    n: int,
    out: Array,
    m: int,
    batch: int,
) -> int:
    """Take the payload of TCP segment ``n``; the next free piece."""
    row = packets[n]
    s = sides[side]
    sequence = u32(row.sequence)
    if row.flags & SYN:
        sequence = u32(i64(sequence) + 1)
    at = i64(row.payload)
    octets = i64(row.present)
    whole = i64(row.octets)
    if not s.known:
        s.known = 1
        s.next = sequence
    ahead = distance(sequence, s.next)
    if ahead < 0:
        again = min(-ahead, octets)
        if whole != 1 or ahead != -1:  # a keep-alive may hold any octet (RFC 9293, 3.8.4)
            _compare_again(sides, side, data, sequence, at, again, batch, tally)
        tally[DUPLICATE] += again
        if whole + ahead <= 0 or octets + ahead <= 0:
            return m
        at -= ahead
        octets += ahead
        whole += ahead
        sequence = s.next
        ahead = i64(0)
    if ahead > 0:
        passed = s.peer_acknowledges and distance(s.acknowledged, sequence) >= 0
        if s.early == 0 and passed:
            m = _hand_on(out, m, side, GAP, 0, ahead, row.time, row.number)
            tally[MISSING] += ahead
        else:
            if not _wait(
                sides,
                early,
                blocks,
                side,
                data,
                sequence,
                at,
                octets,
                whole - octets,
                row.time,
                tally,
            ):
                m = drain(
                    sides,
                    early,
                    blocks,
                    side,
                    data,
                    spill,
                    tally,
                    out,
                    m,
                    row.time,
                    row.number,
                    True,
                )
                tally[DROPPED_WAITING] += octets
            return m
    m = _hand_on(out, m, side, DATA, at, octets, row.time, row.number)
    s.last_sequence = sequence
    s.last_at = at
    s.last_octets = octets
    s.batch = batch
    if whole > octets:
        m = _hand_on(out, m, side, GAP, 0, whole - octets, row.time, row.number)
        tally[MISSING] += whole - octets
    s.next = u32(i64(sequence) + whole)
    if s.early:
        m = drain(
            sides, early, blocks, side, data, spill, tally, out, m, row.time, row.number, False
        )
    return m


@nb.njit(types.boolean(PACKETS, types.int64, DIRECTIONS, types.int64), **INNER)
def _begins_anew(packets: Array, n: int, sides: Array, side: int) -> bool:
    """A SYN whose initial sequence number is not this conversation's."""
    row = packets[n]
    if not row.flags & SYN or not sides[side].known:
        return False
    if sides[side].opened:
        return bool(sides[side].first != row.sequence)
    return not row.flags & ACK


@nb.njit(
    types.int64(
        BUFFER,
        PACKETS,
        types.int64,
        CONVERSATIONS,
        types.int64,
        DIRECTIONS,
        EARLIES,
        BLOCKS,
        I64S,
        I64S,
        PIECES,
        types.int64,
        types.int64,
    ),
    **INNER,
)
def _tcp(
    data: Array,
    packets: Array,
    n: int,
    table: Array,
    side: int,
    sides: Array,
    early: Array,
    blocks: Array,
    spill: Array,
    tally: Array,
    out: Array,
    m: int,
    batch: int,
) -> int:
    """Take TCP segment ``n`` of direction ``side``; the next free piece."""
    row = packets[n]
    s = sides[side]
    peer = sides[side ^ 1]
    conversation = table[side >> 1]
    if row.flags & ACK:
        if not peer.peer_acknowledges or distance(row.acknowledgement, peer.acknowledged) > 0:
            peer.acknowledged = row.acknowledgement
            peer.peer_acknowledges = 1
        passed = peer.early and distance(peer.acknowledged, early[peer.early].sequence) >= 0
        if passed:
            m = drain(
                sides,
                early,
                blocks,
                side ^ 1,
                data,
                spill,
                tally,
                out,
                m,
                row.time,
                row.number,
                True,
            )
    if row.flags & SYN:
        s.opened = 1
        s.first = row.sequence
        s.known = 1
        s.next = u32(i64(row.sequence) + 1)
        if row.flags & ACK:
            conversation.client = 1 - (side & 1)
        else:
            conversation.client = side & 1
        conversation.sure = 1
    if row.octets:
        m = _segment(sides, early, blocks, side, data, spill, tally, packets, n, out, m, batch)
    if s.early and row.time - s.early_since > LONGEST_WAIT_NS:
        m = drain(
            sides, early, blocks, side, data, spill, tally, out, m, row.time, row.number, True
        )
        s.early_since = row.time
    if row.flags & FIN:
        s.finished = 1
    if row.flags & RST or (s.finished and peer.finished):
        conversation.closed = 1
    return m


@nb.njit(types.boolean(PACKETS, types.int64, TRAFFICS, types.int64), **INNER)
def _is_copy(packets: Array, n: int, traffic: Array, side: int) -> bool:
    """Whether a double mirror gave datagram ``n`` a second time; remembers it."""
    row = packets[n]
    t = traffic[side]
    near = abs(row.time - t.mark_time) <= DOUBLE_MIRROR_NS
    copy: bool = row.mark != 0 and t.mark == row.mark and near
    t.mark = row.mark
    t.mark_time = row.time
    return copy


@nb.njit(types.boolean(PACKETS, types.int64, DIRECTIONS, EARLIES, types.int64), **INNER)
def _continues(packets: Array, n: int, sides: Array, early: Array, side: int) -> bool:
    """Whether segment ``n`` is what comes next and nothing waits: the usual case.

    Notes its acknowledgement.
    """
    row = packets[n]
    s = sides[side]
    peer = sides[side ^ 1]
    if (
        row.flags & (SYN | FIN | RST)
        or not s.known
        or s.next != row.sequence
        or s.early
        or peer.early
        or row.present != row.octets
    ):
        return False
    if row.flags & ACK and (
        not peer.peer_acknowledges or distance(row.acknowledgement, peer.acknowledged) > 0
    ):
        peer.acknowledged = row.acknowledgement
        peer.peer_acknowledges = 1
    return True


@nb.njit(
    types.int64(
        BUFFER,
        PACKETS,
        types.int64,
        types.int64,
        CONVERSATIONS,
        I64S,
        TRAFFICS,
        ADDRESSES,
        ADDRESSES,
        DIRECTIONS,
        EARLIES,
        BLOCKS,
        I64S,
        I64S,
        PIECES,
        I64S,
    ),
    **JIT,
)
def follow(
    data: Array,
    packets: Array,
    start: int,
    end: int,
    table: Array,
    book: Array,
    traffic: Array,
    addresses: Array,
    macs: Array,
    sides: Array,
    early: Array,
    blocks: Array,
    spill: Array,
    tally: Array,
    out: Array,
    done: Array,
) -> int:
    """Follow ``packets[start:end]``; how many pieces. ``done[0]`` is the first packet not taken.

    Stops early when ``out`` or the spill has no room for another packet.
    """
    m = i64(0)
    n = start
    while n < end:
        if m + 64 > len(out) or spill[0] + 2 * MOST_WAITING > spill[1]:
            break
        row = packets[n]
        if row.fate != WHOLE and row.fate != OTHER_TRANSPORT:
            n += 1
            continue
        opening = row.flags & SYN != 0
        found = find(table, traffic, book, addresses, macs, packets, n, opening, False)
        tcp = row.fate == WHOLE and row.protocol == TCP
        if opening and tcp and found and _begins_anew(packets, n, sides, found):
            found = find(table, traffic, book, addresses, macs, packets, n, True, True)
        if found == 0:
            tally[NO_ROOM] += 1
            n += 1
            continue
        if table[found >> 1].batch == 0:
            clear_side(sides, found)
            clear_side(sides, found ^ 1)
        if row.fate == WHOLE:
            tally[SEEN] += row.present
            if row.present < row.octets:
                tally[CUT] += 1
            if row.protocol == UDP and _is_copy(packets, n, traffic, found):
                tally[DUPLICATES] += 1
                tally[DUPLICATE] += row.present
                n += 1
                continue
        count(table, traffic, book, packets, n, found)
        if tcp:
            if _continues(packets, n, sides, early, found):
                s = sides[found]
                if row.octets:
                    m = _hand_on(out, m, found, DATA, row.payload, row.octets, row.time, row.number)
                    s.last_sequence = s.next
                    s.last_at = row.payload
                    s.last_octets = row.octets
                    s.batch = book[BATCH]
                    s.next = u32(i64(s.next) + row.octets)
            else:
                m = _tcp(
                    data, packets, n, table, found, sides, early, blocks, spill, tally, out, m,
                    book[BATCH],
                )  # fmt: skip
        elif row.fate == WHOLE and row.present:
            m = _hand_on(out, m, found, DATAGRAM, row.payload, row.present, row.time, row.number)
        n += 1
    done[0] = n
    return m
