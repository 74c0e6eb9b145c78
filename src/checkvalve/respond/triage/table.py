"""The decision table: 720 rows in SSVC's JSON form, and a plant's own cells over them.

Known limits:
    The points, their order and their keys are fixed; a plant changes outcomes, not points.

Example:
    >>> from checkvalve.respond.triage.points import rows
    >>> str(default_table().outcome(next(rows())))
    'Track'

References:
    CERT/CC, SSVC 2025, decision tables: ``namespace:key:version``, one ``mapping`` row a
    combination.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Any, Final, TypeVar

from checkvalve.errors import InputError
from checkvalve.respond.triage.laws import broken_laws
from checkvalve.respond.triage.points import SCALES, Outcome, Row, Scale
from checkvalve.respond.triage.policy import DESCRIBED, versioned

_COMBINATIONS: Final = 720

Value = TypeVar("Value", bound=Scale)


@dataclass(frozen=True, slots=True)
class Table:
    """What each combination deserves; complete, and the laws hold.

    Attributes:
        outcomes: outcome of each of the 720 rows.
        reasons: why the plant changed a cell; only rows that it changed.
    """

    outcomes: Mapping[Row, Outcome]
    reasons: Mapping[Row, str] = field(default_factory=dict)

    def outcome(self, row: Row) -> Outcome:
        """What one combination deserves."""
        return self.outcomes[row]


@lru_cache(maxsize=1)
def default_table() -> Table:
    """The table that comes with the package."""
    text = (files(__package__) / "table.json").read_text(encoding="utf-8")
    return read_table(text, name="table.json")


def read_table(text: str, *, name: str) -> Table:
    """A whole table from its JSON form.

    Args:
        text: the file's text.
        name: the file's name, for errors.

    Raises:
        InputError: not JSON, another set of points, a combination missing, twice or unknown,
            or a law broken.
    """
    document = _parsed(text, name)
    _have_our_points(document, name)
    outcomes: dict[Row, Outcome] = {}
    for number, cell in enumerate(_listed(document, "mapping", name), start=1):
        where = f"{name}: mapping row {number}"
        row = Row._make(_by_key(scale, cell, point, where) for point, scale in SCALES.items())
        if row in outcomes:
            raise InputError(f"{where} repeats ({row})")
        outcomes[row] = _by_key(Outcome, cell, "outcome", where)
    if len(outcomes) != _COMBINATIONS:
        raise InputError(f"{name} has {len(outcomes)} combinations of {_COMBINATIONS}")
    return _lawful(Table(outcomes), name)


def overridden(table: Table, document: object, *, name: str) -> Table:
    """The table with a plant's own cells.

    A cell names an ``outcome``, ``why``, and any of the five points by key or word; a point
    that is left out stands for all its values. Where two cells meet, the later one counts.

    Args:
        table: the table to change.
        document: the file's content: ``{"cells": [{"stage": "access", "certainty": "proof",
            "outcome": "Act", "why": "..."}]}``.
        name: the file's name, for errors.

    Raises:
        InputError: a cell can't be understood, or the laws do not hold with it.
    """
    outcomes, reasons = dict(table.outcomes), dict(table.reasons)
    for number, cell in enumerate(_listed(document, "cells", name), start=1):
        where = f"{name}: cell {number}"
        outcome, why = _answer(cell, where)
        for row in _covered(cell, where):
            outcomes[row], reasons[row] = outcome, why
    return _lawful(Table(outcomes, reasons), name)


def _lawful(table: Table, name: str) -> Table:
    breach = next(broken_laws(table.outcomes), None)
    if breach is not None:
        raise InputError(
            f"{name}: {breach}", hint="mend the cells named; every table must obey the same laws"
        )
    return table


def _covered(cell: Mapping[str, Any], where: str) -> Iterator[Row]:
    choices: list[Sequence[Scale]] = []
    for point, scale in SCALES.items():
        choices.append([_by_name(scale, cell[point], where)] if point in cell else list(scale))
    for combination in product(*choices):
        yield Row._make(combination)


def _answer(cell: Mapping[str, Any], where: str) -> tuple[Outcome, str]:
    unknown = sorted(set(cell) - {*SCALES, "outcome", "why"})
    if unknown:
        raise InputError(
            f"{where} has no point '{unknown[0]}'", hint=f"the points are {', '.join(SCALES)}"
        )
    why = cell.get("why")
    if not isinstance(why, str) or not why.strip():
        raise InputError(f"{where} does not say why", hint="add a sentence under 'why'")
    return _by_name(Outcome, cell.get("outcome"), where), why.strip()


def _by_name(scale: type[Value], name: object, where: str) -> Value:
    for value in scale:
        if name in (value.key, value.word):
            return value
    choices = ", ".join(f"'{value.word}'" for value in scale)
    raise InputError(f"{where}: {name!r} is no {scale.__name__.lower()}", hint=f"one of {choices}")


def _by_key(scale: type[Value], cell: Mapping[str, Any], point: str, where: str) -> Value:
    key = cell.get(versioned(point))
    for value in scale:
        if value.key == key:
            return value
    raise InputError(f"{where}: {key!r} is no value of {versioned(point)}")


def _have_our_points(document: Mapping[str, Any], name: str) -> None:
    declared = document.get("decision_points")
    for point, scale in DESCRIBED.items():
        described = declared.get(versioned(point)) if isinstance(declared, dict) else None
        values = described.get("values") if isinstance(described, dict) else None
        keys = [value.get("key") for value in values] if isinstance(values, list) else None
        if keys != [value.key for value in scale]:
            raise InputError(
                f"{name} does not declare {versioned(point)} with the values known here"
            )


def _listed(document: object, field_name: str, name: str) -> Sequence[Mapping[str, Any]]:
    found = document.get(field_name) if isinstance(document, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        raise InputError(f"{name} has no list '{field_name}' of objects")
    return found


def _parsed(text: str, name: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise InputError(f"{name} is not a JSON object")
    return document
