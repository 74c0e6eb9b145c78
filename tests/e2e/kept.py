"""All that a state folder holds of what was watched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checkvalve.findings import plain
from checkvalve.keep import ledger
from checkvalve.keep.archive import Archive
from checkvalve.keep.keeper import LEDGER, RECORDS, STORE
from checkvalve.keep.reading import Reader

#: A conversation's rows, and a kind of gap's, are sums: batches part them in one way or another.
QUESTIONS = {
    "exchange": "SELECT * EXCLUDE (time, capture, day), epoch_ns(time) FROM exchange",
    "sample": "SELECT * EXCLUDE (time, capture, day), epoch_ns(time) FROM sample",
    "flow": "SELECT conversation, source, destination, destination_port, transport, "
    "min(epoch_ns(time)), max(epoch_ns(last)), sum(opened::int), bool_or(answered), "
    "sum(source_packets), sum(destination_packets), sum(source_octets), "
    "sum(destination_octets), sum(source_payload), sum(destination_payload) "
    "FROM flow GROUP BY ALL",
    "gap": "SELECT kind, sum(octets), sum(if(octets = 0, count, 0)) FROM gap GROUP BY kind",
}

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What was found and recorded, in an order that kills and pauses don't change.

    Attributes:
        findings: as plain data, with first and last sighting and counts.
        rows: of each record.
    """

    findings: list[dict[str, Any]]
    rows: dict[str, list[Row]]


def kept(state: Path) -> Kept:
    """Read a state folder, whose ledger must hold."""
    with Reader.open(state / STORE) as store:
        pinned, waiting = store.pinned()
        ledger.verify(state / LEDGER, pinned=pinned, waiting=waiting)
        findings = sorted(map(plain, store.findings()), key=lambda finding: str(finding["id"]))
    archive = Archive(state / RECORDS)
    return Kept(findings, {name: _rows(archive, sql) for name, sql in QUESTIONS.items()})


def _rows(archive: Archive, sql: str) -> list[Row]:
    answer = archive.query(f"{sql} ORDER BY ALL")
    return list(zip(*(column.to_pylist() for column in answer.columns), strict=True))
