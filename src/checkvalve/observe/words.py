"""Words for the numbers that the kernels hand out, each rendered once."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa

from checkvalve.observe.protocols.base import Function, Protocol, plain
from checkvalve.records import INTENTS, Intent

Array = np.ndarray[Any, Any]

_MAPPED_HIGH: Final = 0
_MAPPED_LOW: Final = 0x0000FFFF00000000
_NOT_UNDERSTOOD: Final = Function("not understood", Intent.OTHER)


class Words:
    """The words behind the ids of one table; id 0 means none.

    Args:
        render: gives the words of an id; asked once for each.
    """

    def __init__(self, render: Callable[[int], str]) -> None:
        self._render = render
        self._texts: list[str] = [""]
        self._array: pa.Array | None = None

    def __getitem__(self, place: int) -> str:
        return self._texts[place]

    def __len__(self) -> int:
        return len(self._texts)

    def grow(self, count: int) -> None:
        """Render the ids up to ``count``."""
        for place in range(len(self._texts), count + 1):
            self._texts.append(self._render(place))
            self._array = None

    def column(self, places: Array) -> pa.DictionaryArray:
        """The words at ``places`` (int, shape ``[rows]``); null where a place is 0."""
        if self._array is None:
            self._array = pa.array(self._texts, pa.string())
        places = np.ascontiguousarray(places, np.int32)
        none = places == 0
        indices = pa.array(places, mask=none if none.any() else None)
        return pa.DictionaryArray.from_arrays(indices, self._array)


def address_text(high: int, low: int) -> str:
    """An address of 128 bits in words; IPv4 as it is written."""
    if high == _MAPPED_HIGH and low & 0xFFFFFFFF00000000 == _MAPPED_LOW:
        return str(ipaddress.IPv4Address(low & 0xFFFFFFFF))
    return str(ipaddress.IPv6Address(high << 64 | low))


def mac_text(low: int) -> str:
    """A MAC address in words, as IEEE 802 writes it in lower case with colons."""
    return ":".join(f"{low >> shift & 0xFF:02x}" for shift in range(40, -8, -8))


class FunctionWords:
    """Names and intents of functions.

    Attributes:
        names: the words by function id.
    """

    def __init__(self, table: Array, protocols: tuple[Protocol, ...]) -> None:
        self._table = table
        self._protocols = protocols
        self._intents: list[int] = [0]
        self.names = Words(self._name)

    def grow(self) -> None:
        """Render what the kernels added since the last time."""
        self.names.grow(int(self._table[0]["next"]))

    def intents(self, functions: Array) -> Array:
        """Place in ``records.INTENTS`` of each function id, shape ``[rows]``, int32."""
        return np.asarray(self._intents, np.int32)[functions]

    def _name(self, place: int) -> str:
        entry = self._table[place]
        kind, code = int(entry["a"]) >> 32, _signed(int(entry["a"]) & 0xFFFFFFFF)
        function = _NOT_UNDERSTOOD
        if code != -1:
            protocol = self._protocols[kind >> 8]
            function = protocol.function(kind & 0xFF, code, int(entry["b"]))
        self._intents.append(INTENTS.index(function.intent))
        return function.name


class ObjectWords:
    """Words of object spaces and symbols."""

    def __init__(self, table: Array, arena: Array, protocols: tuple[Protocol, ...]) -> None:
        self._table = table
        self._arena = arena
        self._protocols = protocols
        self.names = Words(self._name)

    def grow(self) -> None:
        """Render what the kernels added since the last time."""
        self.names.grow(int(self._table[0]["next"]))

    def _name(self, place: int) -> str:
        entry = self._table[place]
        start, octets = int(entry["offset"]), int(entry["octets"])
        name = self._arena[start : start + octets].tobytes()
        kind = int(entry["a"])
        return self._protocols[kind >> 8].space(kind & 0xFF, int(entry["b"]), name)


def name_words(table: Array, arena: Array) -> Words:
    """Words of host names, as they stand in TLS and HTTP."""

    def render(place: int) -> str:
        entry = table[place]
        start, octets = int(entry["offset"]), int(entry["octets"])
        return plain(arena[start : start + octets].tobytes()).lower()

    return Words(render)


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value
