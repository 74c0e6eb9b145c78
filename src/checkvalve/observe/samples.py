"""Samples: values on the wire, read through the plant's tag map.

A tag names a place (device, space, address) and how its octets are read. What an exchange
read from or wrote to that place becomes a sample of the tag. Registers of Modbus and octets
of S7comm are read at their address; other protocols give one scalar an item.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from checkvalve.observe.dissector import Seen
from checkvalve.plant import Plant
from checkvalve.plant.tags import Tag
from checkvalve.records import INTENTS, SAMPLE, STATUSES, Intent, Status

Array = np.ndarray[Any, Any]

_OK: Final = STATUSES.index(Status.OK)
_WRITE: Final = INTENTS.index(Intent.WRITE)
_FORMATS: Final[Mapping[str, str]] = {
    "int8": "i1",
    "uint8": "u1",
    "int16": "i2",
    "uint16": "u2",
    "int32": "i4",
    "uint32": "u4",
    "int64": "i8",
    "uint64": "u8",
    "float32": "f4",
    "float64": "f8",
}
#: Octets of a register.
_WORD: Final = 2
_REGISTERS: Final = frozenset({"holding register", "input register"})
_COILS: Final = frozenset({"coil", "discrete input"})


class Samples:
    """Reads samples from what a dissector saw.

    Args:
        plant: its tags and the addresses of their assets.
        site: the site's id.
    """

    def __init__(self, plant: Plant, site: str) -> None:
        self._site = site
        self._tags: dict[tuple[str, str, str], list[Tag]] = {}
        for tag in plant.tags.values():
            for address in plant.assets[tag.asset].ips:
                for space, read in _as_read(tag):
                    key = (str(address), tag.protocol, space)
                    self._tags.setdefault(key, []).append(read)

    def of(self, seen: Seen) -> pa.RecordBatch:
        """The samples of one batch, in order of its rows, tag by tag."""
        found = self._rows(seen) if self._tags and seen.exchanges.num_rows else []
        parts = [part for place, tag in found if (part := self._read(seen, place, tag)) is not None]
        return _batch(parts, self._site, seen)

    def _rows(self, seen: Seen) -> list[tuple[Array, Tag]]:
        """Rows that read or wrote a place some tag names, with that tag."""
        destination = seen.exchanges.column("destination")
        space = seen.exchanges.column("space")
        protocol = seen.exchanges.column("protocol")
        pairs = (
            seen.rows["destination"].astype(np.int64) << 32
            | seen.rows["object"].astype(np.int64) << 8
            | protocol.indices.to_numpy()
        )
        wanted = self._wanted(destination.dictionary, space.dictionary, protocol.dictionary)
        if not wanted:
            return []
        keys = np.array(sorted(wanted), np.int64)
        at = np.minimum(np.searchsorted(keys, pairs), len(keys) - 1)
        hit = np.flatnonzero((keys[at] == pairs) & (seen.rows["status"] == _OK))
        found = []
        for key in np.unique(pairs[hit]):
            rows = hit[pairs[hit] == key]
            found += [(rows, tag) for tag in wanted[int(key)]]
        return found

    def _wanted(
        self, addresses: pa.Array, spaces: pa.Array, protocols: pa.Array
    ) -> dict[int, list[Tag]]:
        """The tags by (address id, object id, protocol id) of this batch's dictionaries."""
        places = {word: k for k, word in enumerate(addresses.to_pylist())}
        objects: dict[str, list[int]] = {}
        for k, word in enumerate(spaces.to_pylist()):
            objects.setdefault(word, []).append(k)
        kinds: dict[str, list[int]] = {}
        for k, word in enumerate(protocols.to_pylist()):
            kinds.setdefault(word, []).append(k)
        return {
            places[address] << 32 | place << 8 | kind: tags
            for (address, protocol, space), tags in self._tags.items()
            if address in places
            for place in objects.get(space, ())
            for kind in kinds.get(protocol, ())
        }

    def _read(self, seen: Seen, rows: Array, tag: Tag) -> tuple[Tag, Array, Array, Array] | None:
        """The tag's values in these rows: rows, values, and whether each was written."""
        found = seen.rows[rows]
        if tag.device is not None:
            kept = found["device"] == tag.device
            rows, found = rows[kept], found[kept]
        values = _values(found, tag)
        good = ~np.isnan(values)
        if not good.any():
            return None
        intents = seen.exchanges.column("intent").indices.to_numpy()[rows[good]]
        return tag, rows[good], values[good] * tag.scale + tag.offset, intents == _WRITE


