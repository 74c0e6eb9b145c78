"""``checkvalve init`` and ``checkvalve plant``: write, check and show what is declared."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from checkvalve.errors import PlantError, Problem, StorageError, UsageError
from checkvalve.show.cli.printing import Format, group, print_json, print_table

app = group("Check and show what is declared.")

PlantFolder = Annotated[
    Path, typer.Argument(metavar="PLANT", help="The plant's folder.", show_default="here")
]
#: Fields of objects as files spell them, by kind.
Said: TypeAlias = dict[str, list[dict[str, Any]]]

AsFormat = Annotated[Format, typer.Option("--format", help="How to print.")]


class ShowFormat(StrEnum):
    """How ``plant show`` prints."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder, or none yet.")],
) -> None:
    """Write a small commented plant to start from."""
    from checkvalve.plant.starting import SCHEMA_FOLDER, write_starter

    files = write_starter(directory)
    typer.echo(f"{directory}: {len(files)} files, with schemas for your editor in {SCHEMA_FOLDER}")
    for file in files:
        typer.echo(f"  {file}")
    typer.echo("Put your own plant in their place, then:")
    typer.echo(f"  checkvalve plant check {directory}")


@app.command()
def check(plant: PlantFolder = Path(), as_format: AsFormat = Format.TABLE) -> None:
    """Load the plant, and say what can't be understood or is still left open."""
    from checkvalve.plant import load
    from checkvalve.plant.remarks import remarks

    try:
        loaded = load(plant)
    except PlantError as error:
        if as_format is Format.JSON:
            print_json({"problems": [_as_json(problem) for problem in error.problems]})
        else:
            _print_problems(error.problems, to_stderr=False)
            typer.echo(f"{error.sentence}; {error.hint}")
        raise typer.Exit(error.exit_code) from error
    counts = {plural: len(members) for plural, members in loaded.things().items() if members}
    open_ends = remarks(loaded)
    if as_format is Format.JSON:
        said = [{"kind": one.plural, "ids": one.ids, "says": one.says} for one in open_ends]
        result = {"problems": [], "counts": counts, "remarks": said, "digest": loaded.digest}
        print_json(result)
        return
    print_table(("declared", ""), [(_words(plural), str(n)) for plural, n in counts.items()])
    if open_ends:
        typer.echo("\nStill open:")
        print_table(("", ""), [(f"  {remark}", _few(remark.ids)) for remark in open_ends])
    typer.echo(f"\nNo problem. Digest {loaded.digest}")


@app.command()
def show(
    kind: Annotated[str, typer.Argument(metavar="[KIND", help="Such as zones.")] = "",
    name: Annotated[str, typer.Argument(metavar="[ID]]", help="One of them.")] = "",
    plant: Annotated[Path, typer.Option(metavar="DIR", help="The plant's folder.")] = Path(),
    as_format: Annotated[ShowFormat, typer.Option("--format", help="How to print.")] = (
        ShowFormat.TABLE
    ),
) -> None:
    """Show what is declared: everything by kind, one kind, or one object."""
    from checkvalve.plant import load

    things = load(plant).things()
    kinds = [_plural(kind)] if kind else [plural for plural in things if things[plural]]
    chosen = {plural: [thing.said() for thing in things[plural].values()] for plural in kinds}
    if name:
        if name not in things[kinds[0]]:
            raise _unknown(f"there is no {kind} '{name}'", name, things[kinds[0]])
        chosen = {kinds[0]: [things[kinds[0]][name].said()]}
    if as_format is not ShowFormat.TABLE:
        _show_data(chosen, as_format, kind, name)
    elif name:
        _show_fields(chosen[kinds[0]][0])
    elif kind:
        _show_kind(chosen[kinds[0]])
    else:
        ids = {plural: tuple(fields["id"] for fields in held) for plural, held in chosen.items()}
        rows = [(_words(plural), str(len(names)), _few(names)) for plural, names in ids.items()]
        print_table(("kind", "", "ids"), rows)


