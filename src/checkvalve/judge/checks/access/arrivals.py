"""Sign-ins beside what the plant says of them: who it was, from where, to what, by which grant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from ipaddress import ip_address, ip_network
from typing import Final

from checkvalve.findings import Answer, Certainty, Evidence, Finding, Subject, Verdict
from checkvalve.judge.checks.access.grants import closed
from checkvalve.judge.checks.access.people import People, plain
from checkvalve.observe.sign_ins.base import SignIn
from checkvalve.plant import INTERNET, Plant
from checkvalve.plant.access import Grant, Identity
from checkvalve.plant.assets import Asset
from checkvalve.rules import Rule

#: Sign-ins that one finding shows.
_MOST_SHOWN: Final = 4
#: A sign-in to a VPN is the door, not the way behind it.
_DOOR: Final = "vpn"


@dataclass(frozen=True, slots=True)
class Objection:
    """What a grant has against a sign-in.

    Attributes:
        kind: ``time``, ``source`` or ``way``.
        sentence: in words.
    """

    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A sign-in that let somebody in, and what the plant says of it.

    Attributes:
        sign_in: as the log has it.
        people: the identities that have the account.
        source: the machine that it came from, else its address; empty if the log does not say.
        source_zone: where that is; empty if the log does not say.
        asset: the machine that it reached, if it is declared.
        is_outside: it came from a zone that is not the plant's, or from a vendor's network.
        grants: those of its holder; of an unknown account, those that begin where it came from.
    """

    sign_in: SignIn
    people: tuple[Identity, ...]
    source: str
    source_zone: str
    asset: Asset | None
    is_outside: bool
    grants: tuple[Grant, ...]

    @property
    def target(self) -> str:
        """The machine that it reached, else what the log calls it."""
        return self.asset.id if self.asset is not None else self.sign_in.target

    @property
    def needs_grant(self) -> bool:
        """Whether a grant must let it in: from outside, or a vendor's from anywhere."""
        return self.is_outside or any(is_vendors(one) for one in self.people)

    @property
    def names(self) -> tuple[str, ...]:
        """The identities behind it, else the account."""
        return tuple(one.id for one in self.people) or (self.sign_in.account,)

    def best(self) -> tuple[Grant | None, tuple[Objection, ...]]:
        """The grant that has the least against it, and what; ``None``: there is none for it."""
        judged = [(grant, objections(grant, self)) for grant in self.grants]
        if not judged:
            return None, (Objection("grant", "no grant lets this account in from there"),)
        return min(judged, key=lambda one: (len(one[1]), one[0].id))

    def __str__(self) -> str:
        one = self.sign_in
        start = f" from {self.source}" if self.source else ""
        end = f" to {self.target}" if self.target else ""
        service = f" by {one.service}" if one.service else ""
        return f"{one.account}{start}{end}{service}"


class Arrivals:
    """The sign-ins of some logs that let somebody in.

    Args:
        plant: tells who and what they are.
        sign_ins: of any logs.
    """

    def __init__(self, plant: Plant, sign_ins: Iterable[SignIn]) -> None:
        self.plant = plant
        self.people = People(plant)
        self._sign_ins = tuple(sign_ins)
        self._networks = {
            grant.id: tuple(ip_network(cidr) for cidr in grant.source)
            for grant in plant.grants.values()
        }
        self._hosts = {
            plain(name): asset for asset in plant.assets.values() for name in _names(asset)
        }

    @cached_property
    def all(self) -> tuple[Arrival, ...]:
        """Each, in the order of time."""
        let_in = (one for one in self._sign_ins if one.outcome == "success")
        return tuple(self._arrival(one) for one in sorted(let_in, key=lambda one: one.time))

    @property
    def needing_grants(self) -> Iterator[Arrival]:
        """Those that a grant must let in."""
        return (one for one in self.all if one.needs_grant)

    def _arrival(self, sign_in: SignIn) -> Arrival:
        people = self.people.with_account(sign_in.account)
        asset = self.plant.asset_at(sign_in.source) if sign_in.source else None
        zone = self.plant.zone_name_at(sign_in.source) if sign_in.source else ""
        starting = [grant for grant in self.plant.grants.values() if self._begins(grant, sign_in)]
        held = self._held(people)
        return Arrival(
            sign_in,
            people,
            source=sign_in.source if asset is None else asset.id,
            source_zone=zone,
            asset=self._host(sign_in.target),
            is_outside=self._is_outside(zone) or any(map(self._is_vendors, starting)),
            grants=held if people else tuple(starting),
        )

    def _is_outside(self, zone: str) -> bool:
        declared = self.plant.zones.get(zone)
        return zone == INTERNET or (declared is not None and declared.kind == "remote")

    def _is_vendors(self, grant: Grant) -> bool:
        holder = self.plant.identities.get(grant.holder)
        return holder is None or is_vendors(holder)

    def _begins(self, grant: Grant, sign_in: SignIn) -> bool:
        return bool(sign_in.source) and any(
            ip_address(sign_in.source) in network for network in self._networks[grant.id]
        )

    def _held(self, people: tuple[Identity, ...]) -> tuple[Grant, ...]:
        holders = {one.id for one in people} | {one.vendor for one in people}
        return tuple(grant for grant in self.plant.grants.values() if grant.holder in holders)

    def _host(self, name: str) -> Asset | None:
        """The machine that a log calls so: by id, name, address, or host name without domain."""
        if not name:
            return None
        return (
            self.plant.asset_at(name)
            or self._hosts.get(plain(name))
            or self._hosts.get(plain(name.partition(".")[0]))
        )


