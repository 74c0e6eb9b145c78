"""Who else says so: whether an independent producer confirms a finding.

Detectors that learn from the same traffic see the same novelty: a new conversation is also a
new function and a new writer. So two producers count as independent only when

* one is a check and the other a detector: policy and habit agree; posture confirms nothing;
* or two detectors of different rules saw different conversations at different stages of the
  same party's way, or one saw a party try many and the other saw what it did to one.

Both findings must be in one incident and have a party in common.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from checkvalve.findings import Certainty as Known
from checkvalve.findings import Finding
from checkvalve.respond.triage.deed import Deed
from checkvalve.respond.triage.points import Certainty, Grounds, Stage


@dataclass(frozen=True, slots=True)
class Staged:
    """A finding, what it tells, and how far the attack would have come."""

    finding: Finding
    deed: Deed
    stage: Stage

    @property
    def proven(self) -> bool:
        """Whether a check says so."""
        return self.finding.certainty is Known.PROOF


def certainties(members: Sequence[Staged]) -> tuple[tuple[Certainty, Grounds], ...]:
    """How certain each finding of one incident is, and by whom.

    Args:
        members: all findings of the incident, oldest first.
    """
    witnesses = _by_party(members) if len(members) > 1 else defaultdict(list)
    return tuple(_certainty(member, witnesses) for member in members)


def independent(one: Staged, other: Staged) -> bool:
    """Whether the other is a producer of its own for what the one says."""
    if one.finding.rule == other.finding.rule:
        return False
    if one.proven != other.proven:
        return (one if one.proven else other).stage > Stage.POSTURE
    if one.deed.fans_out != other.deed.fans_out:
        return True
    pairs = one.deed.pair, other.deed.pair
    return all(pairs) and pairs[0] != pairs[1] and one.stage is not other.stage


def _certainty(member: Staged, witnesses: dict[str, list[Staged]]) -> tuple[Certainty, Grounds]:
    seen = member.finding.at
    if member.proven:
        return Certainty.PROOF, Grounds(f"the check {member.finding.rule} proves it", seen)
    for party in member.deed.parties:
        for witness in witnesses[party]:
            if independent(member, witness):
                says = "the check" if witness.proven else "the detector"
                because = f"{says} {witness.finding.rule} confirms {member.finding.rule}"
                return Certainty.CORROBORATED, Grounds(because, witness.finding.at)
    return Certainty.SINGLE, Grounds(f"the detector {member.finding.rule} alone", seen)


def _by_party(members: Sequence[Staged]) -> defaultdict[str, list[Staged]]:
    """Witnesses by party; of those alike, one of each of two conversations is enough."""
    witnesses: defaultdict[str, list[Staged]] = defaultdict(list)
    alike: defaultdict[tuple[object, ...], set[tuple[str, ...]]] = defaultdict(set)
    for member in members:
        for party in member.deed.parties:
            kind = (party, member.finding.rule, member.proven, member.stage, member.deed.fans_out)
            pairs = alike[kind]
            if len(pairs) < 2 and member.deed.pair not in pairs:  # noqa: PLR2004
                pairs.add(member.deed.pair)
                witnesses[party].append(member)
    return witnesses
