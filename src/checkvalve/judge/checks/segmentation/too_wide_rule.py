"""Lines that open the zones of operations to any source, for any service, or far too widely."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, at_line, stands
from checkvalve.judge.checks.passing.narrowing import declaration
from checkvalve.judge.checks.passing.opened_by_line import Opened, first_zone, opened_by_line
from checkvalve.judge.checks.passing.rule_lines import cause_of, no_network
from checkvalve.judge.segmentation.service_classes import MANY_PORTS
from checkvalve.observe.firewalls.base import FilterRule
from checkvalve.observe.firewalls.spans import ALL_PORTS, ALL_V4, ALL_V6, IPV4, Span
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule

#: Ordered pairs of zones that one line may join.
MOST_PAIRS: Final = 4
#: IPv4 packets that one line may open between two zones, as sources times destinations times
#: ports: sixteen ports between two networks of 256.
MOST_OPENINGS: Final = 1 << 20
_MANY_PROTOCOLS: Final = 3


class TooWideRule(StandingCheck):
    """A line that opens a zone of operations must name sources and services, and not too many.

    Why it matters: a line is a decision about somebody and something. One that says *any*
    decided nothing, and what is connected tomorrow is let in today.

    Known limits: the zones of operations are those of level 3 and below, and zones of processes
    and safety without a level. A line is judged by what it lets pass in the end: where lines
    above take the width away, it is not found. Sizes are counted for IPv4 alone, as any IPv6
    network is immense. Lines that accept only what belongs to a session open nothing.

    Example: 'permit ip any any' at the end of a list, until the commissioning is over.

    References: IEC 62443-3-3 SR 5.2 RE 1, SR 7.7 (least functionality); NIST SP 800-82r3,
    5.2.3.1; ATT&CK mitigations M0930, M0937.
    """

    rule: ClassVar[Rule] = Rule(
        id="too-wide-rule",
        title="A line that lets too much into operations",
        why="A line is a decision about somebody and something; one that says 'any' decided "
        "nothing, and what is connected tomorrow is let in today.",
        references=(
            Reference("IEC 62443-3-3", "SR 5.2 RE 1", "Deny by default, allow by exception"),
            Reference("IEC 62443-3-3", "SR 7.7", "Least functionality"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
            Reference("ATT&CK mitigations", "M0937", "Filter Network Traffic"),
        ),
        cause="A line from a commissioning or a search for a fault, or an object that grew.",
        consequence="A machine that nobody thought of reaches services that nobody thought of.",
        response="Log what the line lets pass for a month, replace it by lines for that, and "
        "remove it.",
        time_to_respond=timedelta(days=30),
        harmless_if="lines above that leave it nothing but what is declared",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        network = seen.network
        if network is None or not network.rule_sets:
            return no_network(self.rule)
        wide = [
            (opened, words)
            for opened in opened_by_line(network).values()
            for words in [list(_width(opened))]
            if words
        ]
        found = [self._wide(plant, opened, words, at) for opened, words in wide]
        fine = network.rule_sets.keys() - {opened.firewall for opened, _ in wide}
        because = "no line opens a zone of operations too widely"
        return found + [
            Verdict(self.rule.id, Subject("firewall", name), Answer.HOLDS, because)
            for name in sorted(fine)
        ]

    def _wide(self, plant: Plant, opened: Opened, words: list[str], at: datetime) -> Verdict:
        ref = opened.ref
        where = f"line {ref.line} of {ref.file} ('{ref.text}')" if ref.line else str(ref)
        pair, passing = next(iter(opened.pairs.items()))
        return stands(
            self.rule,
            Subject("firewall", opened.firewall),
            Answer.BROKEN,
            f"{where} opens {opened.zones}, such as {passing[0].witness}: {', '.join(words)}",
            plant=plant,
            at=at,
            cause=cause_of("line", (ref,)),
            evidence=(
                at_line("the line", ref),
                Evidence("what it opens", actual=opened.zones),
                *([declaration(pair, passing)] if len(opened.pairs) == 1 else []),
            ),
            zone=first_zone(plant, opened),
        )


def _width(opened: Opened) -> Iterator[str]:
    """In which ways a line is too wide."""
    rules = opened.rules
    if not rules or any(_is_any_source(rule) for rule in rules):
        yield "any source"
    if _is_any_service(opened):
        yield "any service"
    if len(opened.pairs) > MOST_PAIRS:
        yield f"{len(opened.pairs)} pairs of zones"
    most = max(_openings(opened))
    if most > MOST_OPENINGS:
        yield f"{most:,} ways between two zones"


def _is_any_source(rule: FilterRule) -> bool:
    """Whether all of an address family is meant, and no interface tells whose."""
    return rule.in_if is None and (rule.src.v4 == ALL_V4 or rule.src.v6 == ALL_V6)


def _is_any_service(opened: Opened) -> bool:
    """Whether more protocols, or more ports of one, pass than anybody lists."""
    for passing in opened.pairs.values():
        if len({one.protocol for one in passing}) > _MANY_PROTOCOLS:
            return True
        if any(_size(one.box.ports) > MANY_PORTS and _is_by_port(opened) for one in passing):
            return True
    return False


def _is_by_port(opened: Opened) -> bool:
    """Whether the line itself leaves ports open, and not what is left of it by chance."""
    return not opened.rules or any(
        sum(map(_size, rule.dst_ports or ALL_PORTS)) > MANY_PORTS for rule in opened.rules
    )


def _openings(opened: Opened) -> Iterator[int]:
    for passing in opened.pairs.values():
        by_protocol: dict[int, int] = {}
        for one in passing:
            if one.family == IPV4:
                box = one.box
                size = _size(box.src) * _size(box.dst) * _size(box.ports)
                by_protocol[one.protocol] = by_protocol.get(one.protocol, 0) + size
        yield max(by_protocol.values(), default=0)


def _size(span: Span) -> int:
    low, high = span
    return high - low + 1
