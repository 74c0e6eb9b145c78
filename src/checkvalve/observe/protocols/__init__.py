"""Protocols: what stands in a message, one member a file.

To add one: write its file, name its module here, give it a page in ``docs/protocols/``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from checkvalve.observe.protocols.base import Protocol

#: Module and class of each member, in the order in which they are tried.
MEMBERS: Final = (
    ("modbus", "Modbus"),
    ("enip", "Enip"),
    ("dnp3", "Dnp3"),
    ("s7comm", "S7comm"),
    ("dns", "Dns"),
    ("tls", "Tls"),
    ("http", "Http"),
    ("it_services", "ItServices"),
)


def members() -> tuple[Protocol, ...]:
    """One of each protocol. Importing them loads their kernels."""
    found = []
    for module, name in MEMBERS:
        kind = getattr(import_module(f"{__name__}.{module}"), name)
        found.append(kind())
    return tuple(found)
