"""S7comm, which SIMATIC S7-300 and S7-400 controllers and their tools speak on TCP 102.

There is no public specification. What stands here was taken from captures and compared with
what public parsers and libraries do; the layers below have standards (``cotp``). A unit has
the octet 0x32, its kind (ROSCTR: 1 job, 2 acknowledgement, 3 acknowledgement with data, 7
userdata), a reference that the answer repeats, and the lengths of parameters and data. Who
asks is told by the kind alone: in a download it is the controller that sends the jobs.

*Rows.* Every item of a job or answer is a row. Userdata has the code 0x070000 + 256 * group +
subfunction, the same in both directions. An acknowledgement without function has code 0.
Connections and empty data units have the code of their unit, dialect ``cotp``.

*Objects.* ``space`` is area and block (``M``, ``DB10``); ``first`` and ``last`` are octets in
it, of counters and timers their numbers. An access to bits has a space for each bit: a tag in
DB10 at octet 4, bit 3 is in rows of ``DB10`` whose octets hold 4, and is the value of rows of
``DB10 bit 3`` at 4. A list of spots in data blocks (S7-400) is an address when it is a single
one, else the words ``data blocks``; it and symbolic addresses are kept as octets (``raw``).

*Values.* A write of one element has its value. Answers have octets only: what type they are
stands in the request.

*Errors.* ``error`` is error class and code in one number, or the return code of an item.

Why it matters:
    It reads, writes, stops and programs controllers and asks nobody for a password unless its
    owner set one. S7comm-plus (``s7comm_plus``) does so for S7-1200 and S7-1500.

Known limits:
    Other users of COTP (MMS, RDP, plain data) are not recognised, but their connection
    requests and confirmations look the same as far as they name selectors: these are rows
    ``cotp``, and what follows is skipped. The first data unit of a message must hold two
    octets of content. Of a value in several packets only the piece in the first is kept. More
    limits: ``s7comm_jobs``, ``s7comm_userdata``, ``s7comm_plus``.

Example:
    ``S7comm().function(0, 0x28, 2)`` is ``PI-Service _INSE``, a program.

References:
    RFC 1006; ISO/IEC 8073 (ITU-T X.224). ATT&CK for ICS T0843 (program download), T0845
    (program upload), T0858 (change operating mode), T0855 (unauthorised command message).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import INNER, JIT
from checkvalve.observe.protocols import cotp, s7comm_plus
from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    BAD_VALUE,
    DECODE,
    ERROR,
    FRAME,
    MESSAGES,
    NOT_MINE,
    REQUEST,
    RESPONSE,
    TOO_SHORT,
    U8,
    Function,
    Protocol,
    begin,
    plain,
    u16be,
)
from checkvalve.observe.protocols.cotp import ALLOCATING, DATA, DATA_HEADER
from checkvalve.observe.protocols.s7comm_items import (
    DATA_BLOCK,
    HEADER,
    INSTANCE_DATA_BLOCK,
    SYMBOL,
    contents,
    malformed,
    specifications,
    values,
)
from checkvalve.observe.protocols.s7comm_jobs import SERVICE, transfer
from checkvalve.observe.protocols.s7comm_userdata import BLOCK, STATUS_LIST, userdata
from checkvalve.observe.protocols.s7comm_words import block, functions, words
from checkvalve.records import Intent

Array = np.ndarray[Any, Any]

_COTP: Final = 1
_PLUS: Final = 2

_PROTOCOL: Final = 0x32
_JOB: Final = 1
_ACKNOWLEDGED: Final = 2
_ANSWERED: Final = 3
_USERDATA: Final = 7

_READ_VAR: Final = 0x04
_WRITE_VAR: Final = 0x05

#: What the first octet of content may open, and what the second agrees with.
_CLASSIC: Final = 1
_FIRST: Final = np.zeros(256, np.int64)
_FIRST[_PROTOCOL] = _CLASSIC
_FIRST[s7comm_plus.PROTOCOL] = 2
_FIRST[list(s7comm_plus.TLS_RECORDS)] = 4
_SECOND: Final = np.zeros(256, np.int64)
_SECOND[[_JOB, _ACKNOWLEDGED, _ANSWERED, _USERDATA]] |= _CLASSIC
_SECOND[list(s7comm_plus.VERSIONS)] |= 2
_SECOND[s7comm_plus.TLS_VERSION] |= 4

#: Context of an answer that has no function of its own.
_NO_FUNCTION: Final = 255
#: Userdata counts its references apart from jobs.
_OF_USERDATA: Final = 1 << 16


@nb.njit(FRAME, **JIT)
def _frame(data: Array, start: int, end: int) -> int:
    length = cotp.message(data, start, end)
    if length == NOT_MINE or length == DATA_HEADER or end - start < DATA_HEADER:
        return length
    if data[start + 5] != DATA:
        return length
    if u16be(data, start + 2) < DATA_HEADER + 2:
        return NOT_MINE
    if end - start >= DATA_HEADER + 2 and not _FIRST[data[start + 7]] & _SECOND[data[start + 8]]:
        return NOT_MINE
    return length


@nb.njit(types.int64(U8, types.int64, types.int64, MESSAGES, types.int64), **INNER)
def _unit(data: Array, at: int, end: int, out: Array, n: int) -> int:
    """Rows of the content ``data[at:end]``, the first of which is begun; the next free row."""
    row = out[n]
    if end - at < 2:
        return malformed(out, n, TOO_SHORT)
    opening = _FIRST[data[at]] & _SECOND[data[at + 1]]
    if opening == 0:
        return malformed(out, n, BAD_VALUE)
    if opening != _CLASSIC:
        row.dialect = _PLUS
        return s7comm_plus.decode(data, at, end, out, n)
    if end - at < 10:
        return malformed(out, n, TOO_SHORT)
    rosctr = data[at + 1]
    answers = rosctr == _ACKNOWLEDGED or rosctr == _ANSWERED
    head = at + (12 if answers else 10)
    body = head + u16be(data, at + 6)
    stop = body + u16be(data, at + 8)
    row.kind = RESPONSE if answers else REQUEST
    row.key = u16be(data, at + 4)
    if stop != end:
        return malformed(out, n, BAD_LENGTH)
    count = 0
    header = HEADER
    spot = head + 2
    if rosctr == _USERDATA:
        row.key |= _OF_USERDATA
        count = userdata(data, head, body, stop, out, n)
        if count == 0:
            return n + 1
        answers = row.kind != REQUEST
        spot = body + (6 if answers else 8)
        body = stop
    else:
        if answers and u16be(data, at + 10):
            row.status = ERROR
            row.error = u16be(data, at + 10)
        if body == head:
            row.context = _NO_FUNCTION
            return n + 1 if answers else malformed(out, n, TOO_SHORT)
        row.code = data[head]
        if row.status == ERROR:
            return n + 1
        if row.code != _READ_VAR and row.code != _WRITE_VAR:
            return transfer(data, head, body, stop, out, n)
        if body - head < 2:
            return malformed(out, n, TOO_SHORT)
        count = int(data[head + 1])
        if answers:
            header = HEADER if row.code == _READ_VAR else 1
            spot = body
    if answers:
        return contents(data, spot, stop, count, header, out, n)
    after = specifications(data, spot, body, count, out, n)
    if row.code == _WRITE_VAR and count:
        values(data, spot, body, stop, out, n, after)
    return after


@nb.njit(types.int64(U8, types.int64, types.int64, MESSAGES, types.int64), **ALLOCATING)
def _parted(data: Array, start: int, end: int, out: Array, n: int) -> int:
    """Rows of a message in several packets, decoded from a copy; the next free row."""
    content = np.empty(end - start, np.uint8)
    octets = cotp.join(data, start, end, content)
    after = _unit(content, 0, octets, out, n)
    cotp.lead_back(data, start, end, out, n, after)
    return after


@nb.njit(DECODE, **JIT)
def _decode(data: Array, start: int, end: int, from_client: bool, out: Array, n: int) -> int:
    begin(out, n)
    if end - start < DATA_HEADER:
        return malformed(out, n, TOO_SHORT)
    if data[start + 5] != DATA or end - start == DATA_HEADER:
        out[n].dialect = _COTP
        return cotp.control(data, start, end, out, n)
    if start + u16be(data, start + 2) != end:
        return _parted(data, start, end, out, n)
    return _unit(data, start + DATA_HEADER, end, out, n)


class S7comm(Protocol):
    """S7comm and S7comm-plus over COTP; see the module for what its rows say."""

    name: ClassVar[str] = "s7comm"
    dialects: ClassVar[tuple[str, ...]] = ("s7comm", "cotp", "s7comm_plus")
    tcp_ports: ClassVar[tuple[int, ...]] = (102,)
    frame: ClassVar[Any] = staticmethod(_frame)
    decode: ClassVar[Any] = staticmethod(_decode)

    def function(self, dialect: int, code: int, context: int) -> Function:
        """The name and intent of a code; context tells the service, or that of a session."""
        known = functions(self.dialects[dialect])
        found = known.get((code, context)) or known.get((code, -1))
        return found or Function(f"function 0x{code:02X}", Intent.OTHER)

    def space(self, dialect: int, space: int, name: bytes) -> str:
        """Area and block, what a job names, or the called transport selector."""
        area, rest = space >> 32, space & 0xFFFF
        special = area << 32
        if special == cotp.SELECTOR:
            readable = len(name) > 2 and name.isascii()
            return plain(name) if readable else f"TSAP {name.hex()}"
        if special == STATUS_LIST:
            return f"SZL 0x{rest:04X}"
        if special == BLOCK:
            return block(name)
        if special == SERVICE:
            return plain(name)
        if area == SYMBOL:
            return words("syntaxes").get(rest, f"syntax 0x{rest:02X}")
        if area == 0:
            return ""
        named = words("areas").get(area, f"area 0x{area:02X}")
        if area in (DATA_BLOCK, INSTANCE_DATA_BLOCK):
            named += str(rest)
        bit = space >> 16 & 0xF
        return f"{named} bit {bit - 1}" if bit else named
