"""Lines that open the zones of operations, and nobody answers for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, at_line, stands
from checkvalve.judge.checks.declared import Conduits
from checkvalve.judge.checks.passing.opened_by_line import Opened, first_zone, opened_by_line
from checkvalve.judge.checks.passing.rule_lines import cause_of, declared_ports, no_network, shown
from checkvalve.judge.segmentation.network import Network
from checkvalve.observe.firewalls.spans import NOTHING, complement
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule


class UnownedRule(StandingCheck):
    """Somebody must answer for every line that opens a zone of operations.

    Why it matters: a line without an owner is never removed, because nobody can say that it is
    not needed any more.

    Known limits: a line is owned when its rule set names who answers for it, when a grant names
    it by its text or its name, or when all that it opens is declared by conduits with an owner.
    A rule set in which no line has an owner is taken for one that can't name any: then the
    answer is *cannot tell*, once a firewall. Whether the owner still works here is not asked.

    Example: of forty lines into the cell thirty-nine carry a ticket and a name.

    References: IEC 62443-3-3 SR 7.6; NIST SP 800-82r3, 5.2.3.1; ATT&CK mitigation M0947.
    """

    rule: ClassVar[Rule] = Rule(
        id="unowned-rule",
        title="A line into operations that nobody answers for",
        why="A line without an owner is never removed, because nobody can say that it is not "
        "needed any more.",
        references=(
            Reference("IEC 62443-3-3", "SR 7.6", "Network and security configuration settings"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0947", "Audit"),
        ),
        cause="It was added in a hurry, or before owners were written down.",
        consequence="It outlives its purpose, and stays a way in.",
        response="Find out who needs it; declare the conduit with its owner, or disable the line.",
        time_to_respond=timedelta(days=30),
        harmless_if="a conduit with an owner that declares what the line opens",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        network = seen.network
        if network is None or not network.rule_sets:
            return no_network(self.rule)
        unowned: dict[str, list[Opened]] = {name: [] for name in network.rule_sets}
        conduits = Conduits(plant, at)
        for opened in opened_by_line(network).values():
            if not _is_owned(network, conduits, opened):
                unowned[opened.firewall].append(opened)
        return [
            verdict
            for firewall, lines in unowned.items()
            for verdict in self._of_firewall(network, firewall, lines, at)
        ]

    def _of_firewall(
        self, network: Network, firewall: str, lines: list[Opened], at: datetime
    ) -> Iterator[Verdict]:
        plant, subject = network.plant, Subject("firewall", firewall)
        if not lines:
            because = "somebody answers for every line that opens a zone of operations"
            yield Verdict(self.rule.id, subject, Answer.HOLDS, because)
        elif any(rule.owner for rule in network.rule_sets[firewall].rules()):
            for opened in lines:
                yield self._unowned(plant, subject, opened, at)
        else:
            refs = tuple(opened.ref for opened in lines)
            yield stands(
                self.rule,
                subject,
                Answer.CANNOT_TELL,
                f"the rule set of {firewall} names no owners, and no conduit with an owner "
                f"declares what {len(lines)} of its lines open, such as {lines[0].zones}",
                plant=plant,
                at=at,
                cause="names no owners",
                evidence=shown("a line that nobody is known to answer for", refs),
                zone=first_zone(plant, lines[0]),
            )

    def _unowned(self, plant: Plant, subject: Subject, opened: Opened, at: datetime) -> Verdict:
        ref = opened.ref
        where = f"line {ref.line} of {ref.file} ('{ref.text}')" if ref.line else str(ref)
        return stands(
            self.rule,
            subject,
            Answer.BROKEN,
            f"{where} opens {opened.zones}, and nobody answers for it",
            plant=plant,
            at=at,
            cause=cause_of("line", (ref,)),
            evidence=(at_line("the line", ref), Evidence("its owner", "a name", "none")),
            zone=first_zone(plant, opened),
        )


def _is_owned(network: Network, conduits: Conduits, opened: Opened) -> bool:
    named = {text for grant in network.plant.grants.values() for text in grant.filter_rules}
    if named & {opened.ref.text, opened.ref.name} - {""}:
        return True
    if opened.rules and all(rule.owner for rule in opened.rules):
        return True
    for pair, passing in opened.pairs.items():
        owned = [one for one in conduits.opening(*pair) if one.owner is not None]
        ports = declared_ports(owned, network.protocols)
        if any(complement(ports.get(one.protocol, NOTHING), (one.box.ports,)) for one in passing):
            return False
    return True
