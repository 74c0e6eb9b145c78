"""The page of sign-ins: what each reader's module says, and the headings of an export."""

from __future__ import annotations

from importlib import import_module

from checkvalve.observe import sign_ins
from checkvalve.observe.sign_ins.csv_columns import SYNONYMS
from reference.markdown import SECTIONS, sections, table


def names() -> tuple[str, ...]:
    """Every reader's name."""
    return tuple(reader.name for reader in sign_ins.members())


def reader(name: str) -> str:
    """One kind of log: what is read, and what is not."""
    one = next(one for one in sign_ins.members() if one.name == name)
    said = sections(import_module(type(one).__module__).__doc__)
    parts = [
        f"## `{name}`",
        said.pop("", ""),
        *(f"**{section}.**\n\n{said[section]}" for section in SECTIONS if section in said),
    ]
    return "\n\n".join(part for part in parts if part)


def headings(_: str) -> str:
    """What each column of an export may be called."""
    rows = [(f"`{field}`", ", ".join(words)) for field, words in SYNONYMS.items()]
    return table(("field", "headings"), rows)