@app.command()
def schema(
    kind: Annotated[str, typer.Option(help="One kind's file, such as zones.")] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write every schema into a folder.")
    ] = None,
) -> None:
    """Print the JSON Schema of the plant's files, or write all of them."""
    from checkvalve.plant.folders import why
    from checkvalve.plant.kinds import KINDS_BY_PLURAL
    from checkvalve.plant.schema import file_schema, folder_schema
    from checkvalve.plant.starting import write_schemas

    if out is None:
        print_json(file_schema(KINDS_BY_PLURAL[_plural(kind)]) if kind else folder_schema())
        return
    if kind:
        raise UsageError("--kind prints one schema and --out writes all: choose one of them")
    try:
        files = write_schemas(out)
    except OSError as error:
        raise StorageError(f"{out} can't be written: {why(error)}") from error
    typer.echo(f"{out}: {len(files)} schemas")


def plant_problems(error: PlantError) -> None:
    """Prints the problems that a plant's error carries, on standard error."""
    _print_problems(error.problems, to_stderr=True)
    typer.echo(f"checkvalve: {error.sentence}; {error.hint}", err=True)


def _print_problems(problems: Iterable[Problem], *, to_stderr: bool) -> None:
    for problem in problems:
        typer.echo(str(problem), err=to_stderr)
        if problem.hint:
            typer.echo(f"    {problem.hint}", err=to_stderr)


def _as_json(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "path": problem.path,
        "sentence": problem.sentence,
        "hint": problem.hint,
    }


def _words(plural: str) -> str:
    return plural.replace("_", " ")


def _few(names: tuple[str, ...]) -> str:
    """The first names, and how many more there are."""
    shown = 4
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def _plural(kind: str) -> str:
    """The plural of a kind that is named in either form.

    Raises:
        UsageError: there is no such kind.
    """
    from checkvalve.plant.kinds import KINDS_BY_NAME, KINDS_BY_PLURAL

    word = kind.replace("-", "_")
    if word in KINDS_BY_PLURAL:
        return word
    if word in KINDS_BY_NAME:
        return KINDS_BY_NAME[word].plural
    raise _unknown(f"there is no kind '{kind}'", word, KINDS_BY_PLURAL)


def _unknown(sentence: str, word: str, known: Iterable[str]) -> UsageError:
    from checkvalve.plant.words import did_you_mean

    return UsageError(sentence, hint=did_you_mean(word, known))


def _show_data(chosen: Said, as_format: ShowFormat, kind: str, name: str) -> None:
    """Prints the chosen objects as JSON, or as YAML in the form of the plant's files."""
    if as_format is ShowFormat.JSON:
        first = next(iter(chosen.values()), [])
        print_json(first[0] if name else first if kind else chosen)
        return
    from checkvalve.plant.edits import with_entries

    for plural, listed in chosen.items():
        if not kind:
            typer.echo(f"# {plural}.yaml")
        entries = [(str(fields.pop("id")), fields) for fields in listed]
        typer.echo(with_entries("", entries) if entries else "[]", nl=not entries)


def _show_kind(listed: list[dict[str, Any]]) -> None:
    """Prints a kind's objects, each on a line, with the first few of the fields they have."""
    wanted = 6
    columns = list(dict.fromkeys(key for fields in listed for key in fields))[:wanted]
    rows = [[_cell(fields.get(key, "")) for key in columns] for fields in listed]
    print_table(columns, rows)


def _show_fields(fields: dict[str, Any]) -> None:
    """Prints all that is said of one object, each field on a line."""
    print_table(("field", "value"), [(key, _cell(value)) for key, value in fields.items()])


def _cell(value: object) -> str:
    """A value as people read it: text without quotes, a plain list without brackets."""
    from checkvalve.plant.spelling import spell

    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return spell(value)
