"""Lines of rule sets whose time is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, at_line, stands
from checkvalve.judge.checks.passing.rule_lines import no_network
from checkvalve.judge.segmentation.network import Network
from checkvalve.observe.firewalls.base import Action, FilterRule, Ref, RuleSet
from checkvalve.plant import Plant
from checkvalve.plant.firewalls import Firewall
from checkvalve.rules import Reference, Rule

#: How far any clock's zone is from UTC, behind and ahead.
_WESTERNMOST: Final = timedelta(hours=12)
_EASTERNMOST: Final = timedelta(hours=14)


class StaleTimedRule(StandingCheck):
    """A line that counts until a date does not stay in the rule set when the date is past.

    Why it matters: such a line lets in nobody today, and everybody again on the day on which
    somebody moves its time range, or restores an old one of the same name.

    Known limits: a line that counts at hours of the week has no date. Without the time zone of
    the firewall's clock, an end within the last day can't be told.

    Example: a line for a commissioning week in May, with its time range, is there in October.

    References: IEC 62443-3-3 SR 7.7, SR 5.2; NIST SP 800-82r3 6.2.1; ATT&CK mitigation M0937.
    """

    rule: ClassVar[Rule] = Rule(
        id="stale-timed-rule",
        title="A line whose time is over remains in the rule set",
        why="It lets in nobody today, and everybody again on the day on which somebody moves "
        "its time range.",
        references=(
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("IEC 62443-3-3", "SR 7.7", "Least functionality"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
            Reference("ATT&CK mitigations", "M0937", "Filter Network Traffic"),
        ),
        cause="The firewall stops counting the line by itself, so nobody is reminded to take it "
        "out.",
        consequence="The rule set says what nobody means any more; a changed time range opens it "
        "again.",
        response="Take the line out, with its time range if nothing else uses it.",
        time_to_respond=timedelta(days=30),
        harmless_if="a new end for its time range, and a grant that says why",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        if seen.network is None:
            return no_network(self.rule)
        return [
            verdict
            for firewall in plant.firewalls.values()
            for verdict in self._firewall(plant, seen.network, firewall, at)
        ]

    def _firewall(
        self, plant: Plant, network: Network, firewall: Firewall, at: datetime
    ) -> Iterator[Verdict]:
        rule_set = network.rule_sets.get(firewall.id)
        subject = Subject("firewall", firewall.id)
        if rule_set is None:
            because = f"the rule set of {firewall.id} was not read"
            yield stands(self.rule, subject, Answer.CANNOT_TELL, because, plant=plant, at=at)
            return
        clock = ZoneInfo(firewall.clock_zone) if firewall.clock_zone else None
        judged = [(rule, _is_over(end, at, clock)) for rule, end in _dated(rule_set)]
        for rule, over in judged:
            if over is not False:
                yield self._line(plant, firewall, rule, at, is_sure=over is True)
        if all(over is False for _, over in judged):
            because = f"no line of {firewall.id} has outlived its time range"
            yield stands(self.rule, subject, Answer.HOLDS, because, plant=plant, at=at)

    def _line(
        self, plant: Plant, firewall: Firewall, rule: FilterRule, at: datetime, *, is_sure: bool
    ) -> Verdict:
        ref = rule.ref
        end = rule.when.end if rule.when is not None and rule.when.end is not None else at
        did = "denied" if rule.action is Action.DENY else "counted"
        told = f"{ref} {did} until {end:%Y-%m-%d %H:%M} on the firewall's clock"
        because = (
            f"{told}, and is still there"
            if is_sure
            else f"{told}; whether that is over can't be told: no clock_zone is declared"
        )
        return stands(
            self.rule,
            Subject("firewall", firewall.id),
            Answer.BROKEN if is_sure else Answer.CANNOT_TELL,
            because,
            plant=plant,
            at=at,
            cause=ref.text if is_sure else f"{ref.text} cannot tell",
            evidence=(
                at_line("a line whose time is over", ref, expected=f"gone after {end:%Y-%m-%d}"),
                Evidence(
                    "a change that mends it",
                    actual=f"remove {ref}"
                    if is_sure
                    else f"firewalls:\n  - id: {firewall.id}\n    clock_zone: Europe/Berlin",
                ),
            ),
        )


def _dated(rule_set: RuleSet) -> Iterator[tuple[FilterRule, datetime]]:
    """The lines that count until a date, each text once."""
    told: set[Ref] = set()
    for rule in rule_set.rules():
        if rule.when is not None and rule.when.end is not None and rule.ref not in told:
            told.add(rule.ref)
            yield rule, rule.when.end


def _is_over(end: datetime, at: datetime, clock: ZoneInfo | None) -> bool | None:
    """Whether a local time is past; ``None`` where that depends on an unknown clock."""
    if clock is not None:
        return end < at.astimezone(clock).replace(tzinfo=None)
    in_utc = at.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    if end < in_utc - _WESTERNMOST:
        return True
    return None if end < in_utc + _EASTERNMOST else False
