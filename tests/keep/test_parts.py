"""A part's name says what it holds, and which parts count."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.keep.parts import Number, Part, counting, folder_of, name_of

FOLDER = Path("records/sample/site=north/day=2026-11-24")


def part(first: tuple[int, int], last: tuple[int, int] | None = None) -> Part:
    numbers = Number(*first), None if last is None else Number(*last)
    made = Part.at(FOLDER / name_of(*numbers))
    assert made is not None
    return made


def test_a_name_is_read_back_as_it_was_written() -> None:
    one, several = part((42, 1)), part((1, 0), (64, 2))
    assert one.path.name == "part-000000000042.0001.parquet"
    assert (one.first, one.last) == (Number(42, 1), Number(42, 1))
    assert (several.first, several.last) == (Number(1, 0), Number(64, 2))
    assert (one.record, one.day) == ("sample", date(2026, 11, 24))


@pytest.mark.parametrize(
    "name", ["part-1.0.parquet", "part-000000000042.0001.parquet.unfinished", "x.parquet", ""]
)
def test_other_names_are_no_parts(name: str) -> None:
    assert Part.at(FOLDER / name) is None


@pytest.mark.parametrize("site", ["north", "a/b", "../../etc", "site=1", "ümlaut %", ".", ""])
def test_a_site_of_any_name_stays_below_the_archive(site: str) -> None:
    folder = folder_of(Path("records"), "sample", site, date(2026, 11, 24))
    assert len(folder.parts) == 4
    assert ".." not in folder.parts


@given(st.lists(st.integers(1, 3), min_size=2, max_size=8), st.data())
def test_parts_that_a_merged_one_stands_for_do_not_count(
    places: list[int], data: st.DataObject
) -> None:
    small = [part((step, place)) for step, count in enumerate(places) for place in range(count)]
    first = data.draw(st.integers(0, len(small) - 2))
    last = data.draw(st.integers(first + 1, len(small) - 1))
    numbers = small[first].first, small[last].first
    merged = Part.at(FOLDER / name_of(*numbers))
    assert merged is not None
    both = data.draw(st.permutations([*small, merged]))
    assert counting(both) == [*small[:first], merged, *small[last + 1 :]]
    assert counting(small) == small
