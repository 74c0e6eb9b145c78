"""DNS: who asks for which name, and which addresses are the answer.

Specification: RFC 1035; AAAA: RFC 3596; also mDNS (RFC 6762) and LLMNR (RFC 4795), which
share the format. Over UDP only. An answer gives one row an address: its name is the name
that was asked for, its value the address. Not decoded: TCP, other records than A and AAAA,
NetBIOS names (RFC 1002), which are written in the same format, DNS over TLS or HTTPS (closed
content).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import JIT, i64
from checkvalve.observe.protocols.base import (
    DECODE,
    ERROR,
    FRAME,
    NOT_MINE,
    REQUEST,
    RESPONSE,
    U8,
    Function,
    Protocol,
    begin,
    plain,
    u16be,
)
from checkvalve.records import Intent

Array = np.ndarray[Any, Any]

_HEADER: Final = 12
#: What one message may ask: multicast responders ask for all they know at once.
_MOST_QUESTIONS: Final = 128
_MOST_ANSWERS: Final = 32
ANSWER: Final = 2
_OPCODES: Final = {
    0: Function("Query", Intent.DISCOVER),
    1: Function("Inverse Query", Intent.DISCOVER),
    2: Function("Status", Intent.DISCOVER),
    4: Function("Notify", Intent.SESSION),
    5: Function("Update", Intent.WRITE),
}


@nb.njit(types.int64(U8, types.int64, types.int64), **JIT)
def _skip_name(data: Array, at: int, end: int) -> int:
    """Offset behind a name (clause 4.1.4); -1 if it does not end."""
    for _ in range(128):
        if at >= end:
            return -1
        length = i64(data[at])
        if length == 0:
            return at + 1
        if length >= 0xC0:
            return at + 2 if at + 2 <= end else -1
        if length > 63:
            return -1
        at += 1 + length
    return -1


@nb.njit(types.boolean(U8, types.int64, types.int64), **JIT)
def _is_netbios(data: Array, at: int, end: int) -> bool:
    """Whether a name is one of NetBIOS: half octets as letters (RFC 1001, clause 14.1)."""
    if at + 33 >= end or data[at] != 32:
        return False
    letters = 0
    for k in range(at + 1, at + 33):
        if 0x41 <= data[k] <= 0x50:
            letters += 1
    return letters == 32


@nb.njit(FRAME, **JIT)
def _frame(data: Array, start: int, end: int) -> int:
    """A header with plausible counts and a question that lies in the datagram."""
    if end - start < _HEADER:
        return NOT_MINE
    flags = u16be(data, start + 2)
    questions = u16be(data, start + 4)
    answers = u16be(data, start + 6)
    opcode = flags >> 11 & 0x0F
    if flags & 0x0040 or opcode > 6 or opcode == 3 or questions > _MOST_QUESTIONS:
        return NOT_MINE
    if (
        answers > 256
        or u16be(data, start + 8) > 256
        or u16be(data, start + 10) > 256
        or questions + answers == 0
    ):
        return NOT_MINE
    at = start + _HEADER
    if _is_netbios(data, at, end) or (at < end and data[at] >= 0xC0):  # nothing to point back to
        return NOT_MINE
    for _ in range(questions):
        at = _skip_name(data, at, end)
        if at < 0 or at + 4 > end:
            return NOT_MINE
        at += 4
    if questions == 0 and _skip_name(data, at, end) < 0:
        return NOT_MINE
    return end - start


@nb.njit(DECODE, **JIT)
def _decode(data: Array, start: int, end: int, from_client: bool, out: Array, n: int) -> int:
    flags = u16be(data, start + 2)
    questions = u16be(data, start + 4)
    answers = u16be(data, start + 6)
    at = start + _HEADER
    name = at
    for _ in range(questions):
        at = _skip_name(data, at, end) + 4
    octets = _skip_name(data, name, end) - 1 - name
    begin(out, n)
    row = out[n]
    row.kind = RESPONSE if flags & 0x8000 else REQUEST
    row.code = flags >> 11 & 0x0F
    row.key = u16be(data, start)
    row.space = 1
    row.name = name
    row.name_octets = max(octets, i64(0))
    if row.kind == REQUEST:
        return n + 1
    if flags & 0x000F:
        row.status = ERROR
        row.error = flags & 0x000F
    first = n
    for _ in range(min(answers, _MOST_ANSWERS)):
        owner = at
        at = _skip_name(data, at, end)
        if at < 0 or at + 10 > end:
            break
        kind = u16be(data, at)
        size = u16be(data, at + 8)
        at += 10
        if at + size > end:
            break
        if (kind == 1 and size == 4) or (kind == 28 and size == 16):
            if n > first:
                begin(out, n)
                out[n].kind = RESPONSE
                out[n].code = out[first].code
                out[n].key = out[first].key
                out[n].item = n - first
            out[n].space = ANSWER
            out[n].name = name if questions else owner
            if questions:
                out[n].name_octets = out[first].name_octets
            else:
                out[n].name_octets = max(_skip_name(data, owner, end) - 1 - owner, i64(0))
            out[n].raw = at
            out[n].raw_octets = size
            n += 1
        at += size
    return max(n, first + 1)


class Dns(Protocol):
    """DNS, mDNS and LLMNR over UDP."""

    name = "dns"
    dialects: ClassVar[tuple[str, ...]] = ("dns",)
    udp_ports: ClassVar[tuple[int, ...]] = (53, 5353, 5355)
    names_addresses = True
    frame = _frame
    decode = _decode

    def function(self, dialect: int, code: int, context: int) -> Function:
        """See ``Protocol.function``; ``code`` is the opcode."""
        return _OPCODES.get(code, Function(f"opcode {code}", Intent.OTHER))

    def space(self, dialect: int, space: int, name: bytes) -> str:
        """The name asked for, in dots."""
        return dotted(name)


def dotted(labels: bytes) -> str:
    """A name as it stands on the wire, as people write it, in lower case."""
    words = []
    at = 0
    while at < len(labels) and 0 < labels[at] < 64:
        word = labels[at + 1 : at + 1 + labels[at]]
        words.append(plain(word))
        at += 1 + labels[at]
    return ".".join(words).lower()
