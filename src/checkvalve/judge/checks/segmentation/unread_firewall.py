"""Firewalls whose rules are not known: not read, not whole, wrong in themselves, or old."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.passing.rule_lines import cause_of, no_network, shown
from checkvalve.observe.firewalls.base import Coverage, Problem, RuleSet
from checkvalve.plant import Plant
from checkvalve.plant.firewalls import Firewall
from checkvalve.rules import Reference, Rule

#: Days after which a rule set says little about what runs.
OLDEST_DAYS: Final = 90


class UnreadFirewall(StandingCheck):
    """The rule set of every declared firewall must be read, whole and lately, for every zone.

    Why it matters: every other verdict about segmentation stands on these files. What was not
    read is not known, and what is not known is not compliant.

    Known limits: the age is that of ``retrieved_at``, not of the file. A firewall that nobody
    declared is not missed here, but for the zone that hangs on none. Lines that are not
    understood make their own verdicts uncertain; here they are counted once a firewall.

    Example: the firewall in front of the safety zone is declared without its configuration.

    References: IEC 62443-3-3 SR 7.6 (network and security configuration settings); NIST
    SP 800-82r3, 5.2.3.1; ATT&CK mitigation M0947 (audit).
    """

    rule: ClassVar[Rule] = Rule(
        id="unread-firewall",
        title="A firewall whose rules are not known",
        why="Every other verdict about segmentation stands on these files; what was not read is "
        "not known.",
        references=(
            Reference("IEC 62443-3-3", "SR 7.6", "Network and security configuration settings"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0947", "Audit"),
        ),
        cause="The configuration was never exported, was exported long ago, or has lines that the "
        "reader does not understand.",
        consequence="What passes there is not known, and neither is whether the plant is "
        "segmented as it is declared.",
        response="Export the running configuration from the device and name it in the plant's "
        "'firewalls' with the time it was retrieved.",
        time_to_respond=timedelta(days=14),
        harmless_if="the zone has no connection at all",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        network = seen.network
        if network is None:
            return no_network(self.rule)
        found: list[Verdict] = []
        for firewall in plant.firewalls.values():
            rule_set = network.rule_sets.get(firewall.id)
            faults = list(_faults(firewall, rule_set, seen.coverage.get(firewall.id), at))
            subject = Subject("firewall", firewall.id)
            found += [self._stands(plant, subject, fault, at) for fault in faults or [_FINE]]
        joined = {
            zone for firewall in plant.firewalls.values() for zone in firewall.interfaces.values()
        }
        for zone in plant.zones:
            if zone not in joined:
                found.append(self._stands(plant, Subject("zone", zone), _alone(zone), at, zone))
        return found

    def _stands(
        self, plant: Plant, subject: Subject, fault: _Fault, at: datetime, zone: str = ""
    ) -> Verdict:
        return stands(
            self.rule,
            subject,
            fault.answer,
            fault.because,
            plant=plant,
            at=at,
            cause=fault.cause,
            evidence=fault.evidence,
            zone=zone or _first_zone(plant, subject.id),
        )


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is to be said of one firewall or zone.

    Attributes:
        answer: broken, cannot tell, or holds.
        because: one sentence.
        cause: stable.
        evidence: what to look at.
    """

    answer: Answer
    because: str
    cause: str
    evidence: tuple[Evidence, ...] = ()


_FINE: Final = _Fault(Answer.HOLDS, "its rule set was read, whole and lately", "")


def _faults(
    firewall: Firewall, rule_set: RuleSet | None, coverage: Coverage | None, at: datetime
) -> Iterator[_Fault]:
    name = firewall.id
    if rule_set is None:
        said = f"{firewall.config} was not read" if firewall.config else "no configuration is named"
        yield _Fault(Answer.BROKEN, f"firewall '{name}' is declared, and {said}", "not read")
        return
    if coverage is not None and coverage.missed:
        many = len(coverage.missed)
        yield _Fault(
            Answer.CANNOT_TELL,
            f"{many} of {coverage.lines} lines of firewall '{name}' are not understood: "
            f"{coverage.missed[0].sentence}",
            cause_of("not understood", (one.ref for one in coverage.missed)),
            _shown("a line that is not understood", coverage.missed),
        )
    if rule_set.problems:
        yield _Fault(
            Answer.BROKEN,
            f"the rule set of firewall '{name}' is wrong in itself: "
            f"{rule_set.problems[0].sentence}",
            cause_of("wrong in itself", (one.ref for one in rule_set.problems)),
            _shown("a line that is wrong in itself", rule_set.problems),
        )
    yield from _age(firewall, at)


def _age(firewall: Firewall, at: datetime) -> Iterator[_Fault]:
    read, name = firewall.retrieved_at, firewall.id
    if read is None:
        because = f"when the rule set of firewall '{name}' was retrieved is not declared"
        yield _Fault(Answer.CANNOT_TELL, because, "age not declared")
    elif at - read > timedelta(days=OLDEST_DAYS):
        yield _Fault(
            Answer.BROKEN,
            f"the rule set of firewall '{name}' is of {read.date()}, older than {OLDEST_DAYS} days",
            "old",
            (Evidence("when it was retrieved", f"within {OLDEST_DAYS} days", str(read.date())),),
        )


def _shown(what: str, problems: tuple[Problem, ...]) -> tuple[Evidence, ...]:
    return shown(what, tuple(problem.ref for problem in problems))


def _alone(zone: str) -> _Fault:
    because = f"zone '{zone}' hangs on no declared firewall, so what passes its border is not known"
    return _Fault(Answer.CANNOT_TELL, because, "on no firewall")


def _first_zone(plant: Plant, firewall: str) -> str:
    """A zone behind the firewall: it tells the site."""
    found = plant.firewalls.get(firewall)
    zones = () if found is None else found.interfaces.values()
    return next((zone for zone in zones if zone in plant.zones), "")
