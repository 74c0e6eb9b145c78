"""Docstrings as the pages take them apart."""

from __future__ import annotations

from reference.markdown import sections, summary, table

BELOW = """A reader that writes.

    Said before.

    Why it matters:
        Nothing keeps one from the other.

        A second paragraph.

    Known limits:
        A write and a read at once is a write.

    Said behind.
    """

BESIDE = """Modbus/TCP.

Specification: *One* and
*two*. Not decoded: RTU framing. ``x`` is read.

Known limits: who opened it.
"""


def test_a_section_below_its_name_ends_where_it_is_no_longer_indented() -> None:
    said = sections(BELOW)
    assert said["Why it matters"] == "Nothing keeps one from the other.\n\nA second paragraph."
    assert said["Known limits"] == "A write and a read at once is a write."
    assert said[""] == "A reader that writes.\n\nSaid before.\n\nSaid behind."


def test_a_section_beside_its_name_ends_with_its_paragraph() -> None:
    said = sections(BESIDE)
    assert said["Specification"] == "*One* and\n*two*."
    assert said["Not decoded"] == "RTU framing. `x` is read."
    assert said["Known limits"] == "Who opened it."
    assert said[""] == "Modbus/TCP."


def test_no_docstring_says_nothing() -> None:
    assert sections(None) == {"": ""}
    assert summary(None) == ""


def test_a_summary_is_the_first_paragraph_without_its_full_stop() -> None:
    assert summary("One line\nand ``another``.\n\nMore.") == "One line and `another`"


def test_a_table_keeps_bars_and_line_breaks_out_of_its_cells() -> None:
    assert table(("a", "b"), [("x|y", "two\nlines")]) == (
        "| a | b |\n| --- | --- |\n| x\\|y | two lines |"
    )
