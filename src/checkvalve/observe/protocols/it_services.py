"""IT services that are known by their first octets: SSH, SMB, RDP, VNC.

SSH: RFC 4253 clause 4.2. SMB: MS-SMB2 clause 2.2.1 and MS-CIFS clause 2.2.3.1, behind a
NetBIOS session header. RDP: MS-RDPBCGR clause 2.2.1 (a connection request on TPKT with a
cookie or a negotiation request). VNC: RFC 6143 clause 7.1.1. Only that they are there is
read; all else is not decoded.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numba as nb
import numpy as np

from checkvalve.observe.compiling import JIT
from checkvalve.observe.protocols.base import (
    DECODE,
    FRAME,
    NOT_MINE,
    ONE_WAY,
    Function,
    Protocol,
    begin,
    u16be,
    u32be,
)
from checkvalve.records import Intent

Array = np.ndarray[Any, Any]

_SSH: Final = 0
_SMB: Final = 1
_RDP: Final = 2
_VNC: Final = 3


@nb.njit(FRAME, **JIT)
def _service(data: Array, start: int, end: int) -> int:
    """Which service's first octets stand here; -1: none."""
    have = end - start
    if have < 8:
        return -1
    four = u32be(data, start)
    if four == 0x5353482D and data[start + 5] == 0x2E:  # SSH-x.
        return _SSH
    if four == 0x52464220 and data[start + 7] == 0x2E:  # RFB xxx.
        return _VNC
    if (
        data[start] == 0
        and data[start + 1] < 2
        and u32be(data, start + 4)
        in (
            0xFE534D42,
            0xFF534D42,
            0xFD534D42,
        )
    ):
        return _SMB
    if have >= 19 and u16be(data, start) == 0x0300 and u16be(data, start + 2) == have:
        requested = data[start + 5] == 0xE0 and data[start + 6] == 0
        if requested and u32be(data, start + 11) == 0x436F6F6B:  # Cook(ie)
            return _RDP
        if requested and have == 19 and data[start + 11] == 1 and data[start + 13] == 8:
            return _RDP
    return -1


@nb.njit(FRAME, **JIT)
def _frame(data: Array, start: int, end: int) -> int:
    """All that is there, if it begins as one of the services does."""
    return end - start if _service(data, start, end) >= 0 else NOT_MINE


@nb.njit(DECODE, **JIT)
def _decode(data: Array, start: int, end: int, from_client: bool, out: Array, n: int) -> int:
    begin(out, n)
    row = out[n]
    row.kind = ONE_WAY
    row.dialect = max(_service(data, start, end), 0)
    return n + 1


class ItServices(Protocol):
    """SSH, SMB, RDP and VNC, by name and direction only."""

    name = "ssh"
    dialects: ClassVar[tuple[str, ...]] = ("ssh", "smb", "rdp", "vnc")
    tcp_ports: ClassVar[tuple[int, ...]] = (22, 445, 139, 3389, 5900)
    opening_only = True
    frame = _frame
    decode = _decode

    def function(self, dialect: int, code: int, context: int) -> Function:
        """See ``Protocol.function``."""
        return Function("opening", Intent.SESSION)

    def space(self, dialect: int, space: int, name: bytes) -> str:
        """No object is read."""
        return ""
