"""Blocks of pages: what fills them, and what they must not ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from reference import protocols, rules
from reference.pages import empty, filled, rendered

from checkvalve.errors import UsageError


def test_what_stands_outside_a_block_stays() -> None:
    page = f"Before.\n\n{empty('rule', 'scan')}\nBehind.\n"
    text = filled(page, "page.md")
    assert text.startswith("Before.\n\n<!-- made: rule scan -->\n# `scan`\n")
    assert text.endswith("<!-- end -->\n\nBehind.\n")


def test_filling_a_page_twice_changes_nothing() -> None:
    once = filled(empty("rules", ""), "page.md")
    assert filled(once, "page.md") == once


@pytest.mark.parametrize(("maker", "name"), [("rule", "old-rule"), ("poem", ""), ("rules", "x")])
def test_a_block_that_asks_for_what_is_not_there_is_refused(maker: str, name: str) -> None:
    with pytest.raises(UsageError, match="the code has no"):
        filled(empty(maker, name), "page.md")


def test_what_has_no_page_yet_gets_one(tmp_path: Path) -> None:
    pages = {str(path.relative_to(tmp_path)) for path in rendered(tmp_path)}
    assert pages == {f"rules/{name}.md" for name in rules.names()} | {
        f"protocols/{name}.md" for name in protocols.names()
    }


def test_a_function_that_hangs_on_more_than_its_code_has_a_row_for_each() -> None:
    page = protocols.protocol("modbus")
    assert "| 43 (0x2B) |  | Encapsulated Interface Transport | other |" in page
    assert "| 43 (0x2B) | 14 (0x0E) | Read Device Identification | discover |" in page


def test_codes_without_a_name_have_no_row() -> None:
    assert "function 9" not in protocols.protocol("modbus")
