"""Object groups of IOS, IOS XR and NX-OS: networks, ports, services."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from checkvalve.observe.firewalls.base import ICMP, TCP, Ref
from checkvalve.observe.firewalls.cisco.asa_objects import TCP_UDP, Body, body_of
from checkvalve.observe.firewalls.cisco.cisco_entries import (
    Resolved,
    host,
    interval,
    netmasked,
    prefix,
    united,
    wildcard,
)
from checkvalve.observe.firewalls.cisco.cisco_groups import Group, Groups, Part, Service, merged
from checkvalve.observe.firewalls.cisco.cisco_lines import Line, Tally, WordError, Words
from checkvalve.observe.firewalls.cisco.cisco_names import (
    OPERATORS,
    icmp,
    is_icmp,
    number,
    ports,
    protocol,
)
from checkvalve.observe.firewalls.spans import ANYWHERE, Addresses, Spans, union


class Objects:
    """All object groups of a configuration.

    Attributes:
        networks: addresses.
        ports: of NX-OS and IOS XR.
        services: of IOS, which name their protocols.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.networks: Groups[Addresses] = Groups()
        self.ports: Groups[Spans] = Groups()
        self.services: Groups[Service] = Groups()
        self.addresses = Resolved(self.networks, united)
        self.numbers = Resolved(self.ports, lambda part: Part(union(*part.known), part.doubt))
        self.members = Resolved(self.services, lambda part: Part(merged(part.known), part.doubt))

    def define(self, line: Line) -> Body:
        """The body that a header opens.

        Raises:
            WordError: the kind of the group is not understood.
        """
        words = Words(line.words, 1)
        kind = words.take()
        on_nexus = kind in ("ip", "ipv6")
        if on_nexus:
            kind = words.take()
        words.took("ipv4", "ipv6")  # IOS XR: the family of the networks
        name, ref = f"object-group {words.take()}", self._tally.ref(line)
        if kind in ("network", "address"):
            networks = self.networks.define(name, ref)
            by_wildcard = kind == "address"
            return body_of(networks, _numbered(partial(_network, networks, by_wildcard)))
        if kind == "port":
            numbers = self.ports.define(name, ref)
            return body_of(numbers, _numbered(partial(_port, numbers)))
        if kind == "service":
            services = self.services.define(name, ref)
            return body_of(services, partial(_service, services))
        raise WordError(f"a group of kind '{kind}' is not understood")

    def tell_problems(self) -> None:
        """Hand on what is wrong with the groups themselves."""
        for groups in (self.networks, self.ports, self.services):
            for problem in groups.problems():
                self._tally.problem(problem.ref, problem.sentence)


def _numbered(member: Callable[[Words, Ref], None]) -> Callable[[Words, Ref], None]:
    """NX-OS numbers the lines of a group."""

    def read(words: Words, ref: Ref) -> None:
        if number(words.peek(), 2**32 - 1) is not None:
            words.take()
        member(words, ref)

    return read


def _network(
    group: Group[Addresses],
    by_wildcard: bool,  # noqa: FBT001  # private
    words: Words,
    ref: Ref,
) -> None:
    """IOS writes masks with a 1 for each bit that counts, NX-OS wildcards."""
    word = words.take()
    if word == "object-group":
        group.nested.append((f"object-group {words.take()}", ref))
    elif word == "any":
        group.members.append(ANYWHERE)
    elif word == "host":
        group.members.append(host(words.take()))
    elif word == "range":
        group.members.append(interval(words.take(), words.take()))
    elif word == "fqdn":
        raise WordError("the addresses of a domain name are not known from the file")
    elif "/" in word:
        group.members.append(prefix(word))
    elif not words:
        group.members.append(host(word))
    elif words.took("/"):
        group.members.append(prefix(f"{word}/{words.take()}"))
    elif by_wildcard:
        group.members.append(wildcard(word, words.take()))
    else:
        mask = words.take()
        group.members.append(prefix(word + mask) if mask[0] == "/" else netmasked(word, mask))


def _port(group: Group[Spans], words: Words, ref: Ref) -> None:
    if words.took("object-group"):
        group.nested.append((f"object-group {words.take()}", ref))
    else:
        group.members.append(ports(words))


def _service(group: Group[Service], words: Words, _ref: Ref) -> None:
    """``tcp source gt 1023 eq 80``, ``tcp-udp range 1 9``, ``icmp echo``, ``esp``, ``ip``."""
    head = words.take()
    if head == "ip":
        group.members.append(Service())
        return
    one = TCP if head == "tcp-udp" else protocol(head)
    protocols = TCP_UDP if head == "tcp-udp" else ((one, one),)
    if one == ICMP and is_icmp(words.peek(), ICMP):
        group.members.append(Service(protocols, icmp=icmp(words, ICMP)))
        return
    sources = ports(words) if words.took("source") else None
    words.took("destination")
    if words and words.peek() not in OPERATORS:  # "tcp www" is "tcp eq www"
        words = Words(("eq", *words.rest()))
    destinations = ports(words) if words else None
    group.members.append(Service(protocols, sources, destinations))
    if words:
        raise WordError(f"'{words.peek()}' is not understood")
