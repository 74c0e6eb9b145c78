"""What the declared conduits say of traffic between two zones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from ipaddress import ip_address
from typing import Final

from checkvalve.judge.window import Edge, End, Path
from checkvalve.plant import Plant
from checkvalve.plant.services import Flow
from checkvalve.plant.times import lasts
from checkvalve.plant.zones import Conduit
from checkvalve.records import Intent

#: The intents, the one that does most last.
WEIGHT: Final = (
    Intent.OTHER,
    Intent.SESSION,
    Intent.DISCOVER,
    Intent.READ,
    Intent.WRITE,
    Intent.CONTROL,
    Intent.PROGRAM,
)

#: Dialects that belong to a protocol of another name.
_FAMILY: Final = {"eip": "enip", "dnp3_link": "dnp3", "cotp": "s7comm", "s7comm_plus": "s7comm"}

#: A conduit with a flow of it that covers something; ``None``: the conduit lists none.
Cover = tuple[Conduit, Flow | None]


class Conduits:
    """Answers about the conduits that are valid at an instant; what was asked is remembered.

    Args:
        plant: holds them.
        at: a conduit past its last day declares nothing.
    """

    def __init__(self, plant: Plant, at: datetime) -> None:
        self._plant = plant
        self._at = at
        self._opening: dict[tuple[str, str], tuple[Conduit, ...]] = {}
        self._covers: dict[tuple[str, str, str, int, str], tuple[Cover, ...]] = {}
        self._asking: dict[tuple[str, ...], tuple[Cover, ...]] = {}
        self._speaking: dict[tuple[str, str, str], tuple[Cover, ...]] = {}

    def between(self, one: str, other: str) -> tuple[Conduit, ...]:
        """The conduits with these two ends, in either order."""
        return tuple(
            conduit
            for conduit in self._plant.conduits_between(one, other)
            if lasts(conduit.valid_until, self._at)
        )

    def opening(self, source: str, destination: str) -> tuple[Conduit, ...]:
        """The conduits through which the source zone may open connections to the other."""
        key = (source, destination)
        if key not in self._opening:
            self._opening[key] = tuple(
                conduit for conduit in self.between(*key) if key in conduit.openings()
            )
        return self._opening[key]

    def covers(self, path: Path) -> tuple[Cover, ...]:
        """The declared flows that cover a path.

        A flow that names an application covers it unless another one was recognised: what
        was not recognised can't speak against it.
        """
        zones = (path.source.zone, path.destination.zone)
        key = (*zones, path.transport, path.port, path.protocol)
        if key not in self._covers:
            self._covers[key] = tuple(
                (conduit, flow)
                for conduit in self.opening(*zones)
                for flow in conduit.flows or (None,)
                if flow is None or _carries(flow, path)
            )
        return self._covers[key]

    def speaking(self, source: str, destination: str, protocol: str) -> tuple[Cover, ...]:
        """The declared flows in which a protocol may be spoken."""
        key = (source, destination, protocol)
        if key not in self._speaking:
            self._speaking[key] = tuple(
                (conduit, flow)
                for conduit in self.opening(source, destination)
                for flow in conduit.flows or (None,)
                if flow is None or not flow.application or speaks(flow.application, protocol)
            )
        return self._speaking[key]

    def asking(self, edge: Edge, words: tuple[str, ...]) -> tuple[Cover, ...]:
        """Those of the flows in which an edge's protocol may be spoken that list what it asked.

        Args:
            edge: who asked whom.
            words: how a flow may call what was asked; one that lists nothing lists all.
        """
        spoken = (edge.source.zone, edge.destination.zone, edge.protocol)
        key = (*spoken, *words)
        if key not in self._asking:
            self._asking[key] = tuple(
                cover for cover in self.speaking(*spoken) if _asks(cover[1], words)
            )
        return self._asking[key]


def _carries(flow: Flow, path: Path) -> bool:
    if not flow.allows(path.transport, path.port):
        return False
    return not flow.application or not path.protocol or speaks(flow.application, path.protocol)


def family(protocol: str) -> str:
    """The protocol that a dialect belongs to; any other is its own."""
    return _FAMILY.get(protocol, protocol)


def speaks(application: str, protocol: str) -> bool:
    """Whether a recognised protocol is what a flow calls its application."""
    return application in (protocol, family(protocol))


def _asks(flow: Flow | None, words: tuple[str, ...]) -> bool:
    return flow is None or not flow.functions or any(word in flow.functions for word in words)


def words_of(edge: Edge, spaces: Callable[[], Iterable[str]]) -> list[tuple[str, ...]]:
    """How a flow may call what an edge does: its function and its intent.

    HTTP is called by method and path, once for each path.

    Args:
        edge: who asked whom for what.
        spaces: tells the object spaces that it used.
    """
    words = (edge.function, str(edge.intent))
    if edge.protocol == "http":
        return [(f"{edge.function} {space}", *words) for space in spaces()] or [words]
    return [words]


def is_for_many(end: End) -> bool:
    """Whether an address is a group's or everybody's, or not yet anybody's."""
    try:
        address = ip_address(end.address)
    except ValueError:
        return True
    everybody = address.version == 4 and end.address.endswith(".255")  # noqa: PLR2004  # IPv4
    return not end.declared and (
        address.is_multicast or address.is_unspecified or address.is_link_local or everybody
    )


def heaviest(intents: Iterable[Intent]) -> str:
    """The intent that does most; empty when there is none."""
    return str(max(intents, key=WEIGHT.index, default=""))