def is_vendors(identity: Identity) -> bool:
    """Whether an identity is a vendor's."""
    return identity.kind == "vendor" or identity.vendor is not None


def objections(grant: Grant, arrival: Arrival) -> tuple[Objection, ...]:
    """What a grant has against a sign-in; nothing where it covers it."""
    told = (
        ("time", closed(grant, arrival.sign_in.time)),
        ("source", _source(grant, arrival)),
        ("way", _way(grant, arrival)),
    )
    return tuple(Objection(kind, sentence) for kind, sentence in told if sentence)


def _is_onward(grant: Grant, arrival: Arrival) -> bool:
    """Whether it leads on from the grant's jump host."""
    return grant.via is not None and arrival.source == grant.via


def _source(grant: Grant, arrival: Arrival) -> str:
    address = arrival.sign_in.source
    if not grant.source or not address or _is_onward(grant, arrival):
        return ""
    if any(ip_address(address) in ip_network(cidr) for cidr in grant.source):
        return ""
    return f"it is for {', '.join(grant.source)}, not for {address}"


def _way(grant: Grant, arrival: Arrival) -> str:
    """What it has against the target, where that is known."""
    asset = arrival.asset
    if asset is None or arrival.sign_in.service == _DOOR:
        return ""
    if asset.id == grant.via:
        return ""
    is_target = asset.id in grant.targets or asset.zone in grant.targets
    if not is_target:
        return f"it does not name {asset.id}"
    if grant.via is not None and not _is_onward(grant, arrival):
        return f"it must pass {grant.via}"
    return ""


def _names(asset: Asset) -> Iterator[str]:
    yield asset.id
    if asset.name:
        yield asset.name


def no_sign_ins(rule: Rule) -> list[Verdict]:
    """The answer of a check of sign-ins when no log was read."""
    because = "no log of sign-ins was read"
    return [Verdict(rule.id, Subject("plant", "sign-ins"), Answer.CANNOT_TELL, because)]


def acted(  # noqa: PLR0913  # what a finding of sign-ins says, each part once
    rule: Rule,
    subject: Subject,
    answer: Answer,
    because: str,
    *,
    plant: Plant,
    arrivals: Sequence[Arrival],
    cause: str,
    expected: str = "",
    evidence: tuple[Evidence, ...] = (),
) -> Verdict:
    """A verdict about sign-ins of one kind, with its finding: somebody acted.

    Args:
        rule: the check's rule.
        subject: what it is about.
        answer: broken or cannot tell.
        because: one sentence.
        plant: tells the site.
        arrivals: the sign-ins, first to last, at least one.
        cause: what makes the finding itself; no times.
        expected: what should have been, for each of them.
        evidence: what to look at besides the log's lines.
    """
    first, last = arrivals[0], arrivals[-1]
    zone = first.asset.zone if first.asset is not None else ""
    site = plant.site_of(zone) if zone else None
    finding = Finding(
        rule=rule.id,
        site=site.id if site is not None else next(iter(plant.sites), ""),
        subject=subject,
        cause=cause,
        at=first.sign_in.time,
        last=last.sign_in.time,
        count=len(arrivals),
        certainty=Certainty.PROOF,
        because=because,
        evidence=(*(_line(one, expected) for one in arrivals[:_MOST_SHOWN]), *evidence),
        assets=tuple(dict.fromkeys(name for name in (first.source, first.target) if name)),
        source=first.source,
        target=first.target,
        identities=first.names,
        action="session",
        zone=zone,
    )
    return Verdict(rule.id, subject, answer, because, finding)


def _line(arrival: Arrival, expected: str) -> Evidence:
    one = arrival.sign_in
    return Evidence(
        what="the sign-in",
        expected=expected,
        actual=str(arrival),
        at=one.time,
        file=one.file,
        line=one.line,
    )


def revocation(grant: Grant, at: datetime) -> Evidence:
    """The grant taken back, as YAML."""
    when = at.astimezone(UTC).replace(microsecond=0).isoformat()
    text = f"grants:\n  - id: {grant.id}\n    revoked_at: {when}"
    return Evidence("a change that mends it", actual=text)
