"""Grouping as it reads: the oracle of the compiled one. Rows are plain dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import log2
from typing import Any

import numpy as np

from checkvalve.judge.window import BINS, BINS_PER_OCTAVE, FIRST_OCTAVE, HOUR_NS, Window
from checkvalve.records import COMMANDS, STATUSES

Row = dict[str, Any]
Key = tuple[Any, ...]

_EDGE = ("source", "destination", "protocol", "device", "function")
_OF_GROUP = (
    "count", "errors", "no_reply", "lost", "lost_packet", "malformed", "octets", "first", "last",
    "packet", "intervals", "log_sum", "log_square",
)  # fmt: skip
_OF_RANGE = ("count", "low", "high", "first", "packet")
_OF_PATH = ("opened", "answered", "packets", "sent", "received", "first", "last")
_PATH = ("source", "destination", "transport", "destination_port", "protocol", "name")


@dataclass
class Sums:
    """What a window holds, by what it is of and not by places in tables."""

    mode: str | None
    groups: dict[Key, Row] = field(default_factory=dict)
    ranges: dict[Key, Row] = field(default_factory=dict)
    paths: dict[Key, Row] = field(default_factory=dict)
    commands: list[Key] = field(default_factory=list)


def grouped(parts: Iterable[tuple[list[Row], list[Row], str | None]]) -> Iterator[Sums]:
    """Windows of parts: exchanges and flows in order of time, and their process mode."""
    before: dict[Key, int] = {}
    hour, window = -1, Sums(None)
    for exchanges, flows, mode in parts:
        for kind, rows in (("exchange", exchanges), ("flow", flows)):
            for row in rows:
                now = row["time"] // HOUR_NS
                if hour >= 0 and (now > hour or mode != window.mode):
                    yield window
                    window = Sums(mode)
                hour, window.mode = max(hour, now), mode
                if kind == "exchange":
                    _exchange(window, row, before)
                else:
                    _flow(window, row)
    if hour >= 0:
        yield window


def _exchange(window: Sums, row: Row, before: dict[Key, int]) -> None:
    edge = _key(row, _EDGE)
    group = window.groups.setdefault(
        edge,
        {
            "count": 0, "error": 0, "no reply": 0, "malformed": 0, "octets": 0,
            "first": row["time"], "last": row["time"], "packet": row["packet"],
            "lost": 0, "lost_packet": 0,
            "intervals": 0, "log_sum": 0.0, "log_square": 0.0, "bins": [0] * BINS,
        },
    )  # fmt: skip
    group["count"] += 1
    group["octets"] += row["request_octets"] + row["response_octets"]
    if row["status"] == "no reply" and not group["no reply"]:
        group["lost"], group["lost_packet"] = row["time"], row["packet"]
    if row["status"] in group:
        group[row["status"]] += 1
    group["first"], group["last"] = (
        min(group["first"], row["time"]),
        max(group["last"], row["time"]),
    )
    if edge in before and row["time"] > before[edge]:
        logarithm = log2(row["time"] - before[edge])
        place = int((logarithm - FIRST_OCTAVE) * BINS_PER_OCTAVE)
        group["bins"][min(max(place, 0), BINS - 1)] += 1
        group["intervals"] += 1
        group["log_sum"] += logarithm
        group["log_square"] += logarithm**2
    before[edge] = max(before.get(edge, 0), row["time"])
    if row["intent"] in COMMANDS:
        what = tuple(row[name] for name in ("space", "first", "last", "value", "status"))
        window.commands.append((row["time"], row["packet"], edge, *what))
    in_vain = row["intent"] == "read" and row["status"] == "no reply"
    if row["space"] is not None and not in_vain:
        _range(window, edge, row)


def _range(window: Sums, edge: Key, row: Row) -> None:
    low, high = (-1 if row[name] is None else row[name] for name in ("first", "last"))
    one = window.ranges.setdefault(
        (*edge, row["space"]),
        {"count": 0, "low": low, "high": high, "first": row["time"], "packet": row["packet"]},
    )
    one["count"] += 1
    one["low"], one["high"] = min(one["low"], low), max(one["high"], high)


def _flow(window: Sums, row: Row) -> None:
    path = window.paths.setdefault(
        _key(row, _PATH),
        {
            "opened": 0, "answered": 0, "packets": 0, "sent": 0, "received": 0,
            "first": row["time"], "last": row["last"],
        },
    )  # fmt: skip
    path["opened"] += row["opened"]
    path["answered"] += row["answered"]
    path["packets"] += row["source_packets"] + row["destination_packets"]
    path["sent"] += row["source_payload"]
    path["received"] += row["destination_payload"]
    path["first"], path["last"] = min(path["first"], row["time"]), max(path["last"], row["last"])


def _key(row: Row, names: tuple[str, ...]) -> Key:
    return tuple(row[name] if row[name] is not None else _NOTHING.get(name, "") for name in names)


_NOTHING: dict[str, Any] = {"device": -1}


def spelled(window: Window) -> Sums:
    """A window of the compiled grouping in the same form."""
    sums = Sums(window.mode)
    edges: list[Key] = [
        (e.source.address, e.destination.address, e.protocol, e.device, e.function)
        for e in window.edges
    ]
    for row, bins in zip(window.groups, window.histograms, strict=True):
        names = {"errors": "error", "no_reply": "no reply"}
        group = {names.get(name, name): row[name].item() for name in _OF_GROUP}
        sums.groups[edges[row["edge"]]] = {**group, "bins": bins.tolist()}
    for row in window.ranges:
        key: Key = (*edges[row["edge"]], window.spaces[row["space"]])
        sums.ranges[key] = {name: row[name].item() for name in _OF_RANGE}
    for row in window.flows:
        path = window.paths[row["path"]]
        ends = (path.source.address, path.destination.address)
        key = (*ends, path.transport, path.port, path.protocol, path.host)
        sums.paths[key] = {name: row[name].item() for name in _OF_PATH}
    for row in window.commands:
        space = window.spaces[row["space"]] if row["space"] >= 0 else None
        reach = [int(row[name]) if row[name] >= 0 else None for name in ("first", "last")]
        value = None if np.isnan(row["value"]) else row["value"].item()
        what = (space, *reach, value, str(STATUSES[row["status"]]))
        when = (row["time"].item(), row["packet"].item())
        sums.commands.append((*when, edges[row["edge"]], *what))
    return sums
