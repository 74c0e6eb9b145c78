"""Ways out of the plant, and to data, that nobody approved for an AI component."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.governance.ai_hosts import addresses_of, by_zone, hosts_of, live
from checkvalve.judge.checks.governance.approved_paths import ApprovedPaths, Forbidden, Stand
from checkvalve.judge.checks.passing.reach import (
    Opening,
    Passing,
    Reach,
    openings,
    passing_of,
    reach,
    uncovered,
)
from checkvalve.judge.checks.passing.rule_lines import no_network
from checkvalve.judge.checks.wording import some
from checkvalve.observe.firewalls.spans import NOWHERE
from checkvalve.plant import Plant
from checkvalve.plant.components import Component
from checkvalve.rules import JOINT_GUIDANCE, Reference, Rule

#: Kinds that run on no machine of the plant.
_NOWHERE: Final = frozenset({"identity", "endpoint"})
#: More addresses than this is no single service, whatever its name.
_FEW: Final = 256


class UnapprovedEgress(StandingCheck):
    """AI reaches only the data that it was approved for, and nothing outside the plant else.

    Why it matters: what a model may reach it will one day read, and what it may reach outside
    is where the plant's data goes. The default is no, and a denial beats every approval.

    Known limits: rule sets tell who reaches an address, not which tags are read there: a denial
    of single tags is not looked at. A way out counts as approved if it leads to the address of
    an approved source, or if the component's isolation plan lists it. An approved source that
    has only a name may be any address: a narrow way out is then *cannot tell*. What stands in
    the component's own zone meets no firewall, and is *cannot tell* too. A source whose
    approval has ended is said by ``ended-approval``. ICMP is left out.

    Example: the optimiser's server may open HTTPS to the whole internet, for its updates.

    References: Principles for the Secure Integration of AI in OT, principles 2 and 4; IEC
    62443-3-3 SR 5.2 RE 1; NIST SP 800-82r3, 5.2.3.1; ATT&CK mitigations M0937, M0807.
    """

    rule: ClassVar[Rule] = Rule(
        id="unapproved-egress",
        title="AI may reach data or places that it was not approved for",
        why="What a model may reach it will one day read, and what it may reach outside is where "
        "the plant's data goes.",
        references=(
            Reference(JOINT_GUIDANCE, "Principle 2", "Consider AI use in the OT domain"),
            Reference(JOINT_GUIDANCE, "Principle 4", "Embed safety and security practices"),
            Reference("IEC 62443-3-3", "SR 5.2 RE 1", "Deny by default, allow by exception"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0937", "Filter Network Traffic"),
            Reference("ATT&CK mitigations", "M0807", "Network Allowlists"),
        ),
        cause="The machine stands in a zone that may reach more than the component needs, or an "
        "approval was talked about and never declared.",
        consequence="Plant data can leave, or be read, without anybody having said yes; a model "
        "that is taken over has the same way.",
        response="Close the way, or have the source approved by name for this component and list "
        "the path in its isolation plan.",
        time_to_respond=timedelta(days=7),
        harmless_if="an approval by name that is valid, and an isolation plan that lists the path",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        network = seen.network
        if network is None:
            return no_network(self.rule)
        asked = ApprovedPaths(plant, network, at)
        found: list[Verdict] = []
        for component in live(plant):
            if component.kind in _NOWHERE:
                continue
            wrong = list(self._of(asked, component))
            because = f"{component.id} reaches nothing that it was not approved for"
            fine = Verdict(self.rule.id, Subject("component", component.id), Answer.HOLDS, because)
            found += wrong or [fine]
        return found

    def _of(self, asked: ApprovedPaths, component: Component) -> Iterator[Verdict]:
        plant = asked.plant
        hosts = hosts_of(plant, component)
        silent = [asset for asset in hosts if not plant.assets[asset].ips]
        if not hosts or silent:
            told = (
                f"{some(silent)} has no declared address" if silent else "its machine is not said"
            )
            because = f"what {component.id} reaches can't be told: {told}"
            yield self._verdict(asked, component, Answer.CANNOT_TELL, because, "no address")
        for zone, assets in by_zone(plant, hosts).items():
            stand = Stand(component, zone, assets, addresses_of(plant, assets))
            if stand.src:
                for outside in asked.outside:
                    if outside != zone:
                        yield from self._out(asked, stand, outside)
                yield from self._sources(asked, stand)

    def _out(self, asked: ApprovedPaths, stand: Stand, outside: str) -> Iterator[Verdict]:
        """Ways out of the plant."""
        component = stand.component
        found = reach(asked.network, stand.zone, outside, src=stand.src)
        allowed = asked.allowed(stand, outside)
        passing = uncovered(passing_of(found.must), allowed)
        named = asked.named_only(component) if passing else ()
        narrow = [one for one in passing if named and _is_narrow(one)]
        wide = [one for one in passing if one not in narrow]
        for opening in openings(wide):
            because = (
                f"{component.id} on {some(stand.assets)} may open {opening.ports} to {outside}, "
                f"such as {opening.passing[0].witness}; nothing approves it"
            )
            yield self._open(asked, stand, opening, outside, because)
        if wide:
            return
        if narrow:
            because = (
                f"whether {component.id} may open {narrow[0].witness} for {some(named)} can't be "
                "told: that source has a name and no address"
            )
            yield self._untold(asked, stand, found, because)
        elif found.is_unjoined or uncovered(passing_of(found.unclear), allowed):
            because = (
                f"whether {component.id} may reach {outside} can't be told: {found.reasons[0]}"
            )
            yield self._untold(asked, stand, found, because)

    def _sources(self, asked: ApprovedPaths, stand: Stand) -> Iterator[Verdict]:
        """Ways to data sources."""
        for zone, sources in asked.forbidden(stand.component).items():
            own = [one for one in sources if one.source.asset in stand.assets]
            others = [one for one in sources if one not in own]
            if zone == stand.zone:
                yield from self._beside(asked, stand, others)
                continue
            dst = NOWHERE
            for one in others:
                dst |= one.place.addresses
            if dst:
                found = reach(asked.network, stand.zone, zone, src=stand.src, dst=dst)
                yield from self._to(asked, stand, found, others)

    def _to(
        self, asked: ApprovedPaths, stand: Stand, found: Reach, sources: Sequence[Forbidden]
    ) -> Iterator[Verdict]:
        component = stand.component
        passing = [one for one in passing_of(found.must) if _met(one, sources)]
        for opening in openings(passing):
            met = [one for one in sources if any(one.place.is_met_by(p) for p in opening.passing)]
            because = (
                f"{component.id} on {some(stand.assets)} may open {opening.ports} to "
                f"{_named(met)}, such as {opening.passing[0].witness}; {_why(met)}"
            )
            yield self._open(asked, stand, opening, found.destination, because)
        unclear = [one for one in passing_of(found.unclear) if _met(one, sources)]
        if not passing and (unclear or found.is_unjoined):
            because = (
                f"whether {component.id} may reach {_named(sources)} can't be told: "
                f"{found.reasons[0]}; {_why(sources)}"
            )
            yield self._untold(asked, stand, found, because)

    def _beside(
        self, asked: ApprovedPaths, stand: Stand, sources: Sequence[Forbidden]
    ) -> Iterator[Verdict]:
        if not sources:
            return
        because = (
            f"whether {stand.component.id} reads {_named(sources)} can't be told: both stand in "
            f"{stand.zone}, where no firewall decides; {_why(sources)}"
        )
        yield self._verdict(
            asked, stand.component, Answer.CANNOT_TELL, because, f"beside {stand.zone}",
            assets=stand.assets, zone=stand.zone,
        )  # fmt: skip

    def _open(
        self, asked: ApprovedPaths, stand: Stand, opening: Opening, zone: str, because: str
    ) -> Verdict:
        return self._verdict(
            asked,
            stand.component,
            Answer.BROKEN,
            because,
            opening.cause(stand.zone, zone),
            evidence=opening.evidence(),
            assets=stand.assets,
            zone=stand.zone,
        )

    def _untold(self, asked: ApprovedPaths, stand: Stand, found: Reach, because: str) -> Verdict:
        return self._verdict(
            asked,
            stand.component,
            Answer.CANNOT_TELL,
            because,
            f"{stand.zone} to {found.destination}: cannot tell",
            evidence=found.doubt(),
            assets=stand.assets,
            zone=stand.zone,
        )

    def _verdict(  # noqa: PLR0913  # a verdict in its parts
        self,
        asked: ApprovedPaths,
        component: Component,
        answer: Answer,
        because: str,
        cause: str,
        *,
        evidence: tuple[Evidence, ...] = (),
        assets: tuple[str, ...] = (),
        zone: str = "",
    ) -> Verdict:
        return stands(
            self.rule, Subject("component", component.id), answer, because,
            plant=asked.plant, at=asked.at, cause=cause, evidence=evidence, assets=assets,
            zone=zone,
        )  # fmt: skip


def _met(passing: Passing, sources: Iterable[Forbidden]) -> bool:
    return any(one.place.is_met_by(passing) for one in sources)


def _is_narrow(passing: Passing) -> bool:
    """Whether it leads to so few addresses that they may be one service's."""
    low, high = passing.box.dst
    return high - low < _FEW


def _named(sources: Sequence[Forbidden]) -> str:
    return some([one.source.id for one in sources])


def _why(sources: Iterable[Forbidden]) -> str:
    """What stands against it, in words: denials before what is merely not approved."""
    denied = [one.source.id for one in sources if one.denied]
    return f"{some(denied)} is denied to it" if denied else "nothing approves it"
