"""The objects of DNP3: how large each is, and where its value stands.

IEEE 1815-2012, clause 11 and annex A. In the table below: one line a group, one word a
variation from 1 on, one letter a field; the first field that may be a value is the value.

    value   b, w      one bit, two bits, packed from the least significant on
            S, D      flags with the state in bit 7, with the double-bit state in bits 7 and 6
            B, H, I   unsigned, of 1, 2, 4 octets;  h, i  signed;  F, d  floating, of 4, 8
            T         time, 48 bits, ms since 1970 UTC
    beside  f, s, x   flags, status, any octet;  t, r  time of the event, of 6 octets, of 2
    whole   -, ?      nothing at all; of a size that its own fields tell
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.compiling import INNER
from checkvalve.observe.protocols.base import U8
from checkvalve.observe.protocols.dnp3_link import Array, number

_OBJECTS: Final = {
    1: "b S",
    2: "S St Sr",
    3: "w D",
    4: "D Dt Dr",
    10: "b S",
    11: "S St",
    12: "Bxxxxxxxxxs Bxxxxxxxxxs b",
    13: "S St",
    20: "fI fH fI fH I H I H",
    21: "fI fH fI fH fIt fHt fIt fHt I H I H",
    22: "fI fH fI fH fIt fHt fIt fHt",
    23: "fI fH fI fH fIt fHt fIt fHt",
    30: "fi fh i h fF fd",
    31: "fi fh fit fht i h fF fd",
    32: "fi fh fit fht fF fd fFt fdt",
    33: "fi fh fit fht fF fd fFt fdt",
    34: "H I F",
    40: "fi fh fF fd",
    41: "is hs Fs ds",
    42: "fi fh fit fht fF fd fFt fdt",
    43: "si sh sit sht sF sd sFt sdt",
    50: "T Txxxx T Txxxxx",
    51: "T T",
    52: "H H",
    60: "- - - -",
    80: "b",
    81: "xxx",
    86: "? x",
    101: "xx xxxx xxxxxxxx",
    102: "B",
    120: "? ? xxxxxx xx",
    121: "fxxI",
    122: "fxxI fxxIt",
}
_GROUPS: Final = 128
_VARIATIONS: Final = 16

#: The size is told by fields inside the object, or the standard has no such object.
UNKNOWN: Final = -1
_UNKNOWN_BITS: Final = 0xFFFF
_NONE, _UNSIGNED, _SIGNED, _FLOATING = range(4)

#: For each letter that may be a value: octets, right shift, bits kept, form.
_VALUES: Final = {
    "b": (1, 0, 1, _UNSIGNED),
    "w": (1, 0, 2, _UNSIGNED),
    "S": (1, 7, 1, _UNSIGNED),
    "D": (1, 6, 2, _UNSIGNED),
    "B": (1, 0, 8, _UNSIGNED),
    "H": (2, 0, 16, _UNSIGNED),
    "I": (4, 0, 32, _UNSIGNED),
    "T": (6, 0, 48, _UNSIGNED),
    "h": (2, 0, 16, _SIGNED),
    "i": (4, 0, 32, _SIGNED),
    "F": (4, 0, 32, _FLOATING),
    "d": (8, 0, 64, _FLOATING),
}
_WIDTHS: Final = {letter: 8 * octets for letter, (octets, *_) in _VALUES.items()}
_BITS: Final = _WIDTHS | dict(zip("bwfsxtr", (1, 2, 8, 8, 8, 48, 16), strict=True))


def _layout(word: str) -> int:
    """In one number: bits (16), then octets for place, width, shift, bits kept and form."""
    bits = at = 0
    value = (0, 0, 0, _NONE)
    for letter in word.strip("-?"):
        if value[-1] == _NONE and letter in _VALUES:
            at, value = bits // 8, _VALUES[letter]
        bits += _BITS[letter]
    layout = _UNKNOWN_BITS if word == "?" else bits
    return layout | sum(field << 16 + 8 * k for k, field in enumerate((at, *value)))


def _layouts() -> np.ndarray[Any, np.dtype[np.int64]]:
    table = np.full(_GROUPS * _VARIATIONS, _UNKNOWN_BITS, np.int64)
    for group, words in _OBJECTS.items():
        for variation, word in enumerate(words.split(), start=1):
            table[group * _VARIATIONS + variation] = _layout(word)
    return table


_LAYOUTS: Final = _layouts()


@nb.njit(types.int64(types.int64, types.int64), **INNER)
def _layout_of(group: int, variation: int) -> int:
    """The layout of one object. Octet strings (110 to 113) have their size as variation."""
    if 110 <= group <= 113 and variation > 0:
        return 8 * variation
    if group < _GROUPS and variation < _VARIATIONS:
        layout: int = _LAYOUTS[group * _VARIATIONS + variation]
        return layout
    return _UNKNOWN_BITS


@nb.njit(types.int64(types.int64, types.int64), **INNER)
def object_bits(group: int, variation: int) -> int:
    """The size of one object in bits; ``UNKNOWN`` when its group and variation do not tell."""
    bits = _layout_of(group, variation) & 0xFFFF
    return UNKNOWN if bits == _UNKNOWN_BITS else bits


@nb.njit(types.float64(U8, types.int64, types.int64, types.int64, types.int64), **INNER)
def object_value(data: Array, start: int, offset: int, group: int, variation: int) -> float:
    """The value of the object at ``offset`` of the fragment at ``start``; NaN when it has none.

    As it stands there, not scaled. A double-bit state is 0 intermediate, 1 off, 2 on, 3
    indeterminate; packed bits must be the first of their octet.
    """
    layout = _layout_of(group, variation) >> 16
    form = layout >> 32
    if form == _NONE:
        return np.nan
    width = layout >> 8 & 0xFF
    found = number(data, start, offset + (layout & 0xFF), width)
    if form == _FLOATING:
        if width == 4:
            return np.float64(np.uint32(found).view(np.float32))
        return np.int64(found).view(np.float64)
    keep = layout >> 24 & 0xFF
    found = found >> (layout >> 16 & 0xFF) & (1 << keep) - 1
    if form == _SIGNED and found >> keep - 1:
        found -= 1 << keep
    return np.float64(found)
