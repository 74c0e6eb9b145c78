"""Words for S7comm's numbers, from ``tables/s7comm.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from checkvalve.observe.protocols.base import Function, plain
from checkvalve.records import Intent


@cache
def _tables() -> dict[str, Any]:
    text = files(__package__).joinpath("tables", "s7comm.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def functions(dialect: str) -> dict[tuple[int, int], Function]:
    """Functions by code and context; context -1 stands for any other."""
    read: dict[tuple[int, int], Function] = {}
    tables = _tables()
    for code, (name, intent) in tables[dialect].items():
        read[int(code, 16), -1] = Function(name, Intent(intent))
    for code, contexts in tables.get(f"{dialect}_context", {}).items():
        for context, (name, intent) in contexts.items():
            read[int(code, 16), int(context)] = Function(name, Intent(intent))
    return read


@cache
def words(table: str) -> dict[int, str]:
    """Words by number: those of ``areas`` or ``syntaxes``."""
    return {int(code, 16): word for code, word in _tables()[table].items()}


def block(name: bytes) -> str:
    """A file name in the words of the programmer: ``_0800001P`` is ``OB1``."""
    text = plain(name)
    code, number = text.removeprefix("_")[:2], text.removeprefix("_")[2:7]
    kind = _tables()["blocks"].get(code)
    if kind is None or not (number == "" or (len(number) == 5 and number.isdecimal())):
        return text
    return f"{kind}{int(number)}" if number else str(kind)
