"""CSV exports of sign-ins: what is read, what is unknown, and what is told."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.errors import InputError, Problem
from checkvalve.observe.sign_ins import reader_for
from checkvalve.observe.sign_ins.base import SignIn
from checkvalve.observe.sign_ins.csv_columns import SYNONYMS
from checkvalve.observe.sign_ins.csv_export import CsvExport

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 1, tzinfo=UTC)
WHOLE = (
    "time,account,source,target,service,outcome,mfa,method,session,ended\n"
    "2026-03-05T08:00:00Z,alice,192.0.2.7,jump-1,SSH,success,yes,publickey,s-1,"
    "2026-03-05T09:30:00Z\n"
)


def read(
    text: str, zone: ZoneInfo | None = BERLIN
) -> tuple[tuple[SignIn, ...], tuple[Problem, ...]]:
    return CsvExport().read(text, file="vpn.csv", time_zone=zone, at=AT)


def time_of(cell: str, zone: ZoneInfo | None = BERLIN, *more: str) -> datetime | str:
    """The instant that a cell was read as, or why there is none."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([("time", "account"), (cell, "alice"), *((one, "bob") for one in more)])
    sign_ins, problems = read(out.getvalue(), zone)
    return next(
        (one.time for one in sign_ins if one.account == "alice"),
        next((one.sentence for one in problems if one.line == 2), ""),
    )


def test_every_field_of_a_whole_row_is_read() -> None:
    assert read(WHOLE) == (
        (
            SignIn(
                time=datetime(2026, 3, 5, 8, tzinfo=UTC),
                account="alice",
                source="192.0.2.7",
                target="jump-1",
                service="ssh",
                outcome="success",
                mfa=True,
                method="publickey",
                session="s-1",
                ended=datetime(2026, 3, 5, 9, 30, tzinfo=UTC),
                line=2,
                file="vpn.csv",
            ),
        ),
        (),
    )


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separator_line_end_and_mark_make_no_difference(
    separator: str, newline: str, mark: str
) -> None:
    text = mark + WHOLE.replace(",", separator).replace("\n", newline)
    assert read(text) == read(WHOLE)


def test_lines_before_the_headings_are_a_title() -> None:
    (one,), problems = read("Sessions of last month\n\nsep=,\n" + WHOLE)
    assert (one.line, problems) == (5, ())


def test_a_quoted_cell_may_hold_separators_and_line_ends() -> None:
    text = 'time,user,method\n2026-03-05T08:00Z,alice,"key,\nthen code"\n2026-03-05T09:00Z,bob,x\n'
    (alice, bob), problems = read(text)
    assert (alice.method, alice.line, bob.line) == ("key,\nthen code", 2, 4)
    assert problems == ()


@pytest.mark.parametrize(("meaning", "heading"), [(m, h) for m, hs in SYNONYMS.items() for h in hs])
def test_every_heading_of_the_table_is_found(meaning: str, heading: str) -> None:
    needed = {"time": "login time", "account": "account name", meaning: heading.upper()}
    cells = {"time": "2026-03-05T08:00:00Z", "account": "alice", "ended": "2026-03-05T09:00:00Z"}
    cells |= {"date": "2026-03-05", "outcome": "ok", "mfa": "yes", "source": "192.0.2.1"}
    text = f"{';'.join(needed.values())}\n{';'.join(cells.get(name, 'word') for name in needed)}\n"
    (one,), problems = read(text)
    assert problems == ()
    if meaning not in ("date", "time"):
        assert getattr(one, meaning)


def test_of_two_columns_that_mean_the_same_the_more_specific_counts() -> None:
    (one,), _ = read("user id,time,user name\n17,2026-03-05T08:00:00Z,alice\n")
    assert one.account == "alice"


@pytest.mark.parametrize(
    "cell",
    [
        "2026-03-05T08:00:00+01:00",
        "2026-03-05T07:00:00Z",
        "2026-03-05 07:00:00.000 UTC",
        "2026-03-05 08:00",
        "2026/03/05 08:00:00",
        "05.03.2026 08:00",
        "5 Mar 2026 08:00:00",
        "05-Mar-2026 08:00 CET",
        "Thursday, 5 March 2026 8:00 AM",
        "Mar 5, 2026, 8:00:00 am",
        "2026-03-05 08:00:00 GMT+01:00",
        "2026-03-05 09:00:00 +0200",
        "1772694000",
        "1772694000000",
    ],
)
def test_one_instant_in_many_spellings(cell: str) -> None:
    assert time_of(cell) == datetime(2026, 3, 5, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("2026-02-30 08:00", "in no calendar"),
        ("2026-03-05", "is no time"),
        ("05/03/2026 08:00", "day can't be told from the month"),
        ("2026-03-05 08:00 CEST", "not what the declared time zone is called"),
        ("2026-03-05 14:00 PM", "in no calendar"),
        ("2026-03-29 02:30", "does not exist"),
        ("0001-01-01 00:00 +14:00", "in no calendar"),
        ("2026-03-05 08:00 +99:99", "in no calendar"),
        ("yesterday", "is no time"),
    ],
)
def test_what_is_no_instant_is_told(cell: str, why: str) -> None:
    assert why in str(time_of(cell))


def test_another_row_shows_whether_the_day_comes_first() -> None:
    assert time_of("05/03/2026 08:00", BERLIN, "13/03/2026 08:00") == datetime(
        2026, 3, 5, 7, tzinfo=UTC
    )
    assert time_of("05/03/2026 08:00", BERLIN, "03/13/2026 08:00") == datetime(
        2026, 5, 3, 6, tzinfo=UTC
    )
    both = time_of("05/03/2026 08:00", BERLIN, "03/13/2026 08:00", "13/03/2026 08:00")
    assert "can't be told" in str(both)


