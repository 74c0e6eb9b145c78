"""Conduits that are declared, and the rule sets do not let pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.passing.doubts import doubts_about, in_words
from checkvalve.judge.checks.passing.reach import Passing
from checkvalve.judge.checks.passing.rule_lines import (
    no_network,
    shown,
    silent_firewalls,
)
from checkvalve.judge.checks.wording import some
from checkvalve.judge.segmentation.asking import is_of_family, services_of
from checkvalve.judge.segmentation.boxes import within_ports
from checkvalve.judge.segmentation.network import FAMILIES, Between, Network, Service
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.observe.firewalls.base import PORTED, Ref
from checkvalve.observe.firewalls.spans import Span, complement, spans
from checkvalve.plant import Plant
from checkvalve.plant.services import Flow
from checkvalve.plant.times import lasts
from checkvalve.plant.zones import Conduit
from checkvalve.rules import Reference, Rule

_WORST_FIRST: Final = (Answer.BROKEN, Answer.CANNOT_TELL, Answer.HOLDS)


class BrokenConduit(StandingCheck):
    """What a valid conduit declares must pass between some hosts of its two zones.

    Why it matters: a declared path that is closed is a fault that waits for the hour in which
    it is needed, or a declaration that nobody believes in any more.

    Known limits: a conduit is between zones: it is enough that one host reaches one other in
    either address family. A list of ports must pass port by port; a flow of any transport must
    pass in one. A conduit past its last day is not asked about.

    Example: the firewall was replaced, and the rule for the historian's collector was not
    carried over.

    References: IEC 62443-3-2 ZCR 6.3 (zones and conduits as documented); IEC 62443-3-3 SR 7.6
    (network and security configuration settings); NIST SP 800-82r3, 5.2.3.1.
    """

    rule: ClassVar[Rule] = Rule(
        id="broken-conduit",
        title="A declared conduit that is closed",
        why="A declared path that is closed is a fault that waits for the hour in which it is "
        "needed, or a declaration that nobody believes in any more.",
        references=(
            Reference("IEC 62443-3-2", "ZCR 6.3", "Zone and conduit drawings"),
            Reference("IEC 62443-3-3", "SR 7.6", "Network and security configuration settings"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
        ),
        cause="A rule that was removed or is shadowed by one above it, a new address, or a conduit "
        "that is not used any more.",
        consequence="What was agreed does not work when it is needed, and people open other ways.",
        response="Ask the conduit's owner whether it is needed: then mend the rule, else end the "
        "conduit.",
        time_to_respond=timedelta(days=7),
        harmless_if="a conduit whose last day is past, or without the service",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        network = seen.network
        if network is None:
            return no_network(self.rule)
        return [
            self._verdict(network, conduit, opening, at)
            for conduit in plant.conduits.values()
            if lasts(conduit.valid_until, at)
            for opening in conduit.openings()
        ]

    def _verdict(
        self,
        network: Network,
        conduit: Conduit,
        opening: tuple[str, str],
        at: datetime,
    ) -> Verdict:
        told = list(_told(network, conduit, opening))
        given = {one.answer for one in told}
        answer = next(one for one in _WORST_FIRST if one in given)
        named = [one for one in told if one.answer is answer]
        services, (source, destination) = _listed(named), opening
        lines: tuple[Ref, ...] = ()
        if answer is Answer.BROKEN:
            lines = tuple(dict.fromkeys(ref for one in named for ref in _denying(network, one)))
            because = (
                f"conduit '{conduit.id}' declares {services} from {source} to {destination}, and "
                "the rule sets let no host open it"
            )
        elif answer is Answer.CANNOT_TELL:
            because = (
                f"whether {services} of conduit '{conduit.id}' passes from {source} to "
                f"{destination} can't be told: {_why(network, named[0])}"
            )
        else:
            because = f"what it declares passes from {source} to {destination}"
        return stands(
            self.rule,
            Subject("conduit", conduit.id),
            answer,
            because,
            plant=network.plant,
            at=at,
            cause=f"{source} to {destination}: {answer} {services}",
            evidence=shown("a line that closes it", lines, expected=services),
            zone=destination,
        )


@dataclass(frozen=True)
class _Told:
    """What rule sets say of one declared service.

    Attributes:
        name: the service, for people.
        answer: whether it passes between some hosts.
        about: what was asked.
        ports: those that are declared; ``None``: all.
    """

    name: str
    answer: Answer
    about: tuple[Between, ...]
    ports: Span | None


def _told(network: Network, conduit: Conduit, opening: tuple[str, str]) -> Iterator[_Told]:
    for flow in dict.fromkeys(conduit.flows) or (Flow(),):
        services = services_of((flow,), network.protocols)
        for ports in _port_lists(flow):
            about = tuple(
                network.between(*opening, Service(service.protocol), family)
                for service in services
                for family in FAMILIES
                if is_of_family(service, family)
                and all(network.zones[zone].of_family(family) for zone in opening)
            )
            answers = {_answer(network, one, ports) for one in about}
            best = next(
                (one for one in (Answer.HOLDS, Answer.CANNOT_TELL) if one in answers),
                Answer.BROKEN if about else Answer.CANNOT_TELL,
            )
            yield _Told(_name(flow, ports), best, about, ports)


def _port_lists(flow: Flow) -> Iterator[Span | None]:
    """Each range of ports that a flow lists; ``None`` where it lists none."""
    if not flow.dst_ports:
        yield None
    for ports in flow.dst_ports:
        yield (ports.low, ports.high)


def _answer(network: Network, about: Between, ports: Span | None) -> Answer:
    if not about.routes or silent_firewalls(network, about):
        return Answer.CANNOT_TELL
    if _covers(about.must, about, ports):
        return Answer.HOLDS
    if any(_of_ports(box, about, ports) for box in about.may):
        return Answer.CANNOT_TELL
    return Answer.BROKEN


def _covers(boxes: tuple[Box, ...], about: Between, ports: Span | None) -> bool:
    """Whether each of some ports passes between some hosts."""
    found = spans(part.ports for box in boxes for part in _of_ports(box, about, ports))
    if ports is None or about.service.protocol not in PORTED:
        return bool(found)
    return not complement(found, (ports,))


def _of_ports(box: Box, about: Between, ports: Span | None) -> list[Box]:
    if ports is None or about.service.protocol not in PORTED:
        return [box]
    return list(within_ports(box, (ports,)))


def _name(flow: Flow, ports: Span | None) -> str:
    if ports is None:
        return "anything" if flow.proto == "any" else flow.proto
    low, high = ports
    return f"{flow.proto}/{low if low == high else f'{low}-{high}'}"


def _listed(told: list[_Told]) -> str:
    return some(list(dict.fromkeys(one.name for one in told)))


def _denying(network: Network, told: _Told) -> Iterator[Ref]:
    """The lines that deny what was asked."""
    for about in told.about:
        for box in network.denied(about):
            if _of_ports(box, about, told.ports):
                yield from box.by


def _why(network: Network, told: _Told) -> str:
    """Why nobody can tell."""
    if not told.about:
        return "the two zones have no addresses of one family"
    if not any(about.routes for about in told.about):
        return "no declared firewall joins them"
    for about in told.about:
        silent = sorted(silent_firewalls(network, about))
        if silent:
            return f"the rule set of {silent[0]} was not read, or says nothing of IPv{about.family}"
        passing = [Passing(about.family, about.service.protocol, box) for box in about.may]
        if passing:
            return in_words(doubts_about(network, passing, about))
    return "a part of it passes and another does not"
