"""Questions to the archive in SQL, answered by DuckDB.

There is one view a record: ``exchange``, ``flow``, ``sample``, ``gap``. Each has the record's
columns and ``day``, by which whole files are passed over, and is there even when nothing was
recorded yet. A question is one SELECT. It sees the archive's files and nothing else: DuckDB
runs without access to other files, to the network and to extensions, and its settings are
locked before the question is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa

from checkvalve.errors import CheckvalveError, IntegrityError, StorageError, UsageError
from checkvalve.keep.parts import NO_SITE, counting, parts_in
from checkvalve.records import SCHEMAS

_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET temp_directory = ''",
    "SET python_enable_replacements = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
)
_LOCKS = ("SET enable_external_access = false", "SET lock_configuration = true")


class GoneError(StorageError):
    """A file that was there a moment ago is gone."""


def answer(
    archive: Path, sql: str, parameters: Iterable[object] = (), *, memory: str = "1GB"
) -> pa.Table:
    """Answers one SELECT over an archive.

    Args:
        archive: the archive's folder; it need not exist yet.
        sql: one SELECT over ``exchange``, ``flow``, ``sample`` and ``gap``.
        parameters: values for its ``?`` or ``$1``.
        memory: how much memory the answer may take, such as ``1GB``.

    Returns:
        The answer; times are UTC.

    Raises:
        UsageError: the question is not one SELECT that DuckDB understands.
        IntegrityError: a file of the archive is damaged.
        StorageError: a file can't be read, or the answer needs more memory.
    """
    folder, values = archive.resolve(), list(parameters)
    try:
        return _answered(folder, sql, values, memory)
    except GoneError:  # the owner merged or dropped parts just now
        return _answered(folder, sql, values, memory)


def _answered(archive: Path, sql: str, parameters: list[object], memory: str) -> pa.Table:
    with duckdb.connect(":memory:") as connection:
        for setting in (*_SETTINGS, f"SET memory_limit = {_quoted(memory)}"):
            connection.execute(setting)
        try:
            _make_views(connection, archive, sql.lower())
            connection.execute(f"SET allowed_directories = [{_quoted(str(archive))}]")
            for setting in _LOCKS:
                connection.execute(setting)
            _refuse_other_statements(connection, sql)
            return connection.sql(sql, params=parameters).to_arrow_table()
        except duckdb.Error as error:
            raise _refusal(archive, error) from error


def _make_views(connection: duckdb.DuckDBPyConnection, archive: Path, question: str) -> None:
    """Makes every view; those that the question does not name stay empty, to spare the files."""
    for record, schema in SCHEMAS.items():
        parts = counting(parts_in(archive, record)) if record in question else []
        if parts:
            files = ", ".join(_quoted(str(part.path)) for part in parts)
            options = "union_by_name = true, hive_partitioning = true"
            # Older versions of DuckDB read the folder of rows without a site as a name.
            columns = f"* REPLACE (nullif(site, '{NO_SITE}') AS site)"
            connection.execute(
                f"CREATE VIEW {record} AS SELECT {columns} FROM read_parquet([{files}], {options})"  # noqa: S608  (quoted)
            )
        else:
            empty = schema.append(pa.field("day", pa.date32())).empty_table()
            connection.register(record, empty)


def _refuse_other_statements(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError(
            "a question to the archive is one SELECT",
            hint="ask over the views exchange, flow, sample and gap",
        )


def _refusal(archive: Path, error: duckdb.Error) -> CheckvalveError:
    sentence = str(error).splitlines()[0]
    if isinstance(error, duckdb.OutOfMemoryException):
        return StorageError("the answer needs more memory than it may take", hint="ask for less")
    if isinstance(error, duckdb.PermissionException):
        return UsageError(
            f"the question asks for what is not in the archive: {sentence}",
            hint="ask over the views exchange, flow, sample and gap",
        )
    if "No files found" in sentence or "No such file" in sentence:
        return GoneError(f"a file of the archive is gone: {sentence}", hint="ask again")
    if str(archive) in sentence:
        return IntegrityError(
            f"the archive can't be read: {sentence}",
            hint="move the file named out of the archive, and restore it from a backup",
        )
    return UsageError(f"the question can't be answered: {sentence}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
