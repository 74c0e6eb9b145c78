"""Arrow record batches from the kernels' rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numba as nb
import numpy as np
import pyarrow as pa
from numba import types

from checkvalve.observe.compiling import JIT
from checkvalve.observe.protocols.base import Protocol
from checkvalve.observe.protocols.joining import JOINEDS
from checkvalve.observe.words import FunctionWords, ObjectWords, Words
from checkvalve.records import EXCHANGE, FLOW, GAP, INTENTS, STATUSES, GapKind

Array = np.ndarray[Any, Any]

_INTENTS: Final = pa.array([str(intent) for intent in INTENTS])
_STATUSES: Final = pa.array([str(status) for status in STATUSES])
#: Octets of a value in a record; samples are made of more.
KEPT_RAW: Final = 64
_TRANSPORTS: Final = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words behind all ids of a dissector.

    Attributes:
        dialects: by ``protocol << 8 | dialect`` + 1.
    """

    addresses: Words
    macs: Words
    functions: FunctionWords
    objects: ObjectWords
    hosts: Words
    dialects: Mapping[int, int]
    dialect_words: Words


def dialects(protocols: tuple[Protocol, ...]) -> tuple[Mapping[int, int], Words]:
    """Places of all dialects by ``protocol << 8 | dialect``, and their words."""
    places: dict[int, int] = {}
    names: list[str] = []
    for k, protocol in enumerate(protocols):
        for d, name in enumerate(protocol.dialects):
            names.append(name)
            places[k << 8 | d] = len(names)
    words = Words(lambda place: names[place - 1])
    words.grow(len(names))
    return places, words


@lru_cache(maxsize=64)
def _word_array(text: str) -> pa.Array:
    return pa.array([text], pa.string())


_ZEROS: Final = np.zeros(1 << 16, np.int32)


def _constant(text: str, rows: int) -> pa.DictionaryArray:
    zeros = _ZEROS[:rows] if rows <= len(_ZEROS) else np.zeros(rows, np.int32)
    indices = pa.Array.from_buffers(pa.int32(), rows, [None, pa.py_buffer(zeros)])
    return pa.DictionaryArray.from_arrays(indices, _word_array(text))


def _column(values: Array) -> pa.Array:
    """A column of numbers; strided ones are copied."""
    return pa.array(np.ascontiguousarray(values))


def _or_null(values: Array, missing: Array) -> pa.Array:
    return pa.array(np.ascontiguousarray(values), mask=missing if missing.any() else None)


def _times(nanoseconds: Array) -> pa.Array:
    return pa.array(np.ascontiguousarray(nanoseconds)).view(pa.timestamp("ns", tz="UTC"))


def _kinds(protocol: Array, dialect: Array, places: Mapping[int, int]) -> Array:
    lookup = np.zeros(1 << 16, np.int32)
    for kind, place in places.items():
        lookup[kind] = place
    kinds: Array = lookup[protocol.astype(np.int32) << 8 | dialect]
    return kinds


def _transport(numbers: Array) -> pa.DictionaryArray:
    found = np.unique(numbers)
    words = [_TRANSPORTS.get(int(number), f"ip/{number}") for number in found]
    places = np.searchsorted(found, numbers).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(places), pa.array(words, pa.string()))


@nb.njit(
    types.void(JOINEDS, types.Array(types.int32, 1, "C"), types.Array(types.uint8, 1, "C")), **JIT
)
def _pack(rows: Array, offsets: Array, out: Array) -> None:
    for i in range(len(rows)):
        start = offsets[i]
        for k in range(offsets[i + 1] - start):
            out[start + k] = rows[i].raw[k]


def _raw(rows: Array) -> pa.Array:
    """The kept octets of each value as one binary column; null where there are none."""
    octets = np.minimum(rows["raw_octets"], KEPT_RAW)
    offsets = np.zeros(len(rows) + 1, np.int32)
    np.cumsum(octets, out=offsets[1:])
    data = np.empty(int(offsets[-1]), np.uint8)
    _pack(rows, offsets, data)
    nothing = octets == 0
    bitmap = None
    if nothing.any():
        bitmap = pa.py_buffer(np.packbits(~nothing, bitorder="little"))
    return pa.Array.from_buffers(
        pa.binary(),
        len(rows),
        [bitmap, pa.py_buffer(offsets), pa.py_buffer(data)],
        null_count=int(np.count_nonzero(nothing)),
    )


