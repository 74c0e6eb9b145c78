"""Findings, rules and a plant of a few lines, for the tests of triage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from checkvalve.findings import Certainty, Evidence, Finding, Subject
from checkvalve.plant import Asset, Conduit, Declared, Flow, Owner, Plant, Site, Zone
from checkvalve.rules import ATTACK_ICS, Reference, Rule

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REVIEWED = date(2026, 1, 15)


def minutes(count: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=count)


def finding(  # noqa: PLR0913  # a finding has many sides
    name: str,
    source: str = "",
    target: str = "",
    at: datetime = NOON,
    *,
    action: str = "",
    proof: bool = False,
    cause: str = "",
    subject: Subject | None = None,
    because: str = "",
    **more: Any,
) -> Finding:
    """A finding of a rule, by someone, on something."""
    ends = tuple(end for end in (source, target) if end)
    about = subject or Subject("asset", target or source or "nothing")
    return Finding(
        rule=name,
        site="mill",
        subject=about,
        cause=cause or f"{source}>{target}:{action}:{at.isoformat()}",
        at=at,
        certainty=Certainty.PROOF if proof else Certainty.LEARNT,
        because=because or f"{source or 'Someone'} did something to {target or 'something'}.",
        evidence=more.pop("evidence", (Evidence("a packet was seen", capture="a.pcap", packet=7),)),
        assets=more.pop("assets", ends),
        source=source,
        target=target,
        action=action,
        **more,
    )


def rule(name: str, *techniques: str, harmless_if: str = "") -> Rule:
    """A rule with these techniques."""
    return Rule(
        id=name,
        title=name.replace("-", " "),
        why=f"A {name.replace('-', ' ')} is how an attack looks.",
        references=tuple(Reference(ATTACK_ICS, technique) for technique in techniques),
        cause="An intruder, or an undeclared change.",
        consequence="The process runs on someone else's values.",
        response="Ask the shift lead whether anyone works on it.",
        time_to_respond=timedelta(minutes=10),
        harmless_if=harmless_if,
    )


@dataclass(frozen=True)
class Rating:
    """What the test plant says of an asset."""

    zone: str
    role: str
    safety: int | None
    production: int | None
    reviewed: date | None = REVIEWED


ASSETS: Mapping[str, Rating] = {
    "HMI-3": Rating("cell-2", "Human-Machine Interface (HMI)", 2, 3),
    "PLC-7": Rating("cell-2", "Programmable Logic Controller (PLC)", 3, 3),
    "PLC-8": Rating("cell-2", "PLC", 2, 2),
    "SIS-1": Rating("safety", "Safety Controller", 4, 3),
    "EWS-1": Rating("engineering", "Workstation", 1, 2),
    "HIST-1": Rating("dmz", "Data Historian", 0, 2),
    "JUMP-1": Rating("remote", "Jump Host", 0, 1),
    "MES-1": Rating("enterprise", "Application Server", 0, 2),
    "QS-1": Rating("enterprise", "Application Server", 0, 1),
    "OLD-1": Rating("archive", "Workstation", 1, 1, date(2024, 1, 1)),
    "NEW-1": Rating("archive", "Workstation", None, None),
    "BARE-1": Rating("archive", "Workstation", 0, 0, None),
}
ZONES = ("archive", "cell-2", "dmz", "engineering", "enterprise", "remote", "safety")
WRITES = (Flow(proto="tcp", application="modbus"),)
READS = (Flow(proto="tcp", application="modbus", functions=("read",)),)


def plant(*more: Declared) -> Plant:
    """A small mill, and whatever is added."""
    things: list[Declared] = [Site(id="mill", time_zone="UTC"), Owner(id="cells", team="Cells")]
    for place, zone in enumerate(ZONES):
        owner = "cells" if zone in ("cell-2", "safety") else None
        things.append(Zone(id=zone, owner=owner, cidrs=(f"10.0.{place}.0/24",)))
    for name, rating in ASSETS.items():
        things.append(
            Asset(
                id=name,
                zone=rating.zone,
                role=rating.role,
                safety=rating.safety,
                production=rating.production,
                criticality_reviewed_on=rating.reviewed,
            )
        )
    things += [
        _conduit("engineering", "cell-2", WRITES),
        _conduit("remote", "engineering", ()),
        _conduit("cell-2", "safety", READS),
        _conduit("cell-2", "dmz", WRITES),
        _conduit("enterprise", "dmz", READS),
    ]
    return Plant.of(*things, *more)


def _conduit(opener: str, opened: str, flows: tuple[Flow, ...]) -> Conduit:
    return Conduit(id=f"{opener}-{opened}", from_=opener, to=opened, flows=flows)
