from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.judge.grouping_twin import Row, Sums, grouped, spelled

from checkvalve.judge.grouping import Grouper
from checkvalve.judge.window import HOUR_NS, Window
from checkvalve.observe.captures.files import Capture
from checkvalve.observe.dissector import Dissector
from checkvalve.records import EXCHANGE, FLOW, GAP, INTENTS, STATUSES, GapKind
from checkvalve.testing.detectors import SITE, three_cells

PLANT = three_cells()
#: A clock hour.
START = 500_000 * HOUR_NS
SECOND = 1_000_000_000
ADDRESSES = ("10.1.1.20", "10.1.1.10", "10.1.2.10", "10.9.9.9")

Part = tuple[list[Row], list[Row], str | None]


def batch(schema: pa.Schema, rows: Sequence[Row], turn: int = 0) -> pa.RecordBatch:
    """Rows as a record batch whose dictionaries are ordered in one way or another.

    Args:
        schema: of the record.
        rows: columns that they lack are 0, empty or null.
        turn: which other words stand in the dictionaries too.
    """
    columns = []
    for field in schema:
        values = [row.get(field.name) for row in rows]
        if pa.types.is_dictionary(field.type):
            columns.append(_words(values, _unused(field.name, turn)))
        elif pa.types.is_timestamp(field.type):
            columns.append(pa.array(np.array(values, np.int64)).view(field.type))
        else:
            columns.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _words(values: list[str | None], spare: Iterable[str]) -> pa.DictionaryArray:
    used = sorted({value for value in values if value is not None})
    words = list(dict.fromkeys((*spare, *used)))
    places = [None if value is None else words.index(value) for value in values]
    return pa.DictionaryArray.from_arrays(
        pa.array(places, pa.int32()), pa.array(words, pa.string())
    )


def _unused(column: str, turn: int) -> list[str]:
    """Words that stand first in a column's dictionary, others with each turn."""
    known = {"intent": INTENTS, "status": STATUSES}.get(column, ())
    words = [str(word) for word in known] or [f"word {turn} {k}" for k in range(turn % 3)]
    return words[turn % len(words) :] if words else []


def windows(parts: Iterable[Part], *, most_edges: int = 256) -> list[Window]:
    """All windows of parts, grouped by the compiled grouping."""
    return list(_windows(Grouper(PLANT, SITE, most_edges=most_edges), parts))


def _windows(grouper: Grouper, parts: Iterable[Part]) -> Iterator[Window]:
    for turn, (exchanges, flows, mode) in enumerate(parts):
        nothing = batch(GAP, [])
        rows = batch(EXCHANGE, exchanges, turn), batch(FLOW, flows, turn)
        yield from grouper.add(*rows, nothing, mode)
    last = grouper.flush()
    if last is not None:
        yield last


def same(found: Iterable[Window], expected: Iterable[Sums]) -> None:
    """Hold windows to the twin's; sums of logarithms but for their last digits."""
    ours, theirs = [spelled(window) for window in found], list(expected)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.mode == other.mode
        assert one.ranges == other.ranges
        assert one.paths == other.paths
        assert one.commands == sorted(other.commands, key=lambda command: command[:2])
        assert one.groups.keys() == other.groups.keys()
        for key, group in one.groups.items():
            for name, value in other.groups[key].items():
                close = math.isclose(group[name], value) if "log" in name else group[name] == value
                assert close, (key, name, group[name], value)


@st.composite
def exchanges(draw: st.DrawFn) -> Row:
    protocol, function, intent, space = draw(
        st.sampled_from(
            [
                ("modbus", "Read Coils", "read", "coil"),
                ("modbus", "Write Single Coil", "write", "coil"),
                ("dnp3", "READ", "read", None),
                ("s7comm", "PLC Stop", "control", "DB1"),
            ]
        )
    )
    first = draw(st.none() | st.integers(0, 90)) if space else None
    return {
        "time": START + draw(st.integers(0, 9_000)) * SECOND,
        "site": SITE,
        "source": draw(st.sampled_from(ADDRESSES)),
        "destination": draw(st.sampled_from(ADDRESSES)),
        "protocol": protocol,
        "device": draw(st.none() | st.integers(0, 2)),
        "function": function,
        "code": 1,
        "intent": intent,
        "space": space,
        "first": first,
        "last": None if first is None else first + draw(st.integers(0, 9)),
        "value": draw(st.none() | st.sampled_from([0.0, 1.5])),
        "status": draw(st.sampled_from(["ok", "ok", "error", "no reply", "malformed"])),
        "request_octets": 12,
        "response_octets": draw(st.integers(0, 99)),
        "capture": "made.pcap",
    }


