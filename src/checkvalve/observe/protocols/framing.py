"""Messages from pieces: recognition by content, framing, resynchronisation.

One compiled kernel serves every protocol; it calls their ``frame`` and ``decode`` by
address, so that a new protocol compiles alone. A message is accepted where a stream is not
yet in step only if a second follows it or if it ends with its piece. One bad message costs
that message, never the conversation:
the octets up to the next acceptable message are skipped, counted, and shown as one
malformed row. Where nothing can follow a message, it may lie about its length: messages that
begin within it are not lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numba as nb
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from checkvalve.observe.captures.conversations import CONVERSATIONS, GIVEN_UP
from checkvalve.observe.captures.packet import BUFFER, I64S, TCP
from checkvalve.observe.captures.streams import (
    DATAGRAM,
    DECODED,
    DIRECTIONS,
    GAP,
    MALFORMED_MESSAGES,
    MESSAGES_DECODED,
    PIECES,
    SKIPPED,
    UNDECODED,
)
from checkvalve.observe.captures.tables import (
    BLOCKS,
    NAMES,
    intern_name,
    load,
    release,
    store,
)
from checkvalve.observe.compiling import INNER, JIT, i64
from checkvalve.observe.protocols.base import (
    BAD_VALUE,
    DECODE,
    FRAME,
    INCOMPLETE,
    MALFORMED,
    MAX_ROWS,
    MESSAGES,
    NEED_MORE,
    NOT_MINE,
    ONE_WAY,
    begin,
)

Array = np.ndarray[Any, Any]

#: Octets of one direction that may wait for the rest of their message.
LONGEST_MESSAGE: Final = 65_536
#: Octets that may wait while a stream is out of step.
LONGEST_DOUBT: Final = 4_096
#: Octets skipped after which a protocol is no longer believed.
LONGEST_SEARCH: Final = 65_536
#: Pieces of a conversation in which a protocol is looked for, less those that only wait.
MOST_ATTEMPTS: Final = 16

#: What is left of octets that nothing will continue: a kind of piece beside those of ``streams``.
REST: Final = 4

SEARCHING: Final = 0
IN_STEP: Final = 1
PAST_OPENING: Final = 2

# Columns of the traits table, one row a protocol.
SPANS_DATAGRAMS: Final = 0
OPENING_ONLY: Final = 1
INTERLEAVED: Final = 2
TRAITS_WIDTH: Final = 3

TRAITS: Final = types.Array(types.int64, 2, "C")
PORTS: Final = types.Array(types.uint8, 2, "C")
FRAME_AT: Final = types.FunctionType(FRAME)
DECODE_AT: Final = types.FunctionType(DECODE)


def _intrinsic(make: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Numba's ``intrinsic``: what it makes is called in kernels without the context."""
    made: Callable[..., Any] = intrinsic(make)
    return made


@_intrinsic
def _frame_at(context: Any, address: Any) -> Any:
    """The framing kernel at an address: how one compiled loop serves every protocol."""
    return _function_at(FRAME_AT, address)


@_intrinsic
def _decode_at(context: Any, address: Any) -> Any:
    """The decoding kernel at an address."""
    return _function_at(DECODE_AT, address)


def _function_at(kind: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        function = cgutils.create_struct_proxy(kind)(context, builder)
        function.jit_addr = builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))
        return function._getvalue()  # noqa: SLF001  # Numba hands structures on so

    return kind(address), generate


def addresses(kernels: Sequence[Any], kind: Any) -> Array:
    """Where compiled kernels lie in this process.

    Args:
        kernels: compiled for the signature ``kind``.
        kind: ``FRAME`` or ``DECODE``.

    Returns:
        int64, shape ``[kernels]``.
    """
    found = [kernel.get_compile_result(kind) for kernel in kernels]
    pointers = [
        result.library.get_pointer_to_function(result.fndesc.llvm_func_name) for result in found
    ]
    return np.array(pointers, np.int64)


@nb.njit(types.int64(FRAME_AT, BUFFER, types.int64, types.int64, types.boolean), **JIT)
def acceptable(frame: Any, data: Array, start: int, end: int, alone: bool) -> int:
    """Length of a message at ``start`` that deserves belief; else as ``frame`` says.

    It deserves it if it ends where the octets end or if another can follow it; where messages
    stand ``alone``, in the midst of what is not read, in any case.
    """
    length = frame(data, start, end)
    if length <= 0 or start + length == end or alone:
        return i64(length)
    return i64(length if frame(data, start + length, end) != NOT_MINE else NOT_MINE)


