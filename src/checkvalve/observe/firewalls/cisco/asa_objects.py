"""ASA's objects and object groups: networks, services, ports, protocols, ICMP types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, TCP, UDP, Ref
from checkvalve.observe.firewalls.cisco.cisco_entries import (
    Resolved,
    host,
    interval,
    netmasked,
    prefix,
    united,
)
from checkvalve.observe.firewalls.cisco.cisco_groups import Group, Groups, Part, Service, merged
from checkvalve.observe.firewalls.cisco.cisco_lines import Line, Tally, WordError, Words
from checkvalve.observe.firewalls.cisco.cisco_names import OPERATORS, icmp, is_icmp, ports, protocol
from checkvalve.observe.firewalls.spans import (
    ALL_PROTOCOLS,
    Addresses,
    Spans,
    union,
)

T = TypeVar("T")

TCP_UDP: Final[Spans] = ((TCP, TCP), (UDP, UDP))
_ICMP_OBJECT: Final = "icmp-"
#: Kinds of ``object-group`` whose body is a list of what is not known from the configuration.
_OUTSIDE: Final = frozenset(("user", "security", "network-service"))


def protocols_of(word: str) -> Spans | None:
    """Protocol numbers that a word stands for; ``None``: all.

    Raises:
        WordError: it is no protocol.
    """
    if word == "ip":
        return None
    if word == "tcp-udp":
        return TCP_UDP
    one = protocol(word)
    return ((one, one),)


class Objects:
    """All objects and groups of a configuration, by what kind they are.

    Attributes:
        host_names: addresses by the names that ``name`` gives them.
        networks: addresses of objects and groups.
        services: of service objects, and of groups that name their protocols.
        ports: of service groups for tcp, udp or both.
        protocols: of protocol groups.
        icmp_types: of groups of ICMP types, as words.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._types: Groups[str] = Groups()
        self.host_names: dict[str, str] = {}
        self.networks: Groups[Addresses] = Groups()
        self.services: Groups[Service] = Groups()
        self.ports: Groups[Spans] = Groups()
        self.protocols: Groups[Spans] = Groups()
        self.addresses = Resolved(self.networks, united)
        self.members = Resolved(self.services, lambda part: Part(merged(part.known), part.doubt))
        self.numbers = Resolved(self.ports, lambda part: Part(union(*part.known), part.doubt))
        self.kinds = Resolved(self.protocols, _protocols)

    def define(self, line: Line) -> Body | None:
        """The body that a header opens; ``None`` if this group is of what no file knows.

        Raises:
            WordError: the kind of the group is not understood.
        """
        words = Words(line.words)
        head, kind = words.take(), words.take()
        if kind == "group":
            kind = words.take()
        name, ref = f"{head} {words.take()}", self._tally.ref(line)
        if kind == "network":
            networks = self.networks.define(name, ref)
            return body_of(networks, partial(self._network, networks))
        if kind == "service" and words:
            ports_of_it = self.ports.define(name, ref)
            return body_of(ports_of_it, partial(_port, ports_of_it))
        if kind == "service":
            services = self.services.define(name, ref)
            return body_of(services, partial(_service, services))
        if kind == "protocol":
            numbers = self.protocols.define(name, ref)
            return body_of(numbers, partial(_protocol, numbers))
        if kind == "icmp-type":
            types = self._types.define(name, ref)
            return body_of(types, partial(_type, types))
        if kind in _OUTSIDE:
            self.networks.define(name, ref).doubts.append(f"{name} is not known from the file")
            return None
        raise WordError(f"a group of kind '{kind}' is not understood")

    def _network(self, group: Group[Addresses], words: Words, ref: Ref) -> None:
        head = words.take()
        if head == "network-object" and words.took("object"):
            group.nested.append((f"object {words.take()}", ref))
        elif head == "host":
            word = words.take()
            group.members.append(host(self.host_names.get(word, word)))
        elif head == "range":
            first, last = (self.host_names.get(word, word) for word in (words.take(), words.take()))
            group.members.append(interval(first, last))
        elif head in ("subnet", "network-object"):
            group.members.append(self.network(words))
        elif head == "fqdn":
            raise WordError("the addresses of a domain name are not known from the file")
        else:
            raise WordError(f"'{head}' is not understood in a group of networks")

    def is_icmp_group(self, name: str) -> bool:
        """Whether this is a group of ICMP types."""
        return name in self._types

    def icmp_types(self, name: str, number: int) -> Part[Spans]:
        """The types of a group, for ICMP or ICMPv6."""
        part = self._types.resolve(name)
        found: Spans = ()
        for word in part.known:
            if not is_icmp(word, number):
                return Part(found, f"there is no ICMP type '{word}'")
            found = union(found, icmp(Words((word,)), number))
        return Part(found, part.doubt)

    def built_in(self, name: str) -> Service | None:
        """A service object that every ASA has: ``ospf``, ``icmp-echo``."""
        if name.startswith(_ICMP_OBJECT) and is_icmp(name.removeprefix(_ICMP_OBJECT), ICMP):
            types = icmp(Words((name.removeprefix(_ICMP_OBJECT),)), ICMP)
            return Service(((ICMP, ICMP),), icmp=types)
        try:
            return Service(protocols_of(name))
        except WordError:
            return None

    def add_built_ins(self) -> None:
        """Define the service objects that groups name and every ASA has."""
        for name, ref in tuple(self.services.missing()):
            built_in = self.built_in(name.removeprefix("object "))
            if built_in is not None:
                self.services.define(name, ref).members.append(built_in)

    def network(self, words: Words) -> Addresses:
        """``host 10.0.0.1``, ``10.0.0.0 255.0.0.0`` or a prefix.

        Raises:
            WordError: it is none of these.
        """
        word = words.take()
        if word == "host":
            word = words.take()
            return host(self.host_names.get(word, word))
        word = self.host_names.get(word, word)
        return prefix(word) if "/" in word else netmasked(word, words.take())

    def tell_problems(self) -> None:
        """Hand on what is wrong with the groups themselves."""
        for groups in (self.networks, self.services, self.ports, self.protocols, self._types):
            for problem in groups.problems():
                self._tally.problem(problem.ref, problem.sentence)


