"""The AI services that are known by host name or by HTTP path, from ``ai_services.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Service:
    """A service, or a kind of server.

    Attributes:
        id: its own.
        name: what people call it.
        kind: ``model API``, ``model hub``, ``MLOps``, ``cloud connector``, ``remote support``;
            ``local inference`` where a path gave it away.
    """

    id: str
    name: str
    kind: str


class Known:
    """All that the data file lists.

    Args:
        document: the file's content.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.as_of = date.fromisoformat(document["as_of"])
        self._hosts = _Patterns(
            (pattern, Service(entry["id"], entry["name"], entry["kind"]))
            for entry in document["services"]
            for pattern in entry["hosts"]
        )
        self._paths = _Patterns(
            (pattern, Service(entry["id"], entry["name"], "local inference"))
            for entry in document["inference"]
            for pattern in entry["paths"]
        )

    @classmethod
    def load(cls) -> Self:
        """What comes with the package."""
        text = (files(__package__) / "ai_services.json").read_text(encoding="utf-8")
        return cls(json.loads(text))

    def by_host(self, host: str) -> Service | None:
        """The service that answers under a host name."""
        return self._hosts.match(host.lower().rstrip("."))

    def by_path(self, path: str) -> Service | None:
        """The kind of server that a path of HTTP gives away."""
        return self._paths.match(path)


class _Patterns:
    """Patterns with one answer each; ``*`` stands for one or more characters."""

    def __init__(self, patterns: Iterable[tuple[str, Service]]) -> None:
        pairs = tuple(patterns)
        self._answers = tuple(answer for _, answer in pairs)
        self._all = re.compile(
            "|".join(f"({re.escape(pattern).replace(chr(92) + '*', '.+')})" for pattern, _ in pairs)
        )

    def match(self, text: str) -> Service | None:
        found = self._all.fullmatch(text)
        return None if found is None else self._answers[(found.lastindex or 1) - 1]


@lru_cache(maxsize=1)
def known() -> Known:
    """What comes with the package, read once."""
    return Known.load()
