"""What the models' docstrings say, for the people who write the files.

One text serves the code, the JSON Schema that editors show, and the reference pages.
"""

from __future__ import annotations

import inspect
import re
from typing import Final

_ATTRIBUTE: Final = re.compile(r"^    (\w+): (.*(?:\n(?:        .*|)(?=\n|$))*)", re.MULTILINE)
_IN_THE_FILE: Final = re.compile(r"^in the file \w+: ")


def summary(model: type) -> str:
    """The first paragraph of a class's docstring, on one line."""
    return _flat(inspect.cleandoc(model.__doc__ or "").partition("\n\n")[0])


def attribute_texts(model: type) -> dict[str, str]:
    """What a class's docstring, and those of its bases, say of each attribute."""
    texts: dict[str, str] = {}
    for base in reversed(model.__mro__):
        _, _, listed = inspect.cleandoc(base.__dict__.get("__doc__") or "").partition(
            "Attributes:\n"
        )
        for name, text in _ATTRIBUTE.findall(listed):
            texts[name] = _IN_THE_FILE.sub("", _flat(text))
    return texts


def _flat(text: str) -> str:
    return " ".join(text.replace("``", "").split())
