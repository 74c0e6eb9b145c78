"""Windows from record batches: exchanges by edge, flows by path, in one pass.

A batch's dictionary-encoded words are numbers already; they are mapped once to the numbers
of this run, so that a row costs one look into a hash table. What is counted is kept by a
compiled kernel; Python sees one row an edge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numba as nb
import numpy as np
import pyarrow as pa
from numba import types

from checkvalve.judge.window import (
    BINS,
    BINS_PER_OCTAVE,
    COMMAND,
    FIRST_OCTAVE,
    GROUP,
    HOUR_NS,
    PATH,
    RANGE,
    Edge,
    End,
    Path,
    Window,
)
from checkvalve.observe.compiling import JIT, i64, u64
from checkvalve.plant import Plant
from checkvalve.records import COMMANDS, STATUSES, Intent, Status

Array = np.ndarray[Any, Any]

#: ``a`` and ``b`` are the key; ``next`` chains a bucket, ``head`` is this row's bucket's
#: first entry. ``row`` is the entry's row in this window, valid if ``window`` is this one's.
#: Row 0: ``next`` counts the entries.
KEY: Final = np.dtype(
    [
        ("a", "u8"),
        ("b", "u8"),
        ("next", "i4"),
        ("head", "i4"),
        ("window", "i4"),
        ("row", "i4"),
        ("before", "i8"),
    ]
)
_KEYS = types.Array(nb.from_dtype(KEY), 1, "C")
_U64S = types.Array(types.uint64, 1, "C", readonly=True)
_I64S = types.Array(types.int64, 1, "C", readonly=True)
_I32S = types.Array(types.int32, 1, "C", readonly=True)
_OUT = types.Array(types.int32, 1, "C")
_GROUPS = types.Array(nb.from_dtype(GROUP), 1, "C")
_RANGES = types.Array(nb.from_dtype(RANGE), 1, "C")
_PATHS = types.Array(nb.from_dtype(PATH), 1, "C")
_HISTOGRAMS = types.Array(types.int64, 2, "C")

_EDGE_COLUMNS: Final = ["source", "destination", "protocol", "device", "function", "code"]
_PATH_COLUMNS: Final = [
    "source", "destination", "transport", "destination_port", "protocol", "name",
]  # fmt: skip

_ERROR: Final = STATUSES.index(Status.ERROR)
_NO_REPLY: Final = STATUSES.index(Status.NO_REPLY)
_MALFORMED: Final = STATUSES.index(Status.MALFORMED)


@nb.njit(types.int64(_KEYS, types.uint64, types.uint64), **JIT)
def _entry(keys: Array, a: int, b: int) -> int:
    """The entry of a key, made if it is new; 0 when there is no room."""
    digest = (u64(a) ^ (u64(b) * u64(0x9E3779B97F4A7C15))) * u64(0xBF58476D1CE4E5B9)
    digest ^= digest >> u64(31)
    room = len(keys) - 1
    bucket = i64(digest % u64(room)) + 1
    at = i64(keys[bucket].head)
    while at:
        if keys[at].a == a and keys[at].b == b:
            return at
        at = i64(keys[at].next)
    if keys[0].next == room:
        return 0
    keys[0].next += 1
    at = i64(keys[0].next)
    keys[at].a = a
    keys[at].b = b
    keys[at].next = keys[bucket].head
    keys[at].window = 0
    keys[at].before = 0
    keys[bucket].head = at
    return at


@nb.njit(types.void(_KEYS, _U64S, _U64S, _OUT), **JIT)
def _entries(keys: Array, a: Array, b: Array, out: Array) -> None:
    """The entry of each key; 0 for those without room."""
    for i in range(len(a)):
        out[i] = _entry(keys, a[i], b[i])


@nb.njit(
    types.int64(
        _KEYS, types.int64, _I32S, _I64S, _I32S, _I32S, _I64S, types.int64, _GROUPS, _HISTOGRAMS,
        types.int64,
    ),
    **JIT,
)  # fmt: skip
def _count_exchanges(
    keys: Array, window: int, edge: Array, time: Array, status: Array, octets: Array,
    packet: Array, capture: int, groups: Array, histograms: Array, n: int,
) -> int:  # fmt: skip
    """Add rows to the groups of their edges; how many groups there are then."""
    for i in range(len(edge)):
        key = edge[i]
        if key == 0:
            continue
        if keys[key].window != window:
            keys[key].window = window
            keys[key].row = n
            g = groups[n]
            g.edge = key - 1
            g.capture = capture
            g.count = 0
            g.errors = 0
            g.no_reply = 0
            g.lost = 0
            g.lost_packet = 0
            g.lost_capture = 0
            g.malformed = 0
            g.first = time[i]
            g.last = time[i]
            g.packet = packet[i]
            g.octets = 0
            g.intervals = 0
            g.log_sum = 0.0
            g.log_square = 0.0
            for k in range(BINS):
                histograms[n, k] = 0
            n += 1
        row = i64(keys[key].row)
        g = groups[row]
        g.count += 1
        g.octets += octets[i]
        if status[i] == _ERROR:
            g.errors += 1
        elif status[i] == _NO_REPLY:
            if g.no_reply == 0:
                g.lost = time[i]
                g.lost_packet = packet[i]
                g.lost_capture = capture
            g.no_reply += 1
        elif status[i] == _MALFORMED:
            g.malformed += 1
        g.first = min(g.first, time[i])
        g.last = max(g.last, time[i])
        before = keys[key].before
        if before and time[i] > before:
            logarithm = np.log2(np.float64(time[i] - before))
            place = i64((logarithm - FIRST_OCTAVE) * BINS_PER_OCTAVE)
            histograms[row, min(max(place, 0), BINS - 1)] += 1
            g.intervals += 1
            g.log_sum += logarithm
            g.log_square += logarithm * logarithm
        keys[key].before = max(before, time[i])
    return n


@nb.njit(
    types.int64(
        _KEYS, types.int64, _I32S, _I32S, _I32S, _I64S, _I64S, _I64S, _I64S, types.int64,
        _RANGES, types.int64,
    ),
    **JIT,
)  # fmt: skip
def _count_ranges(
    keys: Array, window: int, entry: Array, edge: Array, space: Array, low: Array, high: Array,
    time: Array, packet: Array, capture: int, ranges: Array, n: int,
) -> int:  # fmt: skip
    """Add rows to the ranges of their edge and space; how many there are then."""
    for i in range(len(entry)):
        key = entry[i]
        if key == 0 or edge[i] == 0:
            continue
        if keys[key].window != window:
            keys[key].window = window
            keys[key].row = n
            r = ranges[n]
            r.edge = edge[i] - 1
            r.space = space[i]
            r.capture = capture
            r.count = 0
            r.low = low[i]
            r.high = high[i]
            r.first = time[i]
            r.packet = packet[i]
            n += 1
        r = ranges[keys[key].row]
        r.count += 1
        r.low = min(r.low, low[i])
        r.high = max(r.high, high[i])
    return n


class Column:
    """Numbers of this run for the words of one dictionary-encoded column.

    Args:
        number: gives a word its number.
    """

    def __init__(self, number: Callable[[str], int]) -> None:
        self._number = number
        self._dictionary: pa.Array | None = None
        self._numbers = np.zeros(0, np.int32)

    def __call__(self, column: pa.DictionaryArray) -> Array:
        """Numbers of the column's rows; -1 where it is null."""
        words = column.dictionary
        known = self._dictionary
        if known is None or not self._continues(known, words):
            self._numbers = np.array([self._number(word.as_py() or "") for word in words], np.int32)
        elif len(words) > len(known):
            fresh = [self._number(word.as_py() or "") for word in words[len(known) :]]
            self._numbers = np.concatenate([self._numbers, np.array(fresh, np.int32)])
        self._dictionary = words
        indices = column.indices
        if indices.null_count:
            filled = indices.fill_null(0).to_numpy(zero_copy_only=False)
            numbers = self._numbers[filled] if len(self._numbers) else np.full(len(filled), -1)
            numbers = numbers.astype(np.int32)
            numbers[indices.is_null().to_numpy(zero_copy_only=False)] = -1
            return numbers
        plain: Array = self._numbers[indices.to_numpy()]
        return plain

    @staticmethod
    def _continues(known: pa.Array, words: pa.Array) -> bool:
        if words is known:
            return True
        return len(words) >= len(known) and bool(words[: len(known)].equals(known))