@nb.njit(
    types.int64(FRAME_AT, BUFFER, types.int64, types.int64, types.boolean, types.boolean), **JIT
)
def next_acceptable(frame: Any, data: Array, start: int, end: int, last: bool, alone: bool) -> int:
    """Offset of the first message that ends with the octets or has another behind it.

    Else ``-1 - offset`` where one may begin that is not whole yet, or whose follower is not;
    else ``end``. Where these octets are the ``last`` there is no waiting for a follower.
    """
    doubt = i64(-1)
    for at in range(start, end):
        length = i64(frame(data, at, end))
        if length > 0 and at + length < end and not alone:
            following = frame(data, at + length, end)
            if following == NOT_MINE or (following == NEED_MORE and not last):
                length = i64(following)
        if length > 0:
            return i64(at)
        if length == NEED_MORE and doubt < 0:
            doubt = i64(at)
    return -1 - doubt if doubt >= 0 else i64(end)


@nb.njit(types.int64(FRAME_AT, BUFFER, types.int64, types.int64, types.int64), **JIT)
def swallowed(frame: Any, data: Array, start: int, length: int, end: int) -> int:
    """Octets before the first message that begins within the one at ``start``; else ``length``.

    Asked where nothing can follow that message: either it lies about its length, or what
    follows is damaged.
    """
    for at in range(start + 1, start + length):
        if acceptable(frame, data, at, end, False) > 0:
            return i64(at - start)
    return i64(length)


@nb.njit(types.void(CONVERSATIONS, types.int64, PORTS), **INNER)
def _guess_client(table: Array, slot: int, ports: Array) -> None:
    """Whose port tells a server, where the opening was not seen."""
    c = table[slot]
    transport = 0 if c.protocol == TCP else 1
    a_serves = ports[transport, c.a_port] != 0
    b_serves = ports[transport, c.b_port] != 0
    if a_serves == b_serves:
        a_serves = c.a_port < 1024
        b_serves = c.b_port < 1024
    if a_serves == b_serves:
        a_serves = c.a_port < 32768
        b_serves = c.b_port < 32768
    if a_serves != b_serves:
        c.client = 1 if a_serves else 0


@nb.njit(types.int64(MESSAGES, types.int64, types.int64, types.int64), **INNER)
def _malformed(out: Array, n: int, octets: int, reason: int) -> int:
    """Write a row for octets that are no message; the next free row."""
    begin(out, n)
    row = out[n]
    row.kind = ONE_WAY
    row.status = MALFORMED
    row.reason = reason
    row.code = -1
    row.octets = octets
    return n + 1


@nb.njit(
    types.int64(
        CONVERSATIONS,
        PIECES,
        types.int64,
        MESSAGES,
        types.int64,
        types.int64,
        types.int64,
        types.int64,
        BUFFER,
        NAMES,
        BUFFER,
        I64S,
    ),
    **INNER,
)
def _complete(
    table: Array,
    pieces: Array,
    i: int,
    out: Array,
    first: int,
    n: int,
    at: int,
    octets: int,
    data: Array,
    names: Array,
    arena: Array,
    tally: Array,
) -> int:
    """Fill in rows ``first:n`` what the conversation and the piece say; ``n``."""
    piece = pieces[i]
    c = table[piece.slot]
    tally[MESSAGES_DECODED] += 1
    for k in range(first, n):
        row = out[k]
        row.time = piece.time
        row.conversation = c.number
        row.slot = piece.slot
        row.packet = piece.packet
        row.source = c.b if c.client else c.a
        row.destination = c.a if c.client else c.b
        row.source_mac = c.b_mac if c.client else c.a_mac
        row.destination_mac = c.a_mac if c.client else c.b_mac
        row.source_port = c.b_port if c.client else c.a_port
        row.destination_port = c.a_port if c.client else c.b_port
        row.transport = c.protocol
        row.from_client = 1 if piece.direction == c.client else 0
        row.protocol = c.member - 1
        row.octets = octets
        row.offset = at
        c.dialect = row.dialect
        if row.status == MALFORMED:
            tally[MALFORMED_MESSAGES] += 1
        if row.host_octets > 0 and c.name == 0:
            c.name = intern_name(names, arena, 0, 0, data, row.host, row.host_octets)
    return n


@nb.njit(types.boolean(TRAITS, types.int64), **INNER)
def stands_alone(traits: Array, member: int) -> bool:
    """Whether a member's messages lie in the midst of octets that it does not read."""
    return bool(traits[member, INTERLEAVED] or traits[member, OPENING_ONLY])


