"""Reports as text, plain data and HTML: what people wrote is text there, and nothing else."""

from __future__ import annotations

from html.parser import HTMLParser

from checkvalve.show.reports.base import Item, LineOfWork, Report, gathered
from checkvalve.show.reports.telling import html, plain, text
from checkvalve.testing.segmentation import NOON

EVIL = "zone <script>alert(1)</script>\x1b[2J"
LINES = (
    LineOfWork(
        "one", "All is in order", tuple(Item(f"zone {k}", ("an owner",)) for k in range(12)), "go"
    ),
    LineOfWork("two", "Nothing to see", (), "go"),
    LineOfWork("three", "Half done", (Item("zone a"), Item(EVIL, ("a & b",))), "go"),
)
REPORT = Report("The first 30 days", NOON, LINES, ("x is waived",))


def test_text_counts_and_says_what_is_missing_and_how_many_more() -> None:
    said = "\n".join(text(REPORT))
    assert "0 of 12: All is in order" in said
    assert "and 2 more; --format json lists all" in said
    assert "nothing to be done: Nothing to see" in said
    assert "1 of 2: Half done" in said
    assert "\x1b" not in said
    assert said.endswith("x is waived")


def test_plain_data_lists_all() -> None:
    found = plain(REPORT)
    assert [(line["done"], line["of"]) for line in found["lines"]] == [(0, 12), (0, 0), (1, 2)]
    assert len(found["lines"][0]["missing"]) == 12
    assert found["waived"] == ["x is waived"]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_page_shows_bars_and_no_name_becomes_markup() -> None:
    page = _Tags()
    page.feed(html(REPORT))
    assert "script" not in page.found
    assert page.found.count("progress") == 2
    assert "zone <script>alert(1)</script>\\u001b[2J" in page.words
    assert page.words.count("an owner") == 12
    assert "x is waived" in page.words


def test_what_is_missing_of_one_item_stands_together_and_once() -> None:
    found = gathered([("a", ""), ("b", "x"), ("a", "y"), ("a", "y"), ("b", "")])
    assert found == (Item("a", ("y",)), Item("b", ("x",)))
