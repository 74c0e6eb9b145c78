"""Sign-ins: who came in, from where, to what, when, and with which proof; one log a file.

To add one: write its file and name it below.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from checkvalve.observe.sign_ins.base import SignInReader

#: Module and class of each member, in the order in which they are asked.
MEMBERS: Final[tuple[tuple[str, str], ...]] = (
    ("sshd_syslog", "SshdSyslog"),
    ("csv_export", "CsvExport"),
)


def members() -> tuple[SignInReader, ...]:
    """One of each reader."""
    return tuple(getattr(import_module(f"{__name__}.{module}"), name)() for module, name in MEMBERS)


def reader_for(text: str) -> SignInReader | None:
    """The first reader that recognises a text; ``None`` if there is none."""
    return next((one for one in members() if one.recognises(text)), None)
