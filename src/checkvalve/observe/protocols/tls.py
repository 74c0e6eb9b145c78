"""TLS: the name that a client asks for, before all is closed.

Specification: RFC 8446 (TLS 1.3), RFC 5246 (TLS 1.2), RFC 6066 clause 3 (Server Name
Indication). Only the first record of each direction is read: a ClientHello with its server
name, and the ServerHello that answers it. Not decoded: certificates, ALPN, QUIC, a name hidden by
Encrypted ClientHello.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numba as nb
import numpy as np

from checkvalve.observe.compiling import JIT, i64
from checkvalve.observe.protocols.base import (
    DECODE,
    FRAME,
    MALFORMED,
    NEED_MORE,
    NOT_MINE,
    REQUEST,
    RESPONSE,
    TOO_SHORT,
    Function,
    Protocol,
    begin,
    plain,
    u16be,
)
from checkvalve.records import Intent

Array = np.ndarray[Any, Any]

_HANDSHAKE: Final = 22
_CLIENT_HELLO: Final = 1
_SERVER_HELLO: Final = 2
_FUNCTIONS: Final = {
    _CLIENT_HELLO: Function("ClientHello", Intent.SESSION),
    _SERVER_HELLO: Function("ServerHello", Intent.SESSION),
}


@nb.njit(FRAME, **JIT)
def _frame(data: Array, start: int, end: int) -> int:
    """A handshake record that begins with a ClientHello or a ServerHello."""
    have = end - start
    if (have > 0 and data[start] != _HANDSHAKE) or (have > 1 and data[start + 1] != 3):
        return NOT_MINE
    if have < 6:
        return NEED_MORE
    length = u16be(data, start + 3)
    kind = data[start + 5]
    if data[start + 2] > 4 or length < 4 or length > 16_640:
        return NOT_MINE
    if kind != _CLIENT_HELLO and kind != _SERVER_HELLO:
        return NOT_MINE
    return 5 + length if have >= 5 + length else NEED_MORE


@nb.njit(DECODE, **JIT)
def _decode(data: Array, start: int, end: int, from_client: bool, out: Array, n: int) -> int:
    begin(out, n)
    row = out[n]
    row.code = data[start + 5]
    row.kind = REQUEST if row.code == _CLIENT_HELLO else RESPONSE
    if row.code != _CLIENT_HELLO:
        return n + 1
    at = start + 9 + 34  # past version and random
    for width in (1, 2, 1):  # session id, cipher suites, compression methods
        if at + width > end:
            row.status = MALFORMED
            row.reason = TOO_SHORT
            return n + 1
        at += width + (i64(data[at]) if width == 1 else u16be(data, at))
    at += 2
    while at + 4 <= end:
        kind = u16be(data, at)
        size = u16be(data, at + 2)
        if kind == 0 and size >= 5 and at + 9 <= end:
            octets = u16be(data, at + 7)
            if at + 9 + octets <= end:
                row.space = 1
                row.name = at + 9
                row.name_octets = octets
                row.host = at + 9
                row.host_octets = octets
            break
        at += 4 + size
    return n + 1


class Tls(Protocol):
    """TLS, as far as it is open."""

    name = "tls"
    dialects: ClassVar[tuple[str, ...]] = ("tls",)
    tcp_ports: ClassVar[tuple[int, ...]] = (443, 8443, 8883, 993, 995, 636, 989, 990)
    opening_only = True
    frame = _frame
    decode = _decode

    def function(self, dialect: int, code: int, context: int) -> Function:
        """See ``Protocol.function``; ``code`` is the handshake type."""
        return _FUNCTIONS.get(code, Function(f"handshake {code}", Intent.SESSION))

    def space(self, dialect: int, space: int, name: bytes) -> str:
        """The server's name that the client asks for."""
        return plain(name).lower()