def _as_read(tag: Tag) -> tuple[tuple[str, Tag], ...]:
    """The spaces in which a tag is found, each with how it is read there.

    S7comm has a space for each bit of an area: what is read there is the bit alone.
    """
    if tag.protocol == "s7comm" and tag.bit is not None:
        alone = tag.model_copy(update={"bit": 0, "type": "bool"})
        return (tag.space, tag), (f"{tag.space} bit {tag.bit}", alone)
    return ((tag.space, tag),)


def _values(found: Array, tag: Tag) -> Array:
    """The raw value of a tag in each row; NaN where the row does not hold it."""
    if tag.address is None:
        return np.asarray(found["value"], np.float64)
    covers = (found["first"] <= tag.address) & (found["last"] >= tag.address)
    if tag.space in _COILS:
        values = _bits(found, tag.address)
    elif tag.space in _REGISTERS:
        values = _octets(found, tag, _WORD)
    elif tag.protocol == "s7comm":
        values = _octets(found, tag, 1)
    else:
        values = np.full(len(found), np.nan)
    scalar = (found["first"] == tag.address) & ~np.isnan(found["value"])
    if tag.bit is None:
        values = np.where(np.isnan(values) & scalar, found["value"], values)
    return np.where(covers, values, np.nan)


def _bits(found: Array, address: int) -> Array:
    """Coils as Modbus packs them: the first in the lowest bit of the first octet."""
    place = np.maximum(address - found["first"], 0)
    inside = (place // 8 < found["raw_octets"]) & (found["first"] >= 0)
    at = np.where(inside, place // 8, 0)
    octet = found["raw"][np.arange(len(found)), np.minimum(at, found["raw"].shape[1] - 1)]
    values = (octet >> (place % 8).astype(np.uint8)) & 1
    alone = (found["first"] == address) & ~np.isnan(found["value"])
    return np.where(alone, found["value"], np.where(inside, values, np.nan)).astype(np.float64)


def _octets(found: Array, tag: Tag, step: int) -> Array:
    """Big-endian octets at the tag's address; ``step`` octets an address."""
    kind = np.dtype(_FORMATS.get(tag.type, "u1" if step == 1 else "u2"))
    width = max(kind.itemsize, step)
    start = (np.int64(tag.address or 0) - found["first"]) * step
    inside = (start >= 0) & (start + width <= found["raw_octets"])
    start = np.where(inside, start, 0)
    columns = np.minimum(start[:, None] + np.arange(width)[None, :], found["raw"].shape[1] - 1)
    octets = np.take_along_axis(found["raw"], columns, axis=1)
    if tag.word_order == "little" and width > _WORD:
        octets = octets.reshape(len(found), -1, 2)[:, ::-1].reshape(len(found), width)
    if width > kind.itemsize:
        octets = octets[:, width - kind.itemsize :]
    values = np.ascontiguousarray(octets).view(kind.newbyteorder(">"))[:, 0]
    if tag.bit is not None or tag.type == "bool":
        values = (values.astype(np.uint64) >> np.uint64(tag.bit or 0)) & np.uint64(1)
    return np.where(inside, values.astype(np.float64), np.nan)


def _batch(parts: list[tuple[Tag, Array, Array, Array]], site: str, seen: Seen) -> pa.RecordBatch:
    """A ``sample`` batch, in order of time."""
    if not parts:
        return pa.RecordBatch.from_pylist([], schema=SAMPLE)
    rows = np.concatenate([part[1] for part in parts])
    times = seen.rows["time"][rows]
    order = np.argsort(times, kind="stable")
    rows = rows[order]
    tags = np.concatenate([np.full(len(part[1]), k, np.int32) for k, part in enumerate(parts)])
    n = len(rows)
    zeros = pa.array(np.zeros(n, np.int32))
    taken = seen.exchanges.take(pa.array(rows))
    return pa.RecordBatch.from_arrays(
        [
            taken.column("time"),
            pa.DictionaryArray.from_arrays(zeros, pa.array([site])),
            pa.DictionaryArray.from_arrays(
                pa.array(tags[order]), pa.array([part[0].id for part in parts])
            ),
            pa.array(np.concatenate([part[2] for part in parts])[order]),
            pa.DictionaryArray.from_arrays(zeros, pa.array(["good"])),
            taken.column("source"),
            pa.array(np.concatenate([part[3] for part in parts])[order]),
            taken.column("capture"),
            taken.column("packet"),
        ],
        schema=SAMPLE,
    )
