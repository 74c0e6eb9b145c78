"""HTTP/1: which method on which path of which host.

Specification: RFC 9110, RFC 9112. A message is its header section with the body that its
Content-Length announces, if that is short; a longer body is passed over. Not decoded:
chunked bodies, trailers, HTTP/2 and 3, what a CONNECT carries.
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
    NEED_MORE,
    NOT_MINE,
    REQUEST,
    RESPONSE,
    U8,
    Function,
    Protocol,
    begin,
    plain,
)
from checkvalve.records import Intent

Array = np.ndarray[Any, Any]

_METHODS: Final = (
    ("GET", Intent.READ),
    ("POST", Intent.WRITE),
    ("PUT", Intent.WRITE),
    ("DELETE", Intent.WRITE),
    ("HEAD", Intent.READ),
    ("PATCH", Intent.WRITE),
    ("OPTIONS", Intent.DISCOVER),
    ("CONNECT", Intent.SESSION),
    ("TRACE", Intent.DISCOVER),
)
_LONGEST_METHOD: Final = 7
#: The methods and the reply's first word, each padded to eight octets.
_WORDS: Final = np.frombuffer(
    b"".join(word.encode().ljust(8, b" ") for word, _ in _METHODS) + b"HTTP/1. ", np.uint8
).copy()
_REPLY: Final = len(_METHODS)
_LONGEST_HEADER: Final = 16_384
_LONGEST_BODY: Final = 16_384
_SPACE: Final = 0x20
_CR: Final = 0x0D
_LF: Final = 0x0A


@nb.njit(nb.types.int64(U8, types.int64, types.int64), **JIT)
def _first_word(data: Array, start: int, end: int) -> int:
    """Which method or reply begins here; -1 if none; -2 if too little is there to say."""
    for k in range(_REPLY + 1):
        i = 0
        while i < 8:
            wanted = _WORDS[8 * k + i]
            if start + i >= end:
                return -2
            if data[start + i] != wanted:
                break
            i += 1
            if wanted == _SPACE or (k == _REPLY and i == 7):
                return k
    return -1


@nb.njit(types.int64(U8, types.int64, types.int64), **JIT)
def _header_end(data: Array, start: int, end: int) -> int:
    """Offset behind the empty line; -1 if it is not there."""
    for at in range(start, min(end, start + _LONGEST_HEADER) - 3):
        if data[at] == _CR and data[at + 1] == _LF and data[at + 2] == _CR and data[at + 3] == _LF:
            return at + 4
    return -1


_NAMES: Final = np.frombuffer(b"\r\ncontent-length:\r\nhost:", np.uint8).copy()
_LENGTH_NAME: Final = 17


@nb.njit(types.int64(U8, types.int64, types.int64, types.boolean), **JIT)
def _field(data: Array, start: int, end: int, host: bool) -> int:
    """Offset of the value of Content-Length or Host; -1 if it is not there."""
    first = _LENGTH_NAME if host else 0
    size = len(_NAMES) - _LENGTH_NAME if host else _LENGTH_NAME
    for at in range(start, end - size):
        i = 0
        while i < size:
            octet = data[at + i]
            if 0x41 <= octet <= 0x5A:
                octet += 0x20
            if octet != _NAMES[first + i]:
                break
            i += 1
        if i == size:
            value = at + size
            while value < end and data[value] == _SPACE:
                value += 1
            return value
    return -1


@nb.njit(types.boolean(U8, types.int64, types.int64), **JIT)
def _has_no_body(data: Array, start: int, stop: int) -> bool:
    """Whether a reply's status says that no body follows, whatever its length (9112, 6.3)."""
    if stop - start < 12:
        return False
    first, second, third = data[start + 9], data[start + 10], data[start + 11]
    if first == 0x31:
        return True
    return bool((first == 0x32 or first == 0x33) and second == 0x30 and third == 0x34)


@nb.njit(FRAME, **JIT)
def _frame(data: Array, start: int, end: int) -> int:
    """A request or status line, fields, an empty line, and a short body."""
    word = _first_word(data, start, end)
    if word == -1:
        return NOT_MINE
    if word == -2:
        return NEED_MORE
    stop = _header_end(data, start, end)
    if stop < 0:
        return NOT_MINE if end - start > _LONGEST_HEADER else NEED_MORE
    if word == _REPLY and _has_no_body(data, start, stop):
        return stop - start
    at = _field(data, start, stop, False)
    length = i64(0)
    while 0 <= at < stop and 0x30 <= data[at] <= 0x39 and length <= _LONGEST_BODY:
        length = length * 10 + i64(data[at]) - 0x30
        at += 1
    if length > _LONGEST_BODY:
        return stop - start
    return stop + length - start if stop + length <= end else NEED_MORE


@nb.njit(DECODE, **JIT)
def _decode(data: Array, start: int, end: int, from_client: bool, out: Array, n: int) -> int:
    begin(out, n)
    row = out[n]
    word = _first_word(data, start, end)
    stop = _header_end(data, start, end)
    stop = end if stop < 0 else stop
    at = start
    while at < stop and data[at] != _SPACE:
        at += 1
    at += 1
    row.code = word
    if word == _REPLY:
        row.kind = RESPONSE
        status = i64(0)
        while at < stop and 0x30 <= data[at] <= 0x39 and status < 1_000:
            status = status * 10 + i64(data[at]) - 0x30
            at += 1
        if status >= 400:
            row.status = ERROR
            row.error = status
        return n + 1
    row.kind = REQUEST
    row.space = 1
    row.name = at
    while at < stop and data[at] != _SPACE and data[at] != 0x3F and data[at] != _CR:
        at += 1
    row.name_octets = at - row.name
    at = _field(data, start, stop, True)
    if at >= 0:
        row.host = at
        bracketed = at < stop and data[at] == 0x5B  # an IPv6 address: its colons are its own
        while at < stop and data[at] != _CR and (bracketed or data[at] != 0x3A):
            bracketed = bracketed and data[at] != 0x5D
            at += 1
        row.host_octets = at - row.host
    return n + 1


class Http(Protocol):
    """HTTP/1.0 and 1.1."""

    name = "http"
    dialects: ClassVar[tuple[str, ...]] = ("http",)
    tcp_ports: ClassVar[tuple[int, ...]] = (80, 8080, 8000, 8888, 11434)
    interleaved = True
    frame = _frame
    decode = _decode

    def function(self, dialect: int, code: int, context: int) -> Function:
        """See ``Protocol.function``; ``code`` is a place in this module's list of methods.

        A reply whose request was not seen does not say what was asked: it has no function.
        """
        if code == _REPLY:
            return Function("", Intent.OTHER)
        if 0 <= code < len(_METHODS):
            name, intent = _METHODS[code]
            return Function(name, intent)
        return Function(f"method {code}", Intent.OTHER)

    def space(self, dialect: int, space: int, name: bytes) -> str:
        """The path, without its query."""
        return plain(name)
