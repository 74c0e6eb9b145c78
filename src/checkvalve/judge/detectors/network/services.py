"""Conversations in words: who asks whom for what, and what roles and zones stand behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from checkvalve.judge.detectors.network.keyed import conversation_key, device_key
from checkvalve.judge.window import Edge, End, Path

#: From this port on a port is drawn when it is needed (Linux: 32768, RFC 6335: 49152), so
#: that each is another one: DCOM, passive FTP, a conversation seen from its middle on.
FIRST_DYNAMIC: Final = 32_768


def service_of(path: Path) -> str:
    """``tcp/502``; ``tcp/dynamic`` where a port means nothing."""
    if not path.port:
        return path.transport
    port = path.port if path.port < FIRST_DYNAMIC else "dynamic"
    return f"{path.transport}/{port}"


def pair_text(source: End, destination: End) -> str:
    """That two ends have a conversation, which one opens."""
    return f"pair {source.name} {destination.name}"


def speaker_text(end: End) -> str:
    """That an end speaks at this site."""
    return f"speaker {end.name}"


def role_text(source: End, destination: End, service: str) -> str:
    """That a role asks a role in two zones; without roles that nobody does."""
    if not source.role or not destination.role:
        return ""
    return f"roles {source.zone} {source.role} → {destination.zone} {destination.role} {service}"


def zone_text(source: End, destination: End, service: str) -> str:
    """That a zone asks a zone."""
    return f"zones {source.zone} → {destination.zone} {service}"


def path_texts(path: Path) -> Iterator[str]:
    """What a path teaches: first itself, then what stands behind it."""
    source, destination, service = path.source, path.destination, service_of(path)
    yield f"path {source.name} {destination.name} {service}"
    yield from _behind(source, destination, service)


def edge_texts(edge: Edge) -> Iterator[str]:
    """What an edge teaches: first its conversation and device, then what stands behind it."""
    yield f"device {device_key(edge)}"
    yield f"conversation {conversation_key(edge)}"
    yield from _behind(edge.source, edge.destination, edge.protocol)


def _behind(source: End, destination: End, service: str) -> Iterator[str]:
    yield pair_text(source, destination)
    yield speaker_text(source)
    yield f"end {destination.name}"
    role = role_text(source, destination, service)
    if role:
        yield role
    yield zone_text(source, destination, service)
