"""Pages and their blocks: which there are, and what fills them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checkvalve.errors import UsageError
from reference import commands, firewalls, kinds, protocols, rules, sign_ins

BLOCK: Final = re.compile(r"<!-- made: ([\w-]+) ?([^>]*?) -->\n.*?<!-- end -->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Maker:
    """What fills a kind of block.

    Attributes:
        make: Markdown for one name.
        names: the names that it knows; a block without a name has the empty one.
    """

    make: Callable[[str], str]
    names: Callable[[], Collection[str]] = lambda: ("",)


#: By the first word of the block's remark.
MAKERS: Final[Mapping[str, Maker]] = {
    "command": Maker(commands.command, commands.names),
    "commands": Maker(commands.overview),
    "firewall": Maker(firewalls.vendor, firewalls.names),
    "firewalls": Maker(firewalls.overview),
    "kind": Maker(kinds.kind, kinds.names),
    "parts": Maker(kinds.parts),
    "protocol": Maker(protocols.protocol, protocols.names),
    "protocols": Maker(protocols.overview),
    "rule": Maker(rules.rule, rules.names),
    "rules": Maker(rules.overview),
    "sign-in-headings": Maker(sign_ins.headings),
    "sign-ins": Maker(sign_ins.reader, sign_ins.names),
}


def rendered(docs: Path) -> dict[Path, str]:
    """Every page with its blocks filled, those included that do not exist yet.

    Raises:
        UsageError: a block asks for what the code does not have.
    """
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(docs.rglob("*.md"))}
    for folder, maker in (("rules", "rule"), ("protocols", "protocol")):
        for name in MAKERS[maker].names():
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
        word, name = block[1], block[2]
        maker = MAKERS.get(word)
        if maker is None or name not in maker.names():
            raise UsageError(
                f"{page}: the code has no {word} {name}",
                hint="take the block out of the page, or delete the page",
            )
        made = maker.make(name).strip()
        return f"<!-- made: {word}{' ' if name else ''}{name} -->\n{made}\n<!-- end -->"

    return BLOCK.sub(fill, text)
