"""``checkvalve ledger``: is the record of decisions whole?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checkvalve.chain import Head
from checkvalve.errors import UsageError
from checkvalve.show.cli.plant import AsFormat, PlantFolder
from checkvalve.show.cli.printing import Format, group, print_json
from checkvalve.show.cli.showing import StateFolder, state_of

app = group("Check the record of what was decided.")

_DIGEST_LENGTH = 64


@app.callback()
def ledger() -> None:
    """Check the record of what was decided."""


@app.command()
def verify(
    plant: PlantFolder = Path(),
    *,
    head: Annotated[
        str,
        typer.Option(
            metavar="COUNT:DIGEST", help="A head noted elsewhere, which the ledger must have had."
        ),
    ] = "",
    state: StateFolder = None,
    as_format: AsFormat = Format.TABLE,
) -> None:
    """Check that no line of the ledger was changed, dropped, added or swapped.

    Each line names the digest of the line before it. The store remembers where the ledger
    ends, so that a missing tail shows too; --head compares with a note kept off this machine.
    """
    from checkvalve.keep.keeper import LEDGER, STORE
    from checkvalve.keep.ledger import verify as verify_file
    from checkvalve.keep.reading import Reader

    noted = _head_of(head) if head else None
    folder = state_of(plant, state)
    if not (folder / STORE).exists():
        raise UsageError(
            f"{folder} holds no ledger yet", hint="'checkvalve watch PLANT --captures ...' first"
        )
    path = folder / LEDGER
    with Reader.open(folder / STORE) as store:
        pinned, waiting = store.pinned()
    found = verify_file(path, pinned=pinned, waiting=waiting)
    if noted is not None:
        verify_file(path, pinned=noted, waiting=waiting)
    if as_format is Format.JSON:
        print_json(
            {
                "count": found.head.count,
                "digest": found.head.digest,
                "waiting": found.waiting,
                "torn_octets": found.torn,
            }
        )
        return
    typer.echo(f"{path}: {found.head.count} lines hold")
    typer.echo(f"head {found.head.count}:{found.head.digest}")
    if found.waiting:
        typer.echo(f"{found.waiting} of them wait in the store and will be written next")
    if found.torn:
        typer.echo(f"{found.torn} octets at the end are no whole line, and count for nothing")


def _head_of(text: str) -> Head:
    count, _, digest = text.partition(":")
    if not count.isdecimal() or len(digest) != _DIGEST_LENGTH:
        raise UsageError(
            f"'{text}' is no head of a ledger", hint="it reads as 'ledger verify' prints it"
        )
    return Head(int(count), digest)