def test_without_a_declared_zone_a_local_time_is_not_guessed() -> None:
    assert "no offset" in str(time_of("2026-03-05 08:00", None))
    assert time_of("2026-03-05 08:00Z", None) == datetime(2026, 3, 5, 8, tzinfo=UTC)


def test_the_hour_that_comes_twice_is_told_unless_the_cell_names_the_zone() -> None:
    (one,), (problem,) = read("time,user\n2026-10-25 02:30,alice\n")
    assert one.time == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert "came twice" in problem.sentence
    assert time_of("2026-10-25 02:30 CET") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_day_and_a_clock_in_two_columns_are_one_time() -> None:
    (one,), _ = read("Date,Time,User\n2026-03-05,08:00,alice\n")
    assert one.time == datetime(2026, 3, 5, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("2026-03-05T08:00Z,alice,maybe", "no known outcome"),
        ("2026-03-05T08:00Z,alice,0", "no known outcome"),
        ("2026-03-05T08:00Z,,ok", "no account"),
        ("2026-03-05T08:00Z,alice", "2 cells"),
        ("soon,alice,ok", "is no time"),
        ('"2026-03-05T08:00Z,alice,ok', "no row"),
        ("2026-03-05T08:00Z,alice,logout", "does not begin in this file"),
    ],
)
def test_a_row_that_is_not_understood_is_told_and_the_others_are_read(row: str, why: str) -> None:
    sign_ins, problems = read(f"time,user,result\n2026-03-05T07:00Z,bob,denied\n{row}\n")
    assert [(one.account, one.outcome) for one in sign_ins] == [("bob", "failure")]
    assert [(one.file, one.line) for one in problems] == [("vpn.csv", 3)]
    assert why in problems[0].sentence


@pytest.mark.parametrize(
    ("cell", "mfa", "told"),
    [
        *(("TRUE", True, 0), ("No", False, 0), ("", None, 0), ("n/a", None, 0)),
        *(("singleFactorAuthentication", False, 0), ("Duo Push", None, 1)),
    ],
)
def test_a_second_factor_is_given_not_given_or_unknown(
    cell: str, mfa: bool | None, told: int
) -> None:
    (one,), problems = read(f"time,user,mfa\n2026-03-05T08:00Z,alice,{cell}\n")
    assert (one.mfa, len(problems)) == (mfa, told)


@pytest.mark.parametrize(
    ("cell", "source"),
    [
        *(("192.0.2.1:5000", "192.0.2.1"), ("[2001:db8::1]:22", "2001:db8::1")),
        *(("::ffff:192.0.2.1", "192.0.2.1"), ("FE80::1%eth0", "fe80::1"), ("-", "")),
    ],
)
def test_a_source_is_a_bare_address(cell: str, source: str) -> None:
    (one,), problems = read(f"time,user,source ip\n2026-03-05T08:00Z,alice,{cell}\n")
    assert (one.source, problems) == (source, ())


def test_a_source_that_is_a_name_is_told() -> None:
    (one,), (problem,) = read("time,user,from\n2026-03-05T08:00Z,alice,laptop\n")
    assert one.source == ""
    assert "'laptop' is no address" in problem.sentence


def test_without_a_column_of_outcomes_every_row_was_let_in() -> None:
    (one,), _ = read("time,user\n2026-03-05T08:00Z,alice\n")
    assert (one.outcome, one.mfa, one.ended) == ("success", None, None)


def test_a_row_of_logout_ends_its_session_whatever_the_order_of_rows() -> None:
    rows = [
        "2026-03-05T08:00Z,alice,login,s-1",
        "2026-03-05T08:30Z,alice,logout,s-1",
        "2026-03-05T10:00Z,alice,login,s-1",
        "2026-03-05T11:00Z,alice,logout,s-1",
    ]
    for order in (rows, rows[::-1]):
        sign_ins, problems = read("\n".join(["time,user,event,session", *order]))
        assert [one.ended for one in sign_ins] == [
            datetime(2026, 3, 5, 8, 30, tzinfo=UTC),
            datetime(2026, 3, 5, 11, tzinfo=UTC),
        ]
        assert problems == ()


def test_an_end_before_the_beginning_is_not_believed() -> None:
    (one,), (problem,) = read("start,end,user\n2026-03-05T08:00Z,2026-03-05T07:00Z,alice\n")
    assert one.ended is None
    assert "ends before it begins" in problem.sentence


@pytest.mark.parametrize("text", ["", "\n", "a,b\n1,2\n", "time,colour\n", '"', "\0"])
def test_what_has_no_headings_is_refused(text: str) -> None:
    assert not CsvExport().recognises(text)
    with pytest.raises(InputError, match=r"vpn\.csv"):
        read(text)


cells = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["2026-03-05 08:00", "03/04/2026 8:00 AM", "9999-12-31 23:59", "yes", "-"]),
    st.datetimes(timezones=st.sampled_from([None, UTC, timezone(timedelta(hours=14))])).map(str),
)


@given(st.lists(st.lists(cells, min_size=4, max_size=5), max_size=6), st.sampled_from(",;\t"))
def test_every_row_is_a_sign_in_or_told(rows: list[list[str]], separator: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerows([["time", "account", "ended", "mfa"], *rows])
    sign_ins, problems = read(out.getvalue())
    filled = sum(any(cell.strip() for cell in row) for row in rows)
    assert len({one.line for one in sign_ins} | {one.line for one in problems}) == filled


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for whole in (text, f"time,user\n{text}", f'time;user;"x"\n{text}'):
        reader_for(whole)
        try:
            read(whole)
        except InputError:
            assert not CsvExport().recognises(whole)
