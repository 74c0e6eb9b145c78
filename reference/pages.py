"""Pages and their blocks: which there are, and what fills them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from checkvalve.errors import UsageError
from reference import commands, kinds, protocols, rules

BLOCK: Final = re.compile(r"<!-- made: (\w+) ?([^>]*?) -->\n.*?<!-- end -->", re.DOTALL)

#: What fills a block, by the first word of its remark; given the words that follow.
MAKERS: Final[Mapping[str, Callable[[str], str]]] = {
    "command": commands.command,
    "commands": commands.overview,
    "kind": kinds.kind,
    "parts": kinds.parts,
    "protocol": protocols.protocol,
    "protocols": protocols.overview,
    "rule": rules.rule,
    "rules": rules.overview,
}


def rendered(docs: Path) -> dict[Path, str]:
    """Every page with its blocks filled, those included that do not exist yet.

    Raises:
        UsageError: a block asks for what the code does not have.
    """
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(docs.rglob("*.md"))}
    for folder, maker, names in (
        ("rules", "rule", rules.names()),
        ("protocols", "protocol", protocols.names()),
    ):
        for name in names:
            pages.setdefault(docs / folder / f"{name}.md", empty(maker, name))
    return {path: filled(text, path.name) for path, text in pages.items()}


def empty(maker: str, name: str) -> str:
    """A page that has nothing but its block."""
    return f"<!-- made: {maker} {name} -->\n<!-- end -->\n"


def filled(text: str, page: str) -> str:
    """A page with its blocks filled.

    Args:
        text: the page.
        page: its name, for a refusal.

    Raises:
        UsageError: a block asks for what the code does not have.
    """

    def fill(block: re.Match[str]) -> str:
        maker, name = block[1], block[2]
        try:
            made = MAKERS[maker](name)
        except KeyError as error:
            raise UsageError(
                f"{page}: the code has no {maker} {name}",
                hint="take the block out of the page, or delete the page",
            ) from error
        return f"<!-- made: {maker}{' ' if name else ''}{name} -->\n{made.strip()}\n<!-- end -->"

    return BLOCK.sub(fill, text)
