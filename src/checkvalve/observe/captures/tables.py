"""Bounded tables for the kernels: addresses, names, and a pool of octets.

Each is one structured array whose row 0 holds the bookkeeping, so that a kernel is handed
one argument a table. Ids count from 1; 0 means none, or no room.
"""

from __future__ import annotations

from typing import Any, Final

import numba as nb
import numpy as np
from numba import types

from checkvalve.observe.captures.packet import BUFFER
from checkvalve.observe.compiling import INNER, JIT, i64, u64

Array = np.ndarray[Any, Any]

#: ``next`` chains the entries of a bucket; ``head`` is the first entry of this row's bucket.
#: Row 0: ``next`` counts the entries.
ADDRESS: Final = np.dtype([("high", "u8"), ("low", "u8"), ("next", "i4"), ("head", "i4")])
ADDRESSES: Final = types.Array(nb.from_dtype(ADDRESS), 1, "C")

#: A pair of numbers and a word of up to ``LONGEST_NAME`` octets. Row 0: ``next`` counts the
#: entries, ``offset`` the octets used in the arena.
NAME: Final = np.dtype(
    [
        ("a", "i8"),
        ("b", "i8"),
        ("offset", "i8"),
        ("octets", "i4"),
        ("next", "i4"),
        ("head", "i4"),
        ("fill", "i4"),
    ]
)
NAMES: Final = types.Array(nb.from_dtype(NAME), 1, "C")
LONGEST_NAME: Final = 255

BLOCK_OCTETS: Final = 1024
#: ``next`` chains blocks. Row 0: ``next`` is the first free block, ``used`` how many are taken.
BLOCK: Final = np.dtype([("next", "i4"), ("used", "i4"), ("octets", "u1", (BLOCK_OCTETS,))])
BLOCKS: Final = types.Array(nb.from_dtype(BLOCK), 1, "C")


def addresses(capacity: int) -> Array:
    """A table of up to ``capacity`` addresses or other 128-bit numbers."""
    return np.zeros(capacity + 1, ADDRESS)


def names(capacity: int) -> tuple[Array, Array]:
    """A table of up to ``capacity`` names, and the arena of their octets."""
    return np.zeros(capacity + 1, NAME), np.zeros(capacity * 32 + LONGEST_NAME, np.uint8)


def pool(octets: int) -> Array:
    """A pool of ``octets``, in blocks; pages are touched only as they are used."""
    blocks: Array = np.zeros(octets // BLOCK_OCTETS + 1, BLOCK)
    return blocks


@nb.njit(types.uint64(types.uint64), **INNER)
def mix(value: int) -> int:
    """Spread a number over 64 bits (the finaliser of SplitMix64, Steele et al. 2014)."""
    value = u64(value)
    value = (value ^ (value >> u64(30))) * u64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> u64(27))) * u64(0x94D049BB133111EB)
    return value ^ (value >> u64(31))


@nb.njit(types.int64(ADDRESSES, types.uint64, types.uint64), **JIT)
def intern_address(table: Array, high: int, low: int) -> int:
    """The id of a 128-bit number; 0 when the table is full."""
    room = len(table) - 1
    bucket = i64(mix(high ^ mix(low)) % u64(room)) + 1
    at = table[bucket].head
    while at:
        if table[at].low == low and table[at].high == high:
            return i64(at)
        at = table[at].next
    count = table[0].next
    if count == room:
        return 0
    at = count + 1
    table[0].next = at
    table[at].high = high
    table[at].low = low
    table[at].next = table[bucket].head
    table[bucket].head = at
    return i64(at)


@nb.njit(
    types.int64(NAMES, BUFFER, types.int64, types.int64, BUFFER, types.int64, types.int64), **JIT
)
def intern_name(
    table: Array, arena: Array, a: int, b: int, data: Array, at: int, octets: int
) -> int:
    """The id of (``a``, ``b``, ``data[at:at+octets]``); 0 when the table is full.

    A word longer than ``LONGEST_NAME`` is cut there. ``octets`` 0 means no word.
    """
    octets = min(max(octets, i64(0)), i64(LONGEST_NAME))
    digest = mix(u64(a) ^ mix(u64(b)))
    for i in range(octets):
        digest = (digest ^ u64(data[at + i])) * u64(0x100000001B3)
    room = len(table) - 1
    bucket = i64(mix(digest) % u64(room)) + 1
    entry = table[bucket].head
    while entry:
        row = table[entry]
        if row.a == a and row.b == b and row.octets == octets:
            same = True
            for i in range(octets):
                if arena[row.offset + i] != data[at + i]:
                    same = False
                    break
            if same:
                return i64(entry)
        entry = row.next
    count = table[0].next
    used = table[0].offset
    if count == room or used + octets > len(arena):
        return 0
    entry = count + 1
    row = table[entry]
    row.a = a
    row.b = b
    row.offset = used
    row.octets = octets
    row.next = table[bucket].head
    for i in range(octets):
        arena[used + i] = data[at + i]
    table[bucket].head = entry
    table[0].next = entry
    table[0].offset = used + octets
    return i64(entry)


@nb.njit(types.int64(BLOCKS, BUFFER, types.int64, types.int64), **JIT)
def store(blocks: Array, data: Array, at: int, octets: int) -> int:
    """Keep ``data[at:at+octets]``; its first block, or 0 when the pool has no room."""
    needed = (octets + BLOCK_OCTETS - 1) // BLOCK_OCTETS
    if octets <= 0 or blocks[0].used + needed > len(blocks) - 1:
        return 0
    first = i64(0)
    last = i64(0)
    while octets > 0:
        block = i64(blocks[0].next)
        if block == 0:
            # Nothing was given back, so all that were ever handed out are in use.
            block = i64(blocks[0].used) + 1
        else:
            blocks[0].next = blocks[block].next
        blocks[0].used += 1
        blocks[block].next = 0
        part = min(octets, i64(BLOCK_OCTETS))
        for i in range(part):
            blocks[block].octets[i] = data[at + i]
        if first == 0:
            first = block
        else:
            blocks[last].next = block
        last = block
        at += part
        octets -= part
    return first


@nb.njit(types.void(BLOCKS, types.int64, types.int64, BUFFER, types.int64), **JIT)
def load(blocks: Array, first: int, octets: int, data: Array, at: int) -> None:
    """Copy ``octets`` kept from block ``first`` on to ``data[at:]``."""
    block = first
    while octets > 0 and block:
        part = min(octets, i64(BLOCK_OCTETS))
        for i in range(part):
            data[at + i] = blocks[block].octets[i]
        at += part
        octets -= part
        block = i64(blocks[block].next)


@nb.njit(types.void(BLOCKS, types.int64), **JIT)
def release(blocks: Array, first: int) -> None:
    """Give back the blocks chained from ``first``."""
    block = first
    while block:
        following = i64(blocks[block].next)
        blocks[block].next = blocks[0].next
        blocks[0].next = block
        blocks[0].used -= 1
        block = following
