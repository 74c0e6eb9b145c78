"""Services of AI machines that other zones reach undeclared, or read in plain text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.declared import Conduits
from checkvalve.judge.checks.governance.ai_exposure import (
    Exposed,
    by_kind,
    listeners,
    listening,
)
from checkvalve.judge.checks.governance.ai_hosts import hosts_of, live
from checkvalve.judge.checks.governance.ai_ports import ai_ports
from checkvalve.judge.checks.governance.approvals import reads
from checkvalve.judge.checks.governance.source_places import place_of, url_of
from checkvalve.judge.checks.passing.rule_lines import no_network
from checkvalve.judge.checks.wording import some
from checkvalve.plant import Plant
from checkvalve.plant.data_sources import DataSource
from checkvalve.rules import JOINT_GUIDANCE, Reference, Rule


class ExposedAiService(StandingCheck):
    """Services around AI are reached from other zones by declared conduits only, encrypted.

    Why it matters: model servers, registries, brokers, buckets and notebooks come without a
    password more often than not. Whoever reaches one reads its data, swaps its model, or runs
    code on it.

    Known limits: what listens is taken from a dated list of default TCP ports, less what an
    edge node's posture excludes: that a port may be reached does not say that something
    answers there. Looked at are machines that carry AI, and all in zones of kind ai. That a
    service answers without a password is not declared anywhere, so it is not said. What is
    read in plain text is taken from the scheme of a data source's endpoint.

    Example: the office may open port 5000 to the model server; no conduit says why.

    References: Principles for the Secure Integration of AI in OT, principle 4; IEC 62443-3-3
    SR 4.1, SR 5.2 RE 1, SR 7.7; NIST SP 800-82r3, 5.2.3.1; ATT&CK mitigations M0808, M0930,
    M0937.
    """

    rule: ClassVar[Rule] = Rule(
        id="exposed-ai-service",
        title="An AI service that other zones reach undeclared, or in plain text",
        why="Model servers, registries, brokers, buckets and notebooks come without a password "
        "more often than not: whoever reaches one reads its data, swaps its model, or runs code.",
        references=(
            Reference(JOINT_GUIDANCE, "Principle 4", "Embed safety and security practices"),
            Reference("IEC 62443-3-3", "SR 4.1", "Information confidentiality"),
            Reference("IEC 62443-3-3", "SR 5.2 RE 1", "Deny by default, allow by exception"),
            Reference("IEC 62443-3-3", "SR 7.7", "Least functionality"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0808", "Encrypt Network Traffic"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
            Reference("ATT&CK mitigations", "M0937", "Filter Network Traffic"),
        ),
        cause="A server listens on all interfaces as it was installed, and the rule set lets "
        "more through than the service that is meant.",
        consequence="Plant data can be read and models be swapped from a zone that has no part "
        "in it.",
        response="Bind the service to its own zone or narrow the rule; declare the conduit if it "
        "is meant, and turn encryption and passwords on.",
        time_to_respond=timedelta(days=7),
        harmless_if="a declared conduit that lists the port, an edge node's posture that "
        "excludes it, or an encrypted endpoint",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        plain = [*self._plain(plant, at)]
        if seen.network is None:
            return [*no_network(self.rule), *plain]
        conduits = Conduits(plant, at)
        found: list[Verdict] = []
        for zone, groups in listening(plant).items():
            exposed = Exposed(plant, seen.network, conduits, zone, groups)
            wrong = [*self._open(exposed, at), *self._untold(exposed, at)]
            because = f"no undeclared path leads to AI services in {zone}"
            found += wrong or [Verdict(self.rule.id, Subject("zone", zone), Answer.HOLDS, because)]
        return [*found, *plain]

    def _open(self, exposed: Exposed, at: datetime) -> Iterator[Verdict]:
        zone = exposed.zone
        for source, passing in exposed.open.items():
            for kind, opening in by_kind(passing):
                plain = [one.name for one in listeners(opening) if one.is_plain]
                told = f" ({some(plain)} in plain text)" if plain else ""
                yield stands(
                    self.rule,
                    Subject("zone", zone),
                    Answer.BROKEN,
                    f"{source} may open {opening.ports} to AI machines in {zone}: {kind}{told}, "
                    f"such as {opening.passing[0].witness}; no conduit declares it",
                    plant=exposed.plant,
                    at=at,
                    cause=opening.cause(source, zone),
                    evidence=opening.evidence(),
                    assets=exposed.assets,
                    zone=zone,
                )

    def _untold(self, exposed: Exposed, at: datetime) -> Iterator[Verdict]:
        for sources, reason, evidence in exposed.doubts():
            yield stands(
                self.rule,
                Subject("zone", exposed.zone),
                Answer.CANNOT_TELL,
                f"whether AI services in {exposed.zone} are reached from {some(sources)} can't "
                f"be told: {reason}",
                plant=exposed.plant,
                at=at,
                cause=f"{', '.join(sources)} to {exposed.zone}: cannot tell",
                evidence=evidence,
                assets=exposed.assets,
                zone=exposed.zone,
            )

    def _plain(self, plant: Plant, at: datetime) -> Iterator[Verdict]:
        """Sources that a component in another zone reads in plain text."""
        for source in plant.data_sources.values():
            url = url_of(source)
            readers = _readers(plant, source)
            if url is None or not readers:
                continue
            secure = ai_ports().secure.get(url.scheme)
            place = place_of(plant, source)
            far = [name for name, zones in readers.items() if place and zones - {place.zone}]
            unsure = place is None or not all(readers.values())
            subject = Subject("data_source", source.id)
            if secure is None or not (far or unsure):
                because = f"{source.id} is not read in plain text from another zone"
                yield Verdict(self.rule.id, subject, Answer.HOLDS, because)
                continue
            because = (
                f"{some(far or list(readers))} reads {source.id} as {url.scheme}, in plain text"
            )
            yield stands(
                self.rule,
                subject,
                Answer.BROKEN if far else Answer.CANNOT_TELL,
                because if far else f"{because}; whether another zone is between is not declared",
                plant=plant,
                at=at,
                cause=f"plain {url.scheme}",
                evidence=(
                    Evidence(
                        f"the endpoint of data source {source.id}",
                        expected=f"{secure}://",
                        actual=source.endpoint or "",
                    ),
                    Evidence(
                        "a change that mends it",
                        actual="data_sources:\n"
                        f"  - {{id: {source.id}, endpoint: {secure}://{url.hostname or 'HOST'}}}",
                    ),
                ),
                zone=place.zone if place is not None else "",
            )


def _readers(plant: Plant, source: DataSource) -> dict[str, set[str]]:
    """The components that read a source, each with the zones of its machines."""
    return {
        component.id: {plant.assets[asset].zone for asset in hosts_of(plant, component)}
        for component in live(plant)
        if reads(plant, component, source.id)
    }
