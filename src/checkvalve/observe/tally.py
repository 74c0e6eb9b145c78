"""How many messages of which function: a tally of a capture, as other tools count them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from checkvalve.observe.protocols.base import (
    ENVELOPE,
    ERROR,
    MALFORMED,
    ONE_WAY,
    RESPONSE,
    Protocol,
)

Array = np.ndarray[Any, Any]

_KEY: Final = ["protocol", "dialect", "code", "context", "kind", "from_client", "status"]


@dataclass(slots=True)
class Line:
    """Messages of one function.

    Attributes:
        protocol: the protocol's name, as in records.
        function: the function's name.
        code: its code; -1 for octets that are no message.
        requests: messages that ask, or tell without being asked.
        responses: messages that answer.
        errors: responses that refuse.
        malformed: messages that are not understood.
    """

    protocol: str
    function: str
    code: int
    requests: int = 0
    responses: int = 0
    errors: int = 0
    malformed: int = 0


class Tally:
    """Counts messages by protocol and function, before they are joined to exchanges.

    A message of several items counts once, but where each item is an operation of its own.

    Args:
        protocols: as the dissector has them.
    """

    def __init__(self, protocols: tuple[Protocol, ...]) -> None:
        self._protocols = protocols
        self._counts: dict[tuple[int, ...], int] = {}

    def add(self, messages: Array) -> None:
        """Count rows of dtype ``MESSAGE``."""
        counted = np.array([protocol.items_count for protocol in self._protocols])
        chosen = messages[(messages["item"] == 0) | counted[messages["protocol"]]]
        keys = np.stack([chosen[column].astype(np.int64) for column in _KEY], axis=1)
        found, counts = np.unique(keys, axis=0, return_counts=True)
        for key, count in zip(found.tolist(), counts.tolist(), strict=True):
            place = tuple(key)
            self._counts[place] = self._counts.get(place, 0) + count

    def lines(self) -> list[Line]:
        """One line a function, in order of protocol and code."""
        lines: dict[tuple[str, int, str], Line] = {}
        for (member, dialect, code, context, kind, from_client, status), count in sorted(
            self._counts.items()
        ):
            protocol = self._protocols[member]
            name = protocol.dialects[dialect]
            function = "not understood"
            if code != -1:
                function = protocol.function(dialect, code, context).name
            line = lines.setdefault((name, code, function), Line(name, function, code))
            answers = kind == RESPONSE or (kind in (ENVELOPE, ONE_WAY) and not from_client)
            if code == -1:
                pass
            elif answers:
                line.responses += count
            else:
                line.requests += count
            line.errors += count if status == ERROR else 0
            line.malformed += count if status == MALFORMED else 0
        return sorted(lines.values(), key=lambda line: (line.protocol, line.code, line.function))

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines())