class Numbers:
    """A number for each word, from 0, in the order in which they come."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._places: dict[str, int] = {}

    def __call__(self, word: str) -> int:
        """The word's number."""
        place = self._places.get(word)
        if place is None:
            place = self._places[word] = len(self.words)
            self.words.append(word)
        return place


class Grouper:
    """Groups the record batches of one site into windows.

    Args:
        plant: tells which asset and zone an address is.
        site: the site's id.
        most_edges: edges that are told apart in one run; what comes then is counted in
            ``overflow`` only.

    Attributes:
        overflow: rows that found no room.
    """

    def __init__(self, plant: Plant, site: str, *, most_edges: int = 131_072) -> None:
        self.plant = plant
        self.site = site
        self.overflow = 0
        self.edges: list[Edge] = []
        self.paths: list[Path] = []
        self._ends: dict[str, End] = {}
        self._addresses = Numbers()
        self._protocols = Numbers()
        self._functions = Numbers()
        self._intents = Numbers()
        self._transports = Numbers()
        self._hosts = Numbers()
        self.spaces = Numbers()
        self.captures = Numbers()
        self._columns = {
            "source": Column(self._addresses),
            "destination": Column(self._addresses),
            "protocol": Column(self._protocols),
            "function": Column(self._functions),
            "intent": Column(self._intents),
            "space": Column(self.spaces),
            "status": Column(lambda word: STATUSES.index(Status(word))),
            "flow source": Column(self._addresses),
            "flow destination": Column(self._addresses),
            "flow protocol": Column(self._protocols),
            "flow name": Column(self._hosts),
            "flow transport": Column(self._transports),
        }
        self._edge_keys = np.zeros(most_edges + 1, KEY)
        self._range_keys = np.zeros(2 * most_edges + 1, KEY)
        self._path_keys = np.zeros(most_edges + 1, KEY)
        self._window = 0
        self._begin()

    def _begin(self) -> None:
        self._window += 1
        self._hour = -1
        self._mode: str | None = None
        self._group_count = 0
        self._range_count = 0
        self._path_count = 0
        self._groups = np.zeros(1_024, GROUP)
        self._histograms = np.zeros((1_024, BINS), np.int64)
        self._ranges = np.zeros(1_024, RANGE)
        self._paths = np.zeros(1_024, PATH)
        self._commands: list[Array] = []
        self._blind: dict[str, int] = {}
        self._start = np.iinfo(np.int64).max
        self._end = 0

    def add(
        self,
        exchanges: pa.RecordBatch,
        flows: pa.RecordBatch,
        gaps: pa.RecordBatch,
        mode: str | None,
    ) -> Iterator[Window]:
        """Take record batches of one process mode; windows that end meanwhile come out."""
        for rows, counted in ((exchanges, self._exchanges), (flows, self._flows)):
            if not rows.num_rows:
                continue
            hours = rows.column("time").cast(pa.int64()).to_numpy() // HOUR_NS
            if hours[0] == hours[-1] and hours.min() == hours.max():
                yield from self._enter(int(hours[0]), mode)
                counted(rows)
                continue
            for hour in np.unique(hours):
                yield from self._enter(int(hour), mode)
                counted(rows.filter(pa.array(hours == hour)))
        for gap in gaps.select(["kind", "octets", "count"]).to_pylist():
            kind = gap["kind"]
            self._blind[kind] = self._blind.get(kind, 0) + (gap["octets"] or gap["count"])

    def _enter(self, hour: int, mode: str | None) -> Iterator[Window]:
        """End the window if this hour and mode are not its; an hour past goes into this one."""
        if self._hour >= 0 and (hour > self._hour or mode != self._mode):
            window = self.flush()
            if window is not None:
                yield window
        self._hour = max(self._hour, hour)
        self._mode = mode

    def flush(self) -> Window | None:
        """End the window in hand, if it holds anything."""
        empty = not (self._group_count or self._path_count)
        if empty:
            return None
        commands = np.concatenate(self._commands) if self._commands else np.zeros(0, COMMAND)
        window = Window(
            site=self.site,
            mode=self._mode,
            start=int(self._start),
            end=int(self._end),
            edges=self.edges,
            paths=self.paths,
            spaces=self.spaces.words,
            captures=self.captures.words,
            groups=self._groups[: self._group_count],
            histograms=self._histograms[: self._group_count],
            ranges=self._ranges[: self._range_count],
            flows=self._paths[: self._path_count],
            commands=np.sort(commands, order=("time", "packet"), kind="stable"),
            blind=self._blind,
        )
        self._begin()
        return window

    def _capture(self, rows: pa.RecordBatch) -> int:
        return self.captures(rows.column("capture")[0].as_py())

    def _exchanges(self, rows: pa.RecordBatch) -> None:
        source = self._columns["source"](rows.column("source")).astype(np.uint64)
        destination = self._columns["destination"](rows.column("destination")).astype(np.uint64)
        protocol = self._columns["protocol"](rows.column("protocol")).astype(np.uint64)
        function = self._columns["function"](rows.column("function")).astype(np.uint64)
        intent = self._columns["intent"](rows.column("intent"))
        space = self._columns["space"](rows.column("space"))
        status = self._columns["status"](rows.column("status"))
        device = _filled(rows.column("device"), -1).astype(np.int64)
        a = source << np.uint64(32) | destination
        b = (
            (protocol << np.uint64(54))
            | (function << np.uint64(34))
            | (device + 1).astype(np.uint64)
        )
        edge = np.zeros(rows.num_rows, np.int32)
        before = int(self._edge_keys[0]["next"])
        # A reply alone may not say what was asked.
        named = np.flatnonzero(function != np.uint64(self._functions("")))
        found = np.zeros(len(named), np.int32)
        _entries(self._edge_keys, a[named], b[named], found)
        edge[named] = found
        self._name_edges(before, edge, rows, intent)
        self.overflow += int(np.count_nonzero(found == 0))
        time = np.ascontiguousarray(rows.column("time").cast(pa.int64()).to_numpy())
        packet = rows.column("packet").to_numpy()
        capture = self._capture(rows)
        octets = (
            rows.column("request_octets").to_numpy() + rows.column("response_octets").to_numpy()
        )
        room = int(self._edge_keys[0]["next"])
        self._groups = _room(self._groups, room)
        self._histograms = _room(self._histograms, room)
        self._group_count = int(
            _count_exchanges(
                self._edge_keys, self._window, edge, time, status, octets, packet, capture,
                self._groups, self._histograms, self._group_count,
            )
        )  # fmt: skip
        first = _filled(rows.column("first"), -1)
        last = _filled(rows.column("last"), -1)
        # What was asked for in vain was not used, and DNP3 asks by class for what it does not
        # name: a read that nobody answered has no range.
        vain = (status == _NO_REPLY) & (intent == self._intents(Intent.READ))
        self._add_ranges(edge, np.where(vain, -1, space), first, last, time, packet, capture)
        self._add_commands(rows, edge, space, intent, status, first, last, time, packet, capture)
        self._start = min(self._start, int(time.min()))
        self._end = max(self._end, int(time.max()))

    def _name_edges(self, before: int, edge: Array, rows: pa.RecordBatch, intent: Array) -> None:
        """Say in words what the keys that came in with these rows are."""
        fresh, where = np.unique(edge[edge > before], return_index=True)
        places = np.flatnonzero(edge > before)[where]
        places = places[np.argsort(fresh)]
        named = rows.select(_EDGE_COLUMNS).take(pa.array(places)).to_pylist()
        for place, row in zip(places, named, strict=True):
            self.edges.append(
                Edge(
                    source=self._end_at(row["source"] or ""),
                    destination=self._end_at(row["destination"] or ""),
                    protocol=row["protocol"] or "",
                    device=-1 if row["device"] is None else row["device"],
                    function=row["function"] or "",
                    code=row["code"],
                    intent=Intent(self._intents.words[int(intent[place])]),
                )
            )

    def _add_ranges(
        self, edge: Array, space: Array, low: Array, high: Array, time: Array, packet: Array,
        capture: int,
    ) -> None:  # fmt: skip
        named = space >= 0
        if not named.any():
            return
        entry = np.zeros(len(edge), np.int32)
        keys = edge.astype(np.uint64) << np.uint64(32) | (space + 1).astype(np.uint64)
        _entries(self._range_keys, keys, keys, entry)
        entry[~named] = 0
        self._ranges = _room(self._ranges, int(self._range_keys[0]["next"]))
        self._range_count = int(
            _count_ranges(
                self._range_keys, self._window, entry, edge, space, low, high, time, packet,
                capture, self._ranges, self._range_count,
            )
        )  # fmt: skip

    def _add_commands(
        self, rows: pa.RecordBatch, edge: Array, space: Array, intent: Array, status: Array,
        first: Array, last: Array, time: Array, packet: Array, capture: int,
    ) -> None:  # fmt: skip
        changing = np.array([Intent(word) in COMMANDS for word in self._intents.words])
        chosen = np.flatnonzero(changing[intent] & (edge > 0))
        if not len(chosen):
            return
        commands = np.zeros(len(chosen), COMMAND)
        commands["edge"] = edge[chosen] - 1
        commands["space"] = space[chosen]
        commands["capture"] = capture
        commands["first"] = first[chosen]
        commands["last"] = last[chosen]
        values = rows.column("value").to_numpy(zero_copy_only=False)
        commands["value"] = values[chosen]
        commands["status"] = status[chosen]
        commands["time"] = time[chosen]
        commands["packet"] = packet[chosen]
        self._commands.append(commands)

    def _flows(self, rows: pa.RecordBatch) -> None:
        source = self._columns["flow source"](rows.column("source")).astype(np.uint64)
        destination = self._columns["flow destination"](rows.column("destination"))
        transport = self._columns["flow transport"](rows.column("transport"))
        protocol = self._columns["flow protocol"](rows.column("protocol"))
        host = self._columns["flow name"](rows.column("name"))
        port = rows.column("destination_port").to_numpy()
        a = source << np.uint64(32) | destination.astype(np.uint64)
        b = (
            (host + 1).astype(np.uint64) << np.uint64(32)
            | (protocol + 1).astype(np.uint64) << np.uint64(24)
            | transport.astype(np.uint64) << np.uint64(16)
            | port.astype(np.uint64)
        )
        entry = np.zeros(rows.num_rows, np.int32)
        before = int(self._path_keys[0]["next"])
        _entries(self._path_keys, a, b, entry)
        self._name_paths(before, entry, rows)
        self.overflow += int(np.count_nonzero(entry == 0))
        self._paths = _room(self._paths, int(self._path_keys[0]["next"]))
        self._count_paths(entry, rows)

    def _name_paths(self, before: int, entry: Array, rows: pa.RecordBatch) -> None:
        fresh, where = np.unique(entry[entry > before], return_index=True)
        places = np.flatnonzero(entry > before)[where]
        places = places[np.argsort(fresh)]
        for row in rows.select(_PATH_COLUMNS).take(pa.array(places)).to_pylist():
            self.paths.append(
                Path(
                    source=self._end_at(row["source"] or ""),
                    destination=self._end_at(row["destination"] or ""),
                    transport=row["transport"],
                    port=row["destination_port"],
                    protocol=row["protocol"] or "",
                    host=row["name"] or "",
                )
            )

    def _count_paths(self, entry: Array, rows: pa.RecordBatch) -> None:
        """Add flow rows to their paths: grouped by NumPy, as there are few."""
        found, inverse = np.unique(entry, return_inverse=True)
        opened = rows.column("opened").to_numpy(zero_copy_only=False)
        answered = rows.column("answered").to_numpy(zero_copy_only=False)
        time = rows.column("time").cast(pa.int64()).to_numpy()
        last = rows.column("last").cast(pa.int64()).to_numpy()
        packet = rows.column("packet").to_numpy()
        sums = {
            "opened": opened,
            "answered": answered,
            "packets": rows.column("source_packets").to_numpy()
            + rows.column("destination_packets").to_numpy(),
            "sent": rows.column("source_payload").to_numpy(),
            "received": rows.column("destination_payload").to_numpy(),
        }
        totals = {
            name: np.bincount(inverse, weights=values, minlength=len(found)).astype(np.int64)
            for name, values in sums.items()
        }
        order = np.argsort(time, kind="stable")
        first_of = np.full(len(found), -1)
        first_of[inverse[order[::-1]]] = order[::-1]
        ends = np.zeros(len(found), np.int64)
        np.maximum.at(ends, inverse, last)
        kept = np.flatnonzero(found)
        at = first_of[kept]
        capture = self._capture(rows)
        paths = self._path_rows(found[kept], capture)
        for name, total in totals.items():
            self._paths[name][paths] += total[kept]
        begun = self._paths["first"][paths]
        earlier = (begun == 0) | (time[at] < begun)
        sooner = paths[earlier]
        self._paths["first"][sooner] = time[at][earlier]
        self._paths["packet"][sooner] = packet[at][earlier]
        self._paths["capture"][sooner] = capture
        self._paths["last"][paths] = np.maximum(self._paths["last"][paths], ends[kept])
        self._start = min(self._start, int(time.min()))
        self._end = max(self._end, int(last.max()))

    def _path_rows(self, keys: Array, capture: int) -> Array:
        """The rows of these paths in this window, begun where there is none yet."""
        fresh = keys[self._path_keys["window"][keys] != self._window]
        rows = np.arange(self._path_count, self._path_count + len(fresh))
        self._path_keys["window"][fresh] = self._window
        self._path_keys["row"][fresh] = rows
        self._paths[rows] = 0
        self._paths["path"][rows] = fresh - 1
        self._paths["capture"][rows] = capture
        self._path_count += len(fresh)
        found: Array = self._path_keys["row"][keys]
        return found

    def _end_at(self, address: str) -> End:
        end = self._ends.get(address)
        if end is None:
            asset = self.plant.asset_at(address)
            end = End(
                name=asset.id if asset is not None else address,
                address=address,
                declared=asset is not None,
                zone=self.plant.zone_name_at(address),
                role=(asset.role or "") if asset is not None else "",
            )
            self._ends[address] = end
        return end


def _filled(column: pa.Array, missing: int) -> Array:
    if column.null_count:
        column = column.fill_null(missing)
    values: Array = column.to_numpy()
    return values


def _room(rows: Array, needed: int) -> Array:
    """The same rows, with room for ``needed``."""
    if len(rows) >= needed:
        return rows
    larger = np.zeros((max(needed, 2 * len(rows)), *rows.shape[1:]), rows.dtype)
    larger[: len(rows)] = rows
    return larger