@st.composite
def flows(draw: st.DrawFn) -> Row:
    time = START + draw(st.integers(0, 9_000)) * SECOND
    return {
        "time": time,
        "last": time + draw(st.integers(0, 99)) * SECOND,
        "site": SITE,
        "source": draw(st.sampled_from(ADDRESSES)),
        "destination": draw(st.sampled_from(ADDRESSES)),
        "destination_port": draw(st.sampled_from([502, 443])),
        "transport": draw(st.sampled_from(["tcp", "udp"])),
        "protocol": draw(st.sampled_from([None, "modbus", "tls"])),
        "name": draw(st.sampled_from([None, "mes.example"])),
        "opened": draw(st.booleans()),
        "answered": draw(st.booleans()),
        "capture": "made.pcap",
        **{
            name: draw(st.integers(0, 99))
            for name in (
                "source_packets", "destination_packets", "source_payload", "destination_payload",
            )
        },
    }  # fmt: skip


def in_order(rows: list[Row]) -> list[Row]:
    """Rows in order of time, each with a packet of its own."""
    ordered = sorted(rows, key=lambda row: row["time"])
    return [{**row, "packet": number} for number, row in enumerate(ordered, 1)]


@settings(max_examples=60)
@given(
    st.lists(exchanges(), max_size=30),
    st.lists(flows(), max_size=12),
    st.lists(st.tuples(st.integers(0, 9_000), st.sampled_from(["stop", None])), max_size=4),
)
def test_it_groups_as_its_twin_does_however_rows_come(
    asked: list[Row], carried: list[Row], cuts: list[tuple[int, str | None]]
) -> None:
    parts: list[Part] = []
    begin, mode = 0, None
    for end, after in (*sorted(cuts, key=lambda cut: cut[0]), (9_001, None)):
        spans = [
            [row for row in in_order(rows) if begin <= (row["time"] - START) / SECOND < end]
            for rows in (asked, carried)
        ]
        parts.append((spans[0], spans[1], mode))
        begin, mode = end, after
    same(windows(parts), grouped(parts))


@pytest.fixture(scope="module")
def recorded(root: Path) -> tuple[list[Row], list[Row]]:
    """Rows of an example's capture: three protocols, five hours and more."""
    dissector = Dissector(SITE)
    seen = list(dissector.read(Capture(root / "examples/packaging-line/captures/incident.pcap")))
    seen += dissector.finish()
    return (
        in_order([row for each in seen for row in plain(each.exchanges)]),
        in_order([row for each in seen for row in plain(each.flows)]),
    )


def plain(rows: pa.RecordBatch) -> list[Row]:
    """Rows as plain dictionaries, times in ns since 1970."""
    table = pa.Table.from_batches([rows])
    for place, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(place, field.name, table[field.name].cast(pa.int64()))
    found: list[Row] = table.to_pylist()
    return found


