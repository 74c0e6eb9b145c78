"""``checkvalve exchanges`` as a person uses it."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard
from tests.e2e.pieces import pcapng, piece
from tests.e2e.typing_in import typed

from checkvalve.records import EXCHANGE

KEYS = ["protocol", "function", "code", "requests", "responses", "errors", "malformed"]


@pytest.fixture
def incident(root: Path) -> Path:
    return root / "examples" / "packaging-line" / "captures" / "incident.pcap"


def rows(*words: str | Path, given: bytes = b"") -> list[dict[str, Any]]:
    """The rows that ``--format jsonl`` prints, less the capture's name."""
    result = typed("exchanges", *words, "--format", "jsonl", given=given)
    assert result.code == 0, result.err
    found = [json.loads(line) for line in result.out.splitlines()]
    return [{key: row[key] for key in row if key != "capture"} for row in found]


def test_a_row_is_one_operation_with_time_ends_object_and_packet(small: Path) -> None:
    first = rows(small, "--protocol", "modbus")[0]
    assert list(first) == [name for name in EXCHANGE.names if name != "capture"]
    chosen = ("source", "destination", "device", "function", "code", "space", "first", "status")
    assert [first[key] for key in chosen] == [
        "10.20.1.20", "10.20.1.10", 1, "Read Holding Registers", 3, "holding register", 0, "ok",
    ]  # fmt: skip
    assert first["time"].startswith("2026-03-12T05:00:07.4138")
    assert first["time"].endswith("Z")
    assert first["duration_ns"] > 0


def test_the_table_has_what_people_look_for_and_says_what_it_leaves_out(small: Path) -> None:
    result = typed("exchanges", small, "--limit", "3")
    assert result.code == 0
    assert "status" in result.out
    assert f"3 of {len(rows(small))} rows; --limit 0 prints all" in result.err
    assert len(result.out.splitlines()) == 1 + 3  # without a terminal, a row is a line


def test_protocols_are_chosen_by_name(small: Path) -> None:
    everything = Counter(row["protocol"] for row in rows(small))
    assert set(everything) == {"modbus", "http"}
    one = Counter(row["protocol"] for row in rows(small, "--protocol", "modbus"))
    assert one == Counter(modbus=everything["modbus"])
    assert rows(small, "--protocol=modbus", "--protocol=http") == rows(small)


def test_rows_are_chosen_by_sql_over_the_columns(small: Path) -> None:
    found = rows(small, "--where", "intent = 'write' AND first > 0")
    assert found
    assert found == [row for row in rows(small) if row["intent"] == "write" and row["first"]]


def test_parquet_holds_the_same_rows_in_the_record_s_schema(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.parquet"
    result = typed("exchanges", small, "--format", "parquet", "--output", out)
    assert result.code == 0
    assert result.out == ""
    table = pq.read_table(out)
    assert table.schema.names == EXCHANGE.names
    assert table.column("packet").to_pylist() == [row["packet"] for row in rows(small)]


def test_jsonl_goes_to_a_file_when_one_is_named(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    result = typed("exchanges", small, "--format", "jsonl", "--output", out)
    assert (result.code, result.out) == (0, "")
    assert len(out.read_text().splitlines()) == len(rows(small))


def test_the_summary_counts_messages_by_function(incident: Path) -> None:
    result = typed("exchanges", incident, "--summary", "--format", "json")
    assert result.code == 0
    assert all(list(line) == KEYS for line in result.json)
    counted = {(line["protocol"], line["code"]): line for line in result.json}
    assert all(isinstance(code, int) for _, code in counted)
    scanned = counted["modbus", 43]
    assert scanned["function"] == "Read Device Identification"
    assert (scanned["requests"], scanned["responses"]) == (7, 7)
    reads = counted["modbus", 3]
    assert (reads["requests"], reads["responses"], reads["errors"]) == (1_166, 1_166, 4)
    # Eight of the edge node's requests are never answered.
    assert counted["modbus", 4]["requests"] - counted["modbus", 4]["responses"] == 8


def test_the_summary_is_a_table_too_and_heeds_protocol(small: Path) -> None:
    assert "Write Single Register" in typed("exchanges", small, "--summary").out
    chosen = typed("exchanges", small, "--summary", "--format=json", "--protocol", "http").json
    assert {line["protocol"] for line in chosen} == {"http"}


@pytest.mark.parametrize("wrapped", ["pcapng", "gzip", "zstd", "gzip in zstd", "-"])
def test_however_a_capture_comes_it_says_the_same(
    incident: Path, small: Path, tmp_path: Path, wrapped: str
) -> None:
    plain = small.read_bytes()
    path = tmp_path / "capture"
    if wrapped == "-":
        assert rows("-", given=plain) == rows(small)
        return
    path.write_bytes(
        {
            "pcapng": pcapng(incident, 0, 400),
            "gzip": gzip.compress(plain),
            "zstd": zstandard.compress(plain),
            "gzip in zstd": zstandard.compress(gzip.compress(plain)),
        }[wrapped]
    )
    assert rows(path) == rows(small)


def test_several_captures_are_one_stream(incident: Path, small: Path, tmp_path: Path) -> None:
    # Cut between a request and its answer, in the middle of a conversation.
    parts = tmp_path / "1.pcap", tmp_path / "2.pcap"
    cut = next(row["packet"] for row in rows(small) if row["packet"] > 200) - 1
    for part, (first, last) in zip(parts, ((0, cut), (cut, 400)), strict=True):
        part.write_bytes(piece(incident, first, last))

    def told(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return sorted((row["time"], row["function"], row["status"]) for row in found)

    assert told(rows(*parts)) == told(rows(small))


def test_a_capture_that_is_cut_short_gives_what_it_has(small: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(small.read_bytes()[:-7])
    result = typed("exchanges", cut, "--format", "jsonl")
    assert result.code == 0
    assert "cut.pcap: ends inside a record; read as far as it goes" in result.err
    assert len(result.out.splitlines()) >= len(rows(small)) - 1
