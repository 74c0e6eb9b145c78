"""``checkvalve exchanges``: what captures say, operation by operation."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from checkvalve.errors import StorageError, UsageError
from checkvalve.show.cli.printing import print_json, print_table
from checkvalve.show.cli.showing import named_captures, prepare_kernels, progress

_SHOWN: Final = (
    "time",
    "source",
    "destination",
    "protocol",
    "device",
    "function",
    "space",
    "first",
    "quantity",
    "value",
    "status",
)


class ExchangeFormat(StrEnum):
    """How exchanges are printed."""

    TABLE = "table"
    JSONL = "jsonl"
    PARQUET = "parquet"
    JSON = "json"


def exchanges(
    captures: Annotated[list[str], typer.Argument(metavar="CAPTURE...", help="Files, or -.")],
    *,
    as_format: Annotated[
        ExchangeFormat, typer.Option("--format", help="How to print; json is for --summary.")
    ] = ExchangeFormat.TABLE,
    protocol: Annotated[
        list[str] | None, typer.Option(help="Only this protocol; may be repeated.")
    ] = None,
    where: Annotated[
        str, typer.Option(help="SQL over the columns, such as \"intent = 'write'\".")
    ] = "",
    summary: Annotated[bool, typer.Option("--summary", help="Count messages by function.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Rows of a table; 0: all.")] = 200,
) -> None:
    """Print what captures say, one row an operation."""
    paths, protocols = named_captures(captures), set(protocol or ())
    if summary:
        if where:
            raise UsageError(
                "--where does not go with --summary",
                hint="--summary counts messages; --protocol narrows it",
            )
        if as_format not in (ExchangeFormat.TABLE, ExchangeFormat.JSON):
            raise UsageError("--summary is printed as table or json")
        _print_summary(paths, protocols, as_format)
        return
    if as_format is ExchangeFormat.JSON:
        raise UsageError("--format json goes with --summary", hint="rows come as jsonl")
    if as_format is ExchangeFormat.PARQUET and output is None:
        raise UsageError("parquet is not for a screen", hint="name a file with --output")
    rows = _chosen(paths, protocols, where)
    try:
        if as_format is ExchangeFormat.PARQUET:
            _write_parquet(rows, output or Path())
        elif as_format is ExchangeFormat.JSONL:
            _write_jsonl(rows, output)
        else:
            _print_rows(rows, limit)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        why = os.strerror(error.errno) if error.errno else str(error)
        raise StorageError(f"{output or 'stdout'} can't be written: {why}") from error


def _members(wanted: set[str]) -> tuple[Any, ...]:
    """All protocols, their kernels made ready.

    Raises:
        UsageError: one that is wanted is not among the names that they go by.
    """
    prepare_kernels()
    from checkvalve.observe.protocols import members

    found = members()
    known = [name for member in found for name in member.dialects]
    for name in sorted(wanted.difference(known)):
        raise UsageError(f"there is no protocol '{name}'", hint=f"there are {', '.join(known)}")
    return found


def _batches(captures: list[str], protocols: set[str]) -> Iterator[Any]:
    """The exchange batches of all captures."""
    from checkvalve.observe.captures.files import Capture

    members = _members(protocols)
    from checkvalve.observe.dissector import Dissector

    dissector = Dissector(protocols=members)
    show = progress()
    for path in captures:
        capture = Capture(path)
        with show(capture.name, capture.octets()) as tick:
            for seen in dissector.read(capture):
                tick(capture.octets_read)
                yield seen.exchanges
        _remark(capture)
    for seen in dissector.finish():
        yield seen.exchanges


def _remark(capture: Any) -> None:
    if capture.stopped:
        typer.echo(f"{capture.name}: reading stopped: {capture.stopped}", err=True)
    elif capture.incomplete:
        typer.echo(f"{capture.name}: ends inside a record; read as far as it goes", err=True)


def _chosen(captures: list[str], protocols: set[str], where: str) -> Iterator[Any]:
    """The batches, less the rows that were not asked for."""
    import pyarrow as pa
    import pyarrow.compute as pc

    names = pa.array(sorted(protocols), pa.string())
    for batch in _batches(captures, protocols):
        kept = batch
        if protocols:
            kept = kept.filter(pc.is_in(kept.column("protocol").cast(pa.string()), names))
        if where:
            kept = _filtered(kept, where)
        if kept.num_rows:
            yield kept


def _filtered(batch: Any, where: str) -> Any:
    """The rows for which an SQL condition is true."""
    import duckdb
    import pyarrow as pa

    connection: Any = duckdb.connect(config={"enable_external_access": "false"})
    try:
        connection.register("rows", pa.Table.from_batches([batch]))
        found = connection.sql(f"SELECT * FROM rows WHERE ({where})").to_arrow_table()  # noqa: S608  # the condition is the user's own, over her own rows
    except duckdb.Error as error:
        raise UsageError(
            f"--where can't be understood: {str(error).splitlines()[0]}",
            hint=f"columns: {', '.join(batch.schema.names)}",
        ) from error
    finally:
        connection.close()
    batches = found.cast(batch.schema).combine_chunks().to_batches()
    return batches[0] if batches else batch.slice(0, 0)


def _print_rows(rows: Iterator[Any], limit: int) -> None:
    table: list[tuple[str, ...]] = []
    total = 0
    for batch in rows:
        total += batch.num_rows
        room = batch.num_rows if not limit else max(limit - len(table), 0)
        table += _cells(batch.slice(0, room))
    print_table(_SHOWN, table)
    if total > len(table):
        typer.echo(f"{len(table)} of {total} rows; --limit 0 prints all", err=True)


def _cells(batch: Any) -> list[tuple[str, ...]]:
    import pyarrow as pa

    columns = [
        [
            "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
            for value in _plain(batch.column(name), pa).to_pylist()
        ]
        for name in _SHOWN
    ]
    return list(zip(*columns, strict=True))


def _plain(column: Any, pa: Any) -> Any:
    """Times as text to the microsecond: Python's own can't hold nanoseconds."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us"), safe=False).cast(pa.string())
    return column