def exchanges(rows: Array, words: Vocabulary, site: str, capture: str) -> pa.RecordBatch:
    """An ``exchange`` batch from rows of dtype ``JOINED``."""
    n = len(rows)
    nowhere = rows["first"] < 0
    columns = [
        _times(rows["time"]),
        _or_null(rows["duration"], rows["duration"] < 0),
        _constant(site, n),
        words.addresses.column(rows["source"]),
        words.macs.column(rows["source_mac"]),
        _column(rows["source_port"]),
        words.addresses.column(rows["destination"]),
        words.macs.column(rows["destination_mac"]),
        _column(rows["destination_port"]),
        _transport(rows["transport"]),
        pa.array(rows["conversation"].astype(np.uint64)),
        words.dialect_words.column(_kinds(rows["protocol"], rows["dialect"], words.dialects)),
        _or_null(rows["device"], rows["device"] < 0),
        words.functions.names.column(rows["function"]),
        _column(rows["code"]),
        pa.DictionaryArray.from_arrays(
            pa.array(words.functions.intents(rows["function"])), _INTENTS
        ),
        words.objects.names.column(rows["object"]),
        _or_null(rows["first"], nowhere),
        _or_null(rows["last"], nowhere),
        _column(rows["quantity"]),
        _or_null(rows["value"], np.isnan(rows["value"])),
        _raw(rows),
        pa.DictionaryArray.from_arrays(pa.array(rows["status"].astype(np.int32)), _STATUSES),
        _or_null(rows["error"], rows["error"] < 0),
        _column(rows["request_octets"]),
        _column(rows["response_octets"]),
        _column(rows["item"]),
        _constant(capture, n),
        _column(rows["packet"]),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=EXCHANGE)


def flows(rows: Array, names: Array, words: Vocabulary, site: str, capture: str) -> pa.RecordBatch:
    """A ``flow`` batch from rows of dtype ``FLOW_ROW``; ``names`` are host name ids."""
    n = len(rows)
    kinds = _kinds(np.maximum(rows["member"], 1) - 1, rows["dialect"], words.dialects)
    columns = [
        _times(rows["first"]),
        _times(rows["last"]),
        _constant(site, n),
        words.addresses.column(rows["source"]),
        words.macs.column(rows["source_mac"]),
        _column(rows["source_port"]),
        words.addresses.column(rows["destination"]),
        words.macs.column(rows["destination_mac"]),
        _column(rows["destination_port"]),
        _transport(rows["transport"]),
        pa.array(rows["conversation"].astype(np.uint64)),
        words.dialect_words.column(np.where(rows["member"] > 0, kinds, 0)),
        pa.array(rows["opening_seen"] != 0),
        pa.array(rows["opened"] != 0),
        pa.array(rows["closed"] != 0),
        pa.array(rows["answered"] != 0),
        *(
            _column(rows[f"{end}_{column}"])
            for column in ("packets", "octets", "payload")
            for end in ("source", "destination")
        ),
        words.hosts.column(names),
        _constant(capture, n),
        _column(rows["packet"]),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=FLOW)


@dataclass(frozen=True, slots=True)
class Gap:
    """One kind of thing that could not be seen, over some time."""

    time: int
    kind: GapKind
    count: int
    octets: int = 0
    detail: str = ""


def gaps(found: list[Gap], site: str, sensor: str) -> pa.RecordBatch:
    """A ``gap`` batch."""
    n = len(found)
    nobody = pa.nulls(n, pa.dictionary(pa.int32(), pa.string()))
    kinds = pa.array([str(gap.kind) for gap in found], pa.string()).dictionary_encode()
    columns = [
        _times(np.array([gap.time for gap in found], np.int64)),
        _constant(site, n),
        _constant(sensor, n),
        kinds,
        nobody,
        nobody,
        pa.array([gap.count for gap in found], pa.int64()),
        pa.array([gap.octets for gap in found], pa.int64()),
        pa.array([gap.detail for gap in found], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=GAP)
