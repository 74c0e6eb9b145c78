"""The one interface of a protocol: two compiled kernels and tables of names.

A member is a module with one class. Its kernels are pure: octets in, rows out. They are
called by address from one shared framing kernel, so that a new protocol compiles alone.

**The contract of the kernels** (held by the conformance kit):

``frame(data, start, end) -> int``
    The length of the message that starts at ``start``: a positive number that may lie beyond
    ``end`` is never returned; if more octets are needed it is ``NEED_MORE``; if no message of
    this protocol can start here it is ``NOT_MINE``. Reads only ``data[start:end]``.

``decode(data, start, end, from_client, out, n) -> int``
    Decodes the one message ``data[start:end]`` (exactly the length ``frame`` gave) into rows
    ``out[n:]`` and returns the next free index. There is room for ``MAX_ROWS`` rows. Each row
    must first be cleared by ``begin``. A message that is not understood gives one row with
    ``status = MALFORMED`` and a ``reason``; never an exception, never a read outside
    ``data[start:end]``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import JIT, i64
from checkvalve.records import Intent

NEED_MORE = -1
NOT_MINE = 0

#: Rows that one message may give; a batch that holds more is cut, and its last row says so.
MAX_ROWS = 512

# What a row is.
REQUEST = 1
RESPONSE = 2
#: Expects no answer, or answers nothing: unsolicited data, a wrapper whose content answers.
ONE_WAY = 3
#: Counted in the tally, but no operation of its own: an encapsulation around rows.
ENVELOPE = 4

# How a message ended. The index into ``records.STATUSES`` where they share a word.
OK = 0
ERROR = 1
NO_REPLY = 2
UNMATCHED = 3
MALFORMED = 4

# Why a message is malformed.
TOO_SHORT = 1
BAD_LENGTH = 2
BAD_CHECKSUM = 3
BAD_VALUE = 4
TOO_MANY_ITEMS = 5
INCOMPLETE = 6
REASONS = {
    0: "",
    TOO_SHORT: "ends before its own fields do",
    BAD_LENGTH: "a length inside it contradicts another",
    BAD_CHECKSUM: "its checksum is wrong",
    BAD_VALUE: "a field holds what its specification forbids",
    TOO_MANY_ITEMS: "holds more items than are decoded",
    INCOMPLETE: "the rest of it never came",
}

#: One decoded message, or one item of a batch. The framing kernel fills the fields of the
#: first group; ``decode`` fills the others, after ``begin``.
MESSAGE = np.dtype(
    [
        # filled by the framing kernel
        ("time", "i8"),  # ns since 1970
        ("conversation", "i8"),  # number of the conversation, never used again
        ("slot", "i4"),  # its place in the table now
        ("packet", "i8"),
        ("source", "i4"),  # address ids, of the client and the server
        ("destination", "i4"),
        ("source_mac", "i4"),
        ("destination_mac", "i4"),
        ("source_port", "u2"),
        ("destination_port", "u2"),
        ("transport", "u1"),
        ("from_client", "u1"),
        ("protocol", "u1"),  # index into the names of all protocols
        ("octets", "i4"),
        ("offset", "i8"),  # where it starts in data
        # filled by decode
        ("dialect", "u1"),  # index into the member's ``dialects``
        ("kind", "u1"),
        ("status", "u1"),
        ("reason", "u1"),
        ("item", "u2"),
        ("code", "i4"),  # function code as the specification numbers it
        ("context", "i4"),  # what else the name of the function depends on (class, subfunction)
        ("device", "i4"),  # -1: none
        ("key", "i8"),  # a response has its request's key; unique among open requests
        ("space", "i8"),  # object space, a number that ``space_name`` turns into words
        ("name", "i8"),  # offset of a symbolic name in data; -1: none
        ("name_octets", "i4"),
        ("first", "i8"),  # -1: none
        ("last", "i8"),
        ("quantity", "i4"),
        ("error", "i4"),  # -1: none
        ("value", "f8"),  # NaN: none
        ("raw", "i8"),  # offset of the value's octets in data; -1: none
        ("raw_octets", "i4"),
        ("raw_holes", "i8"),  # bit k: octet k of raw is not the value's (a checksum within it)
        ("host", "i8"),  # offset of a host's name (SNI, Host) in data; -1: none
        ("host_octets", "i4"),
    ]
)

U8 = types.Array(types.uint8, 1, "C", readonly=True)
MESSAGE_TYPE = nb.from_dtype(MESSAGE)
MESSAGES = types.Array(MESSAGE_TYPE, 1, "C")
FRAME = types.int64(U8, types.int64, types.int64)
DECODE = types.int64(U8, types.int64, types.int64, types.boolean, MESSAGES, types.int64)


@nb.njit(types.void(MESSAGES, types.int64), **JIT)
def begin(out: np.ndarray[Any, Any], n: int) -> None:
    """Clear row ``n``: an ``OK`` request of the first dialect that names nothing."""
    row = out[n]
    row.dialect = 0
    row.kind = 1
    row.status = 0
    row.reason = 0
    row.item = 0
    row.code = 0
    row.context = 0
    row.device = -1
    row.key = 0
    row.space = 0
    row.name = -1
    row.name_octets = 0
    row.first = -1
    row.last = -1
    row.quantity = 0
    row.error = -1
    row.value = np.nan
    row.raw = -1
    row.raw_octets = 0
    row.raw_holes = 0
    row.host = -1
    row.host_octets = 0


@nb.njit(types.int64(U8, types.int64), **JIT)
def u16be(data: np.ndarray[Any, Any], at: int) -> int:
    """Two octets, the most significant first."""
    return i64(data[at]) << 8 | i64(data[at + 1])


@nb.njit(types.int64(U8, types.int64), **JIT)
def u16le(data: np.ndarray[Any, Any], at: int) -> int:
    """Two octets, the least significant first."""
    return i64(data[at + 1]) << 8 | i64(data[at])


@nb.njit(types.int64(U8, types.int64), **JIT)
def u32be(data: np.ndarray[Any, Any], at: int) -> int:
    """Four octets, the most significant first."""
    return (
        i64(data[at]) << 24 | i64(data[at + 1]) << 16 | i64(data[at + 2]) << 8 | i64(data[at + 3])
    )


@nb.njit(types.int64(U8, types.int64), **JIT)
def u32le(data: np.ndarray[Any, Any], at: int) -> int:
    """Four octets, the least significant first."""
    return (
        i64(data[at + 3]) << 24 | i64(data[at + 2]) << 16 | i64(data[at + 1]) << 8 | i64(data[at])
    )


def plain(octets: bytes) -> str:
    """Octets from the wire as text that is safe to show: all but printable ASCII as escapes."""
    text = octets.decode("ascii", "backslashreplace")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


@dataclass(frozen=True, slots=True)
class Function:
    """What one function code means.

    Attributes:
        name: the words of the protocol's own standard; empty where a reply alone does not
            say what was asked.
        intent: what it is for.
    """

    name: str
    intent: Intent


class Protocol(ABC):
    """One protocol: how its messages are found and read, and what their codes mean.

    Attributes:
        name: lower case, as it stands in records.
        dialects: names that rows may bear instead; the first is ``name``.
        tcp_ports: its usual server ports; they order the guesses, nothing more.
        udp_ports: the same for UDP.
        spans_datagrams: one message may continue in the next datagram.
        replies_in_order: a server may fail to echo the key; then the oldest open request is
            meant.
        items_count: in the tally each item of a batch counts; else its message counts once.
        opening_only: only the first message of each direction can be read.
        names_addresses: a row's object is a host's name, and its value that host's address.
        interleaved: octets between its messages are not its own; skipping them is no loss.
        frame: the framing kernel.
        decode: the decoding kernel.
    """

    name: ClassVar[str]
    dialects: ClassVar[tuple[str, ...]]
    tcp_ports: ClassVar[tuple[int, ...]] = ()
    udp_ports: ClassVar[tuple[int, ...]] = ()
    spans_datagrams: ClassVar[bool] = False
    replies_in_order: ClassVar[bool] = False
    items_count: ClassVar[bool] = False
    opening_only: ClassVar[bool] = False
    names_addresses: ClassVar[bool] = False
    interleaved: ClassVar[bool] = False
    frame: ClassVar[Any]
    decode: ClassVar[Any]

    @abstractmethod
    def function(self, dialect: int, code: int, context: int) -> Function:
        """The name and the intent of a code; an unknown one is ``OTHER`` with its number."""

    @abstractmethod
    def space(self, dialect: int, space: int, name: bytes) -> str:
        """The words for an object space; empty when the row names none."""
