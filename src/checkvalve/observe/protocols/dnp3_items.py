"""The rows of DNP3's objects: one a header, one a control."""

from __future__ import annotations

from typing import Any, Final

import numba as nb
from numba import types

from checkvalve.observe.compiling import INNER, i64
from checkvalve.observe.protocols.base import ERROR, MESSAGE_TYPE, ONE_WAY, U8
from checkvalve.observe.protocols.dnp3_headers import HEADER, Header
from checkvalve.observe.protocols.dnp3_link import Array, number, place
from checkvalve.observe.protocols.dnp3_objects import object_value

#: One record of ``MESSAGES``; numba knows its fields.
Row = Any

_LONGEST_RAW: Final = 64
_LARGEST_QUANTITY: Final = 2**31 - 1
#: Greater than any index.
_NO_INDEX: Final = 2**32
#: Added to the status of a control, to tell it from indications.
_CONTROL_STATUS: Final = 256

FIRST_RESPONSE: Final = 128
_AUTHENTICATE_FILE: Final = 29
_AUTHENTICATE_REQ: Final = 32
_AUTHENTICATE_RESP: Final = 131

_CROB: Final = 12
_ANALOG_OUTPUT: Final = 41
_FILE: Final = 70
_FILE_AUTHENTICATION: Final = 2
_AUTHENTICATION: Final = 120
_CHALLENGE: Final = 1
_CHALLENGE_REPLY: Final = 2


@nb.njit(types.boolean(HEADER), **INNER)
def holds_controls(header: Header) -> bool:
    """Whether the objects of a header are controls, each with a status of its own."""
    return (
        (header.group == _CROB or header.group == _ANALOG_OUTPUT)
        and header.size > 1
        and header.quantity > 0
    )


@nb.njit(types.void(U8, types.int64, types.int64, types.int64, MESSAGE_TYPE), **INNER)
def _span(data: Array, start: int, at: int, octets: int, row: Row) -> None:
    """Let the row span the ``octets`` at ``at`` of the application layer, as far as it may."""
    first = place(data, start, at)
    last = first
    holes = i64(0)
    for offset in range(at + 1, at + octets):
        spot = place(data, start, offset)
        if spot - first >= _LONGEST_RAW:
            break
        holes |= (1 << spot - last - 1) - 1 << last + 1 - first
        last = spot
    row.raw = first
    row.raw_octets = last + 1 - first
    row.raw_holes = holes


@nb.njit(types.void(U8, types.int64, HEADER, types.int64, types.int64, MESSAGE_TYPE), **INNER)
def show_objects(
    data: Array, start: int, header: Header, skipped: int, quantity: int, row: Row
) -> None:
    """Complete a row with ``quantity`` objects of a header, those after the ``skipped``."""
    step = header.prefix + header.size
    at = header.at + skipped * step
    if header.prefix > 0 and header.size >= 0 and quantity > 0:
        row.first, row.last = _NO_INDEX, -1
        for point in range(quantity):
            index = number(data, start, at + point * step, header.prefix)
            row.first = min(row.first, index)
            row.last = max(row.last, index)
    octets = header.octets if quantity == header.quantity else step
    if quantity == 1:
        at += header.prefix
        octets -= header.prefix
        if header.size > 0:
            row.value = object_value(data, start, at, header.group, header.variation)
    secret = header.group == _FILE and header.variation == _FILE_AUTHENTICATION
    if header.size != 0 and octets > 0 and not secret and row.code != _AUTHENTICATE_FILE:
        _span(data, start, at, octets, row)


@nb.njit(types.void(U8, types.int64, HEADER, types.int64, MESSAGE_TYPE), **INNER)
def show_control(data: Array, start: int, header: Header, point: int, row: Row) -> None:
    """Complete the row of one control of a header; its last octet is its status."""
    row.quantity = 1
    if header.first >= 0:
        row.first = row.last = header.first + point
    show_objects(data, start, header, point, 1, row)
    after = header.at + (point + 1) * (header.prefix + header.size)
    status = number(data, start, after - 1, 1) & 0x7F
    if status and row.code >= FIRST_RESPONSE:
        row.status = ERROR
        row.error = _CONTROL_STATUS + status


@nb.njit(types.void(HEADER, types.int64, MESSAGE_TYPE, MESSAGE_TYPE), **INNER)
def show_header(header: Header, item: int, first: Row, row: Row) -> None:
    """Complete a row with its header, and with what it shares with the first row.

    What an AUTHENTICATE_RESP challenges, and an AUTHENTICATE_REQ that replies to it, keep the
    request that is challenged open: its own response comes later.
    """
    if item > 0:
        row.item = item
        row.kind = first.kind
        row.code = first.code
        row.device = first.device
        row.key = first.key
    row.context = header.group
    row.space = header.group << 8 | header.variation
    row.first = header.first
    row.last = header.last
    row.quantity = min(header.quantity, _LARGEST_QUANTITY)
    if header.group == _AUTHENTICATION and (
        (row.code == _AUTHENTICATE_REQ and header.variation == _CHALLENGE_REPLY)
        or (row.code == _AUTHENTICATE_RESP and header.variation == _CHALLENGE)
    ):
        row.kind = ONE_WAY
