"""The page: well-formed, alone, in order, and no name in it is markup."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

from hypothesis import given
from tests.respond.exports.verdicts import (
    ALL,
    AT,
    BROKEN,
    CANNOT_TELL,
    HOLDS,
    REASONS,
    RULES,
    WAIVED,
    verdict,
    verdicts,
)

from checkvalve.findings import Answer, Verdict
from checkvalve.respond.exports.base import shown
from checkvalve.respond.exports.html import Html

_VOID: Final = {"meta"}
_TAGS: Final = {
    *("html", "head", "meta", "title", "style", "body", "main", "section", "details", "summary"),
    *("h1", "h2", "h3", "p", "b", "ul", "li", "article", "table", "thead", "tbody", "tr", "th"),
    "td",
}
_ATTRIBUTES: Final = {"lang", "charset", "http-equiv", "content", "name", "class"}


class Page(HTMLParser):
    """Parses a page, and fails where a tag is not closed or not ours."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _TAGS
        assert {name for name, _ in attrs} <= _ATTRIBUTES
        self.tags.append(tag)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    @property
    def words(self) -> str:
        return "".join(self.texts)


def written(*some: Verdict, waived: dict[str, str] | None = None) -> str:
    return Html().write(some, RULES, at=AT, waived=waived or {})


def test_counts_come_first_then_broken_cannot_tell_waived_and_what_holds() -> None:
    words = Page(written(*ALL, waived=REASONS)).words
    places = ["1 broken", "2 cannot tell", "2 waived", "1 holds"]
    places += [BROKEN.because, CANNOT_TELL.because, WAIVED.because, HOLDS.because]
    found = [words.index(one) for one in places]
    assert found == sorted(found)


def test_what_holds_is_folded_and_nothing_else_is() -> None:
    text = written(*ALL, waived=REASONS)
    folded = text.partition("<details>")[2].partition("</details>")[0]
    assert text.count("<details>") == 1
    assert HOLDS.because in folded
    assert all(one.because not in folded for one in ALL if one is not HOLDS)


def test_what_nobody_can_tell_is_waived_as_such() -> None:
    assert "Cannot tell, but waived: accepted by B. Boss until May" in written(*ALL, waived=REASONS)


def test_the_page_stands_alone() -> None:
    text = written(*ALL, waived=REASONS)
    assert "default-src 'none'" in text
    for word in ("<script", "<link", "src=", "href=", "url(", "@import", "://"):
        assert word not in text


def test_it_is_readable_in_the_dark_and_in_print() -> None:
    text = written()
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_evidence_names_its_line_and_its_packet() -> None:
    words = Page(written(BROKEN)).words
    assert "fw/core 1.conf:12" in words
    assert "day.pcap packet 7" in words
    assert "within 4 hours" in words


def test_nothing_checked_is_not_nothing_wrong() -> None:
    assert "Nothing was checked, so nothing is known." in Page(written()).words


def test_a_script_in_a_name_is_text() -> None:
    name = "<script>alert(1)</script>"
    text = written(verdict(Answer.BROKEN, name, because=f"'\"{name}"))
    assert name not in text
    assert Page(text).words.count(name) == 2


@given(verdicts())
def test_whatever_a_stranger_named_is_text_and_nothing_else(
    made: tuple[list[Verdict], dict[str, str]],
) -> None:
    some, waived = made
    page = Page(written(*some, waived=waived))
    assert page.tags.count("article") == len(some)
    for one in some:
        assert f"{shown(str(one.subject))}: {shown(one.because)}" in page.words
