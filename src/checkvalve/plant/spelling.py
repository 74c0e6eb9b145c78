"""Values as YAML text that every reader, of YAML 1.1 or 1.2, takes for the same."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

#: Text that needs no quotes: it begins with a letter and holds nothing that means something.
_PLAIN: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9 _./+-]*[A-Za-z0-9.])?", re.ASCII)
#: Words that some reader takes for a truth value, nothing or a number.
_TAKEN: Final = frozenset(
    ("true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan")
)


def spell(value: Any) -> str:
    """A value on one line.

    Args:
        value: what JSON can hold.
    """
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _TAKEN
        return value if plain else json.dumps(value, ensure_ascii=not value.isprintable())
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{spell(key)}: {spell(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(spell, value)) + "]"
    return json.dumps(value)