@pytest.mark.parametrize("size", [1, 7, 300, 10_000])
def test_batches_of_any_size_give_the_same_sums(
    recorded: tuple[list[Row], list[Row]], size: int
) -> None:
    asked, carried = (rows[:400] if size == 1 else rows for rows in recorded)
    hours = sorted({row["time"] // HOUR_NS for row in (*asked, *carried)})
    parts: list[Part] = []
    for hour in hours:
        now = [[r for r in rows if r["time"] // HOUR_NS == hour] for rows in (asked, carried)]
        places = range(0, max(map(len, now)), size)
        parts += [(now[0][at : at + size], now[1][at : at + size], None) for at in places]
    whole: list[Part] = [(asked, [], None)]
    found = windows(parts, most_edges=2_048)
    same(found, grouped(parts))
    assert len(found) == len(hours)
    ours = [spelled(window).groups for window in found if len(window.groups)]
    once = [spelled(window).groups for window in windows(whole, most_edges=2_048)]
    assert [{k: g["count"] for k, g in groups.items()} for groups in ours] == [
        {k: g["count"] for k, g in groups.items()} for groups in once
    ]


def read(at: float, **fields: Any) -> Row:
    """One read of a coil, seconds after the first hour began."""
    return {
        "time": START + round(at * SECOND), "site": SITE, "source": ADDRESSES[0],
        "destination": ADDRESSES[1], "protocol": "modbus", "device": 1, "function": "Read Coils",
        "code": 1, "intent": "read", "status": "ok", "request_octets": 1, "response_octets": 2,
        "capture": "made.pcap", "packet": 1, **fields,
    }  # fmt: skip


def test_a_window_ends_with_its_hour_and_with_its_mode() -> None:
    found = windows(
        [
            ([read(10), read(20), read(3_601)], [], "stop"),
            ([read(3_700)], [], "stop"),
            ([read(3_800)], [], "production"),
            ([read(3_900)], [], None),
        ]
    )
    counted = [(window.hour, window.mode, int(window.groups["count"][0])) for window in found]
    hour = START // HOUR_NS
    assert counted == [
        (hour, "stop", 2),
        (hour + 1, "stop", 2),
        (hour + 1, "production", 1),
        (hour + 1, None, 1),
    ]
    first = found[0]
    assert (first.start, first.end) == (START + 10 * SECOND, START + 20 * SECOND)


def test_an_interval_goes_on_over_the_end_of_a_window() -> None:
    found = windows([([read(3_599)], [], None), ([read(3_601)], [], None)])
    assert [int(window.groups["intervals"][0]) for window in found] == [0, 1]
    assert found[1].groups["log_sum"][0] == pytest.approx(math.log2(2 * SECOND))


def test_what_comes_late_from_an_hour_past_is_counted_now() -> None:
    found = windows([([read(3_700)], [], None), ([read(3_500)], [], None)])
    assert [int(window.groups["count"][0]) for window in found] == [2]


def test_what_finds_no_room_is_counted_and_spoils_nothing() -> None:
    grouper = Grouper(PLANT, SITE, most_edges=2)
    rows = [read(k, device=k % 4) for k in range(40)]
    (window,) = _windows(grouper, [(rows, [], None)])
    assert sorted(window.groups["count"].tolist()) == [10, 10]
    assert [edge.device for edge in window.edges] == [0, 1]
    assert grouper.overflow == 20


def test_what_the_sensor_could_not_see_is_added_up_by_kind() -> None:
    grouper = Grouper(PLANT, SITE, most_edges=8)
    gaps = [
        {"time": START, "kind": str(kind), "count": count, "octets": octets}
        for kind, count, octets in (
            (GapKind.DROPPED, 3, 0), (GapKind.STREAM_GAP, 1, 700), (GapKind.STREAM_GAP, 1, 30),
        )
    ]  # fmt: skip
    nothing = batch(FLOW, [])
    assert list(grouper.add(batch(EXCHANGE, [read(1)]), nothing, batch(GAP, gaps), None)) == []
    window = grouper.flush()
    assert window is not None
    assert window.blind == {str(GapKind.DROPPED): 3, str(GapKind.STREAM_GAP): 730}
    assert grouper.flush() is None


def test_ends_are_told_by_the_plant() -> None:
    (window,) = windows([([read(1, source="10.9.9.9")], [], None)])
    edge = window.edges[0]
    assert (edge.source.name, edge.source.declared, edge.source.role) == ("10.9.9.9", False, "")
    assert (edge.destination.name, edge.destination.zone) == ("plc-1a", "cell-1")
    assert str(edge) == "10.9.9.9 → plc-1a 1: Read Coils"