@nb.njit(
    types.int64(
        CONVERSATIONS, types.int64, I64S, TRAITS, PORTS, BUFFER, types.int64, types.int64,
        types.boolean, types.boolean, types.boolean,
    ),
    **JIT,
)  # fmt: skip
def recognise(
    table: Array,
    slot: int,
    frames: Array,
    traits: Array,
    ports: Array,
    data: Array,
    start: int,
    end: int,
    stream: bool,
    torn: bool,
    last: bool,
) -> int:
    """The protocol whose message begins here: k + 1; -1 - k if it may; 0 if none does.

    A message of the port's own protocol may also begin further on: a stream may begin in the
    middle of one, or with a damaged one.

    Args:
        table: the conversations.
        slot: the one in hand.
        frames: addresses of all framing kernels.
        traits: of all members.
        ports: the protocol of each port.
        data: where its octets lie.
        start: their first.
        end: behind their last.
        stream: they are of a stream, not a datagram.
        torn: what came before them is missing.
        last: nothing more can be waited for.
    """
    c = table[slot]
    transport = 0 if c.protocol == TCP else 1
    server_port = c.a_port if c.client else c.b_port
    client_port = c.b_port if c.client else c.a_port
    usual = i64(ports[transport, server_port])
    if usual == 0:
        usual = i64(ports[transport, client_port])
    if usual:
        alone = stands_alone(traits, usual - 1)
        found = acceptable(_frame_at(frames[usual - 1]), data, start, end, alone)
        if found > 0:
            return usual
        if found == NEED_MORE and not last:
            return -usual
    doubt = i64(0)
    for k in range(len(frames)):
        if k + 1 == usual:
            continue
        found = acceptable(_frame_at(frames[k]), data, start, end, stands_alone(traits, k))
        if found > 0:
            return k + 1
        if (
            found == NEED_MORE
            and doubt == 0
            and stream
            and c.sure
            and not last
            and end - start < LONGEST_DOUBT
        ):
            doubt = i64(-1 - k)  # a first message in several segments
    if usual and stream and doubt == 0:
        alone = stands_alone(traits, usual - 1)
        at = next_acceptable(_frame_at(frames[usual - 1]), data, start + 1, end, last, alone)
        if 0 <= at < end:
            return usual
        if at < 0 and torn and not last:
            doubt = -usual
    return doubt


