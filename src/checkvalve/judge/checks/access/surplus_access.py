"""Rules that let in more than the grant that they were made for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.access.ways import Access, Way, listed, mended, named
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.passing.reach import (
    Passing,
    Reach,
    openings,
    passing_of,
    reach,
    uncovered,
)
from checkvalve.judge.checks.passing.rule_lines import no_network
from checkvalve.observe.firewalls.base import Ref
from checkvalve.observe.firewalls.spans import Span, Spans, intersection
from checkvalve.plant import Plant
from checkvalve.plant.access import Grant
from checkvalve.rules import Reference, Rule


class SurplusAccess(StandingCheck):
    """The lines that let a grant's holder in must not let in more than the grant says.

    Why it matters: who gets in on a wide rule can go where nobody meant him to: the grant names
    one controller, the line lets him reach all of them.

    Known limits: looked at is what the same lines permit from the zones that the grant comes
    from; what they permit from other zones is for other checks. What another active grant
    opens is that grant's; on from a jump host, so is what a declared conduit opens. Windows of
    a grant are not looked at.

    Example: the grant is for Modbus on one controller from a vendor's /28; the line permits any
    service from his /24 to the whole cell.

    References: IEC 62443-3-3 SR 2.1, SR 5.2 RE 1; NIST SP 800-82r3 6.2.1; ATT&CK mitigations
    M0930, M0937.
    """

    rule: ClassVar[Rule] = Rule(
        id="surplus-access",
        title="A rule lets in more than its grant says",
        why="Who gets in on a wide rule can go where nobody meant him to.",
        references=(
            Reference("IEC 62443-3-3", "SR 2.1", "Authorization enforcement"),
            Reference("IEC 62443-3-3", "SR 5.2 RE 1", "Deny by default, allow by exception"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
            Reference("ATT&CK mitigations", "M0930", "Network Segmentation"),
            Reference("ATT&CK mitigations", "M0937", "Filter Network Traffic"),
        ),
        cause="The line was written wider than the grant because it was quicker, or because the "
        "grant was narrowed later.",
        consequence="The holder, or whoever has his account, reaches machines or services that "
        "nobody granted.",
        response="Narrow the lines to the grant's source, targets and services; if more is "
        "needed, write it into the grant.",
        time_to_respond=timedelta(days=7),
        harmless_if="a grant for what the line lets in besides",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        if seen.network is None:
            return no_network(self.rule)
        access = Access(plant, seen.network, at)
        return [
            verdict for grant in plant.active_grants(at) for verdict in self._grant(access, grant)
        ]

    def _grant(self, access: Access, grant: Grant) -> Iterator[Verdict]:
        found = [(way, access.opened(way)) for way in access.ways(grant)]
        lines = {
            ref for _, one in found for passing in passing_of(one.must) for ref in passing.box.by
        }
        wrong = [
            self._surplus(access, grant, way, surplus)
            for way, _ in found
            for surplus in [_surplus(access, way, lines)]
            if surplus
        ]
        doubtful = [one for _, one in found if one.reasons]
        subject = Subject("grant", grant.id)
        if wrong:
            yield from wrong
        elif doubtful or not found:
            yield self._unknown(access, grant, doubtful)
        else:
            because = access.supposing(
                f"the lines that let {named(grant)} in let in nothing else"
                if lines
                else f"no line lets {named(grant)} in"
            )
            yield stands(
                self.rule, subject, Answer.HOLDS, because, plant=access.plant, at=access.at
            )

    def _surplus(self, access: Access, grant: Grant, way: Way, surplus: list[Passing]) -> Verdict:
        wide = openings(surplus)
        lines = tuple(dict.fromkeys(ref for one in wide for ref in one.lines))
        return stands(
            self.rule,
            Subject("grant", grant.id),
            Answer.BROKEN,
            f"the lines that let {named(grant)} in let {way.source} open more in "
            f"{way.destination} than it says: {', '.join(_wider(way, surplus))}, "
            f"such as {surplus[0].witness}",
            plant=access.plant,
            at=access.at,
            cause=wide[0].cause(way.source, way.destination),
            evidence=(
                *(item for one in wide for item in one.evidence()),
                Evidence("the grant", actual=_said(grant, way)),
                *access.assumption(),
                mended(lines, access.in_use),
            ),
            identities=(grant.holder,),
            zone=way.destination,
        )

    def _unknown(self, access: Access, grant: Grant, doubtful: list[Reach]) -> Verdict:
        reason = (
            doubtful[0].reasons[0]
            if doubtful
            else ("no firewall is between its source and a target with an address")
        )
        return stands(
            self.rule,
            Subject("grant", grant.id),
            Answer.CANNOT_TELL,
            f"whether more is open than {named(grant)} says can't be told: {reason}",
            plant=access.plant,
            at=access.at,
            evidence=doubtful[0].doubt() if doubtful else (),
            identities=(grant.holder,),
        )


def _surplus(access: Access, way: Way, lines: set[Ref]) -> list[Passing]:
    """What a grant's lines let pass between the zones of a way, and nobody granted."""
    src = way.src if way.onward else None
    whole = passing_of(reach(access.network, way.source, way.destination, src=src).must)
    same = [one for one in whole if set(one.box.by) <= lines]
    return uncovered(same, (*access.active, *(access.conduits if way.onward else ())))


def _wider(way: Way, surplus: list[Passing]) -> list[str]:
    """In which respects it is wider, in words; at least one."""
    found = dict.fromkeys(word for one in surplus for word in _respects(way, one))
    return [word for word in ("other sources", "other targets", "other services") if word in found]


def _respects(way: Way, one: Passing) -> Iterator[str]:
    if _is_beyond(one.box.src, way.src.of_family(one.family)):
        yield "other sources"
    if _is_beyond(one.box.dst, way.dst.of_family(one.family)):
        yield "other targets"
    if _is_beyond(one.box.ports, way.ports(one.protocol)):
        yield "other services"


def _is_beyond(span: Span, allowed: Spans) -> bool:
    return intersection((span,), allowed) != (span,)


def _said(grant: Grant, way: Way) -> str:
    """What a grant says, in words."""
    via = f" via {grant.via}" if grant.via is not None else ""
    sources = ", ".join(grant.source) or "anywhere outside"
    return f"from {sources}{via} to {', '.join(grant.targets)}: {listed(way.services)}"
