"""Grants that nobody uses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.access.arrivals import Arrival, Arrivals, objections, revocation
from checkvalve.judge.checks.access.ways import named, outside_zones, spoken
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.wording import some
from checkvalve.judge.observed import Observed, ObservedPath
from checkvalve.judge.segmentation.asking import source_set, target_set, via_set
from checkvalve.judge.segmentation.places import zone_addresses
from checkvalve.observe.firewalls.spans import NOWHERE, Addresses, intersection
from checkvalve.observe.sign_ins.base import SignIn
from checkvalve.plant import Plant
from checkvalve.plant.access import Grant
from checkvalve.plant.addresses import parse_address
from checkvalve.rules import Reference, Rule

#: A grant that was not used for so long is dormant.
IDLE: Final = timedelta(days=30)
#: A record that ended longer ago does not speak of today.
_FRESH: Final = timedelta(days=2)


class DormantAccess(StandingCheck):
    """A grant that is active is used: by a sign-in of its holder, or by traffic on its way.

    Why it matters: access that nobody uses is missed by nobody when it is taken away, and
    noticed by nobody when somebody else takes it.

    Known limits: hit counters of firewalls are not read, so they neither prove nor disprove
    use. Traffic on from a jump host counts as use of every grant that goes that way. Broken
    needs both: logs of sign-ins, and traffic recorded over the whole 30 days.

    Example: the grant for the compressor's vendor is good until May; nobody has signed in with
    it since January.

    References: IEC 62443-3-3 SR 1.3; NIST SP 800-82r3 6.2.1 (AC-2(3), disable accounts); ATT&CK
    mitigation M0801.
    """

    rule: ClassVar[Rule] = Rule(
        id="dormant-access",
        title="A grant of access that nobody uses",
        why="Access that nobody uses is missed by nobody when it is taken away, and noticed by "
        "nobody when somebody else takes it.",
        references=(
            Reference("IEC 62443-3-3", "SR 1.3", "Account management"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
            Reference("ATT&CK mitigations", "M0801", "Access Management"),
        ),
        cause="The job was done sooner than thought, or the access was asked for to be on the "
        "safe side.",
        consequence="A way in stays open that serves nobody but an intruder.",
        response="Ask the holder whether it is still needed; revoke it if not, and take the lines "
        "out of the rule set.",
        time_to_respond=timedelta(days=30),
        harmless_if="a sign-in or traffic within 30 days, or a grant that begins when it is needed",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        use = _Use(plant, seen, at)
        found, untold = [], []
        for grant in plant.active_grants(at):
            because = use.of(grant)
            if because:
                subject = Subject("grant", grant.id)
                found.append(stands(self.rule, subject, Answer.HOLDS, because, plant=plant, at=at))
            elif use.missing:
                untold.append(grant.id)
            else:
                found.append(self._dormant(plant, grant, at))
        if untold or (use.missing and not found):
            found.append(self._untold(plant, use, untold, at))
        return found

    def _dormant(self, plant: Plant, grant: Grant, at: datetime) -> Verdict:
        since = spoken(at - IDLE)
        return stands(
            self.rule,
            Subject("grant", grant.id),
            Answer.BROKEN,
            f"{named(grant)} is active, and since {since} its holder has not signed in and nothing "
            "has passed on its way",
            plant=plant,
            at=at,
            cause="dormant",
            evidence=(
                Evidence(f"sign-ins of {grant.holder} since {since}", actual="none"),
                Evidence(f"traffic on the way of the grant since {since}", actual="none"),
                revocation(grant, at),
            ),
            identities=(grant.holder,),
        )

    def _untold(self, plant: Plant, use: _Use, grants: list[str], at: datetime) -> Verdict:
        whose = f"grants are used ({some(grants)})" if grants else "grants are used"
        return stands(
            self.rule,
            Subject("plant", "grants"),
            Answer.CANNOT_TELL,
            f"whether {whose} can't be told: {use.missing}",
            plant=plant,
            at=at,
        )


class _Use:
    """What was seen of the use of grants."""

    def __init__(self, plant: Plant, seen: Seen, at: datetime) -> None:
        self._plant = plant
        self._at = at
        self._since = at - IDLE
        self._zones = zone_addresses(plant)
        self._arrivals = Arrivals(plant, self._recent(seen)).all
        self._paths = tuple(self._passed(seen.observed))
        self.missing = _missing(seen, at)

    def of(self, grant: Grant) -> str:
        """How a grant was used, in words; empty if it was not, as far as was seen."""
        begin = _begin(grant)
        if begin is not None and begin > self._since:
            return f"{named(grant)} began on {spoken(begin)}: it is too young to be dormant"
        arrival = next((one for one in self._arrivals if _is_by(grant, one)), None)
        if arrival is not None:
            return f"{arrival} signed in on {spoken(arrival.sign_in.time)}"
        path = next((one for one in self._paths if self._is_on_way(grant, one)), None)
        if path is not None:
            return (
                f"{path.source} reached {path.destination} {path.transport}/{path.port} "
                f"on {spoken(path.last)}"
            )
        return ""

    def _recent(self, seen: Seen) -> list[SignIn]:
        return [one for one in seen.sign_ins or () if self._since <= one.time <= self._at]

    def _passed(self, observed: Observed | None) -> Iterable[ObservedPath]:
        paths = () if observed is None else observed.paths
        return (one for one in paths if one.answered and one.last >= self._since)

    def _is_on_way(self, grant: Grant, path: ObservedPath) -> bool:
        """Whether a path is on any part of a grant's way."""
        targets = target_set(self._plant, grant, self._zones)
        jump = via_set(self._plant, grant)
        sources = source_set(grant) or self._outside
        if _is_in(path.source, sources):
            return _is_in(path.destination, jump | targets)
        return _is_in(path.source, jump) and _is_in(path.destination, targets)

    @property
    def _outside(self) -> Addresses:
        return reduce(or_, (self._zones[zone] for zone in outside_zones(self._plant)), NOWHERE)


def _missing(seen: Seen, at: datetime) -> str:
    """What one would have to have to tell that a grant was not used; empty if it is there."""
    gaps = []
    if seen.sign_ins is None:
        gaps.append("no log of sign-ins was read")
    observed = seen.observed
    if observed is None:
        gaps.append("no traffic was recorded")
    elif observed.since > at - IDLE or observed.until < at - _FRESH:
        gaps.append(
            f"traffic was recorded from {spoken(observed.since)} to {spoken(observed.until)} "
            f"only, which are not the last {IDLE.days} days"
        )
    return ", and ".join(gaps)


def _begin(grant: Grant) -> datetime | None:
    if grant.not_before is not None:
        return grant.not_before
    day = grant.created
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _is_by(grant: Grant, arrival: Arrival) -> bool:
    """Whether a sign-in used a grant, whatever the hour."""
    return grant in arrival.grants and all(one.kind == "time" for one in objections(grant, arrival))


def _is_in(address: str, addresses: Addresses) -> bool:
    parsed = parse_address(address)
    if parsed is None:
        return False
    here = ((int(parsed), int(parsed)),)
    return bool(intersection(here, addresses.of_family(parsed.version)))