@nb.njit(
    types.int64(
        BUFFER, PIECES, types.int64, types.int64, CONVERSATIONS, DIRECTIONS, BLOCKS, NAMES,
        BUFFER, I64S, I64S, TRAITS, PORTS, I64S, I64S, MESSAGES, I64S,
    ),
    **JIT,
)  # fmt: skip
def decode_pieces(
    data: Array,
    pieces: Array,
    start: int,
    end: int,
    table: Array,
    sides: Array,
    blocks: Array,
    names: Array,
    arena: Array,
    frames: Array,
    decodes: Array,
    traits: Array,
    ports: Array,
    spill: Array,
    tally: Array,
    out: Array,
    done: Array,
) -> int:
    """Decode ``pieces[start:end]``; how many rows. ``done[0]`` is the first piece not done.

    Stops early when ``out`` or the spill has no room for another message.
    """
    n = i64(0)
    i = start
    while i < end:
        if n + 2 * MAX_ROWS > len(out) or spill[0] + 2 * LONGEST_MESSAGE > spill[1]:
            break
        piece = pieces[i]
        slot = i64(piece.slot)
        c = table[slot]
        side = slot * 2 + piece.direction
        s = sides[side]
        octets = i64(piece.octets)
        if piece.kind == GAP:
            s.torn = 1
            if s.synchronised == IN_STEP:
                s.synchronised = SEARCHING
            if s.pending == 0:
                i += 1
                continue
            octets = i64(0)
        if c.member == GIVEN_UP or s.synchronised == PAST_OPENING:
            tally[UNDECODED] += octets
            i += 1
            continue
        at = i64(piece.offset)
        stop = at + octets
        waited = i64(-1)  # where the message lies that waited for its rest
        if s.pending:
            at = spill[0]
            waited = at
            load(blocks, s.pending, s.pending_octets, data, at)
            spill[0] += s.pending_octets
            for k in range(octets):
                data[spill[0] + k] = data[piece.offset + k]
            spill[0] += octets
            stop = spill[0]
            release(blocks, s.pending)
            s.pending = 0
            s.pending_octets = 0
        # Octets that nothing will continue: the message that waited is lost, but there may be
        # others in what it was taken for.
        last = piece.kind == GAP or piece.kind == REST
        if c.member == 0:
            if c.attempts == 0 and not c.sure:
                _guess_client(table, slot, ports)
            torn = s.torn != 0 or c.sure == 0
            tired = last or stop - at >= LONGEST_MESSAGE
            stream = piece.kind != DATAGRAM
            found = recognise(
                table, slot, frames, traits, ports, data, at, stop, stream, torn, tired
            )
            if found > 0:
                c.member = found
            elif found < 0 and (stream or traits[-1 - found, SPANS_DATAGRAMS]) and not tired:
                s.pending = store(blocks, data, at, stop - at)
                if s.pending:
                    s.pending_octets = stop - at
                else:
                    tally[UNDECODED] += stop - at
                i += 1
                continue
            else:
                c.attempts += 1
                tally[UNDECODED] += stop - at
                if c.attempts >= MOST_ATTEMPTS:
                    c.member = GIVEN_UP
                i += 1
                continue
        k = i64(c.member) - 1
        datagram = piece.kind == DATAGRAM and traits[k, SPANS_DATAGRAMS] == 0
        quiet = traits[k, INTERLEAVED] == 1
        begins = s.opened and not s.torn and s.lost == 0 and c.attempts == 0
        if datagram or (begins and s.synchronised == SEARCHING):
            s.synchronised = IN_STEP
        passed_over = UNDECODED if quiet else SKIPPED
        full = False
        following = i64(0)  # what ``frame`` says of the message after this one, if not 0
        while at < stop:
            if n + 2 * MAX_ROWS > len(out):
                full = True
                break
            if s.synchronised == SEARCHING:
                alone = stands_alone(traits, k)
                place = next_acceptable(_frame_at(frames[k]), data, at, stop, last, alone)
                doubt = place < 0
                place = -1 - place if doubt else place
                tally[passed_over] += place - at
                s.lost += place - at
                at = place
                if doubt and stop - at <= LONGEST_DOUBT and not last:
                    s.pending = store(blocks, data, at, stop - at)
                if s.pending:
                    s.pending_octets = stop - at
                    at = stop
                    break
                if doubt:
                    tally[passed_over] += stop - at
                    s.lost += stop - at
                    at = stop
                if at == stop:
                    if s.lost > LONGEST_SEARCH and not quiet:
                        n = _malformed(out, n, s.lost, BAD_VALUE)
                        n = _complete(
                            table,
                            pieces,
                            i,
                            out,
                            n - 1,
                            n,
                            at,
                            s.lost,
                            data,
                            names,
                            arena,
                            tally,
                        )
                        s.lost = 0
                        c.member = 0
                        c.attempts = 0
                    break
            length = following
            if length == 0:
                length = i64(_frame_at(frames[k])(data, at, stop))
            following = i64(0)
            if length > 0 and at + length < stop and not datagram and not quiet:
                following = i64(_frame_at(frames[k])(data, at + length, stop))
                octets = length
                if following == NOT_MINE:
                    octets = swallowed(_frame_at(frames[k]), data, at, length, stop)
                elif following == NEED_MORE and at == waited:
                    place = next_acceptable(_frame_at(frames[k]), data, at + 1, stop, last, False)
                    if 0 <= place < at + length:
                        inner = i64(_frame_at(frames[k])(data, place, stop))
                        if place + inner <= at + length:
                            octets = place - at
                if octets < length:
                    tally[passed_over] += octets
                    s.lost += octets
                    at += octets
                    following = i64(0)
                    continue
            if length > 0:
                if s.lost and not quiet:
                    n = _malformed(out, n, s.lost, BAD_VALUE)
                    n = _complete(
                        table, pieces, i, out, n - 1, n, at, s.lost, data, names, arena, tally
                    )
                s.lost = 0
                s.torn = 0
                s.synchronised = IN_STEP
                first = n
                n = i64(
                    _decode_at(decodes[k])(
                        data, at, at + length, piece.direction == c.client, out, n
                    )
                )
                if out[first].status == MALFORMED and not datagram and not quiet:
                    length = swallowed(_frame_at(frames[k]), data, at, length, stop)
                    following = i64(0)
                n = _complete(
                    table, pieces, i, out, first, n, at, length, data, names, arena, tally
                )
                tally[DECODED] += length
                at += length
                if traits[k, OPENING_ONLY]:
                    s.synchronised = PAST_OPENING
                    tally[UNDECODED] += stop - at
                    break
            elif datagram:
                n = _malformed(out, n, stop - at, INCOMPLETE if length else BAD_VALUE)
                n = _complete(
                    table, pieces, i, out, n - 1, n, at, stop - at, data, names, arena, tally
                )
                tally[passed_over] += stop - at
                break
            elif length == NEED_MORE and stop - at < LONGEST_MESSAGE and not last:
                s.pending = store(blocks, data, at, stop - at)
                if s.pending:
                    s.pending_octets = stop - at
                    break
                tally[passed_over] += stop - at
                s.lost += stop - at
                s.synchronised = SEARCHING
                break
            else:
                s.synchronised = SEARCHING
                s.lost += 1
                tally[passed_over] += 1
                at += 1
        if full:
            piece.octets = stop - at
            piece.offset = at
            if last:
                piece.kind = REST
            break
        i += 1
    done[0] = i
    return n
