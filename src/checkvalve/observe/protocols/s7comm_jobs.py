"""Jobs of S7comm beside reading and writing: block transfers and program invocation.

A transfer names a file (``_0800001P`` is block OB1, passive); a program invocation service has
an argument and a name.

Known limits: of the argument only the first block is kept, so that a cold restart looks like a
warm one; of a transfer in progress the upload id is not resolved to its file.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import INNER, i64
from checkvalve.observe.protocols.base import (
    BAD_LENGTH,
    MESSAGES,
    RESPONSE,
    U8,
    u16be,
)
from checkvalve.observe.protocols.s7comm_items import HEADER, malformed
from checkvalve.observe.protocols.s7comm_userdata import BLOCK

Array = np.ndarray[Any, Any]

_DOWNLOAD_BLOCK: Final = 0x1B
_UPLOAD: Final = 0x1E
_PI_SERVICE: Final = 0x28
_PLC_STOP: Final = 0x29
#: Where the length of the name stands in the parameters of a job, by function; 0: names none.
#: A service's name stands behind its argument.
_NAME_AT: Final = np.zeros(256, np.int64)
_NAME_AT[[0x1A, _DOWNLOAD_BLOCK, 0x1C, 0x1D]] = 8
_NAME_AT[_PI_SERVICE] = 10
_NAME_AT[_PLC_STOP] = 6

#: Contexts of the program invocation services: the place of the name here, from 1.
_SERVICES: Final = (b"P_PROGRAM", b"_INSE", b"_DELE", b"_MODU", b"_GARB")
_INSERT: Final = 2
_DELETE: Final = 3
#: In ``space``: the row names a program invocation service.
SERVICE: Final = 0x105 << 32


def _service_names() -> Array:
    """A row for each service: how long its name is, and its octets."""
    names = np.zeros((len(_SERVICES), 10), np.uint8)
    for row, name in zip(names, _SERVICES, strict=True):
        row[0] = len(name)
        row[1 : 1 + len(name)] = list(name)
    return names


_SERVICE_NAMES: Final = _service_names()


@nb.njit(types.int64(U8, types.int64, types.int64, types.int64, MESSAGES, types.int64), **INNER)
def transfer(data: Array, at: int, body: int, end: int, out: Array, n: int) -> int:
    """Put into row ``n`` what a job names, or what its answer carries; the next row.

    Parameters are ``data[at:body]``, data ``data[body:end]``. A transfer names a file; a
    service its own name, or the first block that it is about.
    """
    row = out[n]
    if row.kind == RESPONSE:
        if (row.code == _DOWNLOAD_BLOCK or row.code == _UPLOAD) and end - body > HEADER:
            row.raw = body + HEADER
            row.raw_octets = end - body - HEADER
        return n + 1
    spot = _NAME_AT[row.code]
    if spot == 0:
        return n + 1
    if row.code == _PI_SERVICE and at + spot <= body:
        spot += u16be(data, at + 8)
    spot += at
    octets = i64(data[spot]) if spot < body else i64(0)
    if octets == 0 or spot + 1 + octets > body:
        return malformed(out, n, BAD_LENGTH)
    row.name = spot + 1
    row.name_octets = octets
    row.space = BLOCK
    if row.code < _PI_SERVICE:
        return n + 1
    row.space = SERVICE
    for service in range(len(_SERVICE_NAMES)):
        k = i64(0)
        while k <= octets and k < 10 and data[spot + k] == _SERVICE_NAMES[service, k]:
            k += 1
        if k > octets:
            row.context = service + 1
    if (row.context == _INSERT or row.context == _DELETE) and spot - at >= 20:
        row.space = BLOCK
        row.name = at + 12
        row.name_octets = 8
    return n + 1
