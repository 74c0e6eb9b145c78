"""Options about firewalls that several commands share, and what is said of their files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from checkvalve.errors import UsageError

FirewallFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--firewall",
        metavar="NAME=FILE",
        help="Read a firewall's rule set from another file; may be repeated.",
    ),
]
At = Annotated[
    str, typer.Option("--at", metavar="TIME", help="As of then: ISO 8601, or a span such as 7d.")
]

#: Lines that are not understood and shown of one file.
_MOST: Final = 3


def other_files(given: list[str] | None) -> dict[str, Path]:
    """Firewall id to file, from ``NAME=FILE``.

    Raises:
        UsageError: one is not written so.
    """
    found = {}
    for text in given or ():
        name, equals, file = text.partition("=")
        if not (name and equals and file):
            raise UsageError(
                f"'{text}' names no firewall's file", hint="write --firewall asa-core=new.cfg"
            )
        found[name] = Path(file)
    return found


def coverage_lines(
    plant: Any, rule_sets: Any, only: Collection[str] | None = None
) -> Iterator[str]:
    """How much of each firewall's rule set was read, or of some of them."""
    for name in plant.firewalls:
        if only is not None and name not in only:
            continue
        coverage = rule_sets.coverage.get(name)
        if coverage is None:
            yield (
                f"{name}: no rule set, so what it permits is not known; "
                f"say 'config' in its declaration, or give --firewall {name}=FILE"
            )
            continue
        file, missed = rule_sets.by_firewall[name].file, len(coverage.missed)
        read = coverage.understood + coverage.harmless
        if not missed:
            yield f"{file}: all {coverage.lines} lines understood"
            continue
        first = "; ".join(
            f"line {one.ref.line} ({one.sentence})" for one in coverage.missed[:_MOST]
        )
        more = f"; and {missed - _MOST} more" if missed > _MOST else ""
        yield f"{file}: {read} of {coverage.lines} lines understood, {missed} not: {first}{more}"


def coverage_json(rule_sets: Any) -> dict[str, Any]:
    """The same for machines, with every line that is not understood."""
    return {
        name: {
            "file": rule_sets.by_firewall[name].file,
            "lines": coverage.lines,
            "understood": coverage.understood,
            "harmless": coverage.harmless,
            "missed": [
                {"line": one.ref.line, "text": one.ref.text, "sentence": one.sentence}
                for one in coverage.missed
            ],
        }
        for name, coverage in rule_sets.coverage.items()
    }
