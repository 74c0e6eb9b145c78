"""Named groups that contain groups: resolved once each, however deep, cycles and gaps told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from checkvalve.observe.firewalls.base import PORTED, Problem, Ref
from checkvalve.observe.firewalls.spans import Spans, spans, union

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What a line says of one thing: what is known of it, and why that may not be all.

    Attributes:
        known: what is meant for sure.
        doubt: why more may be meant; empty: it is all.
        wide: the most that may be meant where there is a doubt; ``None``: everything.
    """

    known: T
    doubt: str = ""
    wide: T | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """One member of a service group; ``None`` does not restrict."""

    protocols: Spans | None = None
    src_ports: Spans | None = None
    dst_ports: Spans | None = None
    icmp: Spans | None = None


@dataclass(slots=True)
class Group(Generic[T]):
    """A group as it is written.

    Attributes:
        ref: where it is defined.
        members: its own.
        nested: names of groups in it, each with the place.
        doubts: lines of it that are not understood, or not known before the traffic runs.
    """

    ref: Ref
    members: list[T] = field(default_factory=list)
    nested: list[tuple[str, Ref]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


class Groups(Generic[T]):
    """All groups of one kind, by name; a name says what it is: ``object-group HMI``."""

    def __init__(self) -> None:
        self._groups: dict[str, Group[T]] = {}
        self._resolved: dict[str, Part[tuple[T, ...]]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._groups

    def define(self, name: str, ref: Ref) -> Group[T]:
        """The group of this name; a second definition adds to the first."""
        return self._groups.setdefault(name, Group(ref))

    def resolve(self, name: str) -> Part[tuple[T, ...]]:
        """All members of a group, nested ones too."""
        if name not in self._resolved:
            self._resolved[name] = self._walk(name)
        return self._resolved[name]

    def _walk(self, root: str) -> Part[tuple[T, ...]]:
        if root not in self._groups:
            return Part((), f"{root} is not defined")
        members: list[T] = []
        doubts: dict[str, None] = {}
        open_now: set[str] = set()
        seen: set[str] = {root}
        stack = [self._enter(root, members, doubts, open_now)]
        while stack:
            name, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                stack.pop()
                open_now.discard(name)
            elif child in open_now:
                doubts[f"{child} contains itself"] = None
            elif child not in self._groups:
                doubts[f"{child} is not defined"] = None
            elif child not in seen:
                seen.add(child)
                stack.append(self._enter(child, members, doubts, open_now))
        if not members and not doubts:
            doubts[f"{root} is empty"] = None
        return Part(tuple(members), "; ".join(doubts))

    def _enter(
        self, name: str, members: list[T], doubts: dict[str, None], open_now: set[str]
    ) -> tuple[str, Iterator[str]]:
        group = self._groups[name]
        members += group.members
        doubts.update(dict.fromkeys(group.doubts))
        open_now.add(name)
        return name, (child for child, _ in group.nested)

    def missing(self) -> Iterator[tuple[str, Ref]]:
        """Groups that are named in groups and not defined, and where."""
        for group in self._groups.values():
            for child, ref in group.nested:
                if child not in self._groups:
                    yield child, ref

    def problems(self) -> Iterator[Problem]:
        """Groups that are named in groups and not defined, and groups that contain themselves."""
        yield from (Problem(ref, f"{name} is not defined") for name, ref in self.missing())
        yield from (
            Problem(self._groups[name].ref, f"{name} contains itself") for name in self._cyclic()
        )

    def _cyclic(self) -> list[str]:
        """One group of each cycle."""
        done: set[str] = set()
        found: dict[str, None] = {}
        for root in self._groups:
            if root in done:
                continue
            open_now = {root}
            stack = [(root, iter(self._groups[root].nested))]
            while stack:
                name, rest = stack[-1]
                child, _ = next(rest, ("", None))
                if not child:
                    stack.pop()
                    open_now.discard(name)
                    done.add(name)
                elif child in open_now:
                    found[child] = None
                elif child in self._groups and child not in done:
                    open_now.add(child)
                    stack.append((child, iter(self._groups[child].nested)))
        return list(found)


def merged(services: tuple[Service, ...]) -> tuple[Service, ...]:
    """The same services in as few members as are plain: ports and types of a kind united."""
    if any(one == Service() for one in services):
        return (Service(),)
    plain = union(*(one.protocols for one in services if _is_plain(one) and one.protocols))
    ports: dict[tuple[Spans | None, Spans | None], Spans | None] = {}
    types: dict[Spans | None, Spans] = {}
    for one in services:
        if _is_plain(one):
            continue
        if one.icmp is not None:
            types[one.protocols] = union(types.get(one.protocols, ()), one.icmp)
            continue
        key = (one.protocols, one.src_ports)
        before = ports.get(key, ())
        all_of_them = before is None or one.dst_ports is None
        ports[key] = None if all_of_them else union(before or (), one.dst_ports or ())
    return (
        *((Service(plain),) if plain else ()),
        *(
            Service(protocols, sources, ports[key])
            for key in ports
            for protocols, sources in (key,)
        ),
        *(Service(protocols, icmp=icmp) for protocols, icmp in types.items()),
    )


def _is_plain(service: Service) -> bool:
    return service.src_ports is None and service.dst_ports is None and service.icmp is None


def services(
    protocols: Part[Spans | None],
    src_ports: Part[Spans | None],
    dst_ports: Part[Spans | None],
    icmp: Part[Spans | None],
) -> Part[tuple[Service, ...]]:
    """What protocols mean with the ports and the ICMP types that stand behind them."""
    parts = (protocols, src_ports, dst_ports, icmp)
    doubts = [part.doubt for part in parts if part.doubt]
    known = _services(*(part.known for part in parts))
    if not doubts:
        return known
    wide = _services(*(None if part.doubt else part.known for part in parts))
    return Part(
        () if any(part.known == () for part in parts) else known.known,
        "; ".join(dict.fromkeys((*doubts, known.doubt) if known.doubt else doubts)),
        (*wide.known, *(wide.wide or ())),
    )


def _services(
    protocols: Spans | None, src_ports: Spans | None, dst_ports: Spans | None, icmp: Spans | None
) -> Part[tuple[Service, ...]]:
    """Ports count for protocols that have them: of the others in a group the meaning is open."""
    if icmp is not None:
        return Part((Service(protocols, icmp=icmp),))
    if src_ports is None and dst_ports is None:
        return Part((Service(protocols),))
    if protocols is None:
        return Part((), "ports without a protocol", (Service(),))
    if len(protocols) == 1 and protocols[0][0] == protocols[0][1] and protocols[0][0] in PORTED:
        return Part((Service(protocols, src_ports, dst_ports),))
    numbers = [number for low, high in protocols for number in range(low, high + 1)]
    ported = spans((number, number) for number in numbers if number in PORTED)
    known = (Service(ported, src_ports, dst_ports),) if ported else ()
    rest = spans((number, number) for number in numbers if number not in PORTED)
    if not rest:
        return Part(known)
    return Part(known, f"ports of protocol {rest[0][0]}", (Service(rest),))
