"""A jump host's or VPN's export of sign-ins: CSV with a line of headings.

Separated by comma, semicolon or tab, whichever makes headings of the first lines; UTF-8 with or
without a mark; cells in double quotes may hold separators and line ends. ``csv_columns`` has the
headings, ``csv_times`` the times, ``csv_words`` the words for outcomes and second factors. Lines
before the headings are a title.

Two shapes are read: a row a session, with its end beside its beginning; and a row an event, where
a row that says ``logout`` ends the session of the same id.

Where there is no column for the outcome, every row is a sign-in that was let in: such an export
lists sessions. A row is refused as a whole when its time, account or outcome is not understood;
another cell that is not understood leaves its field unknown. Either is told.

Known limits:
    - A session's duration, where it stands in place of its end, is not read.
    - A host name as source is told, and stands for no address.
    - An event of logout without a session's id ends nothing, and is told.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from itertools import islice
from typing import ClassVar, Final, Literal

from checkvalve.errors import InputError, Problem
from checkvalve.observe.sign_ins.base import Outcome, SignIn, SignInReader, address_in
from checkvalve.observe.sign_ins.csv_columns import columns_of
from checkvalve.observe.sign_ins.csv_times import Clock, clock_for
from checkvalve.observe.sign_ins.csv_words import NOTHING, factor_of, outcome_of

_SEPARATORS: Final = ",;\t"
#: A time that needs its date.
_CLOCK: Final = re.compile(r"\d{1,2}:")
#: The headings stand among the first rows.
_TITLE_ROWS: Final = 20


class CsvExport(SignInReader):
    """Sign-ins as a table with headings."""

    name: ClassVar[str] = "csv"

    def recognises(self, text: str) -> bool:
        """See ``SignInReader.recognises``."""
        return _table(text) is not None

    def read(
        self, text: str, *, file: str, time_zone: tzinfo | None, at: datetime
    ) -> tuple[tuple[SignIn, ...], tuple[Problem, ...]]:
        """See ``SignInReader.read``."""
        table = _table(text)
        if table is None:
            raise InputError(
                f"{file} has no headings for a time and an account",
                hint="name its columns time, account, source, target, outcome, mfa, session, ended",
            )
        reading = _Reading(file, table)
        reading.read(text, time_zone)
        reading.close()
        problems = sorted(reading.problems, key=lambda one: one.line)
        return tuple(sorted(reading.sign_ins, key=lambda one: one.time)), tuple(problems)


@dataclass(frozen=True, slots=True)
class _Table:
    """How a text is laid out.

    Attributes:
        separator: between cells.
        heading: line behind which the rows begin.
        width: cells of a row.
        columns: place of each meaning.
    """

    separator: str
    heading: int
    width: int
    columns: Mapping[str, int]


def _table(text: str) -> _Table | None:
    """The layout in which most columns are understood; ``None`` if there are no headings."""
    found = []
    for separator in _SEPARATORS:
        for _, last, row in islice(_rows(text, separator), _TITLE_ROWS):
            columns = {} if isinstance(row, str) else columns_of(row)
            if columns:
                found.append(_Table(separator, last, len(row), columns))
                break
    return max(found, key=lambda table: len(table.columns), default=None)


def _rows(text: str, separator: str) -> Iterator[tuple[int, int, list[str] | str]]:
    """First and last line of each row that is not empty, and its cells or why it has none."""
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        first = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield first, reader.line_num, str(error)
            continue
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield first, reader.line_num, row


class _Reading:
    """Reads the rows of one table."""

    def __init__(self, file: str, table: _Table) -> None:
        self._file = file
        self._table = table
        self.sign_ins: list[SignIn] = []
        self.problems: list[Problem] = []
        self._ends: list[tuple[int, str, datetime]] = []

    def read(self, text: str, zone: tzinfo | None) -> None:
        rows = []
        for line, last, row in _rows(text, self._table.separator):
            if last <= self._table.heading:
                continue
            if isinstance(row, str):
                self._complain(line, f"lines {line} to {last} are no row: {row}")
            elif len(row) != self._table.width:
                sentence = f"the row has {len(row)} cells, the headings are {self._table.width}"
                self._complain(line, sentence)
            else:
                rows.append((line, [cell.strip() for cell in row]))
        times = (self._cell(row, name) for _, row in rows for name in ("time", "ended"))
        clock = clock_for(times, zone)
        for line, row in rows:
            self._take(line, row, clock)

    def close(self) -> None:
        """Gives the ends that stand in rows of their own to the sessions that they end."""
        by_session: dict[str, list[int]] = {}
        for place, one in enumerate(self.sign_ins):
            if one.session and one.outcome == "success":
                by_session.setdefault(one.session, []).append(place)
        for line, session, ended in self._ends:
            begun = [p for p in by_session.get(session, ()) if self.sign_ins[p].time <= ended]
            if not begun:
                self._complain(line, "this ends a session that does not begin in this file")
                continue
            place = max(begun, key=lambda one: self.sign_ins[one].time)
            if self.sign_ins[place].ended is None:
                self.sign_ins[place] = replace(self.sign_ins[place], ended=ended)

    def _take(self, line: int, row: list[str], clock: Clock) -> None:
        time = self._time(line, self._cell(row, "time"), clock)
        account = self._word(row, "account")
        outcome = self._outcome(line, self._cell(row, "outcome"))
        if time is None or outcome is None:
            return
        if outcome == "over":
            self._ends.append((line, self._word(row, "session"), time))
            return
        if not account:
            self._complain(line, "the row has no account")
            return
        one = SignIn(
            time=time,
            account=account,
            source=self._source(line, self._word(row, "source")),
            target=self._word(row, "target"),
            service=self._word(row, "service").lower(),
            outcome=outcome,
            mfa=self._factor(line, self._cell(row, "mfa")),
            method=self._word(row, "method"),
            session=self._word(row, "session"),
            ended=self._end(line, self._word(row, "ended"), time, clock),
            line=line,
            file=self._file,
        )
        self.sign_ins.append(one)

    def _cell(self, row: list[str], meaning: str) -> str:
        place = self._table.columns.get(meaning)
        cell = "" if place is None else row[place]
        if meaning == "time" and "date" in self._table.columns and _CLOCK.match(cell):
            return f"{row[self._table.columns['date']]} {cell}"
        return cell

    def _word(self, row: list[str], meaning: str) -> str:
        cell = self._cell(row, meaning)
        return "" if cell.casefold() in NOTHING else cell

    def _time(self, line: int, cell: str, clock: Clock) -> datetime | None:
        told = clock.read(cell)
        if told.doubt:
            self._complain(line, told.doubt, told.hint)
        return told.time

    def _end(self, line: int, cell: str, begun: datetime, clock: Clock) -> datetime | None:
        ended = self._time(line, cell, clock) if cell else None
        if ended is not None and ended < begun:
            self._complain(line, "the session ends before it begins: its end is not believed")
            return None
        return ended

    def _outcome(self, line: int, cell: str) -> Outcome | Literal["over"] | None:
        if "outcome" not in self._table.columns:
            return "success"
        said = outcome_of(cell)
        if said is None:
            self._complain(line, f"'{cell[:40]}' is no known outcome: the row is left out")
        return said

    def _factor(self, line: int, cell: str) -> bool | None:
        said = factor_of(cell)
        if said == "unclear":
            self._complain(line, f"whether '{cell[:40]}' is a second factor is not known")
            return None
        return said

    def _source(self, line: int, cell: str) -> str:
        found = address_in(cell)
        if cell and not found:
            self._complain(line, f"the source '{cell[:40]}' is no address")
        return found

    def _complain(self, line: int, sentence: str, hint: str = "") -> None:
        self.problems.append(Problem(self._file, line, "", sentence, hint))
