"""AI services in use, and commands of AI components, that nobody declared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Subject, Verdict
from checkvalve.judge.checks.base import Check, Seen, broken, holds, untold
from checkvalve.judge.checks.governance.ai_services import Known, Service, known
from checkvalve.judge.checks.tagged import Commands
from checkvalve.judge.checks.views import SeenEdge, SeenPath, Traffic
from checkvalve.judge.window import Breach, End
from checkvalve.plant import Plant
from checkvalve.plant.components import Component
from checkvalve.records import Intent
from checkvalve.rules import ATTACK_ICS, JOINT_GUIDANCE, Reference, Rule

#: What is written there is no process value.
_OFFICE: Final = frozenset({"http", "dns", "tls", "ssh", "smb", "rdp", "vnc"})
#: People write from these too; whose command it was can't be told.
_OPERATED: Final = ("human-machine interface", "hmi", "control server")


class UndeclaredAiService(Check):
    """AI in use must be declared: the services it reaches, and the tags it sets.

    Why it matters: data that leaves for a model nobody declared is gone, and advice from a
    model nobody declared has no owner, no test and no way to be turned off.

    Known limits: services are known by host name, from a dated list, and servers inside the
    plant by their HTTP/1 path; gRPC, MCP under an unusual path, names hidden by encryption
    and services that only a DNS question names are not found. A name that DNS gave to an
    address shared with others may be another's. Commands are looked at in protocols of
    controllers, not in HTTP. From a machine at which people work too (HMI, control server)
    whose command it was is *cannot tell*, and no finding.

    Example: an edge node sends pictures to a model API on the internet; no component
    declares that name.

    References: Principles for the Secure Integration of AI in OT, principles 2 and 4;
    IEC 62443-3-3 SR 5.2, SR 7.8.
    """

    rule: ClassVar[Rule] = Rule(
        id="undeclared-ai-service",
        title="AI in use that no component declares",
        why="Data that leaves for a model nobody declared is gone, and advice from a model "
        "nobody declared has no owner, no test and no way to be turned off.",
        references=(
            Reference(ATTACK_ICS, "T0882", "Theft of Operational Information"),
            Reference(ATTACK_ICS, "T0855", "Unauthorized Command Message"),
            Reference(JOINT_GUIDANCE, "Principle 2", "Consider AI use in the OT domain"),
            Reference(JOINT_GUIDANCE, "Principle 3", "Establish AI governance and assurance"),
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("IEC 62443-3-3", "SR 7.8", "Control system component inventory"),
        ),
        cause="Somebody tries a model or a connector out, a supplier's software calls home, or "
        "an AI component was given more than was declared.",
        consequence="Plant data is outside the plant, or a model changes the process without a "
        "guard, an owner or a fallback.",
        response="Find out who set it up and what it sent; stop it, or declare the component "
        "with an owner, approved sources and a conduit.",
        time_to_respond=timedelta(hours=4),
        harmless_if="a component that declares this name, this machine or this output",
    )

    def check(self, plant: Plant, seen: Seen, at: datetime) -> list[tuple[Verdict, Breach]]:
        """See ``Check.check``."""
        del at
        traffic = seen.traffic
        if traffic is None:
            return untold(self.rule)
        live = [one for one in plant.components.values() if one.stage != "retired"]
        list_ = known()
        return [
            *self._services(live, list_, traffic),
            *self._servers(plant, list_, traffic),
            *self._commands(plant, traffic.commands),
        ]

    def _services(
        self, live: list[Component], list_: Known, traffic: Traffic
    ) -> Iterator[tuple[Verdict, Breach]]:
        """Services that were reached under a name."""
        for seen in traffic.paths:
            host = seen.path.host
            service = list_.by_host(host) if host else None
            if service is None:
                continue
            declaring = [one.id for one in live if _declares(one, host)]
            if declaring:
                yield holds(self.rule, Subject("component", declaring[0]), f"it declares {host}")
                continue
            yield self._reached(traffic, seen, service)

    def _reached(
        self, traffic: Traffic, seen: SeenPath, service: Service
    ) -> tuple[Verdict, Breach]:
        path, window = seen.path, traffic.window
        row = window.flows[seen.row]
        sent = f" and sent {int(row['sent']):,} octets" if row["sent"] else ""
        verdict = broken(
            self.rule,
            window,
            row,
            subject=_subject(path.source),
            cause=f"{path.source.name} {service.id}",
            because=f"{path.source.name} {'opened' if seen.answered else 'tried'} {path.host} "
            f"({service.name}: {service.kind}){sent}; no component declares that name",
            evidence=window.evidence(
                row, "the first packet", expected="a component with this name", actual=path.host
            ),
            action=str(Intent.SESSION),
            source=path.source,
            destination=path.destination,
        )
        over = frozenset(one.place for one in traffic.over(path))
        return verdict, Breach(over, frozenset({seen.place}))

    def _servers(
        self, plant: Plant, list_: Known, traffic: Traffic
    ) -> Iterator[tuple[Verdict, Breach]]:
        """Models that answer by HTTP, on machines where none is declared."""
        for seen in traffic.edges:
            edge = seen.edge
            if edge.protocol != "http" or edge.function != "POST":
                continue
            for space in traffic.spaces(seen.place):
                service = list_.by_path(space)
                if service is None:
                    continue
                running = _running(plant, edge.destination)
                if running:
                    subject = Subject("component", running[0].id)
                    yield holds(self.rule, subject, f"it runs on {edge.destination.name}")
                else:
                    yield self._served(traffic, seen, space, service)
                break

    def _served(
        self, traffic: Traffic, seen: SeenEdge, space: str, service: Service
    ) -> tuple[Verdict, Breach]:
        edge, window = seen.edge, traffic.window
        row = window.groups[seen.row]
        verdict = broken(
            self.rule,
            window,
            row,
            subject=_subject(edge.destination),
            cause=f"{edge.source.name} {edge.destination.name} {service.id}",
            because=f"{edge.source.name} asked {edge.destination.name} for POST {space}, as one "
            f"asks {service.name}; no component is declared on {edge.destination.name}",
            evidence=window.evidence(
                row, "the first request", expected="a component on this machine", actual=space
            ),
            action=str(Intent.SESSION),
            source=edge.source,
            destination=edge.destination,
        )
        return verdict, Breach(frozenset({seen.place}))

    def _commands(self, plant: Plant, commands: Commands) -> Iterator[tuple[Verdict, Breach]]:
        """Commands from machines of AI components, but for the outputs that they declare."""
        window = commands.window
        for place in commands.places:
            edge = window.edges[place]
            running = _running(plant, edge.source)
            if not running or edge.protocol in _OFFICE:
                continue
            names = ", ".join(one.id for one in running)
            subject = Subject("component", running[0].id)
            outputs = [
                plant.tags[tag]
                for one in running
                for tag in one.outputs
                if plant.tags[tag].asset == edge.destination.name
            ]
            rows = commands.outside(place, outputs)
            if not len(rows):
                yield holds(
                    self.rule, subject, f"it declares what it set on {edge.destination.name}"
                )
                continue
            if any(role in edge.source.role.casefold() for role in _OPERATED):
                because = f"people work at {edge.source.name} too"
                yield Verdict(self.rule.id, subject, Answer.CANNOT_TELL, because), Breach()
                continue
            row = window.commands[rows[0]]
            verdict = broken(
                self.rule,
                window,
                row,
                subject=subject,
                cause=" ".join(map(str, edge.key)),
                because=f"{edge.source.name}, where {names} runs, sent {edge.function} to "
                f"{edge.destination.name}; that is no output that {names} declares",
                evidence=window.evidence(
                    row,
                    edge.function,
                    expected=", ".join(tag.id for tag in outputs) or "no output",
                    actual=edge.function,
                ),
                action=str(edge.intent),
                source=edge.source,
                destination=edge.destination,
                last=int(window.commands["time"][rows[-1]]),
            )
            yield verdict, Breach(frozenset({place}))


def _running(plant: Plant, end: End) -> list[Component]:
    """The components in use on a machine."""
    return [one for one in plant.component_on(end.name) if one.stage != "retired"]


def _declares(component: Component, host: str) -> bool:
    """Whether a component is reached under a name; ``*.`` stands for any label before."""
    name = host.lower().rstrip(".")
    return any(
        name.endswith(known_as[1:]) if known_as.startswith("*.") else name == known_as
        for known_as in component.names
    )


def _subject(end: End) -> Subject:
    return Subject("asset" if end.declared else "address", end.name)
