"""Words for DNP3's numbers, from ``tables/dnp3.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from checkvalve.observe.protocols.base import Function
from checkvalve.records import Intent


@cache
def _tables() -> dict[str, Any]:
    text = files(__package__).joinpath("tables", "dnp3.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def function(code: int, group: int) -> Function:
    """An application function, where the first object header names points of ``group``."""
    tables = _tables()
    name, intent = tables["functions"].get(str(code), (f"function {code}", "other"))
    return Function(name, Intent(tables["intents"].get(str(code), {}).get(str(group), intent)))


@cache
def link_function(code: int, primary: bool) -> Function:
    """A function of the link, sent by the primary station or by the secondary."""
    names = _tables()["link"]["primary" if primary else "secondary"]
    return Function(names.get(str(code), f"link function {code}"), Intent.SESSION)
