"""``checkvalve records``: what was recorded, asked in SQL, and dropped when it is old."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from checkvalve.show.cli.clock import now, read_day
from checkvalve.show.cli.plant import AsFormat, PlantFolder
from checkvalve.show.cli.printing import Format, group, print_json, print_table
from checkvalve.show.cli.showing import StateFolder, Who, Why, state_of

app = group("Ask the recorded exchanges, flows and samples.")

_DAYS = """
SELECT 'exchange' AS record, day, count(*) AS rows FROM exchange GROUP BY day
UNION ALL SELECT 'flow', day, count(*) FROM flow GROUP BY day
UNION ALL SELECT 'sample', day, count(*) FROM sample GROUP BY day
UNION ALL SELECT 'gap', day, count(*) FROM gap GROUP BY day
ORDER BY day, record
"""


@app.command("list")
def list_records(
    plant: PlantFolder = Path(), *, state: StateFolder = None, as_format: AsFormat = Format.TABLE
) -> None:
    """List how many rows of each record there are, by day (UTC)."""
    _print(_answer(plant, state, _DAYS), as_format)


@app.command()
def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="One SELECT over exchange, flow, sample, gap.")
    ],
    plant: PlantFolder = Path(),
    *,
    state: StateFolder = None,
    as_format: AsFormat = Format.TABLE,
) -> None:
    """Answer one SELECT over what was recorded."""
    _print(_answer(plant, state, sql), as_format)


@app.command()
def drop(
    plant: PlantFolder = Path(),
    *,
    before: Annotated[
        str,
        typer.Option(help="The first day that stays, in UTC: 2026-11-01, or an age such as 90d."),
    ],
    who: Who,
    why: Why,
    state: StateFolder = None,
) -> None:
    """Remove records older than a day, and say so in the ledger; findings and incidents stay."""
    from checkvalve.keep.keeper import Keeper

    at = now()
    day = read_day(before, at, back=True)
    with Keeper.open(state_of(plant, state), command="records drop", at=at) as keeper:
        parts = keeper.drop_before(day, who=who, why=why, at=at)
    typer.echo(f"{parts} files of records before {day} are removed")


def _answer(plant: Path, state: Path | None, sql: str) -> Any:
    from checkvalve.keep.keeper import RECORDS
    from checkvalve.keep.questions import answer

    return answer(state_of(plant, state) / RECORDS, sql)


def _print(found: Any, as_format: Format) -> None:
    rows = [{name: _plain(value) for name, value in row.items()} for row in found.to_pylist()]
    if as_format is Format.JSON:
        print_json(rows)
        return
    cells = [["" if value is None else str(value) for value in row.values()] for row in rows]
    print_table(found.column_names, cells)


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
