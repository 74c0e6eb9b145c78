from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from checkvalve.judge.observed import Observed, ObservedPath
from checkvalve.keep.archive import Archive
from checkvalve.records import FLOW
from checkvalve.run.looking_back import look_back

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def flow(**fields: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "time": NOW - timedelta(hours=2),
        "site": "north",
        "source": "10.9.0.1",
        "source_port": 40_000,
        "destination": "10.1.0.5",
        "destination_port": 502,
        "transport": "tcp",
        "conversation": 1,
        "opening_seen": True,
        "opened": True,
        "closed": False,
        "answered": True,
        "source_payload": 10,
        "destination_payload": 100,
        "packet": 1,
    }
    row = usual | fields
    return {"last": row["time"] + timedelta(minutes=1)} | row


def looked(folder: Path, *rows: dict[str, Any], days: int = 30) -> Observed | None:
    batch = pa.RecordBatch.from_pylist(list(rows), schema=FLOW)
    Archive(folder / "records").write([batch], 1)
    return look_back(folder, days, NOW)


def path_of(observed: Observed | None) -> ObservedPath:
    assert observed is not None
    (path,) = observed.paths
    return path


def test_where_nothing_was_recorded_nothing_is_known(tmp_path: Path) -> None:
    assert look_back(tmp_path, 30, NOW) is None
    old = flow(time=NOW - timedelta(days=40))
    assert looked(tmp_path, old) is None
    assert looked(tmp_path, old, days=41) is not None


def test_rows_of_one_conversation_are_its_sum(tmp_path: Path) -> None:
    later = flow(time=NOW - timedelta(hours=1), opened=False, packet=2)
    path = path_of(looked(tmp_path, flow(), later))
    assert (path.opened, path.sent, path.received, path.most_received) == (1, 20, 200, 200)
    assert (path.first, path.last) == (NOW - timedelta(hours=2), NOW - timedelta(minutes=59))


def test_conversations_of_two_runs_with_one_number_stay_apart(tmp_path: Path) -> None:
    path = path_of(looked(tmp_path, flow(), flow(time=NOW - timedelta(hours=1))))
    assert (path.opened, path.received, path.most_received) == (2, 200, 100)


def test_a_beginning_that_was_not_seen_is_not_counted(tmp_path: Path) -> None:
    assert path_of(looked(tmp_path, flow(opening_seen=False))).opened == 0
    datagrams = flow(transport="udp", opening_seen=False)
    assert path_of(looked(tmp_path / "udp", datagrams)).opened == 1


def test_the_time_covered_is_that_of_the_records(tmp_path: Path) -> None:
    found = looked(tmp_path, flow())
    assert found is not None
    assert (found.since, found.until) == (found.paths[0].first, found.paths[0].last)


def test_services_and_directions_are_paths_of_their_own(tmp_path: Path) -> None:
    back = flow(source="10.1.0.5", destination="10.9.0.1", destination_port=0, transport="icmp")
    found = looked(tmp_path, flow(), flow(destination_port=102), back)
    assert found is not None
    assert [(one.source, one.transport, one.port) for one in found.paths] == [
        ("10.1.0.5", "icmp", 0),
        ("10.9.0.1", "tcp", 102),
        ("10.9.0.1", "tcp", 502),
    ]