def _write_jsonl(rows: Iterator[Any], output: Path | None) -> None:
    import json

    import pyarrow as pa

    with output.open("w") if output else _Standard() as file:
        for batch in rows:
            times = batch.column("time").cast(pa.timestamp("ns")).cast(pa.string()).to_pylist()
            for time, row in zip(times, batch.drop_columns(["time"]).to_pylist(), strict=True):
                raw = row["raw"]
                row["raw"] = raw.hex() if raw is not None else None
                record = {"time": time.replace(" ", "T") + "Z", **row}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")


class _Standard:
    """Standard output as a file that stays open."""

    def __enter__(self) -> Any:
        return sys.stdout

    def __exit__(self, *exception: object) -> None:
        sys.stdout.flush()


def _write_parquet(rows: Iterator[Any], output: Path) -> None:
    import pyarrow.parquet as pq

    from checkvalve.records import EXCHANGE

    total = 0
    with pq.ParquetWriter(output, EXCHANGE, compression="zstd") as writer:
        for batch in rows:
            writer.write_batch(batch)
            total += batch.num_rows
    typer.echo(f"{output}: {total} rows", err=True)


def _print_summary(captures: list[str], protocols: set[str], as_format: ExchangeFormat) -> None:
    from dataclasses import asdict

    from checkvalve.observe.captures.files import Capture

    known = _members(protocols)
    from checkvalve.observe.dissector import Dissector
    from checkvalve.observe.tally import Tally

    tally = Tally(known)
    dissector = Dissector(protocols=known, on_messages=tally.add)
    show = progress()
    for path in captures:
        capture = Capture(path)
        with show(capture.name, capture.octets()) as tick:
            for _ in dissector.read(capture):
                tick(capture.octets_read)
        _remark(capture)
    for _ in dissector.finish():
        pass
    lines = [line for line in tally if not protocols or line.protocol in protocols]
    if as_format is ExchangeFormat.JSON:
        print_json([asdict(line) for line in lines])
        return
    columns = ("protocol", "function", "code", "requests", "responses", "errors", "malformed")
    print_table(columns, [tuple(str(value) for value in asdict(line).values()) for line in lines])
