"""One example as it lies in its folder: the plant, the captures and what they must give."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.examples.packets import Packet, packets

from checkvalve.plant import Plant, load

SYN = 2
#: Frames of an act lie so near to its time.
NEAR = timedelta(seconds=2)


@dataclass(frozen=True)
class Recorded:
    """An example's folder, read when asked for."""

    folder: Path

    @cached_property
    def plant(self) -> Plant:
        return load(self.folder / "plant")

    @cached_property
    def normal(self) -> list[Packet]:
        return list(packets(self.folder / "captures" / "normal.pcap"))

    @cached_property
    def incident(self) -> list[Packet]:
        return list(packets(self.folder / "captures" / "incident.pcap"))

    @cached_property
    def about(self) -> dict[str, Any]:
        about: dict[str, Any] = json.loads((self.folder / "captures/recording.json").read_text())
        return about

    @cached_property
    def expected(self) -> dict[str, dict[str, Any]]:
        events = json.loads((self.folder / "expected.json").read_text())
        return {event["id"]: event for event in events}

    def at(self, letter: str) -> datetime:
        """When an event starts."""
        return datetime.fromisoformat(self.expected[letter]["at"])

    def until(self, letter: str) -> datetime:
        """When the last consequence of an event is over."""
        return datetime.fromisoformat(self.expected[letter]["until"])

    def near(self, letter: str) -> list[Packet]:
        """What was sent when an event started."""
        return [p for p in self.incident if abs(p.at - self.at(letter)) < NEAR]


def sent(seen: list[Packet], source: str, destination: str, port: int) -> list[Packet]:
    """Payload from a client to a server's port."""
    ends = (source, destination, port)
    return [p for p in seen if p.payload and (p.source, p.destination, p.destination_port) == ends]


def answered(seen: list[Packet], server: str, client: str, port: int) -> list[Packet]:
    """Payload from a server's port to a client."""
    ends = (server, client, port)
    return [p for p in seen if p.payload and (p.source, p.destination, p.source_port) == ends]
