"""The TCP ports that servers around AI listen on by default, from ``ai_ports.json``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any, Self

from checkvalve.observe.firewalls.spans import Spans, intersection, spans, union


@dataclass(frozen=True, slots=True)
class Listener:
    """A server by its default ports.

    Attributes:
        kind: ``inference API``, ``model registry``, ``broker``, ``bucket``, ``share``,
            ``dashboard``, ``notebook`` or ``database``.
        name: what people call it.
        ports: its TCP ports.
        is_plain: what it says there is not encrypted unless somebody changed that.
    """

    kind: str
    name: str
    ports: Spans
    is_plain: bool


class AiPorts:
    """All that the data file lists.

    Args:
        document: the file's content.

    Attributes:
        as_of: when the list was last looked at.
        listeners: the servers.
        secure: scheme of an endpoint in plain text to its encrypted counterpart.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.as_of = date.fromisoformat(document["as_of"])
        self.listeners = tuple(
            Listener(
                entry["kind"],
                entry["name"],
                spans((low, high) for low, high in entry["ports"]),
                entry["plain"],
            )
            for entry in document["services"]
        )
        self.secure: Mapping[str, str] = document["plain_schemes"]

    @classmethod
    def load(cls) -> Self:
        """What comes with the package."""
        text = (files(__package__) / "ai_ports.json").read_text(encoding="utf-8")
        return cls(json.loads(text))

    @cached_property
    def all(self) -> Spans:
        """The ports of every server."""
        return union(*(one.ports for one in self.listeners))

    def at(self, ports: Spans) -> tuple[Listener, ...]:
        """The servers with one of these ports."""
        return tuple(one for one in self.listeners if intersection(one.ports, ports))


def kinds(listeners: Iterable[Listener]) -> tuple[str, ...]:
    """Their kinds, each once."""
    return tuple(dict.fromkeys(one.kind for one in listeners))


@lru_cache(maxsize=1)
def ai_ports() -> AiPorts:
    """What comes with the package, read once."""
    return AiPorts.load()
