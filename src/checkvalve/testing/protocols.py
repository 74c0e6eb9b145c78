"""What every protocol owes, as code.

Each law takes a protocol and octets, and raises ``AssertionError`` where it is broken.
``Talk`` is what both ends say; a member's own tests hand in messages of their own.

Example:
    ::

        talk = Talk(client=(request,), server=(response,))

        @given(st.lists(st.integers(1, 200)), st.lists(st.integers(1, 200)))
        def test_my_protocol_reads_any_cut_of_a_stream_alike(asked, answered):
            any_cut_reads_alike(MyProtocol(), talk, asked, answered)
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from checkvalve.observe.captures import streams
from checkvalve.observe.captures.files import Capture
from checkvalve.observe.dissector import Dissector, Limits, Seen
from checkvalve.observe.protocols.base import MALFORMED, MAX_ROWS, MESSAGE, NEED_MORE, Protocol
from checkvalve.records import INTENTS, STATUSES
from checkvalve.testing.packets import (
    ACK,
    CLIENT,
    SERVER,
    SYN,
    Datagram,
    ethernet,
    ipv4,
    pcap,
    stream,
    tcp,
    timed,
)

Array = np.ndarray[Any, Any]

#: Room for a small conversation, so that a dissector is made quickly.
SMALL: Final = Limits(
    conversations=64,
    addresses=256,
    names=256,
    pool_octets=1 << 20,
    early_segments=256,
    open_requests=1024,
    packets=1024,
)
#: Octets around a message that reading outside of it would show.
GUARD: Final = b"\xa5" * 64

_CLIENT_FIRST: Final = 1_000
_SERVER_FIRST: Final = 0xFFFFFFF0

#: What a message says, apart from when, where and between whom.
_SAID: Final = (
    "dialect", "kind", "status", "reason", "item", "code", "context", "device", "key",
    "name_octets", "first", "last", "quantity", "error", "raw_octets", "from_client", "octets",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Talk:
    """What two ends say to each other: whole messages, in the order in which they are sent."""

    client: tuple[bytes, ...]
    server: tuple[bytes, ...]


# One message


def beginnings_ask_for_more(protocol: Protocol, message: bytes) -> None:
    """Any beginning of a message asks for more; the whole is as long as it is."""
    for cut in range(len(message)):
        assert framed(protocol, message[:cut]) == NEED_MORE, f"{cut} octets of {message.hex()}"
    assert framed(protocol, message) == len(message)
    assert framed(protocol, message + message[:1]) == len(message)


def any_octets_are_framed(protocol: Protocol, octets: bytes) -> None:
    """A length is never more than is there, and never less than nothing but ``NEED_MORE``."""
    length = framed(protocol, octets)
    assert NEED_MORE <= length <= len(octets)
    assert framed(protocol, octets, guard=b"\x5a" * 64) == length, "it reads outside"


def any_message_is_decoded(protocol: Protocol, octets: bytes, *, from_client: bool) -> None:
    """What ``frame`` accepts gives rows: within bounds, with words for what they hold."""
    length = framed(protocol, octets)
    if length <= 0:
        return
    message = octets[:length]
    rows = decoded(protocol, message, from_client=from_client)
    again = decoded(protocol, message, from_client=from_client, guard=b"\x5a" * 64)
    assert [_repr(row) for row in rows] == [_repr(row) for row in again], "it reads outside"
    for row in rows:
        _row_is_sound(protocol, message, row)


def framed(protocol: Protocol, octets: bytes, *, guard: bytes = GUARD) -> int:
    """What ``frame`` says of octets in the midst of others."""
    data = np.frombuffer(guard + octets + guard, np.uint8)
    return int(type(protocol).frame(data, len(guard), len(guard) + len(octets)))


def decoded(
    protocol: Protocol, message: bytes, *, from_client: bool, guard: bytes = GUARD
) -> Array:
    """The rows of one message in the midst of other octets, dtype ``MESSAGE``."""
    data = np.frombuffer(guard + message + guard, np.uint8)
    out = np.zeros(MAX_ROWS + 2, MESSAGE)
    out.view(np.uint8)[:] = 0xA5
    untouched = out[[0, -1]].copy()
    end = len(guard) + len(message)
    last = int(type(protocol).decode(data, len(guard), end, from_client, out, 1))
    assert 1 < last <= MAX_ROWS + 1, f"{last - 1} rows"
    assert out[[0, -1]].tobytes() == untouched.tobytes(), "it writes outside"
    return out[1:last]


def _row_is_sound(protocol: Protocol, message: bytes, row: np.void) -> None:
    dialect, code, context = (int(row[name]) for name in ("dialect", "code", "context"))
    assert dialect < len(protocol.dialects)
    assert row["status"] < len(STATUSES)
    assert (row["status"] == MALFORMED) == (row["reason"] != 0)
    start, end = len(GUARD), len(GUARD) + len(message)
    for place, octets in (("raw", "raw_octets"), ("name", "name_octets"), ("host", "host_octets")):
        at, size = int(row[place]), int(row[octets])
        assert at == -1 or (start <= at and 0 <= size <= end - at), f"{place} lies outside"
    if code != -1:
        function = protocol.function(dialect, code, context)
        assert function.name.isprintable()
        assert function.intent in INTENTS
    at = int(row["name"]) - start
    name = message[at : at + int(row["name_octets"])] if at >= 0 else b""
    assert protocol.space(dialect, int(row["space"]), name).isprintable()


def _repr(row: np.void) -> str:
    return repr(row.tolist())


# Streams


def any_cut_reads_alike(
    protocol: Protocol, talk: Talk, client_cuts: Iterable[int], server_cuts: Iterable[int]
) -> None:
    """Where a stream is cut into segments makes no difference."""
    whole = dissected(protocol, conversation(talk))
    pieces = dissected(protocol, conversation(talk, client_cuts, server_cuts))
    assert said(pieces) == said(whole)
    assert octets_add_up(pieces)


def disorder_reads_alike(
    protocol: Protocol, talk: Talk, cuts: Iterable[int], order: Sequence[int]
) -> None:
    """The client's segments in any order, some of them twice, make no difference.

    Args:
        protocol: the member.
        talk: what is said.
        cuts: where the client's octets are cut.
        order: places of segments, modulo their number; those that are missing follow.
    """
    whole = dissected(protocol, conversation(talk))
    segments = stream(b"".join(talk.client), cuts, first=_CLIENT_FIRST)
    places = [place % len(segments) for place in order]
    mixed = [segments[place] for place in (*places, *range(len(segments)))]
    server = stream(b"".join(talk.server), first=_SERVER_FIRST, source=502, destination=50_000)
    found = dissected(protocol, [*opening(), *_from_client(mixed), *_from_server(server)])
    assert said(found) == said(whole)
    assert octets_add_up(found)


def garbage_costs_what_it_hits(protocol: Protocol, talk: Talk, place: int, garbage: bytes) -> None:
    """Octets overwritten in the client's stream cost the messages that they hit, no others.

    What they hit may be lost or misread; all before and all behind it is as it was, and every
    octet is accounted for.

    Args:
        protocol: the member.
        talk: what is said.
        place: of the octet where the garbage begins, modulo the client's octets.
        garbage: what stands there instead.
    """
    octets = bytearray(b"".join(talk.client))
    place %= len(octets)
    octets[place : place + len(garbage)] = garbage[: len(octets) - place]
    ends = np.cumsum([len(message) for message in talk.client])
    first = int(np.searchsorted(ends, place, side="right"))
    last = int(np.searchsorted(ends, place + len(garbage) - 1, side="right"))
    rows = [len(decoded(protocol, message, from_client=True)) for message in talk.client]
    before, behind = sum(rows[:first]), sum(rows[last + 1 :])
    whole = said(dissected(protocol, conversation(talk)))[1]
    found = dissected(protocol, conversation(Talk((bytes(octets),), talk.server), ends))
    assert octets_add_up(found)
    left = said(found)[1]
    assert left[:before] == whole[:before], "what came before the garbage has changed"
    assert left[len(left) - behind :] == whole[len(whole) - behind :], "what came behind is lost"


@dataclass(frozen=True, slots=True)
class Dissected:
    """What a dissector made of a capture.

    Attributes:
        messages: rows of dtype ``MESSAGE``.
        seen: what it handed out.
        dissector: the dissector itself.
    """

    messages: Array
    seen: tuple[Seen, ...]
    dissector: Dissector


def dissected(protocol: Protocol, frames: Iterable[bytes]) -> Dissected:
    """What a dissector of this protocol alone makes of Ethernet frames."""
    messages: list[Array] = [np.zeros(0, MESSAGE)]
    dissector = Dissector(
        limits=SMALL,
        protocols=(protocol,),
        on_messages=lambda rows: messages.append(rows.copy()),
    )
    with tempfile.NamedTemporaryFile(prefix="checkvalve-") as file:
        file.write(pcap(timed(frames), nanoseconds=True))
        file.flush()
        seen = (*dissector.read(Capture(Path(file.name))), *dissector.finish())
    return Dissected(np.concatenate(messages), seen, dissector)


def octets_add_up(found: Dissected) -> bool:
    """Payload octets seen are decoded, skipped, undecoded, doubled, dropped, or waiting."""
    tally = found.dissector.tally
    parts = (
        streams.DUPLICATE,
        streams.DROPPED_WAITING,
        streams.DECODED,
        streams.SKIPPED,
        streams.UNDECODED,
    )
    accounted = sum(int(tally[part]) for part in parts) + found.dissector.waiting_octets
    return int(tally[streams.SEEN]) == accounted


def said(found: Dissected) -> list[list[tuple[int, ...]]]:
    """What each end said, message by message: server, client."""
    return [
        [tuple(int(row[name]) for name in _SAID) for row in rows]
        for rows in (
            found.messages[found.messages["from_client"] == side] for side in (0, 1)
        )
    ]  # fmt: skip


def opening() -> list[bytes]:
    """The frames with which client and server begin."""
    syn = tcp(sequence=_CLIENT_FIRST - 1, flags=SYN)
    answer = tcp(
        source=502, destination=50_000, sequence=_SERVER_FIRST - 1, flags=SYN | ACK,
        acknowledged=_CLIENT_FIRST,
    )  # fmt: skip
    return [*_from_client([syn]), *_from_server([answer])]


def conversation(
    talk: Talk, client_cuts: Iterable[int] = (), server_cuts: Iterable[int] = ()
) -> list[bytes]:
    """The frames of a talk on the protocol's port or any other: opening, client, server."""
    client = stream(b"".join(talk.client), client_cuts, first=_CLIENT_FIRST)
    server = stream(
        b"".join(talk.server), server_cuts, first=_SERVER_FIRST, source=502, destination=50_000
    )
    return [*opening(), *_from_client(client), *_from_server(server)]


def _from_client(segments: Iterable[Datagram]) -> list[bytes]:
    return [ethernet(ipv4(segment)) for segment in segments]


def _from_server(segments: Iterable[Datagram]) -> list[bytes]:
    return [ethernet(ipv4(segment, source=SERVER, destination=CLIENT)) for segment in segments]