def _protocols(part: Part[tuple[Spans, ...]]) -> Part[Spans | None]:
    found = union(*part.known)
    return Part(None if found == ALL_PROTOCOLS else found, part.doubt)


@dataclass(frozen=True, slots=True)
class Body:
    """The lines below the header of an object or group.

    Attributes:
        nested: the groups that it contains.
        doubts: what is not understood of it.
        member: adds a line.
    """

    nested: list[tuple[str, Ref]]
    doubts: list[str]
    member: Callable[[Words, Ref], None]

    def read(self, line: Line, tally: Tally) -> None:
        """Add a line; what is not understood of it stays in doubt."""
        words, ref = Words(line.words), tally.ref(line)
        if line.first in ("description", "nat", "no", "exit"):
            return
        try:
            if words.took("group-object"):
                self.nested.append((f"object-group {words.take()}", ref))
            else:
                self.member(words, ref)
            if words:
                raise WordError(f"'{words.peek()}' is not understood")
        except WordError as error:
            self.doubts.append(f"line {line.number}: {error}")
            tally.missed(line, str(error))
        else:
            tally.understood(line)


def body_of(group: Group[T], member: Callable[[Words, Ref], None]) -> Body:
    """The body of a group."""
    return Body(group.nested, group.doubts, member)


def _port(group: Group[Spans], words: Words, _ref: Ref) -> None:
    if not words.took("port-object"):
        raise WordError(f"'{words.peek()}' is not understood in a group of ports")
    group.members.append(ports(words))


def _protocol(group: Group[Spans], words: Words, _ref: Ref) -> None:
    if not words.took("protocol-object"):
        raise WordError(f"'{words.peek()}' is not understood in a group of protocols")
    group.members.append(protocols_of(words.take()) or ALL_PROTOCOLS)


def _type(group: Group[str], words: Words, _ref: Ref) -> None:
    if not words.took("icmp-object"):
        raise WordError(f"'{words.peek()}' is not understood in a group of ICMP types")
    word = words.take()
    if not is_icmp(word, ICMP) and not is_icmp(word, ICMPV6):
        raise WordError(f"there is no ICMP type '{word}'")
    group.members.append(word)


def _service(group: Group[Service], words: Words, ref: Ref) -> None:
    """``service-object tcp source gt 1023 destination eq 80``; ``destination`` may be left out."""
    if not words.took("service-object", "service"):
        raise WordError(f"'{words.peek()}' is not understood in a group of services")
    if words.took("object"):
        group.nested.append((f"object {words.take()}", ref))
        return
    protocols = protocols_of(words.take())
    if protocols in (((ICMP, ICMP),), ((ICMPV6, ICMPV6),)) and words:
        group.members.append(Service(protocols, icmp=icmp(words, protocols[0][0])))
        return
    sources = ports(words) if words.took("source") else None
    words.took("destination")
    destinations = ports(words) if words.peek() in OPERATORS else None
    if (sources or destinations) is not None and protocols is None:
        raise WordError("ports without a protocol")
    group.members.append(Service(protocols, sources, destinations))
